"""The starter submission: five signatures, a plot and a manifest writer, and what is to do."""
