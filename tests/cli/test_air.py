"""Air near roads from the command line: concentrations, exposure, weights that the mix reads."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import polars as pl
import pytest
import shapely
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns

NODES = "".join(f"<node id='{i + 1}' lat='{0.002 * (i % 3)}' lon='{3.0 + 0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n" + "".join(
    f"t{y},heavy_truck,diesel,12000,{y},rigid_truck,40000,300\n" for y in (2008, 2014, 2020)
)
PLAN = """[city]
name = "x"
country = "CN"
year = 2024
[network]
file = "n.osm"
zones = "z.geojson"
[fleet]
registry = "r.csv"
[impacts]
pollutants = ["NOx", "PM2.5"]
finest_m = 100.0
coarsest_m = 400.0
{more}
[[scenario]]
name = "clean"
title = "clean"
[[scenario.measure]]
measure = "dpf_passive"
streams = ["rigid_truck"]
uptake = 1.0
"""


def run(folder: Path, more: str = "", zones: str = "z.geojson") -> Result:
    shapes = [shapely.box(2.998, -0.004, 3.01, 0.008), shapely.box(3.01, -0.004, 3.03, 0.008)]
    frame = gpd.GeoDataFrame({"zone_id": ["a", "b"], "population": [4000.0, 1000.0]}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(folder / "z.geojson")
    plan = PLAN.format(more=more).replace('zones = "z.geojson"\n', f'zones = "{zones}"\n' if zones else "")
    for name, text in {"n.osm": OSM, "r.csv": REGISTRY, "plan.toml": plan}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("air")
    result = run(folder, 'ozone_ug_m3 = 40.0\nbackground_ug_m3 = { "PM2.5" = 12.0 }')
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_exposure_by_scenario(out: Path) -> None:
    table = pl.read_csv(out / "exposure.csv")
    assert table.columns == [c.column for c in columns("exposure")]
    assert table["pollutant"].to_list() == ["NOx", "PM2.5", "NO2"] * 2
    base = table.filter(scenario="baseline", pollutant="PM2.5").row(0, named=True)
    clean = table.filter(scenario="clean", pollutant="PM2.5").row(0, named=True)
    assert base["people"] == pytest.approx(5000.0)
    assert base["background_ug_m3"] == 12.0
    assert base["exposure_people_ug_m3"] == pytest.approx(base["traffic_ug_m3"] * 5000.0)
    assert 0.0 < clean["traffic_ug_m3"] < base["traffic_ug_m3"] < base["highest_ug_m3"]
    assert clean["change_pct"] == pytest.approx((clean["traffic_ug_m3"] / base["traffic_ug_m3"] - 1) * 100)
    assert table["adjoint_off"].drop_nulls().max() < 1e-12
    assert 0.1 < base["intake_fraction_ppm"] < 500.0
    nox = table.filter(scenario="baseline", pollutant="NOx")["traffic_ug_m3"][0]
    assert 0.0 < table.filter(scenario="baseline", pollutant="NO2")["traffic_ug_m3"][0] < nox


def test_the_page_says_that_the_weather_is_made_up(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    section = page[page.index('id="air"') :]
    assert "made-up example" in section[: section.index("</section>")]


def test_the_exposure_is_emissions_times_weights(out: Path) -> None:
    """The annual mean at all hours alike: weights of the hours, averaged with the day's emissions of each link."""
    weights = pl.read_parquet(out / "exposure_weights.parquet")
    assert weights.columns == ["link_id", "hour", "pollutant", "weight"]
    assert weights["hour"].n_unique() == 24
    span = (
        weights.filter(pollutant="NOx")
        .group_by("link_id")
        .agg(pl.col("weight").min().alias("least"), pl.col("weight").max().alias("most"))
    )
    links = pl.read_parquet(out / "links.parquet").filter(scenario="baseline").join(span, on="link_id")
    kg = links["nox_kg_per_day"]
    told = pl.read_csv(out / "exposure.csv").filter(scenario="baseline", pollutant="NOx")["exposure_people_ug_m3"][0]
    assert (kg * links["least"]).sum() < told < (kg * links["most"]).sum()


def test_a_night_kilogram_weighs_more(out: Path) -> None:
    """The example's nights are stable, its noons unstable."""
    weights = pl.read_parquet(out / "exposure_weights.parquet").filter(pollutant="NOx")
    by_hour = dict(weights.group_by("hour").agg(pl.col("weight").sum()).iter_rows())
    assert by_hour[2] > 2 * by_hour[13]


def test_the_layer_is_drawn(out: Path) -> None:
    with closing(sqlite3.connect(out / "city.gpkg")) as database:
        rows = database.execute(
            "SELECT SUM(people), MAX(nox_ug_m3_baseline), MAX(no2_ug_m3_clean) FROM air_points"
        ).fetchone()
        styled = database.execute("SELECT COUNT(*) FROM layer_styles WHERE f_table_name = 'air_points'").fetchone()
    assert rows[0] == pytest.approx(5000.0)
    assert rows[1] > 0.0
    assert rows[2] > 0.0
    assert styled[0] >= 1


def test_the_least_cost_mix_reads_the_weights(tmp_path: Path) -> None:
    more = """ozone_ug_m3 = 40.0
[turnover]
to_year = 2030
[portfolio]
measures = ["dpf_passive"]
weights = "exposure_weights.parquet"
weights_unit = "people µg/m3 per kg a day"
[[portfolio.weighted_target]]
name = "exposure"
pollutants = ["PM2.5"]
cut_pct = 5.0
year = 2030
"""
    result = run(tmp_path, more)
    assert result.exit_code == 0, result.output
    (tmp_path / "exposure_weights.parquet").write_bytes((tmp_path / "out" / "exposure_weights.parquet").read_bytes())
    mix = CliRunner().invoke(main, ["portfolio", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "mix")])
    assert mix.exit_code == 0, mix.output
    check = pl.read_csv(tmp_path / "mix" / "portfolio_check.csv")
    assert any("weighted" in str(v) for v in check[check.columns[0]].to_list() + check.columns), check


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('meteorology = "none.csv"', "no such file"),
        ('background_ug_m3 = { "Pb" = 1.0 }', "a background of what is not followed"),
        ("reach_m = 0.0", "reach_m"),
    ],
)
def test_wrong_keys_are_told(tmp_path: Path, more: str, told: str) -> None:
    result = run(tmp_path, more)
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output


def test_without_people_concentrations_are_told(tmp_path: Path) -> None:
    result = run(tmp_path, zones="")
    assert result.exit_code == 0, result.output
    table = pl.read_csv(tmp_path / "out" / "exposure.csv")
    assert table["exposure_people_ug_m3"].sum() == 0.0
    assert table["highest_ug_m3"].min() > 0.0
    assert "No zone has people" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


MONITORS = (
    "monitor,lon,lat,pollutant,observed_ug_m3\na,3.004,0.0025,NOx,20\nb,3.008,0.005,NOx,30\nc,3.012,0.001,PM2.5,14\n"
)


def test_monitors_in_the_run_and_alone(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(MONITORS, encoding="utf-8")
    result = run(tmp_path, 'monitors = "m.csv"\nbackground_ug_m3 = { "PM2.5" = 12.0 }')
    assert result.exit_code == 0, result.output
    told = pl.read_csv(tmp_path / "out" / "monitors.csv")
    assert told["background_ug_m3"].to_list() == [0.0, 0.0, 12.0]
    assert (told["modelled_ug_m3"] - told["background_ug_m3"] - told["traffic_ug_m3"]).abs().max() < 1e-12
    assert told["traffic_ug_m3"].min() > 0.0
    written = pl.read_csv(tmp_path / "out" / "monitor_fit.csv")
    again = CliRunner().invoke(main, ["evaluate", str(tmp_path / "plan.toml"), "--json"])
    assert again.exit_code == 0, again.output
    for row, want in zip(json.loads(again.stdout), written.to_dicts(), strict=True):
        assert row == pytest.approx(want)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Model against monitors" in page
    assert 'id="air"' in page
    other = tmp_path / "n.csv"
    other.write_text(MONITORS.replace("PM2.5", "BC"), encoding="utf-8")
    wrong = CliRunner().invoke(main, ["evaluate", str(tmp_path / "plan.toml"), "--monitors", str(other)])
    assert wrong.exit_code == 1
    assert "row 4, column pollutant" in wrong.output


def test_the_formulas_are_held_against_a_tracer_release(out: Path) -> None:
    printed = CliRunner().invoke(main, ["evaluate", "--tracer", "--json"])
    assert printed.exit_code == 0, printed.output
    written = pl.read_csv(out / "tracer_fit.csv")
    assert written.columns == [c.column for c in columns("tracer_fit")]
    for row, want in zip(json.loads(printed.stdout), written.to_dicts(), strict=True):
        assert row == pytest.approx(want)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Idaho Falls" in page[page.index('id="air-tracer"') :]
    for words in (["evaluate"], ["evaluate", "plan.toml", "--tracer"]):
        assert CliRunner().invoke(main, words).exit_code == 2


def test_every_column_of_the_fit_has_a_head(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(MONITORS, encoding="utf-8")
    assert run(tmp_path, 'monitors = "m.csv"').exit_code == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    section = page[page.index('id="air-monitors"') :]
    section = section[: section.index("</section>")]
    head = section[: section.index("</thead>")].replace("<thead>", "")
    assert head.count("<th") == section[section.index("<tbody") :].split("</tr>")[0].count("<td")
