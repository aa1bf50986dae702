"""`fleet-planner export`: every form reads back equal to the run."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result
from polars.testing import assert_frame_equal
from small_run import small_run

from fleet_planner.cli.main import main
from fleet_planner.outputs.export import workbook
from fleet_planner.outputs.export.source import Source, open_source


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_run(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def source(run_dir: Path) -> Source:
    return open_source(run_dir)


def exported(run_dir: Path, out: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["export", str(run_dir), *words, "--out", str(out)])


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def test_codes_keep_their_zeros_and_kinds_come_from_the_dictionary(source: Source) -> None:
    items = {item.name: item for item in source.items}
    vehicles = items["vehicles"].read()
    assert set(vehicles["vehicle_id"]) == {"007", "1e5"}
    summary = items["summary"].read()
    assert summary.schema["value_per_year"] == pl.Float64
    assert summary.schema["pollutant"] == pl.String
    assert {i.name for i in source.items if i.spatial} >= {"links", "home_zones", "depots"}
    assert items["links_by_scenario"].place == "links.parquet"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_read_back_equal(run_dir: Path, source: Source, tmp_path: Path, form: str) -> None:
    done(exported(run_dir, tmp_path / "o", "--format", form))
    for item in source.items:
        if item.place == "columns.csv":
            continue
        name = f"{item.name}_attributes" if item.spatial else item.name
        path, frame = tmp_path / "o" / f"{name}.{form}", item.read()
        again = pl.read_parquet(path) if form == "parquet" else pl.read_csv(path, schema=frame.schema)
        assert_frame_equal(again, frame, check_exact=True)
    summary = (tmp_path / "o" / "summary.csv").read_bytes() if form == "csv" else b""
    assert form == "parquet" or summary == (run_dir / "summary.csv").read_bytes()


def test_layers_read_back_equal_as_geoparquet(run_dir: Path, source: Source, tmp_path: Path) -> None:
    import geopandas as gpd

    done(exported(run_dir, tmp_path / "o", "--format", "geoparquet"))
    for item in (i for i in source.items if i.read_layer is not None):
        layer = item.read_layer()  # type: ignore[misc]
        again = gpd.read_parquet(tmp_path / "o" / f"{item.name}.parquet")
        assert again.crs.to_epsg() == 4326
        assert again.geometry.to_wkb().to_list() == layer.wkb.to_list()
        assert_frame_equal(pl.from_pandas(again.drop(columns="geometry")), layer.frame, check_dtypes=False)


def test_geojson_is_rfc_7946(run_dir: Path, source: Source, tmp_path: Path) -> None:
    done(exported(run_dir, tmp_path / "o", "--format", "geojson"))
    for item in (i for i in source.items if i.read_layer is not None):
        layer = item.read_layer()  # type: ignore[misc]
        told = json.loads((tmp_path / "o" / f"{item.name}.geojson").read_text(encoding="utf-8"))
        assert "crs" not in told
        assert len(told["features"]) == layer.frame.height
        for feature, row, wkb in zip(told["features"], layer.frame.iter_rows(named=True), layer.wkb, strict=True):
            for key, value in row.items():
                assert same(feature["properties"][key], value), key
            ours, theirs = shapely.from_wkb(wkb), shapely.geometry.shape(feature["geometry"])
            assert shapely.hausdorff_distance(ours, theirs) < 1e-7
            if theirs.geom_type == "Polygon":
                assert theirs.exterior.is_ccw


def same(found: Any, value: Any) -> bool:
    if isinstance(value, float):
        return found is not None and math.isclose(found, value, rel_tol=1e-14, abs_tol=1e-300)
    return bool(found == value)


def test_tiles_have_every_feature_with_its_figures(run_dir: Path, source: Source, tmp_path: Path) -> None:
    done(exported(run_dir, tmp_path / "o", "--format", "pmtiles", "--table", "links"))
    item = next(i for i in source.items if i.name == "links")
    frame = item.read()
    tiles = pyogrio.read_dataframe(tmp_path / "o" / "links.pmtiles")
    assert set(tiles["link_id"]) == set(frame["link_id"])
    nox = dict(frame.select("link_id", "nox_kg_per_day_baseline").iter_rows())
    for link, value in zip(tiles["link_id"], tiles["nox_kg_per_day_baseline"], strict=True):
        assert math.isclose(value, nox[link], rel_tol=1e-12)
    assert set(tiles["name"]) == {'=1+1 "天府", Ost'}


def test_workbook_reads_back_equal(run_dir: Path, source: Source, tmp_path: Path) -> None:
    done(exported(run_dir, tmp_path / "o", "--format", "xlsx"))
    book = openpyxl.load_workbook(tmp_path / "o" / "tables.xlsx")
    assert book.sheetnames[0] == "Contents"
    assert book.sheetnames[-2:] == ["Columns", "Data sources"]
    for item in source.items:
        if item.place == "columns.csv":
            continue
        sheet, frame = book[item.name], item.read()
        rows = list(sheet.iter_rows(values_only=True))
        assert list(rows[0]) == frame.columns
        assert sheet.freeze_panes == "A2"
        assert len(rows) == frame.height + 1
        for got, row in zip(rows[1:], frame.iter_rows(), strict=True):
            assert all(same(g, v) or (v in {None, ""} and g in {None, ""}) for g, v in zip(got, row, strict=True))
    names = [c.value for c in book["links"]["C"]]
    assert names[1] == '=1+1 "天府", Ost'
    assert book["links"]["C2"].data_type == "s", "a name is no formula"
    meant = {(r[0], r[1]): r for r in book["Columns"].iter_rows(min_row=2, values_only=True)}
    assert meant["links", "nox_kg_per_day_electric_buses"][3] == "kg/day"
    assert meant["links", "nox_kg_per_day_electric_buses"][5] == "氮氧化物（以NO2计），电动公交"
    assert book["Data sources"].max_row > 3


def test_workbook_in_chinese(run_dir: Path, tmp_path: Path) -> None:
    done(exported(run_dir, tmp_path / "o", "--format", "xlsx", "--language", "zh", "--table", "summary"))
    book = openpyxl.load_workbook(tmp_path / "o" / "tables.xlsx")
    assert book.sheetnames == ["目录", "summary", "列说明", "数据来源"]
    assert book["目录"]["B2"].value == "按情景与污染物的年总量"


def test_a_table_too_long_for_a_sheet_is_left_out_and_told(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 12)
    said = done(exported(run_dir, tmp_path / "o", "--format", "xlsx", "--table", "summary", "--table", "depots"))
    assert "Not in the workbook: summary (summary.csv)" in said
    assert "Take --format csv or parquet" in said
    book = openpyxl.load_workbook(tmp_path / "o" / "tables.xlsx")
    assert "summary" not in book.sheetnames
    assert "depots" in book.sheetnames
    assert "more rows than a sheet holds" in book["Contents"]["A2"].value
    told = json.loads((tmp_path / "o" / "export.json").read_text(encoding="utf-8"))
    assert told["left_out_of_the_workbook"] == ["summary"]
    assert told["manifest_sha256"] == hashlib.sha256((run_dir / "manifest.json").read_bytes()).hexdigest()


def test_writing_twice_gives_equal_files(run_dir: Path, tmp_path: Path) -> None:
    forms = [w for f in ("csv", "parquet", "xlsx", "geoparquet", "geojson") for w in ("--format", f)]
    for name in ("a", "b"):
        done(exported(run_dir, tmp_path / name, *forms))
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert "columns.csv" in files
    checked = done(CliRunner().invoke(main, ["verify", str(tmp_path / "a")]))
    assert checked == f"{len(files) - 1} files, 0 inputs: no breaks.\n"
    with (tmp_path / "b" / "summary.csv").open("a", encoding="utf-8") as table:
        table.write("\n")
    broken = CliRunner().invoke(main, ["verify", str(tmp_path / "b")])
    assert broken.exit_code == 1
    assert "summary.csv: the file was changed after it was written" in broken.output
    assert "cannot be run again" in CliRunner().invoke(main, ["rerun", str(tmp_path / "a" / "export.json")]).output
    (tmp_path / "b" / "summary.csv").write_bytes((tmp_path / "b" / "summary.csv").read_bytes()[:-1])
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_names_of_sheets_are_short_and_apart() -> None:
    taken: set[str] = set()
    names = [workbook.sheet_name(n, taken) for n in ("a" * 40, "A" * 35, "a" * 31, "b")]
    assert len({n.lower() for n in names}) == 4
    assert all(len(n) <= 31 for n in names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--format", "csv", "--table", "sumary"],
            "no such table or layer in it (found: 'sumary'). Use one of summary",
        ),
        (["--format", "geojson", "--table", "summary"], "there is no layer in it"),
    ],
)
def test_bad_requests_are_told_and_nothing_is_written(
    run_dir: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    result = exported(run_dir, tmp_path / "o", *words)
    assert result.exit_code == 1
    assert message in result.output
    assert not (tmp_path / "o").exists()


def test_folders_that_are_no_results_are_told(run_dir: Path, tmp_path: Path) -> None:
    assert "this is no folder of results" in exported(tmp_path, tmp_path / "o", "--format", "csv").output
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert (
        "an older version wrote it. Run the plan again" in exported(tmp_path, tmp_path / "o", "--format", "csv").output
    )
    (tmp_path / "columns.csv").write_bytes((run_dir / "columns.csv").read_bytes())
    (tmp_path / "summary.csv").write_text("scenario,value_per_year\nb,many\n", encoding="utf-8")
    result = exported(tmp_path, tmp_path / "o", "--format", "csv")
    assert result.exit_code == 1
    assert "summary.csv" in result.output
    assert "Traceback" not in result.output


def test_the_list_needs_no_folder(run_dir: Path) -> None:
    said = done(CliRunner().invoke(main, ["export", str(run_dir), "--list"]))
    assert "city.gpkg/links" in said
    assert CliRunner().invoke(main, ["export", str(run_dir)]).exit_code == 2
