"""A folder of results as named tables and layers, typed by its data dictionary."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import InputError, first_line, use_one_of
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.memory import refuse_beyond
from fleet_planner.outputs.checking.read import Kept, refuse_altered
from fleet_planner.outputs.columns_file import NAME as COLUMNS_NAME
from fleet_planner.outputs.columns_file import geopackage_columns
from fleet_planner.tables.dictionary import tables as dictionary_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

TYPES: dict[str, Any] = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean}
MANIFEST = "manifest.json"
COPIES, CELL, SHAPE = 2, 10, 400
"""A layer stands in memory as it is read and as it is written; bytes of a cell, and of a line in both forms."""

PREFIX = "layer_"
"""In front of the table of a layer's attributes where another table has the layer's name."""


@dataclass(frozen=True)
class Layer:
    """A layer in WGS84: attributes, geometry as WKB (rows as the frame's), geometry type as OGR names it."""

    frame: pl.DataFrame
    wkb: pl.Series
    geometry_type: str


@dataclass(frozen=True)
class Item:
    """A table or layer of the folder, read when asked for.

    ``place`` is ``summary.csv`` or ``city.gpkg/links``; ``columns`` its rows of ``columns.csv`` (column, type, unit,
    titles, descriptions).
    """

    name: str
    place: str
    table: str
    title_en: str
    title_zh: str
    spatial: bool
    columns: pl.DataFrame
    read: Callable[[], pl.DataFrame]
    read_layer: Callable[[], Layer] | None = None


@dataclass(frozen=True)
class Source:
    """What a folder of results holds: its items, its manifest and its data dictionary."""

    folder: Path
    manifest: Mapping[str, Any]
    columns: pl.DataFrame
    items: tuple[Item, ...]

    def chosen(self, names: Sequence[str]) -> Source:
        """Return the source with some of its items only.

        Raises
        ------
        InputError
            A name is unknown.
        """
        known = [item.name for item in self.items]
        for name in names:
            if name not in known:
                raise InputError(
                    "there is no such table or layer in it", use_one_of(name, known), self.folder, value=name
                )
        kept = tuple(item for item in self.items if not names or item.name in names)
        return Source(self.folder, self.manifest, self.columns, kept)


def open_source(folder: Path) -> Source:
    """Open a folder of results.

    Raises
    ------
    InputError
        It is no folder of results, is damaged, or an older version wrote it.
    """
    path = folder / COLUMNS_NAME
    if not path.is_file():
        known = (folder / MANIFEST).is_file()
        raise InputError(
            "this folder has no columns.csv: an older version wrote it" if known else "this is no folder of results",
            "Run the plan again." if known else "Name a folder that a command of fleet-planner wrote.",
            file=folder,
        )
    try:
        told = pl.read_csv(path, infer_schema=False).with_columns(pl.all().fill_null(""))
        text = (folder / MANIFEST).read_text(encoding="utf-8") if (folder / MANIFEST).is_file() else "{}"
        manifest: dict[str, Any] = json.loads(text)
        items = _items(folder, told)
    except (RuntimeError, sqlite3.Error, *TABLE_FAULTS) as error:  # RuntimeError: of GDAL
        raise InputError(
            f"the folder of results is damaged: {first_line(error)}", "Run the plan again.", file=folder
        ) from error
    return Source(folder, manifest, told, items)


def refuse_altered_tables(source: Source) -> None:
    """Hold the CSV and Parquet tables of a source against its manifest; a GeoPackage changes when a GIS opens it.

    Raises
    ------
    InputError
        One is no longer what was written.
    """
    told = source.manifest.get("files") if isinstance(source.manifest, dict) else None
    kept = Kept(source.folder / MANIFEST, {"files": told if isinstance(told, dict) else {}})
    refuse_altered(kept, [item.place for item in source.items if "/" not in item.place])


@contextmanager
def told_as_damaged(path: Path) -> Iterator[None]:
    """Turn what the reading of a damaged file raises into one message; nothing may be written within."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        yield
    except (DataSourceError, DataLayerError, sqlite3.Error, *TABLE_FAULTS) as error:
        raise InputError(f"the table is damaged: {first_line(error)}", "Run the plan again.", file=path) from error


def _items(folder: Path, told: pl.DataFrame) -> tuple[Item, ...]:
    """Return the tables first, then layers, each with a name of its own."""
    titles = {entry.table: (entry.title_en, entry.title_zh) for entry in dictionary_tables()}
    by_place = {str(place[0]): part for place, part in told.group_by("place", maintain_order=True)}
    layers = _layers(folder)
    spatial = {layer: path for path, layer, kind in layers if kind}
    out: dict[str, Item] = {}

    def add(name: str, place: str, read: Callable[[], pl.DataFrame], layer: Callable[[], Layer] | None = None) -> None:
        part = by_place.get(place, told.clear())
        table = str(part["table"][0]) if part.height else ""
        title_en, title_zh = titles.get(table, (name, name))
        out[name] = Item(name, place, table, title_en, title_zh, layer is not None, part, read, layer)

    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv":
            add(path.stem, path.name, _csv_reader(path, by_place.get(path.name, told.clear())))
        elif path.suffix == ".parquet" and path.stem not in out:
            part = by_place.get(path.name, told.clear())
            table = str(part["table"][0]) if part.height else ""
            add(table or path.stem if path.stem in spatial else path.stem, path.name, _parquet_reader(path))
    for path, name, kind in layers:
        place = f"{path.name}/{name}"
        if kind:
            add(
                name if name not in out else f"{PREFIX}{name}",
                place,
                _attributes_reader(path, name),
                _layer_reader(path, name),
            )
        elif name not in out:
            add(name, place, _attributes_reader(path, name))
    return tuple(out.values())


def _layers(folder: Path) -> list[tuple[Path, str, str]]:
    """Return file, layer and geometry type ("" for a table) of all GeoPackages of a folder."""
    import pyogrio

    out = []
    for path in sorted(folder.glob("*.gpkg")):
        own = geopackage_columns(path)
        out += [(path, str(name), str(kind or "")) for name, kind in pyogrio.list_layers(path) if name in own]
    return out


def _csv_reader(path: Path, part: pl.DataFrame) -> Callable[[], pl.DataFrame]:
    types = dict(part.select("column", "type").iter_rows())
    return lambda: _read_csv(path, types)


def _read_csv(path: Path, types: Mapping[str, str]) -> pl.DataFrame:
    """Read a CSV with the types of its dictionary: codes such as 007 stay text."""
    if not path.stat().st_size:
        return pl.DataFrame()
    try:
        text = pl.read_csv(path, infer_schema=False)
        return text.select(_typed(text[name], types.get(name, "text")) for name in text.columns)
    except TABLE_FAULTS as error:
        raise InputError(f"the table is damaged: {first_line(error)}", "Run the plan again.", file=path) from error


def _typed(cells: pl.Series, kind: str) -> pl.Series:
    """Return cells as their kind; whole numbers that were written with a fraction become numbers."""
    if kind == "boolean":
        return cells.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
    if kind == "integer":
        numbers = cells.cast(pl.Float64)
        return (
            cells.cast(pl.Int64) if cells.cast(pl.Int64, strict=False).null_count() == cells.null_count() else numbers
        )
    return cells.cast(TYPES[kind])


def _parquet_reader(path: Path) -> Callable[[], pl.DataFrame]:
    def read() -> pl.DataFrame:
        with told_as_damaged(path):
            return pl.read_parquet(path)

    return read


def _attributes_reader(path: Path, name: str) -> Callable[[], pl.DataFrame]:
    return lambda: _arrow(path, name, geometry=False)[0]


def _layer_reader(path: Path, name: str) -> Callable[[], Layer]:
    def read() -> Layer:
        frame, about = _arrow(path, name, geometry=True)
        geometry = str(about["geometry_name"] or "wkb_geometry")
        return Layer(frame.drop(geometry), frame[geometry].cast(pl.Binary), str(about["geometry_type"]))

    return read


def _arrow(path: Path, name: str, *, geometry: bool) -> tuple[pl.DataFrame, Mapping[str, Any]]:
    from pyogrio import read_info
    from pyogrio.raw import read_arrow

    with told_as_damaged(path):
        told = read_info(path, layer=name)
    rows = int(told["features"])
    each = COPIES * CELL * len(told["fields"]) + (SHAPE if geometry else 0)
    refuse_beyond(
        float(rows) * each,
        f"{name} with {rows:,} rows",
        "Use city.gpkg as it is, or name other tables and layers of the folder.",
        file=path,
    )
    with told_as_damaged(path):
        about, table = read_arrow(path, layer=name, read_geometry=geometry)
    names = [str(n) for n in table.column_names]
    plain = table.replace_schema_metadata(None)
    for k, column in enumerate(names):  # GeoArrow's field metadata would make an extension type of plain WKB
        plain = plain.set_column(k, plain.schema.field(k).remove_metadata(), plain.column(column))
    frame = pl.from_arrow(plain)
    assert isinstance(frame, pl.DataFrame)
    return frame, about
