"""Figures as text: the same in every language."""

from __future__ import annotations

import math


def significant(value: float | None, digits: int = 3) -> str:
    """Return a figure with so many significant digits and grouped thousands; "–" without one."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0.0:
        return "0"
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{min(places, 6)}f}".replace("-", "−")


def percent(value: float | None) -> str:
    """Return a signed change in percent with one decimal, whole from 100 % on; "–" without one."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) < 0.05:
        return "0 %"
    places = 1 if abs(value) < 99.95 else 0
    return f"{value:+,.{places}f} %".replace("-", "−")


def share(value: float | None) -> str:
    """Return a fraction as percent."""
    return "–" if value is None or not math.isfinite(value) else f"{100.0 * value:.0f} %"
