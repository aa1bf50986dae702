"""Page, map and tables of `fleet-planner portfolio`."""
