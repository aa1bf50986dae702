"""The planner's own model: sites and chargers over the years at the least cost, within grid, room and budget."""
