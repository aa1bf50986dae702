"""Answer single questions about factors with the exact formula, never the sampled table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.hot_table import KEY, HotTable
from fleet_planner.factors.stand_ins import Key, base_aftertreatment, resolve
from fleet_planner.factors.table import GRADES, LOADS, fuel_stand_ins, published_keys
from fleet_planner.kernels import curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

QUERY_COLUMNS = (
    "factor_set",
    "category",
    "fuel",
    "segment",
    "standard",
    "technology",
    "pollutant",
    "mode",
    "speed_kmh",
    "load",
    "slope",
)

RowKey = tuple[str, str, str, str, str, str, str, float | None, float | None]


@dataclass(frozen=True)
class _Answer:
    """Rows with weights that make up one answer, remarks, or what is wrong."""

    rows: tuple[tuple[int, float], ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


def evaluate_queries(queries: pl.DataFrame, hot: HotTable, *, raw: bool) -> pl.DataFrame:
    """Add ``ef``, ``note`` and ``error`` to a table of questions; order and other columns stay.

    Parameters
    ----------
    queries
        Text or typed columns `QUERY_COLUMNS`; ``factor_set`` may be empty. An empty load or slope means
        the row that is for any, else half load and level ground; between the published steps both are
        interpolated, beyond them held.
    hot
        The factor set.
    raw
        The published formula without bridges and floor.

    Raises
    ------
    InputError
        A column is missing.
    """
    for column in QUERY_COLUMNS[1:]:
        if column not in queries.columns:
            raise InputError("a column is missing", f"The columns are {', '.join(QUERY_COLUMNS)}.", column=column)
    lookup: dict[RowKey, int] = {key: i for i, key in enumerate(hot.keys.select(KEY).iter_rows())}
    published = published_keys(hot.keys)
    known = dict.fromkeys(published)
    stand_ins = fuel_stand_ins()

    def key_of(wanted: Key) -> tuple[Key, str]:
        if wanted in known:
            return wanted, ""
        found = resolve(wanted, published, stand_ins)
        return found.key, found.replaced

    columns = [queries[c].to_list() if c in queries.columns else [""] * queries.height for c in QUERY_COLUMNS]
    answers = [
        _answer(dict(zip(QUERY_COLUMNS, q, strict=True)), lookup, key_of, hot) for q in zip(*columns, strict=True)
    ]
    speeds = np.array([_number(v) if not a.error else 1.0 for v, a in zip(queries["speed_kmh"], answers, strict=True)])
    ef, mended = _evaluate(answers, speeds, hot, raw=raw)
    notes = [
        "; ".join([*a.notes, *(["pole or spike bridged, or negative value floored"] if m and not raw else [])])
        for a, m in zip(answers, mended, strict=True)
    ]
    return queries.with_columns(
        ef=pl.Series([None if a.error else float(x) for a, x in zip(answers, ef, strict=True)], dtype=pl.Float64),
        note=pl.Series(notes, dtype=pl.String),
        error=pl.Series([a.error for a in answers], dtype=pl.String),
    )


def _number(value: object) -> float:
    return float(str(value))


def _optional(value: object) -> float | None:
    text = "" if value is None else str(value).strip()
    return float(text) if text else None


def _answer(
    query: Mapping[str, object],
    lookup: Mapping[RowKey, int],
    key_of: Callable[[Key], tuple[Key, str]],
    hot: HotTable,
) -> _Answer:
    factor_set = str(query["factor_set"] or "") or hot.name
    if factor_set != hot.name:
        return _Answer(error=f"unknown factor set {factor_set!r}; known: {hot.name}")
    try:
        speed, load, slope = (
            _number(query["speed_kmh"]),
            _optional(query["load"]),
            _optional(query["slope"]),
        )
    except ValueError as error:
        return _Answer(error=f"not a number: {error}")
    if not (np.isfinite(speed) and speed >= 0.0):
        return _Answer(error=f"speed_kmh must be 0 or more (found: {query['speed_kmh']})")
    text = [str(query[c] or "") for c in ("category", "fuel", "segment", "standard", "technology")]
    wanted: Key = (text[0], text[1], text[2], text[3], base_aftertreatment(text[4]))
    try:
        key, replaced = key_of(wanted)
    except InputError as error:
        return _Answer(error=str(error))
    pollutant, mode = str(query["pollutant"] or ""), str(query["mode"] or "any")
    notes = [f"stand-in: {replaced}"] if replaced else []
    rows, more = _rows(lookup, (*key, pollutant), mode, load, slope)
    if not rows:
        return _Answer(error=f"no row for {pollutant!r} in mode {mode!r} of {' / '.join(key)}")
    lo = max(hot.coefficients[r, curves.V_MIN] for r, _ in rows)
    hi = min(hot.coefficients[r, curves.V_MAX] for r, _ in rows)
    if not lo <= speed <= hi:
        notes.append(f"speed clamped to {lo:g}..{hi:g} km/h")
    return _Answer(tuple(rows), (*notes, *more))


def _rows(
    lookup: Mapping[RowKey, int],
    key: tuple[str, str, str, str, str, str],
    mode: str,
    load: float | None,
    slope: float | None,
) -> tuple[list[tuple[int, float]], list[str]]:
    """Return the rows and weights for a load and slope, and remarks."""
    notes: list[str] = []
    modes = [mode] if mode == "any" else [mode, "any"]
    for m in modes:
        plain = lookup.get((*key, m, None, None))
        if plain is not None:
            return [(plain, 1.0)], notes
        exact = lookup.get((*key, m, load, slope))
        if exact is not None:
            return [(exact, 1.0)], notes
        at_load = 0.5 if load is None else load
        at_slope = 0.0 if slope is None else slope
        for name, value, steps in (("load", at_load, LOADS), ("slope", at_slope, GRADES)):
            if not steps[0] <= value <= steps[-1]:
                notes.append(f"{name} held at {steps[0] if value < steps[0] else steps[-1]:g}")
        rows = [
            (lookup.get((*key, m, ld, sl)), wl * ws)
            for ld, wl in _weights(at_load, LOADS)
            for sl, ws in _weights(at_slope, GRADES)
        ]
        found = [(r, w) for r, w in rows if r is not None and w > 0.0]
        if found and len(found) == sum(1 for _, w in rows if w > 0.0):
            return found, notes
    # one odd row of the table is given at no load on level ground only and serves any
    only = lookup.get((*key, "any", 0.0, 0.0))
    return ([(only, 1.0)] if only is not None else []), notes


def _weights(value: float, steps: Sequence[float]) -> list[tuple[float, float]]:
    """Return the two neighbouring steps of ``value`` with linear weights, held at the ends."""
    held = min(max(value, steps[0]), steps[-1])
    if held in steps:
        return [(held, 1.0)]
    upper = next(i for i, s in enumerate(steps) if s > held)
    w = (held - steps[upper - 1]) / (steps[upper] - steps[upper - 1])
    return [(steps[upper - 1], 1.0 - w), (steps[upper], w)]


def _evaluate(
    answers: Sequence[_Answer], speeds: NDArray[np.float64], hot: HotTable, *, raw: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the weighted factors and where mending changed them."""
    owner = np.array([i for i, a in enumerate(answers) for _ in a.rows], dtype=np.int64)
    row = np.array([r for a in answers for r, _ in a.rows], dtype=np.int64)
    weight = np.array([w for a in answers for _, w in a.rows], dtype=np.float64)
    at = speeds[owner] if owner.size else np.zeros(0)
    published = curves.evaluate_raw(hot.coefficients, row, at)
    mended = curves.evaluate_mended(hot.coefficients, hot.bridges, hot.bridge_offsets, row, at, curves.CLAMP)
    ef = np.zeros(len(answers))
    np.add.at(ef, owner, weight * (published if raw else mended))
    changed = np.zeros(len(answers), dtype=np.bool_)
    np.logical_or.at(changed, owner, published != mended)
    return ef, changed
