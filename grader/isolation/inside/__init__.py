"""What runs in the child: the standard library only, and nothing else of ours."""
