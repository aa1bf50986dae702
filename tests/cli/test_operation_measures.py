"""Measures in operation from the plan to the report: the embedded city, and later years on a small one."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.tables import columns
from tests.cli.test_later_years import TURNOVER, call

AREA = [[[-71.262, -29.915], [-71.235, -29.915], [-71.235, -29.895], [-71.262, -29.895], [-71.262, -29.915]]]
SCENARIOS = """
[[scenario]]
name = "centre"
title = "Clean centre"
title_zh = "清洁市中心"
[[scenario.measure]]
measure = "dpf_passive"
streams = ["rigid_truck"]
standards = ["euro_IV"]
[[scenario.operation.zone]]
area = "centre.geojson"
streams = ["rigid_truck", "articulated_truck"]
standards = ["conventional", "euro_I", "euro_II", "euro_III"]
fuels = ["diesel"]
hours = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
responses = { ignore = 0.1, reroute = 0.4, replace = 0.3, cancel = 0.1, other_hours = 0.1 }
capex_usd2024 = 500000.0
opex_usd2024_per_year = 100000.0
[[scenario.operation.speed_limit]]
limit_kmh = 30.0
area = "centre.geojson"

[[scenario]]
name = "freight"
title = "Freight"
[[scenario.operation.eco_driving]]
streams = ["urban_bus"]
[[scenario.operation.rail_shift]]
streams = ["articulated_truck"]
share = 0.2

[[scenario]]
name = "reassigned"
title = "Reassigned"
[[scenario.operation.reassign]]
streams = ["rigid_truck"]

[[scenario]]
name = "freight_too"
title = "The same in another order"
[[scenario.operation.rail_shift]]
streams = ["articulated_truck"]
share = 0.2
[[scenario.operation.eco_driving]]
streams = ["urban_bus"]
"""


def polygon(folder: Path, ring: object) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": ring}}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (folder / "centre.geojson").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def out(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the embedded city with its heavy vehicles alone."""
    folder = tmp_path_factory.mktemp("coquimbo")
    source = repository / "inputs" / "coquimbo"
    text = (source / "plan.toml").read_text(encoding="utf-8")
    plan = text[: text.index("[[scenario]]")].replace('assumptions = "assumptions.csv"\n', "")
    plan = re.sub(r"visiting_share = .*\n", "visiting_share = { articulated_truck = 0.6 }\n", plan)
    (folder / "plan.toml").write_text(plan + SCENARIOS, encoding="utf-8")
    polygon(folder, AREA)
    registry = pl.read_csv(source / "registry.csv", infer_schema=False)
    registry.filter(pl.col("category").is_in(["bus", "heavy_truck"])).write_csv(folder / "registry.csv")
    result = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_the_account_of_vehicle_km_closes(out: Path) -> None:
    table = pl.read_csv(out / "operation.csv")
    assert table.columns == [c.column for c in columns("operation")]
    assert table.select("scenario", "step", "measure_id").rows() == [
        ("centre", 1, "zone"),
        ("centre", 2, "speed_limit"),
        ("freight", 1, "rail_shift"),
        ("freight", 2, "eco_driving"),
        ("reassigned", 1, "reassign"),
        ("freight_too", 1, "rail_shift"),
        ("freight_too", 2, "eco_driving"),
    ]
    zone = table.row(0, named=True)
    held = zone["concerned_km_per_day"]
    assert held > 100.0
    for fate, part in (
        ("ignored", 0.1),
        ("rerouted", 0.4),
        ("replaced", 0.3),
        ("cancelled", 0.1),
        ("other_hours", 0.1),
    ):
        assert zone[f"{fate}_km_per_day"] == pytest.approx(part * held)
    assert zone["detour_km_per_day"] == pytest.approx(0.1 * 0.4 * held)
    change = zone["vkt_after_km_per_day"] - zone["vkt_before_km_per_day"]
    assert change == pytest.approx((0.04 - 0.1) * held, rel=1e-6)
    assert (table["gap_km_per_day"].abs() < 1e-6).all()
    assert table["driving_h_change_per_day"][1] > 0.0
    closures = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["closure"]
    assert max(v for own in closures.values() for v in own.values()) < 1e-9


def test_links_carry_the_traffic_of_their_scenario(out: Path) -> None:
    links = pl.read_parquet(out / "links.parquet", columns=["link_id", "scenario", "vkt_per_day"])
    km = dict(links.group_by("scenario").agg(pl.col("vkt_per_day").sum()).rows())
    table = pl.read_csv(out / "operation.csv")
    for scenario in ("centre", "freight"):
        last = table.filter(scenario=scenario).sort("step")["vkt_after_km_per_day"][-1]
        assert km[scenario] == pytest.approx(last, rel=1e-9)
    at = {
        s: rows["vkt_per_day"].to_numpy()
        for (s,), rows in links.sort("link_id").group_by("scenario", maintain_order=True)
    }
    assert (at["centre"] > at["baseline"] * (1.0 + 1e-9)).any()  # roads round the zone
    assert abs(at["reassigned"] - at["baseline"]).max() < 1e-6  # who drives changes, not where how much is driven


def test_effects_add_up_to_the_summary(out: Path) -> None:
    effects = pl.read_csv(out / "operation_effects.csv")
    assert effects.columns == [c.column for c in columns("operation_effects")]
    summary = pl.read_csv(out / "summary.csv")
    at = {(s, p): v for s, p, v in summary.select("scenario", "pollutant", "value_per_year").rows()}
    for scenario in ("centre", "freight"):
        nox = effects.filter(scenario=scenario, pollutant="NOx").sort("step")
        assert nox["after_per_year"][-1] == pytest.approx(at[scenario, "NOx"], rel=1e-9)
        assert nox["before_per_year"][1] == pytest.approx(nox["after_per_year"][0], rel=1e-12)
    # filters leave NOx alone: the first measure in operation begins at the baseline
    assert effects.filter(scenario="centre", pollutant="NOx")["before_per_year"][0] == pytest.approx(
        at["baseline", "NOx"], rel=1e-9
    )
    zone = effects.filter(scenario="centre", step=1, pollutant="PM_exhaust").row(0, named=True)
    inside = zone["inside_after_per_year"] - zone["inside_before_per_year"]
    assert inside < zone["net_change_per_year"] < 0.0  # part of what leaves the zone is driven round it
    rail = effects.filter(scenario="freight", step=1, pollutant="NOx").row(0, named=True)
    assert rail["off_road_per_year"] > 0.0
    assert rail["net_change_per_year"] == pytest.approx(
        rail["after_per_year"] - rail["before_per_year"] + rail["off_road_per_year"]
    )
    for pollutant in ("NOx", "PM_exhaust", "CO2"):
        assert at["freight", pollutant] == at["freight_too", pollutant]


def test_reassigning_is_nearly_free_and_cuts_exposure(out: Path) -> None:
    effects = pl.read_csv(out / "operation_effects.csv").filter(scenario="reassigned")
    pm = effects.filter(pollutant="PM_exhaust").row(0, named=True)
    assert pm["exposure_change_pct"] < -5.0  # people breathe less of it than the little that less is emitted
    assert pm["exposure_change_pct"] < 2.0 * min(pm["net_change_pct"], 0.0)
    table = pl.read_csv(out / "operation.csv").filter(scenario="reassigned").row(0, named=True)
    assert table["vkt_after_km_per_day"] == pytest.approx(table["vkt_before_km_per_day"], rel=1e-9)
    assert table["bought"] == 0.0
    with sqlite3.connect(out / "city.gpkg") as database:
        capex, opex = database.execute(
            "SELECT capex_usd2024, opex_usd2024_per_year FROM costs WHERE measure_id = 'reassign'"
        ).fetchone()
    assert pm["exposure_equivalent_per_year"] == pytest.approx(
        -pm["exposure_change_pct"] / 100.0 * pm["before_per_year"]
    )
    assert pm["usd2024_per_exposure_unit"] == pytest.approx(
        pm["cost_usd2024_per_year"] / pm["exposure_equivalent_per_year"]
    )
    assert pm["exposure_equivalent_per_year"] > 2.0 * -pm["net_change_per_year"]
    assert (capex, opex) == (0.0, pytest.approx(12.0 * table["vehicles"]))
    curve = pl.read_csv(out / "abatement_curve.csv").filter(pollutant="PM2.5")
    bar = curve.filter(option="reassign").row(0, named=True)
    both = effects.filter(pl.col("pollutant").is_in(["PM_exhaust", "PM2.5_non_exhaust"]))["net_change_per_year"].sum()
    assert bar["avoided_per_year"] == pytest.approx(-both)
    assert curve["usd_per_unit"].is_sorted()
    assert curve["cumulative_avoided_per_year"][-1] == pytest.approx(curve["avoided_per_year"].sum())
    assert "exposure −" in (out / "report.html").read_text(encoding="utf-8")


def test_costs_stand_beside_those_of_measures_on_vehicles(out: Path) -> None:
    with sqlite3.connect(out / "city.gpkg") as database:
        told = database.execute("SELECT scenario, measure_id FROM operation WHERE step = 1 AND bought > 0").fetchall()
        cuts = database.execute("SELECT COUNT(*) FROM operation_effects WHERE pollutant = 'NOx'").fetchone()
        rows = database.execute(
            "SELECT scenario, measure_id, capex_usd2024, opex_usd2024_per_year, energy_cost_usd2024_per_year, checked FROM costs"
        ).fetchall()
    assert told == [("centre", "zone")]
    assert cuts == (7,)
    costs = {(s, m): rest for s, m, *rest in rows}
    assert set(costs) == {
        ("centre", "dpf_passive"), ("centre", "zone"), ("centre", "speed_limit"),
        ("freight", "rail_shift"), ("freight", "eco_driving"), ("reassigned", "reassign"), ("freight_too", "rail_shift"), ("freight_too", "eco_driving"),
    }  # fmt: skip
    bought = pl.read_csv(out / "operation.csv")["bought"][0]
    # 60,000 dollars of 2021 a truck, and the plan's half million
    assert costs["centre", "zone"][0] == pytest.approx(500000.0 + bought * 60000.0 * 313.689 / 270.97, rel=1e-3)
    assert costs["centre", "zone"][1] == pytest.approx(100000.0)
    assert costs["centre", "zone"][3] == "no"
    assert costs["freight", "rail_shift"][2] < 0.0
    assert costs["freight", "eco_driving"][2] < 0.0


def test_the_report_shows_them_in_both_languages(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    section = page[page.index('id="operations"') :]
    assert "round the area 40.0 %" in section
    assert "tonne-km a day by rail" in section
    assert "Bornioli and others 2018" in page
    assert "rests on figures that were not checked" in page
    again = CliRunner().invoke(main, ["report", str(out), "--language", "zh"])
    assert again.exit_code == 0, again.output
    chinese = (out / "report.zh.html").read_text(encoding="utf-8")
    assert "绕行 40.0 %" in chinese
    assert "低排放区覆盖" in chinese
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {"operation.csv", "operation_effects.csv"} <= set(told["files"])
    assert any(s["item"] == "measures in operation" for s in told["sources"])
    assert any(i["path"] == "centre.geojson" for i in told["inputs"])


LATER = """
[[scenario]]
name = "ban"
title = "Ban from 2030 on"
[[scenario.operation.ban]]
streams = ["rigid_truck"]
standards = ["conventional", "euro_I", "euro_II", "euro_III", "euro_IV", "euro_V"]
days_per_year = 100
responses = { cancel = 1.0 }
from_year = 2030
[[scenario]]
name = "ignored"
title = "A zone that nobody heeds"
[[scenario.operation.zone]]
standards = ["euro_III", "euro_IV"]
responses = { ignore = 0.7, other_days = 0.3 }
[[scenario]]
name = "scrap"
title = "Old trucks go early"
[scenario.turnover]
early_scrappage = [{ streams = ["rigid_truck"], from_year = 2026, to_year = 2027, share_per_year = 0.2 }]
"""


def test_later_years_follow_what_is_in_force(tmp_path: Path) -> None:
    result = call(tmp_path, TURNOVER + LATER, "run", "out")
    assert result.exit_code == 0, result.output
    table = pl.read_csv(tmp_path / "out" / "by_year.csv").filter(pollutant="NOx")
    at = {
        (s, y): (v, km) for s, y, v, km in table.select("scenario", "year", "value_per_year", "vkt_km_per_day").rows()
    }
    assert at["ban", 2028] == at["baseline", 2028]
    assert at["ban", 2032][0] < at["baseline", 2032][0]
    # the fewer old trucks are left, the less the ban takes
    lost = {year: 1.0 - at["ban", year][1] / at["baseline", year][1] for year in (2032, 2036)}
    assert lost[2032] > lost[2036] >= 0.0
    done = pl.read_csv(tmp_path / "out" / "operation.csv")
    assert done["scenario"].to_list() == ["ignored"]  # the ban is not in force in the base year
    assert done["concerned_km_per_day"][0] > 0.0
    summary = pl.read_csv(tmp_path / "out" / "summary.csv")
    totals = {s: rows["value_per_year"].to_numpy() for (s,), rows in summary.group_by("scenario", maintain_order=True)}
    # a stream that falls into groups which drive as before emits as before
    assert totals["ignored"] == pytest.approx(totals["baseline"], rel=1e-9)
    early = pl.read_csv(tmp_path / "out" / "early_scrappage.csv")
    assert early.columns == [c.column for c in columns("early_scrappage")]
    assert early.select("scenario", "year", "stream").rows() == [("scrap", y, "rigid_truck") for y in (2026, 2027)]
    row = early.row(0, named=True)
    # 14,500 yuan of 2012 at 6.31 a dollar, US prices from 229.594 to 313.689
    assert row["subsidy_usd2024"] == pytest.approx(row["vehicles"] * 14500.0 / 6.31 * 313.689 / 229.594, rel=0.01)
    price = 60000.0 * 313.689 / 270.97
    assert row["advance_usd2024"] == pytest.approx(row["vehicles"] * price * (1.0 - 1.06**-5.0), rel=1e-3)
    assert "Early scrappage in the years" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ('[[scenario.operation.zone]]\narea = "none.gpkg"\n', "no such polygon file"),
        ("[[scenario.operation.zone]]\nresponses = { cancel = 0.4 }\n", "responses must add up to 1"),
        ("[[scenario.operation.zone]]\nresponse = { cancel = 1.0 }\n", "did you mean 'responses'"),
        ("[[scenario.operation.ban]]\ndays_per_year = 400\n", "less than or equal to 366"),
        ('[[scenario.operation.rail_shift]]\nstreams = ["truck"]\nshare = 0.1\n', "unknown word under streams"),
        ("[[scenario.operation.eco_driving]]\nfuel_change_pct = -120.0\n", "greater than or equal to -50"),
        ('[[scenario.operation.speed_limit]]\nlimit_kmh = 30.0\nstreams = ["car"]\n', "holds for all traffic"),
    ],
)
def test_a_wrong_measure_gives_one_message(tmp_path: Path, more: str, found: str) -> None:
    result = call(tmp_path, '[[scenario]]\nname = "s"\ntitle = "S"\n' + more, "run", "out")
    assert result.exit_code == 1
    assert found in result.output
    assert "scenario" in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("Error")]) == 1
    assert not (tmp_path / "out").exists()
