"""The report of a run: its data, its parts, its page."""
