"""Find what is wrong in a registry, cell by cell, from the data dictionary and a few cross rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS
from fleet_planner.tables import ColumnSpec, columns

if TYPE_CHECKING:
    from pathlib import Path

REJECTED = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
    "remedy": pl.String,
}
HEAVY = ("heavy_truck", "bus")
HEAVY_MIN_MASS_KG = 3500.0
LIGHT_MAX_MASS_KG = 5000.0


def check_registry(raw: pl.DataFrame, path: Path, base_year: int) -> tuple[pl.DataFrame, pl.DataFrame, float]:
    """Split a registry into typed good rows and the wrong cells of the others.

    Parameters
    ----------
    raw
        From `read_registry`.
    path
        For the messages.
    base_year
        A model year more than one year later is impossible.

    Returns
    -------
    good
        Columns of ``tables/columns/registry.csv`` with their types, and ``row``.
    rejected
        ``file, row, column, value, reason, remedy``; a row may have several wrong cells.
    rejected_vkt_share
        Share of the vehicle-km in rejected rows.
    """
    typed, bad = _typed(raw)
    for wrong in _cross_checks(typed, base_year):
        bad.append(wrong)
    rejected = pl.concat(bad) if bad else pl.DataFrame(schema=REJECTED).drop("file")
    rejected = rejected.sort("row", maintain_order=True).select(pl.lit(str(path)).alias("file"), *list(REJECTED)[1:])
    bad_row = pl.col("row").is_in(rejected["row"].unique().implode())
    good = typed.filter(~bad_row)
    return good, rejected, _lost_share(good, typed.filter(bad_row))


def _lost_share(good: pl.DataFrame, lost: pl.DataFrame) -> float:
    """Return the share of the vehicle-km in the lost rows; where it cannot be read, that of a mean good row."""
    if lost.is_empty():
        return 0.0
    vkt = pl.col("km_per_year") * pl.col("share_inside") * pl.col("count")
    kept = good.select(vkt.sum()).item() or 0.0
    mean = kept / good.height if good.height else 1.0
    readable = pl.when((pl.col("km_per_year") >= 0) & pl.col("share_inside").is_between(0, 1) & (pl.col("count") >= 0))
    gone = float(lost.select(readable.then(vkt).otherwise(None).fill_null(mean).sum()).item())
    return gone / (gone + kept) if gone + kept > 0.0 else lost.height / (lost.height + good.height)


def _typed(raw: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Cast the cells and list those that break the dictionary."""
    out = [raw["row"]]
    bad: list[pl.DataFrame] = []
    for spec in columns("registry"):
        text = (
            raw[spec.column] if spec.column in raw.columns else pl.Series(spec.column, [None] * raw.height, pl.String)
        )
        filled = text.fill_null(spec.default) if spec.default else text
        value = _cast(filled, spec)
        if spec.required:
            bad.append(_cells(raw, text, text.is_null(), spec.column, "a value is needed", "Fill it in."))
        unread = filled.is_not_null() & value.is_null()
        kind = "whole number" if spec.type == "integer" else spec.type
        bad.append(_cells(raw, text, unread, spec.column, f"not a {kind}", f"Write a {kind}, such as 12000."))
        if spec.allowed:
            bad.append(_allowed(raw, text, value, spec))
        out.append(value.alias(spec.column))
    return pl.DataFrame(out), [b for b in bad if b.height]


def _cast(text: pl.Series, spec: ColumnSpec) -> pl.Series:
    if spec.type == "text":
        return text
    number = text.str.replace_all(",", "").cast(pl.Float64, strict=False)
    number = number.set(~number.is_finite().fill_null(value=False), None)
    if spec.type == "integer":
        whole = (number == number.round()).fill_null(value=False)
        return number.set(~whole, None).cast(pl.Int32, strict=False)
    return number


def _allowed(raw: pl.DataFrame, text: pl.Series, value: pl.Series, spec: ColumnSpec) -> pl.DataFrame:
    if ".." in spec.allowed:
        low, _, high = spec.allowed.partition("..")
        wrong = pl.Series([False] * value.len())
        if low:
            wrong = wrong | (value < float(low)).fill_null(value=False)
        if high:
            wrong = wrong | (value > float(high)).fill_null(value=False)
        return _cells(
            raw,
            text,
            wrong,
            spec.column,
            f"outside {low} to {high} {spec.unit}".strip(),
            "Correct the value.",
        )
    words = spec.allowed.split("|")
    wrong = value.is_not_null() & ~value.is_in(words)
    return _cells(raw, text, wrong, spec.column, "not an allowed word", f"Use one of {', '.join(words)}.")


def _cells(raw: pl.DataFrame, text: pl.Series, wrong: pl.Series, column: str, reason: str, remedy: str) -> pl.DataFrame:
    picked = raw.select("row").with_columns(value=text).filter(wrong)
    return picked.select(
        "row",
        pl.lit(column).alias("column"),
        pl.col("value").fill_null(""),
        pl.lit(reason).alias("reason"),
        pl.lit(remedy).alias("remedy"),
    )


def _cross_checks(typed: pl.DataFrame, base_year: int) -> list[pl.DataFrame]:
    heavy = pl.col("category").is_in(HEAVY)
    light = pl.col("category").is_in(["passenger_car", "light_commercial"])
    standards = pl.when(heavy).then(pl.lit("heavy")).otherwise(pl.lit("light"))
    known = (
        pl.when(pl.col("fuel") == "electricity")
        .then((pl.col("standard") == "zero_emission") | pl.col("standard").is_null())
        .when(standards == "heavy")
        .then(pl.col("standard").is_in(HEAVY_STANDARDS))
        .otherwise(pl.col("standard").is_in(LIGHT_STANDARDS))
    )
    segment_missing = heavy & pl.col("segment").is_null() & pl.col("gross_mass_kg").is_null()
    own_segment = pl.col("fuel").is_in(["cng", "lng", "petrol", "biodiesel", "diesel_hybrid"])
    same_id = pl.col("vehicle_id").is_not_null() & pl.col("vehicle_id").is_duplicated()
    mass = "Correct the mass or the category."
    words = "Use the guidebook's words, such as euro_V (heavy) or euro_5 (light), or leave it empty."
    too_new = f"later than the base year {base_year} allows"
    rules: list[tuple[pl.Expr, str, str, str]] = [
        (same_id, "vehicle_id", "the same id stands more than once", "Give each vehicle or group its own id."),
        (pl.col("model_year") > base_year + 1, "model_year", too_new, "Correct the year, or the plan's base year."),
        (pl.col("standard").is_not_null() & ~known, "standard", "this standard is unknown for the category", words),
        (
            heavy & (pl.col("gross_mass_kg") < HEAVY_MIN_MASS_KG),
            "gross_mass_kg",
            "too light for a heavy vehicle (below 3,500 kg)",
            mass,
        ),
        (
            light & (pl.col("gross_mass_kg") > LIGHT_MAX_MASS_KG),
            "gross_mass_kg",
            "too heavy for a car or van (above 5,000 kg)",
            mass,
        ),
        (
            segment_missing & ~own_segment,
            "gross_mass_kg",
            "needed where the segment is empty",
            "Give the gross mass or the segment.",
        ),
    ]
    out = []
    for wrong, column, reason, remedy in rules:
        picked = typed.filter(wrong.fill_null(value=False))
        if picked.height:
            out.append(
                picked.select(
                    "row",
                    pl.lit(column).alias("column"),
                    pl.col(column).cast(pl.String).fill_null("").alias("value"),
                    pl.lit(reason).alias("reason"),
                    pl.lit(remedy).alias("remedy"),
                )
            )
    return out
