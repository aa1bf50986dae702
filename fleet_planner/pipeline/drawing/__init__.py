"""Draws of a run: every state of its fleet by the same sample of inputs, as tables."""
