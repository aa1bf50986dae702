"""When in the year and the day people breathe what traffic emits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import DAYS_OF_MONTH
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.activity.days import DayType
    from fleet_planner.impacts.dispersion.meteorology import Meteorology

Float = NDArray[np.float64]
NIGHT = (22, 23, 0, 1, 2, 3, 4, 5)
"""Hours of the night; the others are the day."""
G_PER_KG = 1e3
SCHEMA = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "season": pl.String,
    "months": pl.String,
    "part_of_day": pl.String,
    "time_share": pl.Float64,
    "emitted_share": pl.Float64,
    "exposure_share": pl.Float64,
    "contribution_ug_m3": pl.Float64,
    "mean_ug_m3": pl.Float64,
}


@dataclass(frozen=True)
class SeasonInput:
    """What the exposure of a season rests on.

    Parameters
    ----------
    weather
        Groups of months and hours, and seasons.
    days
        Types of day of the traffic.
    weight
        People times µg/m3 per kg a day by link and group, shape (links, G).
    emitted
        By scenario, g by hour of each type of day, shape (H, links, Q).
    names
        Of the last axis.
    """

    weather: Meteorology
    days: Sequence[DayType]
    weight: Float
    emitted: Mapping[str, Float]
    names: Sequence[str]


def season_table(given: SeasonInput, pollutants: Sequence[str], people: float) -> pl.DataFrame:
    """Return exposure by season, by night and by day (``tables/columns/exposure_by_season.csv``).

    Contributions are what the hours of a season bring to the annual mean; over seasons, nights and days they are all
    of it.
    """
    rows = []
    night = np.isin(np.arange(HOURS_PER_DAY), NIGHT)
    for scenario, hours in given.emitted.items():
        exposed, kg = _by_season_and_hour(given, hours)
        for name in pollutants:
            q = list(given.names).index(name)
            all_exposed, all_kg = exposed[..., q].sum(), kg[..., q].sum()
            for s, (season, months) in enumerate(given.weather.seasons.items()):
                share = sum(DAYS_OF_MONTH[m - 1] for m in months) / DAYS_PER_YEAR
                for part, own in (("night", night), ("day", ~night)):
                    brought, emitted = float(exposed[s, own, q].sum()), float(kg[s, own, q].sum())
                    time = share * float(own.mean())
                    contribution = brought / people if people > 0.0 else 0.0
                    rows.append(
                        (
                            *(scenario, name, season, " ".join(map(str, months)), part, time),
                            emitted / all_kg if all_kg > 0.0 else None,
                            brought / all_exposed if all_exposed > 0.0 else None,
                            *(contribution, contribution / time),
                        )
                    )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _by_season_and_hour(given: SeasonInput, hours: Float) -> tuple[Float, Float]:
    """Return people times µg/m3 of the annual mean, and kg of the average day, shape (seasons, 24, Q)."""
    months_of_day = [day.months for day in given.days]
    shape = (len(given.weather.seasons), HOURS_PER_DAY, hours.shape[2])
    exposed, kg = np.zeros(shape), np.zeros(shape)
    for s, months in enumerate(given.weather.seasons.values()):
        shares = given.weather.shares(months_of_day, months)
        for h, part in enumerate(shares):
            if part.any():
                exposed[s, h % HOURS_PER_DAY] += (given.weight @ part) @ hours[h] / G_PER_KG
                kg[s, h % HOURS_PER_DAY] += part.sum() * hours[h].sum(axis=0) / G_PER_KG
    return exposed, kg
