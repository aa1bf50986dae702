"""Factors times activity: emissions by vehicle, link and hour, closed in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import whole_stream
from fleet_planner.factors.axes import GRADES, MODES, TECHNOLOGY
from fleet_planner.factors.compiling.channels import CHANNELS, POLLUTANTS
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
GRADE_FIRST, GRADE_STEP = GRADES[0], GRADES[1] - GRADES[0]
POLLUTANT_OF = np.array([POLLUTANTS.index(c.pollutant) for c in CHANNELS], dtype=np.int64)


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
    named = activity.parts.named(vehicles)
    fleet = fleet_arrays(named, multipliers, factors, activity.streams, context or FleetContext())
    scale = factors.scale[fleet.entry_technology][:, None, :]
    scaling = (fleet.measure, CHANNEL_MEASURE, fleet.driver, CHANNEL_DRIVER)
    weight, km_entry = kernel.entry_weights(
        fleet.km_per_day, fleet.entry, fleet.load, *scaling, fleet.entry_stream.size
    )
    weight *= scale
    km_stream = np.bincount(fleet.entry_stream, weights=km_entry, minlength=len(activity.streams)).astype(np.float64)
    km_technology = np.bincount(fleet.entry_technology, weights=km_entry, minlength=factors.technologies.height).astype(
        np.float64
    )
    share = np.divide(1.0, km_stream, out=np.zeros_like(km_stream), where=km_stream > 0.0)
    condition = _conditions(activity, factors)
    grade = links["grade_pct"].to_numpy().astype(np.float64) / 100.0
    span = _grade_span(grade)
    blocks = _blocks(factors, span)
    comp = kernel.composite(
        factors.curves,
        blocks,
        factors.block_of,
        POLLUTANT_OF,
        len(POLLUTANTS),
        _used(condition, grade, factors)[:, span[0] : span[1]],
        fleet.stream_first,
        fleet.entry_technology,
        weight * share[fleet.entry_stream, None, None],
    )
    classes, class_id = _road_classes(links)
    link, stream_hour, class_hour, histogram = _link_pass(
        comp, activity, condition, grade, span, class_id, len(classes), factors
    )
    mean = _means(factors.curves, blocks, factors, histogram, fleet)
    vehicle = kernel.vehicle_pass(
        fleet.km_per_day, fleet.entry, fleet.load, *scaling, POLLUTANT_OF, len(POLLUTANTS), mean * scale
    )
    below = _below_range(factors, fleet, histogram, km_entry, activity.streams)
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
        by_process=_by_process(by_channel, whole[fleet.entry_stream], streams),
        nmvoc=_nmvoc(by_channel, fleet, factors),
        below_range=below,
        histogram=histogram,
        grade_span=span,
        findings=inventory_findings(
            factors,
            km_technology,
            below,
            _above_range(factors, fleet, histogram, km_entry),
            steep_findings(grade, activity),
        ),
    )


def _road_classes(links: pl.DataFrame) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of the road classes, sorted, and the index of each link's."""
    classes = tuple(sorted(links["road_class"].unique().to_list()))
    index = links["road_class"].replace_strict(list(classes), range(len(classes)), return_dtype=pl.Int64)
    return classes, index.to_numpy().astype(np.int64)


def _link_pass(
    comp: Array,
    activity: Activity,
    condition: NDArray[np.int8],
    grade: Array,
    span: tuple[int, int],
    class_id: NDArray[np.int64],
    classes: int,
    factors: FactorTable,
) -> tuple[Array, Array, Array, Array]:
    """Carry composite factors over links and hours: by link, by stream and hour, by class and hour, histogram.

    What a stream drives at speeds of its own is carried in a pass of its own, over the links concerned.
    """

    def carried(of: Array, km: Array, speed: Array, links: NDArray[np.int64]) -> tuple[Array, Array, Array, Array]:
        return kernel.link_pass(  # type: ignore[no-any-return]  # the kernel is not typed
            of,
            km,
            speed,
            condition[links],
            grade[links],
            GRADES[span[0]],
            GRADE_STEP,
            class_id[links],
            classes,
            factors.grid_kmh,
            factors.lookup,
            factors.lookup_per_kmh,
        )

    vkt = activity.vkt
    apart = []
    for name, own in activity.own_kmh.items():
        s = activity.streams.index(name)
        km = np.where(np.isnan(own), 0.0, vkt[s])
        vkt[s] -= km
        used = np.flatnonzero(km.any(axis=1))
        speed = np.nan_to_num(own[used])
        apart.append(
            (
                s,
                used,
                carried(np.ascontiguousarray(comp[..., s : s + 1]), np.ascontiguousarray(km[used])[None], speed, used),
            )
        )
    link, stream_hour, class_hour, histogram = carried(comp, vkt, activity.speed_kmh, np.arange(grade.size))
    for s, used, (own_link, own_hour, own_class, own_histogram) in apart:
        link[used] += own_link
        stream_hour[s] += own_hour[0]
        class_hour += own_class
        histogram[s] += own_histogram[0]
    return link, stream_hour, class_hour, histogram


def driven_histogram(activity: Activity, links: pl.DataFrame, factors: FactorTable, inventory: Inventory) -> Array:
    """Return where an activity with other speeds drives on the axes of an inventory's histogram, same shape."""
    condition = _conditions(activity, factors)
    grade = links["grade_pct"].to_numpy().astype(np.float64) / 100.0
    span = inventory.grade_span
    nothing = np.zeros((factors.conditions.count, span[1] - span[0], factors.grid_kmh.size, 0, len(activity.streams)))
    return _link_pass(nothing, activity, condition, grade, span, np.zeros(links.height, np.int64), 1, factors)[3]


def _conditions(activity: Activity, factors: FactorTable) -> NDArray[np.int8]:
    """Return the condition of each link and hour: the driving mode in the hour's class of weather."""
    first = (factors.conditions.hour_class * len(MODES)).astype(np.int8)
    return np.ascontiguousarray(activity.mode + first[None, :])


def grade_steps(grade: Array) -> NDArray[np.bool_]:
    """Return which of the published grade steps lie around the roads' grades, shape (7,); level ground always."""
    # the very rule of the kernel's `grade_cell`
    place = np.clip((grade - GRADE_FIRST) / GRADE_STEP, 0.0, len(GRADES) - 1.0)
    lower = np.minimum(place.astype(np.int64), len(GRADES) - 2)
    steps: NDArray[np.bool_] = np.array([g == 0.0 for g in GRADES])
    steps[lower] = True
    steps[lower[place > lower] + 1] = True
    return steps


def _used(condition: NDArray[np.int8], grade: Array, factors: FactorTable) -> NDArray[np.bool_]:
    """Return the conditions and grade steps that occur, shape (conditions, 7)."""
    occurs = np.bincount(condition.ravel(), minlength=factors.conditions.count) > 0
    return np.asarray(occurs[:, None] & grade_steps(grade)[None, :])


def _grade_span(grade: Array) -> tuple[int, int]:
    """Return the first grade step that is needed and the one behind the last; two steps at least."""
    steps = np.flatnonzero(grade_steps(grade))
    first, last = int(steps[0]), int(steps[-1])
    if first == last:
        first, last = (first, first + 1) if first + 1 < len(GRADES) else (first - 1, first)
    return first, last + 1


def _blocks(factors: FactorTable, span: tuple[int, int]) -> NDArray[np.int32]:
    """Return the blocks of the grade steps that are needed: memory follows the terrain."""
    return np.ascontiguousarray(factors.blocks[..., span[0] : span[1]])


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


def _by_process(by_channel: Array, entry_stream: NDArray[np.int64], streams: tuple[str, ...]) -> pl.DataFrame:
    """Return what each process emits, by stream and pollutant, average day."""
    total = np.zeros((len(streams), len(CHANNELS)))
    np.add.at(total, entry_stream, by_channel)
    frame = pl.DataFrame(
        {
            "stream": np.repeat(streams, len(CHANNELS)),
            "pollutant": [c.pollutant for c in CHANNELS] * len(streams),
            "process": [c.process for c in CHANNELS] * len(streams),
            "value_per_day": total.ravel(),
        }
    )
    order = ["stream", "pollutant", "process"]
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
    blocks = _blocks(factors, inventory.grade_span)
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
    blocks = _blocks(factors, inventory.grade_span)
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
    by_link, by_hour, by_vehicle = link.sum(axis=0), stream_hour.sum(axis=(0, 1)), vehicle.sum(axis=0)
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
