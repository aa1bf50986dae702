"""Five rows and a road map run, and what they left open is told: the page "From poor data" keeps its word."""

from __future__ import annotations

import json
import sys
from html import unescape
from pathlib import Path

import polars as pl
from click.testing import CliRunner
from docs_pages import REPOSITORY, page

from fleet_planner.cli.main import main
from fleet_planner.outputs.report.finding_parts import finding_lines

sys.path.insert(0, str(REPOSITORY / "tests" / "cli"))
from small_run import OSM

EXPECTED = {
    "fleet.standard_by_year",
    "fleet.km_default",
    "fleet.load_default",
    "fleet.segment_by_mass",
    "inventory.climate_default",
    "network.speed_imputed",
    "network.lanes_imputed",
    "activity.buses_without_feed",
}


def test_the_five_rows_of_the_page_run_and_every_default_is_listed(tmp_path: Path) -> None:
    files = dict(page(REPOSITORY / "docs" / "tutorials" / "poor_data.md").files)
    registry, plan = files["poor/registry.csv"], files["poor/plan.toml"]
    assert len(registry.strip().splitlines()) == 6
    (tmp_path / "registry.csv").write_text(registry, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(plan.replace('builtin = "coquimbo"', 'file = "n.osm"'), encoding="utf-8")
    (tmp_path / "n.osm").write_text(OSM, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "o")])
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "o" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["rejected_cells"] == 0
    vehicles = pl.read_parquet(tmp_path / "o" / "vehicles.parquet").filter(scenario="baseline", visiting=False)
    assert vehicles["count"].sum() == 17_450
    codes = {f["code"] for f in manifest["findings"]}
    assert codes >= EXPECTED, f"{sorted(EXPECTED - codes)} not among {sorted(codes)}"
    report = (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    listed = {a["item"] for a in manifest["assumptions"]}
    for item in listed:
        assert item in report, item
    assert {"climate.monthly_min_c", "economics.diesel_usd_per_l"} <= listed
    told = json.loads((tmp_path / "o" / "report_data.json").read_text(encoding="utf-8"))
    lines = finding_lines(told, "assumption", "en")
    assumed = {f["code"] for f in manifest["findings"] if f["kind"] == "assumption"}
    assert len(lines) >= len(assumed) > 20
    for line in lines:
        assert line in unescape(report), line
