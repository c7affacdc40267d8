"""The recording of a script's own arithmetic: its format, and its replay by our own operations."""
