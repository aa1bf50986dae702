"""Where and when the fleet drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.findings import Finding

MODES: tuple[str, ...] = ("urban_peak", "urban_off_peak", "rural", "highway")
"""Driving modes of the factors that are published by mode; index = code in `Activity.mode`."""


@dataclass(frozen=True)
class Activity:
    """Vehicle-kilometres and speeds of the average day.

    Parameters
    ----------
    streams
        Names of the streams, in the order of the first axis of ``vkt``.
    vkt
        Vehicle-km per average day, shape (streams, links, 24), C-contiguous.
    speed_kmh
        Mean speed of the hour, shape (links, 24).
    mode
        Index into `MODES`, shape (links, 24), int8.
    findings
        Defaults used and what access rules moved.
    """

    streams: tuple[str, ...]
    vkt: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    mode: NDArray[np.int8]
    findings: tuple[Finding, ...] = ()
