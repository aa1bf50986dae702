"""How vehicles are used where the registry does not say: annual distance by age, odometer, load."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.fleet.dates import ANY_REGION, REGION_FALLBACK
from fleet_planner.fleet.vocabulary import words
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

HALF_YEAR = 0.5
LEAST_DECLINE = 1e-12
"""Below, the distance is the same every year: the quotient would lose its digits."""
LONGEST_KM = 400_000.0
"""What the registry's dictionary allows a year."""


@cache
def _table(quantity: str) -> dict[tuple[str, str], tuple[float, str]]:
    rows = reference_table("vehicle_use.csv").filter(quantity=quantity)
    keys = rows.select("region", "applies", pl.col("value").cast(pl.Float64), "checked").iter_rows()
    return {(region, applies): (value, checked) for region, applies, value, checked in keys}


def usual(quantity: str, stream: str, category: str, region: str = ANY_REGION) -> tuple[float, str] | None:
    """Return a packaged figure of use and whether its source was read; None where there is none.

    The stream's own figure goes before that of its category; each is looked up in the region, the region it falls back
    on, then anywhere.

    Parameters
    ----------
    quantity
        Of ``reference/vehicle_use.csv``, such as ``km_per_year``.
    stream, category
        Of the vehicle.
    region
        Country or region code.
    """
    found = _in_region(quantity, region)
    return found.get(stream) or found.get(category)


@cache
def _in_region(quantity: str, region: str) -> dict[str, tuple[float, str]]:
    """Return the figures of a region by stream or category, those of the regions it falls back on where it has none."""
    out: dict[str, tuple[float, str]] = {}
    for where in dict.fromkeys((region, REGION_FALLBACK.get(region, region), ANY_REGION)):
        for (owner, applies), figure in _table(quantity).items():
            if owner == where:
                out.setdefault(applies, figure)
    return out


def _figures(quantity: str, region: str) -> pl.Expr:
    """Return the figure of each vehicle: its stream's, else its category's, else null."""
    return _looked_up({applies: value for applies, (value, _) in _in_region(quantity, region).items()}, pl.Float64)


def _looked_up(table: Mapping[str, object], kind: type[pl.DataType]) -> pl.Expr:
    """Return a figure by stream, else by category; categories are not looked at where the table has none."""
    names = ["stream", *(["category"] if set(table) & set(words()) else [])]
    return pl.coalesce(pl.col(name).replace_strict(table, default=None, return_dtype=kind) for name in names)


def with_usual_km(vehicles: pl.DataFrame, base_year: int, region: str) -> pl.DataFrame:
    """Fill in the annual distance and the odometer of vehicles whose registry gives no distance.

    The distance falls with age as ``km = K exp(-d (age - a))``: ``K`` is a fleet's mean, which holds at age ``a``; the
    odometer is its integral from new to the age and half a year.

    Parameters
    ----------
    vehicles
        Typed rows with ``stream, category, model_year, km_per_year, odometer_km``.
    base_year
        Ages are counted to it.
    region
        Country or region code.

    Returns
    -------
    ``vehicles``, and ``km_given`` and ``km_unchecked`` (the figure's source was not read).
    """
    given = vehicles["km_per_year"].is_not_null()
    if given.all():
        return vehicles.with_columns(km_given=pl.lit(value=True), km_unchecked=pl.lit(value=False))
    read = {applies: checked == "yes" for applies, (_, checked) in _in_region("km_per_year", region).items()}
    figures = vehicles.select(
        *(_figures(name, region).fill_null(0.0).alias(name) for name in ("km_per_year", "km_decline", "km_age")),
        _looked_up(read, pl.Boolean).fill_null(value=False).alias("read"),
    )
    age = np.maximum(base_year - vehicles["model_year"].to_numpy().astype(np.float64), 0.0)
    km, odometer = distance_by_age(
        age,
        *(figures[name].to_numpy() for name in ("km_per_year", "km_decline", "km_age")),
    )
    derived = pl.when(~given)
    return vehicles.with_columns(
        km_given=given,
        km_unchecked=~given & ~figures["read"],
        km_per_year=derived.then(pl.Series(km)).otherwise("km_per_year"),
        odometer_km=derived.then(pl.coalesce("odometer_km", pl.Series(odometer))).otherwise("odometer_km"),
    )


def distance_by_age(
    age: np.ndarray, mean_km: np.ndarray, decline: np.ndarray, at_age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the annual distance at an age and the distance driven until half a year later, km, shape (N,).

    Parameters
    ----------
    age
        Whole years, shape (N,).
    mean_km
        Distance a year at the age ``at_age``.
    decline
        Fall with each year of age, fraction; 0: the same every year.
    at_age
        See ``mean_km``.
    """
    first = mean_km * np.exp(decline * at_age)
    until = age + HALF_YEAR
    steady = decline < LEAST_DECLINE
    rate = np.where(steady, 1.0, decline)
    driven = np.where(steady, first * until, first * -np.expm1(-rate * until) / rate)
    return np.minimum(first * np.exp(-decline * age), LONGEST_KM), driven


def usual_load(vehicles: pl.DataFrame, region: str) -> pl.Series:
    """Return the packaged load of each vehicle's stream, shape (N,); null where there is none."""
    return vehicles.select(_figures("load_fraction", region).alias("load_fraction"))["load_fraction"]
