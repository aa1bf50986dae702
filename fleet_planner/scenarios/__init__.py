"""Measures on a fleet: pure changes, baseline plus deltas."""

from fleet_planner.scenarios.apply import apply_scenario, baseline
from fleet_planner.scenarios.catalogue import measures_table
from fleet_planner.scenarios.model import ScenarioFleet
from fleet_planner.scenarios.phase import all_at_once
from fleet_planner.scenarios.trajectory import Trajectory, walk

__all__ = ["ScenarioFleet", "Trajectory", "all_at_once", "apply_scenario", "baseline", "measures_table", "walk"]
