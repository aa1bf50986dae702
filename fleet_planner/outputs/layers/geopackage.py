"""The GeoPackage: drawn layers for GIS users, tables beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.outputs.layers import frames, geopackage_tables, styles
from fleet_planner.outputs.layers.area_layer import area_layer
from fleet_planner.outputs.layers.buses import bus_layer
from fleet_planner.outputs.layers.colourings import (
    Colouring,
    by_scenario,
    change_ways,
    changed,
    coloured,
    short_name,
)
from fleet_planner.outputs.layers.layer import Layer, Style
from fleet_planner.outputs.layers.lines import LinkLines
from fleet_planner.outputs.layers.machine_tables import sites_frame
from fleet_planner.outputs.layers.place_tables import LAYER, place_layer
from fleet_planner.outputs.layers.views import change_table, change_view, top_table, top_view
from fleet_planner.pipeline.computing.places import KINDS
from fleet_planner.tables import finding_text
from fleet_planner.tiles import LINKS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.network.home_places import Places
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.computing.gridded import Gridded
    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language, PollutantSpec

STYLE_POLLUTANT = "NOx"
HOTSPOT_COLOUR, HOTSPOT_MM = "#0072b2", 2.2
CANYON_COLOUR, CANYON_MM = "#7b3294", 1.4
SITE_COLOUR, SITE_MM = "#009e73", 3.5
DEPOT_COLOUR, DEPOT_MM = "#cc79a7", 3.5
MOST_CELL_STYLES = 8
GEOPACKAGE_VERSION = "1.3"
"""What programs of the last years read without a warning."""
TRAFFIC = (
    Colouring("vkt_per_day", "vkt_per_day", "Vehicle-km", "车公里"),
    Colouring("speed_mean_kmh", "speed_mean_kmh", "Mean speed", "平均速度"),
)
PEOPLE = (Colouring("population_per_km2", "population_per_km2", "Population density", "人口密度"),)
BUSES = (
    Colouring("bus_km_per_day", "bus_km_per_day", "Bus km per day", "每日公交里程"),
    Colouring("speed_kmh", "speed_kmh", "Timetable speed", "时刻表速度"),
    Colouring("stops_per_km", "stops_per_km", "Stops per km", "每公里停站数"),
)


def write_geopackage(results: Results, path: Path) -> None:
    """Write all layers, tables, field aliases, metadata and styles.

    Raises
    ------
    OSError, RuntimeError, sqlite3.Error
        The file system or GDAL refuses; the caller turns it into a message.
    """
    layers = drawn_layers(results)
    for layer in layers:
        write_layer(path, layer)
    views, values = _views(results, layers)
    tables = table_layers(results) | values
    geopackage_tables.finish(path, [*layers, *views], tables, about(results), frames.titles(results, "zh"))


def about(results: Results) -> dict[str, str]:
    """Return title, sources and licence, for the metadata of the file."""
    city = results.plan.city
    return {
        "TITLE": f"{city.name} {city.year}: road traffic emissions",
        "ABSTRACT": "Emissions of road traffic by link, zone and technology; average day of the base year.",
        "TITLE_ZH": f"{city.name_zh or city.name} {city.year}年：道路交通排放",
        "YEAR": str(city.year),
        "ATTRIBUTION": results.network.attribution,
        "LICENSE": "Road network: Open Database License (ODbL) 1.0 where it comes from OpenStreetMap; name the source.",
        "SCENARIOS": "; ".join(f"{name}: {title}" for name, title in frames.titles(results, "en").items()),
        "LINEAGE": "\n".join(
            [*_sources(results), *(f"{f.role}: {f.path}, SHA-256 {f.sha256}" for f in results.inputs)]
        ),
    }


def _sources(results: Results) -> Iterator[str]:
    """Return a line for each source of data or figures: what, from whom, year, licence."""
    for row in results.sources.iter_rows(named=True):
        told = [row["source"], row["year"], row["licence"]]
        yield f"{row['item']}: " + ", ".join(str(v) for v in told if v)


def _views(results: Results, layers: Sequence[Layer]) -> tuple[list[Layer], dict[str, pl.DataFrame]]:
    """Return the maps of changes and the top links, and the tables that they rest on."""
    shown = list(_shown(results))
    base, *others = (s.fleet.name for s in results.scenarios)
    titles = {s.fleet.name: _titles(s.fleet.title_en, s.fleet.title_zh) for s in results.scenarios}
    own = {layer.name: layer for layer in layers}
    links = own["links"]
    top = top_table(links, shown, base)
    tables, views = {"top_links": top}, []
    for spec in shown:
        view = top_view(links, top, spec, _titles(short_name(spec), short_name(spec, chinese=True)))
        ways = by_scenario([spec], frames.titles(results, "zh"), frames.per_km_column)
        views.append(view.with_styles(coloured(view, ways)))
    for layer in (own[name] for name in ("links", "zones") if name in own):
        for scenario in others:
            changes = change_table(layer, shown, base, scenario)
            view = change_view(layer, changes, scenario, titles[scenario])
            tables[f"change_of_{layer.name}_{scenario}"] = changes
            views.append(view.with_styles(changed(view, change_ways(layer.name, shown))))
    return views, tables


def _titles(english: str, chinese: str) -> dict[Language, str]:
    return {"en": english, "zh": chinese or english}


def drawn_layers(results: Results) -> list[Layer]:
    """Return links, hotspots, zones and the like with their geometry and style."""
    base = results.scenarios[0].fleet.name
    names, chinese = frames.titles(results, "en"), frames.titles(results, "zh")
    shown = list(_shown(results))
    links = frames.links_frame(results)
    lines = LinkLines(results.network)
    out = []
    roads = [*by_scenario(shown, chinese, frames.per_km_column), *TRAFFIC]
    out.append(_coloured("links", links, lines, "LineString", roads, names))
    hot = frames.hotspot_rows(frames.roads_frame(results), base)
    if hot.height:
        aliases = geopackage_tables.aliases("hotspots", hot.columns, names)
        marker = Style(
            "Hotspots",
            styles.single_qml(HOTSPOT_COLOUR, HOTSPOT_MM, aliases),
            styles.single_sld("hotspots", HOTSPOT_COLOUR, HOTSPOT_MM),
            "排放热点",
        )
        wkb = lines.take(hot["link_id"].to_numpy())
        out.append(Layer("hotspots", hot, wkb, "LineString", marker, names))
    canyons = links.filter(pl.col("canyon")) if "canyon" in links.columns else links.clear()
    if canyons.height:
        wkb = lines.take(canyons["link_id"].to_numpy())
        out.append(_canyons(canyons, wkb, names))
    buses = bus_layer(results)
    if buses is not None:
        wkb = lines.take(buses["link_id"].to_numpy())
        out.append(_coloured("buses", buses, wkb, "LineString", BUSES, names))
    zones = frames.zones_frame(results)
    if zones is not None:
        frame = pl.DataFrame({c: zones[c].to_numpy() for c in zones.columns if c != "geometry"})
        wkb, kind = areas(np.array(zones.geometry.to_numpy(), dtype=object))
        ways = [*by_scenario(shown, chinese, frames.per_km2_column), *PEOPLE]
        out.append(_coloured("zones", frame, wkb, kind, ways, names))
    if (cut := results.districts.areas) is not None:
        inventories = {s.fleet.name: s.inventory for s in results.scenarios}
        length = results.network.links["length_km"].to_numpy()
        out.append(area_layer(cut, length, inventories, results.nonroad, shown, (names, chinese)))
    homes = [(kind, places) for kind in KINDS if (places := results.places.of(kind)) is not None]
    days = by_scenario(shown, chinese, frames.day_column)
    out += [_homes(place_layer(results, kind), places, days, names) for kind, places in homes]
    if results.nonroad is not None:
        out.append(_sites(sites_frame(results.nonroad), names))
    if results.air is not None:
        out.append(_air(results.air, names, chinese))
    if results.gridded is not None:
        out.append(_cells(results.gridded, names, chinese))
    return out


def _shown(results: Results) -> Iterator[PollutantSpec]:
    """Return the map's pollutants; the one that most plans are about comes first."""
    specs = frames.map_specs(results)
    yield from (s for s in specs if s.pollutant == STYLE_POLLUTANT)
    yield from (s for s in specs if s.pollutant != STYLE_POLLUTANT)


def _coloured(
    name: str, frame: pl.DataFrame, wkb: Any, kind: str, ways: Sequence[Colouring], names: Mapping[str, str]
) -> Layer:
    """Return a layer with a style for each colouring."""
    plain = Layer(name, frame, wkb, kind, None, names)
    return plain.with_styles(coloured(plain, ways))


def _canyons(canyons: pl.DataFrame, wkb: Any, names: Mapping[str, str]) -> Layer:
    """Return the links that are street canyons, in one colour."""
    frame = canyons.select("link_id", "name", "road_class", "length_km", "canyon_aspect")
    aliases = geopackage_tables.aliases("canyon_links", frame.columns, names)
    marker = Style(
        "Street canyons",
        styles.single_qml(CANYON_COLOUR, CANYON_MM, aliases),
        styles.single_sld("canyon_links", CANYON_COLOUR, CANYON_MM),
        "街谷",
    )
    return Layer("canyon_links", frame, wkb, "LineString", marker, names)


def _air(air: AirResult, names: Mapping[str, str], chinese: Mapping[str, str]) -> Layer:
    """Return the points of the air as their cells, coloured by what traffic brings."""
    import shapely

    wkb = shapely.to_wkb(shapely.polygons(air.corners()))
    ways = [
        Colouring(
            f"{frames.air_column(p)}_ug_m3_{s}",
            f"{frames.air_column(p)}_ug_m3_{next(iter(names))}",
            f"{p} in the air, {s}",
            f"空气中{p}，{title}",
        )
        for p in air.pollutants
        for s, title in chinese.items()
    ]
    return _coloured("air_points", frames.air_frame(air), wkb, "Polygon", ways, names)


def _cells(gridded: Gridded, names: Mapping[str, str], chinese: Mapping[str, str]) -> Layer:
    """Return the cells of the grid that have a road or a machine."""
    import shapely

    wkb = shapely.to_wkb(shapely.polygons(gridded.grid.corners(gridded.cells)))
    known = frames.specs()
    first = sorted((known[p] for p in gridded.pollutants), key=lambda s: s.pollutant != STYLE_POLLUTANT)
    ways = by_scenario(first[:MOST_CELL_STYLES], chinese, frames.day_column)
    return _coloured("emission_cells", frames.cells_frame(gridded), wkb, "Polygon", ways, names)


def _homes(frame: pl.DataFrame, places: Places, ways: Sequence[Colouring], names: Mapping[str, str]) -> Layer:
    """Return the zones (coloured by what their vehicles emit) or the depots (points) where vehicles are at home."""
    import shapely

    name = LAYER[places.kind]
    if places.kind == "zone":
        wkb, kind = areas(places.geometry)
        return _coloured(name, frame, wkb, kind, ways, names)
    wkb = shapely.to_wkb(_same_kind(places.geometry))
    aliases = geopackage_tables.aliases(name, frame.columns, names)
    qml = styles.point_qml(DEPOT_COLOUR, DEPOT_MM, aliases)
    marker = Style("Depots", qml, styles.point_sld(name, DEPOT_COLOUR, DEPOT_MM), "车场")
    return Layer(name, frame, wkb, "Point", marker, names)


def areas(shapes: NDArray[np.object_]) -> tuple[Any, str]:
    """Return polygons as WKB and their kind."""
    import shapely

    kind = "MultiPolygon" if any(g.geom_type == "MultiPolygon" for g in shapes) else "Polygon"
    return shapely.to_wkb(_same_kind(shapes)), kind


def _same_kind(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons as multipolygons where one of them is, all without heights."""
    import shapely

    if any(g.geom_type == "MultiPolygon" for g in shapes):
        parts = [g if g.geom_type == "MultiPolygon" else shapely.MultiPolygon([g]) for g in shapes]
        shapes = np.array(parts, dtype=object)
    flat: NDArray[np.object_] = shapely.force_2d(shapes)
    return flat


def _sites(frame: pl.DataFrame, names: Mapping[str, str]) -> Layer:
    """Return the points where machines work."""
    import shapely

    attributes = frame.drop("lon", "lat")
    aliases = geopackage_tables.aliases("sites", attributes.columns, names)
    marker = Style(
        "Sites",
        styles.point_qml(SITE_COLOUR, SITE_MM, aliases),
        styles.point_sld("sites", SITE_COLOUR, SITE_MM),
        "作业地点",
    )
    wkb = shapely.to_wkb(shapely.points(frame["lon"].to_numpy(), frame["lat"].to_numpy()))
    return Layer("sites", attributes, wkb, "Point", marker, names)


def write_layer(path: Path, layer: Layer) -> None:
    """Write a layer beside those that the file has."""
    from pyogrio.raw import write_arrow

    write_arrow(
        arrow_rows(layer),
        path,
        layer=layer.name,
        driver="GPKG",
        geometry_name="geom",
        geometry_type=layer.geometry_type,
        crs="EPSG:4326",
        append=path.exists(),
        dataset_options={} if path.exists() else {"VERSION": GEOPACKAGE_VERSION},
        layer_options={
            "GEOMETRY_NAME": "geom",
        },
    )


def arrow_rows(layer: Layer) -> Any:
    """Return the rows of a layer with their geometry as a stream of Arrow, which is formed as it is read."""
    import pyarrow as pa

    def batches() -> Iterator[pa.RecordBatch]:
        for first in range(0, max(layer.frame.height, 1), LINKS_AT_ONCE):
            part = slice(first, first + LINKS_AT_ONCE)
            shapes = pl.Series("geom", layer.wkb[part].tolist(), dtype=pl.Binary)
            table = layer.frame[part].with_columns(shapes).to_arrow(compat_level=pl.CompatLevel.oldest())
            yield from table.to_batches()

    empty = layer.frame.clear().with_columns(pl.Series("geom", [], dtype=pl.Binary))
    schema = empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    return pa.RecordBatchReader.from_batches(schema, batches())


def table_layers(results: Results) -> dict[str, pl.DataFrame]:
    """Return the tables of the GeoPackage but for those that its views rest on."""
    costs = [s.costs for s in results.scenarios if s.costs.height]
    findings = pl.DataFrame(
        {
            "kind": [f.kind for f in results.findings],
            "code": [f.code for f in results.findings],
            "text": [finding_text(f) for f in results.findings],
            "text_zh": [finding_text(f, "zh") for f in results.findings],
            "count": pl.Series([f.count for f in results.findings], dtype=pl.Int64),
            "share": pl.Series([f.share for f in results.findings], dtype=pl.Float64),
        },
        schema_overrides={"kind": pl.String, "code": pl.String, "text": pl.String, "text_zh": pl.String},
    )
    tables: dict[str, pl.DataFrame] = {
        "summary": frames.summary(results),
        "by_technology": frames.by_technology(results),
        "by_process": frames.by_process(results),
        **({"exposure": results.air.table} if results.air is not None else {}),
        **({"by_sector": results.by_sector} if results.by_sector.height else {}),
        "fuel_check": results.fuel,
        **({"duty": results.duty} if results.duty.height else {}),
        "costs": pl.concat(costs) if costs else results.scenarios[0].costs,
        "sources": results.sources,
        "assumptions": results.assumptions,
        "findings": findings,
    }
    if results.operation.height:
        tables["operation"] = results.operation
        tables["operation_effects"] = frames.in_mass_unit(results.operation_effects, results.plan.outputs.mass_unit)
    return tables
