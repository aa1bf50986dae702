"""How a burden lies on people ranked from worst to best off.

The concentration index of groups with people's shares f, burden C and mean burden mu is ``2 / mu sum(f C R) - 1``, R
being the middle of the group's place among all people (Kakwani, Wagstaff and van Doorslaer 1997). It runs from -1 (the
worst off bear it all) to 1; 0 is an even burden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
FIFTHS = 5


@dataclass(frozen=True)
class Ranked:
    """Groups of people of equal standing, worst off first.

    Parameters
    ----------
    people
        Of each group, shape (G,).
    group
        Group of each place, shape (places,).
    """

    people: Float
    group: NDArray[np.int64]

    def sums(self, of_places: Float) -> Float:
        """Add up places to groups."""
        return np.bincount(self.group, weights=of_places, minlength=self.people.size).astype(np.float64)

    @property
    def place(self) -> tuple[Float, Float]:
        """Where each group begins and ends among all people, shares from 0 to 1."""
        ends = np.cumsum(self.people) / self.people.sum()
        return np.concatenate([[0.0], ends[:-1]]), ends


def ranked(people: Float, standing: Float) -> Ranked:
    """Rank places by the standing of their people, lowest first; equal ones are one group.

    Parameters
    ----------
    people
        Of each place; some must live somewhere.
    standing
        How well off they are, higher is better.
    """
    _, group = np.unique(standing, return_inverse=True)
    return Ranked(np.bincount(group, weights=people).astype(np.float64), group.astype(np.int64))


def concentration_index(by: Ranked, exposure: Float) -> float | None:
    """Return the concentration index; nothing without a burden.

    Parameters
    ----------
    by
        Groups.
    exposure
        People times burden of each group, shape (G,).
    """
    total = exposure.sum()
    if total == 0.0:
        return None
    begin, end = by.place
    return float(2.0 * (exposure / total) @ ((begin + end) / 2.0) - 1.0)


def curve(by: Ranked, exposure: Float) -> tuple[Float, Float]:
    """Return the concentration curve: cumulated shares of people and of the burden, from 0 to 1, worst off first."""
    total = exposure.sum()
    shares = np.cumsum(exposure) / total if total else np.zeros(exposure.size)
    return np.concatenate([[0.0], by.place[1]]), np.concatenate([[0.0], shares])


def in_fifths(by: Ranked, exposure: Float) -> Float:
    """Share out what groups bear to fifths of the people, worst off first; a group over a border is split evenly."""
    begin, end = by.place
    border = np.arange(FIFTHS + 1) / FIFTHS
    over = np.minimum(end[None, :], border[1:, None]) - np.maximum(begin[None, :], border[:-1, None])
    part = np.maximum(over, 0.0) / np.where(end > begin, end - begin, 1.0)
    return np.asarray(part @ exposure)
