"""Months and hours of a table of weather: which of them are alike, and which are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import ALL_MONTHS, DAYS_OF_MONTH
from fleet_planner.errors import InputError
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
MONTHS = 12
MOST_GROUPS = 24
"""More months and hours of unlike weather are put together by season and time of day."""
MOST_SEASONS = 4
QUARTERS = ((12, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))
FIRST_HOURS = (6, 9, 12, 16, 19, 22)
"""Where the times of the day begin that are put together; the last runs to the next morning."""
TIME = r"^\d{4}-(\d{1,2})-\d{1,2}[T ](\d{1,2})"


@dataclass(frozen=True)
class Groups:
    """Months and hours of like weather.

    Parameters
    ----------
    group
        Of each month and hour, shape (12, 24).
    seasons
        Months 1..12 by name.
    pooled
        Whether unlike ones were put together.
    """

    group: Int
    seasons: Mapping[str, tuple[int, ...]]
    pooled: bool

    def weight_of(self, when: Bool, frequency: Float) -> Float:
        """Return how much each row counts in each group, shape (G, rows).

        Within a month and hour frequencies count as they stand; months and hours of a group count by their days.
        """
        total = frequency @ when
        days = np.repeat(DAYS_OF_MONTH, HOURS_PER_DAY)
        each = np.divide(days, total, out=np.zeros_like(total), where=total > 0.0)
        flat = self.group.ravel()
        out = np.zeros((int(flat.max()) + 1, when.shape[0]))
        for g in range(out.shape[0]):
            own = flat == g
            out[g] = frequency * (when[:, own] @ each[own])
        return out


def dated(table: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Return the table with months and hours from ``time`` where it is given.

    Raises
    ------
    InputError
        A time cannot be read.
    """
    if table["time"].null_count() == table.height:
        return table
    parts = {name: pl.col("time").str.extract(TIME, k).cast(pl.Int64) for k, name in enumerate(("month", "hour"), 1)}
    found = table.select(**parts)
    good = found["month"].is_between(1, MONTHS) & found["hour"].is_between(0, HOURS_PER_DAY - 1)
    wrong = table["time"].is_not_null() & ~good.fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise InputError(
            *("this is no time", "Write local time such as 2023-07-01T14:00.", file, row + 2, "time"),
            table["time"][row],
        )
    given = {"month_from": "month", "month_to": "month", "hour_from": "hour", "hour_to": "hour"}
    return table.with_columns(*(pl.coalesce(found[source], pl.col(name)).alias(name) for name, source in given.items()))


def months_and_hours(table: pl.DataFrame) -> Bool:
    """Return which months and hours each row is for, shape (rows, 12 * 24)."""

    def within(first: str, last: str, of: Int) -> Bool:
        a, b = (table[name].to_numpy()[:, None] for name in (first, last))
        return np.asarray(np.where(a <= b, (of >= a) & (of <= b), (of >= a) | (of <= b)))

    months = within("month_from", "month_to", np.arange(1, MONTHS + 1))
    hours = within("hour_from", "hour_to", np.arange(HOURS_PER_DAY))
    return np.asarray((months[:, :, None] & hours[:, None, :]).reshape(table.height, MONTHS * HOURS_PER_DAY))


def seasons_of(
    table: pl.DataFrame, when: Bool, given: Mapping[str, Sequence[int]] | None
) -> Mapping[str, tuple[int, ...]]:
    """Return the seasons: those given, else months of the same rows, else quarters of the year where that is too many.

    A season that rows name alike has their name, others their months.
    """
    if given:
        return {name: tuple(months) for name, months in given.items()}
    by_month = np.asarray(when.reshape(table.height, MONTHS, HOURS_PER_DAY).any(axis=2), dtype=np.bool_)
    alike: dict[bytes, list[int]] = {}
    for month in ALL_MONTHS:
        alike.setdefault(np.packbits(by_month[:, month - 1]).tobytes(), []).append(month)
    if len(alike) == 1:
        return {"year": ALL_MONTHS}
    parts = [tuple(months) for months in alike.values()] if len(alike) <= MOST_SEASONS else list(QUARTERS)
    out = {}
    for months in parts:
        own = [row.tolist() == [month in months for month in ALL_MONTHS] for row in by_month]
        names = set(table.filter(pl.Series(own))["season"].drop_nulls().to_list())
        out[names.pop() if len(names) == 1 else _span(months)] = months
    return out


def _span(months: Sequence[int]) -> str:
    """Return months in words: ``12-2`` where they follow each other, else ``1, 3``."""
    first = next((m for m in months if (m - 2) % MONTHS + 1 not in months), months[0])
    chain = [(first - 1 + k) % MONTHS + 1 for k in range(len(months))]
    return f"{chain[0]}-{chain[-1]}" if set(chain) == set(months) else ", ".join(map(str, months))


def grouped(when: Bool, frequency: Float, seasons: Mapping[str, tuple[int, ...]], file: Path) -> Groups:
    """Return the months and hours that have the same rows; too many are put together by season and time of day.

    Raises
    ------
    InputError
        A group has no weather.
    """
    counted = when & (frequency > 0.0)[:, None]
    _, alike = np.unique(np.packbits(counted, axis=0), axis=1, return_inverse=True)
    group, pooled = alike.ravel().astype(np.int64), False
    if group.max() + 1 > MOST_GROUPS:
        pooled = True
        season = np.zeros(MONTHS, dtype=np.int64)
        for number, months in enumerate(seasons.values()):
            season[np.array(months) - 1] = number
        part = (np.searchsorted(FIRST_HOURS, np.arange(HOURS_PER_DAY), side="right") - 1) % len(FIRST_HOURS)
        group = (season[:, None] * len(FIRST_HOURS) + part[None, :]).ravel()
    has = np.bincount(group, counted.any(axis=0), int(group.max()) + 1) > 0.0
    if not has.all():
        month, hour = divmod(int(np.flatnonzero(~has[group])[0]), HOURS_PER_DAY)
        raise InputError(
            "an hour of the day has no weather",
            f"Add rows for hour {hour} of month {month + 1}.",
            file=file,
            column="hour_from",
        )
    return Groups(group.reshape(MONTHS, HOURS_PER_DAY), seasons, pooled)
