"""Read the user's own factors from a CSV file and say what is wrong in it.

The columns are those of ``tables/columns/user_factors.csv``; `user_template` gives a file to begin with. A row is one
bin (``speed_from_kmh, speed_to_kmh, ef_g_per_km``), one point (``speed_kmh, ef_g_per_km``) or one whole curve (``a`` ..
``h``, ``reduction``, ``v_min_kmh``, ``v_max_kmh``, the form of `fleet_planner.kernels.curves`). Rows with equal words
belong to one curve and have one form. Columns that are not used may be left out.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.factors.axes import GRADES, LOADS, MODES
from fleet_planner.factors.published.bridge import Bridge, bridge_row, offending_roots
from fleet_planner.factors.published.hot_table import COEFFICIENTS, bridge_arrays
from fleet_planner.factors.published.user_set import CURVE, GROUP, UserTable
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_table
from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS
from fleet_planner.tables import ColumnSpec, columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MOST_ERRORS = 20
FORMS = {
    "bins": ("speed_from_kmh", "speed_to_kmh", "ef_g_per_km"),
    "points": ("speed_kmh", "ef_g_per_km"),
    "rational": (*COEFFICIENTS[:7], "v_min_kmh", "v_max_kmh"),
}
"""Forms of a row by the cells it must fill; all but ``ef_g_per_km`` are empty in the others."""

Wrong = tuple[int, str, str, str]
"""row, column, value, what is wrong"""

TEMPLATE = """\
bus,diesel,,euro_VI_abc,,,NOx,,,,0,8.04672,,1.47999,,,,,,,,,,,EMFAC2017 urban bus of model year 2012 in 2016,2017
bus,diesel,,euro_VI_abc,,,NOx,,,,8.04672,16.09344,,1.0354,,,,,,,,,,,EMFAC2017 urban bus of model year 2012 in 2016,2017
bus,cng,,,,,NOx,,,,,,4.02,0.458815,,,,,,,,,,,EMFAC2017 urban bus of model year 2012 in 2016,2017
bus,cng,,,,,NOx,,,,,,12.07,0.379085,,,,,,,,,,,EMFAC2017 urban bus of model year 2012 in 2016,2017
passenger_car,petrol,Mini,euro_4,,,NOx,,,,,,,,3.85566953442599e-05,-0.00858022234420835,0.577346261761616,\
1.30653078947681e-12,2.70176387374201e-17,-1.30766902383137e-13,5.43052047101584,0,5,130,EMEP/EEA guidebook 2019,2019
"""


def user_template() -> str:
    """Return a file of user factors to begin with: the header and rows of all three forms, to be replaced."""
    return ",".join(spec.column for spec in columns("user_factors")) + "\n" + TEMPLATE


def read_user_factors(path: Path, name: str = "user") -> UserTable:
    """Read the user's factors.

    Parameters
    ----------
    path
        CSV file, see the module.
    name
        Name of the set.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing or unknown, or cells are wrong: up to twenty are named at once.
    """
    try:
        raw = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", comment_prefix="#")
    except TABLE_FAULTS as error:
        raise InputError(f"the file cannot be read: {first_line(error)}", "Give a CSV file.", path) from error
    return user_table(raw, path, name)


def user_table(raw: pl.DataFrame, path: Path | str = "user factors", name: str = "user") -> UserTable:
    """Return the set of a table of text columns; see `read_user_factors`."""
    text = _text(raw, path)
    wrong: list[Wrong] = []
    typed = _typed(text, wrong)
    typed = typed.with_columns(form=_form(text, wrong))
    _words(typed, wrong)
    _steps(typed, text, wrong)
    _stop(wrong, path)
    _curve_rules(typed, text, wrong)
    _stop(wrong, path)
    table = _table(typed, name, wrong)
    _stop(wrong, path)
    return table


def _text(raw: pl.DataFrame, path: Path | str) -> pl.DataFrame:
    """Return all columns as stripped text, empty cells null, with the row of the file."""
    specs = columns("user_factors")
    known = [spec.column for spec in specs]
    for column in raw.columns:
        if column not in known:
            near = get_close_matches(column, known, n=3) or known
            raise InputError("unknown column", f"Did you mean {' or '.join(near)}?", path, 1, column)
    for spec in specs:
        if spec.required and spec.column not in raw.columns:
            raise InputError("a column is missing", f"The columns are {', '.join(known)}.", path, 1, spec.column)
    if raw.is_empty():
        raise InputError("the file has no rows", "See the template of user factors.", path)
    cells = [
        (pl.col(c).cast(pl.String).str.strip_chars() if c in raw.columns else pl.lit(None, pl.String)).alias(c)
        for c in known
    ]
    text = pl.col(pl.String)
    return raw.select(cells).with_columns(pl.when(text != "").then(text)).with_row_index("row", 2)


def _mark(wrong: list[Wrong], frame: pl.DataFrame, bad: pl.Series, column: str, problem: str) -> None:
    for row, value in frame.filter(bad).select("row", column).iter_rows():
        wrong.append((row, column, "" if value is None else str(value), problem))


def _typed(text: pl.DataFrame, wrong: list[Wrong]) -> pl.DataFrame:
    """Return numbers as numbers; mark what is none, out of bounds or empty but required."""
    out = [text["row"].cast(pl.Int64)]
    for spec in columns("user_factors"):
        column = text[spec.column]
        if spec.required:
            _mark(wrong, text, column.is_null(), spec.column, "is empty")
        if spec.type == "text":
            out.append(column.fill_null("any") if spec.column == "mode" else column)
            continue
        number = column.cast(pl.Float64, strict=False)
        finite = number.is_finite().fill_null(value=False)
        whole = finite if spec.type == "number" else finite & (number == number.floor())
        _mark(
            wrong,
            text,
            column.is_not_null() & ~whole,
            spec.column,
            f"is not a {'whole ' * (whole is not finite)}number",
        )
        low, _, high = spec.allowed.partition("..")
        outside = (number < float(low or "-inf")) | (number > float(high or "inf"))
        _mark(wrong, text, finite & outside.fill_null(value=False), spec.column, f"must be in {spec.allowed}")
        out.append(number.cast(pl.Int64, strict=False) if spec.type == "integer" else number)
    return pl.DataFrame(out)


def _form(text: pl.DataFrame, wrong: list[Wrong]) -> pl.Series:
    """Return the form of each row: the one whose cells it fills, and no other's."""
    every = dict.fromkeys(c for needed in FORMS.values() for c in (*needed, "reduction"))
    fits = []
    for form, needed in FORMS.items():
        others = [c for c in every if c not in needed and not (form == "rational" and c == "reduction")]
        fits.append(
            pl.when(pl.all_horizontal(pl.col(needed).is_not_null(), pl.col(others).is_null())).then(pl.lit(form))
        )
    found = text.select(pl.coalesce(fits).alias("form"))["form"]
    lists = "; or ".join(", ".join(needed) for needed in FORMS.values())
    _mark(wrong, text, found.is_null(), "ef_g_per_km", f"a row fills either {lists}, and nothing else of these")
    return found


def _words(typed: pl.DataFrame, wrong: list[Wrong]) -> None:
    """Mark unknown words with the nearest known ones."""
    keys = reference_table("emep_eea_2019_hot.csv.gz").select("category", "segment").unique()
    segments = dict(keys.group_by("category").agg(pl.col("segment").unique().sort()).iter_rows())
    specs: dict[str, ColumnSpec] = {spec.column: spec for spec in columns("user_factors")}
    for column in ("category", "fuel", "pollutant", "mode"):
        _unknown(typed, column, specs[column].allowed.split("|"), wrong)
    for category, known in segments.items():
        _unknown(typed.filter(pl.col("category") == category), "segment", known, wrong)
    heavy = pl.col("category").is_in(["heavy_truck", "bus"])
    _unknown(typed.filter(heavy), "standard", HEAVY_STANDARDS, wrong)
    _unknown(typed.filter(~heavy), "standard", LIGHT_STANDARDS, wrong)


def _unknown(frame: pl.DataFrame, column: str, known: Sequence[str], wrong: list[Wrong]) -> None:
    for word in frame[column].drop_nulls().unique().sort():
        if word not in known:
            near = get_close_matches(word, known, n=3) or list(known)
            bad = (frame[column] == word).fill_null(value=False)
            _mark(wrong, frame, bad, column, f"is unknown; did you mean {' or '.join(near)}?")


def _steps(typed: pl.DataFrame, text: pl.DataFrame, wrong: list[Wrong]) -> None:
    """Mark loads and slopes between the steps, bins and ranges that end before they begin."""
    for column, steps in (("load", LOADS), ("slope", GRADES)):
        bad = typed[column].is_not_null() & ~typed[column].is_in(list(steps))
        _mark(wrong, text, bad, column, f"must be one of {', '.join(f'{s:g}' for s in steps)}")
    for low, high in (("speed_from_kmh", "speed_to_kmh"), ("v_min_kmh", "v_max_kmh")):
        _mark(wrong, text, (typed[high] <= typed[low]).fill_null(value=False), high, f"must be above {low}")


def _curve_rules(typed: pl.DataFrame, text: pl.DataFrame, wrong: list[Wrong]) -> None:
    """Mark mixed forms, what is given twice, bins that overlap, pollutants of which only some modes are given."""
    begin = pl.coalesce("speed_from_kmh", "speed_kmh", "v_min_kmh")
    order = typed.with_columns(begin=begin).sort("begin", maintain_order=True)
    near = order.with_columns(
        mixed=pl.col("form").n_unique().over(CURVE) > 1,
        before=pl.col("begin").shift().over(CURVE, order_by="begin"),
        end=pl.col("speed_to_kmh").shift().over(CURVE, order_by="begin"),
        rank=pl.int_range(pl.len()).over(CURVE, order_by="begin"),
    ).sort("row")
    rational = near["form"] == "rational"
    twice = (near["begin"] == near["before"]).fill_null(value=False) | (rational & (near["rank"] > 0))
    _mark(wrong, text, near["mixed"], "ef_g_per_km", "one curve has bins, points or coefficients, not several of them")
    _mark(wrong, text, twice & ~near["mixed"], "pollutant", "this bin, point or curve is given twice")
    overlap = (near["begin"] < near["end"]).fill_null(value=False) & ~twice & ~near["mixed"]
    _mark(wrong, text, overlap, "speed_from_kmh", "the bin overlaps the slower one")
    own = pl.col("mode").filter(pl.col("mode") != "any")
    some = near.with_columns(some=((pl.col("mode") == "any").any().not_() & (own.n_unique() < len(MODES))).over(GROUP))[
        "some"
    ]
    problem = f"give the factor for all of {', '.join(MODES)}, or a row for any mode"
    first = near.select(pl.int_range(pl.len()).over(GROUP) == 0).to_series()
    _mark(wrong, text, some & first, "mode", problem)


def _table(typed: pl.DataFrame, name: str, wrong: list[Wrong]) -> UserTable:
    begin = pl.coalesce("speed_from_kmh", "speed_kmh", "v_min_kmh")
    order = typed.with_columns(begin=begin).sort("begin", maintain_order=True)
    grouped = (
        order.group_by(CURVE, maintain_order=True)
        .agg(
            pl.col("form", "source", "year").first(),
            pl.col("row").min(),
            (pl.col("begin") > pl.col("speed_to_kmh").shift()).sum().cast(pl.Int64).alias("gaps"),
            pl.col("begin").alias("x"),
            pl.col("ef_g_per_km").alias("y"),
            pl.col("speed_to_kmh").last().alias("end"),
            *(pl.col(c).fill_null(0.0).first() for c in COEFFICIENTS),
        )
        .sort("row")
    )
    x, y, counts = [], [], []
    for form, begins, values, end in grouped.select("form", "x", "y", "end").iter_rows():
        at, of = _points(form, begins, values, end)
        x.append(at)
        y.append(of)
        counts.append(at.size)
    coefficients = np.ascontiguousarray(grouped.select(COEFFICIENTS).to_numpy().astype(np.float64))
    rational = np.flatnonzero((grouped["form"] == "rational").to_numpy())
    rows = grouped["row"].to_list()
    found: list[Bridge] = []
    for i in rational.tolist():
        problem, bridges = _bridges(coefficients[i], i)
        found += bridges
        if problem:
            wrong.append((rows[i], "h", "", problem))
    spans = np.array([[b.v_from_kmh, b.v_to_kmh, b.ef_from, b.ef_to] for b in found]).reshape(-1, 4)
    packed, offsets = bridge_arrays([b.row for b in found], spans, grouped.height)
    return UserTable(
        name=name,
        keys=grouped.select(*CURVE, "form", "gaps", "source", "year", "row"),
        x_kmh=np.concatenate(x),
        y=np.concatenate(y),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        coefficients=coefficients,
        bridges=packed,
        bridge_offsets=offsets,
    )


def _points(
    form: str, begins: list[float], values: list[float], end: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the break points of a curve; a step is a speed that comes twice."""
    if form == "rational":
        return np.zeros(0), np.zeros(0)
    x, y = np.array(begins), np.array(values)
    if form == "points":
        return x, y
    return np.r_[x[0], np.repeat(x[1:], 2), end], np.repeat(y, 2)


def _bridges(row: NDArray[np.float64], number: int) -> tuple[str, list[Bridge]]:
    """Return what is wrong with a rational curve ("" if nothing) and its bridges."""
    if not np.any(row[[curves.E, curves.Z, curves.H]]):
        return "the denominator is zero", []
    if row[curves.D] != 0.0 and row[curves.V_MIN] == 0.0:
        return "d / v cannot be evaluated at 0 km/h: raise v_min_kmh", []
    try:
        return "", bridge_row(row, number) if offending_roots(row) else []
    except ValueError:
        return "the denominator has a zero in the range of speeds that cannot be bridged", []


def _stop(wrong: list[Wrong], path: Path | str) -> None:
    if not wrong:
        return
    wrong.sort(key=lambda one: one[0])
    row, column, value, problem = wrong[0]
    if len(wrong) == 1:
        raise InputError(problem, "Correct the cell.", path, row, column, value)
    shown = "; ".join(f"row {r}, column {c}: {p} (found: {v!r})" for r, c, v, p in wrong[:MOST_ERRORS])
    more = f"; and {len(wrong) - MOST_ERRORS} more" if len(wrong) > MOST_ERRORS else ""
    raise InputError(f"{len(wrong)} cells are wrong: {shown}{more}", "Correct the cells.", path, row, column, value)
