"""Types of day: how many of the year's days each stands for, and how it drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY

if TYPE_CHECKING:
    from fleet_planner.plan.traffic import TrafficSection

Float = NDArray[np.float64]
KINDS = ("weekday", "saturday", "sunday")
"""Kinds of day that the packaged profiles tell apart."""

KINDS_OF = {
    "average": KINDS,
    "weekday": KINDS[:1],
    "weekend": KINDS[1:],
    "saturday": KINDS[1:2],
    "sunday": KINDS[2:],
}
"""Kinds of day that a word of the user's tables means."""

DAYS_OF_MONTH = (31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)
ALL_MONTHS = tuple(range(1, 13))


@dataclass(frozen=True)
class DayType:
    """One type of day of an activity; its 24 hours follow each other on the hour axis.

    Parameters
    ----------
    name
        ``average``, ``weekday``, ``weekend``, ``saturday``, ``sunday``.
    season
        Name of the season in the plan; empty where the year is one.
    share
        Fraction of the year's days; all types add up to 1.
    mix
        Fraction of the type's own days by kind of `KINDS`, shape (3,), sum 1.
    months
        Months of its season, 1..12.
    """

    name: str
    season: str
    share: float
    mix: tuple[float, float, float]
    months: tuple[int, ...] = ALL_MONTHS

    @property
    def days_per_year(self) -> float:
        """Days of the year that it stands for."""
        return self.share * DAYS_PER_YEAR

    @property
    def working(self) -> bool:
        """Whether it has the peak hours of working days."""
        return self.mix[0] > 0.0

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of day that it holds."""
        return frozenset(k for k, part in zip(KINDS, self.mix, strict=True) if part > 0.0)

    @property
    def label(self) -> str:
        """Name with its season, such as ``winter weekday``."""
        return f"{self.season} {self.name}".strip()


AVERAGE = DayType("average", "", 1.0, (5.0 / 7.0, 1.0 / 7.0, 1.0 / 7.0))


def day_types(section: TrafficSection) -> tuple[DayType, ...]:
    """Return the types of day of a plan, seasons in the plan's order; shares add up to 1."""
    week = DAYS_PER_YEAR / 7.0
    days = np.array([5.0 * week - section.holidays_per_year, week, week + section.holidays_per_year]) / DAYS_PER_YEAR
    words = ("average",) if section.day_types == "average" else section.day_types.split("_")
    out = []
    for season, months in (section.seasons or {"": list(ALL_MONTHS)}).items():
        part = sum(DAYS_OF_MONTH[m - 1] for m in months) / DAYS_PER_YEAR
        for name in words:
            kinds = KINDS_OF[name]
            own = np.array([d if k in kinds else 0.0 for k, d in zip(KINDS, days, strict=True)])
            first, second, third = (own / own.sum()).tolist()
            out.append(DayType(name, season, part * float(own.sum()), (first, second, third), tuple(months)))
    return tuple(out)


def types_meant(word: str, days: tuple[DayType, ...]) -> list[int]:
    """Return the types of day that together are what a word means; none where the plan does not tell it apart."""
    wanted = frozenset(KINDS_OF[word])
    found = [d for d, day in enumerate(days) if day.kinds <= wanted]
    held = frozenset().union(*(days[d].kinds for d in found))
    return found if held == wanted else []


def hourly_shares(profile: str, days: tuple[DayType, ...]) -> Float:
    """Return the share of each hour of each type of day in the average day's traffic, shape (24 * types,), sum 1."""
    table = reference_table("hourly_profiles.csv").filter(pl.col("profile") == profile).sort("hour")
    by_kind = np.array([table.filter(pl.col("day_type") == k)["share"].to_numpy() for k in KINDS])
    monthly = reference_table("monthly_profiles.csv").filter(pl.col("profile") == profile).sort("month")
    of_year = monthly["share"].to_numpy()
    out = []
    for day in days:
        months = np.array(day.months) - 1
        level = of_year[months].sum() / (np.array(DAYS_OF_MONTH)[months].sum() / DAYS_PER_YEAR)
        out.append(day.share * level * (np.array(day.mix) @ by_kind))
    shares = np.concatenate(out)
    return np.asarray(shares / shares.sum())


def speed_fractions(groups: tuple[str, ...], days: tuple[DayType, ...]) -> Float:
    """Return speed over free-flow speed by class group and hour, shape (groups, 24 * types).

    The time that a kilometre takes is averaged over the days of a type. The one average day takes the speeds of
    weekdays, on which most of the driving of heavy vehicles is done.
    """
    table = reference_table("speed_profiles.csv").sort("hour")
    out = np.empty((len(groups), HOURS_PER_DAY * len(days)))
    for g, group in enumerate(groups):
        own = table.filter(pl.col("class_group") == group)
        by_kind = np.array(
            [own.filter(pl.col("day_type") == k)["fraction_of_free_flow"].to_numpy() for k in KINDS],
            dtype=np.float64,
        )
        for d, day in enumerate(days):
            mix = np.array((1.0, 0.0, 0.0) if day.name == AVERAGE.name else day.mix)
            out[g, d * HOURS_PER_DAY : (d + 1) * HOURS_PER_DAY] = 1.0 / (mix @ (1.0 / by_kind))
    return out
