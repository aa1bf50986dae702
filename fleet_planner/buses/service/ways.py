"""Pieces of links that buses drive, made into ways by link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.buses.model import Ways

if TYPE_CHECKING:
    from fleet_planner.activity.timetables.paths import Paths

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def no_ways() -> Ways:
    """Return ways of which there are none."""
    return Ways(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))


def ways_of(paths: Paths, lines: Int) -> Ways:
    """Return the ways of some lines, each run of pieces on one link as one entry.

    Parameters
    ----------
    paths
        Lines as pieces of links.
    lines
        Those that are wanted; way ``w`` is line ``lines[w]``.
    """
    counts = np.diff(paths.first)[lines]
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    piece = np.arange(first[-1]) + np.repeat(paths.first[lines] - first[:-1], counts)
    link, km = paths.link[piece], paths.km[piece]
    begins = np.ones(link.size, dtype=np.bool_)
    begins[1:] = link[1:] != link[:-1]
    begins[first[:-1][counts > 0]] = True
    at = np.flatnonzero(begins)
    passed = np.concatenate([[0], np.cumsum(begins)])
    return Ways(passed[first].astype(np.int64), link[at], np.add.reduceat(km, at) if at.size else np.zeros(0))


def way_km(ways: Ways) -> Float:
    """Return the length of each way."""
    return np.asarray(np.diff(np.concatenate([[0.0], np.cumsum(ways.km)])[ways.first]))


def joined(one: Ways, other: Ways) -> Ways:
    """Return the ways of both, the numbers of the second counted on."""
    return Ways(
        np.concatenate([one.first, one.first[-1] + other.first[1:]]),
        np.concatenate([one.link, other.link]),
        np.concatenate([one.km, other.km]),
    )
