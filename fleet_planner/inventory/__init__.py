"""Factors times activity; alone in multiplying the two."""

from fleet_planner.inventory.compute import by_vehicle, compute_inventory, driven_histogram, grade_steps, totals
from fleet_planner.inventory.model import Inventory

__all__ = ["Inventory", "by_vehicle", "compute_inventory", "driven_histogram", "grade_steps", "totals"]
