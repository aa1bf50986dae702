"""When which emission standard applied, by region, vehicle group and fuel."""

from __future__ import annotations

from functools import cache

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table

REGION_FALLBACK = {"CN-BJ": "CN", "US-CA": "US"}
"""Regions whose vehicle groups without dates of their own take those of another region."""

ANY_REGION = "*"
STANDARD_TABLES = (
    "standards.csv",
    "standards_europe.csv",
    "standards_china.csv",
    "standards_us.csv",
    "standards_chile.csv",
    "standards_more.csv",
    "standards_asia.csv",
)
STANDARD_COLUMNS = ("region", "vehicle_group", "fuel", "standard", "first_model_year", "checked")

FOLLOWS = {
    "petrol_hybrid": "petrol",
    "petrol_phev_on_fuel": "petrol",
    "cng": "petrol",
    "lng": "petrol",
    "lpg": "petrol",
    "cng_bifuel_on_cng": "petrol",
    "lpg_bifuel_on_petrol": "petrol",
    "biodiesel": "diesel",
    "diesel_hybrid": "diesel",
    "diesel_phev_on_fuel": "diesel",
}
"""Fuels whose vehicles follow the dates of another fuel."""


def standards_table() -> pl.DataFrame:
    """Return the dates of all emission standards."""
    tables = [reference_table(name).select(STANDARD_COLUMNS) for name in STANDARD_TABLES]
    return pl.concat(tables, how="vertical_relaxed")


@cache
def earliest_years() -> pl.DataFrame:
    """Return the first model year of each standard in any region: ``category, standard, first_year``."""
    steps = standards_table().filter(pl.col("standard") != "conventional")
    first = steps.group_by("vehicle_group", "standard").agg(pl.col("first_model_year").min().alias("first_year"))
    return first.rename({"vehicle_group": "category"}).sort("category", "first_year")


def known_regions() -> list[str]:
    """Return the regions whose dates of standards are known."""
    return sorted(set(standards_table()["region"].unique().to_list()) - {ANY_REGION} | set(REGION_FALLBACK))


def region_order(region: str) -> list[str]:
    """Return the regions to ask, in turn.

    Raises
    ------
    InputError
        The region is unknown.
    """
    if region not in known_regions():
        raise InputError(
            "the dates of emission standards are not known for this country",
            f"Use one of {', '.join(known_regions())}, or give every vehicle its standard.",
            column="city.country",
            value=region,
        )
    return list(dict.fromkeys([region, REGION_FALLBACK.get(region, region), ANY_REGION]))


def dated_standards(keys: pl.DataFrame, region: str) -> pl.DataFrame:
    """Return the standard of vehicles by model year.

    The first region of `region_order` that has dates for the category and fuel answers. Model years
    before its first date are ``conventional``: no standard of the table applied to them.

    Parameters
    ----------
    keys
        Distinct ``category, fuel, model_year``.
    region
        Country or region code.

    Returns
    -------
    dated
        ``category, fuel, model_year, dated, dated_by, checked``; vehicles without known dates are absent.

    Raises
    ------
    InputError
        The region is unknown.
    """
    order = region_order(region)
    table = standards_table().filter(pl.col("region").is_in(order))
    groups = keys.select("category", "fuel").unique().sort("category", "fuel")
    dates = [rows for c, f in groups.iter_rows() if (rows := _dates_of(c, f, table, order)) is not None]
    if not dates:
        schema = {"dated": pl.String, "dated_by": pl.String, "checked": pl.String}
        return keys.clear().with_columns(pl.lit(None, dtype=t).alias(n) for n, t in schema.items())
    return (
        keys.sort("model_year")
        .join_asof(
            pl.concat(dates).sort("from_year"),
            left_on="model_year",
            right_on="from_year",
            by=["category", "fuel"],
            check_sortedness=False,
        )
        .filter(pl.col("dated").is_not_null())
        .drop("from_year")
    )


def first_model_years(pairs: pl.DataFrame, standard: str, region: str) -> pl.DataFrame:
    """Return the first model year of a standard by category and fuel.

    Parameters
    ----------
    pairs
        Distinct ``category, fuel``.
    standard
        In the words of the registry.
    region
        Country or region code.

    Returns
    -------
    ``category, fuel, from_year``; pairs without a date for the standard are absent.

    Raises
    ------
    InputError
        The region is unknown.
    """
    order = region_order(region)
    table = standards_table().filter(pl.col("region").is_in(order))
    schema = {"category": pl.String, "fuel": pl.String, "from_year": pl.Int64}
    out = []
    for category, fuel in pairs.select("category", "fuel").iter_rows():
        dates = _dates_of(category, fuel, table, order)
        years = [] if dates is None else dates.filter(pl.col("dated") == standard)["from_year"].to_list()
        out += [(category, fuel, min(years))] if years else []
    return pl.DataFrame(out, schema=schema, orient="row")


def _dates_of(category: str, fuel: str, table: pl.DataFrame, order: list[str]) -> pl.DataFrame | None:
    """Return ``category, fuel, from_year, dated, dated_by, checked`` of one group; None where no region has dates."""
    mine = table.filter(
        (pl.col("vehicle_group") == category) & pl.col("fuel").is_in(["any", FOLLOWS.get(fuel, fuel)])
    ).sort("first_model_year", maintain_order=True)
    for region in order:
        rows = mine.filter(pl.col("region") == region)
        later = rows.filter(pl.col("standard") != "conventional")
        if later.is_empty():
            continue
        first = rows.row(0, named=True)  # the row from year 0 on, where the table has one
        before = [("conventional", 0, f"{region} before {later['first_model_year'][0]}", first["checked"])]
        since = [
            (row["standard"], row["first_model_year"], f"{region} {row['first_model_year']}", row["checked"])
            for row in later.iter_rows(named=True)
        ]
        schema = {"dated": pl.String, "from_year": pl.Int32, "dated_by": pl.String, "checked": pl.String}
        return pl.DataFrame(before + since, schema=schema, orient="row").with_columns(
            category=pl.lit(category), fuel=pl.lit(fuel)
        )
    return None
