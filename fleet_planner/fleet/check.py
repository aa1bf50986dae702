"""Find what is wrong in a registry, cell by cell, from the data dictionary and a few cross rules."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.fleet.dates import earliest_years
from fleet_planner.fleet.forms.convert import IMPORTED
from fleet_planner.fleet.numbers import ambiguous, numbers
from fleet_planner.fleet.translate import CERTIFIED, with_own_words
from fleet_planner.fleet.vocabulary import ELECTRICITY, ZERO_EMISSION, Words, as_built, words
from fleet_planner.tables import ColumnSpec, columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REJECTED = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "remedy": pl.String,
}
KEY = ("category", "fuel", "segment", "standard", "aftertreatment")
VKT = pl.col("km_per_year") * pl.col("share_inside") * pl.col("count")
READABLE = (pl.col("km_per_year") >= 0) & pl.col("share_inside").is_between(0, 1) & (pl.col("count") >= 0)
VISITING = "visiting_"
EARLY_YEARS = 5
"""Makers meet a standard at most so many years before the first region asks for it."""


def check_registry(
    raw: pl.DataFrame, path: Path, base_year: int, *, region: str = "", decimal_comma: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Split a registry into typed good rows and the wrong cells of the others.

    Parameters
    ----------
    raw
        From `read_registry`.
    path
        For the messages.
    base_year
        A model year more than one year later is impossible.
    region
        Whose steps a standard in the words of other regions means first.
    decimal_comma
        The file may write decimals with a comma, so that 12.500 can mean twelve thousand.

    Returns
    -------
    good
        Columns of ``tables/columns/registry.csv`` with their types, ``row``, and ``standard_map`` (see
        `translate.with_own_words`).
    rejected
        ``tables/columns/rejected.csv``; a row may have several wrong cells.
    lost
        The typed rows that were rejected, as far as their cells can be read.
    """
    typed, bad = _typed(raw, decimal_comma=decimal_comma)
    typed = with_own_words(typed, region)
    bad += _cross_checks(raw, typed, base_year)
    bad += _of_certificates(typed, [*_word_checks(typed), too_early(typed)])
    rejected = rejected_cells(bad, path)
    bad_row = pl.col("row").is_in(rejected["row"].unique().implode())
    return typed.filter(~bad_row), rejected, typed.filter(bad_row)


def _of_certificates(typed: pl.DataFrame, bad: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Say ``certification`` where a wrong standard was one."""
    rows = typed.filter(CERTIFIED)["row"]
    if rows.is_empty():
        return bad
    wrong = (pl.col("column") == "standard") & pl.col("row").is_in(rows.implode())
    return [part.with_columns(column=pl.when(wrong).then(pl.lit("certification")).otherwise("column")) for part in bad]


def too_early(typed: pl.DataFrame) -> pl.DataFrame:
    """List vehicles of a standard that no region had yet: ``row, column, value, reason, remedy``."""
    first = earliest_years()
    found = typed.select("row", "category", "standard", "model_year").join(
        first, on=["category", "standard"], how="left", maintain_order="left"
    )
    return found.filter(pl.col("model_year") < pl.col("first_year") - EARLY_YEARS).select(
        "row",
        pl.lit("standard").alias("column"),
        pl.format("{} in {}", "standard", "model_year").alias("value"),
        pl.format("no region had this standard before {}", "first_year").alias("reason"),
        pl.lit("Correct the standard or the model year, or leave the standard empty.").alias("remedy"),
    )


def rejected_cells(parts: list[pl.DataFrame], path: Path) -> pl.DataFrame:
    """Return wrong cells (``row, column, value, reason, remedy``) as one table sorted by row, with the file."""
    some = [part for part in parts if part.height]
    table = pl.concat(some) if some else pl.DataFrame(schema=REJECTED).drop("file")
    order = table.sort("row", maintain_order=True)
    return order.select(pl.lit(str(path)).alias("file"), *list(REJECTED)[1:])


def lost_share(good: pl.DataFrame, lost: pl.DataFrame, rows: int) -> float:
    """Return the share of the vehicle-km in the lost rows.

    Where the distance cannot be read, that of as many mean good vehicles counts; where not even their number can, that
    of a mean good row. ``rows`` is the number of rows that ``good`` stands for.
    """
    if lost.is_empty():
        return 0.0
    kept, number = good.select(VKT.sum().alias("km"), pl.col("count").sum()).row(0)
    a_row = kept / rows if rows else 1.0
    a_vehicle = kept / number if number else 1.0
    by_number = pl.when(pl.col("count") >= 0).then(pl.col("count") * a_vehicle).otherwise(a_row)
    gone = float(lost.select(pl.when(READABLE).then(VKT).otherwise(by_number).sum()).item())
    return gone / (gone + kept) if gone + kept > 0.0 else lost.height / (lost.height + rows)


def _typed(raw: pl.DataFrame, *, decimal_comma: bool) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Cast the cells and list those that break the dictionary."""
    out = [raw["row"]]
    bad: list[pl.DataFrame] = []
    for spec in columns("registry"):
        name = spec.column
        text = raw[name] if name in raw.columns else pl.Series(name, [None] * raw.height, pl.String)
        filled = text.fill_null(spec.default) if spec.default else text
        value = (
            filled
            if spec.type == "text"
            else numbers(filled, whole=spec.type == "integer", decimal_comma=decimal_comma)
        )
        if spec.required:
            bad.append(_cells(raw, text, text.is_null(), "a value is needed", f"Fill it in: {spec.description}."))
        unread = filled.is_not_null() & value.is_null()
        if unread.any():
            two = (
                unread
                & text.to_frame()
                .select(ambiguous(pl.col(name), decimal_comma=decimal_comma).fill_null(value=False))
                .to_series()
            )
            bad += _unread(raw, text, unread, two, spec)
        if spec.allowed:
            bad.append(_allowed(raw, text, value, spec))
        out.append(value.alias(name))
    if IMPORTED in raw.columns:
        out.append(raw[IMPORTED])
    return pl.DataFrame(out), bad


def _unread(
    raw: pl.DataFrame, text: pl.Series, unread: pl.Series, two: pl.Series, spec: ColumnSpec
) -> list[pl.DataFrame]:
    kind = "whole number" if spec.type == "integer" else spec.type
    clear = "Write it with a decimal point and without separators of thousands."
    return [
        _cells(raw, text, two, "this can mean thousands or decimals", clear),
        _cells(raw, text, unread & ~two, f"not a {kind}", f"Write a {kind}, such as {2020 if 'year' in kind else 12}."),
    ]


def _allowed(raw: pl.DataFrame, text: pl.Series, value: pl.Series, spec: ColumnSpec) -> pl.DataFrame:
    if ".." in spec.allowed:
        low, _, high = spec.allowed.partition("..")
        wrong = value.is_null() & value.is_not_null()
        if low:
            wrong = wrong | (value < float(low)).fill_null(value=False)
        if high:
            wrong = wrong | (value > float(high)).fill_null(value=False)
        reason = f"outside {low} to {high} {spec.unit}".strip()
        return _cells(raw, text, wrong, reason, f"Write a value from {low} to {high} {spec.unit}".strip() + ".")
    allowed = spec.allowed.split("|")
    wrong = value.is_not_null() & ~value.is_in(allowed)
    return _cells(raw, text, wrong, "not an allowed word", f"Use one of {', '.join(allowed)}.")


def _cells(raw: pl.DataFrame, text: pl.Series, wrong: pl.Series, reason: str, remedy: str) -> pl.DataFrame:
    picked = pl.DataFrame([raw["row"], text.alias("value")]).filter(wrong)
    return picked.select(
        "row",
        pl.lit(text.name).alias("column"),
        pl.col("value").fill_null(""),
        pl.lit(reason).alias("reason"),
        pl.lit(remedy).alias("remedy"),
    )


def _cross_checks(raw: pl.DataFrame, typed: pl.DataFrame, base_year: int) -> list[pl.DataFrame]:
    """List what is wrong between columns, apart from the words of the technology."""
    known = words()
    mass = pl.col("gross_mass_kg")
    low = pl.col("category").replace_strict({c: w.mass_kg[0] for c, w in known.items()}, default=None)
    high = pl.col("category").replace_strict({c: w.mass_kg[1] for c, w in known.items()}, default=None)
    one = pl.any_horizontal(
        (pl.col("category") == c) & pl.col("fuel").is_in(w.fuels_of_one_segment) for c, w in known.items()
    )
    heavy = pl.col("category").is_in([c for c, w in known.items() if w.needs_mass])
    unclear = heavy & pl.col("segment").is_null() & mass.is_null() & ~one
    late = f"later than the base year {base_year} allows"
    rules: list[tuple[pl.Expr, str, str, str]] = [
        (pl.col("model_year") > base_year + 1, "model_year", late, "Correct the year, or the plan's base year."),
        (unclear, "gross_mass_kg", "needed where the segment is empty", "Give the gross mass or the segment."),
        (
            pl.col("stream").str.starts_with(VISITING),
            "stream",
            "visiting vehicles come from the plan, not from the registry",
            "Use the stream without visiting_, or leave the row out and set fleet.visiting_share.",
        ),
    ]
    for category, word in known.items():
        mine = pl.col("category") == category
        span = f"Correct the mass ({word.mass_kg[0]:g} to {word.mass_kg[1]:g} kg here) or the category."
        rules.append((mine & (mass < low), "gross_mass_kg", f"too light for the category {category}", span))
        rules.append((mine & (mass > high), "gross_mass_kg", f"too heavy for the category {category}", span))
    masks = typed.select(rule.fill_null(value=False).alias(str(n)) for n, (rule, *_) in enumerate(rules))
    out = []
    for n, (_, column, reason, remedy) in enumerate(rules):
        if masks[str(n)].any():
            text = raw[column] if column in raw.columns else pl.Series(column, [None] * raw.height, pl.String)
            out.append(_cells(raw, text, masks[str(n)], reason, remedy))
    return out


def same_ids(ids: pl.DataFrame) -> pl.DataFrame:
    """List the rows whose id stands more than once: ``row, column, value, reason, remedy``.

    Parameters
    ----------
    ids
        ``row, vehicle_id`` of the whole registry; ids that are null are not told here.
    """
    code = ids["vehicle_id"].hash()
    same = ids.filter(code.is_duplicated() & ids["vehicle_id"].is_not_null())
    same = same.filter(pl.col("vehicle_id").is_duplicated())  # equal hashes are not yet equal ids
    return same.select(
        "row",
        pl.lit("vehicle_id").alias("column"),
        pl.col("vehicle_id").alias("value"),
        pl.format("the same id stands more than once, first in row {}", pl.col("row").min().over("vehicle_id")).alias(
            "reason"
        ),
        pl.lit("Give each vehicle or group its own id.").alias("remedy"),
    )


def _word_checks(typed: pl.DataFrame) -> list[pl.DataFrame]:
    """List the words of a technology that do not fit its category; each distinct technology is looked at once."""
    keys = typed.select(pl.col(KEY).fill_null("")).unique()
    known = words()
    faults = [(*key, *fault) for key in keys.iter_rows() for fault in _faults(key, known)]
    if not faults:
        return []
    table = pl.DataFrame(faults, schema=[*KEY, "column", "reason", "remedy"], orient="row")
    rows = typed.select("row", pl.col(KEY).fill_null(""))
    return [
        rows.join(table.filter(pl.col("column") == column), on=list(KEY), how="inner", maintain_order="left").select(
            "row", "column", pl.col(column).alias("value"), "reason", "remedy"
        )
        for column in table["column"].unique().sort()
    ]


def _faults(key: tuple[str, str, str, str, str], known: dict[str, Words]) -> Iterator[tuple[str, str, str]]:
    """Yield the column, reason and remedy of each word of a `KEY` that does not fit.

    Unknown categories and fuels are told by the dictionary's own check.
    """
    category, fuel, segment, standard, aftertreatment = key
    if category not in known:
        return
    word = known[category]
    if fuel not in word.fuels and any(fuel in other.fuels for other in known.values()):
        yield (
            "fuel",
            f"the factor tables have no {category} on this fuel",
            _choice(fuel, word.fuels),
        )
    if segment and segment not in word.segments:
        yield "segment", f"this segment is unknown for the category {category}", _choice(segment, word.segments)
    standards = (ZERO_EMISSION,) if fuel == ELECTRICITY else word.standards
    if standard and standard not in standards:
        reason = f"this standard is unknown for the category {category} on {fuel}"
        yield "standard", reason, _choice(standard, standards, ", a step of `factors map`, or leave it empty")
    built = ("none",) if fuel == ELECTRICITY else word.aftertreatments
    if aftertreatment and as_built(aftertreatment) not in built:
        reason = f"this aftertreatment is unknown for the category {category} on {fuel}"
        yield "aftertreatment", reason, _choice(aftertreatment, built, ", or leave it empty")


def _choice(found: str, allowed: tuple[str, ...], end: str = "") -> str:
    near = get_close_matches(found, allowed, n=1, cutoff=0.6)
    first = f"Did you mean {near[0]}? " if near else ""
    return f"{first}Use one of {', '.join(allowed)}{end}."
