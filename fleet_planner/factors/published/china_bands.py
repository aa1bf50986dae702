"""Where a value stands among the bands and levels of the Chinese guide.

Every correction is a short list of factors along an axis. A place on the axis is a pair of neighbouring entries and
the weight of the upper one, so that steps (weight 0) and interpolation are evaluated alike.

Bands as published are open where the guide writes < and >: exactly 80 km/h is in 40-80, exactly 10 and 25 degrees
are in 10-25, exactly 1500 m is not above 1500 m. Exactly 20 and 40 km/h begin their bands. Exactly 30 km/h and
exactly 50 percent humidity stand between two bands and are the guide's base conditions: their factor is 1.

With ``interpolate`` the factor of a band holds at the middle of the band, an open band being as wide as its
neighbour (above 80: 100 km/h; below 10 degrees: 2.5, above 25: 32.5; above 1500 m: 2250), and the base condition
keeps factor 1 (30 km/h, 15 degrees, 50 percent); between these points it is linear, beyond them held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.published.china_tables import FIRST_YEAR, LAST_YEAR, LOADS, SULPHUR_PPM

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

SPEED_NODES_KMH = (10.0, 25.0, 30.0, 35.0, 60.0, 100.0)
TEMPERATURE_NODES_C = (2.5, 15.0, 32.5)
HUMIDITY_NODES_PCT = (25.0, 50.0, 75.0)
ALTITUDE_NODES_M = (750.0, 2250.0)
HOT_C = 24.0
HOT_NODES_C = (15.0, 32.5)
"""Between these the humidity factors of up to 24 degrees pass into those of above when interpolated."""


@dataclass(frozen=True)
class Place:
    """Where values stand on an axis.

    Parameters
    ----------
    lower
        Entry at or below each value, shape (n,), int64.
    upper_weight
        Weight of the entry after it, shape (n,), 0 .. 1; 0 throughout for steps.
    """

    lower: NDArray[np.int64]
    upper_weight: Array

    def of(self, factors: Array) -> Array:
        """Return the factors at the values.

        Parameters
        ----------
        factors
            Shape (..., N), the axis last.

        Returns
        -------
        Shape (..., n).
        """
        upper = np.minimum(self.lower + 1, factors.shape[-1] - 1)
        out: Array = factors[..., self.lower] * (1.0 - self.upper_weight) + factors[..., upper] * self.upper_weight
        return out

    def each(self, factors: Array, row: NDArray[np.int64], pollutant: NDArray[np.int64]) -> Array:
        """Return the factor of a row and pollutant for each value.

        Parameters
        ----------
        factors
            Shape (R, P, N).
        row, pollutant
            Shape (n,).

        Returns
        -------
        Shape (n,).
        """
        out: Array = factors[row, pollutant, self.lower]
        if self.upper_weight.any():
            upper = np.minimum(self.lower + 1, factors.shape[-1] - 1)
            out = out * (1.0 - self.upper_weight) + factors[row, pollutant, upper] * self.upper_weight
        return out


def between(values: ArrayLike, nodes: tuple[float, ...]) -> Place:
    """Return places between nodes, held beyond them."""
    v = np.clip(np.asarray(values, dtype=np.float64), nodes[0], nodes[-1])
    points = np.array(nodes)
    lower = np.clip(np.searchsorted(points, v, side="right") - 1, 0, points.size - 2)
    return Place(lower.astype(np.int64), (v - points[lower]) / (points[lower + 1] - points[lower]))


def _step(entry: NDArray[np.int64]) -> Place:
    return Place(entry.astype(np.int64), np.zeros(entry.shape))


def speed_place(speed_kmh: ArrayLike, *, interpolate: bool = False) -> Place:
    """Return places among < 20, 20-30, exactly 30, 30-40, 40-80 and > 80 km/h."""
    if interpolate:
        return between(speed_kmh, SPEED_NODES_KMH)
    v = np.asarray(speed_kmh, dtype=np.float64)
    band = np.array([0, 1, 3, 4])[np.searchsorted([20.0, 30.0, 40.0], v, side="right")]
    return _step(np.where(v == 30.0, 2, np.where(v > 80.0, 5, band)))


def temperature_place(temperature_c: ArrayLike, *, interpolate: bool = False) -> Place:
    """Return places among < 10, 10-25 and > 25 degrees Celsius."""
    if interpolate:
        return between(temperature_c, TEMPERATURE_NODES_C)
    t = np.asarray(temperature_c, dtype=np.float64)
    return _step(np.where(t < 10.0, 0, np.where(t > 25.0, 2, 1)))


def humidity_place(humidity_pct: ArrayLike, *, interpolate: bool = False) -> Place:
    """Return places among < 50, exactly 50 and > 50 percent relative humidity."""
    if interpolate:
        return between(humidity_pct, HUMIDITY_NODES_PCT)
    h = np.asarray(humidity_pct, dtype=np.float64)
    return _step(np.where(h < 50.0, 0, np.where(h > 50.0, 2, 1)))


def hot_weight(temperature_c: ArrayLike, *, interpolate: bool = False) -> Array:
    """Return the weight of the humidity factors of above 24 degrees."""
    t = np.asarray(temperature_c, dtype=np.float64)
    if interpolate:
        return np.clip((t - HOT_NODES_C[0]) / (HOT_NODES_C[1] - HOT_NODES_C[0]), 0.0, 1.0)
    return (t > HOT_C).astype(np.float64)


def altitude_place(altitude_m: ArrayLike, *, interpolate: bool = False) -> Place:
    """Return places among up to 1500 m and above."""
    if interpolate:
        return between(altitude_m, ALTITUDE_NODES_M)
    return _step((np.asarray(altitude_m, dtype=np.float64) > 1500.0).astype(np.int64))


def sulphur_place(sulphur_ppm: ArrayLike) -> Place:
    """Return places among the published sulphur contents: linear between them, held beyond."""
    return between(sulphur_ppm, SULPHUR_PPM)


def load_place(load: ArrayLike) -> Place:
    """Return places among the published loads: linear between them, held beyond."""
    return between(load, LOADS)


def year_place(inventory_year: ArrayLike) -> Place:
    """Return places among the inventory years 2014 to 2018, the first and last held beyond."""
    year = np.asarray(inventory_year, dtype=np.float64)
    return _step((np.clip(year, FIRST_YEAR, LAST_YEAR) - FIRST_YEAR).astype(np.int64))
