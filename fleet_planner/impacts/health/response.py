"""What a concentration does to people: shares of deaths and cases that it causes.

Log-linear: a step of concentration multiplies the risk by ``RR``, so ``beta = ln(RR) / step`` and a share
``1 - exp(-beta C)`` of the cases is due to C. GEMM (Burnett and others 2018): the hazard ratio at z = max(0, C - c0) is
``exp(theta ln(z / alpha + 1) / (1 + exp(-(z - mu) / nu)))``, and what traffic adds is the last part of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
BOUNDS = ("value", "low", "high")


@dataclass(frozen=True)
class Ranged:
    """A figure with its range; ``checked`` is false where its source was not opened."""

    value: float
    low: float
    high: float
    checked: bool = True

    def at(self, bound: str) -> float:
        """Return ``value``, ``low`` or ``high``."""
        return float(getattr(self, bound))

    def times(self, factor: float) -> Ranged:
        """Return the figure and its range times a number; a negative one turns the range round."""
        ends = sorted((self.low * factor, self.high * factor))
        return Ranged(self.value * factor, ends[0], ends[1], self.checked)


@dataclass(frozen=True)
class LogLinear:
    """A relative risk per step of concentration, µg/m3."""

    risk: Ranged
    step_ug_m3: float

    def share(self, brought: Float, bound: str = "value") -> Float:
        """Return which share of cases a concentration causes.

        Parameters
        ----------
        brought
            µg/m3, of any shape; negative ones prevent cases.
        bound
            Of the risk.
        """
        beta = np.log(self.risk.at(bound)) / self.step_ug_m3
        return np.asarray(-np.expm1(-beta * brought))


@dataclass(frozen=True)
class Gemm:
    """The global exposure mortality model at a level of concentration.

    Parameters
    ----------
    theta, alpha, mu, nu, start
        Of the published curve; ``start`` is the concentration below which there is no risk.
    level_ug_m3
        Annual mean with what traffic brings.
    natural
        Deaths that the curve is of, per natural death.
    """

    theta: Ranged
    alpha: float
    mu: float
    nu: float
    start: float
    level_ug_m3: float
    natural: Ranged

    def hazard(self, level: Float, bound: str = "value") -> Float:
        """Return the hazard ratio at a level, µg/m3."""
        z = np.maximum(level - self.start, 0.0)
        return np.asarray(
            np.exp(self.theta.at(bound) * np.log1p(z / self.alpha) / (1.0 + np.exp(-(z - self.mu) / self.nu)))
        )

    def share(self, brought: Float, bound: str = "value") -> Float:
        """Return which share of natural deaths goes when traffic's part of the level goes."""
        level = np.full(np.shape(brought), self.level_ug_m3)
        without = self.hazard(np.maximum(level - brought, 0.0), bound)
        return np.asarray(self.natural.at(bound) * (1.0 - without / self.hazard(level, bound)))
