"""What curves depend on besides speed, load and grade: driving mode, the hours' weather, fuels, trips.

Temperature does not separate from the curves, so the hours of the day fall into a few classes of like temperature
and every class has curves of its own, averaged over its hours and months. The condition axis of the kernels is
``hour class x driving mode``: condition = class * len(MODES) + mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.factors.axes import GRADES, LOADS, MODES

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[np.float64]
HOURS, MONTHS = 24, 12


@dataclass(frozen=True)
class Conditions:
    """Weather, fuels and trips of a city.

    Parameters
    ----------
    temperature_c, humidity_pct
        Mean air temperature and relative humidity by month and hour, shape (12, 24).
    hour_class
        Class of each hour, 0 .. K - 1, shape (H,), int64; H = 24 * types of day, whose hours follow each other.
    hour_weight
        Share of the distance driven in each hour, shape (H,), sum 1; months count alike.
    altitude_m
        Height above the sea.
    trip_km
        Mean length of a light vehicle's trip.
    petrol_sulphur_ppm, diesel_sulphur_ppm
        Sulphur of the fuels sold, by mass.
    month_weight
        Which months each type of day is in, shape (H / 24, 12), 0 or 1; by default all in each.
    """

    temperature_c: Array
    humidity_pct: Array
    hour_class: NDArray[np.int64]
    hour_weight: Array
    altitude_m: float = 0.0
    trip_km: float = 12.4
    petrol_sulphur_ppm: float = 10.0
    diesel_sulphur_ppm: float = 10.0
    month_weight: Array | None = None

    @property
    def classes(self) -> int:
        """Number of hour classes K."""
        return int(self.hour_class.max()) + 1

    @property
    def count(self) -> int:
        """Length of the condition axis, K * len(MODES)."""
        return self.classes * len(MODES)

    def mean(self, function: Callable[[Array, Array], Array]) -> Array:
        """Average a function of the weather over the months and hours of each class.

        Parameters
        ----------
        function
            Takes temperature (degrees Celsius) and relative humidity (percent), each shape (n,), and returns
            shape (n, ...).

        Returns
        -------
        Shape (K, ...).
        """
        out = []
        weights = self._month_hour_weight()
        for k in range(self.classes):
            hours = np.flatnonzero(self.hour_class == k)
            weight = weights[:, hours].ravel()
            total = weight.sum()
            weight = weight / total if total > 0.0 else np.full(weight.size, 1.0 / weight.size)
            clock = hours % HOURS
            values = function(self.temperature_c[:, clock].ravel(), self.humidity_pct[:, clock].ravel())
            out.append(np.tensordot(weight, np.asarray(values, dtype=np.float64), axes=1))
        return np.array(out)

    def share_of_driving(self, when: NDArray[np.bool_]) -> float:
        """Return the share of the distance that is driven in some months and hours, ``when`` of shape (12, 24)."""
        weight = self._month_hour_weight()
        folded = weight.reshape(MONTHS, -1, HOURS).sum(axis=1)
        return float((folded * when).sum() / weight.sum())

    def _month_hour_weight(self) -> Array:
        """Return the weight of each month in each hour, shape (12, H)."""
        hours = self.hour_weight.size
        months = np.ones((hours // HOURS, MONTHS)) if self.month_weight is None else self.month_weight
        return np.asarray(np.repeat(months, HOURS, axis=0).T * self.hour_weight[None, :])

    def any_class(self, by_mode: NDArray[np.int32]) -> NDArray[np.int32]:
        """Repeat an index by mode, shape (4, 3, 7), for every hour class: shape (count, 3, 7)."""
        return np.tile(by_mode, (self.classes, 1, 1))

    def any_mode(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Spread one curve per hour class, shape (K,), over modes, loads and grades: shape (count, 3, 7)."""
        flat = np.repeat(np.asarray(rows, dtype=np.int32), len(MODES))
        return np.broadcast_to(flat[:, None, None], (flat.size, len(LOADS), len(GRADES))).copy()


def mild_conditions(temperature_c: float = 15.0, humidity_pct: float = 50.0) -> Conditions:
    """Return conditions that are the same in every hour: the base conditions of most published factors."""
    return Conditions(
        temperature_c=np.full((MONTHS, HOURS), temperature_c),
        humidity_pct=np.full((MONTHS, HOURS), humidity_pct),
        hour_class=np.zeros(HOURS, dtype=np.int64),
        hour_weight=np.full(HOURS, 1.0 / HOURS),
    )
