"""Where buses are at home: depots of the plan, or what stands in for them, and the depot of each block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from fleet_planner.activity.tables import read_cells, typed
from fleet_planner.buses.service.timetable import PLACE_SCHEMA
from fleet_planner.errors import InputError, use_one_of
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.buses.service.drives import Drives
    from fleet_planner.network.home_places import Places

Float = NDArray[np.float64]
TABLE = "depot_of_block"
UNKNOWN_S = 1e6
"""A way that is not known is longer than any other."""
MARK = " (depot)"
"""After the name of a depot that a stop's id is the same as, so that they stay two places."""


def depot_places(depots: Places | None, taken: set[str]) -> pl.DataFrame:
    """Return depots as places (`PLACE_SCHEMA`); no rows without any. Ids that are ``taken`` are of other places."""
    if depots is None:
        return pl.DataFrame(schema=PLACE_SCHEMA)
    at = shapely.get_coordinates(depots.geometry)
    return pl.DataFrame(
        {
            "place": [name + MARK * (name in taken) for name in depots.names],
            "name": list(depots.names),
            "lon": at[:, 0],
            "lat": at[:, 1],
            "is_depot": True,
        },
        schema=PLACE_SCHEMA,
    )


def read_depot_of_block(path: Path, depots: pl.DataFrame) -> dict[str, str]:
    """Read which block is at home in which depot, both by their names.

    Raises
    ------
    InputError
        The table is missing or malformed, names a block twice or a depot that nobody knows.
    """
    table = typed(read_cells(path, "buses.depot_of_block"), TABLE, path)
    known = dict(depots.select("name", "place").iter_rows())
    wrong = table.filter(~pl.col("depot_id").is_in(list(known)))
    if wrong.height:
        word = str(wrong["depot_id"][0])
        remedy = use_one_of(word, known) if known else "Name the depots' file in buses.depots."
        raise InputError("no such depot", remedy, path, int(wrong["row"][0]), "depot_id", word)
    twice = table.filter(~pl.col("block_id").is_first_distinct())
    if twice.height:
        where = (path, int(twice["row"][0]), "block_id", twice["block_id"][0])
        raise InputError("this block stands in the table twice", "Keep one of its rows.", *where)
    return {block: known[depot] for block, depot in table.select("block_id", "depot_id").iter_rows()}


def stand_in(trips: pl.DataFrame, places: pl.DataFrame, drives: Drives) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the places with the terminal that serves as depot: the one with the shortest ways to all ends of trips."""
    uses = pl.concat([trips.select(place=f"{e}_place") for e in ("from", "to")]).group_by("place").len()
    uses = uses.sort("place")
    at = np.array([drives.number[p] for p in uses["place"]])
    there = np.where(np.isfinite(drives.time_s), drives.time_s, UNKNOWN_S)[np.ix_(at, at)]
    sums = there @ uses["len"].to_numpy().astype(np.float64)
    best = str(uses["place"][int(np.argmin(sums))])
    name = str(places.filter(place=best)["name"][0])
    marked = places.with_columns(is_depot=pl.col("is_depot") | (pl.col("place") == best))
    return marked, [Finding("buses.no_depots", "warning", {"place": name})]


def nearest_depot(first: list[str], last: list[str], depots: list[str], drives: Drives) -> list[str]:
    """Return for each block the depot with the least time to its first place and from its last one.

    Where no depot is known a block is at home in its first place.
    """
    if not depots:
        return first
    home = np.array([drives.number[d] for d in depots])
    begin, end = (np.array([drives.number[p] for p in places]) for places in (first, last))
    leave, back = drives.time_s[np.ix_(home, begin)], drives.time_s[np.ix_(end, home)].T
    return [depots[k] for k in np.argmin(leave + back, axis=0)]
