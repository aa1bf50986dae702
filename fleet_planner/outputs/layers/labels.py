"""Names beside the features of a map, where they say which one it is."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_planner.outputs.layers.layer import Layer

COLUMN = {
    "hotspots": "rank",
    "depots": "depot",
    "sites": "site",
    "mix_by_zone": "name",
    "mix_by_depot": "name",
    "cities": "city",
    "routes": "route",
    "bus_depots": "place",
    "bus_stations": "place",
    "bus_charging": "site_id",
    "replacement_routes": "route",
    "replacement_depots": "depot_id",
    "replacement_stations": "station",
    "charger_sites": "site_id",
}
"""Column that names the features of a layer; other layers have too many to be named."""
SIZE_PT, HALO_MM, APART_MM = 8, 0.8, 1.0
PLACEMENT = {"Point": "0", "Line": "4"}
"""Of QGIS: around a point; on a line, but level. Names of areas lie on them, which is what it does by itself."""


def labelled(layer: Layer) -> Layer:
    """Return a layer whose styles write its features' names, where it has any."""
    column = COLUMN.get(layer.kind or layer.name)
    if column is None or column not in layer.frame.columns:
        return layer
    kind = next((k for k in PLACEMENT if k in layer.geometry_type), "")
    made = [replace(style, qml=with_names(style.qml, column, kind)) for style in layer.styles]
    return layer.with_styles(made)


def with_names(qml: str, column: str, kind: str) -> str:
    """Return a QML style with names from a column, in small type with a white halo.

    Parameters
    ----------
    qml
        Style without names.
    column
        Holds them.
    kind
        ``Point``, ``Line`` or "" for areas.
    """
    at = f'<placement placement="{PLACEMENT[kind]}" dist="{APART_MM}" distUnits="MM"/>' if kind else ""
    names = (
        f'<labeling type="simple"><settings calloutType="simple"><text-style fieldName="{escape(column)}" '
        f'isExpression="0" fontSize="{SIZE_PT}" fontSizeUnit="Point" textColor="34,39,45,255" textOpacity="1">'
        f'<text-buffer bufferDraw="1" bufferSize="{HALO_MM}" bufferSizeUnits="MM" bufferColor="255,255,255,255" '
        f'bufferOpacity="1"/></text-style>{at}</settings></labeling>'
    )
    opened = qml.replace(
        'styleCategories="Symbology|Fields"', 'styleCategories="Symbology|Labeling|Fields" labelsEnabled="1"'
    )
    return opened.replace("</renderer-v2>", f"</renderer-v2>{names}", 1)
