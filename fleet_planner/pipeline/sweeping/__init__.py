"""Many plans, scenarios, years and altered keys as tasks that do not know of each other."""
