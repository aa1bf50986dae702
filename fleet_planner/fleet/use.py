"""How vehicles are used where the registry does not say: annual distance by age, odometer, load."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from fleet_planner.fleet.dates import ANY_REGION, REGION_FALLBACK
from fleet_planner.reference import reference_table

HALF_YEAR = 0.5
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
    table = _table(quantity)
    for applies in (stream, category):
        for where in dict.fromkeys((region, REGION_FALLBACK.get(region, region), ANY_REGION)):
            if (where, applies) in table:
                return table[where, applies]
    return None


def _joined(vehicles: pl.DataFrame, region: str, quantities: tuple[str, ...]) -> pl.DataFrame:
    """Return ``stream, category`` of each vehicle with its figures, in columns named as they are."""
    kinds = vehicles.select("stream", "category").unique()
    rows = []
    for stream, category in kinds.iter_rows():
        found = [usual(q, stream, category, region) for q in quantities]
        rows.append((stream, category, *(f[0] if f else None for f in found), found[0][1] if found[0] else None))
    schema: dict[str, type[pl.DataType]] = {"stream": pl.String, "category": pl.String}
    schema |= dict.fromkeys(quantities, pl.Float64) | {"figure_checked": pl.String}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return vehicles.select("stream", "category").join(
        table, on=["stream", "category"], how="left", maintain_order="left"
    )


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
    figures = _joined(vehicles, region, ("km_per_year", "km_decline", "km_age"))
    age = np.maximum(base_year - vehicles["model_year"].to_numpy().astype(np.float64), 0.0)
    km, odometer = distance_by_age(
        age,
        figures["km_per_year"].fill_null(0.0).to_numpy(),
        figures["km_decline"].fill_null(0.0).to_numpy(),
        figures["km_age"].fill_null(0.0).to_numpy(),
    )
    derived = pl.when(~given)
    return vehicles.with_columns(
        km_given=given,
        km_unchecked=~given & (figures["figure_checked"].fill_null("no") == "no"),
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
    steady = decline == 0.0
    rate = np.where(steady, 1.0, decline)
    driven = np.where(steady, first * until, first * -np.expm1(-rate * until) / rate)
    return np.minimum(first * np.exp(-decline * age), LONGEST_KM), driven


def usual_load(vehicles: pl.DataFrame, region: str) -> pl.Series:
    """Return the packaged load of each vehicle's stream, shape (N,); null where there is none."""
    return _joined(vehicles, region, ("load_fraction",))["load_fraction"]
