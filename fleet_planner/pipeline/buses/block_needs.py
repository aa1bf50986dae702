"""What the blocks of a simulated timetable need, in the words of the replacement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.feasibility.figures import figures_of
from fleet_planner.errors import InputError
from fleet_planner.pipeline.buses.energy import WEEK_SHARE
from fleet_planner.tables import columns
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.buses.simulate import Simulated

NEEDS = "bus_block_needs"
MEAN, AS_IT_IS, LARGER, STATION, SPLIT = "mean", "as_it_is", "battery", "station", "split"
TYPES = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}


@dataclass(frozen=True)
class TimetableNeeds:
    """Blocks of the busiest kind of day with what they need.

    Parameters
    ----------
    blocks
        Columns of ``bus_block_needs``.
    kwh, large_kwh
        Nominal batteries by size of bus: the usual one, and the largest on offer: what the simulation calls feasible
        with some larger battery is feasible with it.
    kind
        Kind of day.
    """

    blocks: pl.DataFrame
    kwh: Mapping[str, float]
    large_kwh: Mapping[str, float]
    kind: str


def timetable_needs(done: Simulated) -> TimetableNeeds:
    """Return what the blocks of the kind of day with most buses need.

    ``need_kwh`` is what a block takes from the start of its day to its lowest state of charge in its worst case of
    weather, charging on the way counted; ``usable_kwh`` what the battery holds above the reserve from that start on.
    Blocks that the simulation calls feasible with a larger battery have at least what they need in the largest.

    Raises
    ------
    InputError
        The timetable has no block.
    """
    found = done.feasibility
    by_kind = found.remedies.group_by("kind_of_day", maintain_order=True).len().sort("len", descending=True)
    if by_kind.is_empty():
        raise InputError("the timetable has no block", "Choose other days in buses.days.", column="buses")
    kind = str(by_kind["kind_of_day"][0])
    remedies = found.remedies.filter(pl.col("kind_of_day") == kind)
    cases = found.blocks.filter(pl.col("kind_of_day") == kind)
    reserve = done.feasibility.days[kind].making.base.batteries.reserve_soc
    day = done.days[kind]
    yearly = sum(
        float(other.blocks["km"].sum()) * WEEK_SHARE[name] * DAYS_PER_YEAR for name, other in done.days.items()
    )
    days = yearly / max(float(day.blocks["km"].sum()), 1e-9)
    mean = cases.filter(pl.col("case") == MEAN).select(
        "block_id", plug=pl.col("plug_kwh"), battery=pl.col("battery_kwh")
    )
    worst = (
        cases.join(
            pl.DataFrame({"block_id": list(found.days[kind].making.base.ground.block_ids), "reserve": reserve}),
            on="block_id",
        )
        .sort("min_soc", maintain_order=True)
        .group_by("block_id", maintain_order=True)
        .first()
        .select(
            "block_id",
            need_kwh=(pl.col("start_soc") - pl.col("min_soc")) * pl.col("usable_kwh"),
            usable_kwh=(pl.col("start_soc") - pl.col("reserve")) * pl.col("usable_kwh"),
        )
    )
    km = day.blocks.select("block_id", "km")
    joined = remedies.join(km, on="block_id").join(mean, on="block_id").join(worst, on="block_id")
    kwh = {b: float(v) for b, v in joined.group_by("bus_type").agg(pl.col("battery").max()).iter_rows()}
    large = _largest(done, kwh)
    ratio = pl.col("bus_type").replace_strict({b: large[b] / kwh[b] for b in kwh}, return_dtype=pl.Float64)
    possible = pl.col("possible").str.split("|")
    as_it_is = possible.list.contains(AS_IT_IS)
    bigger = possible.list.contains(LARGER)
    with_way = joined.with_columns(
        ways=pl.concat_str(
            pl.when(as_it_is).then(pl.lit("depot")),
            pl.when(as_it_is | bigger).then(pl.lit("battery")),
            # stations and parts are known of the blocks that the simulation chose them for
            pl.when(pl.col("way") == STATION).then(pl.lit("station")),
            pl.when((pl.col("way") == SPLIT) & (pl.col("buses") > 1)).then(pl.lit("split")),
            separator="|",
            ignore_nulls=True,
        ),
        large=pl.max_horizontal(ratio * pl.col("usable_kwh"), pl.when(as_it_is | bigger).then("need_kwh")),
    )
    routes = (
        day.movements.filter(pl.col("kind") == "trip")
        .group_by("block_id", "route")
        .agg(pl.col("km").sum())
        .sort("km", "route", descending=[True, False])
        .group_by("block_id", maintain_order=True)
        .agg(pl.col("route").first())
    )
    table = with_way.join(routes, on="block_id", how="left", maintain_order="left").select(
        "block_id",
        "depot_id",
        "bus_type",
        "route",
        "km",
        km_per_year=pl.col("km") * days,
        kwh_per_km=pl.col("plug") / pl.col("km").clip(lower_bound=1e-9),
        need_kwh=pl.col("need_kwh"),
        usable_kwh=pl.col("usable_kwh"),
        usable_large_kwh=pl.col("large"),
        ways=pl.col("ways"),
        split_buses=pl.when(pl.col("buses") > 1).then(pl.col("buses")),
        stations=pl.col("stations"),
        extra_hours=pl.lit(None, dtype=pl.Float64),
        weight=pl.lit(None, dtype=pl.Float64),
    )
    typed = table.select(pl.col(s.column).cast(TYPES[s.type]) for s in columns(NEEDS))
    return TimetableNeeds(typed, kwh, large, kind)


def _largest(done: Simulated, kwh: Mapping[str, float]) -> dict[str, float]:
    """Return the largest battery on offer by size of bus; the usual one where none is offered."""
    section = done.plan.buses
    own = section.energy.bus_types
    figures = figures_of(section.battery, set(kwh), bus_types(done.base / own if own else None))
    return {size: max((*figures.larger_kwh.get(size, ()), usual)) for size, usual in kwh.items()}
