"""Stacked columns by year as inline SVG."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.charts import COLOURS, GRID, SOFT, legend
from fleet_planner.outputs.charts.svg_parts import INK
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, LEFT, RIGHT, TOP, HEIGHT = 1040, 62, 12, 14, 220


def year_columns(
    title: str, years: Sequence[int], names: Sequence[str], values: Sequence[Sequence[float]], unit: str
) -> str:
    """Return a column for each year, stacked by series.

    Parameters
    ----------
    title
        Read aloud.
    years
        Along the axis.
    names
        Of the series, from the bottom up.
    values
        ``values[year][series]``, none below 0.
    unit
        Of the values, above the axis.
    """
    peak = max((sum(own) for own in values), default=0.0) or 1.0
    step = _nice(peak / 4.0)
    levels = [k * step for k in range(math.ceil(peak / step - 1e-9) + 1)]
    top = levels[-1]
    wide = (WIDTH - LEFT - RIGHT) / max(len(years), 1)
    body = f'<text x="{LEFT}" y="{TOP - 3}" font-size="11" fill="{SOFT}">{escape(unit)}</text>'
    for level in levels:
        y = TOP + HEIGHT * (1.0 - level / top)
        body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += (
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="11" fill="{SOFT}">'
            f"{significant(level, 3)}</text>"
        )
    every = max(1, math.ceil(len(years) / 20))
    for k, (year, own) in enumerate(zip(years, values, strict=True)):
        x, base = LEFT + wide * (k + 0.12), float(TOP + HEIGHT)
        for s, value in enumerate(own):
            if value <= 0.0:
                continue
            tall = HEIGHT * value / top
            base -= tall
            tip = escape(f"{year} {names[s]}: {significant(value)}")
            body += (
                f'<rect x="{x:.1f}" y="{base:.1f}" width="{0.76 * wide:.1f}" height="{tall:.1f}" '
                f'fill="{COLOURS[s % len(COLOURS)]}"><title>{tip}</title></rect>'
            )
        if k % every == 0:
            body += (
                f'<text x="{x + 0.38 * wide:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle" font-size="11" '
                f'fill="{INK}">{year}</text>'
            )
    drawn, bottom = legend(
        names, [COLOURS[s % len(COLOURS)] for s in range(len(names))], TOP + HEIGHT + 32.0, WIDTH, LEFT
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom:.0f}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{body}{drawn}</svg>'
    )


def _nice(value: float) -> float:
    """Return the first of 1, 2, 2.5, 5, 10 times a power of ten that is not below ``value``."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-12)))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= value * (1.0 - 1e-12))
