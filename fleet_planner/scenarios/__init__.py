"""Measures on a fleet: pure changes, baseline plus deltas."""

from fleet_planner.scenarios.apply import apply_scenario, baseline, measures_table
from fleet_planner.scenarios.model import ScenarioFleet

__all__ = ["ScenarioFleet", "apply_scenario", "baseline", "measures_table"]
