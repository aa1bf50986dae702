"""Measures in operation: changes to where, when, how far, how fast and by whom the fleet is driven."""
