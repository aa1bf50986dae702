"""What blocks ask of the buses that run them: which powertrains can, how many buses, how much energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.model import (
    BATTERY,
    CONVENTIONAL,
    EXISTING,
    HYBRID,
    HYDROGEN,
    LARGE,
    POWERTRAINS,
    STATION,
    Needs,
)
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.buses_transition import TransitionSection

WAYS = ("depot", "battery", "station", "split")
"""How a block can be run by battery buses: as it is, with a larger battery, with stations, by several buses."""

MOST_SPLIT = 3
TIERS = 3
SEPARATOR = "|"


@dataclass(frozen=True)
class Batteries:
    """Usable energy at the end of a battery's life, kWh, by size of bus, and use per km.

    Parameters
    ----------
    usable, usable_large
        Of the battery and of the large one.
    plug_kwh_per_km
        Mean of the year at the plug.
    efficiency
        Plug to battery.
    worst_day
        Use of the worst day over the mean.
    """

    usable: Mapping[str, float]
    usable_large: Mapping[str, float]
    plug_kwh_per_km: Mapping[str, float]
    efficiency: float
    worst_day: float


def resolved(
    blocks: pl.DataFrame, section: TransitionSection, batteries: Batteries
) -> tuple[pl.DataFrame, list[Finding]]:
    """Fill in what a table of blocks leaves open, and take away ways that its figures rule out.

    Parameters
    ----------
    blocks
        Columns of ``tables/columns/bus_block_needs.csv``, null where not given.
    section
        Of the plan.
    batteries
        For blocks without figures of their own.

    Returns
    -------
    The blocks without nulls in ``bus_type, km_per_year, kwh_per_km, need_kwh, usable_kwh, usable_large_kwh, ways,
    split_buses, extra_hours, weight, stations``; and what was assumed.
    """
    size = pl.col("bus_type")

    def by_size(values: Mapping[str, float]) -> pl.Expr:
        return size.replace_strict(dict(values), default=None, return_dtype=pl.Float64)

    filled = blocks.with_columns(
        pl.col("bus_type").fill_null("standard"),
        pl.col("route").fill_null(""),
        pl.col("stations").fill_null(""),
        pl.col("extra_hours").fill_null(section.extra_hours_per_split),
        km_per_year=pl.coalesce("km_per_year", pl.col("km") * section.service_days),
    ).with_columns(
        kwh_per_km=pl.coalesce("kwh_per_km", by_size(batteries.plug_kwh_per_km)),
        usable_kwh=pl.coalesce("usable_kwh", by_size(batteries.usable)),
        usable_large_kwh=pl.coalesce("usable_large_kwh", by_size(batteries.usable_large)),
        depot_weight=pl.col("depot_id").replace_strict(
            {d.depot_id: d.weight for d in section.depot}, default=1.0, return_dtype=pl.Float64
        ),
        route_weight=pl.col("route").replace_strict(dict(section.route_weight), default=1.0, return_dtype=pl.Float64),
    )
    worst = pl.col("km") * pl.col("kwh_per_km") * batteries.efficiency * batteries.worst_day
    filled = filled.with_columns(
        need_kwh=pl.coalesce("need_kwh", worst),
        weight=pl.col("weight").fill_null(1.0) * pl.col("depot_weight") * pl.col("route_weight"),
    )
    reckoned = filled["ways"].is_null()
    several = (pl.col("need_kwh") / pl.col("usable_kwh") - 1e-9).ceil().clip(1.0).cast(pl.Int64)
    filled = filled.with_columns(
        split_buses=pl.coalesce("split_buses", several.clip(2)),
        ways=pl.coalesce(
            "ways",
            pl.concat_str(
                pl.when(pl.col("need_kwh") <= pl.col("usable_kwh")).then(pl.lit("depot")),
                pl.when(pl.col("need_kwh") <= pl.col("usable_large_kwh")).then(pl.lit("battery")),
                pl.when(pl.col("stations") != "").then(pl.lit("station")),
                pl.when(several.is_between(2, MOST_SPLIT)).then(pl.lit("split")),
                separator=SEPARATOR,
                ignore_nulls=True,
            ),
        ),
    )
    listed = pl.col("ways").str.split(SEPARATOR)
    too_small = listed.list.contains("depot") & (pl.col("need_kwh") > pl.col("usable_kwh") + 1e-6)
    too_small_large = listed.list.contains("battery") & (pl.col("need_kwh") > pl.col("usable_large_kwh") + 1e-6)
    wrong = filled.select(too_small.alias("a"), too_small_large.alias("b"))
    taken = int((wrong["a"] | wrong["b"]).sum())
    unnamed = pl.col("ways").str.split(SEPARATOR).list.contains("station") & (pl.col("stations") == "")
    nowhere = filled.select(unnamed.alias("c"))["c"]
    doubts = (wrong["a"].alias("_depot"), wrong["b"].alias("_battery"), nowhere.alias("_station"))
    kept = pl.struct("ways", *doubts).map_elements(_kept, return_dtype=pl.String)
    filled = filled.with_columns(ways=kept)
    findings = []
    if n := int(reckoned.sum()):
        values = {"worst": round(batteries.worst_day, 2)}
        findings.append(Finding("buses.transition_needs_reckoned", "assumption", values, n))
    if taken:
        findings.append(Finding("buses.transition_ways_taken", "warning", {}, taken))
    if n := int(nowhere.sum()):
        findings.append(Finding("buses.transition_station_unnamed", "info", {}, n))
    never = filled.filter(pl.col("ways") == "")
    if never.height:
        named = {"blocks": ", ".join(never["block_id"].head(5).to_list())}
        findings.append(Finding("buses.transition_never_battery", "info", named, never.height))
    return filled.drop("depot_weight", "route_weight"), findings


def _kept(row: Mapping[str, object]) -> str:
    out = {way for way in ("depot", "battery", "station") if row[f"_{way}"]}
    return SEPARATOR.join(w for w in str(row["ways"]).split(SEPARATOR) if w and w not in out)


def buses_of(ways: str, split: int, km: float, hydrogen_range_km: float) -> tuple[float, ...]:
    """Return the buses that a block takes by powertrain, 0 where it cannot run it.

    A bus with a larger battery or a pantograph runs what the usual one runs; split blocks are for the usual battery.
    """
    named = set(ways.split(SEPARATOR))
    out = [0.0] * len(POWERTRAINS)
    if "depot" in named:
        out[BATTERY] = out[LARGE] = out[STATION] = 1.0
    elif "split" in named:
        out[BATTERY] = float(split)
    if "battery" in named:
        out[LARGE] = 1.0
    if "station" in named:
        out[STATION] = 1.0
    out[HYDROGEN] = 1.0 if km <= hydrogen_range_km else 0.0
    out[HYBRID] = out[CONVENTIONAL] = out[EXISTING] = 1.0
    return tuple(out)


def needs_of(
    blocks: pl.DataFrame,
    pool_of: Mapping[tuple[str, str], int],
    section: TransitionSection,
    driver_per_h: float,
    efficiency: float,
) -> tuple[pl.DataFrame, Needs, tuple[str, ...]]:
    """Return the blocks with their need, the needs, and the stations.

    Parameters
    ----------
    blocks
        Of `resolved`.
    pool_of
        Index of the pool of a depot and size.
    section
        Of the plan.
    driver_per_h
        Wage, US$ 2024 an hour.
    efficiency
        Plug to battery.
    """
    can = [
        buses_of(ways, split, km, section.hydrogen_range_km)
        for ways, split, km in blocks.select("ways", "split_buses", "km").iter_rows()
    ]
    # stations matter only to blocks that cannot do without
    asked = [s if "depot" not in w.split(SEPARATOR) else "" for s, w in blocks.select("stations", "ways").iter_rows()]
    keyed = blocks.with_columns(
        pool=pl.Series([pool_of[d, b] for d, b in blocks.select("depot_id", "bus_type").iter_rows()], dtype=pl.Int64),
        can=pl.Series([",".join(f"{v:g}" for v in row) for row in can], dtype=pl.String),
        asked=pl.Series([SEPARATOR.join(sorted(filter(None, s.split(SEPARATOR)))) for s in asked], dtype=pl.String),
    )
    group = ["pool", "can", "asked"]
    tier = (pl.col("weight").rank("ordinal") - 1) * TIERS // pl.len()
    many = pl.col("weight").n_unique() > TIERS
    keyed = keyed.with_columns(
        tier=pl.when(many.over(group)).then(tier.over(group).cast(pl.Float64)).otherwise(pl.col("weight"))
    )
    group.append("tier")
    classes = (
        keyed.group_by(group)
        .agg(
            pl.len().alias("blocks"),
            pl.col("km_per_year").mean(),
            (pl.col("km_per_year") * pl.col("kwh_per_km")).mean().alias("kwh"),
            (pl.col("need_kwh") / efficiency / section.charging_window_h).mean().alias("peak_kw"),
            pl.col("weight").mean(),
            pl.col("extra_hours").mean(),
            (pl.col("km_per_year") / pl.col("km").clip(lower_bound=1e-9)).mean().alias("days"),
        )
        .sort(group)
    )
    numbered = keyed.join(classes.select(group).with_row_index("need"), on=group, how="left", maintain_order="left")
    stations = tuple(sorted({s for text in classes["asked"] for s in text.split(SEPARATOR) if s}))
    uses = np.array([[s in text.split(SEPARATOR) for s in stations] for text in classes["asked"]], dtype=bool)
    needs = Needs(
        pool=classes["pool"].to_numpy().astype(np.int64),
        blocks=classes["blocks"].to_numpy().astype(np.int64),
        buses=np.array([[float(v) for v in text.split(",")] for text in classes["can"]]),
        km=classes["km_per_year"].to_numpy().astype(np.float64),
        kwh=classes["kwh"].to_numpy().astype(np.float64),
        peak_kw=classes["peak_kw"].to_numpy().astype(np.float64),
        weight=classes["weight"].to_numpy().astype(np.float64),
        extra_cost=(classes["extra_hours"] * classes["days"]).to_numpy().astype(np.float64) * driver_per_h,
        stations=uses.reshape(classes.height, len(stations)),
    )
    return numbered.drop("can", "asked", "tier").with_columns(pl.col("need").cast(pl.Int64)), needs, stations
