"""Composite factors of a fleet, carried over links and hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.factors.axes import GRADES, MODES
from fleet_planner.factors.compiling.channels import CHANNELS, POLLUTANTS
from fleet_planner.inventory.weights import CHANNEL_DRIVER, CHANNEL_MEASURE, FleetArrays, FleetContext, fleet_arrays
from fleet_planner.kernels import inventory as kernel
from fleet_planner.kernels.link_hours import link_hours as kernel_of_hours
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from fleet_planner.activity.model import Activity
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory.model import Inventory

Array = NDArray[np.float64]
GRADE_FIRST, GRADE_STEP = GRADES[0], GRADES[1] - GRADES[0]
POLLUTANT_OF = np.array([POLLUTANTS.index(c.pollutant) for c in CHANNELS], dtype=np.int64)


@dataclass(frozen=True)
class Composed:
    """A fleet's composite factors, and where the roads and hours lie on their axes."""

    fleet: FleetArrays
    scaling: tuple[Any, ...]
    weight: Array
    scale: Array
    km_entry: Array
    grade: Array
    span: tuple[int, int]
    comp: Array


def composed(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
) -> Composed:
    """Return what a fleet carries over the roads; parameters are those of `compute_inventory`."""
    named = activity.parts.named(vehicles)
    fleet = fleet_arrays(named, multipliers, factors, activity.streams, context)
    scale = factors.scale[fleet.entry_technology][:, None, :]
    scaling = (fleet.measure, CHANNEL_MEASURE, fleet.driver, CHANNEL_DRIVER)
    weight, km_entry = kernel.entry_weights(
        fleet.km_per_day, fleet.entry, fleet.load, *scaling, fleet.entry_stream.size
    )
    weight *= scale
    km_stream = np.bincount(fleet.entry_stream, weights=km_entry, minlength=len(activity.streams)).astype(np.float64)
    share = np.divide(1.0, km_stream, out=np.zeros_like(km_stream), where=km_stream > 0.0)
    grade = links["grade_pct"].to_numpy().astype(np.float64) / 100.0
    span = _grade_span(grade)
    comp = kernel.composite(
        factors.curves,
        blocks_of(factors, span),
        factors.block_of,
        POLLUTANT_OF,
        len(POLLUTANTS),
        _used(activity, grade, factors)[:, span[0] : span[1]],
        fleet.stream_first,
        fleet.entry_technology,
        weight * share[fleet.entry_stream, None, None],
    )
    return Composed(fleet, scaling, weight, scale, km_entry, grade, span, comp)


def by_hour(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext | None = None,
) -> Iterator[Array]:
    """Yield the emissions by link of each hour of the average day, each of shape (links, P).

    Parameters are those of `compute_inventory`; the hours add up to its `Inventory.link`.
    """
    ready = composed(vehicles, multipliers, links, activity, factors, context or FleetContext())
    for hour in range(activity.hours):
        of = slice(hour, hour + 1)
        # hour by hour: a day of all pollutants and links would not fit into the memory of a big city
        out = np.empty((activity.links, ready.comp.shape[3]))
        for part in activity.tiles.slices(activity.links):
            some = _kept_apart(ready.comp, activity.of_links(part), ready.grade[part], ready.span, factors, of)
            out[part] = some[..., 0].T
        yield out


def link_hours(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    pollutants: Sequence[str],
) -> Array:
    """Return some pollutants of each link and hour of the average day, shape (len(pollutants), links, 24).

    The first parameters are those of `compute_inventory`; types of day are added up.
    """
    out = np.empty((len(pollutants), links.height, HOURS_PER_DAY))
    for part, hours in link_hours_by_tile(vehicles, multipliers, links, activity, factors, context, pollutants):
        out[:, part] = hours
    return out


def link_hours_by_tile(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    pollutants: Sequence[str],
) -> Iterator[tuple[slice, Array]]:
    """Yield what `link_hours` returns tile by tile: some links, and their part of it."""
    ready = composed(vehicles, multipliers, links, activity, factors, context)
    comp = np.ascontiguousarray(ready.comp[..., [POLLUTANTS.index(name) for name in pollutants], :])
    for part in activity.tiles.slices(links.height):
        some = activity.of_links(part)
        out = _kept_apart(comp, some, ready.grade[part], ready.span, factors, slice(0, activity.hours))
        yield part, np.asarray(out.reshape(*out.shape[:2], len(activity.days), HOURS_PER_DAY).sum(axis=2))


def _kept_apart(
    comp: Array, activity: Activity, grade: Array, span: tuple[int, int], factors: FactorTable, of_day: slice
) -> Array:
    """Carry factors over links and some hours of the day, keeping the hours apart, shape (P, links, hours).

    What a stream drives at speeds of its own is carried in a pass of its own, over the links concerned.
    """
    condition, vkt = _conditions(activity, factors), activity.vkt_of(of_day)

    def carried(of: Array, km: Array, speed: Array, kept: NDArray[np.int64]) -> Array:
        return kernel_of_hours(  # type: ignore[no-any-return]  # the kernel is not typed
            of,
            np.ascontiguousarray(km),
            speed,
            np.ascontiguousarray(condition[kept, of_day]),
            grade[kept],
            GRADES[span[0]],
            GRADE_STEP,
            factors.grid_kmh,
            factors.lookup,
            factors.lookup_per_kmh,
        )

    apart = []
    for name, whole_day in activity.own_kmh.items():
        s = activity.streams.index(name)
        own = whole_day[:, of_day]
        km = np.where(np.isnan(own), 0.0, vkt[s])
        vkt[s] -= km
        used = np.flatnonzero(km.any(axis=1))
        alone = np.ascontiguousarray(comp[..., s : s + 1])
        apart.append((used, carried(alone, km[used][None], np.nan_to_num(own[used]), used)))
    out = carried(comp, vkt, np.ascontiguousarray(activity.speed_kmh[:, of_day]), np.arange(grade.size))
    for used, own_hours in apart:
        out[:, used] += own_hours
    return out


def stream_links_by_tile(
    vehicles: pl.DataFrame,
    multipliers: pl.DataFrame,
    links: pl.DataFrame,
    activity: Activity,
    factors: FactorTable,
    context: FleetContext,
    pollutants: Sequence[str],
) -> Iterator[tuple[slice, Array]]:
    """Yield some links, and what each part of a stream emits of some pollutants on them, average day.

    The first parameters are those of `compute_inventory`; the parts add up to its `Inventory.link`. The emissions of a
    tile are of shape (streams, links, P), streams in the order of the activity.
    """
    ready = composed(vehicles, multipliers, links, activity, factors, context)
    comp = ready.comp[..., [POLLUTANTS.index(name) for name in pollutants], :]
    for part in activity.tiles.slices(links.height):
        some = activity.of_links(part)
        classes = np.zeros(some.links, dtype=np.int64)
        out = np.empty((len(activity.streams), some.links, len(pollutants)))
        for s, name in enumerate(activity.streams):
            one = replace(
                some,
                streams=(name,),
                km=np.ascontiguousarray(some.km[s : s + 1]),
                row=np.ascontiguousarray(some.row[s : s + 1]),
                own_kmh={own: kmh for own, kmh in some.own_kmh.items() if own == name},
            )
            alone = np.ascontiguousarray(comp[..., s : s + 1])
            out[s] = _pass_of(alone, one, ready.grade[part], ready.span, classes, 1, factors)[0]
        yield part, out


def link_pass(
    comp: Array,
    activity: Activity,
    grade: Array,
    span: tuple[int, int],
    class_id: NDArray[np.int64],
    classes: int,
    factors: FactorTable,
) -> tuple[Array, Array, Array, Array]:
    """Carry composite factors over links and hours: by link, by stream and hour, by class and hour, histogram.

    The links are taken tile by tile (`Activity.tiles`).
    """
    link = activity.tiles.columns(grade.size, comp.shape[3])
    added: list[Array] = []
    for part in activity.tiles.slices(grade.size):
        one = activity.of_links(part)
        link[part], *sums = _pass_of(comp, one, grade[part], span, class_id[part], classes, factors)
        added = [before + now for before, now in zip(added, sums, strict=True)] if added else sums
    stream_hour, class_hour, histogram = added
    return link, stream_hour, class_hour, histogram


def _pass_of(
    comp: Array,
    activity: Activity,
    grade: Array,
    span: tuple[int, int],
    class_id: NDArray[np.int64],
    classes: int,
    factors: FactorTable,
) -> tuple[Array, Array, Array, Array]:
    """Do as `link_pass` in one piece.

    What a stream drives at speeds of its own is carried in a pass of its own, over the links concerned.
    """
    condition, vkt = _conditions(activity, factors), activity.vkt

    def carried(of: Array, km: Array, speed: Array, links: NDArray[np.int64]) -> tuple[Array, Array, Array, Array]:
        return kernel.link_pass(  # type: ignore[no-any-return]  # the kernel is not typed
            of,
            km,
            speed,
            np.ascontiguousarray(condition[links]),
            grade[links],
            GRADES[span[0]],
            GRADE_STEP,
            class_id[links],
            classes,
            factors.grid_kmh,
            factors.lookup,
            factors.lookup_per_kmh,
        )

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
    link, stream_hour, class_hour, histogram = carried(
        comp, vkt, np.ascontiguousarray(activity.speed_kmh), np.arange(grade.size)
    )
    for s, used, (own_link, own_hour, own_class, own_histogram) in apart:
        link[used] += own_link
        stream_hour[s] += own_hour[0]
        class_hour += own_class
        histogram[s] += own_histogram[0]
    return link, stream_hour, class_hour, histogram


def driven_histogram(activity: Activity, links: pl.DataFrame, factors: FactorTable, inventory: Inventory) -> Array:
    """Return where an activity with other speeds drives on the axes of an inventory's histogram, same shape."""
    grade = links["grade_pct"].to_numpy().astype(np.float64) / 100.0
    span = inventory.grade_span
    nothing = np.zeros((factors.conditions.count, span[1] - span[0], factors.grid_kmh.size, 0, len(activity.streams)))
    return link_pass(nothing, activity, grade, span, np.zeros(links.height, np.int64), 1, factors)[3]


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


def _used(activity: Activity, grade: Array, factors: FactorTable) -> NDArray[np.bool_]:
    """Return the conditions and grade steps that occur, shape (conditions, 7)."""
    occurs = np.zeros(factors.conditions.count, dtype=np.bool_)
    for part in activity.tiles.slices(activity.links):
        found = _conditions(activity.of_links(part), factors)
        occurs |= np.bincount(found.ravel(), minlength=occurs.size) > 0
    return np.asarray(occurs[:, None] & grade_steps(grade)[None, :])


def _grade_span(grade: Array) -> tuple[int, int]:
    """Return the first grade step that is needed and the one behind the last; two steps at least."""
    steps = np.flatnonzero(grade_steps(grade))
    first, last = int(steps[0]), int(steps[-1])
    if first == last:
        first, last = (first, first + 1) if first + 1 < len(GRADES) else (first - 1, first)
    return first, last + 1


def blocks_of(factors: FactorTable, span: tuple[int, int]) -> NDArray[np.int32]:
    """Return the blocks of the grade steps that are needed: memory follows the terrain."""
    return np.ascontiguousarray(factors.blocks[..., span[0] : span[1]])
