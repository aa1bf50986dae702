"""The load of a site over a day as inline SVG, a line of steps for each strategy."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.charts import COLOURS, GRID, SOFT, legend, nice_step
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 520, 190, 56, 18, 12
HOURS = 24
DASHES = ("", "", "", "7 5")
"""Of lines in their order: the fourth often lies on the third."""

INK = "#2a3036"
SHADE = "#f4ead2"


def load_plot(
    title: str,
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    cap: tuple[str, float] | None = None,
    shaded: Sequence[bool] = (),
) -> str:
    """Return lines of kW over the slots of a day.

    Parameters
    ----------
    title
        For those who cannot see it.
    names
        Of the lines.
    values
        ``values[line][slot]``, slots of equal length from midnight.
    cap
        Name and height of a limit to draw; none: no limit.
    shaded
        Slots to shade, such as those of the highest price; empty: none.
    """
    peak = max((max(line) for line in values), default=0.0)
    if cap is not None and cap[1] <= 1.5 * peak:
        peak = max(peak, cap[1])
    step = nice_step((peak or 1.0) / 4)
    top = step * math.ceil((peak or 1.0) / step * (1.0 - 1e-12))
    slots = len(values[0]) if values else HOURS

    def across(slot: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * slot / slots

    def down(kw: float) -> float:
        return TOP + HEIGHT * (1.0 - kw / top)

    body = "".join(
        f'<rect x="{across(k):.1f}" y="{TOP}" width="{across(k + 1) - across(k) + 0.1:.1f}" height="{HEIGHT}" '
        f'fill="{SHADE}"/>'
        for k, inside in enumerate(shaded)
        if inside
    )
    for k in range(round(top / step) + 1):
        y = down(k * step)
        body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += _text(LEFT - 6, y + 4, significant(k * step, 3), "end")
    for hour in range(0, HOURS + 1, 3):
        body += _text(across(hour * slots / HOURS), TOP + HEIGHT + 17, f"{hour}:00", "middle")
    for k, line in enumerate(values):
        points = " ".join(
            f"{across(s):.1f},{down(v):.1f} {across(s + 1):.1f},{down(v):.1f}" for s, v in enumerate(line)
        )
        colour = COLOURS[k % len(COLOURS)]
        body += f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8" '
        body += f'stroke-dasharray="{DASHES[k % len(DASHES)]}"/>'
    told = list(names)
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(names))]
    if cap is not None and cap[1] <= top:
        y = down(cap[1])
        body += (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" stroke-dasharray="6 4"/>'
        )
        told, colours = [*told, cap[0]], [*colours, INK]
    drawn, bottom = legend(told, colours, TOP + HEIGHT + 30.0, WIDTH)
    return (
        f'<svg viewBox="0 0 {WIDTH} {math.ceil(bottom)}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}{drawn}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11" fill="{SOFT}">{escape(text)}</text>'
