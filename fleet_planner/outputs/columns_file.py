"""The data dictionary beside the results: ``columns.csv`` of a folder, made from what stands in it."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import astuple, fields
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.tables.dictionary import Column, described, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fleet_planner.tables.dictionary import Titles

NAME = "columns.csv"
FORMS = "forms"
"""Folder within a folder of results: the agencies' own forms."""
OWN_OF_GEOPACKAGES = ("fid", "OGC_FID", "geom")
"""Key and geometry, that every layer of a GeoPackage has (a view's key is ``OGC_FID``)."""
SYSTEM_TABLES = ("layer_styles", "qgis_projects")
"""Tables of a GeoPackage that belong to QGIS."""
COLUMNS = tuple(f.name for f in fields(Column))


def write_columns(folder: Path, command: str, scenarios: Mapping[str, Titles] | None = None) -> Path:
    """Write ``columns.csv`` for all tables and layers of a folder.

    Parameters
    ----------
    folder
        A folder of results whose other tables are written.
    command
        Such as ``run`` or ``buses simulate``; see ``tables/tables.csv``.
    scenarios
        Titles in English and Chinese of scenarios (of options in a mix), by name.

    Returns
    -------
    Path
        The file. A column that the dictionary lacks stands in it with its name alone.
    """
    known, unknown = read_columns(folder, command, scenarios or {})
    rows = [*known, *((place, "", column, "text", "", column, column, "", "") for place, column in unknown)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("place", "table", *COLUMNS), pl.String), orient="row")
    path = folder / NAME
    own = described("columns", frame.columns, {})
    mine = [(NAME, "columns", *astuple(column)) for column in own.values()]
    pl.concat([frame, pl.DataFrame(mine, schema=frame.schema, orient="row")]).write_csv(path)
    return path


def read_columns(
    folder: Path, command: str, scenarios: Mapping[str, Titles]
) -> tuple[list[tuple[str, ...]], list[tuple[str, str]]]:
    """Return the described columns of a folder (place, table, column ...), and place and name of the others."""
    known: list[tuple[str, ...]] = []
    unknown: list[tuple[str, str]] = []
    for place, names in places(folder):
        table = table_of(command, place)
        found = described(table, names, scenarios) if table else {}
        for name in names:
            if name in found:
                known.append((place, table or "", *astuple(found[name])))
            else:
                unknown.append((place, name))
    return known, unknown


def places(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every table of a folder, and every layer and table of its GeoPackages, with the names of its columns."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv" and path.name != NAME:
            yield path.name, csv_header(path)
        elif path.suffix == ".parquet":
            yield path.name, list(pl.read_parquet_schema(path))
        elif path.suffix == ".gpkg":
            for table, names in geopackage_columns(path).items():
                yield f"{path.name}/{table}", names
        elif path.name == FORMS and path.is_dir():
            yield from ((f"{FORMS}/{form.name}", csv_header(form)) for form in sorted(path.glob("*.csv")))


def csv_header(path: Path) -> list[str]:
    """Return the names of the columns of a CSV; none of an empty file."""
    with path.open(encoding="utf-8", newline="") as handle:
        return next(csv.reader(handle), [])


def geopackage_columns(path: Path) -> dict[str, list[str]]:
    """Return the columns of the layers and tables of a GeoPackage, without those that OGR makes."""
    with closing(sqlite3.connect(path)) as database:
        listed = database.execute("SELECT table_name FROM gpkg_contents ORDER BY table_name").fetchall()
        out = {}
        for (table,) in listed:
            if table in SYSTEM_TABLES:
                continue
            names = _names(database.execute(f'PRAGMA table_info("{table}")').fetchall())
            out[table] = [n for n in names if n not in OWN_OF_GEOPACKAGES]
    return out


def _names(info: Iterable[tuple[object, ...]]) -> list[str]:
    return [str(row[1]) for row in info]
