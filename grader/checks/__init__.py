"""One module a family of checks, one generator function a check; independent of one another."""
