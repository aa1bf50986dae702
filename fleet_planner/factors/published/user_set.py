"""The user's own factors as a factor set.

A curve is a list of bins (steps), of points (straight lines between them) or the rational form of the guidebook.
What a row leaves empty it is for any: of the rows that fit a technology the most specific win, model year before
segment before standard before aftertreatment, pollutant by pollutant. Between the loads and grades that are given
factors are interpolated, beyond them held. Speeds outside a curve's own are held at its ends; in a gap between two
bins the slower bin holds. Needles and poles of the rational form are bridged by the rule of
`fleet_planner.factors.published.bridge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import GRADES, HOT, LOADS, MODES, TECHNOLOGY
from fleet_planner.factors.set_curves import Covered, SetCurves
from fleet_planner.factors.stand_ins import base_aftertreatment
from fleet_planner.kernels import curves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions

    Array = NDArray[np.float64]

CELLS = [(load, grade) for load in LOADS for grade in GRADES]
MATCHED = ("model_year", "segment", "standard", "aftertreatment")
"""Columns that may be empty for any, the most telling first."""

GROUP = ("category", "fuel", "segment", "standard", "aftertreatment", "model_year", "pollutant")
CURVE = (*GROUP, "mode", "load", "slope")
"""Columns that name a curve; null where it is for any."""

BRIDGED, GAP = "user.bridged", "user.gap"
ASKED = ("category", "fuel", "segment", "standard", "aftertreatment", "model_year", "pollutant", "mode")


@dataclass(frozen=True)
class UserTable:
    """The user's factors.

    Parameters
    ----------
    name
        Name of the set.
    keys
        One row per curve: `CURVE` columns, ``form`` (bins, points, rational), ``gaps``, ``source, year, row`` (first
        row of the file).
    x_kmh, y
        Break points of bins and points, one curve after the other; a step is a speed that comes twice.
    offsets
        Break points of curve ``i`` are ``offsets[i]:offsets[i + 1]``; none for the rational form.
    coefficients
        Of the rational form, shape (curves, 10), as in `fleet_planner.kernels.curves`; zeros for the others.
    bridges, bridge_offsets
        As in `HotTable`.
    """

    name: str
    keys: pl.DataFrame
    x_kmh: Array
    y: Array
    offsets: NDArray[np.int64]
    coefficients: Array
    bridges: Array
    bridge_offsets: NDArray[np.int64]


def curve_values(table: UserTable, curve: NDArray[np.int64], speed_kmh: Array) -> Array:
    """Return the factor of each curve at each speed, both shape (n,)."""
    out = np.empty(speed_kmh.size)
    if not curve.size:
        return out
    order = np.argsort(curve, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(curve[order]) != 0])
    rational = (table.keys["form"] == "rational").to_numpy()
    for start, end in zip(starts, [*starts[1:], curve.size], strict=True):
        at = order[start:end]
        c = int(curve[at[0]])
        if rational[c]:
            out[at] = curves.evaluate_mended(
                table.coefficients, table.bridges, table.bridge_offsets, curve[at], speed_kmh[at], curves.CLAMP
            )
        else:
            points = slice(table.offsets[c], table.offsets[c + 1])
            out[at] = _broken_line(table.x_kmh[points], table.y[points], speed_kmh[at])
    return out


def _broken_line(x: Array, y: Array, speed_kmh: Array) -> Array:
    """Interpolate between break points; where a speed comes twice the later counts, beyond the ends they hold."""
    upper = np.searchsorted(x, speed_kmh, side="right")
    lower = np.clip(upper - 1, 0, x.size - 1)
    upper = np.clip(upper, 0, x.size - 1)
    width = np.where(x[upper] > x[lower], x[upper] - x[lower], 1.0)
    share = np.clip((speed_kmh - x[lower]) / width, 0.0, 1.0)
    return np.asarray(y[lower] * (1.0 - share) + y[upper] * share)


def user_curves(table: UserTable, technologies: pl.DataFrame, grid_kmh: Array, conditions: Conditions) -> SetCurves:
    """Return the curves of the user's set for the technologies of a fleet.

    Parameters
    ----------
    table
        The user's factors.
    technologies
        `TECHNOLOGY` columns; optional integer column ``model_year``, nulls allowed.
    grid_kmh
        Speeds, shape (S,); a step of a bin lies between two of them.
    conditions
        Only the length of the condition axis matters.

    Returns
    -------
    SetCurves
        ``Covered.index`` has the pollutants that the user gives for the technology, and only those.
    """
    groups = _groups(table)
    exact = curve_values(
        table, np.repeat(np.arange(table.keys.height), grid_kmh.size), np.tile(grid_kmh, table.keys.height)
    ).reshape(-1, grid_kmh.size)
    rows: list[Array] = []
    placed: dict[tuple[tuple[int, float], ...], int] = {}
    indexes: dict[tuple[object, ...], NDArray[np.int32]] = {}
    remarks = _remarks(table)
    covered = []
    for row in with_model_year(technologies).iter_rows(named=True):
        index: dict[str, NDArray[np.int32]] = {}
        notes: set[str] = set()
        for pollutant, key in _fitting(groups, row).items():
            if key not in indexes:
                by_mode = np.empty((len(MODES), len(LOADS), len(GRADES)), dtype=np.int32)
                for m, mode in enumerate(MODES):
                    for cell, parts in enumerate(_cells(groups[key], mode)):
                        spot = tuple(parts)
                        if spot not in placed:
                            placed[spot] = len(rows)
                            rows.append(np.sum([share * exact[c] for c, share in parts], axis=0))
                        by_mode[m, cell // len(GRADES), cell % len(GRADES)] = placed[spot]
                indexes[key] = conditions.any_class(by_mode)
            index[pollutant] = indexes[key]
            notes |= {code for c in groups[key].values() for code in remarks[c]}
        covered.append(Covered(index, "", tuple(sorted(notes))))
    return SetCurves(np.array(rows).reshape(-1, grid_kmh.size), tuple(covered))


def with_model_year(technologies: pl.DataFrame) -> pl.DataFrame:
    """Return `TECHNOLOGY` and ``model_year`` (null where the table has none), the aftertreatment as built."""
    built = [base_aftertreatment(a or "none") for a in technologies["aftertreatment"].to_list()]
    year = pl.col("model_year") if "model_year" in technologies.columns else pl.lit(None).alias("model_year")
    return technologies.select(*TECHNOLOGY, year.cast(pl.Int64)).with_columns(
        aftertreatment=pl.Series(built, dtype=pl.String)
    )


Groups = dict[tuple[object, ...], dict[tuple[str, float | None, float | None], int]]
"""By `GROUP`: the curve of each mode, load and slope."""


def _groups(table: UserTable) -> Groups:
    out: Groups = {}
    for number, row in enumerate(table.keys.select(CURVE).iter_rows()):
        out.setdefault(row[:-3], {})[row[-3:]] = number
    return out


def _remarks(table: UserTable) -> list[list[str]]:
    bridged = np.diff(table.bridge_offsets) > 0
    gaps = table.keys["gaps"].to_list()
    return [[BRIDGED] * bool(b) + [GAP] * (g > 0) for b, g in zip(bridged, gaps, strict=True)]


def _fitting(groups: Groups, row: dict[str, object]) -> dict[str, tuple[object, ...]]:
    """Return, by pollutant, the most specific group that fits a technology."""
    out: dict[str, tuple[object, ...]] = {}
    for used in product((True, False), repeat=len(MATCHED)):
        year, segment, standard, built = (row[c] if u else None for c, u in zip(MATCHED, used, strict=True))
        for pollutant in HOT:
            key = (row["category"], row["fuel"], segment, standard, built, year, pollutant)
            if pollutant not in out and key in groups:
                out[pollutant] = key
    return out


def _shares(given: Sequence[float | None], at: float) -> list[tuple[float | None, float]]:
    """Return which of the given steps make up the value at a step: itself, any, or the two around it."""
    if at in given:
        return [(at, 1.0)]
    if None in given:
        return [(None, 1.0)]
    steps = [g for g in given if g is not None]
    below, above = [g for g in steps if g < at], [g for g in steps if g > at]
    if not below or not above:
        return [(max(below) if below else min(above), 1.0)]
    lo, hi = max(below), min(above)
    upper = (at - lo) / (hi - lo)
    return [(lo, 1.0 - upper), (hi, upper)]


def _cells(curves_of: dict[tuple[str, float | None, float | None], int], mode: str) -> list[list[tuple[int, float]]]:
    """Return, for each of the `CELLS`, the curves and shares that make up its factor in a mode."""
    word = mode if any(m == mode for m, _, _ in curves_of) else "any"
    loads = list(dict.fromkeys(load for m, load, _ in curves_of if m == word))
    out = []
    for at_load, at_grade in CELLS:
        parts: list[tuple[int, float]] = []
        for load, share in _shares(loads, at_load):
            grades = [s for m, a, s in curves_of if m == word and a == load]
            parts += [(curves_of[word, load, s], share * part) for s, part in _shares(grades, at_grade)]
        out.append(parts)
    return out


def evaluate_user(table: UserTable, asked: pl.DataFrame) -> pl.DataFrame:
    """Answer questions about single factors exactly.

    Parameters
    ----------
    table
        The user's factors.
    asked
        Columns ``query, category, fuel, segment, standard, technology, pollutant, mode, speed_kmh_value, load_value,
        slope_value``; optional integer ``model_year``. An empty load is half load, an empty slope level ground.

    Returns
    -------
    One row per question: ``query, ef, note, error``; texts are "" where there is nothing to say.
    """
    named = asked.rename({"technology": "aftertreatment"})
    year = pl.col("model_year") if "model_year" in asked.columns else pl.lit(None).alias("model_year")
    given = named.with_columns(year.cast(pl.Int64), mode=pl.col("mode").fill_null("any").replace("", "any"))
    distinct = given.select(ASKED).unique(maintain_order=True).with_row_index("group")
    parts, told = _resolve(table, distinct)
    joined = given.join(distinct.join(told, on="group"), on=ASKED, how="left", maintain_order="left", nulls_equal=True)
    speed, load, grade = (
        joined[c].cast(pl.Float64).fill_null(default).to_numpy()
        for c, default in (("speed_kmh_value", np.nan), ("load_value", 0.5), ("slope_value", 0.0))
    )
    good = np.isfinite(speed) & (speed >= 0.0) & np.isfinite(load) & np.isfinite(grade)
    corners = _corners(joined["group"].to_numpy(), np.nan_to_num(load), np.nan_to_num(grade))
    pairs = corners.join(parts, on=["group", "cell"], how="inner")
    place = pairs["place"].to_numpy()
    value = curve_values(table, pairs["curve"].to_numpy(), np.where(good, speed, 0.0)[place])
    ef = np.bincount(place, weights=value * (pairs["weight"] * pairs["share"]).to_numpy(), minlength=joined.height)
    low, high = _ranges(table, pairs["curve"].to_numpy(), place, joined.height)
    held = (load < LOADS[0]) | (load > LOADS[-1]) | (grade < GRADES[0]) | (grade > GRADES[-1])
    remarks = [
        pl.when(pl.col("remark") != "").then("remark"),
        pl.when(pl.Series((speed < low) | (speed > high))).then(
            pl.format("speed held at {}..{} km/h", pl.Series(low.round(1)), pl.Series(high.round(1)))
        ),
        pl.when(pl.Series(held)).then(pl.lit("load or slope held at the nearest step")),
    ]
    return (
        joined.select(
            "query",
            ef=pl.Series(ef),
            note=pl.concat_str(remarks, separator="; ", ignore_nulls=True),
            error=pl.when(pl.col("problem") != "")
            .then("problem")
            .when(pl.Series(~good))
            .then(pl.lit("speed_kmh must be 0 or more, load and slope finite"))
            .otherwise(pl.lit("")),
        )
        .with_columns(ef=pl.when(pl.col("error") == "").then("ef"))
        .with_columns(note=pl.when(pl.col("error") == "").then("note").otherwise(pl.lit("")))
    )


def _ranges(table: UserTable, curve: NDArray[np.int64], place: NDArray[np.int64], count: int) -> tuple[Array, Array]:
    """Return the speeds within which all curves of an answer are given, km/h, each shape (count,)."""
    rational = (table.keys["form"] == "rational").to_numpy()
    first, last = table.coefficients[:, curves.V_MIN].copy(), table.coefficients[:, curves.V_MAX].copy()
    ends = np.flatnonzero(~rational)
    first[ends], last[ends] = table.x_kmh[table.offsets[ends]], table.x_kmh[table.offsets[ends + 1] - 1]
    low, high = np.full(count, -np.inf), np.full(count, np.inf)
    np.maximum.at(low, place, first[curve])
    np.minimum.at(high, place, last[curve])
    return low, high


def _resolve(table: UserTable, distinct: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return ``group, cell, curve, share`` and ``group, problem, remark`` for the distinct questions."""
    groups = _groups(table)
    remarks = _remarks(table)
    parts = []
    told = []
    for row in distinct.iter_rows(named=True):
        built = {**row, "aftertreatment": base_aftertreatment(row["aftertreatment"] or "none")}
        fitting = _fitting(groups, built)
        key = fitting.get(row["pollutant"])
        problem = ""
        codes: set[str] = set()
        if row["mode"] not in (*MODES, "any"):
            problem = f"unknown mode {row['mode']!r}; known: any, {', '.join(MODES)}"
        elif key is None:
            has = f"it has {', '.join(sorted(fitting))}" if fitting else "it has no factors for this technology"
            problem = f"{table.name} has no {row['pollutant']!r} here; {has}"
        elif row["mode"] == "any" and not any(m == "any" for m, _, _ in groups[key]):
            problem = f"{row['pollutant']} is given by mode; ask for one of {', '.join(MODES)}"
        else:
            for cell, shares in enumerate(_cells(groups[key], row["mode"])):
                parts += [(row["group"], cell, curve, share) for curve, share in shares]
            codes = {code for c in groups[key].values() for code in remarks[c]}
        told.append((row["group"], problem, "; ".join(sorted(codes))))
    schema = {"group": pl.UInt32, "cell": pl.Int64, "curve": pl.Int64, "share": pl.Float64}
    texts = {"group": pl.UInt32, "problem": pl.String, "remark": pl.String}
    return pl.DataFrame(parts, schema=schema, orient="row"), pl.DataFrame(told, schema=texts, orient="row")


def _corners(group: NDArray[np.uint32], load: Array, grade: Array) -> pl.DataFrame:
    """Return the cells around each load and grade with their weights: ``place, group, cell, weight``."""
    sides = []
    for value, steps in ((load, LOADS), (grade, GRADES)):
        at = np.array(steps)
        held = np.clip(value, at[0], at[-1])
        lower = np.clip(np.searchsorted(at, held, side="right") - 1, 0, at.size - 2)
        upper = (held - at[lower]) / (at[lower + 1] - at[lower])
        sides.append(((lower, 1.0 - upper), (lower + 1, upper)))
    frames = [
        pl.DataFrame(
            {
                "place": np.arange(group.size),
                "group": group.astype(np.uint32),
                "cell": a * len(GRADES) + b,
                "weight": u * w,
            }
        )
        for a, u in sides[0]
        for b, w in sides[1]
    ]
    return pl.concat(frames).filter(pl.col("weight") > 0.0)
