"""What every GeoPackage that a command writes has to hold, read with SQLite alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_WORDS = {"fid", "OGC_FID", "geom"}
LONGEST = 63
"""Letters of a name that PostGIS takes."""


def is_whole(path: Path) -> None:
    """Hold a GeoPackage against what a GIS department expects of it: titles, units, styles, projects, index, source."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:

        def ask(text: str) -> list[tuple[Any, ...]]:
            return database.execute(text).fetchall()

        contents = ask("SELECT table_name, data_type, identifier, description, srs_id FROM gpkg_contents")
        views = {name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'view'")}
        indexed = {
            n for (n,) in ask("SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'")
        }
        known = {s for (s,) in ask("SELECT srs_id FROM gpkg_spatial_ref_sys WHERE definition <> 'undefined'")}
        first = dict(ask("SELECT f_table_name, SUM(useAsDefault) FROM layer_styles GROUP BY f_table_name"))
        words = {(t, c): (title, text) for t, c, title, text in ask(
            "SELECT table_name, column_name, title, description FROM gpkg_data_columns"
        )}  # fmt: skip
        scopes = {t for (t,) in ask("SELECT table_name FROM gpkg_metadata_reference WHERE reference_scope = 'table'")}
        whole = " ".join(text for (text,) in ask("SELECT metadata FROM gpkg_metadata"))
        projects = {name for (name,) in ask("SELECT name FROM qgis_projects")}
        for table, kind, title, description, system in contents:
            told = f"{path.name}: {table}"
            assert title, told
            assert description, told
            if table == "layer_styles":
                continue
            for _, column, *_ in ask(f'PRAGMA table_info("{table}")'):
                assert len(column) <= LONGEST, f"{told}.{column}"
                if column not in WITHOUT_WORDS:
                    assert all(words[table, column]), f"{told}.{column} has no title or description"
            if kind != "features":
                continue
            assert system in known, told
            assert table in indexed or table in views, f"{told} has no spatial index"
            assert first.get(table) == 1, f"{told} opens in no style of its own"
            assert table in scopes, f"{told} has no metadata"
    assert projects == {"fleet_planner", "fleet_planner_zh"}, path.name
    assert "MD_Metadata" in whole
    assert "useLimitation" in whole or "accessConstraints" in whole or "credit" in whole, f"{path.name}: no attribution"
