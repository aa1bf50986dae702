"""Money by source, people to train, units, curves of a mix: by hand on two groups."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
import pytest

from fleet_planner.economics.workforce import training
from fleet_planner.pipeline.mixing.needs import cash_table, curve_table, market_table, workforce_table
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.portfolio.figures import Figures
from fleet_planner.scenarios.options import Option

if TYPE_CHECKING:
    from fleet_planner.pipeline.mixing.portfolio import Portfolio
    from fleet_planner.pipeline.prepare import Prepared

OPTIONS = (
    Option("bev_bus", "replacement", ("bev_bus",), "Electric", "电动"),
    Option("dpf", "retrofit", ("dpf",), "Filter", "捕集器"),
    Option("rd99", "fuel", ("rd99",), "Fuel", "燃料"),
)
YEARS = (2025, 2026, 2027)


def mix(x: np.ndarray) -> Portfolio:
    """Return 100 buses at Quay and 50 trucks nowhere; nothing dies, everything lasts."""
    figures = Figures(
        count=np.array([100.0, 50.0]),
        able=np.ones((2, 3), bool),
        first=np.zeros(2, np.int64),
        only_first=np.zeros((2, 3), bool),
        alive=np.ones((2, 3)),
        capital=np.array([[200e3, 10e3, 0.0], [150e3, 8e3, 0.0]]),
        capital_per_year=np.array([[20e3, 1e3, 0.0], [15e3, 800.0, 0.0]]),
        running_per_year=np.array([[-5e3, 100.0, 900.0], [-2e3, 100.0, 700.0]]),
        life=np.full(3, 30.0),
        avoided={"nox": np.array([[0.5, 0.1, 0.05], [0.3, 0.1, 0.02]])},
    )
    groups = pl.DataFrame(
        {"stream": ["urban_bus", "rigid_truck"], "depot": ["Quay", ""], "sold": [0, 0], "vehicles": [100.0, 50.0]}
    )
    ground = SimpleNamespace(
        groups=groups, figures=figures, options=OPTIONS, years=YEARS, electric=np.array([True, False, False])
    )
    aim = SimpleNamespace(name="nox")
    aimed = SimpleNamespace(counts=np.ones(2, bool))
    found = SimpleNamespace(
        ground=ground,
        mix=SimpleNamespace(x=x, built=np.zeros(0)),
        site_rows=None,
        sites=None,
        targets=((aim, 2027, 0.0, 0.0),),
        aims=(aimed,),
    )
    return cast("Portfolio", found)


def some() -> np.ndarray:
    x = np.zeros((2, 3, 3))
    x[0, 0, 0], x[0, 0, 2], x[1, 1, 1], x[0, 2, 1] = 10.0, 5.0, 20.0, 40.0
    return x


def ready(**economics: Any) -> Prepared:
    plan = SimpleNamespace(economics=EconomicsSection(**economics), city=SimpleNamespace(year=2024))
    return cast("Prepared", SimpleNamespace(plan=plan))


def test_sources_add_up_to_the_capital_of_each_year() -> None:
    incentive = {"name": "grant", "measures": ["bev_bus"], "share_of_capital": 0.5, "budget_usd_per_year": 600e3}
    loan = {"name": "loan", "kind": "loan", "share": 0.25, "rate": 0.02, "years": 2}
    table = cash_table(ready(incentive=[incentive], finance=[loan], inflation=0.02), mix(some()))
    paid = dict(table.group_by("year").agg(pl.col("pays_usd2024").sum()).iter_rows())
    assert paid[2025] == pytest.approx(10 * 200e3)
    assert paid[2026] == pytest.approx(20 * 8e3)
    assert paid[2027] == pytest.approx(5 * 200e3)
    grants = dict(table.filter(kind="incentive").select("year", "pays_usd2024").iter_rows())
    assert grants == pytest.approx({2025: 600e3, 2027: 500e3})  # the cap of 600,000 a year binds in the first year
    loans = dict(table.filter(kind="loan").select("year", "pays_usd2024").iter_rows())
    assert loans[2025] == pytest.approx(0.25 * 1400e3)
    # interest at inflation: two payments are worth what was drawn
    assert table.filter(kind="loan")["service_usd2024"].sum() > 0.0
    owner = table.filter(kind="owner", year=2026).row(0, named=True)
    assert owner["running_usd2024"] == pytest.approx(10 * -5e3 + 20 * 100.0 + 40 * 900.0)


def test_nobody_is_trained_where_nothing_changes() -> None:
    assert workforce_table(mix(np.zeros((2, 3, 3)))).is_empty()
    fuel = np.zeros((2, 3, 3))
    fuel[0, 2, 0] = 50.0
    assert workforce_table(mix(fuel)).is_empty()
    assert market_table(mix(np.zeros((2, 3, 3)))).is_empty()


def test_people_follow_from_the_vehicles_by_place_and_year() -> None:
    table = workforce_table(mix(some()))
    drivers = table.filter(role="operator")
    assert drivers.select("year", "place", "vehicles_more").rows() == [(2025, "Quay", 10.0), (2027, "Quay", 5.0)]
    assert drivers["to_train"].to_list() == pytest.approx([20.0, 10.0])  # two drivers a bus
    truck = table.filter(stream="rigid_truck").row(0, named=True)
    assert (truck["year"], truck["place"], truck["role"]) == (2026, None, "mechanic")
    assert truck["to_train"] == pytest.approx(20 / 12.3, rel=1e-3)
    assert truck["checked"] == "no"
    assert training("rigid", "mechanic", retrofit=False).checked
    assert training("rigid", "operator", retrofit=True).people == 0.0


def test_units_of_each_technology_by_year() -> None:
    rows = market_table(mix(some())).rows()
    assert ("bev_bus", 2025, 10.0, 2e6) in rows
    assert ("bev_bus", 2027, 5.0, 1e6) in rows
    assert ("dpf", 2026, 20.0, 160e3) in rows
    assert ("rd99", 2026, 40.0, 0.0) in rows
    assert len(rows) == 4


def test_the_curve_has_what_is_in_force_in_the_targets_year() -> None:
    curve = curve_table(mix(some()))
    assert curve["usd2024_per_unit"].is_sorted()
    bus = curve.filter(option="bev_bus").row(0, named=True)
    assert bus["vehicles"] == 15.0
    assert bus["avoided_per_year"] == pytest.approx(7.5)
    assert bus["usd2024_per_unit"] == pytest.approx(15e3 / 0.5)
    assert curve["cumulative_avoided_per_year"][-1] == pytest.approx(7.5 + 2.0 + 2.0)
