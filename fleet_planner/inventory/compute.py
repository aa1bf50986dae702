"""Factors times activity: emissions by vehicle, link and hour, closed in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.axes import HOT, TECHNOLOGY
from fleet_planner.findings import Finding
from fleet_planner.inventory.model import Inventory
from fleet_planner.inventory.weights import FleetArrays, fleet_arrays, fold_channels
from fleet_planner.kernels import inventory as kernel
from fleet_planner.tables import pollutants as pollutant_specs

if TYPE_CHECKING:
    from fleet_planner.activity.model import Activity
    from fleet_planner.factors.table import FactorTable

Array = NDArray[np.float64]
GRADE_FIRST, GRADE_STEP = -0.06, 0.02
LEAST_SHARE = 5e-5
"""Smaller shares of the vehicle-km below a curve's range are not worth a remark; the manifest has them all."""


def compute_inventory(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
) -> Inventory:
    """Compute the emissions of a fleet on the roads, average day.

    Parameters
    ----------
    vehicles, multipliers
        A fleet as a scenario leaves it; its vehicle-km by stream must be those of ``activity``.
    links
        ``tables/columns/links.csv``; ``road_class`` and ``grade_pct`` are used.
    activity
        Vehicle-km, speeds and modes.
    factors
        Compiled for the technologies of ``vehicles``.
    """
    fleet = fleet_arrays(vehicles, multipliers, factors, activity.streams)
    entries = fleet.entry_stream.size
    weight, km_entry = kernel.entry_weights(fleet.km_per_day, fleet.entry, fleet.load, fleet.multiplier, entries)
    km_stream = np.bincount(fleet.entry_stream, weights=km_entry, minlength=len(activity.streams)).astype(np.float64)
    share = np.divide(1.0, km_stream, out=np.zeros_like(km_stream), where=km_stream > 0.0)
    comp = kernel.composite(
        factors.curves,
        factors.index,
        fleet.stream_first,
        fleet.entry_technology,
        weight * share[fleet.entry_stream, None, None],
    )
    classes = tuple(sorted(links["road_class"].unique().to_list()))
    class_id = links["road_class"].replace_strict(list(classes), range(len(classes)), return_dtype=pl.Int64)
    link, stream_hour, class_hour, histogram = kernel.link_pass(
        comp,
        activity.vkt,
        activity.speed_kmh,
        activity.mode,
        links["grade_pct"].to_numpy().astype(np.float64) / 100.0,
        GRADE_FIRST,
        GRADE_STEP,
        class_id.to_numpy().astype(np.int64),
        len(classes),
        factors.grid_kmh,
        factors.lookup,
        factors.lookup_per_kmh,
    )
    mean = kernel.mean_factors(factors.curves, factors.index, histogram, fleet.entry_stream, fleet.entry_technology)
    vehicle = kernel.vehicle_pass(fleet.km_per_day, fleet.entry, fleet.load, fleet.multiplier, mean)
    link, stream_hour, class_hour, vehicle = (fold_channels(x) for x in (link, stream_hour, class_hour, vehicle))
    below = _below_range(factors, fleet, histogram, km_entry, activity.streams)
    return Inventory(
        pollutants=factors.pollutants,
        units={s.pollutant: s.unit for s in pollutant_specs()},
        streams=activity.streams,
        link=link,
        stream_hour=stream_hour,
        class_hour=class_hour,
        road_classes=classes,
        vehicle=vehicle,
        closure=_closure(link, stream_hour, vehicle, km_stream, activity),
        by_technology=_by_technology(vehicles, fleet, vehicle, factors.pollutants),
        below_range=below,
        findings=_findings(factors, fleet, km_entry, below),
    )


def _closure(link: Array, stream_hour: Array, vehicle: Array, km_stream: Array, activity: Activity) -> dict[str, float]:
    """Return the largest relative differences between the three ways to add up."""
    by_link, by_hour, by_vehicle = link.sum(axis=0), stream_hour.sum(axis=(0, 1)), vehicle.sum(axis=0)
    km = activity.vkt.sum(axis=(1, 2))
    return {
        "vehicles_vs_links": _largest(by_vehicle, by_link),
        "hours_vs_links": _largest(by_hour, by_link),
        "vkt": _largest(km_stream, km),
    }


def _largest(a: Array, b: Array) -> float:
    scale = np.maximum(np.abs(a), np.abs(b))
    return float(np.max(np.divide(np.abs(a - b), scale, out=np.zeros_like(scale), where=scale > 0.0)))


def _by_technology(vehicles: pl.DataFrame, fleet: FleetArrays, vehicle: Array, names: tuple[str, ...]) -> pl.DataFrame:
    frame = vehicles.select(*TECHNOLOGY, "stream", "count").with_columns(
        pl.Series("vkt_km_per_day", fleet.km_per_day),
        *(pl.Series(f"{name}_per_day", vehicle[:, p]) for p, name in enumerate(names)),
    )
    return (
        frame.group_by(*TECHNOLOGY, "stream")
        .agg(
            pl.col("count").sum().alias("vehicles"),
            pl.col("vkt_km_per_day").sum(),
            *(pl.col(f"{name}_per_day").sum() for name in names),
        )
        .sort(*TECHNOLOGY, "stream")
    )


def _below_range(
    factors: FactorTable,
    fleet: FleetArrays,
    histogram: Array,
    km_entry: Array,
    streams: tuple[str, ...],
) -> pl.DataFrame:
    """Return the share of each technology's vehicle-km that lies below its NOx curve's lowest speed."""
    by_speed = histogram.sum(axis=(1, 2))
    v_min = factors.technologies["v_min_kmh"].to_list()
    rows = []
    for k, (s, t) in enumerate(zip(fleet.entry_stream, fleet.entry_technology, strict=True)):
        lowest, total = v_min[t], by_speed[s].sum()
        if lowest is None or total <= 0.0:
            continue
        below = by_speed[s][factors.grid_kmh < lowest].sum() / total
        if below > 0.0:
            label = " / ".join(factors.technologies.select(TECHNOLOGY).row(int(t)))
            rows.append((label, streams[s], "NOx", lowest, float(below), float(below * km_entry[k])))
    return pl.DataFrame(
        rows,
        schema={
            "technology": pl.String,
            "stream": pl.String,
            "pollutant": pl.String,
            "v_min_kmh": pl.Float64,
            "vkt_share": pl.Float64,
            "vkt_km_per_day": pl.Float64,
        },
        orient="row",
    )


def _findings(factors: FactorTable, fleet: FleetArrays, km_entry: Array, below: pl.DataFrame) -> tuple[Finding, ...]:
    total = float(km_entry.sum())
    km_technology = np.bincount(fleet.entry_technology, weights=km_entry, minlength=factors.technologies.height)
    out = []
    for row in factors.technologies.filter(pl.col("replaced") != "").iter_rows(named=True):
        share = float(km_technology[row["technology_id"]]) / total
        values = {"technology": " / ".join(str(row[c]) for c in TECHNOLOGY), "replaced": row["replaced"]}
        out.append(Finding("inventory.stand_in", "assumption", values, share=share))
    for pollutant in HOT:
        ids = factors.missing.filter(pl.col("pollutant") == pollutant)["technology_id"].to_numpy()
        if ids.size:
            share = float(km_technology[ids].sum()) / total
            out.append(Finding("inventory.no_factor", "warning", {"pollutant": pollutant}, int(ids.size), share))
    share = float(below["vkt_km_per_day"].sum()) / total if below.height else 0.0
    if share >= LEAST_SHARE:
        out.append(Finding("inventory.below_range", "assumption", {}, below.height, share))
        if below["v_min_kmh"].n_unique() > 1:
            steps = ", ".join(f"{v:g}" for v in sorted(below["v_min_kmh"].unique()))
            out.append(Finding("inventory.unequal_v_min", "warning", {"speeds": steps}, share=share))
    return tuple(out)
