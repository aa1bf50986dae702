"""Make a day of every month, and classes of like hours, from a city's monthly climate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.conditions import HOURS, MONTHS, Conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WARMEST_HOUR = 15.0
CLASSES = 4
LEAST_RANGE_C = 1e-6
MILD_C, MILD_HUMIDITY_PCT = 15.0, 50.0
"""Assumed where a plan gives no climate: near the base of most published factors."""


def hourly_temperature_c(monthly_min_c: Sequence[float], monthly_max_c: Sequence[float]) -> Array:
    """Return the temperature of each month and hour, shape (12, 24).

    A cosine between the mean daily minimum and maximum with its top at 15 h, taken at the middle of each hour.
    """
    low, high = np.asarray(monthly_min_c, dtype=np.float64), np.asarray(monthly_max_c, dtype=np.float64)
    day = np.cos(2.0 * np.pi * (np.arange(HOURS) + 0.5 - WARMEST_HOUR) / HOURS)
    return np.asarray((low + high)[:, None] / 2.0 + (high - low)[:, None] / 2.0 * day[None, :])


def hour_classes(temperature_c: Array, classes: int = CLASSES) -> NDArray[np.int64]:
    """Return the class of each hour, coldest first, equally many hours in each, shape (24,); one if all are alike."""
    mean = temperature_c.mean(axis=0)
    if mean.max() - mean.min() < LEAST_RANGE_C:
        return np.zeros(HOURS, dtype=np.int64)
    order = np.argsort(mean, kind="stable")
    out = np.empty(HOURS, dtype=np.int64)
    out[order] = np.arange(HOURS) * classes // HOURS
    return out


def conditions_of(
    hour_weight: Array,
    *,
    monthly_min_c: Sequence[float] = (),
    monthly_max_c: Sequence[float] = (),
    monthly_humidity_pct: Sequence[float] = (),
    altitude_m: float = 0.0,
    trip_km: float = 12.4,
    petrol_sulphur_ppm: float = 10.0,
    diesel_sulphur_ppm: float = 10.0,
    month_weight: Array | None = None,
) -> Conditions:
    """Return a city's conditions.

    Parameters
    ----------
    hour_weight
        Distance driven in each hour, any unit, shape (24 * types of day,).
    monthly_min_c, monthly_max_c, monthly_humidity_pct
        Twelve numbers each; mild where none are given.
    altitude_m, trip_km, petrol_sulphur_ppm, diesel_sulphur_ppm
        As in `Conditions`.
    month_weight
        Which months each type of day is in; types of day in other months have classes of hours of their own.
    """
    low = monthly_min_c or [MILD_C] * MONTHS
    high = monthly_max_c or [MILD_C] * MONTHS
    humidity = np.asarray(monthly_humidity_pct or [MILD_HUMIDITY_PCT] * MONTHS, dtype=np.float64)
    temperature = hourly_temperature_c(low, high)
    total = hour_weight.sum()
    hours = hour_weight.size
    months = np.ones((hours // HOURS, MONTHS)) if month_weight is None else month_weight
    return Conditions(
        temperature_c=temperature,
        humidity_pct=np.repeat(humidity[:, None], HOURS, axis=1),
        hour_class=_classes_of_days(temperature, months),
        hour_weight=hour_weight / total if total > 0.0 else np.full(hours, 1.0 / hours),
        altitude_m=altitude_m,
        trip_km=trip_km,
        petrol_sulphur_ppm=petrol_sulphur_ppm,
        diesel_sulphur_ppm=diesel_sulphur_ppm,
        month_weight=months,
    )


def _classes_of_days(temperature_c: Array, month_weight: Array) -> NDArray[np.int64]:
    """Return the class of each hour of each type of day; types in the same months share theirs, shape (H,)."""
    seasons, season_of = np.unique(month_weight, axis=0, return_inverse=True)
    classes, count = [], 0
    for months in seasons:
        own = hour_classes(temperature_c[months > 0.0])
        classes.append(own + count)
        count += int(own.max()) + 1
    return np.concatenate([classes[s] for s in season_of.ravel()])


def coldest_month(conditions: Conditions) -> Conditions:
    """Return the conditions with the weather of the coldest month all year, the hours' classes as they are."""
    month = int(np.argmin(conditions.temperature_c.mean(axis=1)))
    return replace(
        conditions,
        temperature_c=np.repeat(conditions.temperature_c[month : month + 1], MONTHS, axis=0),
        humidity_pct=np.repeat(conditions.humidity_pct[month : month + 1], MONTHS, axis=0),
    )
