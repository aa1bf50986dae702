"""The plan file: models, reading, template. Resolves paths, reads no data."""
