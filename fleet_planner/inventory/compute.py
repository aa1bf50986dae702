"""Factors times activity: emissions by vehicle, link and hour, closed in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import whole_stream
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import CHANNELS, POLLUTANTS
from fleet_planner.inventory.carried import POLLUTANT_OF, blocks_of, composed, link_pass
from fleet_planner.inventory.model import Inventory
from fleet_planner.inventory.told import inventory_findings, steep_findings
from fleet_planner.inventory.weights import (
    CHANNEL_DRIVER,
    CHANNEL_MEASURE,
    FleetArrays,
    FleetContext,
    fleet_arrays,
)
from fleet_planner.kernels import inventory as kernel
from fleet_planner.tables import pollutants as pollutant_specs

if TYPE_CHECKING:
    from fleet_planner.activity.model import Activity
    from fleet_planner.factors.compiling.table import FactorTable

Array = NDArray[np.float64]
LEAST_KM = 1e-300


def compute_inventory(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext | None = None,
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
    context
        Hours of idling; none by default.
    """
    ready = composed(vehicles, multipliers, links, activity, factors, context or FleetContext())
    fleet, weight, scaling = ready.fleet, ready.weight, ready.scaling
    km_stream = np.bincount(fleet.entry_stream, weights=ready.km_entry, minlength=len(activity.streams)).astype(
        np.float64
    )
    km_technology = np.bincount(
        fleet.entry_technology, weights=ready.km_entry, minlength=factors.technologies.height
    ).astype(np.float64)
    classes, class_id = _road_classes(links)
    link, stream_hour, class_hour, histogram = link_pass(
        ready.comp, activity, ready.grade, ready.span, class_id, len(classes), factors
    )
    mean = _means(factors.curves, blocks_of(factors, ready.span), factors, histogram, fleet)
    vehicle = kernel.vehicle_pass(
        fleet.km_per_day, fleet.entry, fleet.load, *scaling, POLLUTANT_OF, len(POLLUTANTS), mean * ready.scale
    )
    below = _below_range(factors, fleet, histogram, ready.km_entry, activity.streams)
    streams = tuple(dict.fromkeys(whole_stream(s) for s in activity.streams))
    whole = np.array([streams.index(whole_stream(s)) for s in activity.streams], dtype=np.int64)
    by_channel = (weight * mean).sum(axis=1)
    return Inventory(
        pollutants=factors.pollutants,
        units={s.pollutant: s.unit for s in pollutant_specs()},
        streams=streams,
        link=link,
        stream_hour=_by_whole_stream(stream_hour, whole, len(streams)),
        class_hour=class_hour,
        road_classes=classes,
        vehicle=vehicle,
        parts=activity.streams,
        naming=activity.parts,
        closure=_closure(link, stream_hour, vehicle, km_stream, activity),
        by_technology=_by_technology(vehicles, fleet, vehicle, factors.pollutants),
        by_process=_by_process(by_channel, whole[fleet.entry_stream], streams, fleet, factors),
        nmvoc=_nmvoc(by_channel, fleet, factors),
        below_range=below,
        histogram=histogram,
        grade_span=ready.span,
        tiles=activity.tiles,
        findings=inventory_findings(
            factors,
            km_technology,
            below,
            _above_range(factors, fleet, histogram, ready.km_entry),
            steep_findings(ready.grade, activity),
        ),
    )


def _road_classes(links: pl.DataFrame) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of the road classes, sorted, and the index of each link's."""
    classes = tuple(sorted(links["road_class"].unique().to_list()))
    index = links["road_class"].replace_strict(list(classes), range(len(classes)), return_dtype=pl.Int64)
    return classes, index.to_numpy().astype(np.int64)


def _means(
    curves: Array, blocks: NDArray[np.int32], factors: FactorTable, histogram: Array, fleet: FleetArrays
) -> Array:
    """Return the mean factor of each entry by load step and channel where its stream drives."""
    return np.asarray(
        kernel.mean_factors(curves, blocks, factors.block_of, histogram, fleet.entry_stream, fleet.entry_technology)
    )


def _by_whole_stream(by_part: Array, whole: NDArray[np.int64], streams: int) -> Array:
    """Add up the parts of streams: shape (parts, ...) to shape (streams, ...)."""
    out = np.zeros((streams, *by_part.shape[1:]))
    np.add.at(out, whole, by_part)
    return out


def _by_process(
    by_channel: Array,
    entry_stream: NDArray[np.int64],
    streams: tuple[str, ...],
    fleet: FleetArrays,
    factors: FactorTable,
) -> pl.DataFrame:
    """Return what each process emits, by stream, category and pollutant, average day."""
    of_technology = factors.technologies["category"].to_numpy()
    categories, of_entry = np.unique(of_technology[fleet.entry_technology].astype(str), return_inverse=True)
    groups, group = np.unique(entry_stream * len(categories) + of_entry, return_inverse=True)
    total = np.zeros((groups.size, len(CHANNELS)))
    np.add.at(total, group, by_channel)
    frame = pl.DataFrame(
        {
            "stream": np.repeat(np.array(streams)[groups // len(categories)], len(CHANNELS)),
            "category": np.repeat(categories[groups % len(categories)], len(CHANNELS)),
            "pollutant": [c.pollutant for c in CHANNELS] * groups.size,
            "process": [c.process for c in CHANNELS] * groups.size,
            "value_per_day": total.ravel(),
        }
    )
    order = ["stream", "category", "pollutant", "process"]
    summed = frame.group_by(order, maintain_order=True).agg(pl.col("value_per_day").sum())
    return summed.filter(pl.col("value_per_day") != 0.0)


def _nmvoc(by_channel: Array, fleet: FleetArrays, factors: FactorTable) -> pl.DataFrame:
    """Return the NMVOC of each technology and process, average day."""
    technologies: pl.DataFrame = factors.technologies.select(TECHNOLOGY)[fleet.entry_technology.tolist()]
    parts = [
        technologies.with_columns(process=pl.lit(c.process), value_per_day=pl.Series(by_channel[:, k]))
        for k, c in enumerate(CHANNELS)
        if c.pollutant == "NMVOC"
    ]
    summed = pl.concat(parts).group_by(*TECHNOLOGY, "process", maintain_order=True).agg(pl.col("value_per_day").sum())
    return summed.filter(pl.col("value_per_day") != 0.0)


def totals(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    factors: FactorTable,
    inventory: Inventory,
    context: FleetContext,
    curves: Array | None = None,
) -> Array:
    """Return what vehicles would emit with other factors where they drive in an inventory, shape (P,), average day.

    Parameters
    ----------
    vehicles, multipliers
        Some rows of the inventory's fleet.
    factors
        Compiled for their technologies, on the conditions of the inventory.
    inventory
        Gives where its streams drive.
    context
        As of the inventory.
    curves
        In place of those of ``factors``.
    """
    fleet = fleet_arrays(
        inventory.naming.named(vehicles), multipliers, factors, inventory.parts or inventory.streams, context
    )
    scaling = (fleet.measure, CHANNEL_MEASURE, fleet.driver, CHANNEL_DRIVER)
    weight, _ = kernel.entry_weights(fleet.km_per_day, fleet.entry, fleet.load, *scaling, fleet.entry_stream.size)
    blocks = blocks_of(factors, inventory.grade_span)
    mean = _means(factors.curves if curves is None else curves, blocks, factors, inventory.histogram, fleet)
    by_channel = (weight * mean * factors.scale[fleet.entry_technology][:, None, :]).sum(axis=(0, 1))
    return np.bincount(POLLUTANT_OF, weights=by_channel, minlength=len(POLLUTANTS)).astype(np.float64)


def by_vehicle(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    factors: FactorTable,
    inventory: Inventory,
    context: FleetContext,
    untreated: pl.DataFrame | None = None,
) -> Array:
    """Return what each vehicle would emit where it drives in an inventory, shape (vehicles, P), average day.

    No link is visited: where the streams drive is taken from the inventory's histogram, so that a fleet after a
    measure costs milliseconds on any network.

    Parameters
    ----------
    vehicles, multipliers
        Rows of the inventory's streams.
    factors
        Compiled for their technologies, on the conditions of the inventory.
    inventory
        Gives where its streams drive.
    context
        As of the inventory.
    untreated
        The same vehicles before their measures: where none of the inventory's drives with the access that a measure
        gives (the first electric truck in a zone), they keep to the roads that they had.
    """
    named = named_where_driven(vehicles, inventory, untreated)
    fleet = fleet_arrays(named, multipliers, factors, inventory.parts or inventory.streams, context)
    scaling = (fleet.measure, CHANNEL_MEASURE, fleet.driver, CHANNEL_DRIVER)
    blocks = blocks_of(factors, inventory.grade_span)
    mean = _means(factors.curves, blocks, factors, inventory.histogram, fleet)
    scale = factors.scale[fleet.entry_technology][:, None, :]
    return np.asarray(
        kernel.vehicle_pass(
            fleet.km_per_day, fleet.entry, fleet.load, *scaling, POLLUTANT_OF, len(POLLUTANTS), mean * scale
        )
    )


def named_where_driven(vehicles: pl.DataFrame, inventory: Inventory, untreated: pl.DataFrame | None) -> pl.DataFrame:
    """Return vehicles whose ``stream`` is the part of a stream that drives in an inventory; see `by_vehicle`."""
    named: pl.DataFrame = inventory.naming.named(vehicles)
    if untreated is not None:
        before, known = inventory.naming.named(untreated)["stream"], list(inventory.parts or inventory.streams)
        named = named.with_columns(stream=pl.when(pl.col("stream").is_in(known)).then("stream").otherwise(before))
    return named


def _closure(link: Array, stream_hour: Array, vehicle: Array, km_stream: Array, activity: Activity) -> dict[str, float]:
    """Return the largest relative differences between the three ways to add up."""
    by_link, by_hour, by_vehicle = activity.tiles.sums(link), stream_hour.sum(axis=(0, 1)), vehicle.sum(axis=0)
    km = activity.km.sum(axis=1)
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


def _above_range(factors: FactorTable, fleet: FleetArrays, histogram: Array, km_entry: Array) -> Array:
    """Return the vehicle-km of each technology above its NOx curve's highest speed, average day, shape (T,)."""
    by_speed = histogram.sum(axis=(1, 2))
    total = np.maximum(by_speed.sum(axis=1), LEAST_KM)[:, None]
    highest = factors.technologies["v_max_kmh"].fill_null(np.inf).to_numpy()[fleet.entry_technology]
    beyond = factors.grid_kmh[None, :] > highest[:, None]
    km = ((by_speed / total)[fleet.entry_stream] * beyond).sum(axis=1) * km_entry
    return np.bincount(fleet.entry_technology, weights=km, minlength=factors.technologies.height).astype(np.float64)


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
            rows.append((label, whole_stream(streams[s]), "NOx", lowest, float(below), float(below * km_entry[k])))
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
