"""What a factor set hands to the compiler: curves on the speed grid, and which technology uses which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Covered:
    """What a set publishes for one technology.

    Parameters
    ----------
    index
        By pollutant: row of the set's curves for each condition (hour class x driving mode, see `Conditions`),
        load step and grade step, shape (conditions, 3, 7), int32. A pollutant that is not in it is not covered.
    replaced
        What stood in for the technology, such as ``"type Medium for Rigid 12 - 14 t"``; "" where nothing did.
    notes
        Codes of known defects of the table that were handled by rule for this technology.
    """

    index: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    replaced: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SetCurves:
    """The curves of one factor set for the technologies of a fleet.

    Parameters
    ----------
    curves
        Factors on the speed grid, g/km (MJ/km for ``energy_MJ``), finite and not negative, shape (C, S).
    technologies
        One entry per technology asked for, in their order.
    """

    curves: NDArray[np.float64]
    technologies: tuple[Covered, ...]
