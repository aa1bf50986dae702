"""Factors times activity; alone in multiplying the two."""

from fleet_planner.inventory.carried import by_hour, driven_histogram, grade_steps
from fleet_planner.inventory.compute import by_vehicle, compute_inventory, totals
from fleet_planner.inventory.model import Inventory
from fleet_planner.inventory.weighted import weighted_by_vehicle, weighted_histogram

__all__ = [
    "Inventory",
    "by_hour",
    "by_vehicle",
    "compute_inventory",
    "driven_histogram",
    "grade_steps",
    "totals",
    "weighted_by_vehicle",
    "weighted_histogram",
]
