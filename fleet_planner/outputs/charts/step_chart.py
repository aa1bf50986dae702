"""Abatement curves as inline SVG: width is what a step avoids, height what a unit costs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.charts import COLOURS, GRID, SOFT, legend
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 1040, 230, 74, 12, 12
SHOWN_OF_TOP = 0.97
"""The axis ends where so much of the avoided amount is shown; dearer steps are cut off and marked with their cost."""


def steps(
    title: str, names: Sequence[str], series: Sequence[int], avoided: Sequence[float], cost: Sequence[float], unit: str
) -> str:
    """Return the curve as bars side by side.

    Parameters
    ----------
    title
        Read aloud.
    names
        Of the measures, in the order of their colours.
    series
        Which of them each step takes.
    avoided, cost
        Width and height of each step, cheapest first.
    unit
        Of the width.
    """
    whole = sum(avoided) or 1.0
    high, low = _range(avoided, cost)
    span = (high - low) or 1.0

    def place_y(value: float) -> float:
        return TOP + HEIGHT * (high - min(max(value, low), high)) / span

    body, zero = "", place_y(0.0)
    for level in (low, 0.0, high / 2.0, high):
        y = place_y(level)
        body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += _label(LEFT - 6, y + 4, significant(level, 2), "end")
    x = float(LEFT)
    for k, amount, height in zip(series, avoided, cost, strict=True):
        wide = (WIDTH - LEFT - RIGHT) * amount / whole
        y = place_y(height)
        tip = f"{names[k]}: {significant(amount)} {unit}, {significant(height)}"
        body += (
            f'<rect x="{x:.2f}" y="{min(y, zero):.1f}" width="{max(wide, 0.4):.2f}" '
            f'height="{max(abs(y - zero), 1.0):.1f}" fill="{COLOURS[k % len(COLOURS)]}" stroke="#fff" '
            f'stroke-width="0.3"><title>{escape(tip)}</title></rect>'
        )
        if height > high and wide > 40.0:
            body += _label(x + wide / 2.0, TOP + 14.0, f"↑ {significant(height, 2)}", "middle")
        x += wide
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = LEFT + (WIDTH - LEFT - RIGHT) * part
        anchor = "start" if part == 0.0 else "end" if part == 1.0 else "middle"
        text = significant(whole * part) + (f" {unit}" if part == 1.0 else "")
        body += _label(at, TOP + HEIGHT + 17.0, text, anchor)
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(names))]
    drawn, bottom = legend(names, colours, TOP + HEIGHT + 30.0, WIDTH, LEFT)
    told = escape(title)
    head = f'<svg viewBox="0 0 {WIDTH} {bottom:.0f}" role="img" aria-label="{told}"><title>{told}</title>'
    return head + body + drawn + "</svg>"


def _range(avoided: Sequence[float], cost: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the axis of costs: all but the dearest of what is avoided, nought always in it."""
    whole, done, high = sum(avoided) or 1.0, 0.0, 0.0
    for amount, height in zip(avoided, cost, strict=True):
        done += amount
        high = max(high, height)
        if done / whole >= SHOWN_OF_TOP:
            break
    return max(high, 0.0), min([*cost, 0.0])


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11" fill="{SOFT}">{escape(text)}</text>'
