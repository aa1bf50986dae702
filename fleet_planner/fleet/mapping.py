"""Map registry rows to technologies: segment, standard, aftertreatment, each by a named rule."""

from __future__ import annotations

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table

REGION_FALLBACK = {"CN-BJ": "CN", "US-CA": "US"}
ANY_REGION = "*"
STANDARD_TABLES = (
    "standards.csv",
    "standards_china.csv",
    "standards_us.csv",
    "standards_chile.csv",
    "standards_more.csv",
)
STANDARD_COLUMNS = ("region", "vehicle_group", "fuel", "standard", "first_model_year", "checked")


def standards_table() -> pl.DataFrame:
    """Return the dates of all emission standards."""
    return pl.concat(
        [reference_table(name).select(STANDARD_COLUMNS) for name in STANDARD_TABLES], how="vertical_relaxed"
    )


def known_regions() -> list[str]:
    """Return the regions whose dates of standards are known."""
    return sorted(set(standards_table()["region"].unique().to_list()) - {ANY_REGION} | set(REGION_FALLBACK))


def with_segment(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill empty segments by mass and stream, then by the default of the category; add ``segment_rule``."""
    by_fuel = pl.col("segment")
    rule = pl.when(pl.col("segment").is_not_null()).then(pl.lit("given"))
    for row in reference_table("segment_defaults.csv").filter(pl.col("fuel").is_not_null()).iter_rows(named=True):
        fits = (pl.col("category") == row["category"]) & (pl.col("fuel") == row["fuel"])
        by_fuel = pl.when(by_fuel.is_null() & fits).then(pl.lit(row["segment"])).otherwise(by_fuel)
    out = rows.with_columns(segment_rule=rule.otherwise(None), segment=by_fuel)
    out = out.with_columns(
        segment_rule=pl.when(pl.col("segment_rule").is_null() & pl.col("segment").is_not_null())
        .then(pl.lit("fuel"))
        .otherwise(pl.col("segment_rule"))
    )
    mass = pl.lit(None, dtype=pl.String)
    for row in reversed(list(reference_table("segments.csv").iter_rows(named=True))):
        fits = (
            (pl.col("category") == row["category"])
            & (pl.col("gross_mass_kg") > row["mass_from_kg"])
            & (pl.col("gross_mass_kg") <= row["mass_to_kg"])
        )
        if row["streams"]:
            fits &= pl.col("stream").is_in(row["streams"].split("|"))
        mass = pl.when(fits).then(pl.lit(row["segment"])).otherwise(mass)
    out = out.with_columns(by_mass=mass).with_columns(
        segment=pl.coalesce("segment", "by_mass"),
        segment_rule=pl.when(pl.col("segment_rule").is_null() & pl.col("by_mass").is_not_null())
        .then(pl.lit("mass"))
        .otherwise(pl.col("segment_rule")),
    )
    default = pl.lit(None, dtype=pl.String)
    for row in reference_table("segment_defaults.csv").filter(pl.col("fuel").is_null()).iter_rows(named=True):
        default = pl.when(pl.col("category") == row["category"]).then(pl.lit(row["segment"])).otherwise(default)
    return out.with_columns(
        segment=pl.coalesce("segment", default), segment_rule=pl.col("segment_rule").fill_null("default")
    ).drop("by_mass")


def dates_for(region: str) -> pl.DataFrame:
    """Return ``category, fuel, first_model_year, standard, checked`` that apply in a region.

    A vehicle group without rows of its own takes those of the fallback region, then of any region.

    Raises
    ------
    InputError
        The region is unknown.
    """
    table = standards_table()
    if region not in known_regions():
        raise InputError(
            "the dates of emission standards are not known for this country",
            f"Use one of {', '.join(known_regions())}, or give every vehicle its standard.",
            column="city.country",
            value=region,
        )
    order = [region, REGION_FALLBACK.get(region, region), ANY_REGION]
    parts: list[pl.DataFrame] = []
    have: set[str] = set()
    for name in order:
        rows = table.filter((pl.col("region") == name) & ~pl.col("vehicle_group").is_in(sorted(have)))
        have |= set(rows["vehicle_group"].to_list())
        parts.append(rows)
    rows = pl.concat(parts).rename({"vehicle_group": "category"})
    columns = ["category", "fuel", "first_model_year", "standard", "checked"]
    groups = rows["category"].unique().to_list()
    oldest = pl.DataFrame(
        {
            "category": groups,
            "fuel": ["any"] * len(groups),
            "first_model_year": [0] * len(groups),
            "standard": ["conventional"] * len(groups),
            "checked": ["yes"] * len(groups),
        }
    )
    return pl.concat([oldest, rows.select(columns)], how="vertical_relaxed")


def with_standard(rows: pl.DataFrame, region: str) -> pl.DataFrame:
    """Fill empty standards from model year and the region's dates; add ``standard_rule``, ``date_checked``."""
    electric = pl.col("fuel") == "electricity"
    start = rows.with_columns(standard=pl.when(electric).then(pl.lit("zero_emission")).otherwise(pl.col("standard")))
    missing = start.filter(pl.col("standard").is_null())
    if missing.is_empty():
        return start.with_columns(standard_rule=pl.lit("given"), date_checked=pl.lit("yes"))
    dates = dates_for(region)
    keys = missing.select("category", "fuel", "model_year").unique()
    matched = (
        keys.join(dates.rename({"fuel": "for_fuel"}), on="category", how="left")
        .filter(
            ((pl.col("for_fuel") == "any") | (pl.col("for_fuel") == pl.col("fuel").replace(SAME_DATES)))
            & (pl.col("first_model_year") <= pl.col("model_year"))
        )
        .sort("first_model_year", maintain_order=True)
        .group_by("category", "fuel", "model_year", maintain_order=True)
        .last()
        .select("category", "fuel", "model_year", pl.col("standard").alias("dated"), "checked")
    )
    return (
        start.join(matched, on=["category", "fuel", "model_year"], how="left", maintain_order="left")
        .with_columns(
            standard_rule=pl.when(pl.col("standard").is_not_null())
            .then(pl.lit("given"))
            .otherwise(pl.lit("model year")),
            date_checked=pl.when(pl.col("standard").is_null()).then(pl.col("checked")).otherwise(pl.lit("yes")),
            standard=pl.coalesce("standard", "dated"),
        )
        .drop("dated", "checked")
    )


SAME_DATES = {
    "petrol_hybrid": "petrol",
    "petrol_phev_on_fuel": "petrol",
    "cng": "petrol",
    "lpg": "petrol",
    "cng_bifuel_on_cng": "petrol",
    "lpg_bifuel_on_petrol": "petrol",
    "biodiesel": "diesel",
    "diesel_hybrid": "diesel",
    "diesel_phev_on_fuel": "diesel",
}
"""Fuels whose vehicles follow the dates of another fuel."""


def with_aftertreatment(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill empty aftertreatments with the usual one of the standard; add ``aftertreatment_rule``."""
    defaults = reference_table("aftertreatment_defaults.csv").select(
        "category", "fuel", "standard", pl.col("aftertreatment").alias("usual")
    )
    return (
        rows.join(defaults, on=["category", "fuel", "standard"], how="left", maintain_order="left")
        .with_columns(
            aftertreatment_rule=pl.when(pl.col("aftertreatment").is_not_null())
            .then(pl.lit("given"))
            .when(pl.col("usual").is_not_null())
            .then(pl.lit("default"))
            .otherwise(pl.lit("none")),
            aftertreatment=pl.coalesce("aftertreatment", "usual", pl.lit("none")),
        )
        .drop("usual")
    )
