"""The weather that buses must bear: the mean day, the coldest and the hottest, and the months of a year."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError, first_line
from fleet_planner.factors.conditions import HOURS, MONTHS
from fleet_planner.factors.weather import MILD_C, hourly_temperature_c
from fleet_planner.findings import Finding
from fleet_planner.foreign import TABLE_FAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.plan.models import Plan

Float = NDArray[np.float64]
MEAN, COLDEST, HOTTEST = "mean", "coldest", "hottest"
MEAN_SUN = 1.0 / 3.0
SUNRISE_H, SUNSET_H = 6.0, 18.0


@dataclass(frozen=True)
class Case:
    """One day of weather.

    Parameters
    ----------
    name
        ``mean``, ``coldest``, ``hottest``, or the number of a month.
    hourly_c
        Outside temperature by hour of the day, shape (24,).
    sun_w_m2
        Sun on the glass by hour of the day, shape (24,).
    """

    name: str
    hourly_c: Float
    sun_w_m2: Float

    @property
    def mean_c(self) -> float:
        """Mean temperature of the day."""
        return float(self.hourly_c.mean())

    @classmethod
    def level(cls, temperature_c: float, sun_w_m2: float = 0.0) -> Case:
        """Return a day of one temperature and one sun."""
        return cls(f"{temperature_c:g}", np.full(HOURS, float(temperature_c)), np.full(HOURS, sun_w_m2))


def monthly_c(plan: Plan) -> Float:
    """Return the temperature of each month and hour, shape (12, 24); 15 degrees where the plan gives no climate."""
    low = plan.climate.monthly_min_c or [MILD_C] * MONTHS
    high = plan.climate.monthly_max_c or [MILD_C] * MONTHS
    return hourly_temperature_c(low, high)


def cases(plan: Plan, base: Path | None = None) -> list[Case]:
    """Return the days that a service is judged on: ``mean``, ``coldest`` and ``hottest``.

    The coldest day has the daily swing of the coldest month about the mean temperature ``design_cold_c``; without it
    the percentile of the daily means of ``daily_temperature``, else the mean of the coldest month less
    ``cold_margin_k``. The hottest likewise.

    Parameters
    ----------
    plan
        With ``[climate]`` and ``[buses.energy]``.
    base
        Folder that paths of the plan are relative to.

    Raises
    ------
    InputError
        The table of daily temperatures cannot be used.
    """
    section = plan.buses.energy
    by_month = monthly_c(plan)
    means = by_month.mean(axis=1)
    cold, hot = float(means.min()) - section.cold_margin_k, float(means.max()) + section.hot_margin_k
    if section.daily_temperature:
        days = daily_means(section.daily_temperature, base)
        cold = float(np.percentile(days, section.design_percentile))
        hot = float(np.percentile(days, 100.0 - section.design_percentile))
    cold = cold if section.design_cold_c is None else section.design_cold_c
    hot = hot if section.design_hot_c is None else section.design_hot_c
    sun = noon_sun(section.sun_w_m2)
    return [
        Case(MEAN, by_month.mean(axis=0), MEAN_SUN * sun),
        Case(COLDEST, _about(by_month[int(np.argmin(means))], cold), np.zeros(HOURS)),
        Case(HOTTEST, _about(by_month[int(np.argmax(means))], hot), sun),
    ]


def months(plan: Plan) -> list[Case]:
    """Return the mean day of each month, for the energy of a year."""
    sun = MEAN_SUN * noon_sun(plan.buses.energy.sun_w_m2)
    return [Case(f"{month}", hours, sun) for month, hours in enumerate(monthly_c(plan), 1)]


def weather_findings(plan: Plan, days: Sequence[Case]) -> list[Finding]:
    """Return what the weather rests on."""
    section = plan.buses.energy
    values: dict[str, str | int | float] = {case.name: f"{case.mean_c:.1f}" for case in days}
    if section.design_cold_c is not None and section.design_hot_c is not None:
        return [Finding("buses.weather_given", "info", values)]
    if section.daily_temperature and section.design_cold_c is None and section.design_hot_c is None:
        return [Finding("buses.weather_daily", "info", values | {"percentile": f"{section.design_percentile:g}"})]
    if plan.climate.monthly_min_c is None:
        return [Finding("buses.weather_unknown", "warning", values)]
    if section.design_cold_c is not None or section.design_hot_c is not None:
        return [Finding("buses.weather_half", "assumption", values)]
    margins: dict[str, str | int | float] = {
        "cold_k": f"{section.cold_margin_k:g}",
        "hot_k": f"{section.hot_margin_k:g}",
    }
    return [Finding("buses.weather_months", "assumption", values | margins)]


def noon_sun(peak_w_m2: float) -> Float:
    """Return the sun by hour: half a sine between 6 and 18 h, shape (24,)."""
    hour = np.arange(HOURS) + 0.5
    return np.asarray(peak_w_m2 * np.clip(np.sin(np.pi * (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H)), 0.0, None))


def daily_means(name: str, base: Path | None = None) -> Float:
    """Read the daily mean temperatures of a table with a column ``mean_c``.

    Raises
    ------
    InputError
        No such file or column, or a value that is no temperature.
    """
    path = Path(name) if base is None else base / name
    try:
        table = pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError("this table cannot be read", first_line(error), file=path) from error
    if "mean_c" not in table.columns or not table.height:
        raise InputError("no daily mean temperatures", "Give a column mean_c.", file=path, column="mean_c")
    values = table["mean_c"].cast(pl.Float64, strict=False)
    wrong = (values.is_null() | ~values.is_between(-70.0, 60.0)).fill_null(value=True)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise InputError(
            "this is no temperature in degrees Celsius", "Correct or delete the row.",
            file=path, row=row + 2, column="mean_c", value=table["mean_c"][row],
        )  # fmt: skip
    return values.to_numpy()


def _about(hours: Float, mean_c: float) -> Float:
    return np.asarray(hours - hours.mean() + mean_c)
