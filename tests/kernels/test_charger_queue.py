"""Queues at scarce chargers against a simulation in small steps, and against the kernel without queues."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.kernels.charger_queue import replay_queues
from fleet_planner.kernels.state_of_charge import replay_blocks

sys.path.insert(0, str(Path(__file__).parents[1] / "buses"))
from soc_twin import Bus, simulate

CURVE = [(0.0, 150.0), (0.8, 150.0), (1.0, 15.0)]


class Case:
    """Random blocks on whole seconds."""

    def __init__(self, rng: np.random.Generator, blocks: Any, sites: Any, plugs: Any) -> None:
        self.legs = []
        for _ in range(blocks):
            t, legs = int(rng.integers(0, 3000)), []
            for _ in range(int(rng.integers(2, 7))):
                run = int(rng.integers(300, 3000))
                legs.append(
                    [
                        t,
                        t + run,
                        float(rng.uniform(2.0, 45.0)),
                        int(rng.integers(-1, sites)),
                        float(rng.choice([0.0, 2.0, 6.0])),
                    ]
                )
                t += run + int(rng.integers(0, 2500))
            legs[-1][3:] = [0, 0.0]
            self.legs.append(legs)
        self.plugs = np.array(plugs[:sites])
        self.plug_kw = np.array([60.0, 200.0, 350.0])[:sites]
        self.buffer_h = np.array([0.0, 60.0, 120.0])[:sites] / 3600.0
        self.capacity = rng.uniform(90.0, 300.0, blocks)

    def run(
        self,
        *,
        plugs: Any = None,
        lowest_first: bool = False,
        wait_h: float = 0.0,
        days: int = 1,
        told: int = 0,
        capacity: Any = None,
        start: float = 1.0,
    ) -> Any:
        blocks = len(self.legs)
        flat = [leg for legs in self.legs for leg in legs]
        first = np.concatenate([[0], np.cumsum([len(legs) for legs in self.legs])])
        column = lambda k: np.array([leg[k] for leg in flat], dtype=float)  # noqa: E731
        capacity = self.capacity if capacity is None else capacity
        self.args = {
            "first": first, "start": column(0) / 3600.0, "end": column(1) / 3600.0, "kwh": column(2)[None], "load": column(4)[None],
            "site": column(3).astype(np.int64),
        }  # fmt: skip
        return replay_queues(
            first, self.args["start"], self.args["end"], np.full(blocks, 24.0), self.args["kwh"], self.args["load"],
            self.args["site"], self.plugs if plugs is None else plugs, self.plug_kw, self.buffer_h, capacity[None],
            np.zeros(blocks, dtype=np.int64), np.array([0, 3]), np.array([p[0] for p in CURVE]),
            np.array([p[1] for p in CURVE]), np.full((1, blocks), np.inf), np.full(blocks, 0.95), np.full(blocks, 0.2),
            np.full(blocks, start), days, told, lowest_first, wait_h,
        )  # fmt: skip


@pytest.mark.parametrize("lowest_first", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_day_is_that_of_small_steps(seed: int, lowest_first: bool) -> None:
    case = Case(np.random.default_rng(seed), 7, 3, [3, 1, 1])
    of_block, of_movement = case.run(lowest_first=lowest_first)
    step = 2.0
    buses = [
        Bus(
            [(a / 3600.0, b / 3600.0, k, None if s < 0 else s, load) for a, b, k, s, load in legs],
            case.capacity[n],
            CURVE,
        )
        for n, legs in enumerate(case.legs)
    ]
    sites = {s: (case.plugs[s], case.plug_kw[s], case.buffer_h[s]) for s in range(3)}
    # up to the last arrival: afterwards only the night
    simulate(buses, sites, max(legs[-1][1] for legs in case.legs) / 3600.0 + 0.01, step, lowest_first)
    assert of_block[0, 7].sum() > 0.0
    arrived = np.concatenate([b.arrivals for b in buses])
    # a step too late or early at the plug is 0.2 kWh at most
    assert np.abs(of_movement[0, 0] - arrived).max() < 0.01
    lowest = np.array([b.lowest / b.capacity for b in buses])
    assert np.abs(of_block[0, 0] - lowest).max() < 0.01
    assert of_block[0, 0].min() < 0.9


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.integers(1, 3))
def test_with_a_charger_for_all_the_queue_is_the_kernel_without(seed: int, days: int) -> None:
    case = Case(np.random.default_rng(seed), 6, 3, [1, 1, 1])
    of_block, of_movement = case.run(plugs=np.full(3, 6), days=days, told=days - 1)
    a = case.args
    rest = np.append(a["start"][1:], 0.0) - a["end"]
    last = a["first"][1:] - 1
    rest[last] = a["start"][a["first"][:-1]] + 24.0 - a["end"][last]
    alone = replay_blocks(
        a["first"], a["kwh"], rest, a["load"], a["site"], case.plug_kw, case.buffer_h, case.capacity[None],
        np.zeros(6, dtype=np.int64), np.array([0, 3]), np.array([p[0] for p in CURVE]), np.array([p[1] for p in CURVE]),
        np.full((1, 6), np.inf), np.full(6, 0.95), np.ones(6), days, 0.0, True,
    )  # fmt: skip
    # tolerance 0 drives all days unless the night filled every battery to the last bit: then the days are equal
    for k, j in enumerate((0, 1, 2, 3, 4, 5)):
        assert of_block[0, k] == pytest.approx(alone[j][0], abs=1e-6), k
    for k, j in enumerate((7, 8, 9)):
        assert of_movement[0, k] == pytest.approx(alone[j][0], abs=1e-6), k


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), lowest_first=st.booleans(), wait_h=st.sampled_from([0.0, 0.4]))
def test_chargers_are_never_overfull_and_energy_is_kept(seed: int, lowest_first: bool, wait_h: float) -> None:
    case = Case(np.random.default_rng(seed), 8, 3, [2, 1, 1])
    of_block, of_movement = case.run(lowest_first=lowest_first, wait_h=wait_h)
    a = case.args
    plug_in, plug_out = of_movement[0, 3:]
    for s in range(3):
        used = (a["site"] == s) & ~np.isnan(plug_in)
        moments = np.concatenate([plug_in[used], plug_out[used] - 1e-9])
        at_once = ((plug_in[used][:, None] <= moments) & (plug_out[used][:, None] > moments)).sum(axis=0)
        assert at_once.max(initial=0) <= case.plugs[s]
    for b, legs in enumerate(case.legs):
        rows = slice(a["first"][b], a["first"][b + 1])
        full = case.capacity[b]
        soc_gain = of_movement[0, 1, rows] - of_movement[0, 0, rows]
        # what the plug gave covers what came into the battery, its loss, and no more than the load on top
        got = of_movement[0, 2, rows]
        assert (soc_gain * full <= 0.95 * got + 1e-7).all()
        drawn = sum(leg[2] for leg in legs)
        assert of_block[0, 4, b] == pytest.approx(got.sum(), abs=1e-9)
        assert full * (of_block[0, 3, b] - 1.0) == pytest.approx(soc_gain.sum() * full - drawn, abs=1e-6)
    assert of_block[0, 6].max() <= (wait_h + 1e-9) * 7
    if wait_h == 0.0:
        assert of_block[0, 6].max() < 1e-9


def test_a_bus_that_may_wait_leaves_with_what_it_needs() -> None:
    case = Case(np.random.default_rng(1), 1, 2, [1, 1])
    case.legs = [[[0, 3600, 60.0, 1, 0.0], [3900, 7200, 60.0, 0, 0.0]]]
    case.capacity = np.array([100.0])
    of_block, of_movement = case.run()
    assert of_block[0, 0, 0] < 0.2
    of_block, of_movement = case.run(wait_h=1.0)
    # 20 kWh reserve and 60 to drive: it leaves at 80 kWh; 40 kWh at 150 kW (its own curve) and 95 %, after docking
    assert of_movement[0, 1, 0] == pytest.approx(0.8, abs=1e-9)
    assert of_block[0, 0, 0] == pytest.approx(0.2, abs=1e-9)
    hours = 60.0 / 3600.0 + 40.0 / (150.0 * 0.95)
    assert of_block[0, 6, 0] == pytest.approx(hours - 300.0 / 3600.0, abs=1e-9)
    late, _ = case.run(wait_h=0.1)
    assert late[0, 6, 0] == pytest.approx(0.1)


def test_who_gets_the_charger_by_hand() -> None:
    # two buses want one plug; B comes later and lower. C holds it first
    case = Case(np.random.default_rng(1), 1, 2, [5, 1])
    case.buffer_h = np.zeros(2)
    case.legs = [
        [[0, 3600, 20.0, 1, 0.0], [7800, 8000, 1.0, 0, 0.0]],
        [[0, 3700, 80.0, 1, 0.0], [7800, 8000, 1.0, 0, 0.0]],
        [[0, 3000, 90.0, 1, 0.0], [4200, 8000, 1.0, 0, 0.0]],
    ]
    case.capacity = np.full(3, 100.0)
    _, first = case.run()
    _, lowest = case.run(lowest_first=True)
    at = 4200 / 3600.0
    assert first[0, 3, 0] == pytest.approx(at)  # A, first come
    assert lowest[0, 3, 2] == pytest.approx(at)  # B, lowest
    # A is full before B's turn: A gives way although its departure is later
    assert at < first[0, 3, 2] < 7800 / 3600.0
    assert first[0, 1, 0] == 1.0
