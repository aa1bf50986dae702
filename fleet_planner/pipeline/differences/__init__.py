"""Why the emissions of two runs or scenarios differ."""
