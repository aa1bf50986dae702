"""Gridded inventory and sector tables from the command line."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from scipy.io import netcdf_file

from fleet_planner.cli.main import main

NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 3)}' lon='{3.0 + 0.004 * i}'/>" for i in range(8))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(8))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n" + "".join(
    f"t{y},heavy_truck,diesel,12000,{y},rigid_truck,40000,300\n" for y in (2008, 2014, 2020)
)
MACHINES = (
    "machine_id,category,power_kw,stage,model_year,site,lon,lat,count\na,excavator,120,,2018,Tower,3.02,0.02,20\n"
)
PLAN = """[city]
name = "x"
country = "CN"
year = 2024
[network]
file = "n.osm"
[fleet]
registry = "r.csv"
[nonroad]
file = "m.csv"
[gridded]
cell_m = 500.0
{more}
[[scenario]]
name = "zone"
title = "zone"
[[scenario.operation.speed_limit]]
road_classes = ["primary"]
limit_kmh = 30.0
"""
SPECIES = "species,pollutant,kg_per_kg,molar_mass_g\nNOX,NOx,1,46.006\nPM,PM_exhaust,1,\nPM,PM2.5_non_exhaust,1,\n"


def run(folder: Path, more: str = "") -> Result:
    files = {"n.osm": OSM, "r.csv": REGISTRY, "m.csv": MACHINES, "s.csv": SPECIES, "plan.toml": PLAN.format(more=more)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])


def kg_per_day(path: Path, name: str) -> float:
    with netcdf_file(path, mmap=False) as file:
        flux, area = file.variables[name][:], file.variables["cell_area"][:]
        return float((flux.sum(axis=0) * area).sum() * 3600.0)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gridded")
    result = run(folder)
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_cells_hold_all_that_is_emitted(out: Path) -> None:
    summary = pl.read_csv(out / "summary.csv")
    for scenario in ("baseline", "zone"):
        total = dict(summary.filter(scenario=scenario).select("pollutant", "value_per_year").iter_rows())
        per_day = {p: v * 1000.0 / 365.25 for p, v in total.items()}
        file = out / f"gridded_{scenario}.nc"
        for name, parts in {"CO": ["CO"], "PM2_5": ["PM_exhaust", "PM2.5_non_exhaust"], "SO2": ["SO2"]}.items():
            assert kg_per_day(file, name) == pytest.approx(sum(per_day[p] for p in parts), rel=1e-9)
        as_no2 = kg_per_day(file, "NO") * 46.006 / 30.006 + kg_per_day(file, "NO2")
        assert as_no2 == pytest.approx(per_day["NOx"], rel=1e-9)


def test_the_layer_equals_the_totals(out: Path) -> None:
    year = pl.read_csv(out / "summary.csv").filter(scenario="baseline", pollutant="NOx")["value_per_year"][0]
    with closing(sqlite3.connect(out / "city.gpkg")) as database:
        cells = database.execute("SELECT SUM(nox_kg_per_day_baseline), COUNT(*) FROM emission_cells").fetchone()
        styled = database.execute("SELECT COUNT(*) FROM layer_styles WHERE f_table_name = 'emission_cells'").fetchone()
    assert cells[0] == pytest.approx(year * 1000.0 / 365.25, rel=1e-9)
    assert cells[1] > 8
    assert styled[0] >= 1


def test_the_site_lies_in_its_cell(out: Path) -> None:
    with netcdf_file(out / "gridded_baseline.nc", mmap=False) as file:
        lon, lat, flux = (file.variables[n][:] for n in ("lon", "lat", "CO"))
    row, column = np.unravel_index(np.argmin((lon - 3.02) ** 2 + (lat - 0.02) ** 2), lon.shape)
    here = flux[:, row, column]
    assert here.min() > 0.0
    assert here == pytest.approx(here[0])


def test_sectors_add_up(out: Path) -> None:
    sectors = pl.read_csv(out / "by_sector.csv")
    nox = sectors.filter(scenario="baseline", pollutant="NOx")
    year = pl.read_csv(out / "summary.csv").filter(scenario="baseline", pollutant="NOx")["value_per_year"][0]
    for scheme in ("NFR", "GNFR", "IPCC"):
        assert nox.filter(scheme=scheme)["value_per_year"].sum() == pytest.approx(year, rel=1e-9)
    assert set(nox.filter(scheme="NFR")["code"]) == {"1A3biii", "1A2gvii"}
    whole = pl.read_csv(out / "summary.csv").select("scenario", "pollutant", "value_per_year")
    for scheme in ("NFR", "GNFR", "IPCC"):
        sums = sectors.filter(scheme=scheme).group_by("scenario", "pollutant").agg(total=pl.col("value_per_year").sum())
        both = whole.join(sums, on=["scenario", "pollutant"])
        assert both.height == sums.height > 20
        assert both["total"].to_list() == pytest.approx(both["value_per_year"].to_list(), rel=1e-9, abs=1e-12)


def test_sectors_read_back_are_those_that_were_written(out: Path) -> None:
    """The exchange form loses nothing: the CSV and the table of the GeoPackage hold the same figures to the last digit."""
    sectors = pl.read_csv(out / "by_sector.csv")
    with closing(sqlite3.connect(out / "city.gpkg")) as database:
        table = pl.read_database("SELECT * FROM by_sector", database)
    assert table.select(sectors.columns).rows() == sectors.rows()
    again = pl.read_csv(sectors.write_csv().encode())
    assert again.equals(sectors)


def test_a_checker_of_the_conventions_accepts_the_file(out: Path) -> None:
    checker = Path(sys.executable).with_name("compliance-checker")
    command = [str(checker), "-t", "cf:1.8", "-f", "json", "-o", "-", str(out / "gridded_zone.nc")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # own process: it warns on import
    told = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])["cf:1.8"]
    wrong = [m for level in ("high_priorities", "medium_priorities") for check in told[level] for m in check["msgs"]]
    assert wrong == []
    assert told["scored_points"] > 100


def test_conventions(out: Path) -> None:
    """What a checker of the CF conventions asks of each variable."""
    with netcdf_file(out / "gridded_baseline.nc", mmap=False) as file:
        assert file.Conventions == b"CF-1.8"
        assert b"2024" in file.title
        assert file.variables["crs"].grid_mapping_name == b"transverse_mercator"
        assert file.variables["time"].units == b"hours since 2024-01-01 00:00:00"
        flux = file.variables["NO2"]
        assert flux.units == b"kg m-2 s-1"
        assert flux.standard_name == b"tendency_of_atmosphere_mass_content_of_nitrogen_dioxide_due_to_emission"
        assert flux.shape[0] == 24


def test_species_of_the_users_own(tmp_path: Path) -> None:
    result = run(tmp_path, 'species = "s.csv"\nepsg = 3857')
    assert result.exit_code == 0, result.output
    file = tmp_path / "out" / "gridded_baseline.nc"
    with netcdf_file(file, mmap=False) as opened:
        assert {"NOX", "PM"} <= set(opened.variables)
        assert opened.variables["NOX"].units == b"mol m-2 s-1"
    year = pl.read_csv(tmp_path / "out" / "summary.csv").filter(scenario="baseline", pollutant="NOx")["value_per_year"][
        0
    ]
    assert kg_per_day(file, "NOX") * 46.006 / 1000.0 == pytest.approx(year * 1000.0 / 365.25, rel=1e-9)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("epsg = 4326", "is no plane in metres"),
        ("epsg = 99", "no such projection"),
        ('species = "none.csv"', "none.csv"),
        ('species = "m.csv"', "species"),
    ],
)
def test_wrong_grids_are_told(tmp_path: Path, more: str, told: str) -> None:
    result = run(tmp_path, more)
    assert result.exit_code == 1
    assert told in result.output
    assert not (tmp_path / "out").exists()
