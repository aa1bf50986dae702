"""Differences of two sides as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.pipeline.differences.attribution import MACHINES, attributed
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR, MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.pipeline.differences.attribution import FleetSide, Method
    from fleet_planner.tables import PollutantSpec

ROUNDING = 1e-9
"""Of a total: more than this is no rounding."""
NOTHING = 1e-13
"""Of a total: less than this is rounding alone, and no cause."""

CLASSES = ("stream", "category", "fuel", "standard")


def differences_table(first: pl.DataFrame, second: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the yearly totals of both sides, machines beside the roads among them.

    Parameters
    ----------
    first, second
        ``pollutant, unit, value_per_year``, in the same unit of mass.
    names
        Pollutants that both have.

    Returns
    -------
    polars.DataFrame
        ``pollutant, unit, first_per_year, second_per_year, difference_per_year, change_pct``.
    """
    a, b = (side.filter(pl.col("pollutant").is_in(names)) for side in (first, second))
    joined = a.select("pollutant", "unit", first_per_year="value_per_year").join(
        b.select("pollutant", second_per_year="value_per_year"), on="pollutant", how="inner", maintain_order="left"
    )
    change = pl.col("second_per_year") - pl.col("first_per_year")
    return joined.with_columns(
        difference_per_year=change,
        change_pct=pl.when(pl.col("first_per_year") != 0.0).then(100.0 * change / pl.col("first_per_year")),
    )


def causes_table(
    sides: tuple[FleetSide, FleetSide],
    machines: tuple[dict[str, float], dict[str, float]],
    names: Sequence[str],
    unit: str,
    method: Method,
) -> pl.DataFrame:
    """Return the causes of a difference, a year.

    Parameters
    ----------
    sides
        Vehicles of both.
    machines
        Yearly emissions of machines beside the roads by pollutant, in the unit of mass.
    names
        Pollutants that both have.
    unit
        Unit of mass.
    method
        Of `attributed`.

    Returns
    -------
    polars.DataFrame
        ``cause, stream, measure, pollutant, unit, change_per_year``.
    """
    specs = {p.pollutant: p for p in pollutants()}
    units = {n: unit_of(specs[n], unit) for n in names}
    found = attributed(*sides, names, method)
    year = {n: per_year(specs[n], unit) for n in names}
    table = found.select(
        *("cause", "stream", "measure", "pollutant"),
        pl.col("pollutant").replace_strict(units, return_dtype=pl.String).alias("unit"),
        change_per_year=pl.col("change_per_day") * pl.col("pollutant").replace_strict(year, return_dtype=pl.Float64),
    )
    beside = [
        (MACHINES, "", "", n, units[n], machines[1].get(n, 0.0) - machines[0].get(n, 0.0))
        for n in names
        if machines[0].get(n, 0.0) != machines[1].get(n, 0.0)
    ]
    return pl.concat([table, pl.DataFrame(beside, schema=table.schema, orient="row")])


def classes_table(sides: tuple[FleetSide, FleetSide], names: Sequence[str], unit: str) -> pl.DataFrame:
    """Return both sides' yearly emissions by stream, category, fuel and standard, as vehicles are after measures.

    Returns
    -------
    polars.DataFrame
        ``stream, category, fuel, standard, pollutant, unit, first_per_year, second_per_year, difference_per_year``.
    """
    specs = {p.pollutant: p for p in pollutants()}
    year = {n: per_year(specs[n], unit) for n in names}
    units = {n: unit_of(specs[n], unit) for n in names}
    long = []
    for side, column in zip(sides, ("first_per_year", "second_per_year"), strict=True):
        summed = side.vehicles.group_by(CLASSES, maintain_order=True).agg(pl.col(names).sum())
        told = summed.unpivot(on=list(names), index=list(CLASSES), variable_name="pollutant", value_name=column)
        factor = pl.col("pollutant").replace_strict(year, return_dtype=pl.Float64)
        long.append(told.with_columns((pl.col(column) * factor).alias(column)))
    keys = [*CLASSES, "pollutant"]
    joined = long[0].join(long[1], on=keys, how="full", coalesce=True, nulls_equal=True, maintain_order="left_right")
    both = joined.with_columns(pl.col("first_per_year", "second_per_year").fill_null(0.0))
    return both.select(
        *keys,
        pl.col("pollutant").replace_strict(units, return_dtype=pl.String).alias("unit"),
        "first_per_year",
        "second_per_year",
        difference_per_year=pl.col("second_per_year") - pl.col("first_per_year"),
    ).sort(keys)


def unit_of(spec: PollutantSpec, unit: str) -> str:
    """Return the unit of a yearly total where tons are written in ``unit``."""
    return unit if spec.unit_per_year == "t" else spec.unit_per_year


def per_year(spec: PollutantSpec, unit: str) -> float:
    """Return what a daily figure of the inventory (g, MJ, kWh) makes a year in a unit of mass."""
    mass = MASS_PER_T[unit] if spec.unit_per_year == "t" else 1.0
    return spec.per_year_factor * DAYS_PER_YEAR * mass


def closed_to(causes: pl.DataFrame, differences: pl.DataFrame) -> pl.DataFrame:
    """Return the causes with the rounding of the two ways of adding up on the largest of each pollutant.

    The totals are sums over links, the causes over vehicles: both agree to rounding (`inventory` closes them), which a
    small difference of large totals shows. What is more than rounding is left as it is, and `verify` finds it.
    """
    size = pl.max_horizontal(pl.col("first_per_year").abs(), pl.col("second_per_year").abs())
    sized = causes.join(differences.select("pollutant", size=size), on="pollutant", how="left", maintain_order="left")
    causes = sized.filter(pl.col("change_per_year").abs() > NOTHING * pl.col("size")).drop("size")
    sums = causes.group_by("pollutant", maintain_order=True).agg(found=pl.col("change_per_year").sum())
    joined = differences.join(sums, on="pollutant", how="left", maintain_order="left")
    rest = pl.col("difference_per_year") - pl.col("found")
    small = joined.filter(rest.abs() <= ROUNDING * size).select("pollutant", rest=rest)
    numbered = causes.with_row_index("row").join(small, on="pollutant", how="left", maintain_order="left")
    largest = pl.col("change_per_year").abs()
    first = pl.col("row") == pl.col("row").sort_by(largest, "row", descending=[True, False]).first().over("pollutant")
    mended = pl.when(first & pl.col("rest").is_not_null()).then(pl.col("change_per_year") + pl.col("rest"))
    return numbered.with_columns(mended.otherwise(pl.col("change_per_year")).alias("change_per_year")).drop(
        "row", "rest"
    )
