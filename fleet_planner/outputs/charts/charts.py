"""Charts as inline SVG: no script, no font from elsewhere, readable in print."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.svg_parts import INK
from fleet_planner.outputs.charts.svg_parts import svg as _svg
from fleet_planner.outputs.charts.svg_parts import text as _text
from fleet_planner.outputs.charts.svg_parts import width_of as _width
from fleet_planner.outputs.numbers import percent, share, significant

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
    "#6b4c9a", "#999933", "#882255", "#44aa99", "#777777", "#ddcc77",
)  # fmt: skip
"""Okabe and Ito's colours, told apart by the colour-blind, then Tol's muted ones."""

GRID, SOFT = "#e3e6e9", "#5c6670"
WIDTH = 520


MOST_LEFT = 0.42
"""Labels that need more of the width stand above their bars: beside them no room would be left."""
LINE = 17.0


def _placed(labels: Sequence[str], width: int = WIDTH) -> tuple[float, float]:
    """Return where bars begin, and the height of a line above them for the label; 0 where labels stand beside."""
    left = max((_width(label) for label in labels), default=0.0) + 12.0
    return (left, 0.0) if left <= MOST_LEFT * width else (0.0, LINE)


def _labelled(label: str, left: float, line: float, y: float, middle: float) -> str:
    """Return the label of bars whose room begins at ``y``, beside their middle or on the line above."""
    return _text(0.0, y + 11.0, label) if line else _text(left - 8, middle, label, "end")


def _on(colour: str) -> str:
    """Return black or white, whichever stands out more from a colour (contrast of the WCAG 2.2)."""
    light = luminance(colour)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2), 0 for black and 1 for white."""
    parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def legend(names: Sequence[str], colours: Sequence[str], y: float, width: int, x0: float = 0.0) -> tuple[str, float]:
    """Return coloured squares with names in as few lines as fit, and where the next line would begin."""
    body, x = "", x0
    for name, colour in zip(names, colours, strict=True):
        need = 34 + _width(name)
        if x > x0 and x + need > width:
            x, y = x0, y + 20
        body += f'<rect x="{x:.1f}" y="{y:.1f}" width="12" height="12" rx="2" fill="{colour}"/>'
        body += _text(x + 17, y + 10.5, name)
        x += need
    return body, y + 22


def bars(title: str, labels: Sequence[str], values: Sequence[float]) -> str:
    """Return horizontal bars with their values."""
    right = 64
    left, line = _placed(labels)
    row = 25 + line
    top = max([*values, 1e-12])
    body = ""
    for i, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = 4 + i * row
        length = (WIDTH - left - right) * value / top
        body += _labelled(label, left, line, y, y + 14)
        y += line
        body += f'<rect x="{left:.1f}" y="{y + 2:g}" width="{max(length, 0.8):.1f}" height="16" fill="{COLOURS[0]}"/>'
        body += _text(left + length + 6, y + 14.5, significant(value))
    return _svg(WIDTH, 8 + row * len(labels), title, body)


def stacked(
    title: str, rows: Sequence[str], series: Sequence[str], values: Sequence[Sequence[float]], width: int = 1040
) -> str:
    """Return one bar of shares per row; ``values[row][series]``."""
    height, gap = 30, 10
    left, line = _placed(rows, width)
    colours = [COLOURS[s % len(COLOURS)] for s in range(len(series))]
    body = ""
    for r, label in enumerate(rows):
        total = sum(values[r]) or 1.0
        x, y = left, r * (height + gap + line) + 4
        body += _labelled(label, left, line, y, y + 20)
        y += line
        for s, value in enumerate(values[r]):
            length = (width - left - 6) * value / total
            text = share(value / total)
            body += (
                f'<rect x="{x:.1f}" y="{y:g}" width="{max(length - 1, 0):.1f}" height="{height}" fill="{colours[s]}">'
                f"<title>{escape(series[s])}: {text}</title></rect>"
            )
            if length > 30:
                body += _text(x + length / 2, y + 20, text, "middle", 12, _on(colours[s]))
            x += length
    drawn, bottom = legend(series, colours, len(rows) * (height + gap + line) + 12.0, width, left)
    return _svg(width, bottom, title, body + drawn)


def hours(title: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """Return lines over the 24 hours; ``values[line][hour]``."""
    left, right, top, height = 48, 10, 10, 190
    peak = max((max(line) for line in values), default=0.0) or 1.0
    step = nice_step(peak / 4)
    levels = [k * step for k in range(math.ceil(peak / step) + 1)]

    def place(h: float, value: float) -> tuple[float, float]:
        return left + (WIDTH - left - right) * h / 23, top + height * (1 - value / levels[-1])

    body = ""
    for level in levels:
        y = place(0, level)[1]
        body += f'<line x1="{left}" x2="{WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += _text(left - 6, y + 4, significant(level, 2), "end", 11, SOFT)
    for h in range(0, 24, 3):
        body += _text(place(h, 0)[0], top + height + 17, f"{h}:00", "middle", 11, SOFT)
    dashes = ["", "7 3", "2 3", "9 3 2 3", "12 4"]
    y = float(top + height + 36)
    for k, (name, line) in enumerate(zip(names, values, strict=True)):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(h, v) for h, v in enumerate(line)))
        colour = INK if k == 0 else COLOURS[(k - 1) % len(COLOURS)]
        style = f'fill="none" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dashes[k % len(dashes)]}"'
        body += f'<polyline points="{points}" {style}/>'
        body += f'<polyline points="{left},{y - 4} {left + 30},{y - 4}" {style}/>' + _text(left + 38, y, name)
        y += 19
    return _svg(WIDTH, y - 8, title, body)


def years(title: str, xs: Sequence[int], names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """Return lines over years as percentages of the first; ``values[line][year]``."""
    left, right, top, height = 48, 16, 10, 190
    shares = [[100.0 * v / line[0] if line[0] else 0.0 for v in line] for line in values]
    peak = max((max(line) for line in shares), default=100.0) or 100.0
    step = nice_step(peak / 4)
    levels = [k * step for k in range(math.ceil(peak / step) + 1)]
    first, span = xs[0], max(xs[-1] - xs[0], 1)

    def place(year: int, value: float) -> tuple[float, float]:
        return left + (WIDTH - left - right) * (year - first) / span, top + height * (1 - value / levels[-1])

    body = ""
    for level in levels:
        y = place(first, level)[1]
        body += f'<line x1="{left}" x2="{WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += _text(left - 6, y + 4, f"{significant(level, 2)} %", "end", 11, SOFT)
    last = -1e9
    for year in xs:
        x = place(year, 0)[0]
        if x - last >= 36:
            body += _text(x, top + height + 17, str(year), "middle", 11, SOFT)
            last = x
    y = float(top + height + 36)
    for k, (name, line) in enumerate(zip(names, shares, strict=True)):
        at = [place(year, v) for year, v in zip(xs, line, strict=True)]
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in at)
        colour = COLOURS[k % len(COLOURS)]
        body += f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2"/>'
        for (px, py), value in zip(at, values[k], strict=True):
            tip = f"<title>{escape(name)}: {significant(value)}</title>"
            body += f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}">{tip}</circle>'
        body += f'<rect x="{left}" y="{y - 10}" width="12" height="12" rx="2" fill="{colour}"/>'
        body += _text(left + 18, y, name)
        y += 19
    return _svg(WIDTH, y - 8, title, body)


def signed_lines(title: str, xs: Sequence[int], names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """Return lines over years around a zero line; ``values[line][year]``."""
    left, right, top, height = 62, 18, 10, 190
    low = min((min(line) for line in values), default=0.0)
    high = max((max(line) for line in values), default=0.0)
    step = nice_step(max(high, 0.0, -min(low, 0.0)) / 4 or 1.0)
    levels = [k * step for k in range(math.floor(min(low, 0.0) / step), math.ceil(max(high, 0.0) / step) + 1)]
    span = (levels[-1] - levels[0]) or step

    def place(year: int, value: float) -> tuple[float, float]:
        across = (year - xs[0]) / max(xs[-1] - xs[0], 1)
        return left + (WIDTH - left - right) * across, top + height * (levels[-1] - value) / span

    body = ""
    for level in levels:
        y = place(xs[0], level)[1]
        colour = INK if level == 0.0 else GRID
        body += f'<line x1="{left}" x2="{WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
        body += _text(left - 6, y + 4, significant(level, 2), "end", 11, SOFT)
    for year in xs[:: max(1, math.ceil(len(xs) / 10))]:
        body += _text(place(year, 0.0)[0], top + height + 17, str(year), "middle", 11, SOFT)
    for k, line in enumerate(values):
        points = " ".join("{:.1f},{:.1f}".format(*place(x, v)) for x, v in zip(xs, line, strict=True))
        colour = COLOURS[k % len(COLOURS)]
        body += f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2"/>'
    drawn, bottom = legend(names, [COLOURS[k % len(COLOURS)] for k in range(len(names))], top + height + 30, WIDTH)
    return _svg(WIDTH, bottom, title, body + drawn)


def changes(title: str, groups: Sequence[str], names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """Return signed bars in groups; ``values[group][name]`` in percent."""
    row, room = 17, 58
    left, line = _placed(groups)
    low = min([v for own in values for v in own] + [0.0])
    high = max([v for own in values for v in own] + [0.0])
    scale = (WIDTH - left - 2 * room) / max(high - low, 1e-9)
    zero = left + room - low * scale
    body, y = "", 6.0
    for group, own in zip(groups, values, strict=True):
        body += _labelled(group, left, line, y, y + row * len(own) / 2 + 3)
        y += line
        for k, value in enumerate(own):
            length = abs(value) * scale
            x = zero - length if value < 0 else zero
            body += (
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(length, 0.8):.1f}" height="{row - 3}" '
                f'fill="{COLOURS[k % len(COLOURS)]}"><title>{escape(names[k])}</title></rect>'
            )
            anchor, tx = ("end", x - 4) if value < 0 else ("start", x + length + 4)
            body += _text(tx, y + row - 6, percent(value), anchor, 11)
            y += row
        y += 9
    body += f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="2" y2="{y - 6:.1f}" stroke="{INK}"/>'
    for k, name in enumerate(names):
        drawn, y = legend([name], [COLOURS[k % len(COLOURS)]], y, WIDTH)
        body += drawn
        y -= 3
    return _svg(WIDTH, y, title, body)


def nice_step(value: float) -> float:
    """Return the first of 1, 2, 2.5, 5, 10 times a power of ten that is not below ``value``."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-12)))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= value * (1.0 - 1e-12))
