"""How unevenly emissions fall on vehicles: the worst tenth of the trucks emits about half.

A distribution of multipliers with mean 1 over the vehicles of a group. Measured shares of the worst vehicles are in
``reference/emission_skew.csv``; a lognormal or gamma distribution is fitted to one of them exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from scipy import special

from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Seeds = NDArray[np.uint64]

Kind = Literal["lognormal", "gamma"]
RANDOM_BITS = 53
SEED_BYTES = 8


@dataclass(frozen=True)
class Skew:
    """Multipliers with mean 1.

    Parameters
    ----------
    kind
        Shape of the distribution.
    parameter
        Standard deviation of the logarithm (lognormal) or shape (gamma); 0 and infinity mean that all are alike.
    """

    kind: Kind
    parameter: float

    @property
    def even(self) -> bool:
        """Whether all vehicles emit alike."""
        return self.parameter == 0.0 if self.kind == "lognormal" else bool(np.isinf(self.parameter))

    def multipliers(self, uniform: Array) -> Array:
        """Return the multiplier at each quantile in (0, 1), same shape: mean 1 over even quantiles."""
        if self.even:
            return np.ones_like(uniform)
        if self.kind == "lognormal":
            sigma = self.parameter
            return np.asarray(np.exp(sigma * special.ndtri(uniform) - 0.5 * sigma * sigma))
        return np.asarray(special.gammaincinv(self.parameter, uniform) / self.parameter)


EVEN = Skew("lognormal", 0.0)


def _fraction(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise InputError(f"{name} is not between 0 and 1", "Give a fraction.", value=value)


def fleet_share_of_worst(fraction: float, skew: Skew) -> float:
    r"""Return the share of all emission that the worst ``fraction`` of the vehicles emits.

    Lognormal: ``Phi(sigma - Phi^-1(1 - p))``. Gamma of shape k: ``1 - F_{k+1}(F_k^-1(1 - p))`` with the regularised
    incomplete gamma function F. (Lorenz curves of the two distributions.)

    Raises
    ------
    InputError
        The fraction is not between 0 and 1.
    """
    _fraction("the fraction of vehicles", fraction)
    if skew.even:
        return fraction
    if skew.kind == "lognormal":
        return float(special.ndtr(skew.parameter - special.ndtri(1.0 - fraction)))
    quantile = special.gammaincinv(skew.parameter, 1.0 - fraction)
    return float(special.gammaincc(skew.parameter + 1.0, quantile))


def fit_skew(fraction: float, share: float, kind: Kind = "lognormal") -> Skew:
    """Return the distribution whose worst ``fraction`` of the vehicles emits ``share`` of the total.

    Raises
    ------
    InputError
        One of them is no fraction, or the worst vehicles would emit less than the others.
    """
    _fraction("the fraction of vehicles", fraction)
    _fraction("the share of the emission", share)
    if share < fraction:
        raise InputError("the worst vehicles emit less than the mean", "Give a larger share.", value=share)
    if share == fraction:
        return EVEN
    if kind == "lognormal":
        return Skew(kind, float(special.ndtri(1.0 - fraction) + special.ndtri(share)))
    lowest, highest = np.log(1e-3), np.log(1e6)
    ends = [fleet_share_of_worst(fraction, Skew(kind, float(np.exp(x)))) - share for x in (lowest, highest)]
    if ends[0] < 0.0 or ends[1] > 0.0:
        raise InputError("no gamma distribution is that skewed", "Use the lognormal one.", value=share)
    from scipy import optimize

    shape = optimize.brentq(
        lambda x: fleet_share_of_worst(fraction, Skew(kind, float(np.exp(x)))) - share, lowest, highest
    )
    return Skew(kind, float(np.exp(shape)))


@cache
def measured_skew(pollutant: str, kind: Kind = "lognormal") -> Skew:
    """Return the distribution of the newest measured fleet for a pollutant; all alike where none is published.

    Measured plumes scatter more than vehicles do: the skew of plumes is an upper end for vehicles.
    """
    rows = (
        reference_table("emission_skew.csv").filter(pl.col("pollutant") == pollutant).sort("year", maintain_order=True)
    )
    if rows.is_empty():
        return EVEN
    last = rows.row(-1, named=True)
    return fit_skew(last["fraction_of_vehicles"], last["share_of_emission"], kind)


def vehicle_seeds(vehicle_ids: Iterable[str]) -> Seeds:
    """Return 64 bits for each vehicle that depend on its name alone, shape (n,)."""
    words = b"".join(blake2b(v.encode(), digest_size=SEED_BYTES).digest() for v in vehicle_ids)
    return np.frombuffer(words, dtype="<u8").astype(np.uint64)


def uniform(seeds: Seeds, salt: str) -> Array:
    """Return a number in (0, 1) for each vehicle that depends on its seed and ``salt`` alone.

    The same vehicle draws the same number in every run, on every machine and in every order of the registry; other
    salts (a fault, a pollutant) draw other numbers. (The finaliser of splitmix64: Steele, Lea, Flood 2014.)

    Parameters
    ----------
    seeds
        From `vehicle_seeds`, shape (n,).
    salt
        What is drawn.
    """
    mixed = seeds ^ np.frombuffer(blake2b(salt.encode(), digest_size=SEED_BYTES).digest(), dtype="<u8").astype(
        np.uint64
    )
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray(((mixed >> np.uint64(64 - RANDOM_BITS)).astype(np.float64) + 0.5) / 2.0**RANDOM_BITS)
