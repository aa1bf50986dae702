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
import shapely.ops
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.outputs.numbers import significant
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
    result = run(folder, 'ozone_ug_m3 = 40.0\nbackground_ug_m3 = { "PM2.5" = 12.0 }\n[uncertainty]\ndraws = 32')
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_exposure_has_bands_in_tables_and_report(out: Path) -> None:
    table = pl.read_csv(out / "exposure.csv")
    base, clean = (table.filter(scenario=s, pollutant="PM2.5").row(0, named=True) for s in ("baseline", "clean"))
    assert base["low_ug_m3"] < base["traffic_ug_m3"] < base["high_ug_m3"]
    assert clean["change_low_pct"] < clean["change_pct"] < clean["change_high_pct"]
    drawn = pl.read_csv(out / "uncertainty.csv").filter(figure="exposure", scenario="clean", pollutant="PM2.5")
    assert drawn["low"][0] == pytest.approx(clean["low_ug_m3"])
    told = f"{significant(base['traffic_ug_m3'])} ({significant(base['low_ug_m3'])}…{significant(base['high_ug_m3'])})"
    assert told in (out / "report.html").read_text(encoding="utf-8")


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


def test_every_vehicle_has_its_part_of_the_exposure(out: Path) -> None:
    """What people breathe adds up over vehicles and over classes to what links bring; a filter lowers it by the km."""
    told = pl.read_csv(out / "exposure.csv").filter(pl.col("pollutant") != "NO2")
    vehicles = pl.read_parquet(out / "vehicles.parquet")
    classes = pl.read_csv(out / "exposure_by_class.csv")
    assert classes.columns == [c.column for c in columns("exposure_by_class")]
    for row in told.iter_rows(named=True):
        name = {"PM2.5": "pm2_5"}.get(row["pollutant"], row["pollutant"].lower())
        own = vehicles.filter(scenario=row["scenario"])[f"{name}_exposure_people_ug_m3"].sum()
        assert own == pytest.approx(row["exposure_people_ug_m3"], rel=1e-9)
        of_class = classes.filter(scenario=row["scenario"], pollutant=row["pollutant"])
        assert of_class["exposure_people_ug_m3"].sum() == pytest.approx(row["exposure_people_ug_m3"], rel=1e-9)
        assert of_class["exposure_share"].sum() == pytest.approx(1.0)
    trucks = classes.filter(pollutant="PM2.5", stream="rigid_truck")
    per_km = {s: own["breathed_ug_per_km"].max() for (s,), own in trucks.group_by("scenario")}
    assert per_km["clean"] < per_km["baseline"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="exposure-by-class"' in page


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


def test_monitors_of_several_years_make_a_trend(tmp_path: Path) -> None:
    rows = "".join(f"a,3.004,0.0025,{year},NOx,{30 - 2 * k}\n" for k, year in enumerate((2024, 2025, 2026)))
    (tmp_path / "m.csv").write_text("monitor,lon,lat,year,pollutant,observed_ug_m3\n" + rows, encoding="utf-8")
    result = run(tmp_path, 'monitors = "m.csv"\n[turnover]\nto_year = 2026\n')
    assert result.exit_code == 0, result.output
    trend = pl.read_csv(tmp_path / "out" / "monitor_trend.csv")
    assert trend.columns == [c.column for c in columns("monitor_trend")]
    assert trend["year"].to_list() == [2024, 2025, 2026]
    assert trend["observed_pct_per_year"][0] == pytest.approx(-100.0 * 2.0 / 28.0)
    years = pl.read_csv(tmp_path / "out" / "by_year.csv").filter(scenario="baseline", pollutant="NOx").sort("year")
    scale = years["value_per_year"] / years["value_per_year"][0]
    now = pl.read_csv(tmp_path / "out" / "monitors.csv").filter(year=2024)["traffic_ug_m3"][0]
    assert trend["modelled_ug_m3"].to_list() == pytest.approx((scale * now).to_list())
    assert pl.read_csv(tmp_path / "out" / "monitor_fit.csv")["monitors"].to_list() == [1]
    assert 'id="air-trend"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


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


SEASONS = "month_from,month_to,hour_from,hour_to,wind_speed_m_s,stability\n4,9,6,21,3,D\n4,9,22,5,3,D\n10,3,6,21,3,D\n"


def test_winter_nights_with_stable_air_raise_the_mean_and_seasons_add_up(tmp_path: Path) -> None:
    """The same wind and traffic: only the nights of the cool months are made stable; types of day and seasons apart."""
    more = """meteorology = "w.csv"
[traffic]
day_types = "weekday_weekend"
seasons = { cool = [10, 11, 12, 1, 2, 3], warm = [4, 5, 6, 7, 8, 9] }
[gridded]
cell_m = 500.0
"""
    means = {}
    for name, night in (("neutral", "10,3,22,5,3,D\n"), ("stable", "10,3,22,5,3,F\n")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "w.csv").write_text(SEASONS + night, encoding="utf-8")
        result = run(folder, more)
        assert result.exit_code == 0, result.output
        table = pl.read_csv(folder / "out" / "exposure.csv")
        assert table["adjoint_off"].max() < 1e-12
        seasons = pl.read_csv(folder / "out" / "exposure_by_season.csv")
        assert seasons.columns == [c.column for c in columns("exposure_by_season")]
        parts = seasons.group_by("scenario", "pollutant").agg(
            pl.col("contribution_ug_m3").sum(), pl.col("emitted_share", "exposure_share", "time_share").sum()
        )
        both = table.join(parts, on=["scenario", "pollutant"])
        assert both.height == 4
        assert (both["contribution_ug_m3"] / both["traffic_ug_m3"] - 1.0).abs().max() < 1e-9
        for share in ("emitted_share", "exposure_share", "time_share"):
            assert both[share].to_list() == pytest.approx([1.0] * 4)
        own = seasons.filter(scenario="baseline", pollutant="NOx")
        means[name] = {(s, p): v for s, p, v in own.select("season", "part_of_day", "mean_ug_m3").iter_rows()}
        summary = pl.read_csv(folder / "out" / "summary.csv").filter(scenario="baseline", pollutant="NOx")
        weights = pl.read_parquet(folder / "out" / "exposure_weights.parquet").filter(pollutant="NOx")
        assert weights["day"].unique().sort().to_list() == [
            "cool weekday", "cool weekend", "warm weekday", "warm weekend"
        ]  # fmt: skip
        assert summary["value_per_year"][0] > 0.0
        means[name]["all"] = table.filter(scenario="baseline", pollutant="NOx")["traffic_ug_m3"][0]
    neutral, stable = means["neutral"], means["stable"]
    assert stable["cool", "night"] > 1.5 * neutral["cool", "night"]
    for same in (("cool", "day"), ("warm", "night"), ("warm", "day")):
        assert stable[same] == pytest.approx(neutral[same])
    assert stable["all"] > neutral["all"]
    page = (tmp_path / "stable" / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="air-seasons"' in page


def test_streets_between_buildings_are_flagged(out: Path, tmp_path: Path) -> None:
    """Walls along seven tenths of the road, 12 m off its axis; in the thin zones of the other run nothing is flagged."""
    line = shapely.LineString([(3.0 + 0.004 * i, 0.002 * (i % 3)) for i in range(6)])
    part = shapely.ops.substring(line, 0.0, 0.7, normalized=True)
    walls = [part.offset_curve(d).buffer(0.00003) for d in (0.00011, -0.00011)]
    gpd.GeoDataFrame({"height": [25.0, 25.0]}, geometry=walls, crs="EPSG:4326").to_file(tmp_path / "b.geojson")
    assert run(tmp_path, 'buildings = "b.geojson"').exit_code == 0
    made = tmp_path / "out"
    table = pl.read_csv(made / "street_canyons.csv")
    assert table.columns == [c.column for c in columns("street_canyons")]
    whole = table.filter(road_class="all").row(0, named=True)
    assert whole["told_by"] == "buildings"
    assert whole["canyon_links"] == whole["links"] == 2  # both directions
    assert whole["length_share"] == whole["emitted_share"] == whole["exposure_share"] == 1.0
    assert 0.0 < whole["people_share"] < 1.0
    assert whole["aspect"] == pytest.approx(25.0 / 17.8, rel=0.1)
    with closing(sqlite3.connect(made / "city.gpkg")) as database:
        flagged = database.execute("SELECT link_id, canyon_aspect FROM links WHERE canyon ORDER BY link_id").fetchall()
        layer = database.execute("SELECT COUNT(*) FROM canyon_links").fetchone()
    assert len(flagged) == layer[0] == 2
    assert all(aspect > 1.0 for _, aspect in flagged)
    findings = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["findings"]
    assert "inventory.air_canyons" in {f["code"] for f in findings}
    assert 'id="street-canyons"' in (made / "report.html").read_text(encoding="utf-8")
    guess = pl.read_csv(out / "street_canyons.csv").row(0, named=True)
    assert (guess["told_by"], guess["canyon_links"]) == ("density", 0)
