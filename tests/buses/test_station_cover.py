"""Choice of stations against trying every set."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.buses.feasibility.cover import Question, cheapest


class Made:
    """Blocks that hold with an option when their stations weigh enough: monotone, as charging is."""

    def __init__(self, seed: int, blocks: int, options: int, stations: int) -> None:
        rng = np.random.default_rng(seed)
        self.weight = rng.uniform(0.2, 1.0, (blocks, stations)) * (rng.random((blocks, stations)) < 0.6)
        self.wanted = np.sort(rng.uniform(0.0, 2.0, (blocks, options)), axis=1)[:, ::-1]
        cost = np.sort(rng.integers(0, 40, (blocks, options)), axis=1).astype(float)
        cost[self.wanted > self.weight.sum(axis=1)[:, None]] = np.inf
        # the last option stands for a split: dear, and good without stations
        self.wanted = np.hstack([self.wanted, np.zeros((blocks, 1))])
        cost = np.hstack([cost, np.full((blocks, 1), 55.0)])
        self.question = Question(
            rng.integers(5, 60, stations).astype(float), cost, self.wanted > 0.0, self.weight > 0.0
        )

    def holds(self, block: Any, option: Any, stations: Any) -> Any:
        return (self.weight[block] * stations).sum(axis=1) >= self.wanted[block, option] - 1e-12

    def by_trying(self) -> float:
        q = self.question
        best = np.inf
        blocks, options = q.option_cost.shape
        for chosen in product([False, True], repeat=q.station_cost.size):
            open_to = np.array(chosen, dtype=bool)
            cost = q.station_cost[open_to].sum()
            for b in range(blocks):
                able = [
                    q.option_cost[b, k]
                    for k in range(options)
                    if self.holds(np.array([b]), np.array([k]), open_to[None])[0]
                ]
                cost += min(able)
            best = min(best, cost)
        return best


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), blocks=st.integers(1, 6), options=st.integers(1, 3), stations=st.integers(0, 6))
def test_the_answer_is_the_cheapest_and_proved(seed: int, blocks: int, options: int, stations: int) -> None:
    made = Made(seed, blocks, options, stations)
    found = cheapest(made.question, made.holds)
    assert found.cost == pytest.approx(made.by_trying(), abs=1e-6)
    assert found.gap < 1e-9
    every = np.arange(blocks)
    held = made.holds(every, found.option, np.broadcast_to(found.stations, (blocks, stations)))
    assert held.all()


def test_stations_that_many_share_win_over_batteries_that_each_buys() -> None:
    # ten blocks, one station for 90; a larger battery would cost 10 each: the station; at 110 the batteries
    class Shared:
        def __call__(self, block: Any, option: Any, stations: Any) -> Any:
            return (option == 1) | stations[:, 0] | (block < 0)

    def ask(price: float) -> Any:
        cost = np.tile([0.0, 10.0], (10, 1))
        needs = np.tile([True, False], (10, 1))
        return cheapest(Question(np.array([price]), cost, needs, np.ones((10, 1), dtype=bool)), Shared())

    assert ask(90.0).stations.tolist() == [True]
    assert ask(90.0).cost == 90.0
    assert ask(110.0).stations.tolist() == [False]
    assert ask(110.0).cost == 100.0


def test_a_block_without_an_option_is_refused() -> None:
    question = Question(np.ones(1), np.full((1, 1), np.inf), np.ones((1, 1), dtype=bool), np.ones((1, 1), dtype=bool))
    with pytest.raises(ValueError, match="no option"):
        cheapest(question, lambda block, option, stations: np.ones(block.size, dtype=bool))  # noqa: ARG005


@pytest.mark.parametrize("seed", range(8))
def test_an_answer_out_of_time_holds_and_keeps_its_bound(seed: int) -> None:
    made = Made(seed, 6, 3, 6)
    found = cheapest(made.question, made.holds, seconds=0.0)
    best = made.by_trying()
    assert found.bound <= best + 1e-6
    assert found.cost >= best - 1e-6
    held = made.holds(np.arange(6), found.option, np.broadcast_to(found.stations, (6, 6)))
    assert held.all()
    cost = (
        made.question.station_cost[found.stations].sum() + made.question.option_cost[np.arange(6), found.option].sum()
    )
    assert found.cost == pytest.approx(cost)
    # never dearer than to split every block
    assert found.cost <= made.question.option_cost[:, -1].sum() + 1e-9
