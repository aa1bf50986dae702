"""A difference of emissions split into vehicles, distance, fleet mix, factors and measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from fleet_planner.pipeline.differences.bundles import GROUP, label_of
from fleet_planner.pipeline.differences.shapley import lmdi, rounded_to, shapley

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Method = Literal["shapley", "lmdi"]
CAUSES = ("vehicles", "distance", "fleet_mix", "factors", "measures")
"""How many vehicles; how far each drives here; which technologies drive; g per km of these; what measures do to it."""
MEASURES = CAUSES.index("measures")
MIX = CAUSES.index("fleet_mix")
STANDING = "standing"
"""Emissions of vehicles that drive nowhere, such as vapours: they have no factor per km."""
MACHINES = "machines"
SMALL = 1e-9
"""Of what a set of measures changes: less than this is rounding of its parts."""
SCHEMA = {
    "cause": pl.String,
    "stream": pl.String,
    "measure": pl.String,
    "pollutant": pl.String,
    "change_per_day": pl.Float64,
}


PARTS = {
    **dict.fromkeys((*GROUP, "measures", "measure", "pollutant"), pl.String),
    "change_per_day": pl.Float64,
}


@dataclass(frozen=True)
class FleetSide:
    """One side of a comparison: what its vehicles drive and emit a day.

    Parameters
    ----------
    vehicles
        Rows of ``vehicles.parquet`` of the scenario: `GROUP` and ``count, km_per_year, share_inside, baseline_row,
        measures`` and one column per pollutant, a day.
    baseline
        The rows of the same run's baseline, in order.
    parts
        `GROUP`, ``measures, measure, pollutant`` and ``change_per_day``: what each measure brings on vehicles that
        carry several (`bundles.measure_parts`).
    """

    vehicles: pl.DataFrame
    baseline: pl.DataFrame
    parts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PARTS))


@dataclass(frozen=True)
class _Groups:
    """Groups of one stream and technology before measures, in an order that both sides share.

    Shapes: ``km (G)``, ``plain (G, P)`` emissions as without measures, ``by_label (L, G, P)`` what measures change by
    the measures that vehicles carry, ``standing (S, P)`` by stream, ``number (S)`` vehicles.
    """

    km: Array
    plain: Array
    by_label: Array
    standing: Array
    number: Array


def attributed(first: FleetSide, second: FleetSide, names: Sequence[str], method: Method = "shapley") -> pl.DataFrame:
    """Return what makes the difference between two fleets' emissions.

    Emissions are the sum over streams s and technologies t (as registered, before measures) of
    ``vehicles_s * km per vehicle_s * share of km_st * (factor_st + change by measures_st)``. Shapley's value of the
    five causes, or LMDI with the factor and its change by measures as one.

    Parameters
    ----------
    first, second
        Both sides.
    names
        Columns of pollutants that both have.
    method
        ``shapley`` or ``lmdi``.

    Returns
    -------
    polars.DataFrame
        ``cause, stream, measure, pollutant, change_per_day``; the rows of a pollutant add up to the difference.
        ``measure`` tells the measure, for the cause of that name; several where what they change together is not
        told by measure (measures in operation change the driving of the same vehicles).
    """
    streams, keys, labels = _names(first, second)
    a, b = (_groups(side, keys, streams, labels, names) for side in (first, second))
    stream = np.array([streams.index(k[0]) for k in keys])
    size = len(streams), len(names)
    factors = _factors(a, b, stream), _factors(b, a, stream)
    rows: list[pl.DataFrame] = []
    if method == "shapley":
        parts, weight = _by_shapley(*factors)
    else:
        parts, weight = _by_lmdi(*factors)
    for k, cause in enumerate(CAUSES):
        if k == MEASURES:
            continue
        rows.append(_rows(cause, streams, names, _by_stream(parts[k], stream, size)))
    delta = _change_per_km(b) - _change_per_km(a)
    if len(labels):
        shares = rounded_to(weight[None] * delta, parts[MEASURES])
        for label, share in zip(labels, shares, strict=True):
            rows.append(_rows(CAUSES[MEASURES], streams, names, _by_stream(share, stream, size), label))
    rows.append(_rows(STANDING, streams, names, b.standing - a.standing))
    table = pl.concat(rows)
    return table.filter(pl.col("change_per_day") != 0.0)


def _names(first: FleetSide, second: FleetSide) -> tuple[list[str], list[tuple[str, ...]], list[str]]:
    """Return the streams, the groups and the sets of measures of both sides, sorted."""
    keys: set[tuple[str, ...]] = set()
    labels: set[str] = set()
    for side in (first, second):
        origin = side.baseline[side.vehicles["baseline_row"].to_list()]
        keys |= set(origin.select(GROUP).iter_rows())
        labels |= {*_labels(side.vehicles), *side.parts["measure"]}
    return sorted({k[0] for k in keys}), sorted(keys), sorted(labels)


def _labels(vehicles: pl.DataFrame) -> list[str]:
    """Return the measures that each row carries, however they were listed; of operation where it carries none."""
    return [label_of(t) for t in vehicles["measures"].fill_null("").to_list()]


def _groups(
    side: FleetSide,
    keys: Sequence[tuple[str, ...]],
    streams: Sequence[str],
    labels: Sequence[str],
    names: Sequence[str],
) -> _Groups:
    rows = side.vehicles
    origin = side.baseline[rows["baseline_row"].to_list()]
    place = {key: k for k, key in enumerate(keys)}
    group = np.array([place[key] for key in origin.select(GROUP).iter_rows()], dtype=np.int64)
    of = {name: k for k, name in enumerate(streams)}
    stream = np.array([of[s] for s in origin["stream"]], dtype=np.int64)
    kind = {name: k for k, name in enumerate(labels)}
    label = np.array([kind[t] for t in _labels(rows)], dtype=np.int64)
    km, was_km = _km(rows), _km(origin)
    emitted, was = (t.select(names).fill_null(0.0).to_numpy().astype(np.float64) for t in (rows, origin))
    driven = (km > 0.0) & (was_km > 0.0)
    plain = np.where(driven[:, None], was * (km / np.where(was_km > 0.0, was_km, 1.0))[:, None], 0.0)
    moving = np.where(driven[:, None], emitted, 0.0)
    change = np.zeros((len(labels), len(keys), len(names)))  # zero where no vehicle carries the label
    np.add.at(change, (label, group), moving - plain)
    return _Groups(
        km=_added(np.where(driven, km, 0.0), group, len(keys)),
        plain=_added(plain, group, len(keys)),
        by_label=_by_measure(change, side.parts, place, kind, names),
        standing=_added(emitted - moving, stream, len(streams)),
        number=_added(rows["count"].to_numpy().astype(np.float64), stream, len(streams)),
    )


def _by_measure(
    change: Array,
    parts: pl.DataFrame,
    place: Mapping[tuple[str, ...], int],
    kind: Mapping[str, int],
    names: Sequence[str],
) -> Array:
    """Return what measures change with the sets of them told by measure, as far as it is known; the sum is the same.

    What is left of a set beyond rounding stays with the set.
    """
    of = {name: k for k, name in enumerate(names)}
    known: dict[int, dict[int, Array]] = {}
    out = change.copy()
    for *group, label, measure, pollutant, value in parts.select(*PARTS).iter_rows():
        at = place.get(tuple(group))
        if at is None or pollutant not in of or label not in kind:
            continue
        by_group = known.setdefault(kind[label], {})
        own = by_group.setdefault(at, np.zeros((len(kind), len(names))))
        own[kind[measure], of[pollutant]] += value
    for label, by_group in known.items():
        for at, own in by_group.items():
            whole, rest = change[label, at], change[label, at] - own.sum(axis=0)
            alike = np.abs(rest) <= SMALL * np.maximum(np.abs(whole), np.abs(own).max(axis=0))
            single = np.flatnonzero(own.any(axis=1))
            own[single] = np.where(alike, rounded_to(own[single], whole), own[single])
            out[single, at] += own[single]
            out[label, at] = np.where(alike, 0.0, rest)
    return out


def _km(rows: pl.DataFrame) -> Array:
    """Return vehicle-km a year in the city of every row."""
    return np.asarray(rows.select(pl.col("count") * pl.col("km_per_year") * pl.col("share_inside")).to_series())


def _added(values: Array, at: NDArray[np.int64], size: int) -> Array:
    out = np.zeros((size, *values.shape[1:]))
    np.add.at(out, at, values)
    return out


def _change_per_km(side: _Groups) -> Array:
    """Return what measures change per km by label, shape (L, G, P)."""
    km = np.where(side.km > 0.0, side.km, 1.0)[None, :, None]
    return np.asarray(np.where(side.km[None, :, None] > 0.0, side.by_label / km, 0.0))


def _factors(own: _Groups, other: _Groups, stream: NDArray[np.int64]) -> tuple[Array, Array, Array, Array, Array]:
    """Return the five factors by group; where a side has no such group or stream, what the other says of it."""
    streams = len(own.number)
    km_own, km_other = (_added(g.km, stream, streams) for g in (own, other))
    has, others = own.number > 0.0, other.number > 0.0
    far = np.where(has, km_own / np.where(has, own.number, 1.0), km_other / np.where(others, other.number, 1.0))
    drives, drove = km_own > 0.0, km_other > 0.0
    mix_own = own.km / np.where(drives, km_own, 1.0)[stream]
    mix_other = other.km / np.where(drove, km_other, 1.0)[stream]
    mix = np.where(drives[stream], mix_own, mix_other)
    seen, known = own.km > 0.0, other.km > 0.0
    plain_own = own.plain / np.where(seen, own.km, 1.0)[:, None]
    plain_other = other.plain / np.where(known, other.km, 1.0)[:, None]
    plain = np.where(seen[:, None], plain_own, np.where(known[:, None], plain_other, 0.0))
    return own.number[stream], far[stream], mix, plain, _change_per_km(own).sum(axis=0)


def _by_shapley(first: tuple[Array, ...], second: tuple[Array, ...]) -> tuple[Array, Array]:
    """Return the causes' shares by group, shape (5, G, P), and what a unit of change by measures weighs, (G, 1)."""
    both = list(zip(first, second, strict=True))
    values = []
    for mask in range(1 << len(CAUSES)):
        number, far, mix, plain, change = (pair[mask >> k & 1] for k, pair in enumerate(both))
        values.append((number * far * mix)[:, None] * (plain + change))
    km = []
    for mask in range(1 << MEASURES):
        number, far, mix = (pair[mask >> k & 1] for k, pair in enumerate(both[:3]))
        km.append(number * far * mix)
    # the mean, over all orders, of the km that stand when the measures join
    base = np.stack(km)
    unit = np.concatenate([np.zeros_like(base), base])
    weight = shapley(unit)[MEASURES]
    return shapley(np.stack(values)), weight[:, None]


def _by_lmdi(first: tuple[Array, ...], second: tuple[Array, ...]) -> tuple[Array, Array]:
    """Return the same by LMDI: the factor after measures is one, told as factors and measures by their sizes."""
    groups, pollutants = first[3].shape
    shape = (4, groups, pollutants)
    sides = []
    for number, far, mix, plain, change in (first, second):
        wide = [np.broadcast_to(x[:, None], (groups, pollutants)) for x in (number, far, mix)]
        sides.append(np.stack([*wide, np.maximum(plain + change, 0.0)]).reshape(4, -1))
    parts = lmdi(sides[0], sides[1], MIX).reshape(shape)
    change, plain = second[4] - first[4], second[3] - first[3]
    total = change + plain
    by_change = np.where(total != 0.0, change / np.where(total != 0.0, total, 1.0), 0.0)
    joint = parts[3]
    out = np.concatenate([parts[:3], (joint * (1.0 - by_change))[None], (joint * by_change)[None]])
    weight = np.where(change != 0.0, joint * by_change / np.where(change != 0.0, change, 1.0), 0.0)
    return out, weight


def _by_stream(parts: Array, stream: NDArray[np.int64], size: tuple[int, int]) -> Array:
    out = np.zeros(size)
    np.add.at(out, stream, parts)
    return out


def _rows(cause: str, streams: Sequence[str], names: Sequence[str], values: Array, label: str = "") -> pl.DataFrame:
    """Return the rows of a cause, streams in order."""
    count = len(streams) * len(names)
    return pl.DataFrame(
        {
            "cause": [cause] * count,
            "stream": [s for s in streams for _ in names],
            "measure": [label] * count,
            "pollutant": [n for _ in streams for n in names],
            "change_per_day": values.reshape(-1),
        },
        schema=SCHEMA,
    )
