"""`fleet-planner portfolio` from end to end on a small town."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.pipeline.mixing.mix_bands import cost_draws
from fleet_planner.pipeline.mixing.portfolio import portfolio_of
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent
from fleet_planner.tables import columns
from tests.cli.altered import not_found
from tests.cli.test_homes import DEPOTS, PLACES, ZONES
from tests.cli.test_traffic import OSM, PLAN

if TYPE_CHECKING:
    from fleet_planner.plan.models import Plan
    from fleet_planner.plan.portfolio import PortfolioSection

REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "t1,heavy_truck,diesel,12000,2008,rigid_truck,40000,300\nt2,heavy_truck,diesel,12000,2014,rigid_truck,45000,200\n"
    "b1,bus,diesel,16000,2010,urban_bus,60000,80\nb2,bus,diesel,16000,2016,urban_bus,60000,60\n"
    "c1,passenger_car,petrol,,2015,car,12000,2000\n"
)
TARGETS = """
[turnover]
to_year = 2030
[[target]]
name = "nox"
pollutant = "NOx"
cut_pct = 35.0
year = 2030
base_year = 2024
[[target]]
name = "pm"
pollutant = "PM_exhaust"
cut_pct = 50.0
year = 2030
base_year = 2024
"""
SECTION = """
[portfolio]
measures = ["dpf_passive", "dpf_scr", "rd99", "bev_bus"]
supply_per_year = { bev_bus = 20.0 }
front = "nox"
front_points = 4
probability = 0.8
samples = 100
[[portfolio.future]]
name = "cheap_batteries"
title = "Cheap batteries"
title_zh = "电池降价"
electric_capex_factor = 0.5
[uncertainty]
draws = 64
"""


def call(folder: Path, more: str) -> Result:
    (folder / "plan.toml").write_text(PLAN + more, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portfolio")
    done = call(folder, TARGETS + SECTION)
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.mark.parametrize("name", ["years", "targets", "check", "front", "regret", "switching", "bands"])
def test_tables_are_as_the_dictionary_says(out: Path, name: str) -> None:
    table = pl.read_csv(out / f"portfolio_{name}.csv")
    assert table.height > 0
    assert table.columns == [c.column for c in columns(f"portfolio_{name}")]


def test_targets_are_met_at_a_proved_gap(out: Path) -> None:
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert told["status"] == "met"
    assert -1e-9 <= told["gap"] < 0.01
    targets = pl.read_csv(out / "portfolio_targets.csv")
    assert targets["verdict"].to_list() == ["met", "met"]
    assert (targets["avoided_per_year"] >= targets["required_per_year"] - 1e-6).all()
    assert 0.0 < told["probability"] <= 1.0
    assert told["cost_with_probability_usd2024"] >= told["cost_usd2024"] - 1.0


def test_the_mix_has_chances_and_a_band_of_its_cost(out: Path) -> None:
    table = pl.read_csv(out / "portfolio_bands.csv")
    targets = pl.read_csv(out / "portfolio_targets.csv")
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    each, both, cost = (table.filter(figure=f) for f in ("avoided", "all_targets", "cost"))
    assert each["value"].to_list() == pytest.approx(targets["avoided_per_year"].to_list())
    assert each["required"].to_list() == pytest.approx(targets["required_per_year"].to_list())
    assert each["unit"].to_list() == targets["unit"].to_list()
    assert (each["low"] < each["high"]).all()
    assert both["met_probability"][0] <= each["met_probability"].min()  # type: ignore[operator]  # numbers
    assert cost["value"][0] == pytest.approx(told["cost_usd2024"])
    assert cost["low"][0] < cost["value"][0] < cost["high"][0]
    assert {"uncertainty.few", "uncertainty.unchecked"} <= {f["code"] for f in told["findings"]}
    for name, words in (("portfolio.html", "How sure the mix is"), ("portfolio.zh.html", "措施组合的不确定性")):
        assert words in (out / name).read_text(encoding="utf-8")


def test_costs_twice_as_high_make_the_mix_cost_twice_as_much(out: Path) -> None:
    """The lines that are drawn add up to what the mix costs."""
    folder = out.parent
    ready = prepare(load_plan(folder / "plan.toml"), folder, silent)
    found = portfolio_of(replace(ready, plan=ready.plan.model_copy(update={"portfolio": _alone(ready.plan)})))
    drawn = cost_draws(ready, found.ground, found.problem, found.mix, lambda _: np.array([1.0, 2.0]))
    assert drawn.tolist() == pytest.approx([found.mix.cost, 2.0 * found.mix.cost])


def _alone(plan: Plan) -> PortfolioSection:
    """Return the section without front, probability and futures."""
    return plan.portfolio.model_copy(update={"front": "", "probability": 0.0, "future": []})


def test_the_inventory_finds_what_the_optimiser_promised(out: Path) -> None:
    check = pl.read_csv(out / "portfolio_check.csv")
    for pollutant in ("NOx", "PM_exhaust", "CO"):
        row = check.filter(pollutant=pollutant).row(0, named=True)
        assert row["optimiser_per_year"] > 0.0
        assert row["inventory_per_year"] == pytest.approx(row["optimiser_per_year"], rel=1e-6)


def test_supply_is_kept_every_year(out: Path) -> None:
    years = pl.read_csv(out / "portfolio_years.csv").filter(option="bev_bus")
    assert (years["new_vehicles"] <= 20.0 + 1e-6).all()


def test_the_page_is_there_in_both_languages(out: Path) -> None:
    assert "The least-cost mix" in (out / "portfolio.html").read_text(encoding="utf-8")
    chinese = (out / "portfolio.zh.html").read_text(encoding="utf-8")
    assert "：最低成本组合</h1>" in chinese
    for name, label in (("NOx", "氮氧化物（以NO2计），吨）"), ("PM_exhaust", "尾气颗粒物，吨）")):
        assert (label in chinese) == (name in pl.read_csv(out / "portfolio_targets.csv")["pollutant"].to_list())
    assert "PM_exhaust" not in re.sub("<style>.*?</style>", "", chinese, flags=re.DOTALL)


def test_targets_out_of_reach_are_told_with_the_relaxation(tmp_path: Path) -> None:
    done = call(tmp_path, TARGETS.replace("cut_pct = 35.0", "cut_pct = 99.9") + '[portfolio]\nmeasures = ["rd99"]\n')
    assert done.exit_code == 0, done.output
    targets = pl.read_csv(tmp_path / "out" / "portfolio_targets.csv")
    nox = targets.filter(target="nox").row(0, named=True)
    assert nox["verdict"] == "missed"
    assert nox["shortfall_per_year"] == pytest.approx(nox["required_per_year"] - nox["avoided_per_year"])
    assert "infeasible" in done.output


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ("[portfolio]\nto_year = 2030\nmeasures = ['rd99']\n", ["target", "objective"]),
        (TARGETS + "[portfolio]\nmeasures = ['rd98']\n", ["rd98", "rd99"]),
        (TARGETS + "[portfolio]\nmeasures = ['rd99']\nsupply_per_year = { bev_bus = 5.0 }\n", ["supply_per_year"]),
        (TARGETS + "[portfolio]\nmeasures = ['rd99']\nfront = 'so2'\n", ["portfolio.front", "so2"]),
        (TARGETS + "[portfolio]\nmeasures = ['rd99']\nbudget_usd_per_year = -1.0\n", ["budget_usd_per_year"]),
    ],
)
def test_bad_plans_get_one_message(tmp_path: Path, more: str, parts: list[str]) -> None:
    done = call(tmp_path, more)
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


def call_with_homes(folder: Path) -> Result:
    """Run the town whose vehicles have home zones and depots."""
    header, *rows = REGISTRY.strip().split("\n")
    homes = ["North,Quay", "South,", "North,Quay", "South,Quay", ","]
    tied = "\n".join([f"{header},zone,depot", *(f"{r},{h}" for r, h in zip(rows, homes, strict=True))]) + "\n"
    (folder / "z.geojson").write_text(ZONES, encoding="utf-8")
    (folder / "d.csv").write_text(DEPOTS, encoding="utf-8")
    (folder / "plan.toml").write_text(
        PLAN + PLACES + TARGETS + '[portfolio]\nmeasures = ["dpf_passive", "dpf_scr"]\n', encoding="utf-8"
    )
    (folder / "r.csv").write_text(tied, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return CliRunner().invoke(main, ["portfolio", str(folder / "plan.toml"), "--out", str(folder / "out")])


def test_the_mix_is_laid_out_by_zone_and_depot(tmp_path: Path) -> None:
    done = call_with_homes(tmp_path)
    assert done.exit_code == 0, done.output
    mix = pl.read_csv(tmp_path / "out" / "portfolio.csv")
    layer = pyogrio.read_dataframe(tmp_path / "out" / "portfolio.gpkg", layer="mix_by_zone")
    assert layer["name"].to_list() == ["North", "South", "Empty"]
    for name, whole in zip(layer["name"], layer["all_options"], strict=True):
        assert whole == pytest.approx(mix.filter(pl.col("zone") == name)["vehicles"].sum())
    assert layer["all_options"].sum() > 0.0
    depots = pyogrio.read_dataframe(tmp_path / "out" / "portfolio.gpkg", layer="mix_by_depot")
    assert set(depots.geometry.geom_type) == {"Point"}


def test_verify_finds_an_altered_figure(out: Path, tmp_path: Path) -> None:
    places: dict[str, tuple[str, ...]] = {
        "portfolio.csv": ("vehicles",),
        "portfolio_years.csv": ("new_vehicles", "capital_usd2024"),
        "portfolio_targets.csv": ("required_per_year",),
        "portfolio_market.csv": ("units",),
        "portfolio_cash.csv": ("pays_usd2024",),
        "portfolio_check.csv": ("inventory_per_year",),
    }
    assert not_found(out, tmp_path, places) == []
