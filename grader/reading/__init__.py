"""A directory read into data: bounded, strict, and brought to one form."""
