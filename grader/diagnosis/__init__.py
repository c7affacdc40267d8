"""Names the mistake: which known formula gives the numbers that a student handed in."""
