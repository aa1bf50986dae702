"""The fleet in later years: survival, sales, rules on new vehicles, stocks that close."""

from fleet_planner.fleet.turnover.model import Projection
from fleet_planner.fleet.turnover.project import project_fleet
from fleet_planner.fleet.turnover.rules import step_ratios

__all__ = ["Projection", "project_fleet", "step_ratios"]
