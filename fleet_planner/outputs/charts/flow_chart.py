"""Units that move between cities, as ribbons from sellers to buyers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from fleet_planner.outputs.charts.charts import COLOURS, WIDTH
from fleet_planner.outputs.charts.svg_parts import svg, text, width_of
from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DRAWN_PAIRS = 40
"""More ribbons than this cannot be told apart."""

HEIGHT, GAP, NODE = 150.0, 10.0, 12.0


def flow_charts(trades: pl.DataFrame, cities: Sequence[str], t: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a chart for each form with trade, units of all years summed; ``cities`` sets order and colours."""
    place = {name: k for k, name in enumerate(cities)}
    out = []
    summed = trades.group_by("form", "seller", "buyer", maintain_order=True).agg(pl.col("units").sum())
    for (form,), part in summed.group_by("form", maintain_order=True):
        if part.height > DRAWN_PAIRS:
            continue
        title = t["market_flows_of"].format(
            form=t[f"market_form_{form}"], units=significant(float(part["units"].sum()))
        )
        flows = sorted(part.select("seller", "buyer", "units").rows(), key=lambda f: (place[f[0]], place[f[1]]))
        drawn = ribbons(title, flows, cities)
        out.append({"title": title, "svg": Markup(drawn)})  # noqa: S704  # labels are escaped where they are drawn
    return out


def ribbons(title: str, flows: Sequence[tuple[str, str, float]], names: Sequence[str]) -> str:
    """Return ribbons from the names at the left to those at the right, as high as their amounts.

    Parameters
    ----------
    title
        Read aloud to those who do not see the chart.
    flows
        From, to, amount above 0.
    names
        All names in order, for place and colour.
    """
    at_left, at_right = ({f[side] for f in flows} for side in (0, 1))
    sums = ({n: 0.0 for n in names if n in at_left}, {n: 0.0 for n in names if n in at_right})
    for seller, buyer, amount in flows:
        sums[0][seller] += amount
        sums[1][buyer] += amount
    total = sum(sums[0].values())
    labels = [{n: f"{n} {significant(v)}" for n, v in own.items()} for own in sums]
    left, right = (max(width_of(label) for label in own.values()) + 10.0 for own in labels)
    ends = (left, WIDTH - right - NODE)
    tallest = max(len(own) for own in sums)
    scale = HEIGHT / total
    begin = [_begins(own, scale, HEIGHT + GAP * (tallest - 1)) for own in sums]
    colours = {n: COLOURS[k % len(COLOURS)] for k, n in enumerate(names)}
    at: list[dict[str, float]] = [dict(own) for own in begin]
    body = ""
    for seller, buyer, amount in flows:
        y1, y2, thick = at[0][seller], at[1][buyer], amount * scale
        at[0][seller] += thick
        at[1][buyer] += thick
        tip = f"{seller} → {buyer}: {significant(amount)}"
        body += _ribbon(ends[0] + NODE, ends[1], y1, y2, thick, colours[seller], tip)
    for side in (0, 1):
        for name, y in begin[side].items():
            high = max(sums[side][name] * scale, 1.0)
            fill = colours[name]
            body += f'<rect x="{ends[side]:.1f}" y="{y:.1f}" width="{NODE:g}" height="{high:.1f}" fill="{fill}"/>'
            x, anchor = (ends[0] - 6, "end") if side == 0 else (ends[1] + NODE + 6, "start")
            body += text(x, y + high / 2 + 4, labels[side][name], anchor)
    return svg(WIDTH, HEIGHT + GAP * (tallest - 1) + 16, title, body)


def _begins(sums: Mapping[str, float], scale: float, room: float) -> dict[str, float]:
    """Return where each block begins, in the middle of the room, in order."""
    y = 8.0 + (room - sum(sums.values()) * scale - GAP * (len(sums) - 1)) / 2
    out = {}
    for name, value in sums.items():
        out[name] = y
        y += value * scale + GAP
    return out


def _ribbon(x1: float, x2: float, y1: float, y2: float, thick: float, colour: str, tip: str) -> str:
    middle = (x1 + x2) / 2
    low1, low2 = y1 + thick, y2 + thick
    path = (
        f"M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f} "
        f"L{x2:.1f},{low2:.1f} C{middle:.1f},{low2:.1f} {middle:.1f},{low1:.1f} {x1:.1f},{low1:.1f} Z"
    )
    return f'<path d="{path}" fill="{colour}" fill-opacity="0.55"><title>{escape(tip)}</title></path>'
