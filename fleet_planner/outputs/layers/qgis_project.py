"""Projects in a GeoPackage: QGIS opens the file with groups, titles, styles, themes and a metric map, in two languages.

QGIS keeps projects of a GeoPackage in the table ``qgis_projects``: name, a few words as JSON, and the project as a
zipped XML file in hexadecimal digits (QGIS, ``src/providers/ogr/qgsgeopackageprojectstorage.cpp``). Its layers are
found by the file's own name: a renamed file keeps its layers and styles, its projects ask where the file went.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from fleet_planner.outputs.layers.layer import described, table_kind, text_of
from fleet_planner.outputs.layers.metadata import file_bounds, qgis_metadata
from fleet_planner.tables.layer_texts import layer_texts
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from fleet_planner.outputs.layers.layer import Layer, Style
    from fleet_planner.tables import Language

NAMES: dict[Language, str] = {"en": "fleet_planner", "zh": "fleet_planner_zh"}
"""Of the projects: ``geopackage:city.gpkg?projectName=fleet_planner``."""
WRITTEN_FOR = "3.22.0"
SHAPES = {"Point": "Point", "LineString": "Line", "MultiLineString": "Line", "Polygon": "Polygon"}
WIDEST_DEG = 12.0
"""A map that is wider than two zones of UTM stays in degrees."""
MARGIN, LEAST_M, LEAST_DEG = 0.05, 300.0, 0.003
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Frame:
    """Projection of the map and what it shows at first: west, south, east, north in its units."""

    epsg: int
    bounds: tuple[float, float, float, float]


def write_projects(
    database: sqlite3.Connection,
    file: str,
    layers: Sequence[Layer],
    tables: Mapping[str, Sequence[str]],
    about: Mapping[str, str],
    scenarios: Mapping[Language, Mapping[str, str]],
) -> None:
    """Write the project in English and in Chinese.

    Parameters
    ----------
    database
        The GeoPackage, with its layers.
    file
        Name of its file, without folder.
    layers
        All spatial layers.
    tables
        Columns of the attribute tables by name.
    about
        As `geopackage_tables.finish` takes it.
    scenarios
        Titles of the scenarios by language and name.
    """
    database.execute("CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB)")
    frame = map_frame(file_bounds(database))
    for language, name in NAMES.items():
        text = project_xml(file, layers, tables, about, scenarios[language], frame, language)
        told = {"last_modified_time": "2000-01-01T00:00:00", "last_modified_user": "fleet_planner"}
        database.execute(
            "INSERT INTO qgis_projects (name, metadata, content) VALUES (?, ?, ?)",
            (name, json.dumps(told), zipped(f"{name}.qgs", text).hex()),
        )


def zipped(name: str, text: str) -> bytes:
    """Return a zip archive of one file, the same for the same text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name, FIXED_DATE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, text.encode("utf-8"))
    return out.getvalue()


def map_frame(bounds: tuple[float, float, float, float]) -> Frame:
    """Return the zone of UTM about the middle, and the bounds in it; degrees for a map of the world."""
    from pyproj import Transformer

    west, south, east, north = bounds
    if east - west > WIDEST_DEG or not -80.0 <= south <= north <= 84.0:
        return Frame(4326, _wider(bounds, LEAST_DEG))
    zone = min(int(((west + east) / 2.0 + 180.0) // 6.0), 59) + 1
    epsg = (32700 if south + north < 0.0 else 32600) + zone
    metres = Transformer.from_crs(4326, epsg, always_xy=True).transform_bounds(west, south, east, north)
    return Frame(epsg, _wider(metres, LEAST_M))


def _wider(bounds: tuple[float, float, float, float], least: float) -> tuple[float, float, float, float]:
    """Return bounds with a margin, which is not below ``least``: a single place is shown with what is about it."""
    west, south, east, north = bounds
    add = max(MARGIN * max(east - west, north - south), least)
    return west - add, south - add, east + add, north + add


def project_xml(
    file: str,
    layers: Sequence[Layer],
    tables: Mapping[str, Sequence[str]],
    about: Mapping[str, str],
    scenarios: Mapping[str, str],
    frame: Frame,
    language: Language,
) -> str:
    """Return a project: groups by subject, each layer with its styles, themes for each way to colour it."""
    words = report_words(language)
    order = {name: k for k, name in enumerate(layer_texts())}
    drawn = sorted(layers, key=lambda one: order.get(one.kind or one.name, len(order)))
    title = about.get("TITLE_ZH", about["TITLE"]) if language == "zh" else about["TITLE"]
    root = ET.Element("qgis", {"projectname": title, "version": WRITTEN_FOR})
    ET.SubElement(root, "title").text = title
    root.append(_crs("projectCrs", frame.epsg))
    tree = ET.SubElement(root, "layer-tree-group")
    maps = ET.SubElement(root, "projectlayers")
    groups: dict[str, ET.Element] = {}
    for layer in drawn:
        told = layer.text
        group = _group(tree, groups, told.group, words)
        _branch(group, layer.name, told.titles[language], _source(file, layer.name), shown=told.shown)
        maps.append(_map_layer(file, layer, about, scenarios, language))
    for name in tables:
        told = text_of(*table_kind(name))
        group = _group(tree, groups, "tables", words)
        _branch(group, name, told.titles[language], _source(file, name), shown=False)
        titles = _aliases(table_kind(name)[0], tables[name], scenarios, language)
        maps.append(_table(file, name, told.titles[language], titles))
    root.append(_themes(drawn, scenarios, language))
    _canvas(root, frame)
    properties = ET.SubElement(root, "properties")
    paths = ET.SubElement(properties, "Paths")
    ET.SubElement(paths, "Absolute", {"type": "bool"}).text = "false"
    system = ET.SubElement(properties, "SpatialRefSys")
    ET.SubElement(system, "ProjectionsEnabled", {"type": "int"}).text = "1"
    told_xml = qgis_metadata("project", title, f"{about['ABSTRACT']} {about['SCENARIOS']}".strip(), about)
    root.append(ET.fromstring(f"<projectMetadata>{told_xml}</projectMetadata>"))  # noqa: S314  # our own text
    body = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}"


def _source(file: str, name: str) -> str:
    return f"./{file}|layername={name}"


def _id(name: str) -> str:
    """Return a layer's id in the project; QGIS replaces those of ten characters and less."""
    return f"fleet_planner_{name}"


def _group(tree: ET.Element, groups: dict[str, ET.Element], name: str, words: Mapping[str, str]) -> ET.Element:
    """Return a group of the layer tree, made when its first layer comes; tables stand folded."""
    if name not in groups:
        shut = name in {"tables", "top", "changes"}
        told = {"name": words[f"gis_group_{name}"], "expanded": "0" if shut else "1", "checked": "Qt::Checked"}
        groups[name] = ET.SubElement(tree, "layer-tree-group", told)
    return groups[name]


def _branch(group: ET.Element, name: str, title: str, source: str, *, shown: bool) -> None:
    checked = "Qt::Checked" if shown else "Qt::Unchecked"
    told = {"id": _id(name), "name": title, "source": source, "providerKey": "ogr", "expanded": "0", "checked": checked}
    ET.SubElement(group, "layer-tree-layer", told | ({"expanded": "1"} if shown else {}))


def _crs(element: str, epsg: int) -> ET.Element:
    """Return a reference system by its number; QGIS looks the rest up."""
    out = ET.Element(element)
    system = ET.SubElement(out, "spatialrefsys", {"nativeFormat": "Wkt"})
    # QGIS reads the number only behind an id of its own table, whichever it is
    ET.SubElement(system, "srsid").text = "1"
    ET.SubElement(system, "srid").text = str(epsg)
    ET.SubElement(system, "authid").text = f"EPSG:{epsg}"
    return out


def _map_layer(
    file: str, layer: Layer, about: Mapping[str, str], scenarios: Mapping[str, str], language: Language
) -> ET.Element:
    """Return a layer of the map with its fields' titles in the project's language and all its styles."""
    told = layer.text
    shape = SHAPES[layer.geometry_type.removeprefix("Multi")]
    out = ET.Element("maplayer", {"type": "vector", "geometry": shape, "styleCategories": "AllStyleCategories"})
    ET.SubElement(out, "id").text = _id(layer.name)
    ET.SubElement(out, "datasource").text = _source(file, layer.name)
    ET.SubElement(out, "layername").text = told.titles[language]
    ET.SubElement(out, "abstract").text = told.descriptions[language]
    ET.SubElement(out, "attribution").text = about["ATTRIBUTION"]
    out.append(_crs("srs", 4326))
    ET.SubElement(out, "provider", {"encoding": "UTF-8"}).text = "ogr"
    meta = qgis_metadata(layer.name, told.titles[language], told.descriptions[language], about)
    out.append(ET.fromstring(f"<resourceMetadata>{meta}</resourceMetadata>"))  # noqa: S314  # our own text
    titles = _aliases(layer.kind or layer.name, layer.frame.columns, scenarios, language)
    if not layer.styles:
        out.append(titles)
        return out
    manager = ET.SubElement(out, "map-layer-style-manager", {"current": style_name(layer.styles[0], language)})
    for k, style in enumerate(layer.styles):
        entry = ET.SubElement(manager, "map-layer-style", {"name": style_name(style, language)})
        own = _look(style, titles)
        if k == 0:
            out.extend(list(own))
            out.set("labelsEnabled", own.get("labelsEnabled", "0"))
        else:
            entry.append(own)
    return out


def style_name(style: Style, language: Language) -> str:
    """Return a style's name in a language."""
    return style.name_zh if language == "zh" and style.name_zh else style.name


def _look(style: Style, titles: ET.Element) -> ET.Element:
    """Return a style whose titles of fields are those of the project's language."""
    root = ET.fromstring(style.qml.partition("'SYSTEM'>")[2])  # noqa: S314  # our own text
    for old in root.findall("aliases"):
        root.remove(old)
    root.append(titles)
    return root


def _aliases(kind: str, names: Sequence[str], scenarios: Mapping[str, str], language: Language) -> ET.Element:
    out = ET.Element("aliases")
    for k, (column, told) in enumerate(described(kind, names, scenarios, language).items()):
        ET.SubElement(out, "alias", {"field": column, "index": str(k), "name": told.title})
    return out


def _table(file: str, name: str, title: str, titles: ET.Element) -> ET.Element:
    """Return an attribute table of the project with its fields' titles."""
    out = ET.Element("maplayer", {"type": "vector", "geometry": "No geometry", "styleCategories": "AllStyleCategories"})
    ET.SubElement(out, "id").text = _id(name)
    ET.SubElement(out, "datasource").text = _source(file, name)
    ET.SubElement(out, "layername").text = title
    ET.SubElement(out, "provider", {"encoding": "UTF-8"}).text = "ogr"
    out.append(titles)
    return out


def _themes(layers: Sequence[Layer], scenarios: Mapping[str, str], language: Language) -> ET.Element:
    """Return the map's themes: each style of the roads with what is drawn at first, each map of changes by itself."""
    words = report_words(language)
    out = ET.Element("visibility-presets")
    beside = [one for one in layers if one.text.shown and one.name != "links"]
    for layer in layers:
        if layer.name == "links":
            for style in layer.styles:
                _theme(out, style_name(style, language), [(layer, style), *((b, b.style) for b in beside)], language)
        elif layer.name.startswith("links_change_"):
            scenario = scenarios[layer.name.removeprefix("links_change_")]
            for style in layer.styles:
                name = words["gis_theme_change"].format(scenario=scenario, style=style_name(style, language))
                _theme(out, name, [(layer, style)], language)
    return out


def _theme(out: ET.Element, name: str, shown: Sequence[tuple[Layer, Style | None]], language: Language) -> None:
    theme = ET.SubElement(out, "visibility-preset", {"name": name, "has-expanded-info": "0"})
    for layer, style in shown:
        told = {"id": _id(layer.name), "visible": "1", "expanded": "1"}
        ET.SubElement(theme, "layer", told | ({} if style is None else {"style": style_name(style, language)}))


def _canvas(root: ET.Element, frame: Frame) -> None:
    """Add what the map shows at first, for its window and for other programs."""
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), (f"{v:.6f}" for v in frame.bounds), strict=True))
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    ET.SubElement(canvas, "units").text = "degrees" if frame.epsg == 4326 else "meters"
    extent = ET.SubElement(canvas, "extent")
    for side, value in sides.items():
        ET.SubElement(extent, side).text = value
    canvas.append(_crs("destinationsrs", frame.epsg))
    view = ET.SubElement(root, "ProjectViewSettings", {"UseProjectScales": "0"})
    shown = ET.SubElement(view, "DefaultViewExtent", sides)
    shown.append(_crs("spatialrefsys_of_view", frame.epsg)[0])
