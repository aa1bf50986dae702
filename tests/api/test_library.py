"""The library on a small city: what a program gets is what the command line writes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numba
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import fleet_planner as fp
from fleet_planner.api.altering import altered_keys, merged
from fleet_planner.cli.main import main
from fleet_planner.outputs.reserve import locked
from fleet_planner.pipeline import prepare as preparing
from fleet_planner.units import DAYS_PER_YEAR
from tests.cli.small_run import write_inputs

DRAWN = ("change_of_", "links_change_", "zones_change_", "home_zones_change_", "top_links")
HALF = {"measure": "bev_bus", "streams": ["urban_bus"], "uptake": 0.5}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def city(plan: Path) -> fp.City:
    return fp.load(plan)


@pytest.fixture(scope="module")
def result(city: fp.City) -> fp.Result:
    return city.run()


@pytest.fixture(scope="module")
def saved(result: fp.Result, tmp_path_factory: pytest.TempPathFactory) -> fp.SavedRun:
    return result.save(tmp_path_factory.mktemp("out") / "first")


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every try to read roads or a registry fail."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr(preparing, "load_network", refused)
    monkeypatch.setattr(preparing, "load_fleet", refused)


def test_tables_in_memory_are_those_that_are_written(result: fp.Result, saved: fp.SavedRun) -> None:
    drawn = {n for n in saved.tables if n.startswith(DRAWN)}
    assert set(result.tables) == set(saved.tables) - drawn - {"columns"}
    for name in result.tables:
        mine = result.table(name)
        if mine.width:
            assert_frame_equal(mine, saved.table(name), check_dtypes=False, abs_tol=0.0, rel_tol=0.0)


def test_layers_in_memory_are_those_that_are_written(result: fp.Result, saved: fp.SavedRun) -> None:
    assert set(result.layers) == {n for n in saved.layers if not n.startswith(DRAWN)}
    for name in result.layers:
        mine, kept = result.layer(name), saved.layer(name)
        assert mine.crs == kept.crs == 4326
        assert list(mine.columns) == list(kept.columns)
        assert mine.geometry.geom_equals(kept.geometry).all()


def test_links_of_a_scenario_add_up_to_its_summary(result: fp.Result, saved: fp.SavedRun) -> None:
    for source in (result, saved):
        for scenario in source.scenarios:
            links = source.links(scenario)
            total = source.table("summary").filter(scenario=scenario, pollutant="NOx")["value_per_year"].item()
            assert links["nox_kg_per_day"].sum() * DAYS_PER_YEAR / 1000.0 == pytest.approx(total, rel=1e-9)
            assert set(links.geometry.geom_type) == {"LineString"}
            rows = source.vehicles(scenario)["nox_kg_per_day"].sum()
            assert rows == pytest.approx(links["nox_kg_per_day"].sum(), rel=1e-9)


def test_the_command_line_writes_the_same_bytes(plan: Path, saved: fp.SavedRun, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", str(plan), "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    theirs = fp.open_run(tmp_path / "run").manifest
    assert saved.manifest["files"] == theirs["files"]
    assert "altered" not in theirs


@pytest.mark.usefixtures("no_reading")
def test_a_scenario_is_evaluated_as_the_run_has_it(city: fp.City, result: fp.Result) -> None:
    (electric,) = city.plan.scenario
    found = city.evaluate(electric)
    run = result.table("summary").filter(scenario="electric_buses")
    assert_frame_equal(found.summary, run, rel_tol=1e-9, abs_tol=1e-12)
    assert_frame_equal(found.costs, result.table("costs"), rel_tol=1e-9)
    assert found.total("NOx") == pytest.approx(run.filter(pollutant="NOx")["value_per_year"].item(), rel=1e-9)
    assert found.change_pct("CO2") < 0.0
    assert_frame_equal(found.vehicles(), result.vehicles("electric_buses"), rel_tol=1e-9, abs_tol=1e-12)
    mine, theirs = found.links(), result.links("electric_buses")
    assert list(mine.columns) == list(theirs.columns)
    numbers = [c for c in mine.columns if c != "geometry"]
    np.testing.assert_allclose(mine[numbers].to_numpy(), theirs[numbers].to_numpy(), rtol=1e-9, atol=1e-12)
    with pytest.raises(KeyError):
        found.total("nox")


@pytest.mark.usefixtures("no_reading")
def test_half_the_uptake_has_half_the_effect(city: fp.City) -> None:
    whole = city.evaluate(fp.scenario("whole", HALF | {"uptake": 1.0}))
    half = city.evaluate(fp.scenario("half", HALF))
    assert whole.change_pct("NOx") < 0.0
    assert half.change_pct("NOx") == pytest.approx(whole.change_pct("NOx") / 2.0, rel=1e-9)


def test_an_altered_plan_runs_as_its_file_would_and_reads_no_road_again(
    plan: Path, city: fp.City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.roads()
    changed = {"climate.mean_trip_km": 4.0, "economics": {"discount_rate": 0.08}, "factors": {"wear": "emep_eea_2025"}}
    half = fp.scenario("half", HALF)
    with monkeypatch.context() as patch:
        patch.setattr(preparing, "load_network", None)
        altered = city.with_(changed, scenario=[half])
        mine = altered.run()
    keys = ("climate.mean_trip_km", "economics.discount_rate", "factors.wear", "scenario")
    assert altered.altered == keys
    assert city.altered == ()
    assert city.scenarios == ("electric_buses",)
    text = plan.read_text(encoding="utf-8").partition("[[scenario]]")[0]
    text += '[climate]\nmean_trip_km = 4.0\n[economics]\ndiscount_rate = 0.08\n[factors]\nwear = "emep_eea_2025"\n'
    text += '[[scenario]]\nname = "half"\ntitle = "half"\n[[scenario.measure]]\nmeasure = "bev_bus"\n'
    text += 'streams = ["urban_bus"]\nuptake = 0.5\n'
    beside = plan.with_name("altered.toml")
    beside.write_text(text, encoding="utf-8")
    assert tomllib.loads(text)["economics"] == {"discount_rate": 0.08}
    theirs = fp.run(beside)
    assert mine.tables == theirs.tables
    for name in mine.tables:
        assert_frame_equal(mine.table(name), theirs.table(name), rel_tol=0.0, abs_tol=0.0)
    kept = mine.save(tmp_path / "altered")
    assert kept.manifest["altered"] == list(keys)
    again = CliRunner().invoke(main, ["rerun", str(kept.folder), "--out", str(tmp_path / "again")])
    assert again.exit_code == 0, again.output
    assert fp.open_run(tmp_path / "again").manifest["files"] == kept.manifest["files"]


@pytest.mark.usefixtures("no_reading")
def test_what_the_reading_depends_on_is_read_again(city: fp.City) -> None:
    with pytest.raises(AssertionError, match="read again"):
        city.with_({"city.year": 2020}).roads()
    city.with_({"city.year": city.plan.city.year}).roads()


def test_threads_are_those_of_the_call_only(city: fp.City, result: fp.Result) -> None:
    before = numba.get_num_threads()
    one = city.run(threads=1)
    assert numba.get_num_threads() == before
    assert_frame_equal(one.table("links_by_scenario"), result.table("links_by_scenario"), rel_tol=0.0, abs_tol=0.0)


def test_reports_are_pages_in_both_languages(result: fp.Result, saved: fp.SavedRun) -> None:
    assert result.report() == (saved.folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh' in result.report("zh")


def test_errors_are_the_planners_and_nothing_is_printed(
    city: fp.City, result: fp.Result, saved: fp.SavedRun, plan: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = [
        (lambda: fp.load(tmp_path / "none.toml"), fp.InputError, "none.toml"),
        (lambda: city.with_({"climate.mean_trip_kms": 5.0}), fp.PlanError, "mean_trip_km"),
        (lambda: city.with_(economics={"discount_rate": "x"}), fp.PlanError, "economics.discount_rate"),
        (lambda: fp.scenario("half", {"measure": "bev_bus", "uptake": 2.0}), fp.PlanError, "uptake"),
        (lambda: city.evaluate(fp.scenario("x", {"measure": "bev_buss"})), fp.PlannerError, "bev_bus"),
        (lambda: city.run(["electric"]), fp.PlanError, "electric_buses"),
        (lambda: result.table("sumary"), fp.InputError, "summary"),
        (lambda: saved.layer("link"), fp.InputError, "links"),
        (lambda: result.links("electric"), fp.InputError, "electric_buses"),
        (lambda: saved.vehicles("none"), fp.InputError, "baseline"),
        (lambda: fp.open_run(plan.parent), fp.InputError, "no folder of results"),
        (lambda: result.save(saved.folder), fp.OutputError, "first"),
        (lambda: fp.init(tmp_path / "new", "bejing"), fp.InputError, "beijing"),
        (lambda: fp.init(plan.parent), fp.OutputError, "not empty"),
    ]
    for call, kind, told in wrong:
        with pytest.raises(kind) as caught:
            call()
        assert isinstance(caught.value, fp.PlannerError)
        assert told in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "new").exists()


def test_measures_in_operation_are_for_the_whole_run(city: fp.City) -> None:
    slow = {
        "name": "slow",
        "title": "Slow",
        "operation": {"speed_limit": [{"road_classes": ["primary"], "limit_kmh": 30.0}]},
    }
    (scenario,) = city.with_(scenario=[slow]).plan.scenario
    with pytest.raises(fp.PlanError, match="in operation") as caught:
        city.evaluate(scenario)
    assert caught.value.file == city.path


def test_a_new_city_is_written_and_loaded(tmp_path: Path) -> None:
    begun = fp.init(tmp_path / "beijing", "beijing")
    assert begun.plan.city.country == "CN-BJ"
    assert "Beijing" in repr(begun) or "北京" in repr(begun)


def test_saving_keeps_the_lock_and_clears_what_a_killed_one_left(result: fp.Result, tmp_path: Path) -> None:
    with locked(tmp_path / "out"), pytest.raises(fp.OutputError, match="another command"):
        result.save(tmp_path / "out")
    (tmp_path / ".out.partial-99999999").mkdir()
    result.save(tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_run_of_another_command_is_refused(saved: fp.SavedRun, tmp_path: Path) -> None:
    (tmp_path / "columns.csv").write_bytes((saved.folder / "columns.csv").read_bytes())
    (tmp_path / "manifest.json").write_text(json.dumps({"command": "sweep"}), encoding="utf-8")
    with pytest.raises(fp.InputError, match="no run directory"):
        fp.open_run(tmp_path)


LEAF = st.integers(0, 2)
SECTIONS = st.dictionaries(
    st.sampled_from("abc"), st.one_of(LEAF, st.dictionaries(st.sampled_from("abc"), LEAF, max_size=2)), max_size=3
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SECTIONS, SECTIONS)
def test_changes_are_found_in_what_they_made(before: dict[str, object], change: dict[str, object]) -> None:
    after = merged(before, change)
    assert merged(after, change) == after
    assert merged(before, {}) == before
    assert list(altered_keys(before, before)) == []
    for key in altered_keys(before, after):
        assert key.split(".")[0] in change


def test_dotted_keys_and_sections_say_the_same() -> None:
    given_ = {"climate": {"altitude_m": 10.0}, "scenario": [{"name": "a"}]}
    dotted = merged(given_, {"climate.mean_trip_km": 5.0, "scenario": []})
    assert dotted == merged(given_, {"climate": {"mean_trip_km": 5.0}, "scenario": []})
    assert dotted == {"climate": {"altitude_m": 10.0, "mean_trip_km": 5.0}, "scenario": []}
    assert list(altered_keys(given_, dotted)) == ["climate.mean_trip_km", "scenario"]
