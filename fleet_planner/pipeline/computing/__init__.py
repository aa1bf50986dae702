"""Inventories of the base year, of scenarios and of later years, and what is known of single vehicles."""
