"""Measures of technology and fuel in the embedded city, and how a user looks them up."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main

HEAD = '[[scenario]]\nname = "{name}"\ntitle = "{name}"\n'
ENTRY = '[[scenario.measure]]\nmeasure = "{0}"\n'


def scenario(name: str, *measures: str) -> str:
    """Return a scenario; of an entry the lines after the first are further keys."""
    entries = [
        ENTRY.format(first) + (rest + "\n" if rest else "") for first, _, rest in (m.partition("\n") for m in measures)
    ]
    return "\n" + HEAD.format(name=name) + "".join(entries)


SCENARIOS = "".join(
    [
        scenario("diesel_10", "ulsd_10"),
        scenario("filters", "ulsd_10", 'dpf_passive\nstreams = ["rigid_truck"]', "lrr"),
        scenario("tyres", 'lrr\neffect = "high"\neffect_pct = { NOx = -2.5 }'),
        scenario("whole_trucks", "ulsd_10", "integrated_hd"),
        scenario("gas", "lng", "dme\nstreams = ['rigid_truck']"),
        scenario("plug_in", "phev\nstreams = ['urban_bus']"),
    ]
)


def write_plan(folder: Path, repository: Path, scenarios: str) -> Path:
    """Write the plan of the embedded city's buses and heavy trucks on diesel of 350 ppm."""
    source = repository / "inputs" / "coquimbo"
    text = (source / "plan.toml").read_text(encoding="utf-8")
    plan = text[: text.index("[[scenario]]")].replace('assumptions = "assumptions.csv"\n', "")
    plan = re.sub(r"visiting_share = .*\n", "", plan)
    plan = re.sub(r"diesel_sulphur_ppm = 15.0", "diesel_sulphur_ppm = 350.0", plan)
    (folder / "plan.toml").write_text(plan + "\n[comparison]\nenabled = false\n" + scenarios, encoding="utf-8")
    registry = pl.read_csv(source / "registry.csv", infer_schema=False)
    registry.filter(pl.col("category").is_in(["bus", "heavy_truck"])).gather_every(5).write_csv(folder / "registry.csv")
    return folder / "plan.toml"


@pytest.fixture(scope="module")
def out(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the embedded city with part of its heavy vehicles."""
    folder = tmp_path_factory.mktemp("measures")
    plan = write_plan(folder, repository, SCENARIOS)
    result = CliRunner().invoke(main, ["run", str(plan), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


@pytest.fixture(scope="module")
def totals(out: Path) -> dict[tuple[str, str], float]:
    """Yearly totals over the baseline's, by scenario and pollutant."""
    rows = pl.read_csv(out / "summary.csv").select("scenario", "pollutant", "value_per_year", "baseline_per_year")
    return {(s, p): v / b for s, p, v, b in rows.iter_rows() if b}


def test_sulphur_follows_the_diesel_and_its_energy(totals: dict[tuple[str, str], float]) -> None:
    """10 of 350 ppm: SO2 is left as 0.0286; particles at most 2.9 % fewer: engines with filters keep theirs."""
    assert totals["diesel_10", "SO2"] == pytest.approx(10.0 / 350.0, rel=1e-6)
    assert totals["diesel_10", "energy_MJ"] == pytest.approx(1.0)
    assert 0.96216 / 0.9914 <= totals["diesel_10", "PM_exhaust"] < 0.985


def test_filters_tyres_and_whole_trucks_show_in_the_totals(totals: dict[tuple[str, str], float]) -> None:
    assert totals["filters", "PM_exhaust"] < totals["diesel_10", "PM_exhaust"] - 0.1
    assert 0.995 < totals["tyres", "CO2"] < 1.0
    # what making the new engine saves or costs apart, renewable diesel moves the carbon to plants
    assert totals["whole_trucks", "CO2"] < totals["diesel_10", "CO2"] - 0.01
    assert totals["whole_trucks", "NOx"] < totals["diesel_10", "NOx"] - 0.05


def test_gas_and_plug_in_vehicles_show_in_the_technologies(out: Path, totals: dict[tuple[str, str], float]) -> None:
    with sqlite3.connect(out / "city.gpkg") as file:
        fuels = {
            s: {f for (f,) in file.execute("select distinct fuel from by_technology where scenario = ?", (s,))}
            for s in ("gas", "plug_in", "baseline")
        }
    assert {"lng", "dme"} <= fuels["gas"]
    assert {"electricity", "diesel"} <= fuels["plug_in"]
    assert totals["gas", "PM_exhaust"] < 0.8
    assert totals["plug_in", "energy_MJ"] < 1.0


def test_savings_of_tyres_stand_beside_the_tyres(out: Path) -> None:
    with sqlite3.connect(out / "city.gpkg") as file:
        query = "select measure_id, energy_cost_usd2024_per_year, checked from costs where scenario = 'filters'"
        costs = {m: (usd, checked) for m, usd, checked in file.execute(query)}
    assert costs["lrr"][0] < 0.0 < costs["dpf_passive"][0]
    assert costs["ulsd_10"][0] > 0.0
    assert {checked for _, checked in costs.values()} == {"no"}


@pytest.mark.parametrize(("language", "word"), [("en", "not checked"), ("zh", "未核对")])
def test_unchecked_figures_show_in_the_report(out: Path, language: str, word: str) -> None:
    result = CliRunner().invoke(main, ["report", str(out), "--language", language])
    assert result.exit_code == 0, result.output
    page = (out / {"en": "report.html", "zh": "report.zh.html"}[language]).read_text(encoding="utf-8")
    assert word in page
    title = "Low-rolling-resistance tyres" if language == "en" else "低滚阻轮胎"
    assert title in page
    assumptions = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["assumptions"]
    own = {a["item"]: a["value"] for a in assumptions if "(tyres)" in a["item"]}
    assert sorted(own.values()) == ["-2.5", "high"]


@pytest.mark.parametrize(
    ("scenarios", "words"),
    [
        (scenario("s", "dpf_passive"), ["at most 50 ppm", "poison", "ulsd_10", "city.diesel_sulphur_ppm"]),
        (scenario("s", "rd99", "b20"), ["rd99 and b20", "exclude each other", "scenario.measure.uptake"]),
        (scenario("s", "lrr\neffect_pct = { NOx = -130.0 }"), ["scenario[1].measure[1].effect_pct", "at most -100"]),
        (scenario("s", 'lng\nstreams = ["urban_bus"]'), ["scenario.measure.streams", "they are of category bus"]),
        (scenario("s", "dpf_pasive"), ["unknown measure", "dpf_passive", "measures list"]),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_key_and_a_remedy(
    scenarios: str, words: list[str], repository: Path, tmp_path: Path
) -> None:
    plan = write_plan(tmp_path, repository, scenarios)
    result = CliRunner().invoke(main, ["run", str(plan), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    for word in words:
        assert word in result.output
    assert not (tmp_path / "out").exists()


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["measures", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_measures_are_listed_with_a_star_on_what_was_not_checked() -> None:
    text = told("list", "--kind", "retrofit")
    row = next(line for line in text.splitlines() if line.startswith("dpf_passive"))
    assert re.search(r"\s-85\s", row)
    assert re.search(r"\s\+1\.5\*\s", row)
    assert "12,000 USD 2006*" in row
    assert "* not checked" in text
    assert "bev_bus" not in text
    assert "低滚阻轮胎" in told("list", "--kind", "running_gear", "--language", "zh")
    rows = json.loads(told("list", "--category", "passenger_car", "--json"))
    assert {"lnt", "ulsd_10", "newer_standard"} <= {r["measure"] for r in rows}
    wrong = CliRunner().invoke(main, ["measures", "list", "--kind", "retrofits"])
    assert wrong.exit_code == 1
    assert "retrofit" in wrong.output


def test_a_measure_is_shown_whole_in_two_languages() -> None:
    text = told("show", "pdpf")
    for word in (
        "Verified level (California): 2",
        "at most 50 ppm",
        "260 C",
        "5,500 USD of 2009",
        "lasts 8 years",
        "CARB",
    ):
        assert word in text
    assert re.search(r"PM_exhaust\s+without filter\s+-70\s+-50\s+-50\s+as given\s+yes\s+2009", text)
    assert "部分流颗粒捕集器" in told("show", "pdpf", "--language", "zh")
    assert "repower_vi (" in told("show", "integrated_hd")
    assert "b20_emep" in told("show", "b20")
    assert json.loads(told("show", "lrr", "--json"))[0]["life_years"] == 3.0
    assert "to_standard" in told("show", "newer_standard")
    assert "[[scenario.operation.zone]]" in told("show", "zone", "--language", "zh")
    wrong = CliRunner().invoke(main, ["measures", "show", "dpf"])
    assert wrong.exit_code == 1
    assert "dpf_scr" in wrong.output
