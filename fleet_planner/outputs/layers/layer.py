"""A layer of a GeoPackage and what its columns are called."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fleet_planner.tables.dictionary import described as dictionary_columns
from fleet_planner.tables.layer_texts import LayerText, layer_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from fleet_planner.tables import Language
    from fleet_planner.tables.dictionary import Column

LONGEST_STYLE = 30
"""Characters of a style's name: the table of styles that QGIS makes holds no more."""
LONGEST_COLUMN = 63
"""Characters of a field's name: PostgreSQL cuts longer ones; Esri's file geodatabases take 64."""
DICTIONARIES = {
    "links": "links_output",
    "city_areas": "cities",
    "charger_zone_points": "charger_zones",
    "mix_by_zone": "portfolio_places",
    "mix_by_depot": "portfolio_places",
    "charging_by_strategy": "bus_charging_sites",
    "links_change_{scenario}": "links_change",
    "zones_change_{scenario}": "zones_change",
    "top_links_{pollutant}": "top_links_output",
    "change_of_links_{scenario}": "change_of_links",
    "change_of_zones_{scenario}": "change_of_zones",
}


@dataclass(frozen=True)
class Style:
    """A layer's style: name, QML and SLD text, name in Chinese."""

    name: str
    qml: str
    sld: str
    name_zh: str = ""


@dataclass(frozen=True)
class Layer:
    """A spatial layer: attributes, geometry as WKB (rows as the frame's), geometry type, style, scenario titles.

    ``more_styles`` can be chosen beside the style that it opens in. ``kind`` is the layer's row in
    ``tables/layers.csv`` where that is not its name, ``subject`` what its title is about, by language. ``view`` is the
    query of a layer that has no rows of its own (``wkb`` is nothing then, and ``of`` the layer whose geometry it has).
    """

    name: str
    frame: pl.DataFrame
    wkb: Any
    geometry_type: str
    style: Style | None
    scenarios: Mapping[str, str]
    more_styles: tuple[Style, ...] = ()
    kind: str = ""
    subject: Mapping[Language, str] = field(default_factory=dict)
    view: str = ""
    of: str = ""

    @property
    def styles(self) -> tuple[Style, ...]:
        """Return all styles, the one that it opens in first."""
        return () if self.style is None else (self.style, *self.more_styles)

    def with_styles(self, made: Sequence[Style]) -> Layer:
        """Return the layer with styles, the one that it opens in first."""
        return replace(self, style=made[0] if made else None, more_styles=tuple(made[1:]))

    @property
    def text(self) -> LayerText:
        """Return title and description."""
        return text_of(self.kind or self.name, self.subject)


@dataclass(frozen=True)
class ColumnText:
    """Of a column: title with its unit, what it holds, the unit alone."""

    title: str
    description: str
    unit: str


def text_of(kind: str, subject: Mapping[Language, str] | None = None) -> LayerText:
    """Return title and description of a layer or table; its own name where the dictionary lacks it.

    Parameters
    ----------
    kind
        Row of ``tables/layers.csv``.
    subject
        Stands for ``{subject}`` in it, by language.
    """
    known = layer_texts().get(kind)
    if known is None:
        return LayerText(kind, "tables", False, {"en": kind, "zh": kind}, {"en": "", "zh": ""})
    told = subject or {}
    return replace(
        known,
        titles={k: v.format(subject=told.get(k, "")) for k, v in known.titles.items()},
        descriptions={k: v.format(subject=told.get(k, "")) for k, v in known.descriptions.items()},
    )


def plain_style(kind: str, qml: str, sld: str) -> Style:
    """Return the only style of a layer, called as the layer is."""
    titles = text_of(kind).titles
    return Style(titles["en"][:LONGEST_STYLE], qml, sld, titles["zh"])


def table_kind(name: str) -> tuple[str, Mapping[Language, str]]:
    """Return kind and subject of an attribute table: those of the changes end with the scenario."""
    for kind in DICTIONARIES:
        stem, mark, _ = kind.partition("{scenario}")
        if mark and name.startswith(stem):
            scenario = name.removeprefix(stem)
            return kind, {"en": scenario, "zh": scenario}
    return name, {}


def dictionary(table: str) -> str:
    """Return the name of the column dictionary of a layer or table (by its kind)."""
    return DICTIONARIES.get(table, table)


def described(
    table: str, names: Iterable[str], scenarios: Mapping[str, str], language: Language = "en"
) -> dict[str, ColumnText]:
    """Return title, description and unit per column; nothing for a table without dictionary.

    Parameters
    ----------
    table
        Kind of a layer or table.
    names
        Its columns.
    scenarios
        Titles of scenarios, forms or options by the name that columns end with, in the language asked for.
    language
        Of the titles; descriptions are in English where no Chinese is known.
    """
    titles = {name: (title, title) for name, title in scenarios.items()}
    try:
        found = dictionary_columns(dictionary(table), names, titles)
    except FileNotFoundError:
        return {}
    return {name: _text(column, language) for name, column in found.items()}


def _text(column: Column, language: Language) -> ColumnText:
    """Return a column's text with its unit, as GIS programs show it."""
    if language == "en":
        return ColumnText(column.alias, column.comment, column.unit)
    title = f"{column.title_zh} ({column.unit})" if column.unit else column.title_zh
    return ColumnText(title, column.description_zh or column.comment, column.unit)


def aliases(
    table: str, names: Iterable[str], scenarios: Mapping[str, str], language: Language = "en"
) -> dict[str, str]:
    """Return the readable title of each column that has one."""
    return {column: told.title for column, told in described(table, names, scenarios, language).items()}
