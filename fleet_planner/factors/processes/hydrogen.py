"""Hydrogen use of fuel-cell vehicles; nothing leaves their tailpipe but water."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.factors.processes.use_per_km import load_use

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_hydrogen_use() -> Mapping[tuple[str, str], float]:
    """Return kg of hydrogen per km by (category, segment); segment "" serves any."""
    return load_use("hydrogen_use.csv", "kg_per_km")
