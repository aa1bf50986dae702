"""From one total to another in steps."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fleet_planner.outputs.charts.charts import SOFT, WIDTH
from fleet_planner.outputs.charts.svg_parts import svg, text, width_of
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

TOTAL, LESS, MORE = "#5c6670", "#4292c6", "#e6550d"
"""Totals grey; less in blue and more in orange, as on the maps of changes."""

ROW, BAR, NUMBER = 26, 17, 78


def waterfall(title: str, first: tuple[str, float], steps: Sequence[tuple[str, float]], last: tuple[str, float]) -> str:
    """Return a chart of bars that hang on one another.

    Parameters
    ----------
    title
        For those who do not see it.
    first, last
        Names and values of both totals.
    steps
        Names and changes; from the first total on they lead to the last. The scale does not begin at zero where the
        changes are small beside the totals: then the bars of the totals are drawn open on the left.
    """
    ends = [first[1]]
    for _, change in steps:
        ends.append(ends[-1] + change)
    low, high = min([*ends, last[1]]), max([*ends, last[1]])
    room = max(high - low, 1e-12 * max(abs(high), 1e-300))
    cut = low > 2.0 * room
    begin = low - 0.25 * room if cut else min(low, 0.0)
    left = min(max(width_of(name) for name, _ in (first, *steps, last)) + 12.0, 0.5 * WIDTH)
    scale = (WIDTH - left - NUMBER) / max(high - begin, 1e-300)

    def x(value: float) -> float:
        return left + (value - begin) * scale

    body = ""
    rows = [(first[0], begin, first[1], TOTAL, significant(first[1]))]
    for (name, change), at in zip(steps, ends, strict=False):
        colour = LESS if change < 0 else MORE
        sign = "+" if change > 0 else ""
        rows.append((name, at, at + change, colour, sign + significant(change)))
    rows.append((last[0], begin, last[1], TOTAL, significant(last[1])))
    for k, (name, start, end, colour, told) in enumerate(rows):
        y = 4 + k * ROW
        near, far = sorted((x(start), x(end)))
        body += text(left - 8, y + 13, _fitting(name, left - 12.0), "end")
        body += (
            f'<rect x="{near:.1f}" y="{y}" width="{max(far - near, 0.8):.1f}" height="{BAR}" fill="{colour}">'
            f"<title>{escape(name)}: {escape(told)}</title></rect>"
        )
        if cut and colour == TOTAL:
            body += f'<path d="M{left + 5:.1f} {y - 1}l5 {BAR / 2 + 1}l-5 {BAR / 2 + 1}" fill="none" stroke="#fff"/>'
        if k < len(rows) - 1:
            at = x(end)
            body += f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y + BAR}" y2="{y + ROW}" stroke="{SOFT}"/>'
        body += text(far + 5, y + 13, told, "start", 11)
    return svg(WIDTH, 8 + ROW * len(rows), title, body)


def _fitting(name: str, room: float) -> str:
    """Return a name that takes at most so many pixels; the bar tells it in full."""
    if width_of(name) <= room:
        return name
    while name and width_of(f"{name}…") > room:
        name = name[:-1]
    return f"{name.rstrip()}…"
