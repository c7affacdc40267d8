"""What the text of a script shows without running it."""
