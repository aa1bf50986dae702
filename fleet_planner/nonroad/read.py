"""Read and check a registry of machines; every wrong cell is told with row, column, value and remedy."""

from __future__ import annotations

import io
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.fleet.check import rejected_cells
from fleet_planner.fleet.numbers import numbers
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.nonroad.stages import (
    UNREGULATED,
    before_stages,
    dated_regions,
    dated_stage,
    first_years,
    nearest_with_factors,
    plain,
    stage_words,
    with_power_class,
)
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.tables import ColumnSpec

TABLE = "machines"
ENCODINGS = ("utf-8-sig", "gb18030")
SEPARATORS = ",;\t"
ELECTRICITY = "electricity"
ZERO = "zero_emission"
BY_YEAR, BY_WORD, GIVEN = "year", "word", "given"
SAME_PLACE_DEGREES = 1e-4
"""Rows of one site may differ by so much, about ten metres."""


def read_machines(path: Path) -> pl.DataFrame:
    """Read a registry of machines as text.

    Parameters
    ----------
    path
        CSV, UTF-8 or GBK, separated by comma, semicolon or tab; headers in English or Chinese.

    Returns
    -------
    The known columns as text, null where a cell is empty or the column absent, and ``row`` (the header is row 1).

    Raises
    ------
    InputError
        The file cannot be read, has no row, has an unknown column or lacks a needed one.
    """
    if not path.is_file():
        raise InputError("there is no such registry of machines", "Check nonroad.file in the plan.", file=path)
    text = _decoded(path)
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    try:
        raw = pl.read_csv(io.BytesIO(text.encode()), separator=separator, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError(
            f"the registry of machines is no table ({first_line(error)})",
            "Save it as CSV with one header row and as many cells in every row.",
            file=path,
        ) from error
    if raw.is_empty():
        raise InputError("the registry of machines has no row", "Add a machine, or leave nonroad.file out.", file=path)
    return _known_columns(raw, path)


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", "Check its permissions.", file=path) from error
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("the file is neither UTF-8 nor GBK text", "Save it as UTF-8 CSV.", file=path)


def _known_columns(raw: pl.DataFrame, path: Path) -> pl.DataFrame:
    specs = columns(TABLE)
    titles = {spec.title_zh: spec.column for spec in specs}
    names = {name: titles.get(name.strip(), name.strip()) for name in raw.columns}
    for new in names.values():
        if list(names.values()).count(new) > 1:
            raise InputError("a column stands twice in the header", "Remove one.", file=path, row=1, column=new)
    frame = raw.rename(names)
    known = [spec.column for spec in specs]
    for name in frame.columns:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            remedy = f"Did you mean {near[0]}? " if near else ""
            raise InputError(
                "unknown column", f"{remedy}Use {', '.join(known)}.", file=path, row=1, column=name or "(no name)"
            )
    for spec in specs:
        if spec.required and spec.column not in frame.columns:
            remedy = f"Add {spec.column}: {spec.description}."
            raise InputError("a needed column is missing", remedy, file=path, row=1, column=spec.column)
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in known if name not in frame.columns]
    cells = frame.with_columns(absent).select(known).select(pl.all().str.strip_chars().replace("", None))
    numbered = cells.select(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"), pl.all())
    return numbered.filter(pl.any_horizontal(pl.exclude("row").is_not_null()))


def check_machines(raw: pl.DataFrame, path: Path, base_year: int, region: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split machines into typed good rows and the wrong cells of the others.

    Parameters
    ----------
    raw
        From `read_machines`.
    path
        For the messages.
    base_year
        A model year more than one year later is impossible.
    region
        Whose dates of stages hold for machines without a stage.

    Returns
    -------
    machines
        Columns of ``tables/columns/machines.csv`` with their types, and ``row, stream, power_class, stage_rule``;
        ``stage`` is one with factors, ``stage_asked`` the one that the row has or follows from its year;
        ``hours_defaulted`` and ``load_defaulted`` say where the category's own were taken.
    rejected
        ``tables/columns/rejected.csv``.
    """
    words = _category_words()
    text = raw.with_columns(
        category=pl.col("category").replace(words), fuel=pl.col("fuel").replace({"柴油": "diesel", "电": ELECTRICITY})
    )
    typed = text.select("row", *(_value(text, spec) for spec in columns(TABLE)))
    bad = [part for spec in columns(TABLE) for part in _cells(raw, typed, spec)]
    bad += _cross_checks(raw, typed, base_year, region)
    rejected = rejected_cells(bad, path)
    good = typed.filter(~pl.col("row").is_in(rejected["row"].unique().implode()))
    return _completed(good, region), rejected


def _category_words() -> dict[str, str]:
    return dict(reference_table("nonroad_categories.csv").select("title_zh", "category").iter_rows())


def _value(text: pl.DataFrame, spec: ColumnSpec) -> pl.Series:
    cell = text[spec.column].fill_null(spec.default) if spec.default else text[spec.column]
    if spec.type == "text":
        return cell
    return numbers(cell, whole=spec.type == "integer")


def _wrong(raw: pl.DataFrame, where: pl.Series, column: str, reason: str, remedy: str | pl.Series) -> pl.DataFrame:
    remedies = remedy if isinstance(remedy, pl.Series) else pl.repeat(remedy, raw.height, dtype=pl.String, eager=True)
    frame = raw.select("row", pl.lit(column).alias("column"), pl.col(column).fill_null("").alias("value"))
    full = frame.with_columns(pl.lit(reason).alias("reason"), remedies.alias("remedy"))
    return full.filter(where.fill_null(value=False))


def _cells(raw: pl.DataFrame, typed: pl.DataFrame, spec: ColumnSpec) -> list[pl.DataFrame]:
    """Return the cells of a column that break its own rule."""
    name, value = spec.column, typed[spec.column]
    out = []
    if spec.required:
        out.append(_wrong(raw, raw[name].is_null(), name, "a value is needed", f"Fill it in: {spec.description}."))
    if spec.type != "text":
        kind = "whole number" if spec.type == "integer" else "number"
        unread = raw[name].is_not_null() & value.is_null()
        out.append(_wrong(raw, unread, name, f"not a {kind}", "Write it with digits and a decimal point."))
        low, _, high = spec.allowed.partition("..")
        outside = ~value.is_between(float(low), float(high))
        reason = f"outside {low} to {high} {spec.unit}".strip()
        out.append(_wrong(raw, outside, name, reason, f"Write a value from {low} to {high} {spec.unit}".strip() + "."))
        return out
    known = _known_words(spec)
    if known:
        unknown = value.is_not_null() & ~value.is_in(list(known))
        advice = [_near(word, known) if wrong else "" for word, wrong in zip(value, unknown, strict=True)]
        out.append(_wrong(raw, unknown, name, f"unknown {spec.title_en.lower()}", pl.Series(advice, dtype=pl.String)))
    return out


def _known_words(spec: ColumnSpec) -> list[str]:
    if spec.column == "category":
        return reference_table("nonroad_categories.csv")["category"].to_list()
    return spec.allowed.split("|") if spec.allowed else []


def _near(word: str | None, known: list[str]) -> str:
    near = get_close_matches(word or "", known, n=1)
    return f"{f'Did you mean {near[0]}? ' if near else ''}Use one of {', '.join(known)}."


def _cross_checks(raw: pl.DataFrame, typed: pl.DataFrame, base_year: int, region: str) -> list[pl.DataFrame]:
    """Return the cells that contradict others."""
    year, electric = typed["model_year"], typed["fuel"] == ELECTRICITY
    stages = pl.Series(
        [stage_words().get(plain(w), (None, ""))[0] if w else None for w in typed["stage"]], dtype=pl.String
    )
    given = typed["stage"].is_not_null()
    unknown = given & stages.is_null()
    advice = [_near_stage(word) if wrong else "" for word, wrong in zip(typed["stage"], unknown, strict=True)]
    begun = stages.replace_strict(first_years(), default=None, return_dtype=pl.Int64)
    undated = region not in dated_regions()
    no_stage = ~given & ~electric
    twice = typed["machine_id"].is_duplicated() & typed["machine_id"].is_not_null()
    late = f"later than the base year {base_year} allows"
    return [
        _wrong(raw, twice, "machine_id", "the same id stands more than once", "Give each machine or group its own id."),
        _wrong(raw, year > base_year + 1, "model_year", late, "Correct the year, or the plan's base year."),
        _wrong(raw, unknown, "stage", "unknown stage", pl.Series(advice, dtype=pl.String)),
        _wrong(
            raw, given & electric, "stage", "an electric machine has no stage", "Leave it empty, or correct the fuel."
        ),
        _wrong(raw, year < begun, "model_year", "the stage did not exist then", "Correct the model year or the stage."),
        _wrong(raw, no_stage & year.is_null(), "stage", "neither stage nor model year", "Give one of them."),
        _wrong(
            raw,
            no_stage & year.is_not_null() & pl.repeat(undated, raw.height, eager=True),
            "stage",
            f"the dates of stages are not known for {region}",
            f"Give the stage, or set nonroad.country to one of {', '.join(dated_regions())}.",
        ),
        *_site_checks(raw, typed),
    ]


def _near_stage(word: str | None) -> str:
    known = reference_table("nonroad_stage_words.csv")["word"].to_list()
    near = get_close_matches(word or "", known, n=2, cutoff=0.5)
    return f"Use {' or '.join(near) if near else 'stage_I to stage_V, tier 1 to tier 4 final, or china 1 to china 4'}."


def _site_checks(raw: pl.DataFrame, typed: pl.DataFrame) -> list[pl.DataFrame]:
    """Return sites without a point, and rows that put a site elsewhere than its first row with a point does."""
    first = typed.select(
        pl.col(axis).drop_nulls().first().over("site").fill_null(float("nan")).alias(axis) for axis in ("lon", "lat")
    )
    none = first["lon"].is_nan() | first["lat"].is_nan()
    out = [_wrong(raw, none, "lon", "the site has no point", "Give lon and lat in one of the site's rows.")]
    for axis in ("lon", "lat"):
        away = (typed[axis] - first[axis]).abs() > SAME_PLACE_DEGREES
        remedy = "Give the site one point, or give the other place another name."
        out.append(_wrong(raw, away, axis, "the site lies elsewhere in an earlier row", remedy))
    return out


def _completed(good: pl.DataFrame, region: str) -> pl.DataFrame:
    """Fill in what the tables say: stream, power class, stage, hours, load, the site's point."""
    usual = reference_table("nonroad_categories.csv").select(
        "category",
        "stream",
        pl.col("hours_per_year").cast(pl.Float64).alias("usual_h"),
        pl.col("load_factor").alias("usual_load"),
    )
    frame = with_power_class(good).join(usual, on="category", how="left", maintain_order="left")
    keys = frame.select("stage", "power_class", "model_year", "fuel").iter_rows()
    stages = [_stage(word, power, year, fuel, region) for word, power, year, fuel in keys]
    schema = {"stage": pl.String, "stage_asked": pl.String, "stage_rule": pl.String}
    named = pl.DataFrame(stages, schema=schema, orient="row")
    filled = frame.with_columns(
        hours_defaulted=pl.col("hours_per_year").is_null(),
        load_defaulted=pl.col("load_factor").is_null(),
        hours_per_year=pl.coalesce("hours_per_year", "usual_h"),
        load_factor=pl.coalesce("load_factor", "usual_load"),
        **{axis: pl.col(axis).fill_null(pl.col(axis).drop_nulls().first().over("site")) for axis in ("lon", "lat")},
    )
    return pl.concat([filled.drop("usual_h", "usual_load", "stage"), named], how="horizontal")


def _stage(word: str | None, power_class: str, year: int | None, fuel: str, region: str) -> tuple[str, str, str]:
    """Return the stage with factors, the stage asked for, and where it is from."""
    if fuel == ELECTRICITY:
        return ZERO, ZERO, GIVEN
    if word:
        asked, foreign = stage_words()[plain(word)]
        if asked == UNREGULATED:
            asked = before_stages(year)
        rule = f"{BY_WORD} {foreign} {word}" if foreign else GIVEN
    else:
        assert year is not None
        asked, rule = dated_stage(power_class, year, region), f"{BY_YEAR} {region}"
    return nearest_with_factors(power_class, asked), asked, rule
