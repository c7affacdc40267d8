"""What can be found out by running a submission's code."""
