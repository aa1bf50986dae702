"""How uncertain a factor is: a distribution for every channel of every technology.

The guidebook rates factors A to E (``factor_uncertainty.csv``); a code stands for a typical error
(``uncertainty_codes.csv``), taken here at the geometric middle of its range as half the width of a 95 % interval above
the factor: a lognormal multiplier with arithmetic mean 1 and ``exp(1.96 sigma) = 1 + error``. What follows from another
pollutant (CO2 from energy, SO2 and lead too) takes that one's. Factors of one technology and pollutant move together.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.compiling.channels import CHANNELS, base_of
from fleet_planner.kernels.uncertainty import lognormal_multipliers
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.compiling.table import FactorTable

    Array = NDArray[np.float64]

Z_95 = 1.96
SAME_FUEL = {
    "petrol_hybrid": "petrol",
    "lpg": "petrol",
    "cng": "petrol",
    "diesel_hybrid": "diesel",
    "biodiesel": "diesel",
}
PERCENT = 100.0
UNRATED = "C"
"""Code of what has none: electricity use, lubricant, urea."""

COMMON_SHARE = 0.3
"""Share of the variance that all factors of a set have in common (test methods, driving); own estimate."""


@cache
def code_sigma() -> Mapping[str, float]:
    """Return the standard deviation of the logarithm by data-quality code."""
    rows = reference_table("uncertainty_codes.csv").iter_rows(named=True)
    middle = {r["code"]: np.sqrt(float(r["low_pct"]) * float(r["high_pct"])) / PERCENT for r in rows}
    return {code: float(np.log1p(error) / Z_95) for code, error in middle.items()}


@cache
def _codes() -> Mapping[tuple[str, str, str, str], str]:
    rows = reference_table("factor_uncertainty.csv").iter_rows(named=True)
    return {(r["category"] or "", r["fuel"] or "", r["pollutant"], r["process"]): r["code"] for r in rows}


def code_of(technology: Mapping[str, str], pollutant: str, process: str) -> str:
    """Return the data-quality code of a technology's pollutant and process; `UNRATED` where none is given."""
    fuel = SAME_FUEL.get(technology["fuel"], technology["fuel"])
    for name in (pollutant, base_of(pollutant)):
        for key in ((technology["category"], fuel), (technology["category"], ""), ("", "")):
            if (*key, name, process) in _codes():
                return _codes()[*key, name, process]
    return UNRATED


def interval_95(code: str) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a code's multiplier, around arithmetic mean 1."""
    sigma = code_sigma()[code]
    low, high = (float(np.exp(sign * Z_95 * sigma - sigma * sigma / 2.0)) for sign in (-1.0, 1.0))
    return low, high


def table_sigma(factors: FactorTable) -> tuple[Array, NDArray[np.int64]]:
    """Return sigma and correlation group of every channel, shapes (T, channels): a group per technology and base."""
    technologies = list(factors.technologies.iter_rows(named=True))
    sigma = np.array([[code_sigma()[code_of(t, c.pollutant, c.process)] for c in CHANNELS] for t in technologies])
    bases = sorted({(base_of(c.pollutant), c.process) for c in CHANNELS})
    place = np.array([bases.index((base_of(c.pollutant), c.process)) for c in CHANNELS], dtype=np.int64)
    group = np.arange(len(technologies), dtype=np.int64)[:, None] * len(bases) + place[None, :]
    return sigma, group


def sample_multipliers(factors: FactorTable, samples: int, seed: int = 0, common: float = COMMON_SHARE) -> Array:
    """Return multipliers of every channel of every technology, shape (samples, T, channels), arithmetic mean 1."""
    sigma, group = table_sigma(factors)
    drawn = lognormal_multipliers(sigma.ravel(), group.ravel(), common, samples, seed)
    return np.asarray(drawn).reshape(samples, *sigma.shape)
