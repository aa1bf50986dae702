"""The ledger of a fleet against its allowance, and credits of small owners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.markets.clearing import Cleared

    Array = NDArray[np.float64]

CapKind = Literal["absolute", "intensity", "baseline_and_credit"]


@dataclass(frozen=True)
class Allowance:
    """What a city may emit in a year.

    Parameters
    ----------
    kind
        ``absolute``: tonnes. ``intensity``: tonnes per unit of activity (vehicle-km and the like) times activity.
        ``baseline_and_credit``: the baseline itself, so that every credited tonne below it may be sold.
    cap_t
        Of ``absolute``.
    intensity_t, activity
        Of ``intensity``.
    """

    kind: CapKind
    cap_t: float = 0.0
    intensity_t: float = 0.0
    activity: float = 0.0

    def tonnes(self, baseline_t: float) -> float:
        """Return the allowance for emissions without abatement of ``baseline_t``."""
        if self.kind == "intensity":
            return self.intensity_t * self.activity
        return self.cap_t if self.kind == "absolute" else baseline_t


def ledger(allocated_t: Array, baseline_t: Array, cleared: Cleared, *, adjustment: bool = True) -> dict[str, Array]:
    """Return the lines of the ledger by city, tonnes, shape (N,).

    ``allocated + bought + offsets + ceiling - sold - retired - verified - unused = 0`` for each city, and units bought
    are units sold over all cities.

    Parameters
    ----------
    allocated_t, baseline_t
        Allowance, and emission without abatement, shape (N,).
    cleared
        The cleared year.
    adjustment
        Add exported units back to the seller's reported emission and take them off the buyer's (corresponding
        adjustment of the Paris Agreement, Article 6.2): ``adjusted`` is verified plus sold less bought; without it
        both report what they emit, and an exported tonne counts twice.
    """
    verified = baseline_t - cleared.abated
    given = allocated_t + cleared.bought_t + cleared.offsets + cleared.ceiling
    left = given - cleared.sold_units - cleared.retired - verified
    exported = cleared.sold_units - cleared.bought_units
    unused = np.maximum(left, 0.0)
    return {
        "allocated_t": allocated_t,
        "verified_t": verified,
        "bought_units": cleared.bought_units,
        "bought_t": cleared.bought_t,
        "offsets_t": cleared.offsets,
        "ceiling_t": cleared.ceiling,
        "sold_units": cleared.sold_units,
        "retired_t": cleared.retired,
        "unused_t": unused,
        "balance_t": left - unused,
        "adjusted_t": verified + exported if adjustment else verified,
    }


def owner_credits(baseline_t: Array, actual_t: Array, additionality: float, floor_t: float) -> Array:
    """Return the credits of small owners (碳普惠), tonnes, shape (N,): baseline-and-credit with a floor per owner.

    Parameters
    ----------
    baseline_t, actual_t
        Of each owner in a year.
    additionality
        Share of the cut that would not have come anyway, 0..1.
    floor_t
        Credits below it are not issued: they would cost more to verify than they are worth.
    """
    earned = additionality * np.maximum(baseline_t - actual_t, 0.0)
    return np.where(earned >= floor_t, earned, 0.0)
