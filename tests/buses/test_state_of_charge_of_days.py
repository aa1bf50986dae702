"""Days of service through the replay: the independent simulation, monotone in all that should help, a year."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_days import constant_energy, shuttle, small_day
from soc_twin import Bus, simulate

from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.feasibility.figures import figures_of
from fleet_planner.buses.feasibility.load import load_of
from fleet_planner.buses.feasibility.model import Replay, Rules
from fleet_planner.buses.feasibility.replay import ground_of, replay
from fleet_planner.buses.feasibility.setup import Cold, batteries_of, sites_of
from fleet_planner.buses.feasibility.year import drive_year
from fleet_planner.plan.buses_battery import BatteryPlan, BusStation


def random_day(seed: int, blocks: int = 6) -> Any:
    rng = np.random.default_rng(seed)
    return small_day(
        {
            f"b{n}": shuttle(
                trips=int(rng.integers(3, 9)), start=float(rng.integers(18, 32)) / 4.0, km=float(rng.integers(10, 30)),
                hours=float(rng.integers(6, 14)) / 12.0, rest=float(rng.integers(1, 5)) / 12.0,
                ends=tuple(rng.choice(list("ABC"), 2, replace=False)),
            )
            for n in range(blocks)
        }
    )  # fmt: skip


def run_day(
    day: Any, kwh_per_km: float = 1.4, stations: Any = (), plan: Any = None, cold: Any = None, rules: Any = None
) -> Replay:
    plan = BatteryPlan(kwh={"standard": 250.0}, age="new") if plan is None else plan
    ground = ground_of(day)
    figures = figures_of(plan, {"standard"}, bus_types())
    sites = sites_of(day.places, plan, figures, stations)
    cold = Cold.none(1) if cold is None else cold
    load = load_of(ground, [constant_energy(day, kwh_per_km)])
    return replay(load, batteries_of(ground, figures, cold), sites, rules or Rules(start="full"), keep=True)


@pytest.mark.parametrize(("seed", "chargers"), [(1, 1), (2, 1), (3, 0)])
def test_a_day_of_service_is_that_of_small_steps(seed: int, chargers: int) -> None:
    day = random_day(seed)
    stations = [BusStation(place="A", chargers=chargers), BusStation(place="B", chargers=chargers)]
    found = run_day(day, stations=stations)
    ground, sites = found.ground, found.sites
    curve = [(0.0, 450.0), (0.8, 450.0), (1.0, 45.0)]
    buses = []
    for b in range(6):
        legs = []
        for m in range(ground.first[b], ground.first[b + 1]):
            place = ground.places[ground.place[m]]
            site = sites.ids.index(place) if place in sites.ids else None
            load = 0.0 if place == "depot" else 3.0
            legs.append((ground.start_h[m], ground.end_h[m], 1.4 * day.movements["km"][int(m)], site, load))
        buses.append(Bus(legs, 250.0, curve))
    plugs = {
        s: (int(n) or 99, float(kw), float(h))
        for s, (n, kw, h) in enumerate(zip(sites.chargers, sites.plug_kw, sites.buffer_h, strict=True))
    }
    simulate(buses, plugs, float(ground.end_h.max()) + 0.01, 4.0)
    arrived = np.concatenate([b.arrivals for b in buses])
    assert np.abs(found.arrive[0] - arrived).max() < 0.01
    assert np.abs(found.lowest[0] - [b.lowest / 250.0 for b in buses]).max() < 0.01


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), more=st.floats(1.0, 1.6), share=st.floats(0.3, 1.0))
def test_more_is_never_worse(seed: int, more: float, share: float) -> None:
    day = random_day(seed)
    base = run_day(day)

    def lacks(run: Replay) -> Any:
        return run.deficit_kwh[0]

    larger = BatteryPlan(kwh={"standard": 250.0 * more}, age="new")
    assert (lacks(run_day(day, plan=larger)) <= lacks(base) + 1e-6).all()
    assert (lacks(run_day(day, 1.4 * more)) >= lacks(base) - 1e-6).all()
    # colder: less of the capacity and of the power; with a charger on the way too
    a = [BusStation(place="A", chargers=0)]
    cold = Cold(np.array([share]), np.array([share]))
    assert (lacks(run_day(day, cold=cold)) >= lacks(base) - 1e-6).all()
    assert (lacks(run_day(day, stations=a, cold=cold)) >= lacks(run_day(day, stations=a)) - 1e-6).all()
    # stations, as long as all have a charger
    both = [*a, BusStation(place="B", chargers=0)]
    assert (lacks(run_day(day, stations=a)) <= lacks(base) + 1e-6).all()
    assert (lacks(run_day(day, stations=both)) <= lacks(run_day(day, stations=a)) + 1e-6).all()
    # a charger for every bus is as good as no limit
    six = [BusStation(place="A", chargers=6), BusStation(place="B", chargers=6)]
    assert lacks(run_day(day, stations=six)) == pytest.approx(lacks(run_day(day, stations=both)), abs=1e-6)
    # a higher reserve
    strict = BatteryPlan(kwh={"standard": 250.0}, age="new", reserve=0.2 * more)
    assert (lacks(run_day(day, plan=strict)) >= lacks(base) - 1e-6).all()
    assert (lacks(run_day(day, plan=BatteryPlan(kwh={"standard": 250.0}))) >= lacks(base) - 1e-6).all()


def test_night_start_is_full_where_the_night_suffices_and_less_where_not() -> None:
    day = random_day(4)
    rules = Rules(start="night")
    enough = run_day(day, rules=rules)
    assert enough.settled.all()
    assert enough.started == pytest.approx(1.0)
    weak = BatteryPlan(kwh={"standard": 250.0}, age="new", depot_kw=9.0)
    short = run_day(day, plan=weak, rules=rules)
    assert (short.started[0] <= 1.0 + 1e-12).all()
    assert short.started.min() < 0.9
    # one charger of 40 kW for all of them asks for more than a day: somebody starts with less, and it is told
    shared = BatteryPlan(kwh={"standard": 250.0}, age="new", depot_chargers={"depot": 1}, depot_kw=40.0)
    queued = run_day(day, plan=shared, rules=rules)
    assert queued.queued_h.max() > 0.0
    assert not queued.settled.all()
    assert queued.lowest.min() < enough.lowest.min() - 0.1


def test_the_worst_day_of_a_year_is_found() -> None:
    day = random_day(5)
    ground = ground_of(day)
    plan = BatteryPlan(kwh={"standard": 250.0}, age="new")
    figures = figures_of(plan, {"standard"}, bus_types())
    sites = sites_of(day.places, plan, figures, ())
    temperatures = np.array([20.0, -10.0])
    load = load_of(ground, [constant_energy(day, 1.0), constant_energy(day, 2.2)])
    days_c = np.array([25.0, 12.5, -3.0, -10.0, 5.0])
    year = drive_year(
        load, temperatures, days_c, np.array([1.0, 2.0, 4.0, 8.0, 16.0]),
        lambda at: batteries_of(ground, figures, Cold.none(at.size)), sites, Rules(start="full"),
    )  # fmt: skip
    # half-way in temperature is half-way in energy; beyond the warmest case it stays
    apart = [run_day(day, kwh, plan=plan) for kwh in (1.0, 1.3, 1.92, 2.2, 1.6)]
    assert year.lowest == pytest.approx(apart[3].lowest[0], abs=1e-9)
    assert set(year.worst_c) == {-10.0}
    expected = sum(w * ~run.feasible[0] for w, run in zip((1.0, 2.0, 4.0, 8.0, 16.0), apart, strict=True))
    assert year.failing_days == pytest.approx(expected)
    assert 0.0 < year.failing_days.max() <= 31.0
