"""Lines over any two numbers as inline SVG, with levels that matter drawn through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.charts import COLOURS, GRID, SOFT, legend
from fleet_planner.outputs.charts.svg_parts import INK, svg, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 520, 190, 48, 14, 10
MARK = "#d55e00"


@dataclass(frozen=True)
class Line:
    """A line: its name and its points in order."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """An axis: its ends, the ticks on it and how a tick is written."""

    low: float
    high: float
    ticks: Sequence[float]
    label: Callable[[float], str]


def axis(low: float, high: float, step: float, label: Callable[[float], str]) -> Axis:
    """Return an axis whose ends are whole steps."""
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return Axis(first * step, last * step, [k * step for k in range(first, last + 1)], label)


def lines(title: str, drawn: Sequence[Line], x: Axis, y: Axis, *, mark: float | None = None) -> str:
    """Return lines with a legend.

    Parameters
    ----------
    title
        Read aloud.
    drawn
        The lines, in the order of the colours.
    x, y
        Axes.
    mark
        Level of ``y`` that is drawn through, dashed; none: no level.
    """

    def place(at: tuple[float, float]) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * (at[0] - x.low) / (x.high - x.low)
        return across, TOP + HEIGHT * (y.high - at[1]) / (y.high - y.low)

    body = ""
    for level in y.ticks:
        height = place((x.low, level))[1]
        colour = SOFT if abs(level) < 1e-12 and y.low < 0.0 else GRID
        body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" stroke="{colour}"/>'
        body += text(LEFT - 6, height + 4, y.label(level), "end", 11, SOFT)
    for tick in x.ticks:
        body += text(place((tick, y.low))[0], TOP + HEIGHT + 17, x.label(tick), "middle", 11, SOFT)
    if mark is not None:
        height = place((x.low, mark))[1]
        body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" '
        body += f'stroke="{MARK}" stroke-dasharray="5 4"/>'
    colours = [INK if k == 0 else COLOURS[(k - 1) % len(COLOURS)] for k in range(len(drawn))]
    for line, colour in zip(drawn, colours, strict=True):
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in map(place, line.points))
        body += f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
    keys, bottom = legend([line.name for line in drawn], colours, TOP + HEIGHT + 30.0, WIDTH, LEFT)
    return svg(WIDTH, bottom, title, body + keys)
