"""What emissions do to the climate: CO2 equivalents over 20 and 100 years, budgets, the way to neutrality."""
