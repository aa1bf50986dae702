"""What buses do without passengers: ways between trips, to and from depots, and rests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Duties:
    """Ways without passengers and rests, as blocks tell them.

    Parameters
    ----------
    km
        Vehicle-km without passengers by link and hour, shape (links, 24); empty without blocks.
    """

    km: Float


def no_duties() -> Duties:
    """Return what is known where a feed has no blocks."""
    return Duties(np.zeros((0, 24)))
