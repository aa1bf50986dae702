"""What OGR leaves undone in a GeoPackage: attribute tables, views, field aliases, styles."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.layers import styles
from fleet_planner.outputs.layers.labels import labelled
from fleet_planner.outputs.layers.layer import Layer, Style, aliases, described, dictionary, table_kind, text_of
from fleet_planner.outputs.layers.metadata import STAMP, write_metadata
from fleet_planner.outputs.layers.qgis_project import write_projects
from fleet_planner.outputs.layers.views import create_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fleet_planner.tables import Language
    from fleet_planner.tables.layer_texts import LayerText

__all__ = ["Layer", "Style", "aliases", "described", "dictionary", "finish"]
SQL_TYPES: dict[Any, str] = {pl.String: "TEXT", pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN"}


def finish(
    path: Path,
    layers: list[Layer],
    tables: Mapping[str, pl.DataFrame],
    about: Mapping[str, str],
    scenarios_zh: Mapping[str, str] | None = None,
) -> None:
    """Add tables, views, aliases, metadata, styles and projects to a GeoPackage that OGR has written.

    Parameters
    ----------
    path
        The file with the layers.
    layers
        All of them, views too; those that are no view have been written.
    tables
        Attribute tables by name.
    about
        ``TITLE, ABSTRACT, ATTRIBUTION, LICENSE, SCENARIOS``; ``TITLE_ZH`` and ``LINEAGE`` where they are known.
    scenarios_zh
        Titles of the scenarios in Chinese, by name; the layers' own ones where they are not given.
    """
    layers = [labelled(layer) for layer in layers]
    scenarios: dict[Language, Mapping[str, str]] = {"en": layers[0].scenarios}
    scenarios["zh"] = scenarios_zh or scenarios["en"]
    with closing(sqlite3.connect(path)) as database, database:
        for name, table in tables.items():
            _write_table(database, name, table)
        _create_schema_tables(database)
        for layer in layers:
            if layer.view:
                create_view(database, layer)
            _describe(database, layer, about)
            _write_aliases(database, layer.name, layer.kind or layer.name, layer.frame.columns, scenarios["en"])
        for name in tables:
            _write_aliases(database, name, table_kind(name)[0], tables[name].columns, scenarios["en"])
        write_metadata(database, layers, about)
        _write_styles(database, layers)
        _write_table_styles(database, tables, scenarios["en"])
        write_projects(database, path.name, layers, {n: t.columns for n, t in tables.items()}, about, scenarios)
        database.execute("UPDATE gpkg_contents SET last_change = ?", (STAMP,))


def _describe(database: sqlite3.Connection, layer: Layer, about: Mapping[str, str]) -> None:
    """Name a layer in both languages, and say whose data it rests on."""
    told = layer.text
    rights = f" | {about['ATTRIBUTION']}" if about["ATTRIBUTION"] else ""
    database.execute(
        "UPDATE gpkg_contents SET identifier = ?, description = ? WHERE table_name = ?",
        (f"{layer.name}: {told.titles['en']} | {told.titles['zh']}", _both(told) + rights, layer.name),
    )


def _write_table(database: sqlite3.Connection, name: str, table: pl.DataFrame) -> None:
    """Write an attribute table and register it in the GeoPackage."""
    kinds = [SQL_TYPES.get(t, "INTEGER") for t in table.dtypes]
    types = ", ".join(f'"{c}" {k}' for c, k in zip(table.columns, kinds, strict=True))
    database.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {types})')
    marks = ", ".join("?" for _ in table.columns)
    names = ", ".join(f'"{c}"' for c in table.columns)
    insert = f'INSERT INTO "{name}" ({names}) VALUES ({marks})'  # noqa: S608  # names come from our own tables
    database.executemany(insert, table.iter_rows())
    _register(database, name)


def _register(database: sqlite3.Connection, name: str) -> None:
    """List an attribute table, named and described in both languages."""
    told = text_of(*table_kind(name))
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
        "VALUES (?, 'attributes', ?, ?, ?)",
        (name, f"{name}: {told.titles['en']} | {told.titles['zh']}", _both(told), STAMP),
    )


def _both(told: LayerText) -> str:
    """Return a description in both languages."""
    return " | ".join(text for text in (told.descriptions["en"], told.descriptions["zh"]) if text)


def _write_table_styles(
    database: sqlite3.Connection, tables: Mapping[str, pl.DataFrame], scenarios: Mapping[str, str]
) -> None:
    """Give tables a style without symbols: QGIS takes the titles of their fields from it."""
    rows = [
        (name, "Titles", styles.fields_qml(titles), text_of(*table_kind(name)).descriptions["en"], STAMP)
        for name, table in tables.items()
        if (titles := aliases(table_kind(name)[0], table.columns, scenarios))
    ]
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
        "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
        "VALUES ('', '', ?, '', ?, ?, '', 1, ?, '', NULL, ?)",
        rows,
    )


def _create_schema_tables(database: sqlite3.Connection) -> None:
    """Create the tables of the schema extension and register it."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, "
        "name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
        "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"
    )
    database.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (constraint_name TEXT NOT NULL, "
        "constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, "
        "max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, "
        "value))"
    )
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        database.execute(
            "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) "
            "VALUES (?, NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
            (table,),
        )


def _write_aliases(
    database: sqlite3.Connection, table: str, kind: str, names: Iterable[str], scenarios: Mapping[str, str]
) -> None:
    """Give fields a readable title; OGR and QGIS read the alias from column ``name``."""
    rows = [(table, c, t.title, t.title, t.description) for c, t in described(kind, names, scenarios).items()]
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
        rows,
    )


def _write_styles(database: sqlite3.Connection, layers: list[Layer]) -> None:
    """Write the table from which QGIS takes a layer's default style."""
    database.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
        "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
        "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
        "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
    )
    for layer in layers:
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, ?, ?, ?, '', NULL, ?)",
            [
                (layer.name, s.name, s.qml, s.sld, k == 0, layer.text.descriptions["en"], STAMP)
                for k, s in enumerate(layer.styles)
            ],
        )
    _register(database, "layer_styles")
