"""Use of energy per km as standing bars of parts, with published ranges drawn over them."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.charts import COLOURS, GRID, SOFT, legend
from fleet_planner.outputs.charts.svg_parts import INK, svg, text
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEFT, RIGHT, TOP, HEIGHT, BAR, GAP, BETWEEN = 52, 12, 12, 220, 54, 14, 34
LEAST_WIDTH = 520
FAILED = "#b00020"


def energy_bars(
    title: str,
    groups: Sequence[tuple[str, Sequence[str]]],
    series: Sequence[str],
    values: Sequence[Sequence[float]],
    ranges: Sequence[tuple[float, float] | None],
    failed: Sequence[bool],
    unit: str,
) -> str:
    """Return bars side by side in groups.

    Parameters
    ----------
    title
        Read aloud.
    groups
        Name and labels of the bars of each group, in the order of ``values``.
    series
        Names of the parts.
    values
        Parts of each bar, from below, ``values[bar][part]``.
    ranges
        Low and high of the whisker over each bar.
    failed
        Whether the bar's total lies outside it: drawn red.
    unit
        Of the axis.
    """
    bars = sum(len(labels) for _, labels in groups)
    width = max(LEAST_WIDTH, LEFT + RIGHT + bars * (BAR + GAP) + (len(groups) - 1) * BETWEEN)
    peak = max([sum(max(v, 0.0) for v in bar) for bar in values] + [r[1] for r in ranges if r] + [1e-9])
    step = _nice(peak / 4.0)
    top = step * math.ceil(peak / step)

    def place(value: float) -> float:
        return TOP + HEIGHT * (1.0 - value / top)

    body = text(LEFT - 6, TOP + HEIGHT + 17, unit, "end", 11, SOFT)
    for k in range(round(top / step) + 1):
        y = place(k * step)
        body += f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += text(LEFT - 6, y + 4, significant(k * step, 2), "end", 11, SOFT)
    x, i = float(LEFT + GAP), 0
    for name, labels in groups:
        begin = x
        for label in labels:
            body += _bar(x, values[i], series, label, place)
            body += _whisker(x + BAR / 2.0, ranges[i], FAILED if failed[i] else INK, place)
            body += text(x + BAR / 2.0, TOP + HEIGHT + 17, label, "middle", 11, FAILED if failed[i] else SOFT)
            x, i = x + BAR + GAP, i + 1
        body += text((begin + x - GAP) / 2.0, TOP + HEIGHT + 35, name, "middle")
        x += BETWEEN
    drawn, bottom = legend(series, [COLOURS[s] for s in range(len(series))], TOP + HEIGHT + 48.0, width, LEFT)
    return svg(width, bottom, title, body + drawn)


def _bar(x: float, parts: Sequence[float], series: Sequence[str], label: str, place: Callable[[float], float]) -> str:
    body, low = "", 0.0
    for s, value in enumerate(parts):
        high = low + max(value, 0.0)
        tip = f"{label}, {series[s]}: {significant(value)}"
        body += (
            f'<rect x="{x:.1f}" y="{place(high):.1f}" width="{BAR}" height="{max(place(low) - place(high), 0.0):.1f}" '
            f'fill="{COLOURS[s]}"><title>{escape(tip)}</title></rect>'
        )
        low = high
    return body + text(x + BAR / 2.0, place(low) - 4.0, significant(sum(parts)), "middle", 11)


def _whisker(x: float, ends: tuple[float, float] | None, colour: str, place: Callable[[float], float]) -> str:
    if ends is None:
        return ""
    low, high, x = place(ends[0]), place(ends[1]), x + BAR / 2.0 + 5.0
    lines = ((x, low, x, high), (x - 4.0, low, x + 4.0, low), (x - 4.0, high, x + 4.0, high))
    return "".join(
        f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="{colour}" stroke-width="1.8"/>'
        for a, b, c, d in lines
    )


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= step * 0.999)
