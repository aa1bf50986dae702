"""Hills from the command line: grades reach the inventory, the report and the manifest."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner, Result
from rasterio.crs import CRS
from rasterio.transform import Affine

from fleet_planner.cli.main import main

PLAN = (
    '[city]\nname = "x"\ncountry = "CL"\nyear = 2024\n[network]\nfile = "n.osm"\nelevation = ["hills"]\n'
    '[fleet]\nregistry = "r.csv"\n'
)
OSM = """<osm version='0.6'><node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="0.01"/>
<node id="3" lat="0.005" lon="0.01"/><way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
<way id="11"><nd ref="2"/><nd ref="3"/><tag k="highway" v="secondary"/></way></osm>"""
ROWS = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\nb1,bus,diesel,17500,2014,urban_bus,60000,3\n"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def city(folder: Path, east: float = 0.0) -> Path:
    """A town on a plane that rises by 8 % to the east; its raster lies ``east`` degrees away."""
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    (folder / "r.csv").write_text(ROWS, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    (folder / "hills").mkdir()
    cell, size = 1 / 3600, 80
    x = (np.arange(size) + 0.5) * cell * 111_195.0
    profile = {
        "driver": "GTiff",
        "count": 1,
        "dtype": "float32",
        "height": size,
        "width": size,
        "crs": CRS.from_epsg(4326),
    }
    at = Affine(cell, 0.0, east - 0.005, 0.0, -cell, 0.012)
    with rasterio.open(folder / "hills" / "z.tif", "w", **profile, transform=at) as out:
        out.write(np.tile(0.08 * x, (size, 1)).astype(np.float32), 1)
    return folder / "plan.toml"


@pytest.mark.slow
def test_hills_reach_every_output(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = call("run", city(tmp_path), "--out", out)
    assert result.exit_code == 0, result.output
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    rows = {r["pollutant"]: r for r in manifest["terrain"]}
    assert rows["NOx"]["value_per_year"] > 1.05 * rows["NOx"]["flat_per_year"]
    assert rows["CO2"]["change_pct"] == pytest.approx(
        100 * (rows["CO2"]["value_per_year"] / rows["CO2"]["flat_per_year"] - 1)
    )
    assert rows["PM2.5_non_exhaust"]["change_pct"] == 0.0
    codes = {f["code"]: f for f in manifest["findings"]}
    assert codes["network.grade"]["share"] == 1.0
    assert codes["inventory.steep"]["count"] == 2
    assert "network.flat" not in codes
    assert [f["path"] for f in manifest["inputs"] if f["role"] == "elevation"] == [str(Path("hills/z.tif"))]
    links = gpd.read_file(out / "city.gpkg", layer="links")
    assert sorted(links["grade_pct"].round(1)) == [-8.0, 0.0, 0.0, 8.0]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<table id="terrain">' in page
    assert "as if all roads were level" in page
    assert call("report", out, "--language", "zh").exit_code == 0
    assert "按平坦" in (out / "report.zh.html").read_text(encoding="utf-8")


def test_a_flat_run_says_so_and_shows_no_hills(tmp_path: Path) -> None:
    plan = city(tmp_path)
    plan.write_text(PLAN.replace('elevation = ["hills"]\n', ""), encoding="utf-8")
    assert call("run", plan, "--out", tmp_path / "out").exit_code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["terrain"] == []
    assert "network.flat" in {f["code"] for f in manifest["findings"]}
    assert '<table id="terrain">' not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_raster_of_another_city_is_one_error(tmp_path: Path) -> None:
    result = call("run", city(tmp_path, east=3.0), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.count("Error") == 1
    assert "no height for any road of the city" in result.stderr
    assert "2.995..3.017 E" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_network_is_built_with_grades(tmp_path: Path) -> None:
    city(tmp_path)
    result = call(
        "network", "build", "--osm", tmp_path / "n.osm", "--elevation", tmp_path / "hills", "--out", tmp_path / "l.gpkg"
    )
    assert result.exit_code == 0, result.output
    assert "come from the elevation raster" in result.output
    assert sorted(gpd.read_file(tmp_path / "l.gpkg")["grade_pct"].round(1)) == [-8.0, 0.0, 0.0, 8.0]
