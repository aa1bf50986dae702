"""`fleet-planner clip`: areas of a run, cut by the length of their links, add up to the city."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.cli.main import main
from fleet_planner.outputs.numbers import significant
from fleet_planner.pipeline.clipping.clipped import agency_codes
from tests.cli.test_cli import HEADER, PLAN

ROADS = """<osm version='0.6'><node id="1" lat="34.0" lon="-118.00"/><node id="2" lat="34.0" lon="-117.96"/>
<node id="3" lat="34.02" lon="-117.96"/><way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
<way id="11"><nd ref="2"/><nd ref="3"/><tag k="highway" v="secondary"/></way></osm>"""
ROWS = """b1,bus,diesel,17500,2014,urban_bus,60000,3
t1,heavy_truck,diesel,24000,2010,rigid_truck,20000,4
t2,heavy_truck,diesel,12000,2016,rigid_truck,20000,5
v1,light_commercial,diesel,2500,2016,light_commercial,15000,8"""
SEASONS = "\n[traffic.seasons]\nsummer = [6, 7, 8]\nrest = [9, 10, 11, 12, 1, 2, 3, 4, 5]\n"
ELECTRIC = '\n[[scenario]]\nname = "electric"\ntitle = "Electric buses"\n[[scenario.measure]]\nmeasure = "bev_bus"\n'
WEST, EAST = (-118.1, -117.98), (-117.98, -117.9)


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def square(name: str, lon: tuple[float, float], lat: tuple[float, float] = (33.9, 34.1)) -> dict[str, object]:
    ring = [[lon[0], lat[0]], [lon[1], lat[0]], [lon[1], lat[1]], [lon[0], lat[1]], [lon[0], lat[0]]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"name": name, "number": 7}, "geometry": shape}


def polygons(folder: Path, *features: dict[str, object]) -> Path:
    path = folder / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


SITES = (
    "machine_id,category,power_kw,stage,model_year,site,lon,lat,count\n"
    "a,excavator,120,,2018,Tower,-118.05,34.0,20\nb,forklift,45,tier 3,,Port,-117.96,34.0,9\n"
)


def ran(folder: Path, country: str, more: str) -> Path:
    (folder / "plan.toml").write_text(PLAN.replace('"CL"', f'"{country}"') + more, encoding="utf-8")
    (folder / "r.csv").write_text(f"{HEADER}\n{ROWS}\n", encoding="utf-8")
    (folder / "n.osm").write_text(ROADS, encoding="utf-8")
    result = call("run", folder / "plan.toml", "--out", folder / "out")
    assert result.exit_code == 0, result.output
    return folder / "out"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ran(tmp_path_factory.mktemp("la"), "US-CA", SEASONS + ELECTRIC)


def test_a_partition_adds_up_to_the_city(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = call(
        "clip", run, "--polygon", polygons(tmp_path, square("west", WEST), square("east", EAST)), "--out", out
    )
    assert result.exit_code == 0, result.output
    totals = pl.read_csv(out / "area_totals.csv")
    assert totals["area"].unique(maintain_order=True).to_list() == ["west", "east", "(rest)"]
    city = {(s, p): v for s, p, v in pl.read_csv(run / "summary.csv")["scenario", "pollutant", "value_per_year"].rows()}
    sums = totals.group_by("scenario", "pollutant").agg(pl.col("value_per_year").sum())
    assert len(sums) == len(city)
    for scenario, pollutant, value in sums.iter_rows():
        assert value == pytest.approx(city[scenario, pollutant], rel=1e-9)
    classes = pl.read_csv(out / "area_classes.csv")
    by_class = classes.group_by("area", "scenario", "pollutant").agg(pl.col("value_per_year").sum().alias("own"))
    joined = totals.join(by_class, on=["area", "scenario", "pollutant"])
    assert joined["own"].to_list() == pytest.approx(joined["value_per_year"].to_list(), rel=1e-9)
    verified = call("verify", out)
    assert verified.exit_code == 0, verified.output
    again = call("rerun", out, "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output


def test_links_are_cut_by_their_length(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("clip", run, "--polygon", polygons(tmp_path, square("west", WEST)), "--out", out).exit_code == 0
    with closing(sqlite3.connect(out / "areas.gpkg")) as database:
        rows = database.execute("SELECT link_id, share_inside, nox_kg_per_day_baseline FROM area_links").fetchall()
        areas = database.execute("SELECT area, nox_kg_per_day_baseline FROM areas").fetchall()
    links = pl.read_parquet(run / "links.parquet").filter(scenario="baseline")
    whole = dict(links.select("link_id", "nox_kg_per_day").iter_rows())
    assert len(rows) == 2  # both directions of the road that runs from west to east; half of it lies in the west
    for link, share, nox in rows:
        assert share == pytest.approx(0.5, abs=1e-9)
        assert nox == pytest.approx(0.5 * whole[link])
    assert areas == [("west", pytest.approx(sum(r[2] for r in rows)))]


def test_short_tons_a_day_by_class_of_california(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    everywhere = polygons(tmp_path, square("all", (-119.0, -117.0)))
    assert call("clip", run, "--polygon", everywhere, "--out", out).exit_code == 0
    agency = pl.read_csv(out / "area_agency.csv")
    assert set(agency["agency"]) == {"CARB"}
    assert set(agency["unit"]) == {"short_ton/day"}
    assert set(agency["period"]) == {"annual_average_day", "summer_day"}
    assert set(agency["code"]) == {"UBUS", "MHD", "HHD", "LDT1-2"}
    nox = agency.filter(scenario="baseline", pollutant="NOx", period="annual_average_day")["value"].sum()
    summary = pl.read_csv(run / "summary.csv").filter(scenario="baseline", pollutant="NOx")
    assert nox == pytest.approx(summary["value_per_year"].item() / 365.25 / 0.90718474, rel=1e-9)
    summer = agency.filter(scenario="baseline", pollutant="NOx", period="summer_day")["value"].sum()
    assert summer == pytest.approx(nox, rel=0.3)
    assert summer != nox


def test_areas_that_overlap_are_told_one_by_one(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = polygons(tmp_path, square("west", WEST), square("all", (-119.0, -117.0)))
    assert call("clip", run, "--polygon", both, "--out", out).exit_code == 0
    totals = pl.read_csv(out / "area_totals.csv").filter(scenario="baseline", pollutant="NOx")
    assert totals["area"].to_list() == ["west", "all"]
    assert totals["share_of_city_pct"][1] == pytest.approx(100.0)
    assert "do not add up" in (out / "areas.html").read_text(encoding="utf-8")


def test_tons_by_class_fuel_and_standard_of_china(tmp_path: Path) -> None:
    run = ran(tmp_path, "CN-BJ", "")
    out = tmp_path / "areas"
    areas = polygons(tmp_path, square("西区", WEST))
    result = call("clip", run, "--polygon", areas, "--out", out, "--language", "zh")
    assert result.exit_code == 0, result.output
    agency = pl.read_csv(out / "area_agency.csv")
    assert set(agency["unit"]) == {"t/year"}
    assert {"公交客车", "重型载货汽车", "轻型载货汽车"} <= set(agency["title_zh"])
    assert agency["standard"].null_count() == 0
    pages = [(out / n).read_text(encoding="utf-8") for n in ("areas.html", "areas.en.html")]
    cells = [re.findall(r'<td class="n">([^<]*)</td>', page) for page in pages]
    assert cells[0] == cells[1]
    assert "西区" in pages[0]
    assert "市域其余部分" in pages[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose plan names two areas that do not cover the city, and machines in one and outside."""
    folder = tmp_path_factory.mktemp("districts")
    polygons(folder, square("west", WEST), square("<north>", EAST, (34.01, 34.1)))
    (folder / "m.csv").write_text(SITES, encoding="utf-8")
    more = '\n[nonroad]\nfile = "m.csv"\n[report]\nareas = "areas.geojson"\nunits = "us"\n'
    more += "[uncertainty]\ndraws = 16\ndrivers = false\n"
    return ran(folder, "US-CA", more + SEASONS + ELECTRIC)


def test_areas_of_a_run_with_draws_have_bands(told: Path) -> None:
    totals = pl.read_csv(told / "area_totals.csv").filter(pl.col("value_per_year") > 0.0, pollutant="NOx")
    assert (totals["low_per_year"] < totals["value_per_year"]).all()
    assert (totals["high_per_year"] > totals["value_per_year"]).all()
    row = totals.filter(area="west", scenario=totals["scenario"][0]).row(0, named=True)
    page = (told / "report.html").read_text(encoding="utf-8")
    scale = 1.0 / 0.90718474  # the page is in short tons
    ends = "[{}–{}]".format(*(significant(scale * row[k]) for k in ("low_per_year", "high_per_year")))
    assert ends in page


def test_a_run_tells_the_areas_of_its_plan(told: Path) -> None:
    summary = pl.read_csv(told / "summary.csv")
    totals = pl.read_csv(told / "area_totals.csv")
    assert totals["area"].unique(maintain_order=True).to_list() == ["west", "<north>", "(rest)"]
    key = ["scenario", "pollutant"]
    for column in ("value_per_year", "non_road_per_year"):
        sums = totals.group_by(key).agg(pl.col(column).sum().alias("areas")).join(summary, on=key)
        assert sums["areas"].to_list() == pytest.approx(sums[column].to_list(), rel=1e-9)
    machines = dict(totals.filter(scenario="baseline", pollutant="NOx").select("area", "non_road_per_year").iter_rows())
    sites = dict(pl.read_csv(told / "machines.csv").select("site", "nox_kg_per_day").iter_rows())
    expected = {"west": sites["Tower"], "<north>": 0.0, "(rest)": sites["Port"]}
    assert machines == pytest.approx({a: v * 365.25 / 1000.0 for a, v in expected.items()})
    verified = call("verify", told)
    assert verified.exit_code == 0, verified.output


def test_the_agency_s_classes_of_the_whole_city(told: Path) -> None:
    summary = pl.read_csv(told / "summary.csv").filter(scenario="baseline", pollutant="NOx")
    city = pl.read_csv(told / "by_agency.csv").filter(scenario="baseline", pollutant="NOx")
    assert set(city["code"]) == {"UBUS", "MHD", "HHD", "LDT1-2", "OFFROAD"}
    day = city.filter(period="annual_average_day")["value"].sum()
    assert day == pytest.approx(summary["value_per_year"].item() / 365.25 / 0.90718474, rel=1e-9)
    areas = pl.read_csv(told / "area_agency.csv").filter(scenario="baseline", pollutant="NOx")
    for period in ("annual_average_day", "summer_day"):
        parts = areas.filter(period=period)["value"].sum()
        assert parts == pytest.approx(city.filter(period=period)["value"].sum(), rel=1e-9)


def test_the_report_has_a_chapter_and_outlines(told: Path) -> None:
    assert call("report", told, "--language", "zh").exit_code == 0
    pages = [(told / n).read_text(encoding="utf-8") for n in ("report.html", "report.zh.html")]
    chapters = [re.search(r'<section id="districts">.*?</section>', p, re.DOTALL) for p in pages]
    assert all(chapters)
    english, chinese = (str(c.group()) for c in chapters if c)
    assert "&lt;north&gt;" in english
    assert "市域其余部分" in chinese
    assert "US short tons a year" in english
    cells = [re.findall(r'<td class="n">([^<]*)</td>', c) for c in (english, chinese)]
    assert cells[0] == cells[1]
    data = json.loads((told / "report_data.json").read_text(encoding="utf-8"))
    assert data["map"]["areas"] == {"rings": [5, 5], "names": ["west", "<north>"]}
    with closing(sqlite3.connect(told / "city.gpkg")) as database:
        rows = database.execute("SELECT area, nox_kg_per_day_baseline FROM areas").fetchall()
    totals = pl.read_csv(told / "area_totals.csv").filter(scenario="baseline", pollutant="NOx")
    year = dict(totals.select("area", "value_per_year").iter_rows())
    assert {a: kg * 365.25 / 1000.0 for a, kg in rows} == pytest.approx({a: year[a] for a, _ in rows})


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--name", "district"], ["no such column", "name, number"]),
        (["--polygon", "none.geojson"], ["no such polygon file"]),
    ],
)
def test_what_cannot_be_cut(run: Path, tmp_path: Path, options: list[str], parts: list[str]) -> None:
    areas = polygons(tmp_path, square("west", WEST))
    result = call("clip", run, "--polygon", areas, "--out", tmp_path / "out", *options)
    assert result.exit_code == 1
    assert result.stderr.count("Error") == 1
    assert all(p in result.stderr for p in parts), result.stderr
    assert not (tmp_path / "out").exists()


MASS = st.floats(1.0, 60000.0)


@given(st.sampled_from(["light_commercial", "heavy_truck", "bus", "passenger_car", "l_category"]), MASS)
def test_every_vehicle_has_a_class(category: str, mass: float) -> None:
    for agency in ("CARB", "MEE"):
        rows = pl.DataFrame({"category": [category], "stream": ["visiting_coach"], "gross_mass_kg": [mass]})
        code = agency_codes(rows, agency).item()
        assert code or (category == "light_commercial" and mass > 6350.0)


def test_classes_at_their_limits() -> None:
    # EMFAC: light heavy-duty 2 up to 14,000 lb, medium heavy-duty up to 33,000 lb; GA 802: heavy from 12,000 kg
    rows = pl.DataFrame(
        {
            "category": ["heavy_truck"] * 4,
            "stream": ["rigid_truck"] * 4,
            "gross_mass_kg": [6350.2, 6350.4, 14968.4, 14968.8],
        }
    )
    assert agency_codes(rows, "CARB").to_list() == ["LHD2", "MHD", "MHD", "HHD"]
    heavy = rows.with_columns(pl.Series("gross_mass_kg", [4499.0, 4500.0, 11999.0, 12000.0]))
    assert agency_codes(heavy, "MEE").to_list() == ["light_truck", "medium_truck", "medium_truck", "heavy_truck"]
