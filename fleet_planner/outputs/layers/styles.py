"""Layer styles for QGIS (QML) and others (SLD), so that the GeoPackage opens drawn."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RAMP = ("#f2c462", "#ee923f", "#dc5f45", "#b53364", "#7a1d6e", "#2f0f4f")
"""Light to dark (after the matplotlib map inferno): readable for the colour-blind and in grey print."""

FALL = ("#08519c", "#4292c6", "#9ecae1", "#c9cdd1", "#fdae6b", "#d94801")
"""Less (blue) to more (orange): a pair that the colour-blind can tell apart."""

CHANGE = ("#08519c", "#4292c6", "#9ecae1", "#c9cdd1", "#fdae6b", "#e6550d", "#8c2d04")
"""Less (blue), about the same (grey) and more (orange): seven classes symmetric about zero."""

WIDTHS_MM = (0.2, 0.3, 0.45, 0.65, 0.9, 1.25)
THIN_MM, WIDE_MM = 0.15, 1.8
"""Of lines by flow: those without traffic, and those with the most."""
CHANGE_WIDTHS_MM = (1.25, 0.8, 0.45, 0.25, 0.45, 0.8, 1.25)
ROUTE_MM = "1.1"
"""Width of lines that are told apart by colour alone, as an expression."""
SMALLEST_MM, WIDER_MM = 2.5, 1.6
"""Of points by size: the first class, and how much each next one is larger."""
PIXELS_PER_MM = 3.78
"""CSS: 96 pixels to 25.4 mm."""

HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.28.0\" styleCategories=\"{}\">"


def rgba(colour: str, alpha: int = 255) -> str:
    """Return ``r,g,b,a`` of ``#rrggbb``."""
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + f",{alpha}"


def _options(values: Mapping[str, str]) -> str:
    options = "".join(f'<Option type="QString" name="{k}" value="{v}"/>' for k, v in values.items())
    props = "".join(f'<prop k="{k}" v="{v}"/>' for k, v in values.items())
    return f'<Option type="Map">{options}</Option>{props}'


def _computed(expressions: Mapping[str, str]) -> str:
    """Return properties of a symbol that follow an expression (type 3 of QGIS' properties)."""
    each = "".join(
        f'<Option type="Map" name="{name}"><Option type="bool" name="active" value="true"/>'
        f'<Option type="QString" name="expression" value="{escape(text)}"/><Option type="int" name="type" value="3"/>'
        "</Option>"
        for name, text in expressions.items()
    )
    return (
        '<data_defined_properties><Option type="Map"><Option type="QString" name="name" value=""/>'
        f'<Option type="Map" name="properties">{each}</Option>'
        '<Option type="QString" name="type" value="collection"/></Option></data_defined_properties>'
    )


def flow_width(top_flow: float) -> str:
    """Return the expression of a link's width in mm: by the root of its vehicles a day, ``top_flow`` the widest."""
    flow = 'coalesce("vkt_per_day" / "length_km", 0)'
    return f"{THIN_MM:g} + {WIDE_MM - THIN_MM:g} * sqrt(min(1, {flow} / {top_flow:g}))"


def _symbol(
    kind: str, name: int, layer_class: str, values: Mapping[str, str], computed: Mapping[str, str] | None = None
) -> str:
    more = _computed(computed) if computed else ""
    layer = f'<layer class="{layer_class}" enabled="1" locked="0" pass="0">{_options(values)}{more}</layer>'
    return f'<symbol type="{kind}" name="{name}" alpha="1" clip_to_extent="1" force_rhr="0">{layer}</symbol>'


def line_symbol(name: int, colour: str, width_mm: float, alpha: int = 255, width: str = "") -> str:
    """Return a line symbol of a QML file; ``width`` is an expression for its width in mm instead of ``width_mm``."""
    return _symbol(
        "line",
        name,
        "SimpleLine",
        {
            "line_color": rgba(colour, alpha),
            "line_width": f"{width_mm:g}",
            "line_width_unit": "MM",
            "line_style": "solid",
            "capstyle": "round",
            "joinstyle": "round",
        },
        {"outlineWidth": width} if width else {},
    )


def fill_symbol(name: int, colour: str) -> str:
    """Return a polygon symbol of a QML file."""
    return _symbol(
        "fill",
        name,
        "SimpleFill",
        {
            "color": rgba(colour, 150),
            "style": "solid",
            "outline_color": "120,120,120,180",
            "outline_width": "0.1",
            "outline_width_unit": "MM",
            "outline_style": "solid",
        },
    )


def class_label(breaks: Sequence[float], k: int) -> str:
    """Return the legend text of class ``k`` for inner limits ``breaks`` (one class more than limits)."""
    if k == 0:
        return f"≤ {plain(breaks[0])}"
    if k == len(breaks):
        return f"> {plain(breaks[-1])}"
    return f"{plain(breaks[k - 1])} – {plain(breaks[k])}"


def plain(value: float) -> str:
    """Return a number of a legend, with marks between thousands and a true minus sign: no powers of ten below 1e12."""
    text = f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:g}"
    return text.replace("-", "−") if value < 0.0 else text


def _with(label: str, unit: str) -> str:
    return f"{label} {unit}" if unit else label


def _bounds(breaks: Sequence[float], top: float) -> list[float]:
    return [0.0, *breaks, max(top, breaks[-1] * 2.0)]


def _aliases(aliases: Mapping[str, str]) -> str:
    entries = "".join(
        f'<alias field="{escape(c)}" index="{i}" name="{escape(t)}"/>' for i, (c, t) in enumerate(aliases.items())
    )
    return f"<aliases>{entries}</aliases>"


def graduated_qml(
    column: str,
    breaks: Sequence[float],
    top: float,
    aliases: Mapping[str, str],
    *,
    polygons: bool,
    width: str = "",
    unit: str = "",
) -> str:
    """Return a QML style that colours (and widens lines) by classes of ``column``.

    Parameters
    ----------
    column
        Attribute that is shown.
    breaks
        Inner class limits, rising; there is one class more.
    top
        Largest value, the upper limit of the last class.
    aliases
        Readable title by column.
    polygons
        Fill areas instead of drawing lines.
    width
        Expression for the width of lines in mm; "" widens them by class.
    unit
        Behind each entry of the legend.
    """
    labels = [_with(class_label(breaks, k), unit) for k in range(len(breaks) + 1)]
    return _classes_qml(f'"{column}"', _bounds(breaks, top), labels, RAMP, aliases, polygons=polygons, width=width)


def change_qml(
    column: str,
    bounds: Sequence[float],
    aliases: Mapping[str, str],
    *,
    polygons: bool,
    width: str = "",
    unit: str = "",
) -> str:
    """Return a QML style of less and more: classes between ``bounds`` that are symmetric about zero."""
    labels = [_with(label, unit) for label in change_labels(bounds)]
    return _classes_qml(f'"{column}"', bounds, labels, CHANGE, aliases, polygons=polygons, width=width)


def change_labels(bounds: Sequence[float]) -> list[str]:
    """Return the legend texts of classes between all limits, such as ``−20 … −5``."""
    last = len(bounds) - 2
    inner = [f"{plain(low)} … {plain(high)}" for low, high in pairwise(bounds[1:-1])]
    return [f"< {plain(bounds[1])}", *inner, f"> {plain(bounds[last])}"]


def _classes_qml(
    attribute: str,
    bounds: Sequence[float],
    labels: Sequence[str],
    colours: Sequence[str],
    aliases: Mapping[str, str],
    *,
    polygons: bool,
    width: str,
) -> str:
    ranges = "".join(
        f'<range symbol="{i}" lower="{bounds[i]:.12g}" upper="{bounds[i + 1]:.12g}" '
        f'label="{escape(label)}" render="true"/>'
        for i, label in enumerate(labels)
    )
    widths = WIDTHS_MM if len(labels) <= len(WIDTHS_MM) else CHANGE_WIDTHS_MM
    symbols = "".join(
        fill_symbol(i, colours[i]) if polygons else line_symbol(i, colours[i], widths[i], width=width)
        for i in range(len(labels))
    )
    # lines of higher classes are drawn above those of lower ones; in a map of changes the large changes
    first = f"abs({attribute})" if bounds[0] < 0.0 else attribute
    order = (
        f'<orderby><orderByClause asc="1" nullsFirst="1">{escape(first)}</orderByClause></orderby>'
        if not polygons
        else ""
    )
    return (
        HEAD.format("Symbology|Fields")
        + f'<renderer-v2 type="graduatedSymbol" attr="{escape(attribute.strip(chr(34)))}" '
        f'graduatedMethod="GraduatedColor" symbollevels="0" enableorderby="{0 if polygons else 1}" forceraster="0">'
        f"<ranges>{ranges}</ranges><symbols>{symbols}</symbols>{order}</renderer-v2>{_aliases(aliases)}</qgis>"
    )


def fields_qml(aliases: Mapping[str, str]) -> str:
    """Return a QML style without symbols, for tables: titles of the fields."""
    return f"{HEAD.format('Fields')}{_aliases(aliases)}</qgis>"


def single_qml(colour: str, width_mm: float, aliases: Mapping[str, str]) -> str:
    """Return a QML style with one line symbol, half transparent so that the roads show through."""
    return (
        HEAD.format("Symbology|Fields")
        + '<renderer-v2 type="singleSymbol" symbollevels="0" enableorderby="0" forceraster="0">'
        f"<symbols>{line_symbol(0, colour, width_mm, 150)}</symbols></renderer-v2>{_aliases(aliases)}</qgis>"
    )


def point_symbol(name: int, colour: str, size_mm: float) -> str:
    """Return a round point symbol of a QML file."""
    return _symbol(
        "marker",
        name,
        "SimpleMarker",
        {
            "name": "circle",
            "color": rgba(colour, 220),
            "size": f"{size_mm:g}",
            "size_unit": "MM",
            "outline_color": "255,255,255,255",
            "outline_width": "0.3",
            "outline_width_unit": "MM",
        },
    )


def point_qml(colour: str, size_mm: float, aliases: Mapping[str, str]) -> str:
    """Return a QML style with one point symbol."""
    return (
        HEAD.format("Symbology|Fields")
        + '<renderer-v2 type="singleSymbol" symbollevels="0" enableorderby="0" forceraster="0">'
        f"<symbols>{point_symbol(0, colour, size_mm)}</symbols></renderer-v2>{_aliases(aliases)}</qgis>"
    )


def sized_qml(column: str, breaks: Sequence[float], top: float, colour: str, aliases: Mapping[str, str]) -> str:
    """Return a QML style of round points whose size grows by classes of ``column``."""
    bounds = _bounds(breaks, top)
    classes = len(bounds) - 1
    ranges = "".join(
        f'<range symbol="{i}" lower="{bounds[i]:.12g}" upper="{bounds[i + 1]:.12g}" '
        f'label="{escape(class_label(breaks, i))}" render="true"/>'
        for i in range(classes)
    )
    symbols = "".join(point_symbol(i, colour, SMALLEST_MM + i * WIDER_MM) for i in range(classes))
    return (
        HEAD.format("Symbology|Fields")
        + f'<renderer-v2 type="graduatedSymbol" attr="{escape(column)}" graduatedMethod="GraduatedSize" '
        f'symbollevels="0" enableorderby="0" forceraster="0">'
        f"<ranges>{ranges}</ranges><symbols>{symbols}</symbols></renderer-v2>{_aliases(aliases)}</qgis>"
    )


def coloured_points_qml(
    column: str, breaks: Sequence[float], top: float, colours: Sequence[str], size_mm: float, aliases: Mapping[str, str]
) -> str:
    """Return a QML style of round points of one size, coloured by classes of ``column``; a colour for each class."""
    bounds = _bounds(breaks, top)
    ranges = "".join(
        f'<range symbol="{i}" lower="{bounds[i]:.12g}" upper="{bounds[i + 1]:.12g}" '
        f'label="{escape(class_label(breaks, i))}" render="true"/>'
        for i in range(len(colours))
    )
    symbols = "".join(point_symbol(i, colour, size_mm) for i, colour in enumerate(colours))
    return (
        HEAD.format("Symbology|Fields")
        + f'<renderer-v2 type="graduatedSymbol" attr="{escape(column)}" graduatedMethod="GraduatedColor" '
        f'symbollevels="0" enableorderby="0" forceraster="0">'
        f"<ranges>{ranges}</ranges><symbols>{symbols}</symbols></renderer-v2>{_aliases(aliases)}</qgis>"
    )


def _sld(layer: str, rules: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><StyledLayerDescriptor version="1.0.0" '
        'xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc">'
        f"<NamedLayer><Name>{escape(layer)}</Name><UserStyle><FeatureTypeStyle>{rules}"
        "</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    )


def _stroke(colour: str, width_mm: float) -> str:
    return (
        f'<LineSymbolizer><Stroke><CssParameter name="stroke">{colour}</CssParameter>'
        f'<CssParameter name="stroke-width">{width_mm * PIXELS_PER_MM:.2f}</CssParameter></Stroke></LineSymbolizer>'
    )


def point_sld(layer: str, colour: str, size_mm: float) -> str:
    """Return an SLD 1.0 style with one round point symbol."""
    mark = (
        "<PointSymbolizer><Graphic><Mark><WellKnownName>circle</WellKnownName>"
        f'<Fill><CssParameter name="fill">{colour}</CssParameter></Fill></Mark>'
        f"<Size>{size_mm * PIXELS_PER_MM:.2f}</Size></Graphic></PointSymbolizer>"
    )
    return _sld(layer, f"<Rule>{mark}</Rule>")


def single_sld(layer: str, colour: str, width_mm: float) -> str:
    """Return an SLD 1.0 style with one line symbol."""
    return _sld(layer, f"<Rule>{_stroke(colour, width_mm)}</Rule>")


def graduated_sld(
    layer: str, column: str, breaks: Sequence[float], top: float, *, polygons: bool, unit: str = ""
) -> str:
    """Return an SLD 1.0 style with the classes of `graduated_qml`."""
    labels = [_with(class_label(breaks, k), unit) for k in range(len(breaks) + 1)]
    return _classes_sld(layer, column, _bounds(breaks, top), labels, (RAMP, WIDTHS_MM), polygons=polygons)


def change_sld(layer: str, column: str, bounds: Sequence[float], *, polygons: bool, unit: str = "") -> str:
    """Return an SLD 1.0 style with the classes of `change_qml`."""
    labels = [_with(label, unit) for label in change_labels(bounds)]
    return _classes_sld(layer, column, bounds, labels, (CHANGE, CHANGE_WIDTHS_MM), polygons=polygons)


def _classes_sld(
    layer: str,
    column: str,
    bounds: Sequence[float],
    labels: Sequence[str],
    look: tuple[Sequence[str], Sequence[float]],
    *,
    polygons: bool,
) -> str:
    colours, widths = look
    rules = []
    for i, label in enumerate(labels):
        low, high = (
            f"<ogc:{op}><ogc:PropertyName>{escape(column)}</ogc:PropertyName>"
            f"<ogc:Literal>{value:.12g}</ogc:Literal></ogc:{op}>"
            for op, value in (
                ("PropertyIsGreaterThanOrEqualTo" if i == 0 else "PropertyIsGreaterThan", bounds[i]),
                ("PropertyIsLessThanOrEqualTo", bounds[i + 1]),
            )
        )
        fill = (
            f'<PolygonSymbolizer><Fill><CssParameter name="fill">{colours[i]}</CssParameter></Fill></PolygonSymbolizer>'
        )
        symbol = fill if polygons else _stroke(colours[i], widths[i])
        title = f"<Title>{escape(label)}</Title>"
        rules.append(f"<Rule>{title}<ogc:Filter><ogc:And>{low}{high}</ogc:And></ogc:Filter>{symbol}</Rule>")
    return _sld(layer, "".join(rules))
