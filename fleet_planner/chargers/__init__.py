"""Where chargers go: candidates and demand on the roads, siting models with a proven gap, the planner's build-out."""
