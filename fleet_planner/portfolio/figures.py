"""What options do to a vehicle of each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """What an option does to a vehicle of a group, by year of the horizon.

    ``G`` groups, ``O`` options, ``T`` years of the horizon.

    Parameters
    ----------
    count
        Vehicles by group, shape (G,).
    able
        Whether a group can take an option, shape (G, O).
    first
        Place of the first year in which a group can be treated, shape (G,); of vehicles yet to be sold their year.
    only_first
        Groups that are treated in that year or never, by option, shape (G, O): replacements of vehicles yet to be sold.
    alive
        Share of a group's vehicles that still drives, shape (G, T).
    capital
        Paid when a vehicle is treated, shape (G, O).
    capital_per_year, running_per_year
        Capital spread over the option's life, and upkeep and energy, a vehicle and year, shape (G, O).
    life
        Years that the option lasts, shape (O,).
    avoided
        By pollutant or sum: a vehicle and year, shape (G, O).
    """

    count: Array
    able: NDArray[np.bool_]
    first: NDArray[np.int64]
    only_first: NDArray[np.bool_]
    alive: Array
    capital: Array
    capital_per_year: Array
    running_per_year: Array
    life: Array
    avoided: Mapping[str, Array]


def in_force(figures: Figures) -> NDArray[np.bool_]:
    """Return whether an option taken in year t acts in year y, shape (O, T, T): last axis y."""
    years = figures.alive.shape[1]
    t, y = np.meshgrid(np.arange(years), np.arange(years), indexing="ij")
    return (y >= t)[None] & ((y - t)[None] < figures.life[:, None, None])
