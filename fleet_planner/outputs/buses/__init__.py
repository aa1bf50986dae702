"""Pages, maps and tables of `fleet-planner buses`."""
