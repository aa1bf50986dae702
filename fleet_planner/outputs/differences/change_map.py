"""Changes by link: a layer that opens drawn, and a drawing for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.outputs.charts.svg_parts import svg, text
from fleet_planner.outputs.layers import geopackage_tables
from fleet_planner.outputs.layers.colourings import Colouring, changed, short_name
from fleet_planner.outputs.layers.frames import day_column, scale_of, specs
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.geopackage_tables import Layer
from fleet_planner.outputs.layers.styles import CHANGE, CHANGE_WIDTHS_MM, change_labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.outputs.differences.compare import Compared, Pair, Roads
    from fleet_planner.tables import PollutantSpec

LAYER = "link_changes"
WIDTH = 760
MOST = 6000
"""Changed links that the page draws, the largest changes; the layer has all."""
GROUND = ("motorway", "trunk", "primary", "secondary", "tertiary")
"""Roads drawn in grey below, so that the town can be recognised."""
PX_PER_MM = 2.2
GREY = "#dfe3e6"
SHORTEST_KM = 0.02
"""Shorter links count as so long: their change per km would be noise."""
PARTS = (1.0 / 3.0, 2.0 / 3.0, 0.95)


def map_pollutants(found: Compared) -> list[str]:
    """Return the pollutants of the first run's maps that all pairs have."""
    asked = found.pairs[0].first.kept.content["plan"]["outputs"]["map_pollutants"]
    return [p for p in asked if all(p in pair.pollutants for pair in found.pairs)]


def changes_frame(found: Compared, roads: Roads) -> pl.DataFrame:
    """Return one row per link with what changes a day by pollutant and pair."""
    known = specs()
    out = roads.frame
    for pollutant in map_pollutants(found):
        for pair in found.pairs:
            if pair.changes is not None:
                column = day_column(known[pollutant], pair.name)
                own = pair.changes.select("link_id", (pl.col(pollutant) / scale_of(known[pollutant])).alias(column))
                out = out.join(own, on="link_id", how="left", maintain_order="left")
    return out


def write_changes(found: Compared, roads: Roads, path: Path) -> None:
    """Write the layer, with a diverging style for each pollutant and pair.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses.
    """
    frame, known = changes_frame(found, roads), specs()
    names = titles(found)
    ways = [
        Colouring(
            column,
            column,
            f"{short_name(known[p])}, {pair.name}",
            f"{short_name(known[p], chinese=True)}，{pair.name}",
        )
        for p in map_pollutants(found)
        for pair in found.pairs
        if (column := day_column(known[p], pair.name)) in frame.columns
    ]
    plain = Layer(LAYER, frame, roads.wkb, "LineString", None, names)
    layer = plain.with_styles(changed(plain, ways))
    write_layer(path, layer)
    city = found.pairs[0].first.kept.content["plan"]["city"]
    about = {
        "TITLE": f"{city['name']}: what changes on the roads",
        "ABSTRACT": "Emissions of the average day after less before, by link.",
        "ATTRIBUTION": str(found.pairs[0].first.kept.content.get("attribution", "")),
        "LICENSE": "Road network: Open Database License (ODbL) 1.0 where it comes from OpenStreetMap; name the source.",
        "SCENARIOS": "; ".join(f"{name}: {title}" for name, title in names.items()),
    }
    geopackage_tables.finish(path, [layer], {}, about, titles(found, 1))


def titles(found: Compared, language: int = 0) -> dict[str, str]:
    """Return ``second less first`` in words by the pair's name."""
    minus = " less " if language == 0 else " − "
    return {p.name: f"{p.second.titles[language]}{minus}{p.first.titles[language]}" for p in found.pairs}


def drawn_changes(pair: Pair, roads: Roads, pollutant: str, title: str, unit_words: str) -> str:
    """Return the map of one pollutant's changes as SVG: blue less, orange more."""
    import shapely

    if pair.changes is None:
        return ""
    spec = specs()[pollutant]
    values = pair.changes[pollutant].to_numpy() / scale_of(spec)
    density = values / np.maximum(roads.frame["length_km"].to_numpy(), SHORTEST_KM) * per_km(spec)
    bounds = weighty_bounds(density, values)
    kind = np.clip(np.searchsorted(bounds[1:-1], density, side="right"), 0, len(CHANGE) - 1)
    middle = len(CHANGE) // 2
    shapes = shapely.from_wkb(roads.wkb)
    ground = roads.frame["road_class"].is_in(GROUND).to_numpy()
    strong = np.flatnonzero(kind != middle)
    strong = strong[np.argsort(-np.abs(density[strong]), kind="stable")][:MOST]
    shown = np.union1d(strong, np.flatnonzero(ground))
    place = _placed(shapes[shown])
    body = _path(place, shapes[ground], GREY, 0.8)
    for k in (2, 4, 1, 5, 0, 6):
        own = strong[kind[strong] == k]
        body += _path(place, shapes[own], CHANGE[k], CHANGE_WIDTHS_MM[k] * PX_PER_MM)
    y = place.height + 16.0
    for k, label in enumerate(change_labels(bounds)):
        x = 6.0 + k % 4 * 180.0
        row = y + k // 4 * 20.0
        body += f'<rect x="{x:.0f}" y="{row:.0f}" width="16" height="8" fill="{CHANGE[k]}"/>'
        body += text(x + 22, row + 8.5, f"{label} {unit_words}", size=11)
    return svg(WIDTH, y + 44, title, body)


def per_km(spec: PollutantSpec) -> float:
    """Return what a daily change in the unit of columns is multiplied by for a change per km: kg become g."""
    return scale_of(spec)


def weighty_bounds(density: NDArray[np.float64], change: NDArray[np.float64]) -> list[float]:
    """Return limits of classes, symmetric about zero, by what the links' changes add up to.

    The links of the darkest colours, with the largest change per km, make a third of all change; the next a third;
    the palest what is left but a twentieth, which counts as about the same.
    """
    size = np.abs(density)
    order = np.argsort(-size, kind="stable")
    summed = np.cumsum(np.abs(change)[order])
    if not len(summed) or summed[-1] <= 0.0:
        return [-4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0]
    at = np.minimum(np.searchsorted(summed, np.array(PARTS) * summed[-1]), len(summed) - 1)
    limits = [_two_digits(float(size[order[k]])) for k in at]  # falling
    for k in (1, 0):  # rounding and equal links must leave the classes apart
        limits[k] = max(limits[k], _two_digits(1.5 * limits[k + 1]))
    top = max(float(size.max()), 1.5 * limits[0])
    rising = limits[::-1]
    return [-top, *(-v for v in reversed(rising)), *rising, top]


def _two_digits(value: float) -> float:
    return float(f"{max(value, 1e-12):.2g}")


class _placed:  # noqa: N801  # reads as a function: shapes placed on the drawing
    """The way from degrees to the drawing."""

    def __init__(self, shapes: NDArray[np.object_]) -> None:
        import shapely

        west, south, east, north = shapely.total_bounds(shapes) if len(shapes) else (0.0, 0.0, 1.0, 1.0)
        self.shrink = float(np.cos(np.radians(0.5 * (south + north))))
        wide = max((east - west) * self.shrink, 1e-6)
        tall = max(north - south, 1e-6)
        self.scale = min(WIDTH / wide, 1.2 * WIDTH / tall)
        self.west, self.north = float(west), float(north)
        self.left = 0.5 * (WIDTH - wide * self.scale)
        self.height = tall * self.scale

    def points(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixels of degrees, shape (n, 2)."""
        x = self.left + (lonlat[:, 0] - self.west) * self.shrink * self.scale
        return np.column_stack([x, (self.north - lonlat[:, 1]) * self.scale])


def _path(place: _placed, shapes: NDArray[np.object_], colour: str, width: float) -> str:
    """Return all lines of one colour as a path."""
    import shapely

    parts: list[str] = []
    simple = shapely.simplify(shapes, 0.5 / place.scale)
    for shape in simple:
        points = place.points(shapely.get_coordinates(shape))
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points))
    look = f'fill="none" stroke="{colour}" stroke-width="{width:.1f}" stroke-linecap="round"'
    return f'<path d="{"".join(parts)}" {look}/>' if parts else ""


def tops(pair: Pair, roads: Roads, pollutant: str, count: int = 10) -> Sequence[dict[str, Any]]:
    """Return the streets with the largest changes of a pollutant: name, class, change a day."""
    if pair.changes is None:
        return []
    spec = specs()[pollutant]
    joined = roads.frame.join(pair.changes.select("link_id", change=pl.col(pollutant) / scale_of(spec)), on="link_id")
    named = joined.filter(pl.col("name").fill_null("") != "")
    summed = named.group_by("name", maintain_order=True).agg(pl.col("road_class").first(), pl.col("change").sum())
    ranked = summed.filter(pl.col("change") != 0.0).sort(pl.col("change").abs(), "name", descending=[True, False])
    return ranked.head(count).to_dicts()
