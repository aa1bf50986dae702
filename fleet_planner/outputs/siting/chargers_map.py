"""Charger sites on the map: layers of a GeoPackage and a drawing for the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import shapely

from fleet_planner.chargers.building.tables import KINDS, LITTLE
from fleet_planner.outputs.layers import geopackage_tables, styles
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.layer import Layer, plain_style
from fleet_planner.outputs.layers.roads import road_of_link, round_breaks
from fleet_planner.tables import columns, finding_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.pipeline.siting.site import Siting
    from fleet_planner.plan.models import Plan

    Float = NDArray[np.float64]

BUILD_OUT = "build_out"
SITE_COLOUR, SITE_MM = "#d55e00", 4.0
DEMAND_COLOUR, DEMAND_MM = "#59636d", 1.6
WAY_COLOUR, WAY_MM = "#8a949d", 0.2
ZONES, ZONE_MM = "charger_zone_points", 3.0
ZONE_BREAKS, ZONE_COLOURS = (50.0, 80.0, 95.0, 99.9), ("#c1121f", "#e8743b", "#f2b950", "#9bc8a0", "#2e8b57")
"""Classes of the share of a zone's energy that is served, %."""
MISSED_COLOUR, PRESENT_COLOUR = "#c1121f", "#0072b2"
ATTRIBUTE_TABLES = (
    *("chargers", "charger_grid", "charger_costs", "charger_unserved", "charger_zones", "charger_groups"),
    *("charger_regret", "charger_curve", "charger_flows", "siting_models"),
    *("charging_needs", "charging_hours"),
)
MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
STREETS_KM = 25.0
"""Maps narrower than this show all streets."""
WIDTH, MARGIN = 1040, 0.06
LARGEST_PX, SMALLEST_PX = 15.0, 3.0


def demand_frame(found: Siting) -> pl.DataFrame:
    """Return ``tables/columns/charger_demand.csv``: a row per place that asks for energy, last planned year."""
    year = found.demand.years[-1]
    caught = found.tables["catchments"].filter((pl.col("model") == BUILD_OUT) & (pl.col("year") == year))
    main = caught.sort("kwh_per_day", descending=True).unique("demand_id", keep="first", maintain_order=True)
    missed = found.tables["charger_unserved"].filter(pl.col("year") == year)
    energy = found.demand.per_day[:, -1]
    rows = pl.DataFrame(
        {
            "demand_id": found.demand.ids,
            "zone": [z or None for z in found.demand.zone],
            "kind": found.demand.kind,
            "stream": [s or None for s in found.demand.stream],
            "connector": found.demand.connector,
            "kwh_per_day": energy,
            "flood": ["yes" if name in found.flooded else "no" for name in found.demand.ids],
        }
    )
    out = rows.join(main.select("demand_id", "site_id"), on="demand_id", how="left", maintain_order="left").join(
        missed.select("demand_id", "share", "reason"), on="demand_id", how="left", maintain_order="left"
    )
    served = 100.0 * (1.0 - pl.col("share").fill_null(0.0))
    schema = {c.column: KINDS[c.type] for c in columns("charger_demand")}
    return out.with_columns(served_pct=served).select(pl.col(n).cast(k) for n, k in schema.items())


def write_sites_map(plan: Plan, found: Siting, path: Path) -> None:
    """Write the layers ``charger_sites``, ``charger_demand``, ``catchments`` and the attribute tables.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses.
    """
    layers = _layers(found)
    for layer in layers:
        write_layer(path, layer)
    tables = {name: found.tables[name] for name in ATTRIBUTE_TABLES if name in found.tables}
    told = pl.DataFrame(
        [(f.kind, f.code, finding_text(f), finding_text(f, "zh")) for f in found.findings],
        schema=["kind", "code", "text", "text_zh"],
        orient="row",
    )
    about = {
        "TITLE": f"{plan.city.name}: where chargers go",
        "ABSTRACT": "Charger sites, the places that ask for energy and which site serves them, last planned year.",
        "ATTRIBUTION": found.network.attribution,
        "LICENSE": "As the road network.",
        "SCENARIOS": f"Headroom: {plan.chargers.headroom}",
    }
    geopackage_tables.finish(path, layers, {**tables, "findings": told}, about)


def _layers(found: Siting) -> list[Layer]:
    place = dict(zip(found.sites.ids, found.sites.lonlat.tolist(), strict=True))
    sites = found.tables["charger_sites"]
    demand = demand_frame(found)
    at = found.demand.lonlat
    where = np.array([place[n] for n in sites["site_id"]]).reshape(-1, 2)
    out = []
    if sites.height:
        out.append(_points("charger_sites", sites, where, (SITE_COLOUR, SITE_MM)))
    out.append(_points("charger_demand", demand, at, (DEMAND_COLOUR, DEMAND_MM)))
    year = found.demand.years[-1]
    ways = found.tables["catchments"].filter((pl.col("model") == BUILD_OUT) & (pl.col("year") == year))
    if ways.height:
        number = {name: j for j, name in enumerate(found.demand.ids)}
        ends = np.stack(
            [at[[number[n] for n in ways["demand_id"]]], np.array([place[n] for n in ways["site_id"]])], axis=1
        )
        aliases = geopackage_tables.aliases("catchments", ways.columns, {})
        style = plain_style(
            "catchments",
            styles.single_qml(WAY_COLOUR, WAY_MM, aliases),
            styles.single_sld("catchments", WAY_COLOUR, WAY_MM),
        )
        out.append(Layer("catchments", ways, shapely.to_wkb(shapely.linestrings(ends)), "LineString", style, {}))
    zones = _zones(found)
    return [zones, *out[::-1]] if zones is not None else out[::-1]


def _zones(found: Siting) -> Layer | None:
    """Return the zones of the demand in the last year as points amid their energy, red where little is served."""
    year, demand = found.demand.years[-1], found.demand
    zones = found.tables["charger_zones"].filter((pl.col("year") == year) & pl.col("zone").is_not_null())
    if zones.is_empty():
        return None
    number = {name: k for k, name in enumerate(zones["zone"])}
    of = np.array([number.get(z, -1) for z in demand.zone])
    known = of >= 0
    energy = np.maximum(demand.per_day[known, -1], LITTLE)
    whole = np.bincount(of[known], energy, zones.height)
    middle = [np.bincount(of[known], energy * axis, zones.height) / whole for axis in demand.lonlat[known].T]
    aliases = geopackage_tables.aliases("charger_zones", zones.columns, {})
    qml = styles.coloured_points_qml("served_pct", ZONE_BREAKS, 100.0, ZONE_COLOURS, ZONE_MM, aliases)
    style = plain_style(ZONES, qml, styles.point_sld(ZONES, DEMAND_COLOUR, ZONE_MM))
    return Layer(ZONES, zones, shapely.to_wkb(shapely.points(np.column_stack(middle))), "Point", style, {})


def _points(name: str, frame: pl.DataFrame, lonlat: Float, mark: tuple[str, float]) -> Layer:
    aliases = geopackage_tables.aliases(name, frame.columns, {})
    if name == "charger_sites":
        power = frame["new_kw"].to_numpy()
        qml = styles.sized_qml("new_kw", round_breaks(power, 3), float(power.max(initial=1.0)), mark[0], aliases)
    else:
        qml = styles.point_qml(*mark, aliases)
    style = plain_style(name, qml, styles.point_sld(name, *mark))
    return Layer(name, frame, shapely.to_wkb(shapely.points(lonlat)), "Point", style, {})


def drawing(found: Siting, words: Mapping[str, str]) -> str:
    """Return an SVG of roads, sites, demand and which site serves it."""
    demand, sites = demand_frame(found), found.tables["charger_sites"]
    at = found.demand.lonlat
    place = dict(zip(found.sites.ids, found.sites.lonlat.tolist(), strict=True))
    where = np.array([place[n] for n in sites["site_id"]]).reshape(-1, 2)
    both = np.concatenate([at, where])
    frame = _Frame.around(both)
    body = _roads(found, frame)
    x, y = frame.place(at)
    sx, sy = frame.place(where)
    number = {name: k for k, name in enumerate(sites["site_id"])}
    lines = "".join(
        f"M{x[j]:.1f} {y[j]:.1f}L{sx[number[name]]:.1f} {sy[number[name]]:.1f}"
        for j, name in enumerate(demand["site_id"])
        if name is not None
    )
    body += f'<path d="{lines}" stroke="{WAY_COLOUR}" stroke-width="0.6" fill="none" opacity="0.7"/>'
    served = demand["served_pct"].to_numpy()
    for j in np.argsort(-served, kind="stable").tolist():
        colour = DEMAND_COLOUR if served[j] > 100.0 - 100.0 * LITTLE - 1e-3 else MISSED_COLOUR
        tip = _escaped(demand["demand_id"][j])
        body += f'<circle cx="{x[j]:.1f}" cy="{y[j]:.1f}" r="2.2" fill="{colour}"><title>{tip}</title></circle>'
    power = (sites["new_kw"] + sites["present_kw"]).to_numpy()
    top = max(float(power.max(initial=0.0)), 1.0)
    for k in np.argsort(-power, kind="stable").tolist():
        radius = max(LARGEST_PX * math.sqrt(power[k] / top), SMALLEST_PX)
        present = sites["present_kw"][k] > 0.0
        edge, wide = (PRESENT_COLOUR, 2.4) if present else ("#ffffff", 1.0)
        tip = f"{sites['site_id'][k]}: {power[k]:,.0f} kW, {sites['kwh_per_day'][k]:,.0f} kWh"
        body += (
            f'<circle cx="{sx[k]:.1f}" cy="{sy[k]:.1f}" r="{radius:.1f}" fill="{SITE_COLOUR}" fill-opacity="0.85" '
            f'stroke="{edge}" stroke-width="{wide}"><title>{_escaped(tip)}</title></circle>'
        )
    body += _key(words, frame.height, present=bool((sites["present_kw"] > 0.0).any()))
    height = frame.height + 34
    label = _escaped(words["chargers_map"])
    head = f'<svg class="sites" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{label}" font-size="13">'
    return f"{head}{body}</svg>"


class _Frame:
    """The part of the world that is drawn."""

    def __init__(self, west: float, north: float, scale: float, squeeze: float, height: float, km: float) -> None:
        self.west, self.north, self.scale, self.squeeze = west, north, scale, squeeze
        self.height, self.km = height, km

    @classmethod
    def around(cls, lonlat: Float) -> _Frame:
        """Return the frame that holds all points."""
        (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
        squeeze = math.cos(math.radians((south + north) / 2.0))
        wide, high = max((east - west) * squeeze, 1e-3), max(north - south, 1e-3)
        pad = MARGIN * max(wide, high)
        # neither a sliver nor a tower: at least half as high as wide, at most as high as wide
        full_w = max(wide + 2.0 * pad, high + 2.0 * pad)
        full_h = min(max(high + 2.0 * pad, 0.5 * full_w), full_w)
        middle_x, middle_y = (west + east) / 2.0 * squeeze, (south + north) / 2.0
        scale = WIDTH / full_w
        return cls(middle_x - full_w / 2.0, middle_y + full_h / 2.0, scale, squeeze, full_h * scale, full_w * 111.2)

    def place(self, lonlat: Float) -> tuple[Float, Float]:
        """Return x and y in the drawing."""
        x = (lonlat[:, 0] * self.squeeze - self.west) * self.scale
        y = (self.north - lonlat[:, 1]) * self.scale
        return np.asarray(x), np.asarray(y)


def _roads(found: Siting, frame: _Frame) -> str:
    """Return the main roads, and all streets of small maps, as one thin path each."""
    network = found.network
    _, first = road_of_link(network.links)
    classes = network.links["road_class"].to_numpy()[first]
    main = np.isin(classes, MAIN_ROADS)
    x, y = frame.place(network.coordinates)
    out = ""
    groups: list[tuple[Any, str, float]] = [(main, "#c3cad0", 1.1)]
    if frame.km < STREETS_KM:
        groups.insert(0, (~main, "#e3e7ea", 0.5))
    for chosen, colour, width in groups:
        parts = []
        for link in first[chosen].tolist():
            a, b = int(network.offsets[link]), int(network.offsets[link + 1])
            inside = (x[a:b] > -20) & (x[a:b] < WIDTH + 20) & (y[a:b] > -20) & (y[a:b] < frame.height + 20)
            if inside.all():
                points = np.unique(np.round(np.column_stack([x[a:b], y[a:b]])), axis=0, return_index=True)[1]
                kept = np.sort(points) + a
                steps = " ".join(f"{x[i]:.0f} {y[i]:.0f}" for i in kept.tolist())
                if kept.size > 1:
                    parts.append(f"M{steps}")
        out += f'<path d="{"".join(parts)}" stroke="{colour}" stroke-width="{width}" fill="none"/>'
    return out


def _key(words: Mapping[str, str], height: float, *, present: bool) -> str:
    y, x = height + 20.0, 14.0
    marks = [(SITE_COLOUR, "none", 7.0, "chargers_legend_site")]
    if present:
        marks.append((SITE_COLOUR, PRESENT_COLOUR, 7.0, "chargers_legend_present"))
    marks += [
        (DEMAND_COLOUR, "none", 3.5, "chargers_legend_met"),
        (MISSED_COLOUR, "none", 3.5, "chargers_legend_missed"),
    ]
    out = ""
    for colour, edge, radius, key in marks:
        word = words[key]
        out += f'<circle cx="{x}" cy="{y - 4}" r="{radius}" fill="{colour}" stroke="{edge}" stroke-width="2.4"/>'
        out += f'<text x="{x + 14}" y="{y}" fill="#22272d">{_escaped(word)}</text>'
        x += 40.0 + sum(13.0 if ord(c) > 0x2E7F else 7.2 for c in word)
    return out


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
