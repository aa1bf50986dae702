"""NOx of warm light diesels in cold air (optional; published factors hold for the laboratory's temperature).

``multiplier = 1 + s (T_reference - T)`` between the lowest tested and the reference temperature, constant outside;
``s`` by standard in ``reference/low_temperature.csv``. It concerns the warm engine: cold starts are a process of
their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.ranges import Bound

    Array = NDArray[np.float64]

LIGHT = ("passenger_car", "light_commercial")
DIESEL = ("diesel", "biodiesel", "diesel_hybrid", "diesel_phev_on_fuel")


@dataclass(frozen=True)
class LowTemperature:
    """Increase of NOx per Kelvin below ``reference_c`` (by bound), tested down to ``lowest_c``."""

    per_k: Mapping[Bound, float]
    reference_c: float
    lowest_c: float

    def multiplier(self, temperature_c: Array, bound: Bound = "value") -> Array:
        """Return what multiplies warm NOx, shape of ``temperature_c``: 1 from the reference temperature on."""
        inside = np.clip(temperature_c, self.lowest_c, self.reference_c)
        return np.asarray(1.0 + self.per_k[bound] * (self.reference_c - inside))


@cache
def load_low_temperature() -> Mapping[str, LowTemperature]:
    """Return the correction by emission standard; a standard that is not in it has none."""
    return {
        row["standard"]: LowTemperature(
            {"value": row["per_k"], "low": row["low"], "high": row["high"]}, row["reference_c"], row["lowest_c"]
        )
        for row in reference_table("low_temperature.csv").iter_rows(named=True)
    }


def low_temperature_nox(
    category: str, fuel: str, standard: str, conditions: Conditions, *, bound: Bound = "value"
) -> tuple[Array, float]:
    """Return the multiplier of a technology's warm NOx by hour class, and how much of the driving was clamped.

    Parameters
    ----------
    category, fuel, standard
        Of the technology; all but light diesels with a published effect get 1.
    conditions
        Weather by month and hour.

    Returns
    -------
    multiplier
        Shape (classes,), at least 1.
    clamped_share
        Fraction of the distance driven below the lowest tested temperature, 0..1.
    """
    correction = load_low_temperature().get(standard) if category in LIGHT and fuel in DIESEL else None
    if correction is None:
        return np.ones(conditions.classes), 0.0
    factor = conditions.mean(lambda t, _: correction.multiplier(t, bound))
    return factor, conditions.share_of_driving(conditions.temperature_c < correction.lowest_c)
