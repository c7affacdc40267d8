"""The grader held to its own corpora: how often it is wrong, in either direction."""
