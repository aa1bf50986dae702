"""Whether a folder of results still holds together, and whether it can be made again."""
