"""A day of service: the trips of each bus with its ways from and to the depot and between trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.buses.model import ServiceDay
from fleet_planner.buses.service.blocks import with_blocks
from fleet_planner.buses.service.depots import depot_places, nearest_depot, stand_in
from fleet_planner.buses.service.drives import drives_between
from fleet_planner.buses.service.empty_ways import driven, empty_legs
from fleet_planner.buses.service.timetable import PLACE_SCHEMA, TRIP_SCHEMA
from fleet_planner.buses.service.ways import joined
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.activity.timetables.paths import Roads
    from fleet_planner.buses.service.drives import Drives
    from fleet_planner.buses.service.timetable import Timetable
    from fleet_planner.network.home_places import Places
    from fleet_planner.network.model import Network
    from fleet_planner.plan.buses import BusesPlan

OF_BLOCKS = ("kind", "block_id", "depot_id", "bus_type")
"""Columns of the table of trips that a movement has before those of its trip, or not at all."""
MOVEMENTS = {
    "block_id": pl.String,
    "sequence": pl.Int64,
    "kind": pl.String,
    **{name: kind for name, kind in TRIP_SCHEMA.items() if name not in OF_BLOCKS},
}
RANK = {"pull_out": 0, "trip": 1, "pull_in": 2, "dead_head": 2}


def service_day(
    timetable: Timetable,
    section: BusesPlan,
    depots: Places | None = None,
    depot_of_block: Mapping[str, str] | None = None,
    network: Network | None = None,
    roads: Roads | None = None,
) -> ServiceDay:
    """Put the trips of a day into blocks, give these depots, and add the ways without passengers.

    A bus leaves its depot in time for its first trip and comes back after its last one; between two trips it drives to
    the start of the next at once and stands there. Where it would stand longer than ``longest_layover_min`` and the
    time allows, it goes back to its depot in between.

    Parameters
    ----------
    timetable
        The trips.
    section
        Rules of the plan.
    depots
        Depots of the plan; without any the terminal with the shortest ways to all others stands in.
    depot_of_block
        Place of the depot by block, where it is given.
    network, roads
        To drive on, both or neither.
    """
    own = depot_places(depots, set() if timetable.day is None else set(timetable.places["place"].to_list()))
    bare = timetable.places.join(own, on="place", how="anti")
    places = pl.concat([bare, own]).select(*PLACE_SCHEMA)
    drives = drives_between(places, section, network)
    findings = list(timetable.findings)
    known = places.select((pl.col("lon").is_not_null() & pl.col("lat").is_not_null()).any()).item()
    if own.is_empty() and known:
        places, told = stand_in(timetable.trips, places, drives)
        findings += told
    homes = places.filter("is_depot")["place"].to_list()
    trips, told = with_blocks(timetable.trips, section, drives, homes)
    findings += told
    blocks, told = _blocks(trips, homes, drives, depot_of_block or {})
    findings += told
    if not homes:
        findings.append(Finding("buses.own_place_depots", "warning", {}, blocks.height))
        places = places.with_columns(is_depot=pl.col("place").is_in(blocks["depot_id"].to_list()))
    legs = empty_legs(trips, blocks, places, section, drives)
    legs, ways, told = driven(legs, section, drives, network, roads)
    findings += told
    ways = joined(timetable.ways, ways)
    known = pl.col("way") >= 0
    legs = legs.with_columns(way=pl.when(known).then(pl.col("way") + timetable.ways.first.size - 1).otherwise("way"))
    moves = pl.concat([trips.select(c for c in MOVEMENTS if c != "sequence"), legs])
    moves = moves.with_columns(rank=pl.col("kind").replace_strict(RANK))
    moves = moves.sort("block_id", "start_s", "rank", "end_s", maintain_order=True)
    moves = moves.with_columns(sequence=pl.int_range(pl.len(), dtype=pl.Int64).over("block_id"))
    moves = moves.select(pl.col(c).cast(t) for c, t in MOVEMENTS.items())
    table = (
        moves.with_row_index("row")
        .group_by("block_id", maintain_order=True)
        .agg(
            pl.col("start_s").min(),
            pl.col("end_s").max(),
            pl.col("km").sum(),
            movements=pl.len().cast(pl.Int64),
            first=pl.col("row").first().cast(pl.Int64),
        )
    )
    table = blocks.join(table, on="block_id", maintain_order="right")
    return ServiceDay(timetable.kind, timetable.day, moves, table, places, ways, tuple(findings))


def _blocks(
    trips: pl.DataFrame, homes: list[str], drives: Drives, given: Mapping[str, str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return ``block_id, depot_id, bus_type``: the depot given for the block or told by its trips, else the nearest."""
    blocks = trips.group_by("block_id", maintain_order=True).agg(
        pl.col("from_place").first(),
        pl.col("to_place").last(),
        told=pl.col("depot_id").drop_nulls().first(),
        types=pl.col("bus_type").n_unique(),
        bus_type=pl.col("bus_type").sort_by(pl.col("km").sum().over("bus_type"), descending=True).first(),
    )
    nearest = nearest_depot(blocks["from_place"].to_list(), blocks["to_place"].to_list(), homes, drives)
    named = pl.col("block_id").replace_strict(given, default=None, return_dtype=pl.String)
    blocks = blocks.with_columns(given=named).with_columns(
        depot_id=pl.coalesce("given", "told", pl.Series(nearest, dtype=pl.String))
    )
    findings = []
    mixed = blocks.filter(pl.col("types") > 1)
    if mixed.height:
        findings.append(Finding("buses.mixed_types", "warning", {"block": str(mixed["block_id"][0])}, mixed.height))
    if lost := sorted(set(given) - set(blocks["block_id"].to_list())):
        findings.append(Finding("buses.depot_without_block", "info", {"block": lost[0]}, len(lost)))
    if len(homes) > 1 and (free := blocks.filter(pl.coalesce("given", "told").is_null()).height):
        findings.append(Finding("buses.nearest_depot", "assumption", {}, free))
    return blocks.select("block_id", "depot_id", "bus_type"), findings
