"""Trips between zones and their routes in equilibrium."""
