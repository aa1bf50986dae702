"""Groups of people by zone, so that a plan can be asked and told whom it serves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.errors import InputError, use_one_of
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.chargers.demand import Demand

    Float = NDArray[np.float64]

TABLE = "charging_groups"
PERCENT = 100.0


@dataclass(frozen=True)
class Groups:
    """Who lives where the demand is.

    Parameters
    ----------
    names
        G groups.
    people
        Of each, shape (G,).
    share
        Of each demand's energy by group: the group's share of the people of its zone, shape (J, G); 0 in all groups
        where the table does not name the zone.
    by_zone
        People by zone.
    findings
        What the table does not say.
    """

    names: tuple[str, ...]
    people: Float
    share: Float
    by_zone: dict[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def none(cls, demand: int) -> Groups:
        """Return no group."""
        return cls((), np.zeros(0), np.zeros((demand, 0)))


def read_groups(path: Path, demand: Demand) -> Groups:
    """Read a table of groups of people by zone (``tables/columns/charging_groups.csv``).

    Parameters
    ----------
    path
        CSV or Parquet: zone, group, people.
    demand
        Whose zones are looked up.

    Raises
    ------
    InputError
        A cell is wrong, a zone and group stand twice, nobody lives anywhere, or no zone of the demand is named.
    """
    table = typed(read_cells(path, "chargers.groups"), TABLE, path)
    twice = pl.struct("zone", "group").is_duplicated()
    refuse(table, twice, "zone", path, "the same zone and group stand twice", "Keep one row.")
    names = tuple(table["group"].unique(maintain_order=True).to_list())
    people = np.array([float(table.filter(group=name)["people"].sum()) for name in names])
    if people.sum() <= 0.0:
        raise InputError("nobody lives in any zone", "Give the people of each group.", path, column="people")
    zones = list(dict.fromkeys(table["zone"].to_list()))
    if not set(zones) & set(demand.zone):
        asked = sorted({z for z in demand.zone if z})
        remedy = use_one_of(zones[0], asked) if asked else "Fill the column zone or place of the demand."
        raise InputError("no zone of the demand is in this table", remedy, path, 2, "zone", zones[0])
    place, column = {z: k for k, z in enumerate(zones)}, {g: k for k, g in enumerate(names)}
    living = np.zeros((len(zones), len(names)))
    for zone, group, number in table.select("zone", "group", "people").iter_rows():
        living[place[zone], column[group]] = number
    whole = living.sum(axis=1)
    parts = np.divide(living, whole[:, None], out=np.zeros_like(living), where=whole[:, None] > 0.0)
    share = np.array([parts[place[z]] if z in place else np.zeros(len(names)) for z in demand.zone])
    by_zone = dict(zip(zones, whole.tolist(), strict=True))
    return Groups(names, people, share.reshape(demand.size, len(names)), by_zone, tuple(_missing(demand, share)))


def _missing(demand: Demand, share: Float) -> list[Finding]:
    """Return how much energy is of no group."""
    energy = demand.per_day[:, -1]
    lost = share.sum(axis=1) <= 0.0
    part = float(energy[lost].sum()) / max(float(energy.sum()), 1e-12)
    return [Finding("chargers.groups_missing", "warning", {}, int(lost.sum()), part)] if lost.any() else []
