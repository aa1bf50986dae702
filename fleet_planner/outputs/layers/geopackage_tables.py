"""What OGR leaves undone in a GeoPackage: attribute tables, field aliases, metadata, styles."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.tables.dictionary import described as dictionary_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

STAMP = "2000-01-01T00:00:00.000Z"
"""Stands in every time column, so that equal results give equal files; the manifest has the real time."""

DESCRIPTIONS = {
    "links": "Directed road links: traffic and emissions of the average day",
    "link_changes": "What changes on every link: emissions of the average day after less before",
    "zones": "Zones: population and emissions of the links whose middle lies inside, average day",
    "hotspots": "Roads with the highest baseline NOx per km and day, both directions together",
    "home_zones": "Home zones: registered vehicles and what they emit in the city, average day",
    "depots": "Depots: registered vehicles and what they emit in the city, average day",
    "canyon_links": "Links taken for street canyons, where the formulas of the air are too low",
    "buses": "Links that buses of the timetable use: km, speed with the time at stops, stops per km, one service day",
    "emission_cells": "Cells of the grid: emissions of their roads and machines, average day",
    "air_points": "Cells about busy roads: people, and what traffic brings them, annual mean",
    "exposure": "Concentrations from traffic weighted by people, by scenario and pollutant",
    "by_sector": "Emissions by the codes of reporting schemes (NFR, GNFR, IPCC) and scenario, a year",
    "sites": "Sites of non-road machines: machines, energy and emissions of the average day",
    "cities": "Cities of the carbon market: price, cut, trade and moved health benefit by form of linking, all years",
    "city_areas": "Areas of the cities of the carbon market, as the layer cities",
    "market_flows": "Units that move from seller to buyer by form of linking, all years",
    "market": "The carbon market by city, year and form of linking",
    "routes": "Routes of the timetable on a day: trips, km, buses, and what electric buses make of them",
    "bus_depots": "Depots of buses on a day: blocks, first departure and last return",
    "bus_stations": "Terminals where buses stand between trips on a day",
    "bus_charging": "Depots and stations where buses charge: peak load and cost of a year by strategy",
    "charging_by_strategy": "Charging of buses by site and strategy: load, cost, damage, energy missed",
    "blocks": "Days of single buses, between leaving the depot and coming back",
    "summary": "Yearly totals by scenario and pollutant",
    "by_technology": "Vehicles, vehicle-km and emissions by technology and stream, average day",
    "by_process": "Emissions by process (hot and cold exhaust, vapours, wear, idling ...), stream and scenario, a year",
    "fuel_check": "Fuel and emissions per kg of it in the baseline, with the range of Europe's fleet means",
    "duty": "What a working day asks of the vehicles of each stream",
    "costs": "Costs of measures, US$ of 2024",
    "operation": "Measures in operation: their account of vehicle-km, average day",
    "operation_effects": "Measures in operation: what each changes by pollutant, a year",
    "replacement_routes": "Routes by the year from which their blocks are zero-emission",
    "replacement_depots": "Depots by the year of their power: zero-emission buses, chargers, peak and energy",
    "replacement_stations": "Charging stations on the way by the year from which they stand",
    "charger_sites": "Sites of chargers: opening year, power, headroom left, energy and cost, last planned year",
    "charger_demand": "Places that ask for energy: how much of it is served and by which site, last planned year",
    "catchments": "From places that ask for energy to the sites that serve them, last planned year",
    "chargers": "Chargers by site, kind and planned year",
    "charger_grid": "Load of sites by planned year and hour of the day",
    "charger_costs": "Costs of chargers by line and planned year, US$ of 2024",
    "charger_unserved": "Energy that nobody serves, and why",
    "charger_zones": "Energy served by zone and planned year",
    "charger_regret": "What not looking ahead or another grid costs, US$ of 2024",
    "charger_curve": "Least cost of serving a share of the energy, US$ of 2024",
    "charger_flows": "Flows of trucks: whether their round trip can be driven, and sites on the way",
    "charging_needs": "Where electric vehicles charge by year and stream: at base, at stops, on the way",
    "charging_hours": "Energy by hour that electric vehicles charge, by year, stream and kind of place",
    "siting_models": "Siting models: objective, bound, gap and check",
    "sources": "Data and figures used, with licences",
    "assumptions": "What was assumed, and whether it was checked",
    "findings": "What was imputed, defaulted, dropped; warnings",
}
SQL_TYPES: dict[Any, str] = {pl.String: "TEXT", pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN"}
GEOMETRY_FREE = (
    *("chargers", "charger_grid", "charger_costs", "charger_unserved", "charger_zones"),
    *("charger_regret", "charger_curve", "charger_flows", "siting_models"),
    *("charging_needs", "charging_hours"),
    *("summary", "by_technology", "by_process", "fuel_check", "duty", "costs", "sources"),
    *("by_sector", "exposure", "operation", "operation_effects", "market", "blocks"),
)
"""Attribute tables that have a column dictionary."""


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

    ``more_styles`` can be chosen beside the style that it opens in.
    """

    name: str
    frame: pl.DataFrame
    wkb: Any
    geometry_type: str
    style: Style | None
    scenarios: Mapping[str, str]
    more_styles: tuple[Style, ...] = ()


def dictionary(table: str) -> str:
    """Return the name of the column dictionary of a layer or table."""
    return {"links": "links_output", "city_areas": "cities"}.get(table, table)


def described(table: str, names: Iterable[str], scenarios: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return title and description per column, patterns filled in.

    Patterns are ``{pollutant}_kg_per_day_{scenario}`` and the like, and ``price_usd_per_t_{form}`` of carbon markets.
    """
    titles = {name: (title, title) for name, title in scenarios.items()}
    known = dictionary_columns(dictionary(table), names, titles)
    return {name: (column.alias, column.comment) for name, column in known.items()}


def aliases(table: str, names: Iterable[str], scenarios: Mapping[str, str]) -> dict[str, str]:
    """Return the readable title of each column that has one."""
    return {column: title for column, (title, _) in described(table, names, scenarios).items()}


def finish(path: Path, layers: list[Layer], tables: Mapping[str, pl.DataFrame], about: Mapping[str, str]) -> None:
    """Add tables, aliases, metadata and styles to a GeoPackage that OGR has written."""
    scenarios = layers[0].scenarios
    with closing(sqlite3.connect(path)) as database, database:
        for name, table in tables.items():
            _write_table(database, name, table)
        _create_schema_tables(database)
        for layer in layers:
            _write_aliases(database, layer.name, layer.frame.columns, scenarios)
        for name in (n for n in GEOMETRY_FREE if n in tables):
            _write_aliases(database, name, tables[name].columns, scenarios)
        _create_metadata_tables(database)
        for name in ("", *(layer.name for layer in layers)):
            _write_metadata(database, name, about)
        _write_styles(database, layers)
        database.execute("UPDATE gpkg_contents SET last_change = ?", (STAMP,))


def _write_table(database: sqlite3.Connection, name: str, table: pl.DataFrame) -> None:
    """Write an attribute table and register it in the GeoPackage."""
    kinds = [SQL_TYPES.get(t, "INTEGER") for t in table.dtypes]
    types = ", ".join(f'"{c}" {k}' for c, k in zip(table.columns, kinds, strict=True))
    database.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {types})')
    marks = ", ".join("?" for _ in table.columns)
    names = ", ".join(f'"{c}"' for c in table.columns)
    insert = f'INSERT INTO "{name}" ({names}) VALUES ({marks})'  # noqa: S608  # names come from our own tables
    database.executemany(insert, table.iter_rows())
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
        "VALUES (?, 'attributes', ?, ?, ?)",
        (name, name, DESCRIPTIONS.get(name, ""), STAMP),
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
    database: sqlite3.Connection, table: str, names: Iterable[str], scenarios: Mapping[str, str]
) -> None:
    """Give fields a readable title; OGR and QGIS read the alias from column ``name``."""
    rows = [(table, c, title, title, text) for c, (title, text) in described(table, names, scenarios).items()]
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
        rows,
    )


def _create_metadata_tables(database: sqlite3.Connection) -> None:
    """Create the tables of the metadata extension and register it."""
    database.execute(
        "CREATE TABLE gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, "
        "md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, "
        "mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '')"
    )
    database.execute(
        "CREATE TABLE gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, "
        "row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), "
        "md_file_id INTEGER NOT NULL, md_parent_id INTEGER, "
        "CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id), "
        "CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id))"
    )
    for table in ("gpkg_metadata", "gpkg_metadata_reference"):
        database.execute(
            "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) VALUES "
            "(?, NULL, 'gpkg_metadata', 'http://www.geopackage.org/spec120/#extension_metadata', 'read-write')",
            (table,),
        )


def _write_metadata(database: sqlite3.Connection, layer: str, about: Mapping[str, str]) -> None:
    """Add title, rights and licence of a layer ("" for the whole file) in the form that QGIS shows."""
    what = DESCRIPTIONS[layer] if layer else about["ABSTRACT"].rstrip(".")
    text = (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        f'<qgis version="3.28.0"><identifier>{escape(layer or "city")}</identifier><language>ENG</language>'
        f"<type>dataset</type><title>{escape(about['TITLE'])}</title>"
        f"<abstract>{escape(what)}. {escape(about['SCENARIOS'])}</abstract>"
        f"<rights>{escape(about['ATTRIBUTION'])}</rights><license>{escape(about['LICENSE'])}</license></qgis>"
    )
    cursor = database.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) "
        "VALUES ('dataset', 'http://mrcc.com/qgis.dtd', 'text/xml', ?)",
        (text,),
    )
    database.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id, timestamp) VALUES (?, ?, ?, ?)",
        ("table" if layer else "geopackage", layer or None, cursor.lastrowid, STAMP),
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
        if layer.style is None:
            continue
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, ?, ?, ?, '', NULL, ?)",
            [
                (layer.name, s.name, s.qml, s.sld, k == 0, DESCRIPTIONS[layer.name], STAMP)
                for k, s in enumerate((layer.style, *layer.more_styles))
            ],
        )
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles for QGIS', ?)",
        (STAMP,),
    )
