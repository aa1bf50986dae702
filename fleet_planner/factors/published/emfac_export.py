"""Turn EMFAC's own export of emission rates into the form of user factors: cars, light trucks, trucks and buses.

The export begins with lines about the run, then has one row per region, calendar year, vehicle category, model year,
speed and fuel; running exhaust in g per mile at the upper end of a bin of 5 mph. Model years are gathered into the
Euro standards that they answer to (heavy vehicles by ``us_bus_standard_years.csv``, light ones by the dates that a
registry is read with, ``standards_us.csv``), categories into segments (``emfac_category_map.csv``), both weighted by
the miles driven where the export has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.processes.fuels import load_fuels
from fleet_planner.factors.published.us_buses import standard_model_years
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.reference import reference_table
from fleet_planner.units import KM_PER_MILE

if TYPE_CHECKING:
    from pathlib import Path

RATES = {
    "CO_RUNEX": "CO",
    "NOx_RUNEX": "NOx",
    "TOG_RUNEX": "VOC",
    "PM2.5_RUNEX": "PM_exhaust",
    "CH4_RUNEX": "CH4",
    "N2O_RUNEX": "N2O",
    "CO2_RUNEX": "energy_MJ",
}
"""Columns of the export and our pollutants; TOG includes methane as VOC does; energy follows from CO2 and the fuel."""

FUELS = {"gasoline": "petrol", "gas": "petrol", "diesel": "diesel", "dsl": "diesel", "natural gas": "cng", "ng": "cng"}
NEEDED = ("Calendar Year", "Vehicle Category", "Model Year", "Speed", "Fuel")
MILES = ("VMT", "Total VMT")
"""Column of the miles driven: EMFAC2017, EMFAC2021."""

HEAVY, LIGHT = ("heavy_truck", "bus"), ("passenger_car", "light_commercial")
FIRST_MODEL_YEAR, LAST_MODEL_YEAR = 1900, 2100
BIN_MPH = 5.0
AGGREGATE = "aggregate"


@dataclass(frozen=True)
class Imported:
    """User factors and what was left out.

    Parameters
    ----------
    factors
        Columns of ``tables/columns/user_factors.csv`` that are filled.
    skipped
        ``what, rows``: categories, fuels, speeds and model years that have no place here.
    """

    factors: pl.DataFrame
    skipped: pl.DataFrame


def read_emfac_export(path: Path) -> Imported:
    """Read an export of emission rates.

    Raises
    ------
    InputError
        The file is no such export, a cell is no number, or nothing in it is a truck or bus with speeds.
    """
    table = _table(path)
    known = pl.DataFrame(
        [(c, *_place(c)) for c in table["Vehicle Category"].unique().sort()],
        schema={"Vehicle Category": pl.String, "category": pl.String, "segments": pl.String},
        orient="row",
    )
    rows = (
        table.join(known, on="Vehicle Category", how="left", maintain_order="left")
        .with_columns(
            fuel=pl.col("Fuel").str.to_lowercase().replace_strict(FUELS, default=None, return_dtype=pl.String),
            mph=_number(table, "Speed", path),
            model_year=_number(table, "Model Year", path).cast(pl.Int64, strict=False),  # no year: told as passed over
        )
        .join(_standards(), on=["category", "model_year"], how="left", maintain_order="left")
    )
    aggregate = pl.col("Model Year").str.to_lowercase() == AGGREGATE
    problems = (
        pl.when(pl.col("category").is_null())
        .then(pl.format("category {}", "Vehicle Category"))
        .when(pl.col("fuel").is_null())
        .then(pl.format("fuel {}", "Fuel"))
        .when(pl.col("mph").is_null())
        .then(pl.lit("no speed"))
        .when(~aggregate & pl.col("standard").is_null())
        .then(pl.format("model year {}", "Model Year"))
        .otherwise(pl.lit(""))
    )
    marked = rows.with_columns(what=problems)
    used = marked.filter(pl.col("what") == "")
    if used.is_empty():
        raise InputError(
            "no row is a car, light truck, truck or bus with a speed",
            "Export emission rates by speed.",
            file=path,
        )
    skipped = marked.filter(pl.col("what") != "").group_by("what").agg(pl.len().alias("rows")).sort("what")
    return Imported(_factors(used, path), skipped)


def _standards() -> pl.DataFrame:
    """Return ``category, model_year, standard``: the Euro standards that American model years answer to."""
    spans = standard_model_years()
    years = [
        (category, year, standard)
        for category in HEAVY
        for standard, (low, high) in spans.items()
        for year in range(low, high + 1)
    ]
    for category in LIGHT:
        dated = reference_table("standards_us.csv").filter(pl.col("vehicle_group") == category).sort("first_model_year")
        firsts = [*dated.select("standard", "first_model_year").iter_rows(), ("", LAST_MODEL_YEAR + 1)]
        for (standard, first), (_, following) in pairwise(firsts):
            years += [(category, year, standard) for year in range(max(first, FIRST_MODEL_YEAR), following)]
    return pl.DataFrame(
        years, schema={"category": pl.String, "model_year": pl.Int64, "standard": pl.String}, orient="row"
    )


def _table(path: Path) -> pl.DataFrame:
    """Return the export's table as text, without the lines before its header."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except TABLE_FAULTS as error:
        raise InputError(f"the export cannot be read: {error}", "Give the CSV file of EMFAC.", file=path) from error
    header = next((i for i, line in enumerate(lines) if all(c in line for c in NEEDED)), None)
    if header is None:
        raise InputError(
            "this is no export of EMFAC's emission rates", f"Its header has {', '.join(NEEDED)}.", file=path
        )
    try:
        table = pl.read_csv(StringIO("\n".join(lines[header:])), infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError(f"the export is damaged: {error}", "Export it again.", file=path) from error
    for column in NEEDED:
        if column not in table.columns:
            raise InputError("a column is missing", "Export it again.", file=path, row=header + 1, column=column)
    if not set(RATES) & set(table.columns):
        raise InputError("the export has no running exhaust", f"Export {', '.join(RATES)}.", file=path)
    words = pl.col("Vehicle Category", "Fuel", "Model Year").fill_null("")
    return table.with_columns(pl.all().str.strip_chars()).with_columns(
        words, row=pl.int_range(header + 2, header + 2 + pl.len())
    )


def _place(category: str) -> tuple[str | None, str | None]:
    """Return our category and segments of an EMFAC category: the first row of the map whose pattern fits."""
    for row in reference_table("emfac_category_map.csv").iter_rows(named=True):
        if fnmatchcase(category, row["emfac_category"]):
            return row["category"], row["segments"]
    return None, None


def _number(table: pl.DataFrame, column: str, path: Path) -> pl.Series:
    """Return a column of numbers; null for "Aggregate"."""
    text = table[column]
    number = text.cast(pl.Float64, strict=False)
    bad = table.filter(
        ~number.is_finite().fill_null(value=False) & (text.fill_null("") != "") & (text.str.to_lowercase() != AGGREGATE)
    )
    if bad.height:
        raise InputError(
            "not a number", "Export it again.", file=path, row=int(bad["row"][0]), column=column, value=bad[column][0]
        )
    return number


def _factors(used: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the mean rates of each segment, fuel, standard and bin, g/km, weighted by miles driven."""
    fuels = load_fuels(0.0, 0.0)
    carbon = {fuel: fuels.fossil_co2[fuel] for fuel in set(FUELS.values())}
    years = _number(used, "Calendar Year", path).unique().sort().to_list()
    if len(years) > 1:
        raise InputError(
            f"the export has several calendar years: {', '.join(f'{y:g}' for y in years)}",
            "Export one year.",
            file=path,
            column="Calendar Year",
        )
    driven = next((c for c in MILES if c in used.columns), None)
    miles = _number(used, driven, path) if driven else pl.Series([1.0] * used.height)
    parts = []
    for column, pollutant in RATES.items():
        if column not in used.columns:
            continue
        rate = _number(used, column, path) / KM_PER_MILE
        frame = used.with_columns(rate=rate, weight=miles.fill_null(0.0)).with_columns(pollutant=pl.lit(pollutant))
        if pollutant == "energy_MJ":
            per_mj = pl.col("fuel").replace_strict(carbon, return_dtype=pl.Float64)
            frame = frame.with_columns(rate=pl.col("rate") / per_mj)
        parts.append(frame.filter(pl.col("rate").is_not_null() & (pl.col("weight") > 0.0)))
    keys = ["category", "fuel", "segment", "standard", "pollutant", "mph"]
    year = int(years[0])
    return (
        pl.concat(parts)
        .with_columns(segment=pl.col("segments").str.split("|"))
        .explode("segment")
        .group_by(keys)
        .agg(((pl.col("rate") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("ef_g_per_km"))
        .sort(keys)
        .select(
            "category",
            "fuel",
            "segment",
            "standard",
            "pollutant",
            speed_from_kmh=(pl.col("mph") - BIN_MPH) * KM_PER_MILE,
            speed_to_kmh=pl.col("mph") * KM_PER_MILE,
            ef_g_per_km="ef_g_per_km",
            source=pl.lit(f"EMFAC emission rates, {path.name}, calendar year {year}"),
            year=pl.lit(year),
        )
    )
