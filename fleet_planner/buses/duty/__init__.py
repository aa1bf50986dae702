"""Trucks and vans by duty: which could be electric in which year, and which of them would be cheaper."""
