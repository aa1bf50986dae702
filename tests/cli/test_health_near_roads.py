"""Health by the concentrations near roads, from the command line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fleet_planner.tables import columns
from tests.cli.test_air import run

MORE = 'ozone_ug_m3 = 40.0\n[impacts.health]\nroutes = { "PM2.5" = "concentration", NO2 = "concentration" }\n[impacts.equity]\ncolumn = "{column}"\n'


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("near")
    result = run(folder, MORE.replace("{column}", "population"))  # the few of zone b rank as the worse off
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_deaths_are_those_of_the_exposure(out: Path) -> None:
    exposed = {
        (s, p): e
        for s, p, e in pl.read_csv(out / "exposure.csv").select("scenario", "pollutant", "exposure_people_ug_m3").rows()
    }
    health = pl.read_csv(out / "health.csv")
    for scenario in ("baseline", "clean"):
        own = health.filter(scenario=scenario, effect="deaths")
        small = 0.64 * 0.0115 * exposed[scenario, "PM2.5"] * 0.0076961  # ln 1.08 / 10: a straight line for little air
        assert own.filter(pollutant="PM2.5")["value"][0] == pytest.approx(small, rel=0.05)
        assert own.filter(pollutant="NO2")["part"][0] == "apart"
        assert own.filter(part="total")["value"][0] == own.filter(pollutant="PM2.5")["value"][0]
    clean = health.filter(scenario="clean", part="total", effect="value").row(0, named=True)
    assert 0.0 < clean["avoided_low"] < clean["avoided"] < clean["avoided_high"]


def test_the_damage_of_a_kilometre_adds_up_to_what_the_air_costs(out: Path) -> None:
    health = pl.read_csv(out / "health.csv").filter(effect="value")
    classes = pl.read_csv(out / "exposure_by_class.csv")
    for scenario in ("baseline", "clean"):
        value = health.filter(scenario=scenario, pollutant="PM2.5", part="primary")["value"][0]
        own = classes.filter(scenario=scenario, pollutant="PM2.5")
        assert (own["damage_usd2024_per_km"] * own["km_per_day"]).sum() * 365.25 == pytest.approx(value, rel=1e-3)
        assert classes.filter(scenario=scenario, pollutant="NOx")["damage_usd2024_per_km"].null_count() > 0


def test_who_breathes_what_adds_up_to_the_exposure(out: Path) -> None:
    table = pl.read_csv(out / "equity.csv")
    assert table.columns == [c.column for c in columns("equity")]
    exposure = pl.read_csv(out / "exposure.csv")
    for scenario, pollutant in (("baseline", "PM2.5"), ("clean", "NOx")):
        own = table.filter(scenario=scenario, pollutant=pollutant)
        whole = exposure.filter(scenario=scenario, pollutant=pollutant)["exposure_people_ug_m3"][0]
        assert (own["people"] * own["traffic_ug_m3"]).sum() == pytest.approx(whole, rel=1e-9)
        assert own["exposure_share"].sum() == pytest.approx(1.0)
    clean = table.filter(scenario="clean", pollutant="PM2.5")
    assert (clean["avoided_ug_m3"] > 0.0).all()
    assert table.filter(scenario="baseline")["avoided_share"].null_count() == table.filter(scenario="baseline").height
    page = (out / "report.html").read_text(encoding="utf-8")
    section = page[page.index('id="equity"') :]
    section = section[: section.index("</section>")]
    assert section.count("<polyline") == 3  # the even burden and two scenarios
    curve = pl.read_csv(out / "equity_curve.csv").filter(scenario="baseline", pollutant="PM2.5")
    assert curve["people_share"].to_list() == pytest.approx([0.0, 0.2, 1.0])  # 1,000 of 5,000 people live in zone b


def test_roads_are_ranked_by_what_people_breathe(out: Path) -> None:
    hot = pl.read_csv(out / "exposure_hotspots.csv")
    assert hot.columns == [c.column for c in columns("exposure_hotspots")]
    assert hot["exposure_per_km"].is_sorted(descending=True)
    base = pl.read_csv(out / "exposure.csv").filter(scenario="baseline", pollutant="PM2.5")
    assert hot["exposure_people_ug_m3"].sum() == pytest.approx(base["exposure_people_ug_m3"][0], rel=1e-9)
    assert set(hot["pollutant"]) == {"PM2.5"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="exposure-hotspots"' in page
    assert 'id="equity"' in page


def test_a_column_that_the_zones_lack_is_named(tmp_path: Path) -> None:
    result = run(tmp_path, MORE.replace("{column}", "income"))
    assert result.exit_code == 1
    assert "no column 'income'" in result.output
    assert "zone_id, population" in result.output
    assert not (tmp_path / "out").exists()
