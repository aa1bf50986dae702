"""Measures against each other on the same vehicles."""
