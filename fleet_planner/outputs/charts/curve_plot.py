"""A speed curve as an SVG picture: the published formula, and what bridging makes of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 18, 46, 44
PUBLISHED, MENDED, BRIDGE, INK, GRID = "#e08a1e", "#33608c", "#f6e3c5", "#3a3f45", "#e3e6e9"
HEADROOM = 1.15


def curve_svg(
    title: str,
    unit: str,
    speed_kmh: NDArray[np.float64],
    published: NDArray[np.float64],
    mended: NDArray[np.float64],
    bridges: NDArray[np.float64],
) -> str:
    """Return the picture of one row.

    Parameters
    ----------
    title, unit
        Key of the row; g/km or MJ/km.
    speed_kmh
        Ascending speeds, shape (n,).
    published, mended
        Factors at these speeds; what the published one does outside the frame is cut off.
    bridges
        Shape (bridges, 4): from km/h, to km/h, factor at either end; shaded.
    """
    top = max(float(mended.max()) * HEADROOM, 1e-12)
    x0, x1 = float(speed_kmh[0]), float(speed_kmh[-1])

    def place(v: float, ef: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (v - x0) / max(x1 - x0, 1e-9)
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - ef / top)

    body = ""
    for lo, hi, _, _ in bridges:
        a, b = place(float(lo), 0.0)[0], place(float(hi), 0.0)[0]
        body += f'<rect x="{a:.1f}" y="{TOP}" width="{b - a:.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="{BRIDGE}"/>'
    for k in range(6):
        y = place(x0, top * k / 5)[1]
        body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        body += _text(LEFT - 8, y + 4, significant(top * k / 5, 2), "end")
    for v in np.arange(np.ceil(x0 / 10.0) * 10.0, x1 + 1e-9, 10.0):
        body += _text(place(float(v), 0.0)[0], HEIGHT - BOTTOM + 18, f"{v:.0f}", "middle")
    body += _text(WIDTH - RIGHT, HEIGHT - 8, "km/h", "end") + _text(LEFT, TOP - 8, unit, "start")
    frame = f'x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}"'
    body += f'<clipPath id="frame"><rect {frame}/></clipPath>'
    for values, colour, dash in ((published, PUBLISHED, "5 4"), (mended, MENDED, "none")):
        clipped = np.clip(values, -top, 3.0 * top)
        points = " ".join(
            f"{x:.1f},{y:.1f}" for x, y in (place(float(v), float(e)) for v, e in zip(speed_kmh, clipped, strict=True))
        )
        body += (
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}" clip-path="url(#frame)"/>'
        )
    body += _text(LEFT, 20, title, "start", 13)
    body += _text(WIDTH - RIGHT, TOP - 8, "– – published", "end", 12, PUBLISHED)
    body += _text(WIDTH - RIGHT - 110, TOP - 8, "—— used", "end", 12, MENDED)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{body}</svg>\n'
    )


def _text(x: float, y: float, text: str, anchor: str, size: int = 12, colour: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )
