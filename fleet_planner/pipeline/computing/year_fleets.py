"""The fleets of later years as they drive, kept for draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.pipeline.computing.operated import Computing

if TYPE_CHECKING:
    import polars as pl

    from fleet_planner.activity import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.states import Base, State


@dataclass(frozen=True)
class YearFleet:
    """A fleet as it drives in a later year, for draws.

    Parameters
    ----------
    vehicles, multipliers
        After measures, with faults and steps of limits in the multipliers.
    before
        Standard of each vehicle before measures.
    factors
        Compiled for its technologies.
    activity
        Where it drives; nothing where each stream drives as in the base year.
    grouped
        Whether the streams of the activity are groups, named by a column of the vehicles.
    """

    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    before: pl.Series
    factors: FactorTable
    activity: Activity | None
    grouped: bool = False


def year_fleet(state: State, base: Base, first: Inventory, untreated: pl.DataFrame) -> YearFleet:
    """Return the fleet of a later year as it drives.

    Parameters
    ----------
    state
        With its activity, or with its measures in operation.
    base
        What all states share, with the faults of the year.
    first
        Inventory of the baseline in the base year.
    untreated
        The vehicles of the year without measures.
    """
    if state.planned is not None:
        computing = Computing(base.links, base.factors, base.context, base.multiplied)
        last = state.planned.whole(computing, first)[-1].traffic
        rows, effects = last.vehicles, base.multiplied(last.vehicles, last.multipliers)
        return YearFleet(rows, effects, rows["standard"], base.factors, last.activity, grouped=True)
    assert state.activity is not None
    rows = state.fleet.vehicles
    before = rows["standard"]
    if "baseline_row" in rows.columns:
        before = untreated["standard"].gather(rows["baseline_row"])
    own = None if state.activity.row is base.activity.row else state.activity
    return YearFleet(rows, base.multiplied(rows, state.fleet.multipliers), before, base.factors, own)
