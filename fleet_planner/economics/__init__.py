"""Costs of measures."""

from fleet_planner.economics.costs import EnergyChange, empty_costs, scenario_costs

__all__ = ["EnergyChange", "empty_costs", "scenario_costs"]
