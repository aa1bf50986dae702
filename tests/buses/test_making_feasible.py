"""Blocks made feasible on small days: each way alone, all together against trying everything, queues and their gap."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from small_days import constant_energy, shuttle, small_day

from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.feasibility.choosing import Checker, Task, plentiful, question_of, sizes_on_offer
from fleet_planner.buses.feasibility.figures import figures_of, prices_of
from fleet_planner.buses.feasibility.load import assemble, load_of, whole
from fleet_planner.buses.feasibility.making import make_feasible
from fleet_planner.buses.feasibility.replay import ground_of, replay
from fleet_planner.buses.feasibility.setup import Cold, batteries_of, candidate_places, rules_of, sites_of
from fleet_planner.buses.feasibility.split import Splitter, empty_ways
from fleet_planner.buses.transition.packaged import Packaged
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.plan.buses_battery import BatteryPlan, BusStation
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.reference import reference_table


def task_of(day: Any, energies: Any, plan: BatteryPlan, stations: Any = ()) -> Task:
    ground = ground_of(day)
    load = load_of(ground, energies)
    types = set(ground.bus_types)
    figures, prices = figures_of(plan, types, bus_types()), prices_of(plan, EconomicsSection(), types)
    cold = Cold.none(len(energies))
    sites = sites_of(day.places, plan, figures, stations)
    places = {p: k for k, p in enumerate(day.places["place"].to_list())}
    moves = day.movements
    splitter = Splitter(
        load, moves["kind"].to_list(), np.array([places[p] for p in moves["from_place"]]), moves["km"].to_numpy(),
        empty_ways(day, 1.3, 25.0), batteries_of(ground, figures, cold), plentiful(sites), rules_of(plan),
    )  # fmt: skip
    return Task(load, splitter, day.places, plan, figures, prices, cold, stations)


def plan_of(**keys: Any) -> BatteryPlan:
    return BatteryPlan(
        **({"kwh": {"standard": 250.0}, "larger_kwh": {"standard": [320.0, 450.0]}, "age": "new"} | keys)
    )


LONG = {"long": shuttle(trips=8, km=25.0), "short": shuttle(trips=3, km=20.0, start=9.0)}


def test_a_day_that_is_feasible_stays_as_it_is() -> None:
    day = small_day({"short": shuttle(trips=3)})
    made = make_feasible(task_of(day, [constant_energy(day)], plan_of()))
    assert made.way == ("as_it_is",)
    assert made.cost == 0.0
    assert made.replacement_ratio == 1.0


@pytest.mark.parametrize(("allowed", "way"), [("battery", "battery"), ("split", "split"), ("station", "station")])
def test_each_way_alone_makes_the_long_block_feasible(allowed: Any, way: str) -> None:
    day = small_day(LONG)
    made = make_feasible(task_of(day, [constant_energy(day)], plan_of(ways=[allowed])))
    assert not made.base.feasible[0, 0]
    assert made.base.deficit_kwh[0, 0] == pytest.approx(
        # 208 km at 1.5 kWh and 8 layovers of a quarter of an hour at 3 kW; 200 kWh above the reserve
        208.0 * 1.5 + 8 * 0.75 - 200.0
    )
    assert made.way == (way, "as_it_is")
    assert made.made.feasible.all()
    assert made.replacement_ratio == (1.5 if way == "split" else 1.0)
    assert made.gap < 1e-9
    if way == "battery":
        # 8 x 25 + 8 km at 1.5 kWh and layovers at 0.75: with the mass of 200 kWh more; 450 x 0.8 = 360
        assert made.kwh.tolist() == [450.0, 250.0]
        heavier = 1.0 + 200.0 * 6.7 / 13_500.0
        used = (made.made.started - made.made.ended)[0, 0] * 450.0
        assert used == pytest.approx(208.0 * 1.5 * heavier + 8 * 0.75)
    if way == "split":
        assert [len(p) for p in made.parts] == [1, 1, 1]
        # no trip is lost: 8 and 3 trips, with their ways out and home, and two added
        assert made.load.ground.start_h.size == (8 + 2 + 2) + (3 + 2)
    if way == "station":
        assert len(made.chosen) == 1


def test_with_no_way_the_deficit_stays() -> None:
    day = small_day(LONG)
    made = make_feasible(task_of(day, [constant_energy(day)], plan_of(ways=[])))
    assert made.way == ("none", "as_it_is")
    assert made.made.deficit_kwh[0, 0] > 0.0


def test_what_nothing_helps_is_told() -> None:
    # one trip of 400 km: no battery on offer, no place to cut or to charge
    day = small_day(
        {
            "far": [
                ("pull_out", 5.0, 5.25, 4.0, "depot", "A"),
                ("trip", 5.25, 13.0, 400.0, "A", "B"),
                ("pull_in", 13.0, 13.5, 4.0, "B", "depot"),
            ]
        }
    )
    made = make_feasible(task_of(day, [constant_energy(day)], plan_of()))
    assert made.way == ("none",)
    assert made.cost == 0.0


def test_parts_share_buses_when_the_depot_fills_them_in_between() -> None:
    early = shuttle(trips=8, km=25.0, start=5.0)
    late = shuttle(trips=8, km=25.0, start=14.0)
    day = small_day({"early": early, "late": late})
    made = make_feasible(task_of(day, [constant_energy(day)], plan_of(ways=["split"], depot_kw=150.0)))
    assert made.way == ("split", "split")
    assert made.made.feasible.all()
    # four parts, three buses: the first part of the early block is full again for a part of the late one
    assert len(made.parts) < 4
    assert made.buses_shared == 4 - len(made.parts)
    trips = sorted(t for parts in made.parts for p in parts for t in range(p.low, p.high))
    assert len(trips) == len(set(trips)) == 20


def brute_cost(task: Task) -> float:
    """The least cost over all sets of stations and options, by replay."""
    sites = sites_of(task.places, task.plan, task.figures, task.stations)
    base = replay(task.load, task.splitter.batteries, sites, rules_of(task.plan))
    failing = np.flatnonzero(~base.holds)
    candidates = candidate_places(task.load.ground, task.plan, sites, failing)
    offered = sites_of(task.places, task.plan, task.figures, task.stations, candidates)
    checker = Checker(task, failing, sizes_on_offer(task, failing), offered, len(sites.ids))
    splits = task.splitter.split(failing.tolist())
    question = question_of(task, checker, splits)
    sets = np.array(list(product([False, True], repeat=len(candidates))), dtype=bool).reshape(-1, len(candidates))
    block, option = np.nonzero(np.isfinite(checker.sizes))
    pair, chosen = np.divmod(np.arange(block.size * len(sets)), len(sets))
    holds = checker(block[pair], option[pair], sets[chosen]).reshape(block.size, len(sets))
    price = (checker.sizes - checker.sizes[:, :1]) * task.prices.battery_per_kwh
    cost = sets @ question.station_cost
    for k in range(failing.size):
        own = np.where(holds[block == k], price[k, option[block == k]][:, None], np.inf).min(axis=0)
        cost = cost + np.minimum(own, question.option_cost[k, -1])
    return float(cost.min())


@pytest.mark.parametrize("seed", range(6))
def test_the_joint_choice_is_the_cheapest_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = {
        f"b{n}": shuttle(
            trips=int(rng.integers(4, 10)), start=5.0 + rng.integers(0, 8) / 4.0, km=float(rng.integers(15, 32)),
            rest=float(rng.choice([0.1, 0.2, 0.3])), ends=tuple(rng.choice(list("ABCDE"), 2, replace=False)),
        )
        for n in range(7)
    }  # fmt: skip
    day = small_day(blocks)
    plan = plan_of(station_usd=float(rng.choice([40_000.0, 300_000.0])), charger_usd=50_000.0)
    task = task_of(day, [constant_energy(day, 1.3), constant_energy(day, 1.7, standing_kw=8.0)], plan)
    made = make_feasible(task)
    assert made.made.feasible.all()
    assert made.answer is not None
    assert made.answer.cost == pytest.approx(brute_cost(task), rel=1e-9)
    assert made.answer.gap < 1e-9
    assert made.bound <= made.cost + 1e-6


def test_queues_ask_for_more_chargers_and_print_the_gap() -> None:
    # six buses meet at A at the same minutes: one charger is too few
    blocks = {f"b{n}": shuttle(trips=10, km=22.0, rest=0.2) for n in range(6)}
    day = small_day(blocks)
    plan = plan_of(ways=["station"], kwh={"standard": 160.0}, charge_kw={"standard": 300.0}, station_kw=300.0)
    made = make_feasible(task_of(day, [constant_energy(day)], plan))
    assert made.made.feasible.all()
    chargers = made.made.sites.chargers[list(made.chosen)]
    assert chargers.sum() > len(made.chosen)
    assert made.gap > 0.0
    assert made.bound == pytest.approx(made.answer.bound)  # type: ignore[union-attr]
    # no more at once than there are
    for n, site in enumerate(made.chosen):
        here = made.made.sites.of_place[made.load.ground.place] == site
        begin, end = made.made.plug_in_h[0, here], made.made.plug_out_h[0, here]
        at_once = ((begin[:, None] <= begin) & (end[:, None] > begin)).sum(axis=0)
        assert at_once.max() <= chargers[n]


def test_where_the_place_has_room_for_one_charger_others_take_another_way() -> None:
    blocks = {f"b{n}": shuttle(trips=10, km=22.0, rest=0.2) for n in range(6)}
    day = small_day(blocks)
    plan = plan_of(
        kwh={"standard": 160.0},
        larger_kwh={"standard": [700.0]},
        station_chargers=1,
        station_usd=0.0,
        ways=["station", "battery"],
    )
    made = make_feasible(task_of(day, [constant_energy(day)], plan))
    assert made.made.feasible.all()
    assert set(made.way) == {"station", "battery"} or set(made.way) == {"battery"}
    assert (made.made.sites.chargers[list(made.chosen)] == 1).all()
    assert made.gap > 0.0


def test_a_station_of_the_plan_serves_without_cost() -> None:
    day = small_day(LONG)
    made = make_feasible(task_of(day, [constant_energy(day)], plan_of(), [BusStation(place="A", chargers=2)]))
    assert made.way == ("as_it_is", "as_it_is")
    assert made.made.plugged_kwh[0, 0] > 0.0


def test_assembling_whole_blocks_changes_nothing() -> None:
    day = small_day(LONG)
    task = task_of(day, [constant_energy(day), constant_energy(day, 2.0)], plan_of())
    ground = task.load.ground
    again = assemble(task.load, [(name, (whole(ground, b),)) for b, name in enumerate(ground.block_ids)])
    assert np.array_equal(again.kwh, task.load.kwh)
    assert np.array_equal(again.ground.start_h, ground.start_h)
    assert np.array_equal(again.ground.first, ground.first)
    assert again.ground.block_ids == ground.block_ids


def test_what_each_way_costs_a_block_alone() -> None:
    day = small_day(LONG)
    task = task_of(day, [constant_energy(day)], plan_of())
    made = make_feasible(task)
    battery, station, split = made.alone[0]
    assert np.isnan(made.alone[1]).all()
    prices = task.prices
    assert battery == pytest.approx((450.0 - 250.0) * prices.battery_per_kwh)
    assert station == pytest.approx(prices.station + prices.charger)
    # half an hour and 8 km of added ways, one bus more with its battery
    assert split == pytest.approx(
        prices.bus["standard"] + 250.0 * prices.battery_per_kwh + 0.5 * prices.driver_hour + 8.0 * prices.empty_km
    )
    # alone and together the block takes the cheapest of the three
    assert made.cost == pytest.approx(np.nanmin(made.alone[0]))


def test_buses_and_chargers_have_one_price_and_one_efficiency() -> None:
    """No figure stands in both tables; a standard bus costs what its replacement does, by region, over its life."""
    shared = set(reference_table("bus_batteries.csv")["item"]) & set(reference_table("bus_transition.csv")["item"])
    assert not shared
    economics = EconomicsSection()
    for region in ("*", "US"):
        packaged = Packaged(economics, region)
        prices = prices_of(BatteryPlan(), economics, {"standard", "midi"}, region)
        yearly = packaged.figure("price", "battery", "standard") * capital_recovery_factor(
            economics.discount_rate, 14.0
        )
        assert prices.bus["standard"] == pytest.approx(yearly)
        assert prices.bus["midi"] == pytest.approx(0.75 * yearly)
    europe, states = (prices_of(BatteryPlan(), economics, {"standard"}, r).bus["standard"] for r in ("*", "US"))
    assert states > 1.5 * europe
    assert packaged.battery("charger_efficiency") * packaged.battery("efficiency") == pytest.approx(0.9025)
