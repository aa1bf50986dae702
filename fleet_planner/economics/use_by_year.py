"""What a fleet uses above another year by year, from the years whose emissions are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.economics.ownership import Use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


LEAST_VEHICLES = 1e-6
"""Fewer are none, but rounding: nothing is divided by them."""


def changes_by_year(change: Mapping[int, Use], vehicles: Mapping[int, float], years: Sequence[int]) -> dict[int, Use]:
    """Return what a fleet uses above the baseline in every year.

    Between the years known the change per vehicle with a measure is interpolated and multiplied with the year's
    vehicles; where no vehicle has a measure (a scenario of another turnover alone) the change itself is.

    Parameters
    ----------
    change
        In the years known, among them the base year, whose change is none.
    vehicles
        With a measure, by year.
    years
        Asked.
    """
    each = {y: scaled(use, 1.0 / vehicles[y]) for y, use in change.items() if vehicles.get(y, 0.0) > LEAST_VEHICLES}
    if not each:
        return {year: between(change, year) for year in years}
    return {year: scaled(between(each, year), vehicles.get(year, 0.0)) for year in years}


def between(by_year: Mapping[int, Use], year: int) -> Use:
    """Return the linear mean of the nearest year before and after; before the first and after the last its own."""
    known = sorted(by_year)
    before = max((y for y in known if y <= year), default=known[0])
    after = min((y for y in known if y >= year), default=known[-1])
    if before == after:
        return by_year[before]
    part = (year - before) / (after - before)
    return added(scaled(by_year[before], 1.0 - part), scaled(by_year[after], part))


def scaled(use: Use, by: float) -> Use:
    """Return a use times a number."""
    return Use(
        use.km * by,
        {k: v * by for k, v in use.fuel_mj.items()},
        use.electricity_kwh * by,
        {k: v * by for k, v in use.premium_mj.items()},
        use.co2_t * by,
    )


def added(one: Use, other: Use) -> Use:
    """Return the sum of two uses."""

    def joined(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
        return {k: a.get(k, 0.0) + b.get(k, 0.0) for k in {**a, **b}}

    return Use(
        one.km + other.km,
        joined(one.fuel_mj, other.fuel_mj),
        one.electricity_kwh + other.electricity_kwh,
        joined(one.premium_mj, other.premium_mj),
        one.co2_t + other.co2_t,
    )


def difference(now: Use, base: Use) -> Use:
    """Return what one use is above another."""
    return added(now, scaled(base, -1.0))
