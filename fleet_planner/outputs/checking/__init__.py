"""Whether a folder of results still holds together."""
