"""Reassign before buying: the cleanest vehicles there are on the routes where most people live.

The driving of a group of like vehicles (one stream, category and segment) is cut into duties of equal length: by bus
route where there is a timetable, else by zone. The vehicles are cut into units of the same length. Which unit drives
which duty is a linear assignment; its costs are what the unit would emit there times the people about the duty's
roads. Every duty is driven, every vehicle drives as far as before: only who drives where changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.scenarios.operation.figures import figure
from fleet_planner.scenarios.operation.model import Done, Money, Outcome
from fleet_planner.scenarios.operation.traffic import GROUP, MARK, Traffic, concerned, isolated, stream_of
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.plan.operation import Reassign
    from fleet_planner.scenarios.operation.model import OperationSetting

Float = NDArray[np.float64]
REASSIGN = "reassign"
KIND = ("fuel", "standard", "aftertreatment", "fuel_blend", "measures", "idle_measures", "load_fraction")
SWAPPED = ("category", "segment")
MOST_PLACES = 24
"""More zones or routes than this are put together, those of like exposure."""

AT_ONCE = 8
"""Places whose factors are computed together: bounds the memory."""

LEAST_KM = 1e-6
TWO = 2
MOVED = 1e-3


@dataclass(frozen=True)
class Emitted:
    """What vehicles emit: pollutants, and g a day of each row, shape (rows, pollutants)."""

    pollutants: tuple[str, ...]
    vehicle: Float


@dataclass(frozen=True)
class Places:
    """Where a group drives, cut into places.

    Parameters
    ----------
    part
        Share of each link's driving that belongs to each place, shape (places, links); columns add up to 1.
    weight
        People about each place's driving, mean by vehicle-km, shape (places,).
    """

    part: Float
    weight: Float


def reassign(
    traffic: Traffic,
    wanted: Reassign,
    setting: OperationSetting,
    number: int,
    computed: Callable[[Traffic], Emitted],
) -> Done:
    """Let like vehicles change places with each other.

    Parameters
    ----------
    traffic, wanted, setting, number
        As of every measure in operation.
    computed
        Returns what the vehicles of a traffic emit.

    Raises
    ------
    PlanError
        The objective names an unknown pollutant.
    """
    rows = concerned(traffic.vehicles, wanted) & ~traffic.vehicles["visiting"].to_numpy()
    before = traffic.total_km()
    held = moved = vehicles = 0.0
    sets = 0
    kinds = traffic.vehicles.select(pl.struct(*SWAPPED, *KIND).rank("dense").cast(pl.Int64)).to_series().to_numpy()
    for begin in [g for g in traffic.groups if (rows & (traffic.vehicles[GROUP] == g).to_numpy()).any()]:
        of_group = rows & (traffic.vehicles[GROUP] == begin).to_numpy()
        if max(np.unique(kinds[like]).size for like in _like(traffic, of_group)) < TWO:
            continue
        where = _where(traffic, begin, kinds, of_group, wanted, setting, computed)
        for mine in _like(traffic, of_group):
            traffic, found = _swapped(traffic, mine, kinds, where, wanted)
            held, moved, vehicles = held + found[0], moved + found[1], vehicles + found[2]
            sets += found[0] > 0.0
    price = figure(REASSIGN, "opex_usd_per_vehicle")
    outcome = Outcome(
        REASSIGN,
        number,
        vehicles,
        held,
        before,
        traffic.total_km(),
        costs=(Money(vehicles * price.value, "USD", price.year),),
        checked=price.checked,
    )
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "sets": sets,
        "objective": ", ".join(wanted.objective),
        "moved": f"{100.0 * moved / held if held else 0.0:.0f}",
    }
    residents = setting.exposure is not None and setting.exposure.residents
    code = "operation.reassign" if residents else "operation.reassign_built_up"
    told = [Finding(code, "assumption", values, round(vehicles))]
    if not sets:
        told = [Finding("operation.nothing_to_reassign", "warning", {"scenario": setting.title})]
    return Done(traffic, outcome, tuple(told))


def _like(traffic: Traffic, rows: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the rows that may change places with each other: of one group, category and segment."""
    keys = traffic.vehicles.select(GROUP, *SWAPPED)
    out = []
    for key in keys.filter(rows).unique(maintain_order=True).sort(keys.columns).iter_rows():
        same = keys.select(pl.all_horizontal(pl.col(c) == v for c, v in zip(keys.columns, key, strict=True)))
        out.append(same.to_series().to_numpy() & rows)
    return out


@dataclass(frozen=True)
class _Where:
    """Where a group drives and what each kind of its vehicles counts there.

    Parameters
    ----------
    pattern
        Share of the group's driving by link, shape (links,).
    places
        It is cut into.
    factor
        What a km counts, by kind, shape (places,) each.
    """

    pattern: Float
    places: Places
    factor: Mapping[int, Float]


def _where(
    traffic: Traffic,
    group: str,
    kinds: NDArray[np.int64],
    rows: NDArray[np.bool_],
    wanted: Reassign,
    setting: OperationSetting,
    computed: Callable[[Traffic], Emitted],
) -> _Where:
    """Return where a group drives; of each kind of vehicles the row that drives most stands for it."""
    km_row = np.where(rows, traffic.km_of_rows(), 0.0)
    labels = [int(k) for k in np.unique(kinds[rows]) if km_row[kinds == k].sum() > LEAST_KM]
    g = traffic.place(group)
    km = traffic.activity.km[g]
    if not labels or km.sum() <= LEAST_KM:
        return _Where(km, Places(np.empty((0, km.size)), np.empty(0)), {})
    pattern = km / float(km.sum())
    places = places_of(pattern, stream_of(group), setting)
    first = [int(np.argmax(np.where(kinds == k, km_row, -1.0))) for k in labels]
    factor = _factors(traffic, first, g, places, wanted.objective, computed)
    return _Where(pattern, places, dict(zip(labels, factor, strict=True)))


def _swapped(
    traffic: Traffic, mine: NDArray[np.bool_], kinds: NDArray[np.int64], where: _Where, wanted: Reassign
) -> tuple[Traffic, tuple[float, float, float]]:
    """Assign one set of like vehicles; return also vehicle-km, those at another place than before, and vehicles."""
    km_row = np.where(mine, traffic.km_of_rows(), 0.0)
    labels = np.array([k for k in np.unique(kinds[mine]) if km_row[kinds == k].sum() > LEAST_KM], dtype=np.int64)
    places, pattern = where.places, where.pattern
    if labels.size < TWO or places.weight.size < TWO:
        return traffic, (0.0, 0.0, 0.0)
    factor = np.array([where.factor[int(k)] for k in labels])
    order = np.argsort(factor.mean(axis=1), kind="stable")  # a unit across two kinds is of two alike
    labels, factor = labels[order], factor[order]
    km_kind = np.array([km_row[kinds == k].sum() for k in labels])
    total = float(km_kind.sum())
    share_place = places.part @ pattern
    assigned = assign(km_kind / total, share_place, factor * places.weight[None, :], wanted.duties)
    groups = []
    for k in labels:
        traffic, named = isolated(traffic, mine & (kinds == k))
        groups.append(named[0])
    km = traffic.activity.km.copy()
    # what a kind drives at a place is spread over the place's links as all driving there is
    by_link = places.part * pattern / share_place[:, None]
    for name, row in zip(groups, assigned, strict=True):
        km[traffic.place(name)] = (row @ by_link) * total
    as_before = np.outer(km_kind / total, share_place)
    moved = 0.5 * float(np.abs(assigned - as_before).sum()) * total
    count = traffic.vehicles["count"].to_numpy()
    changed = np.abs(assigned - as_before).sum(axis=1) > MOVED * km_kind / total
    vehicles = sum(float(count[mine & (kinds == k)].sum()) for k in labels[changed])
    return replace(traffic, activity=replace(traffic.activity, km=km)), (total, moved, vehicles)


def places_of(pattern: Float, stream: str, setting: OperationSetting) -> Places:
    """Return the places that a stream's driving is cut into: bus routes, else zones, else in and out of town.

    Parameters
    ----------
    pattern
        Share of the driving by link, shape (links,).
    stream
        Its name; the one that the timetable places is cut by route.
    setting
        Exposure and bus routes.
    """
    assert setting.exposure is not None
    weight = setting.exposure.weight
    routes = setting.routes.get(stream)
    if routes is not None:
        part = routes
        rest = 1.0 - part.sum(axis=0)
        part = np.vstack([part, np.maximum(rest, 0.0)]) if rest.max(initial=0.0) > LEAST_KM else part
    else:
        own = setting.exposure.place
        part = (own[None, :] == np.arange(len(setting.exposure.names))[:, None]).astype(np.float64)
    driven = part @ pattern
    part, driven = part[driven > 0.0], driven[driven > 0.0]
    people = (part @ (pattern * weight)) / driven
    order = np.argsort(-people, kind="stable")
    part, driven = part[order], driven[order]
    if part.shape[0] > MOST_PLACES:
        middle = np.cumsum(driven) - driven / 2.0
        of = np.minimum((middle * MOST_PLACES).astype(np.int64), MOST_PLACES - 1)
        part = np.array([part[of == k].sum(axis=0) for k in np.unique(of)])
        driven = part @ pattern
    return Places(part, (part @ (pattern * weight)) / driven)


def _factors(
    traffic: Traffic,
    first: list[int],
    g: int,
    places: Places,
    objective: Mapping[str, float],
    computed: Callable[[Traffic], Emitted],
) -> Float:
    """Return what a km of each kind of vehicle at each place counts, shape (kinds, places)."""
    stream = stream_of(traffic.groups[g])
    activity = traffic.activity
    kinds = traffic.vehicles[first].with_columns(
        count=DAYS_PER_YEAR / pl.col("km_per_year"), share_inside=pl.lit(1.0)
    )  # a km a day each, and what does not follow km (idling) per km as it is
    multipliers = traffic.multipliers[first]
    out = np.empty((len(first), places.weight.size))
    for begin in range(0, places.weight.size, AT_ONCE):
        part = places.part[begin : begin + AT_ONCE] * activity.km[g]
        names = tuple(f"{stream}{MARK}{k}" for k in range(part.shape[0]))
        km = part / part.sum(axis=1, keepdims=True) * len(first)
        row = np.repeat(activity.row[g][None, :], part.shape[0], axis=0)
        trial = Traffic(
            pl.concat([kinds.with_columns(pl.lit(name).alias(GROUP)) for name in names]),
            pl.concat([multipliers] * len(names)),
            replace(activity, streams=names, km=np.ascontiguousarray(km), row=np.ascontiguousarray(row)),
        )
        inventory = computed(trial)
        weight = np.array([_weight_of(objective, p) for p in inventory.pollutants])
        _check_objective(objective, inventory.pollutants)
        out[:, begin : begin + AT_ONCE] = (inventory.vehicle @ weight).reshape(len(names), len(first)).T
    return out


def _weight_of(objective: Mapping[str, float], pollutant: str) -> float:
    return objective.get(pollutant, 0.0)


def _check_objective(objective: Mapping[str, float], known: tuple[str, ...]) -> None:
    for word in objective:
        if word not in known:
            raise PlanError(
                "a reassignment has an unknown pollutant in its objective",
                use_one_of(word, known),
                column="scenario.operation.reassign.objective",
                value=word,
            )


def assign(kinds: Float, places: Float, cost: Float, units: int) -> Float:
    """Return which share of all driving each kind of vehicle does at each place.

    Both are cut into so many units of equal length, a unit may lie across two kinds or places; the units are assigned
    to each other at least cost (Crouse 2016, the algorithm of `scipy.optimize.linear_sum_assignment`).

    Parameters
    ----------
    kinds, places
        Shares of the driving, each adding up to 1, shapes (kinds,) and (places,).
    cost
        Of a km of a kind at a place, shape (kinds, places).
    units
        Number of units.

    Returns
    -------
    Shape (kinds, places); rows add up to ``kinds``, columns to ``places``.
    """
    from scipy.optimize import linear_sum_assignment

    of_kind, of_place = _units(kinds, units), _units(places, units)
    row, column = linear_sum_assignment(of_kind @ cost @ of_place.T * units * units)
    return np.asarray(of_kind[row].T @ of_place[column] * units)


def _units(shares: Float, units: int) -> Float:
    """Return how much of each share lies in each of so many equal units, shape (units, shares); all add up to 1."""
    ends = np.concatenate([[0.0], np.cumsum(shares / shares.sum())])
    ends[-1] = 1.0
    cuts = np.arange(units + 1) / units
    low = np.maximum(ends[None, :-1], cuts[:-1, None])
    high = np.minimum(ends[None, 1:], cuts[1:, None])
    return np.asarray(np.maximum(high - low, 0.0))
