"""Whole runs of the example cities."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main


def run(plan: Path, out: Path) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["run", str(plan), "--out", str(out)])
    assert result.exit_code == 0, result.output
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    closure = manifest["closure"]
    assert isinstance(closure, dict)
    assert max(v for c in closure.values() for v in c.values()) < 1e-9
    return manifest


def totals(out: Path) -> dict[tuple[str, str], float]:
    rows = pl.read_csv(out / "summary.csv").select("scenario", "pollutant", "value_per_year").iter_rows()
    return {(s, p): v for s, p, v in rows}


def test_embedded_city(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "coquimbo"
    manifest = run(repository / "inputs" / "coquimbo" / "plan.toml", out)
    value = totals(out)
    assert value["filters_and_scr", "PM_exhaust"] < 0.9 * value["baseline", "PM_exhaust"]
    assert value["filters_and_scr", "NOx"] < value["baseline", "NOx"]
    assert value["renewable_diesel", "CO2"] < 0.9 * value["baseline", "CO2"]
    assert value["electric_buses", "CO2_grid"] > 0.0
    assert value["electric_buses", "NOx"] < value["baseline", "NOx"]
    assert "OpenStreetMap" in str(manifest["attribution"])
    assert (out / "report.html").stat().st_size < 1_500_000
    # the stock of a city of 450,000: the order of magnitude of its fuel, checked against the national mean
    co2_per_head = value["baseline", "CO2"] / 451_834
    assert 0.4 < co2_per_head < 2.0


def with_network(folder: Path, source: Path, repository: Path, name: str, old: str, new: str) -> Path:
    shutil.copytree(repository / "inputs" / name, folder, dirs_exist_ok=True)
    plan = folder / "plan.toml"
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new.format(path=source.as_posix())), encoding="utf-8")
    return plan


@pytest.mark.city
@pytest.mark.parametrize(
    ("name", "links"),
    [("santa_monica/santa_monica_drive.osm.pbf", 5_980), ("los_angeles/socal_major_roads.osm.pbf", 22_544)],
)
def test_los_angeles_plan_on_real_roads(
    repository: Path, shared_data: Path, tmp_path: Path, name: str, links: int
) -> None:
    source = shared_data / name
    old = 'file = "los-angeles.osm.pbf"'
    plan = with_network(tmp_path / "la", source, repository, "los_angeles", old, 'file = "{path}"')
    out = tmp_path / "out"
    manifest = run(plan, out)
    assert pl.read_parquet(out / "links.parquet")["link_id"].n_unique() == links
    limits = next(f for f in manifest["findings"] if f["code"] == "activity.weight_limits")
    assert limits["count"] > 30  # signs of 6,000 and 10,000 pounds: vans and trucks are told apart by them
    value = totals(out)
    assert value["filters_and_scr", "PM_exhaust"] < value["baseline", "PM_exhaust"]
    assert value["electric_buses_drayage", "NOx"] < value["baseline", "NOx"]


@pytest.mark.city
def test_beijing_plan_on_a_network_of_the_users_own_form(repository: Path, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "beijing" / "beijing_nw_core_links.parquet"
    new = (
        'file = "{path}"\nlicence = "test input of unknown origin"\n'
        'road_classes = {{ "1" = "trunk", "2" = "secondary", "3" = "residential" }}\n'
        'columns = {{ u = "from_node", v = "to_node", length_m = "length_m" }}'
    )
    old = 'file = "beijing.osm.pbf"'
    plan = with_network(tmp_path / "bj", source, repository, "beijing", old, new)
    out = tmp_path / "out"
    run(plan, out)
    value = totals(out)
    assert value["filters", "PM_exhaust"] < value["baseline", "PM_exhaust"]
    assert value["electric_buses", "CO2_grid"] > value["baseline", "CO2_grid"] > 0.0
    links = pl.read_parquet(out / "links.parquet")
    assert links["link_id"].n_unique() == 29_282


@pytest.mark.city
def test_sao_paulo_centre_with_its_timetable(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "sao_paulo"
    rows = "b,bus,diesel,17500,2012,urban_bus,60000,1,100\nt,heavy_truck,diesel,16000,2010,rigid_truck,30000,0.1,500\n"
    head = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,share_inside,count\n"
    (tmp_path / "r.csv").write_text(head + rows, encoding="utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[city]\nname = "São Paulo"\ncountry = "BR"\nyear = 2022\n'
        f'[network]\nfile = "{(folder / "sao_paulo_centre.osm.pbf").as_posix()}"\n[fleet]\nregistry = "r.csv"\n'
        f'[activity]\ngtfs = "{(folder / "sao_paulo_centre_gtfs.zip").as_posix()}"\n',
        encoding="utf-8",
    )
    manifest = run(plan, tmp_path / "out")
    codes = {f["code"] for f in manifest["findings"]}
    assert {"activity.buses_on_feed", "activity.bus_outside"} <= codes
