"""Exposure and damage in `fleet-planner portfolio`: weights by link, home zone and stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.errors import InputError
from fleet_planner.pipeline.mixing.weights import read_weights
from tests.cli.test_homes import PLACES, ZONES
from tests.cli.test_portfolio import REGISTRY
from tests.cli.test_traffic import OSM, PLAN

HORIZON = "\n[turnover]\nto_year = 2030\n"
TARGET = """
[[portfolio.weighted_target]]
name = "exposure"
title = "Exposure to exhaust particles"
title_zh = "尾气颗粒物暴露"
cut_pct = 45.0
year = 2030
"""
SECTION = """
[portfolio]
measures = ["dpf_passive", "dpf_scr", "bev_bus"]
weights = "w.csv"
"""


def call(folder: Path, weights: str, *, more: str = TARGET, head: str = "") -> Result:
    header, *rows = REGISTRY.strip().split("\n")
    homes = ["North", "South", "North", "South", ""]
    tied = "\n".join([f"{header},zone", *(f"{r},{h}" for r, h in zip(rows, homes, strict=True))]) + "\n"
    for name, text in (("z.geojson", ZONES), ("r.csv", tied), ("n.osm", OSM), ("w.csv", weights)):
        (folder / name).write_text(text, encoding="utf-8")
    places = PLACES.replace('depots = "d.csv"', "")
    (folder / "plan.toml").write_text(PLAN + places + HORIZON + head + SECTION + more, encoding="utf-8")
    return CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def ids(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    folder = tmp_path_factory.mktemp("links")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out")])
    assert done.exit_code == 0, done.output
    return pl.read_parquet(folder / "out" / "links.parquet")["link_id"].unique().sort().to_list()


def by_hour(ids: list[int], weight: np.ndarray) -> str:
    rows = [f"{k},{h},PM_exhaust,{weight[i, h]:.6f}" for i, k in enumerate(ids) for h in range(24)]
    return "link_id,hour,pollutant,weight\n" + "\n".join(rows) + "\n"


def test_weights_by_link_and_hour_are_met_and_held_against_the_inventory(tmp_path: Path, ids: list[int]) -> None:
    weight = np.random.default_rng(3).uniform(0.0, 8.0, (len(ids), 24))
    done = call(tmp_path, by_hour(ids, weight))
    assert done.exit_code == 0, done.output
    target = pl.read_csv(tmp_path / "out" / "portfolio_targets.csv").row(0, named=True)
    assert target["target"] == "exposure"
    assert target["verdict"] == "met"
    assert target["avoided_per_year"] >= target["required_per_year"] > 0.0
    check = pl.read_csv(tmp_path / "out" / "portfolio_check.csv").filter(pollutant="weighted_PM_exhaust")
    row = check.row(0, named=True)
    assert row["optimiser_per_year"] > 0.0
    assert row["inventory_per_year"] == pytest.approx(row["optimiser_per_year"], rel=1e-6)
    assert "尾气颗粒物暴露" in (tmp_path / "out" / "portfolio.zh.html").read_text(encoding="utf-8")


def test_a_weight_of_one_everywhere_is_the_kilograms(tmp_path: Path, ids: list[int]) -> None:
    """A target on the weighted sum is then the target on the pollutant itself: same base, same cost."""
    plain = '[[target]]\nname = "pm"\npollutant = "PM_exhaust"\ncut_pct = 45.0\nyear = 2030\nbase_year = 2024\n'
    done = call(tmp_path, by_hour(ids, np.ones((len(ids), 24))), head=plain)
    assert done.exit_code == 0, done.output
    pm, exposure = pl.read_csv(tmp_path / "out" / "portfolio_targets.csv").iter_rows(named=True)
    for key in ("without_measures_per_year", "allowed_per_year", "avoided_per_year"):
        assert exposure[key] == pytest.approx(1000.0 * pm[key], rel=1e-6)


def test_weights_by_zone_move_the_measures_to_that_zone(tmp_path: Path) -> None:
    done = call(
        tmp_path,
        "zone,pollutant,weight\nNorth,PM_exhaust,1000\nSouth,PM_exhaust,0\n",
        more=TARGET.replace("45.0", "90.0"),
    )
    assert done.exit_code == 0, done.output
    mix = pl.read_csv(tmp_path / "out" / "portfolio.csv")
    today = mix.filter(pl.col("sold").is_null())
    assert today["vehicles"].sum() > 0.0
    assert set(today["zone"]) == {"North"}


def test_damage_by_stream_is_what_the_benefit_counts(tmp_path: Path) -> None:
    """Particles of buses that cost a fortune are worth a filter; the same particles for nothing are not."""
    more = "weights_in_usd = true\n"
    section = SECTION.replace("[portfolio]", '[portfolio]\nobjective = "benefit"\nbudget_usd_per_year = 5e6')
    treated = {}
    for worth in (0, 1_000_000):
        folder = tmp_path / str(worth)
        folder.mkdir()
        text = f"stream,pollutant,weight\nurban_bus,PM2.5,{worth}\nrigid_truck,PM2.5,0\n"
        (folder / "w.csv").write_text(text, encoding="utf-8")
        (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
        (folder / "n.osm").write_text(OSM, encoding="utf-8")
        (folder / "plan.toml").write_text(PLAN + HORIZON + section + more, encoding="utf-8")
        done = CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])
        assert done.exit_code == 0, done.output
        mix = pl.read_csv(folder / "out" / "portfolio.csv", infer_schema_length=None)
        treated[worth] = mix.filter(pl.col("stream") == "urban_bus")["vehicles"].sum() if mix.height else 0.0
    assert treated[1_000_000] > treated[0]


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ("link,pollutant,weight\n1,NOx,1\n", ["link_id, zone and stream"]),
        ("stream,pollutant,weight\nurban_bus,NOx,-1\n", ["w.csv", "row 2", "weight", "-1"]),
        ("stream,pollutant,weight\nurban_bus,NOx,1\nurban_bus,NOx,2\n", ["row 3", "twice"]),
        ("stream,pollutant,weight\nurban_bas,NOx,1\n", ["row 2", "urban_bas"]),
        ("stream,pollutant,weight\nurban_bus,Nox,1\n", ["row 2", "pollutant", "NOx"]),
        ("stream,pollutant,weight\n", ["no row"]),
        ("stream,pollutant\nurban_bus,NOx\n", ["weight"]),
        ("link_id,hour,pollutant,weight\n1,24,NOx,1\n", ["hour", "24"]),
        ("link_id,day,hour,pollutant,weight\n1,sunday,2,NOx,1\n", ["row 2", "day", "sunday", "average"]),
    ],
)
def test_bad_weights_get_one_message(tmp_path: Path, weights: str, parts: list[str]) -> None:
    (tmp_path / "w.csv").write_text(weights, encoding="utf-8")
    vehicles = pl.DataFrame({"stream": ["urban_bus", "visiting_car"], "zone": ["North", ""]})
    with pytest.raises(InputError) as told:
        read_weights(tmp_path / "w.csv", pl.DataFrame({"link_id": [1, 2]}), vehicles)
    for part in parts:
        assert part in str(told.value)


def test_types_of_day_have_weights_of_their_own(tmp_path: Path) -> None:
    text = "link_id,day,hour,pollutant,weight\n1,weekday,3,NOx,5\n2,weekend,0,NOx,7\n"
    (tmp_path / "w.csv").write_text(text, encoding="utf-8")
    links, vehicles = pl.DataFrame({"link_id": [1, 2]}), pl.DataFrame({"stream": ["urban_bus"], "zone": [""]})
    weight = read_weights(tmp_path / "w.csv", links, vehicles, ["weekday", "weekend"]).by_link["NOx"]
    assert weight.shape == (2, 48)
    assert weight[0, 3] == 5.0
    assert weight[1, 24] == 7.0
    assert weight.sum() == 12.0


def test_a_weighted_target_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN + "[portfolio]\n" + TARGET, encoding="utf-8")
    done = CliRunner().invoke(main, ["portfolio", str(tmp_path / "plan.toml"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "portfolio.weights" in done.output
