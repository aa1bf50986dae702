"""Tonnes as CO2 equivalents; black and organic carbon apart, since they are no greenhouse gases."""

from __future__ import annotations

import polars as pl

from fleet_planner.reference import reference_table

HORIZONS = (20, 100)
GASES = ("CO2", "CO2_grid", "CH4", "N2O")
AEROSOLS = ("BC", "OC")
GAS_OF = {"CO2_grid": "CO2"}
"""CO2 of power plants warms as that of tailpipes does."""
SUM, APART = "greenhouse_gases", "apart"
SCHEMA = {
    "scenario": pl.String,
    "year": pl.Int64,
    "horizon_years": pl.Int64,
    "pollutant": pl.String,
    "counted": pl.String,
    "emitted_t_per_year": pl.Float64,
    "co2e_t_per_year": pl.Float64,
    "low_t_per_year": pl.Float64,
    "high_t_per_year": pl.Float64,
    "checked": pl.String,
}


def warming_factors(assessment: str) -> pl.DataFrame:
    """Return t CO2e per t by horizon and pollutant, with their range; a factor without one has itself.

    Parameters
    ----------
    assessment
        ``ar4``, ``ar5`` or ``ar6``: the IPCC's report whose warming potentials count.
    """
    table = reference_table("warming.csv").filter(pl.col("assessment").is_in(["any", assessment]))
    return table.with_columns(pl.col("low").fill_null(pl.col("value")), pl.col("high").fill_null(pl.col("value")))


def warming_table(emitted: pl.DataFrame, assessment: str) -> pl.DataFrame:
    """Return CO2 equivalents by scenario, year, horizon and pollutant, and the sum of the greenhouse gases.

    Parameters
    ----------
    emitted
        ``scenario, year, pollutant, value_per_year`` in t; other pollutants are left out.
    assessment
        See `warming_factors`.

    Returns
    -------
    pl.DataFrame
        ``tables/columns/climate.csv``. Low and high of the sum add up those of the gases, as if all erred the same way.
    """
    factors = warming_factors(assessment).select(
        "horizon_years", pl.col("pollutant").alias("gas"), "value", "low", "high", "checked"
    )
    told = emitted.filter(pl.col("pollutant").is_in([*GASES, *AEROSOLS])).with_columns(
        gas=pl.col("pollutant").replace(GAS_OF), order=pl.int_range(pl.len())
    )
    t = pl.col("value_per_year")
    each = told.join(factors, on="gas").select(
        *("scenario", "year", "horizon_years", "pollutant", "order"),
        counted=pl.when(pl.col("pollutant").is_in(AEROSOLS)).then(pl.lit(APART)).otherwise(pl.lit("yes")),
        emitted_t_per_year=t,
        co2e_t_per_year=t * pl.col("value"),
        low_t_per_year=t * pl.min_horizontal("low", "high"),
        high_t_per_year=t * pl.max_horizontal("low", "high"),
        checked=pl.col("checked"),
    )
    keys = ["scenario", "year", "horizon_years"]
    whole = (
        each.filter(pl.col("counted") == "yes")
        .group_by(keys, maintain_order=True)
        .agg(
            pl.lit(SUM).alias("pollutant"),
            pl.col("order").max() + 0.5,
            pl.lit("sum").alias("counted"),
            pl.lit(None, dtype=pl.Float64).alias("emitted_t_per_year"),
            pl.col("co2e_t_per_year", "low_t_per_year", "high_t_per_year").sum(),
            pl.when((pl.col("checked") == "no").any()).then(pl.lit("no")).otherwise(pl.lit("yes")).alias("checked"),
        )
    )
    rows = pl.concat([each.with_columns(pl.col("order").cast(pl.Float64)), whole.select(each.columns)])
    names = rows["scenario"].unique(maintain_order=True).to_list()
    rank = pl.col("scenario").replace_strict({n: k for k, n in enumerate(names)}, return_dtype=pl.Int64)
    apart = pl.col("counted") == APART
    return rows.sort(rank, "year", "horizon_years", apart, "order").select(SCHEMA.keys()).cast(SCHEMA)  # type: ignore[arg-type]  # types by name
