"""The weaker roads of a large city as squares, so that the report's map stays small and quick."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fleet_planner.units import EARTH_RADIUS_M

Float = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Squares:
    """Which roads are drawn one by one, and the squares of the others.

    Parameters
    ----------
    kept
        Roads drawn one by one, ascending.
    left
        The others, and in ``cell`` the square of each.
    roads
        How many roads each square holds, shape (squares,).
    corners
        South-west and north-east corner of each square, degrees, shape (2 * squares, 2).
    """

    kept: Whole
    left: Whole
    cell: Whole
    roads: Whole
    corners: Float

    @property
    def counts(self) -> Whole:
        """Points per square."""
        return np.full(self.roads.size, 2, dtype=np.int64)

    def summed(self, values: Float) -> Float:
        """Add up what the roads of each square have, shape (squares,)."""
        return np.asarray(np.bincount(self.cell, values[self.left], self.roads.size), dtype=np.float64)

    def per_km(self, day: Float, km: Float) -> Float:
        """Return what a km emits: each kept road's own, then each square's mean; nothing is lost or counted twice."""
        return np.concatenate([day[self.kept] / km[self.kept], self.summed(day) / self.summed(km)])

    def with_own_hours(self, share: Float, of_road: Whole, day: Float) -> Float:
        """Return the hours of the road classes and, last, those of the roads in squares together.

        Parameters
        ----------
        share
            Of the hours by class, shape (classes, 24).
        of_road
            Class of each road.
        day
            What each road emits.
        """
        if not self.left.size:
            return share
        weight = np.bincount(of_road[self.left], weights=day[self.left], minlength=share.shape[0])
        whole = weight.sum()
        own = weight @ share / whole if whole > 0.0 else np.full(share.shape[1], 1.0 / share.shape[1])
        return np.vstack([share, own])


def squares_of(strength: Float, middle: Float, most: int, side_m: float) -> Squares:
    """Return which roads stand alone: the ``most`` strongest; the others fall into squares.

    Parameters
    ----------
    strength
        By road, shape (roads,).
    middle
        Longitude and latitude of the roads, shape (roads, 2).
    most
        Roads to draw one by one.
    side_m
        Of a square.
    """
    if strength.size <= most:
        none = np.zeros(0, dtype=np.int64)
        return Squares(np.arange(strength.size), none, none, none, np.zeros((0, 2)))
    order = np.argsort(-strength, kind="stable")
    kept, left = np.sort(order[:most]), np.sort(order[most:])
    high = math.degrees(side_m / EARTH_RADIUS_M)
    wide = high / math.cos(math.radians(float(middle[:, 1].mean())))
    side = np.array([wide, high])
    column_row = np.floor(middle[left] / side).astype(np.int64)
    place, cell, roads = np.unique(column_row, axis=0, return_inverse=True, return_counts=True)
    corners = np.stack([place * side, (place + 1) * side], axis=1).reshape(-1, 2)
    return Squares(kept, left, cell.ravel(), roads, corners)
