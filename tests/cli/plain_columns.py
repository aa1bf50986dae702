"""The columns of an output that is made without draws of uncertain inputs."""

from __future__ import annotations

from fleet_planner.tables import columns

OF_DRAWS = ("_low", "_high", "no_reduction_share")


def plain_columns(table: str) -> list[str]:
    return [c.column for c in columns(table) if c.required or not c.column.endswith(OF_DRAWS)]
