"""Verifies and grades submissions of the vanishing-gradient lab."""
