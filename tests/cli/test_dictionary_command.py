"""`fleet-planner dictionary` and the ``columns.csv`` beside every command's results."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.outputs.columns_file import geopackage_columns, places
from fleet_planner.tables import columns
from fleet_planner.tables.dictionary import described, tables

OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="-29.90" lon="-71.25"/><node id="2" lat="-29.90" lon="-71.24"/>
<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""


def ran(*words: str) -> str:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_all_forms_have_the_same_columns(tmp_path: Path) -> None:
    ran("dictionary", "--format", "csv", "--out", str(tmp_path / "all.csv"))
    table = pl.read_csv(tmp_path / "all.csv", infer_schema=False)
    assert table.height == sum(len(columns(t.table)) for t in tables())
    told = json.loads(ran("dictionary", "summary", "--format", "json", "--language", "zh"))
    assert [c["column"] for c in told[0]["columns"]] == table.filter(table="summary")["column"].to_list()
    assert told[0]["columns"][1]["title"] == "污染物"
    marked = ran("dictionary", "summary", "--format", "md")
    assert "| `value_per_year` | number |  | Total per year: total of the roads" in marked
    assert "run `summary.csv`" in ran("dictionary")


def test_an_unknown_table_is_told_with_the_nearest() -> None:
    done = CliRunner().invoke(main, ["dictionary", "sumary"])
    assert done.exit_code == 1
    assert "no such table (found: 'sumary')" in done.output
    assert "summary" in done.output


def test_columns_of_the_market_are_written_beside_it(tmp_path: Path, repository: Path) -> None:
    ran("market", str(repository / "inputs" / "four_cities" / "plan.toml"), "--out", str(tmp_path / "m"))
    told = pl.read_csv(tmp_path / "m" / "columns.csv", infer_schema=False)
    here = {(place, name) for place, names in places(tmp_path / "m") for name in names}
    here |= {("columns.csv", c.column) for c in columns("columns")}
    assert set(told.select("place", "column").iter_rows()) == here
    assert told["table"].null_count() == 0
    assert told["title_zh"].null_count() == 0
    price = told.filter(place="market.gpkg/cities", column="price_usd_per_t_direct").row(0, named=True)
    assert (price["unit"], price["title_zh"]) == ("USD 2024/t", "碳价，正式直接连接：统一价格")
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))
    assert "columns.csv" in manifest["files"]


def test_single_files_follow_the_dictionary(tmp_path: Path) -> None:
    (tmp_path / "n.osm").write_text(OSM, encoding="utf-8")
    out = tmp_path / "links.gpkg"
    ran("network", "build", "--osm", str(tmp_path / "n.osm"), "--country", "CL", "--no-cache", "--out", str(out))
    for names in geopackage_columns(out).values():
        assert set(described("links", names, {})) == set(names)
