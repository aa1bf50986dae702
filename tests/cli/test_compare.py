"""`fleet-planner compare`: what changes, where and why, each figure found in the runs themselves."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from tests.cli.test_cli import OSM, PLAN, city

TWO = "b1,bus,diesel,17500,2014,urban_bus,60000,3\nb2,bus,diesel,17500,2006,urban_bus,40000,2"
SCENARIOS = """
[[scenario]]
name = "electric"
title = "Electric buses"
title_zh = "电动公交"
[[scenario.measure]]
measure = "bev_bus"
uptake = 0.5
[[scenario]]
name = "clean"
title = "Filters and renewable diesel"
[[scenario.measure]]
measure = "dpf_passive"
standards = ["euro_III"]
[[scenario.measure]]
measure = "rd99"
"""


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def ran(folder: Path, plan: str, rows: str, osm: str = OSM) -> Path:
    folder.mkdir()
    result = call("run", city(folder, plan, rows, osm), "--out", folder / "out")
    assert result.exit_code == 0, result.output
    return folder / "out"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ran(tmp_path_factory.mktemp("runs") / "first", PLAN + SCENARIOS, TWO)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More old buses that drive less, one truck that the first run does not have, short tons."""
    rows = TWO.replace("2006,urban_bus,40000,2", "2006,urban_bus,30000,6")
    truck = "t1,heavy_truck,diesel,24000,2010,rigid_truck,20000,4"
    return ran(
        tmp_path_factory.mktemp("runs") / "second",
        PLAN + SCENARIOS + '[outputs]\nmass_unit = "short_ton"\n',
        f"{rows}\n{truck}",
    )


def tables(out: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return (
        pl.read_csv(out / "differences.csv"),
        pl.read_csv(out / "difference_causes.csv"),
        pl.read_csv(out / "difference_classes.csv"),
    )


def adds_up(out: Path) -> None:
    differences, causes, classes = tables(out)
    key = ["comparison", "pollutant"]
    for parts, column, tolerance in ((causes, "change_per_year", 1e-12), (classes, "difference_per_year", 1e-9)):
        sums = parts.group_by(key).agg(pl.col(column).cast(pl.Float64).sum().alias("parts"))
        joined = differences.join(sums, on=key, how="left").with_columns(pl.col("parts").fill_null(0.0))
        scale = pl.max_horizontal(pl.col("difference_per_year").abs(), pl.col("first_per_year").abs() * 1e-3)
        off = joined.select(((pl.col("parts") - pl.col("difference_per_year")).abs() / scale).max()).item()
        assert off is None or off <= tolerance, (column, off)


def test_scenarios_of_one_run(first: Path, tmp_path: Path) -> None:
    result = call("compare", first, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    differences, causes, _ = tables(out)
    assert differences["comparison"].unique(maintain_order=True).to_list() == ["electric", "clean"]
    adds_up(out)
    summary = pl.read_csv(first / "summary.csv").filter(scenario="electric").sort("pollutant")
    own = differences.filter(comparison="electric").sort("pollutant")
    assert own["second_per_year"].to_list() == pytest.approx(summary["value_per_year"].to_list())
    assert own["change_pct"].to_list() == pytest.approx(summary["change_pct"].to_list(), nan_ok=True)
    # the fleet is the same, so measures alone make the difference
    assert set(causes["cause"]) == {"measures"}
    nox = causes.filter(pollutant="NOx", comparison="clean")
    assert set(nox["measure"]) == {"rd99", "dpf_passive"}


def test_measures_on_one_vehicle_are_told_apart_by_every_subset_of_them(tmp_path: Path) -> None:
    # each subset as a scenario of its own, on the same vehicles: v(S) by the program from end to end
    one = '[[scenario]]\nname = "{n}"\ntitle = "{n}"\n{m}'
    old = '[[scenario.measure]]\nmeasure = "{}"\nstandards = ["euro_III"]\n'
    subsets = {"f": old.format("dpf_passive"), "r": old.format("rd99")}
    subsets["both"] = subsets["f"] + subsets["r"]
    plan = PLAN + "".join(one.format(n=n, m=m) for n, m in subsets.items())
    out = ran(tmp_path / "subsets", plan, TWO)
    summary = pl.read_csv(out / "summary.csv")
    parts = pl.read_parquet(out / "measure_parts.parquet")
    assert parts["scenario"].unique().to_list() == ["both"]
    assert parts["measures"].unique().to_list() == ["dpf_passive + rd99"]
    assert call("compare", out, "--out", tmp_path / "changes").exit_code == 0
    adds_up(tmp_path / "changes")
    causes = pl.read_csv(tmp_path / "changes" / "difference_causes.csv").filter(comparison="both", cause="measures")
    for pollutant in ("NOx", "PM_exhaust", "CO2", "CO"):
        value = dict(summary.filter(pollutant=pollutant).select("scenario", "value_per_year").iter_rows())
        none, f, r, both = (value[n] for n in ("baseline", "f", "r", "both"))
        wanted = {
            "dpf_passive": 0.5 * (f - none) + 0.5 * (both - r),
            "rd99": 0.5 * (r - none) + 0.5 * (both - f),
        }
        told = dict(causes.filter(pollutant=pollutant).select("measure", "change_per_year").iter_rows())
        for measure, change in wanted.items():
            assert told.get(measure, 0.0) == pytest.approx(change, rel=1e-9, abs=1e-12 * none), (pollutant, measure)


def test_links_of_the_map_change_by_what_the_runs_say(first: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("compare", first, "--out", out).exit_code == 0
    with closing(sqlite3.connect(out / "compare.gpkg")) as database:
        rows = database.execute("SELECT link_id, nox_kg_per_day_electric FROM link_changes").fetchall()
        styles = [n for (n,) in database.execute("SELECT styleName FROM layer_styles ORDER BY id")]
        kind = database.execute("SELECT styleQML FROM layer_styles").fetchone()[0]
    links = pl.read_parquet(first / "links.parquet")
    for link, change in rows:
        own = links.filter(link_id=link)
        after = own.filter(scenario="electric")["nox_kg_per_day"].item()
        assert change == pytest.approx(after - own.filter(scenario="baseline")["nox_kg_per_day"].item())
        assert change < 0.0
    assert "NOx, electric" in styles
    assert "graduatedSymbol" in kind


def test_two_runs_differ_by_vehicles_distance_and_mix(first: Path, second: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = call("compare", first, second, "--out", out)
    assert result.exit_code == 0, result.output
    adds_up(out)
    _, causes, classes = tables(out)
    assert set(causes["cause"]) >= {"vehicles", "distance", "fleet_mix"}
    assert "measures" not in set(causes["cause"])
    nox = causes.filter(pollutant="NOx")
    assert nox.filter(stream="rigid_truck")["change_per_year"].sum() > 0.0
    assert nox.filter(cause="vehicles", stream="urban_bus")["change_per_year"].item() > 0.0
    assert nox.filter(cause="distance", stream="urban_bus")["change_per_year"].item() < 0.0
    assert nox.filter(cause="fleet_mix", stream="urban_bus")["change_per_year"].item() > 0.0
    assert set(classes["stream"]) == {"urban_bus", "rigid_truck"}


def test_the_other_way_round_is_the_opposite(first: Path, second: Path, tmp_path: Path) -> None:
    for method in ("shapley", "lmdi"):
        causes = []
        for k, sides in enumerate(((first, second), (second, first))):
            out = tmp_path / f"{method}{k}"
            assert call("compare", *sides, "--out", out, "--method", method).exit_code == 0
            adds_up(out)
            causes.append(tables(out)[1].filter(pollutant="CO2").sort("cause", "stream"))
        unit = 0.90718474  # the second run has short tons
        there, back = (c["change_per_year"].to_list() for c in causes)
        assert there == pytest.approx([-unit * v for v in back], rel=1e-9)


def test_a_scenario_of_one_run_against_one_of_another(first: Path, second: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = call("compare", f"{first}:electric", f"{second}:clean", "--out", out)
    assert result.exit_code == 0, result.output
    adds_up(out)
    causes = tables(out)[1].filter(pollutant="NOx", cause="measures")
    assert {"bev_bus", "rd99"} <= set(causes["measure"])
    assert causes.filter(measure="bev_bus")["change_per_year"].sum() > 0.0  # what the first has, the second lacks


def test_other_roads_leave_out_the_map_and_say_so(first: Path, tmp_path: Path) -> None:
    other = ran(tmp_path / "other", PLAN, TWO, OSM.replace('lon="0.01"', 'lon="0.02"'))
    out = tmp_path / "out"
    result = call("compare", first, other, "--out", out)
    assert result.exit_code == 0, result.output
    assert "different road networks" in result.stdout
    assert not (out / "compare.gpkg").exists()
    adds_up(out)
    assert "different road networks" in (out / "compare.html").read_text(encoding="utf-8")
    assert "路网不同" in (out / "compare.zh.html").read_text(encoding="utf-8")


def test_both_languages_have_the_same_figures(first: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("compare", first, "--out", out, "--language", "zh").exit_code == 0
    pages = [(out / n).read_text(encoding="utf-8") for n in ("compare.html", "compare.en.html")]
    cells = [re.findall(r'<td class="n">([^<]*)</td>', page) for page in pages]
    assert cells[0] == cells[1]
    assert len(cells[0]) > 50
    assert 'lang="zh-CN"' in pages[0]
    assert "电动公交" in pages[0]
    assert all(page.count("<svg") >= 5 for page in pages)


def test_a_comparison_is_verified_against_its_runs(first: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("compare", first, "--out", out).exit_code == 0
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    verified = call("verify", out)
    assert verified.exit_code == 0, verified.output
    assert "1 inputs" in verified.stdout
    assert " sums (" in verified.stdout
    assert set(told["files"]) >= {"compare.html", "differences.csv", "compare.gpkg", "columns.csv"}
    again = tmp_path / "again"
    assert call("compare", first, "--out", again).exit_code == 0
    assert json.loads((again / "manifest.json").read_text(encoding="utf-8"))["files"] == told["files"]


@pytest.mark.parametrize(
    ("sides", "parts"),
    [
        (["{run}:elctric"], ["no such scenario", "elctric", "electric"]),
        (["{run}:electric", "{run}:electric"], ["nothing to compare"]),
        (["{run}/none"], ["no manifest"]),
    ],
)
def test_what_cannot_be_compared(first: Path, tmp_path: Path, sides: list[str], parts: list[str]) -> None:
    result = call("compare", *(s.format(run=first) for s in sides), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.count("Error") == 1
    assert all(p in result.stderr for p in parts), result.stderr
    assert not (tmp_path / "out").exists()


def test_a_comparison_is_the_same_again(first: Path, second: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert (
        call("compare", first, f"{second}:clean", "--method", "lmdi", "--language", "zh", "--out", out).exit_code == 0
    )
    again = call("rerun", out, "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again" / "compare.gpkg").read_bytes() == (out / "compare.gpkg").read_bytes()


def test_three_runs_of_which_one_lies_elsewhere(first: Path, second: Path, tmp_path: Path) -> None:
    elsewhere = OSM.replace('lat="0"', 'lat="1"')
    third = ran(tmp_path / "third", PLAN.replace("year = 2024", "year = 2030") + SCENARIOS, TWO, elsewhere)
    done = call("compare", first, second, third, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "different road networks" in done.output
    differences, _, _ = tables(tmp_path / "out")
    assert differences["comparison"].n_unique() == 2
    adds_up(tmp_path / "out")
