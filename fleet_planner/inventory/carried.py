"""Composite factors of a fleet, carried over links and hours."""

from __future__ import annotations

from dataclasses import dataclass
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
    condition: NDArray[np.int8]
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
    condition = _conditions(activity, factors)
    grade = links["grade_pct"].to_numpy().astype(np.float64) / 100.0
    span = _grade_span(grade)
    comp = kernel.composite(
        factors.curves,
        blocks_of(factors, span),
        factors.block_of,
        POLLUTANT_OF,
        len(POLLUTANTS),
        _used(condition, grade, factors)[:, span[0] : span[1]],
        fleet.stream_first,
        fleet.entry_technology,
        weight * share[fleet.entry_stream, None, None],
    )
    return Composed(fleet, scaling, weight, scale, km_entry, condition, grade, span, comp)


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
    vkt = activity.vkt
    for hour in range(vkt.shape[2]):
        of = slice(hour, hour + 1)
        # hour by hour: a day of all pollutants and links would not fit into the memory of a big city
        yield np.ascontiguousarray(_kept_apart(ready, ready.comp, vkt[..., of].copy(), activity, factors, of)[..., 0].T)


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
    ready = composed(vehicles, multipliers, links, activity, factors, context)
    comp = np.ascontiguousarray(ready.comp[..., [POLLUTANTS.index(name) for name in pollutants], :])
    out = _kept_apart(ready, comp, activity.vkt, activity, factors, slice(None))
    return np.asarray(out.reshape(*out.shape[:2], len(activity.days), HOURS_PER_DAY).sum(axis=2))


def _kept_apart(
    ready: Composed, comp: Array, vkt: Array, activity: Activity, factors: FactorTable, of_day: slice
) -> Array:
    """Carry factors over links and some hours of the day, keeping the hours apart, shape (P, links, hours).

    ``vkt`` is that of the hours, shape (streams, links, hours), and is used up. What a stream drives at speeds of its
    own is carried in a pass of its own, over the links concerned.
    """

    def carried(of: Array, km: Array, speed: Array, kept: NDArray[np.int64]) -> Array:
        return kernel_of_hours(  # type: ignore[no-any-return]  # the kernel is not typed
            of,
            np.ascontiguousarray(km),
            speed,
            np.ascontiguousarray(ready.condition[kept, of_day]),
            ready.grade[kept],
            GRADES[ready.span[0]],
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
    out = carried(comp, vkt, np.ascontiguousarray(activity.speed_kmh[:, of_day]), np.arange(ready.grade.size))
    for used, own_hours in apart:
        out[:, used] += own_hours
    return out


def link_pass(
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
    vkt = activity.vkt

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
    condition = _conditions(activity, factors)
    grade = links["grade_pct"].to_numpy().astype(np.float64) / 100.0
    span = inventory.grade_span
    nothing = np.zeros((factors.conditions.count, span[1] - span[0], factors.grid_kmh.size, 0, len(activity.streams)))
    return link_pass(nothing, activity, condition, grade, span, np.zeros(links.height, np.int64), 1, factors)[3]


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


def blocks_of(factors: FactorTable, span: tuple[int, int]) -> NDArray[np.int32]:
    """Return the blocks of the grade steps that are needed: memory follows the terrain."""
    return np.ascontiguousarray(factors.blocks[..., span[0] : span[1]])
