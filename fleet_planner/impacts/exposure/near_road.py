"""Concentrations from traffic, and what a kilogram does to people by where and when it is emitted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.impacts.dispersion.plume import all_around
from fleet_planner.kernels import dispersion as kernel

if TYPE_CHECKING:
    from fleet_planner.impacts.dispersion.meteorology import Meteorology
    from fleet_planner.impacts.dispersion.pieces import Pieces
    from fleet_planner.impacts.dispersion.plume import PlumeTables

Float = NDArray[np.float64]
Int = NDArray[np.int64]
S_PER_DAY = 86_400.0
UG_PER_G = 1e6
SEARCH_M = 500.0
LEAST_SIDES = 8
ALIKE = 1e-9
"""Directions whose shares of the time differ by less are as often as one another."""


@dataclass(frozen=True)
class Air:
    """What brings emissions to points.

    Parameters
    ----------
    pieces, meteorology, tables
        Roads, weather, plumes by class of weather.
    reach_m
        Points farther from a piece are left out.
    """

    pieces: Pieces
    meteorology: Meteorology
    tables: PlumeTables
    reach_m: float

    @cached_property
    def _shared(self) -> tuple[object, ...]:
        t, often = self.tables, self.meteorology.often
        even = from_all_sides(often)
        # a plume that blows to all sides alike depends on the distance alone, as the meander does
        meander = np.where(even[:, None], t.meander + all_around(t), t.meander) if even.any() else t.meander
        by_direction = np.where(even[None, :, None], 0.0, often)
        ever = np.ascontiguousarray(often.sum(axis=2).T)
        spreads = (t.plume, t.sigma_y, np.ascontiguousarray(meander))
        return (self.reach_m, t.first_m, t.log_first, t.per_log, *spreads, self.meteorology.wind, by_direction, ever)

    def weights(self, xy: Float, people: Float) -> Float:
        """Return the annual mean exposure per kg that a road emits a day in each group of hours, shape (roads, G).

        Unit: people times µg/m3 per kg/day. Points of ``xy``, shape (points, 2), have ``people``.
        """
        grid, first, order = _searched(xy)
        by_piece = kernel.weights_of_pieces(self.pieces.ends, xy, people, first, order, grid, *self._shared)
        return self.pieces.of_roads(by_piece) * (1e3 * UG_PER_G / S_PER_DAY)

    def concentrations(self, xy: Float, g_per_day: Float) -> Float:
        """Return annual mean concentrations at points, µg/m3, shape (points, Q).

        Parameters
        ----------
        xy
            Metres on the plane, shape (points, 2).
        g_per_day
            By link and group of hours, shape (links, G, Q).
        """
        ends = self.pieces.ends
        grid, first, order = _searched((ends[:, :2] + ends[:, 2:]) / 2.0)
        on_pieces = self.pieces.on_pieces(g_per_day) / S_PER_DAY
        found = kernel.concentrations(ends, on_pieces, xy, first, order, grid, *self._shared)
        return np.asarray(found * UG_PER_G)


def _searched(xy: Float) -> tuple[Float, Int, Int]:
    """Return a grid over points, the first point of each cell, and the points by cell."""
    low = np.floor(xy.min(axis=0) / SEARCH_M) * SEARCH_M
    columns, rows = np.floor((xy.max(axis=0) - low) / SEARCH_M).astype(np.int64) + 1
    cell = ((xy - low) // SEARCH_M).astype(np.int64)
    number = cell[:, 1] * columns + cell[:, 0]
    order = np.argsort(number, kind="stable")
    first = np.searchsorted(number[order], np.arange(columns * rows + 1))
    return np.array([*low, SEARCH_M, columns, rows], dtype=np.float64), first, order


def from_all_sides(often: Float) -> NDArray[np.bool_]:
    """Return which classes of weather blow from all directions alike in every group of hours, shape (K,).

    ``often`` are shares of the time, shape (G, K, D). Fewer than eight directions are no wind from all sides.
    """
    if often.shape[2] < LEAST_SIDES:
        return np.zeros(often.shape[1], dtype=np.bool_)
    spread = often.max(axis=2) - often.min(axis=2)
    return np.asarray((spread <= ALIKE * often.max(axis=2)).all(axis=0))


def by_group(hours: Float, shares: Float) -> Float:
    """Share out hours, shape (H, links, Q), to groups, shape (links, G, Q), by the parts ``shares``, shape (H, G)."""
    out = np.zeros((hours.shape[1], shares.shape[1], hours.shape[2]))
    for hour, part in enumerate(shares):
        for group in np.flatnonzero(part):
            out[:, group] += part[group] * hours[hour]
    return out


def no2(nox: Float, primary: Float, ozone: float, beta: float, k: float) -> Float:
    """Return NO2 from traffic: primary, and what ozone makes of the rest, ``beta O3 NO / (NO + K)``, all µg/m3 as NO2.

    The empirical relation of the Netherlands' standard method 1 for annual means beside roads.
    """
    rest = np.maximum(nox - primary, 0.0)
    return np.asarray(primary + beta * ozone * rest / (rest + k))
