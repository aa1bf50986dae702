"""Non-road machines from the command line: totals, layers, report, later years and targets."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

OF_DRAWS = {"low_per_year", "high_per_year", "change_low_pct", "change_high_pct"}
"""Columns of plans with draws alone."""

NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n" + "".join(
    f"t{y},heavy_truck,diesel,12000,{y},rigid_truck,40000,300\n" for y in (2008, 2014, 2020)
)
PLAN = (
    '[city]\nname = "x"\ncountry = "CN"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "r.csv"\n'
    '[turnover]\nto_year = 2030\nyears = [2030]\n[[target]]\nname = "aim"\npollutant = "PM_exhaust"\ncut_pct = 50\n'
    'year = 2030\nbase_year = 2024\nstreams = ["port_machinery"]\n'
)
MACHINES = (
    "machine_id,category,power_kw,stage,model_year,site,lon,lat,count\n"
    "a,excavator,120,,2018,Tower,0.001,0.002,20\nb,reach_stacker,250,国二,2012,Port,0.01,0.003,9\nc,forklift,45,tier 3,,Port,,,4\n"
    "d,forklift,45,tier 9,,Port,,,4\n"
)


def run(folder: Path, name: str, more: str, machines: str = MACHINES) -> Result:
    (folder / "plan.toml").write_text(PLAN.replace("[turnover]", f"{more}[turnover]"), encoding="utf-8")
    for file, text in (("r.csv", REGISTRY), ("n.osm", OSM), ("m.csv", machines)):
        (folder / file).write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / name)])


def test_machines_count_beside_the_roads(tmp_path: Path) -> None:
    keys = '[nonroad]\nfile = "m.csv"\nmax_rejected_share = 0.3\n'
    result = run(tmp_path, "with", keys)
    assert result.exit_code == 0, result.output
    out = tmp_path / "with"
    summary = pl.read_csv(out / "summary.csv")
    assert summary.columns == [c.column for c in columns("summary") if c.column not in OF_DRAWS]
    nox = summary.filter(pollutant="NOx")
    machines = pl.read_csv(out / "machines.csv")
    kg = machines["nox_kg_per_day"].sum()
    assert nox["non_road_per_year"][0] == pytest.approx(kg * 365.25 / 1000.0)
    by_process = pl.read_csv(out / "by_process.csv").filter(pollutant="NOx")
    assert by_process["value_per_year"].sum() == pytest.approx(nox["value_per_year"][0])
    assert {"port_machinery", "construction_machinery", "industrial_machinery"} <= set(by_process["stream"])
    with closing(sqlite3.connect(out / "city.gpkg")) as database:
        sites = database.execute("SELECT site, machines, nox_kg_per_day FROM sites").fetchall()
        assert [s[0] for s in sites] == ["Port", "Tower"]
        assert sum(s[2] for s in sites) == pytest.approx(kg)
        kinds = database.execute("SELECT geometry_type_name FROM gpkg_geometry_columns WHERE table_name = 'sites'")
        assert kinds.fetchone() == ("POINT",)
        (rows,) = database.execute("SELECT COUNT(*) FROM by_technology WHERE category = 'non_road'").fetchone()
        assert rows == 3
        for pollutant, column, scale in (("NOx", "nox_kg_per_day", 1e-3), ("CO2", "co2_kg_per_day", 1e-3)):
            (day,) = database.execute(f"SELECT SUM({column}) FROM by_technology").fetchone()  # noqa: S608  # own names
            total = summary.filter(pollutant=pollutant)["value_per_year"][0]  # vehicles and equipment sum together
            assert day * 365.25 * scale == pytest.approx(total, rel=1e-9)
        assert database.execute("SELECT COUNT(*) FROM layer_styles WHERE f_table_name = 'sites'").fetchone() == (1,)
    rejected = pl.read_csv(out / "rejected_machines.csv")
    assert rejected.select("row", "column", "value").rows() == [(5, "stage", "tier 9")]
    years = pl.read_csv(out / "by_year.csv").filter(pollutant="NOx")
    assert years["value_per_year"][0] == pytest.approx(nox["value_per_year"][0])
    verdict = pl.read_csv(out / "targets.csv").row(0, named=True)
    port = pl.read_csv(out / "by_process.csv").filter(pollutant="PM_exhaust", stream="port_machinery")
    assert verdict["value_per_year"] == pytest.approx(port["value_per_year"][0])
    assert verdict["verdict"] == "missed"  # machines stay as they are
    voc = pl.read_csv(out / "voc_species.csv")
    assert voc["value_per_year"].sum() == pytest.approx(summary.filter(pollutant="NMVOC")["value_per_year"][0])
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert [s["site"] for s in told["non_road"]["sites"]] == ["Port", "Tower"]
    assert any(f["path"] == "m.csv" for f in told["inputs"])
    assert {"machines.csv", "rejected_machines.csv"} <= set(told["files"])
    assert any(s["item"] == "non-road factors" for s in told["sources"])
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="machine-streams"' in page
    assert "Port and terminal machinery" in page
    assert CliRunner().invoke(main, ["report", str(out), "--language", "zh"]).exit_code == 0
    chinese = (out / "report.zh.html").read_text(encoding="utf-8")
    assert "道路以外的机械" in chinese
    assert "港口机械" in chinese
    assert "非道路机械在各情景和未来年份保持不变" in chinese


def test_wrong_machines_stop_the_run_with_one_message(tmp_path: Path) -> None:
    result = run(tmp_path, "out", '[nonroad]\nfile = "m.csv"\n')
    assert result.exit_code == 1
    assert f"{tmp_path / 'm.csv'}, row 5, column stage: 1 of 4 rows of machines are wrong" in result.output
    assert "(found: 'tier 9')" in result.output
    assert not (tmp_path / "out").exists()
    missing = run(tmp_path, "out", '[nonroad]\nfile = "no.csv"\n')
    assert missing.exit_code == 1
    assert "no.csv: there is no such registry of machines. Check nonroad.file in the plan." in missing.output
