"""Emissions on a grid of cells, as models of the air read them."""
