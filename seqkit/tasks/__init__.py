"""Tasks: what is asked about a sequence."""
