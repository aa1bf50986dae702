"""Spread and dilution of a plume near the ground by the weather, as tables over distance.

Equations and constants are those of R-LINE 1.2 (Snyder et al. 2013, Atmospheric Environment 77, 748-756; spreads of
Venkatram et al. 2013, Atmospheric Environment 77, 846-855), as in the public code of AERMOD 21112, ``rline.f``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

VON_KARMAN = 0.4
DISPLACEMENT = 5.0
"""Displacement height over roughness length."""
LEAST_SIGMA_V = 0.2
FIRST_M = 1.0
"""R-LINE's least distance: nearer points are taken to be so far from the road."""
STEPS = 160
BEARINGS = 128
ROUNDS = 30
SETTLED = 1e-8


@dataclass(frozen=True)
class Weather:
    """A class of weather.

    Parameters
    ----------
    u_star_m_s
        Friction velocity.
    obukhov_m
        Monin-Obukhov length: negative when unstable, positive when stable, infinite when neutral.
    roughness_m
        Roughness length.
    mixing_m
        Mixing height.
    wind_factor
        Measured wind over that of similarity, where both are known (R-LINE's adjustment).
    """

    u_star_m_s: float
    obukhov_m: float
    roughness_m: float
    mixing_m: float
    wind_factor: float = 1.0

    @property
    def stable(self) -> bool:
        """Whether the air is stable or neutral."""
        return self.obukhov_m > 0.0

    @property
    def w_star_m_s(self) -> float:
        """Convective velocity: ``w*3 = -u*3 zi / (k L)``, 0 in stable air."""
        if self.stable or np.isinf(self.obukhov_m):
            return 0.0
        return float(self.u_star_m_s * (-self.mixing_m / (VON_KARMAN * self.obukhov_m)) ** (1.0 / 3.0))

    @property
    def sigma_v_m_s(self) -> float:
        """Standard deviation of the wind across its mean: ``sv2 = (0.6 w*)2 + (1.9 u*)2``, 0.2 m/s at least."""
        return max(float(np.hypot(0.6 * self.w_star_m_s, 1.9 * self.u_star_m_s)), LEAST_SIGMA_V)

    def wind_m_s(self, height_m: Float | float) -> Float:
        """Return the mean wind at heights by similarity; at or below the displacement height ``sqrt(2) sv``."""
        z = np.asarray(height_m, dtype=np.float64)
        lift = DISPLACEMENT * self.roughness_m
        above = np.maximum(z - lift, 1e-9)
        profile = np.log(above / self.roughness_m) - self._psi(above) + self._psi(np.asarray(self.roughness_m))
        mean = self.u_star_m_s * profile / VON_KARMAN
        return self.wind_factor * np.where(z > lift, np.maximum(mean, 0.0), np.sqrt(2.0) * self.sigma_v_m_s)

    def _psi(self, z: Float) -> Float:
        if np.isinf(self.obukhov_m):
            return np.zeros_like(z)
        if self.stable:
            return np.asarray(-17.0 * (1.0 - np.exp(-0.29 * z / self.obukhov_m)))
        x = (1.0 - 16.0 * z / self.obukhov_m) ** 0.25
        return np.asarray(
            2.0 * np.log((1.0 + x) / 2.0) + np.log((1.0 + x * x) / 2.0) - 2.0 * np.arctan(x) + np.pi / 2.0
        )


@dataclass(frozen=True)
class Source:
    """How traffic releases: height above ground, and spread of its own wake."""

    height_m: float
    sigma_z0_m: float


def sigma_z(weather: Weather, distance_m: Float, wind_m_s: Float, source: Source) -> Float:
    """Return the vertical spread, not yet bounded by the mixing height.

    Stable: ``a (u*/U) x / (1 + 3 (u*/U) (x/L)^(2/3))``; unstable: ``a (u*/U) x (1 + 1.5 (u*/U) x/|L|)``; a = 0.57.
    """
    ratio = weather.u_star_m_s / wind_m_s
    bar = distance_m / abs(weather.obukhov_m)
    plain = 0.57 * ratio * distance_m
    grown = plain / (1.0 + 3.0 * ratio * bar ** (2.0 / 3.0)) if weather.stable else plain * (1.0 + 1.5 * ratio * bar)
    return np.hypot(grown, source.sigma_z0_m)


def sigma_y(weather: Weather, vertical_m: Float) -> Float:
    """Return the horizontal spread at a vertical one: ``1.6 (sv/u*) sz (1 + 2.5 sz/L)`` or ``/ sqrt(1 + sz/|L|)``."""
    bar = vertical_m / abs(weather.obukhov_m)
    shape = 1.0 + 2.5 * bar if weather.stable else 1.0 / np.sqrt(1.0 + bar)
    return np.asarray(1.6 * weather.sigma_v_m_s / weather.u_star_m_s * vertical_m * shape)


def at_distance(weather: Weather, distance_m: Float, source: Source) -> tuple[Float, Float]:
    """Return vertical spread (unbounded) and effective wind, which depend on each other, at distances.

    The wind is that at the mean height of the plume, ``sqrt(2/pi) sz exp(-h2/2sz2) + h erf(h / sqrt2 sz)``, with the
    random part: ``U2 = 2 sv2 + u2``.
    """
    wind = np.asarray(weather.wind_m_s(source.height_m)) + np.zeros_like(distance_m)
    wind = np.hypot(wind, np.sqrt(2.0) * weather.sigma_v_m_s)
    vertical = sigma_z(weather, distance_m, wind, source)
    h = source.height_m
    for _ in range(ROUNDS):
        reached = np.array([erf(h / (np.sqrt(2.0) * s)) for s in vertical])
        mean = np.sqrt(2.0 / np.pi) * vertical * np.exp(-0.5 * (h / vertical) ** 2) + h * reached
        wind = np.hypot(weather.wind_m_s(np.maximum(mean, h)), np.sqrt(2.0) * weather.sigma_v_m_s)
        new = sigma_z(weather, distance_m, wind, source)
        done = float(np.max(np.abs(new / vertical - 1.0))) < SETTLED
        vertical = new
        if done:
            break
    return vertical, wind


@dataclass(frozen=True)
class PlumeTables:
    """What the kernels look up: classes of weather by distances that grow by a factor.

    Parameters
    ----------
    distance_m
        Shape (n,).
    plume, sigma_y, meander
        Shape (classes, n): ``(1 - f) V`` in s/m2, m, ``f V / (2 pi)`` in s/m2.
    """

    distance_m: Float
    plume: Float
    sigma_y: Float
    meander: Float

    @property
    def first_m(self) -> float:
        """First distance."""
        return float(self.distance_m[0])

    @property
    def log_first(self) -> float:
        """Its logarithm."""
        return float(np.log(self.distance_m[0]))

    @property
    def per_log(self) -> float:
        """Steps per unit of the logarithm."""
        return float((self.distance_m.size - 1) / np.log(self.distance_m[-1] / self.distance_m[0]))


def plume_tables(classes: list[Weather], source: Source, receptor_m: float, reach_m: float) -> PlumeTables:
    """Return the tables of some classes of weather.

    Parameters
    ----------
    classes
        Of weather.
    source
        Of the traffic.
    receptor_m
        Height of the points above ground.
    reach_m
        Farthest distance.
    """
    distance = np.geomspace(FIRST_M, 2.0 * reach_m, STEPS)
    rows = [_of_weather(w, distance, source, receptor_m) for w in classes]
    plume, across, meander = (np.ascontiguousarray([row[i] for row in rows]) for i in range(3))
    return PlumeTables(distance, plume, across, meander)


def _of_weather(weather: Weather, distance: Float, source: Source, receptor_m: float) -> tuple[Float, Float, Float]:
    grown, wind = at_distance(weather, distance, source)
    spread = np.minimum(grown, np.sqrt(2.0 / np.pi) * weather.mixing_m)
    h = source.height_m
    mirrored = np.exp(-0.5 * ((h - receptor_m) / spread) ** 2) + np.exp(-0.5 * ((h + receptor_m) / spread) ** 2)
    vertical = np.sqrt(2.0 / np.pi) * mirrored / (2.0 * spread * wind)
    random = 2.0 * weather.sigma_v_m_s**2 / wind**2
    return (1.0 - random) * vertical, sigma_y(weather, grown), random * vertical / (2.0 * np.pi)


def all_around(tables: PlumeTables) -> Float:
    """Return what a plume brings that goes to all sides alike, in the form of the meander, shape (classes, n).

    With ``x = R cos(a)`` and ``y = R sin(a)``, the mean over all bearings, times R as `PlumeTables.meander` is::

        R / (2 pi) integral of (1 - f(x)) V(x) exp(-y2 / 2 sy(x)2) / (sqrt(2 pi) sy(x)) over a from -pi/2 to pi/2

    by the points of Gauss and Legendre in u, with ``a = pi/2 u^3``: far from the road the plume is narrow.
    """
    node, weight = np.polynomial.legendre.leggauss(BEARINGS)
    u, du = (node + 1.0) / 2.0, weight / 2.0
    bearing, turn = np.pi / 2.0 * u**3, np.pi / 2.0 * 3.0 * u**2 * du
    along = np.log(np.maximum(tables.distance_m[:, None] * np.cos(bearing), tables.first_m))
    across = tables.distance_m[:, None] * np.sin(bearing)
    steps = np.log(tables.distance_m)
    out = np.zeros_like(tables.plume)
    for k in range(out.shape[0]):
        spread = np.interp(along, steps, tables.sigma_y[k])
        here = np.interp(along, steps, tables.plume[k]) * np.exp(-0.5 * (across / spread) ** 2)
        # both halves of the bearings are the same
        out[k] = tables.distance_m / np.pi * ((here / (np.sqrt(2.0 * np.pi) * spread)) @ turn)
    return out
