"""Incentives: capped per vehicle, within a budget a year, less year by year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.economics.learning import curve_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.plan.economics import Incentive


@dataclass(frozen=True)
class Bought:
    """Vehicles that get a measure in a year.

    Parameters
    ----------
    measure_id, stream
        What, for whom.
    vehicles
        How many.
    capital
        Per vehicle, US$ 2024.
    """

    measure_id: str
    stream: str
    vehicles: float
    capital: float


@dataclass(frozen=True)
class Grant:
    """What an incentive pays for one of the purchases of a year.

    Parameters
    ----------
    incentive
        Its name.
    per_vehicle
        US$ 2024.
    asked, paid
        Of all vehicles; the budget may pay less than is asked.
    """

    incentive: str
    measure_id: str
    stream: str
    per_vehicle: float
    asked: float
    paid: float


def left_in(incentive: Incentive, year: int) -> float:
    """Return the share of an incentive that is left in a year: 0 outside its years, else as it is phased out."""
    if (incentive.first_year and year < incentive.first_year) or (incentive.last_year and year > incentive.last_year):
        return 0.0
    return curve_of(incentive.phase_out).at(year) if incentive.phase_out else 1.0


def granted(incentives: Sequence[Incentive], year: int, purchases: Sequence[Bought]) -> list[Grant]:
    """Return what the incentives pay for the purchases of a year.

    They are paid one after another: each at most what is left of the capital, at most its cap per vehicle, and where
    more is asked than its budget all purchases get the same share.

    Parameters
    ----------
    incentives
        In the order in which they are paid.
    year
        Of the purchases.
    purchases
        One per measure and stream.
    """
    left = [max(p.capital, 0.0) for p in purchases]
    out = []
    for incentive in incentives:
        share = left_in(incentive, year)
        wanted = [
            min(_per_vehicle(incentive, p) * share, rest) if _is_for(incentive, p) else 0.0
            for p, rest in zip(purchases, left, strict=True)
        ]
        asked = sum(w * p.vehicles for w, p in zip(wanted, purchases, strict=True))
        budget = incentive.budget_usd_per_year
        met = 1.0 if budget is None or asked <= budget else budget / asked
        for k, (want, purchase) in enumerate(zip(wanted, purchases, strict=True)):
            if want > 0.0 and purchase.vehicles > 0.0:
                each = want * met
                left[k] -= each
                out.append(
                    Grant(
                        incentive.name,
                        purchase.measure_id,
                        purchase.stream,
                        each,
                        want * purchase.vehicles,
                        each * purchase.vehicles,
                    )
                )
    return out


def _is_for(incentive: Incentive, purchase: Bought) -> bool:
    return (not incentive.measures or purchase.measure_id in incentive.measures) and (
        not incentive.streams or purchase.stream in incentive.streams
    )


def _per_vehicle(incentive: Incentive, purchase: Bought) -> float:
    asked = incentive.share_of_capital * purchase.capital + incentive.per_vehicle_usd
    most = incentive.max_per_vehicle_usd
    return asked if most is None else min(asked, most)
