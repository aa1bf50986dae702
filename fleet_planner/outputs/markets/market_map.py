"""The GeoPackage of a carbon market: cities as points and areas, and who sells to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.outputs.layers import geopackage_tables, styles
from fleet_planner.outputs.layers.geopackage import write_layer
from fleet_planner.outputs.layers.layer import LONGEST_STYLE, Layer, Style, plain_style
from fleet_planner.outputs.layers.roads import round_breaks
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.pipeline.market.market import Market

CITY_COLOUR, CITY_MM = "#0072b2", 4.0
ALONE = "none"


def write_market_map(found: Market, title: str, path: Path) -> None:
    """Write the layers ``cities``, ``city_areas``, ``market_flows`` and the table ``market``.

    No file is written where the plan puts no city on the map.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses.
    """
    layers = _layers(found)
    if not layers:
        return
    for layer in layers:
        write_layer(path, layer)
    about = {
        "TITLE": f"{title}: carbon market of cities",
        "ABSTRACT": "Prices, trades and the local health benefit that trade moves, by city and form of linking.",
        "ATTRIBUTION": "The plan's figures; sources in manifest.json.",
        "LICENSE": "Figures of the plan's own.",
        "SCENARIOS": "; ".join(layers[0].scenarios.values()),
    }
    geopackage_tables.finish(path, layers, {"market": found.market}, about)


def cities_frame(found: Market) -> pl.DataFrame:
    """Return one row per city: mean price, and sums of cut, trade, saving, moved benefit and leakage by form."""
    forms = found.market["form"].unique(maintain_order=True).to_list()
    summed = found.market.group_by("city", "form", maintain_order=True).agg(
        price_usd_per_t=pl.col("price_usd_per_t").mean(),
        abated_t=pl.col("abated_t").sum(),
        traded_units=pl.col("traded_units").sum(),
        saved_usd=(pl.col("cost_unlinked_usd") - pl.col("cost_usd")).sum(),
        benefit_moved_usd=pl.col("benefit_moved_usd").sum(),
    )
    kept = ["price_usd_per_t", "abated_t", "traded_units", "saved_usd", "benefit_moved_usd"]
    if found.leakage is not None:
        leaks = found.leakage.group_by("city", "form").agg(pl.col("leakage_t").sum())
        summed = summed.join(leaks, on=["city", "form"], how="left", maintain_order="left")
        kept.append("leakage_t")
    out = summed.select(pl.col("city").unique(maintain_order=True))
    for form in forms:
        own = kept if form != ALONE else [k for k in kept if k in {"price_usd_per_t", "abated_t", "leakage_t"}]
        part = summed.filter(form=form).select("city", *(pl.col(k).alias(f"{k}_{form}") for k in own))
        out = out.join(part, on="city", how="left", maintain_order="left")
    return out


def _layers(found: Market) -> list[Layer]:
    import shapely

    if not found.places:
        return []
    words = report_words("en")
    names = {form: words[f"market_form_{form}"] for form in found.market["form"].unique(maintain_order=True)}
    frame = cities_frame(found)
    points = {p.name: (p.lon, p.lat) for p in found.places}
    own = pl.DataFrame({"city": list(points)}).join(frame, on="city", how="left", maintain_order="left")
    aliases = geopackage_tables.aliases("cities", own.columns, names)
    marker = plain_style(
        "cities",
        styles.point_qml(CITY_COLOUR, CITY_MM, aliases),
        styles.point_sld("cities", CITY_COLOUR, CITY_MM),
    )
    at = shapely.points(list(points.values()))
    out = [Layer("cities", own, shapely.to_wkb(at), "Point", marker, names)]
    drawn = [p for p in found.places if p.area is not None]
    if drawn:
        areas = own.filter(pl.col("city").is_in([p.name for p in drawn]))
        wkb = shapely.to_wkb(np.array([p.area for p in drawn], dtype=object))
        style = _graduated("city_areas", areas, f"price_usd_per_t_{ALONE}", names)
        out.append(Layer("city_areas", areas, wkb, "MultiPolygon", style, names))
    flows = _flows(found, points)
    if flows.height:
        lines = shapely.linestrings([[points[s], points[b]] for s, b in flows.select("seller", "buyer").rows()])
        style = _graduated("market_flows", flows, "units", names)
        out.append(Layer("market_flows", flows, shapely.to_wkb(lines), "LineString", style, names))
    return out


def _flows(found: Market, points: Mapping[str, Any]) -> pl.DataFrame:
    """Return the units of all years by form and pair of cities on the map."""
    known = list(points)
    return (
        found.trades.filter(pl.col("seller").is_in(known), pl.col("buyer").is_in(known))
        .group_by("form", "seller", "buyer", maintain_order=True)
        .agg(pl.col("units", "counted_t", "payment_usd").sum())
    )


def _graduated(layer: str, frame: pl.DataFrame, column: str, names: Mapping[str, str]) -> Style:
    values = frame[column].to_numpy()
    breaks, top = round_breaks(values), float(values.max(initial=0.0))
    aliases = geopackage_tables.aliases(layer, frame.columns, names)
    polygons = layer == "city_areas"
    return Style(
        aliases.get(column, column)[:LONGEST_STYLE],
        styles.graduated_qml(column, breaks, top, aliases, polygons=polygons),
        styles.graduated_sld(layer, column, breaks, top, polygons=polygons),
    )
