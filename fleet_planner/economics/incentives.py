"""Incentives: capped per vehicle, within a budget a year, less year by year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.learning import curve_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.plan.economics import Incentive

Float = NDArray[np.float64]


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
    shares = shared_out(incentives, year, purchases, [np.array(p.capital) for p in purchases])
    out = []
    for share in shares:
        purchase, want, each = purchases[share.which], float(share.wanted), float(share.each)
        if want > 0.0 and purchase.vehicles > 0.0:
            name = (share.incentive, purchase.measure_id, purchase.stream)
            out.append(Grant(*name, each, want * purchase.vehicles, each * purchase.vehicles))
    return out


@dataclass(frozen=True)
class Share:
    """What an incentive pays per vehicle of a purchase, in many cases at once.

    Parameters
    ----------
    incentive, which
        Its name, and the place of the purchase among all.
    wanted, each
        Asked and paid per vehicle, US$ 2024, of the shape of the capital.
    """

    incentive: str
    which: int
    wanted: Float
    each: Float


def shared_out(
    incentives: Sequence[Incentive], year: int, purchases: Sequence[Bought], capital: Sequence[Float]
) -> list[Share]:
    """Return `granted` for many figures of the capital per vehicle of each purchase, all of one shape."""
    left = [np.maximum(c, 0.0) for c in capital]
    out = []
    for incentive in incentives:
        part = left_in(incentive, year)
        wanted = [
            np.minimum(_per_vehicle(incentive, c) * part, rest) if _is_for(incentive, p) else np.zeros_like(rest)
            for p, c, rest in zip(purchases, capital, left, strict=True)
        ]
        asked = np.asarray(sum(w * p.vehicles for w, p in zip(wanted, purchases, strict=True)))
        budget = incentive.budget_usd_per_year
        met = np.ones_like(asked)
        if budget is not None:
            met = np.where(asked <= budget, 1.0, budget / np.where(asked > budget, asked, 1.0))
        for k, want in enumerate(wanted):
            each = np.asarray(want * met)
            left[k] = left[k] - each
            out.append(Share(incentive.name, k, np.asarray(want), each))
    return out


def _is_for(incentive: Incentive, purchase: Bought) -> bool:
    return (not incentive.measures or purchase.measure_id in incentive.measures) and (
        not incentive.streams or purchase.stream in incentive.streams
    )


def _per_vehicle(incentive: Incentive, capital: Float) -> Float:
    asked = incentive.share_of_capital * capital + incentive.per_vehicle_usd
    most = incentive.max_per_vehicle_usd
    return np.asarray(asked if most is None else np.minimum(asked, most))
