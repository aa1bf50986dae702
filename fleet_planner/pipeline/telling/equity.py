"""Who breathes what of every scenario, who gains, and the roads that people breathe most of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError, PlanError
from fleet_planner.findings import Finding
from fleet_planner.impacts.equity.shares import FIFTHS, Ranked, concentration_index, curve, in_fifths, ranked
from fleet_planner.network.zones import read_zone_layer
from fleet_planner.units import G_PER_KG

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.models import Plan

Float = NDArray[np.float64]
HOTSPOTS = 50
LEAST_KM = 0.05
SUMS = {"PM2.5": ("PM_exhaust", "PM2.5_non_exhaust")}
SCHEMA = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "fifth": pl.Int64,
    "people": pl.Float64,
    "traffic_ug_m3": pl.Float64,
    "exposure_share": pl.Float64,
    "avoided_ug_m3": pl.Float64,
    "avoided_share": pl.Float64,
    "concentration_index": pl.Float64,
    "avoided_index": pl.Float64,
}
CURVE = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "people_share": pl.Float64,
    "exposure_share": pl.Float64,
}


def standing_of(plan: Plan, base: Path) -> Float:
    """Return how well off the people of each zone are, higher is better, shape (zones,).

    Raises
    ------
    InputError
        The zones lack the column, or a zone has no number in it.
    """
    section = plan.impacts.equity
    where = base / plan.network.zones
    layer: Any = read_zone_layer(plan.network.zones, base)
    if section.column not in layer.columns:
        have = ", ".join(str(c) for c in layer.columns if c != "geometry")
        raise InputError(
            f"the zones have no column {section.column!r}", f"Use one of: {have}.", file=where, column=section.column
        )
    import pandas as pd

    numbers = pd.to_numeric(layer[section.column], errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        row = int(np.argmin(np.isfinite(numbers)))
        value = layer[section.column].iloc[row]
        raise InputError(
            "a zone has no number that its people can be ranked by",
            "Fill it in, or leave the zone out.",
            file=where,
            row=row + 2,
            column=section.column,
            value=value,
        )
    return np.asarray(numbers if section.worse_off == "low" else -numbers)


def equity_tables(
    plan: Plan, base: Path, air: AirResult | None
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[Finding, ...]]:
    """Return exposure by fifths of the people, the concentration curve, and what was assumed; empty if not asked for.

    Raises
    ------
    PlanError
        No pollutant is followed, or there are no zones.
    InputError
        See `standing_of`.
    """
    section = plan.impacts.equity
    if not section.column:
        return pl.DataFrame(), pl.DataFrame(), ()
    if air is None or not plan.network.zones:
        raise PlanError(
            "who breathes what is told for pollutants that are followed and for zones",
            "Set impacts.pollutants and network.zones.",
            column="impacts.equity.column",
            value=section.column,
        )
    standing = standing_of(plan, base)
    lived = (air.receptors.people > 0.0) & (air.receptors.zone >= 0)
    people = air.receptors.people[lived]
    by = ranked(people, standing[air.receptors.zone[lived]])
    brought = {name: people[:, None] * values[lived] for name, values in air.concentrations.items()}
    rows, lines = [], []
    first = next(iter(brought.values()))
    for scenario, exposed in brought.items():
        for q, pollutant in enumerate(air.pollutants):
            now = by.sums(exposed[:, q])
            rows += _fifths(by, (scenario, pollutant), now, by.sums(first[:, q]) - now)
            shares = zip(*(v.tolist() for v in curve(by, now)), strict=True)
            lines += [(scenario, pollutant, *point) for point in shares]
    values = {"column": section.column, "groups": str(by.people.size)}
    found = (Finding("impacts.equity", "assumption", values),)
    return (
        pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        pl.DataFrame(lines, schema=CURVE, orient="row"),
        found,
    )


def _fifths(by: Ranked, named: tuple[str, str], now: Float, avoided: Float) -> list[tuple[object, ...]]:
    each, gains = in_fifths(by, now), in_fifths(by, avoided)
    people = float(by.people.sum()) / FIFTHS
    all_of_it, gained = float(now.sum()), float(avoided.sum())
    indices = (concentration_index(by, now), concentration_index(by, avoided))
    return [
        (
            *(*named, k + 1, people, float(each[k]) / people),
            float(each[k]) / all_of_it if all_of_it else None,
            float(gains[k]) / people,
            float(gains[k]) / gained if gained else None,
            *indices,
        )
        for k in range(FIFTHS)
    ]


def exposure_hotspots(run: Inventories, computed: Computed, air: AirResult | None) -> pl.DataFrame:
    """Return the roads whose emissions people breathe most of, by km (``tables/columns/exposure_hotspots.csv``).

    Emissions of each hour of the baseline count with the weight of that hour, so that a tonne among many people ranks
    before one among few.
    """
    if air is None:
        return pl.DataFrame()
    names = computed.states[0][1].pollutants
    pollutant = "PM2.5" if "PM2.5" in air.pollutants else run.plan.impacts.pollutants[0]
    columns = [names.index(p) for p in SUMS.get(pollutant, (pollutant,))]
    weight = air.weights.filter(pollutant=pollutant)["weight"].to_numpy().reshape(run.network.links.height, -1)
    kg = np.array([hour[:, columns].sum(axis=1) for hour in run.hours_of(computed, 0)]).T / G_PER_KG
    return by_exposure(run.network.links, pollutant, weight, kg)


def by_exposure(links: pl.DataFrame, pollutant: str, weight: Float, kg: Float) -> pl.DataFrame:
    """Rank links by what people breathe of their emissions per km.

    Parameters
    ----------
    links
        ``link_id, name, road_class, length_km``.
    pollutant
        What is emitted.
    weight, kg
        People times µg/m3 per kg a day, and kg a day, by link and hour.
    """
    exposed = (weight * kg).sum(axis=1)
    length = np.maximum(links["length_km"].to_numpy(), 1e-9)
    frame = links.select("link_id", "name", "road_class", "length_km").with_columns(
        pl.lit(pollutant).alias("pollutant"),
        pl.Series("kg_per_day", kg.sum(axis=1)),
        pl.Series("exposure_people_ug_m3", exposed),
        pl.Series("exposure_per_km", exposed / length),
        pl.Series("kg_per_km", kg.sum(axis=1) / length),
    )
    frame = frame.filter((pl.col("length_km") >= LEAST_KM) & (pl.col("exposure_people_ug_m3") > 0.0)).with_columns(
        rank_by_tonnes=pl.col("kg_per_km").rank("ordinal", descending=True).cast(pl.Int64)
    )
    best = frame.sort("exposure_per_km", "link_id", descending=[True, False]).head(HOTSPOTS)
    ordered = best.with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64))
    return ordered.select(
        *("rank", "link_id", "name", "road_class", "length_km", "pollutant", "kg_per_day"),
        *("exposure_people_ug_m3", "exposure_per_km", "rank_by_tonnes"),
    )
