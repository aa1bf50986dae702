"""The order of the steps of `fleet-planner buses`."""
