"""`fleet-planner verify` and `fleet-planner rerun`: what was changed is named, what was not comes out the same."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.outputs.checking.given import plan_of
from fleet_planner.outputs.checking.read import Kept
from fleet_planner.outputs.record import manifest_text, record
from fleet_planner.outputs.repeating.rerun import _searches
from fleet_planner.plan.load import load_plan
from tests.cli.test_cli import PLAN, ROW, city

SCENARIO = '\n[[scenario]]\nname = "electric"\ntitle = "Electric"\n[[scenario.measure]]\nmeasure = "bev_bus"\n'
MARKET = """
[market]
curves = "curves.csv"
[[market.city]]
name = "a"
baseline_t = { 2026 = 100.0 }
cap_t = { 2026 = 80.0 }
[[market.city]]
name = "b"
baseline_t = { 2026 = 100.0 }
cap_t = { 2026 = 90.0 }
"""


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a plan, with its results in ``out``."""
    folder = tmp_path_factory.mktemp("city")
    plan = city(folder, PLAN + SCENARIO, f"{ROW}\nb2,bus,diesel,17500,2006,urban_bus,40000,2")
    result = call("run", plan, "--out", folder / "out")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def manifest(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    return told


def told_as_written(folder: Path, name: str) -> None:
    """Give a file's new hash to the manifest, as someone who covers up would."""
    told = manifest(folder)
    told["files"][name] = hashlib.sha256((folder / "out" / name).read_bytes()).hexdigest()
    (folder / "out" / "manifest.json").write_text(manifest_text(told), encoding="utf-8")


def breaks(folder: Path) -> list[str]:
    result = call("verify", folder / "out")
    assert result.exit_code == (1 if result.stderr else 0)
    assert "Traceback" not in result.output
    return result.stderr.splitlines()


def test_an_untouched_run_holds(folder: Path) -> None:
    result = call("verify", folder / "out")
    assert result.exit_code == 0, result.output
    assert "3 inputs" in result.stdout
    assert "no breaks" in result.stdout
    assert call("verify", folder / "out" / "manifest.json").exit_code == 0


def test_one_flipped_byte_is_named(folder: Path) -> None:
    file = folder / "out" / "city.gpkg"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    told = breaks(folder)
    assert len(told) == 1
    assert "city.gpkg: the file was changed" in told[0]


def test_a_missing_file_is_named_and_one_more_is_no_break(folder: Path) -> None:
    (folder / "out" / "voc_species.csv").unlink()
    (folder / "out" / "notes.txt").write_text("ours")
    result = call("verify", folder / "out")
    assert result.exit_code == 1
    assert result.stderr.count("Error") == 1
    assert "voc_species.csv" in result.stderr
    assert "missing" in result.stderr
    assert "Note: notes.txt: not in the manifest." in result.stdout


@pytest.mark.parametrize("name", ["summary.csv", "by_process.csv", "by_sector.csv"])
def test_an_edited_number_breaks_the_sums_even_with_a_new_hash(folder: Path, name: str) -> None:
    file = folder / "out" / name
    table = pl.read_csv(file)
    row = table.with_row_index().filter((pl.col("pollutant") == "NOx") & (pl.col("value_per_year") > 0.0)).row(0)[0]
    raised = pl.when(pl.int_range(pl.len()) == row).then(pl.col("value_per_year") * (1.0 + 1e-6))
    table.with_columns(raised.otherwise(pl.col("value_per_year")).alias("value_per_year")).write_csv(file)
    told_as_written(folder, name)
    told = breaks(folder)
    assert told
    assert all("NOx" in line and "relative difference" in line for line in told)
    assert any(name in line for line in told)


def test_a_row_taken_out_of_the_links_breaks_their_sums(folder: Path) -> None:
    file = folder / "out" / "links.parquet"
    pl.read_parquet(file)[1:].write_parquet(file)
    told_as_written(folder, "links.parquet")
    told = breaks(folder)
    assert told[0].startswith("Error: links.parquet: baseline: ")
    assert "more sums differ" in told[-1]


def test_changed_and_missing_inputs_are_named(folder: Path) -> None:
    (folder / "r.csv").write_text("vehicle_id\n", encoding="utf-8")
    (folder / "n.osm").unlink()
    told = " ".join(breaks(folder))
    assert "r.csv: this input (registry) has changed since the run" in told
    assert "n.osm: this input (network) is missing" in told
    again = call("rerun", folder / "out", "--out", folder / "again")
    assert again.exit_code == 1
    assert again.stderr.count("Error") == 1
    assert "has changed since the run" in again.stderr
    assert not (folder / "again").exists()


def test_inputs_that_moved_are_found_where_the_user_says(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("plan.toml", "r.csv", "n.osm"):
        shutil.move(folder / name, moved / name)
    assert len(breaks(folder)) == 3
    assert call("verify", folder / "out", "--inputs", moved).exit_code == 0


@pytest.mark.parametrize(
    ("text", "part"),
    [("{", "damaged"), ('{"program": "x"}', "not of fleet_planner"), ('{"program": "fleet_planner"}', "lacks command")],
)
def test_what_is_no_manifest_is_said(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    for command in ("verify", "rerun"):
        result = call(command, tmp_path)
        assert result.exit_code == 1
        assert part in result.stderr
    assert "there is no manifest" in call("verify", tmp_path / "none").stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [("files", []), ("files", {"summary.csv": 3}), ("inputs", 3), ("inputs", [{}]), ("command", 1), ("plan", {})],
)
def test_a_manifest_with_other_content_is_damaged(folder: Path, tmp_path: Path, key: str, value: object) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    content = manifest(folder) | {key: value}
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    commands = [["compare", "--out", str(tmp_path / "new")]]
    commands += [] if key == "plan" else [["verify"]]
    commands += [["report"]] if value == [] else []
    for command, *options in commands:
        result = call(command, tmp_path / "out", *options)
        assert isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == 1
        assert "damaged" in result.stderr
    assert not (tmp_path / "new").exists()


def test_a_table_with_broken_texts_is_told(folder: Path) -> None:
    path = folder / "out" / "links.parquet"
    table = pq.read_table(path)
    ends = b"".join(n.to_bytes(4, "little") for n in range(table.num_rows + 1))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"\xff" * table.num_rows)]  # no UTF-8
    texts = pa.Array.from_buffers(pa.string(), table.num_rows, buffers)
    pq.write_table(table.set_column(table.schema.get_field_index("scenario"), "scenario", texts), path)
    assert any("a table is missing or damaged" in told for told in breaks(folder))


def test_a_second_run_is_the_same_byte_for_byte(folder: Path) -> None:
    assert call("report", folder / "out", "--language", "zh").exit_code == 0
    (folder / "plan.toml").write_text("[city]\n", encoding="utf-8")  # the manifest's plan counts
    result = call("rerun", folder / "out" / "manifest.json")
    assert result.exit_code == 0, result.output
    count = len(manifest(folder)["files"])
    assert f"{count} of {count} files are the same byte for byte" in result.stdout
    assert "plan.toml is missing or has changed since" in result.stdout
    assert (folder / "out-again" / "summary.csv").read_bytes() == (folder / "out" / "summary.csv").read_bytes()


def test_a_file_that_differs_and_other_versions_are_told(folder: Path) -> None:
    told = manifest(folder)
    told["version"], told["libraries"]["numpy"] = "0.0.1", "1.0"
    told["files"]["summary.csv"] = "0" * 64
    told["files"]["gone.csv"] = "0" * 64
    (folder / "out" / "manifest.json").write_text(manifest_text(told), encoding="utf-8")
    result = call("rerun", folder / "out", "--out", folder / "again")
    assert result.exit_code == 1
    assert "fleet_planner is 0.1.0 now and was 0.0.1" in result.stdout
    assert "numpy is" in result.stdout
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert "summary.csv: this file differs" in lines[0]
    assert "gone.csv: the first run wrote this file, the second did not" in lines[1]


def test_a_market_is_verified_and_run_again(tmp_path: Path) -> None:
    steps = "city,year,avoided_t,usd_per_t\na,,40,60\nb,,40,20\n"
    (tmp_path / "curves.csv").write_text(steps, encoding="utf-8")
    plan = city(tmp_path, PLAN + MARKET)
    made = call("market", plan, "--out", tmp_path / "out")
    assert made.exit_code == 0, made.output
    assert {i["path"] for i in manifest(tmp_path)["inputs"]} >= {"plan.toml", "curves.csv"}
    assert call("verify", tmp_path / "out").exit_code == 0
    again = call("rerun", tmp_path / "out", "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    "name",
    [
        *("coquimbo/plan", "coquimbo/mix", "coquimbo/buses", "coquimbo/chargers"),
        *("beijing/plan", "los_angeles/plan", "four_cities/plan"),
    ],
)
def test_plans_come_back_from_a_manifest_as_they_were(repository: Path, tmp_path: Path, name: str) -> None:
    path = repository / "inputs" / f"{name}.toml"
    plan = load_plan(path)
    content = json.loads(manifest_text(record("run", plan, path, tmp_path, language="en", inputs=())))
    again, notes = plan_of(Kept(tmp_path / "manifest.json", content))
    assert notes == ()
    assert again == plan
    assert again.model_dump(exclude_unset=True) == plan.model_dump(exclude_unset=True)


def test_a_default_that_has_changed_since_is_set_as_it_was(repository: Path, tmp_path: Path) -> None:
    path = repository / "inputs" / "coquimbo" / "plan.toml"
    content = json.loads(manifest_text(record("run", load_plan(path), path, tmp_path, language="en", inputs=())))
    content["plan"]["economics"]["discount_rate"] = 0.01
    plan, notes = plan_of(Kept(tmp_path / "manifest.json", content))
    assert plan.economics.discount_rate == 0.01
    assert "economics.discount_rate" in notes[0]


def test_a_search_whose_end_cannot_be_repeated_is_told() -> None:
    met, stopped = {"status": "met", "gap": 1e-3}, {"status": "time limit", "gap": 2e-3}
    counted = {"searches": {"ended_at": [7], "ended_late": 0}}
    assert list(_searches(met, met)) == []
    assert list(_searches({}, {})) == []
    assert list(_searches(stopped | counted, stopped | counted)) == []
    late = {"searches": {"ended_at": [7], "ended_late": 1}}
    for pair in ((met, stopped), (stopped, stopped), (stopped | counted, stopped | late)):
        assert "give it more time" in next(_searches(*pair))
