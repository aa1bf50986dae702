"""Packaged figures, each row with its source; a loader, no arithmetic."""

from fleet_planner.reference.load import reference_path, reference_table

__all__ = ["reference_path", "reference_table"]
