"""A packaged figure with its range, and which of the three a calculation takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Bound = Literal["low", "value", "high"]
"""Lower end, central figure or upper end of the range of a packaged figure."""

BOUNDS: tuple[Bound, ...] = ("low", "value", "high")


def three(row: Mapping[str, float]) -> dict[Bound, float]:
    """Return the central figure and the range of a packaged row."""
    return {bound: float(row[bound]) for bound in BOUNDS}
