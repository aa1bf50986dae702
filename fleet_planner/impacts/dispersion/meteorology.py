"""The weather of a year as classes: how often each wind blows in each group of hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import ALL_MONTHS, DAYS_OF_MONTH
from fleet_planner.errors import InputError
from fleet_planner.impacts.dispersion.plume import DISPLACEMENT, Weather
from fleet_planner.impacts.dispersion.seasons import dated, grouped, months_and_hours, seasons_of
from fleet_planner.reference import reference_path, reference_table
from fleet_planner.tables.read import read_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Float = NDArray[np.float64]
Int = NDArray[np.int64]
SECTORS = 16
MOST_CLASSES = 24
"""More kinds of weather than this are put together by speed and stability."""
SPEED_EDGES = (1.0, 1.5, 2.5, 4.0, 6.0)
INVERSE_LENGTH_EDGES = (-0.02, -0.003, 0.003, 0.02)
MIXING_M, STABLE_MIXING_M = 1000.0, 300.0
NEARLY_NEUTRAL = 1e-5


@dataclass(frozen=True)
class Meteorology:
    """Classes of weather, winds and how often they come.

    Parameters
    ----------
    classes
        Of weather, K.
    wind
        Unit vectors that the wind blows along, shape (D, 2): east, north.
    often
        Share of the time of each group of hours, shape (G, K, D); sums to one by group.
    group
        Group of each month and hour of the day, shape (12, 24).
    seasons
        Months 1..12 by name; every month is in one.
    rows
        Rows of the table.
    calm_share
        Share of the time with less wind than the calm speed, which was raised to it.
    example
        Whether the packaged example stands in.
    pooled
        Whether months and hours of like season and time of day were put together.
    """

    classes: tuple[Weather, ...]
    wind: Float
    often: Float
    group: Int
    seasons: Mapping[str, tuple[int, ...]]
    rows: int
    calm_share: float
    example: bool = False
    pooled: bool = False

    def shares(self, months_of_day: Sequence[Sequence[int]], only: Sequence[int] = ALL_MONTHS) -> Float:
        """Return what part of an hour's emissions falls into each group, shape (24 * types of day, G).

        An hour of a type of day is spread over its months by their days.

        Parameters
        ----------
        months_of_day
            Months of each type of day.
        only
            Months that count; rows add up to one where they are all.
        """
        out = np.zeros((HOURS_PER_DAY * len(months_of_day), self.often.shape[0]))
        for d, months in enumerate(months_of_day):
            whole = sum(DAYS_OF_MONTH[m - 1] for m in months)
            for month in set(months) & set(only):
                hours = d * HOURS_PER_DAY + np.arange(HOURS_PER_DAY)
                out[hours, self.group[month - 1]] += DAYS_OF_MONTH[month - 1] / whole
        return out


def read_meteorology(
    path: Path | None,
    roughness_m: float,
    height_m: float,
    calm_m_s: float,
    seasons: Mapping[str, Sequence[int]] | None = None,
    *,
    south: bool = False,
) -> Meteorology:
    """Read a table of weather (``tables/columns/meteorology.csv``); without one, the packaged example.

    Parameters
    ----------
    path
        CSV of hours or of a joint frequency.
    roughness_m
        Roughness length of the city.
    height_m
        At which the wind was measured.
    calm_m_s
        Weaker winds are taken to be so strong: the formulas hold for no weaker one.
    seasons
        Months of each season of the plan; nothing: those that the table tells apart.
    south
        Whether the city lies south of the equator: the example's months are turned round.

    Raises
    ------
    InputError
        The table is malformed, or an hour of the day has no weather.
    """
    file = path or reference_path("example_meteorology.csv")
    table = read_table(path, "meteorology") if path else _example(south=south)
    table = dated(table, file)
    speed = np.maximum(table["wind_speed_m_s"].to_numpy(), calm_m_s)
    inverse = _inverse_length(table, file, roughness_m)
    mixing = table["mixing_m"].fill_null(float("nan")).to_numpy()
    mixing = np.where(np.isnan(mixing), np.where(inverse > NEARLY_NEUTRAL, STABLE_MIXING_M, MIXING_M), mixing)
    frequency = table["frequency"].to_numpy().astype(np.float64)
    when = months_and_hours(table)
    groups = grouped(when, frequency, seasons_of(table, when, seasons), file)
    owner, classes = _classes(speed, inverse, mixing, frequency, roughness_m, height_m)
    often = _often(groups.weight_of(when, frequency), owner, len(classes), _sectors(table))
    toward = np.radians(np.arange(SECTORS) * 360.0 / SECTORS + 180.0)
    wind = np.stack([np.sin(toward), np.cos(toward)], axis=1)
    hours = frequency * when.sum(axis=1)
    calm = float(hours[table["wind_speed_m_s"].to_numpy() < calm_m_s].sum() / hours.sum())
    return Meteorology(
        *(tuple(classes), wind, often, groups.group, groups.seasons, table.height, calm),
        example=path is None,
        pooled=groups.pooled,
    )


def _often(weight: Float, owner: Int, classes: int, sectors: Float) -> Float:
    """Return how often each class and sector comes in each group, shape (G, K, D), of rows that weigh (G, rows)."""
    out = np.zeros((weight.shape[0], classes, SECTORS))
    for g in range(weight.shape[0]):
        own = np.flatnonzero(weight[g])
        np.add.at(out[g], owner[own], weight[g, own, None] * sectors[own])
    return np.asarray(out / out.sum(axis=(1, 2), keepdims=True))


def _example(*, south: bool) -> pl.DataFrame:
    """Return the packaged weather, of no city; south of the equator its months are turned round by half a year."""
    table = reference_table("example_meteorology.csv").with_columns(
        wind_from_deg=pl.lit(None, dtype=pl.Float64),
        obukhov_m=pl.lit(None, dtype=pl.Float64),
        time=pl.lit(None, dtype=pl.String),
    )
    turned = [(pl.col(c) + 5) % 12 + 1 for c in ("month_from", "month_to")]
    return table.with_columns(*turned) if south else table


def _sectors(table: pl.DataFrame) -> Float:
    """Return the share of each row's time by sector, shape (rows, D)."""
    given = table["wind_from_deg"].fill_null(float("nan")).to_numpy().astype(np.float64)
    out = np.full((table.height, SECTORS), 1.0 / SECTORS)
    known = np.flatnonzero(~np.isnan(given))
    out[known] = 0.0
    out[known, np.round(given[known] / (360.0 / SECTORS)).astype(np.int64) % SECTORS] = 1.0
    return out


def _inverse_length(table: pl.DataFrame, file: Path, roughness_m: float) -> Float:
    """Return 1 / Obukhov length by row: given, or by Golder's fit ``a + b log10 z0`` of the class of stability."""
    fits = reference_table("stability_classes.csv").select("stability", "a_per_m", "b_per_m")
    fit = {letter: a + b * np.log10(roughness_m) for letter, a, b in fits.iter_rows()}
    out = np.zeros(table.height)
    for i, (length, letter) in enumerate(table.select("obukhov_m", "stability").iter_rows()):
        if length is not None and length != 0.0:
            out[i] = 1.0 / length
        elif letter is not None:
            out[i] = fit[letter]
        else:
            raise InputError(
                "neither a stability nor an Obukhov length",
                "Fill one of them.",
                file=file,
                row=i + 2,
                column="stability",
            )
    return out


def _classes(
    speed: Float, inverse: Float, mixing: Float, frequency: Float, roughness_m: float, height_m: float
) -> tuple[Int, list[Weather]]:
    """Return the class of each row, and the classes; many kinds of weather are put together with their means."""
    kinds, owner = np.unique(np.stack([speed, inverse, mixing], axis=1), axis=0, return_inverse=True)
    if len(kinds) > MOST_CLASSES:
        bins = np.stack([np.digitize(speed, SPEED_EDGES), np.digitize(inverse, INVERSE_LENGTH_EDGES)], axis=1)
        _, owner = np.unique(bins, axis=0, return_inverse=True)
    owner = owner.ravel().astype(np.int64)
    count = int(owner.max()) + 1
    weight = np.bincount(owner, frequency, count)
    weight = np.where(weight > 0.0, weight, 1.0)
    means = [np.bincount(owner, frequency * v, count) / weight for v in (speed, inverse, mixing)]
    return owner, [_weather(s, i, m, roughness_m, height_m) for s, i, m in zip(*means, strict=True)]


def _weather(speed: float, inverse: float, mixing: float, roughness_m: float, height_m: float) -> Weather:
    """Return the class whose similarity profile has the speed at the height."""
    length = np.inf if abs(inverse) < NEARLY_NEUTRAL else 1.0 / inverse
    height = max(height_m, (DISPLACEMENT + 2.0) * roughness_m)
    unit = float(Weather(1.0, length, roughness_m, mixing).wind_m_s(height))
    return Weather(max(speed, 1e-3) / max(unit, 1e-6), length, roughness_m, max(mixing, 20.0))
