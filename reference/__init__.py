"""The instructor's numbers: how fast gradients vanish, and oracles that can still see them.

Nothing here knows of grading. Forward code is generic in its dtype: complex states give complex
steps, ``longdouble`` parameters give extended precision.
"""
