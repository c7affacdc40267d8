"""What the pixels of a plot show."""
