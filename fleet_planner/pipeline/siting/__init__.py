"""Chargers of a plan: inputs read, models solved, tables."""
