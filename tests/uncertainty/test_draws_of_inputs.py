"""Samples of inputs: their ends, their correlations, published values within the band, wrong plans refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.errors import PlanError
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.plan.uncertainty import InputCorrelation, InputSpread, UncertaintySection
from fleet_planner.uncertainty.design import speed_nodes
from fleet_planner.uncertainty.inputs import Input, holding, spreads_of
from fleet_planner.uncertainty.sampling import cube, quantile, sampler
from fleet_planner.uncertainty.told import own_effects

MANY = 4096


def one(name: str, family: str, common: float = 0.0, shape: str = "lognormal") -> Input:
    return Input(name, family, family, shape, 0.8, 1.3, common)


@pytest.mark.parametrize(("shape", "low", "high"), [("lognormal", 0.8, 1.3), ("normal", 0.8, 1.3)])
def test_ends_are_those_of_the_95_percent_band(shape: str, low: float, high: float) -> None:
    ends = quantile(one("a", "a", shape=shape), np.array([-1.96, 1.96]))
    assert ends == pytest.approx([low, high])


def test_triangle_and_uniform_by_hand() -> None:
    """Triangle 0.8, 1, 1.3: a fifth-and-more of the way up, F(1) = 0.2 / 0.5 = 0.4, its normal score -0.2533."""
    scores = np.array([-40.0, -0.2533471031357997, 40.0])
    assert quantile(one("a", "a", shape="triangular"), scores) == pytest.approx([0.8, 1.0, 1.3])
    assert quantile(one("a", "a", shape="uniform"), scores) == pytest.approx([0.8, 1.0, 1.3])


@pytest.mark.parametrize("method", ["sobol", "lhs"])
def test_inputs_of_one_name_share_a_part_and_names_move_together(method: str) -> None:
    """Correlation within a name rho; between names sqrt(rho_a rho_b) times that of the table."""
    inputs = [one("a:1", "a", 0.4), one("a:2", "a", 0.4), one("b", "b")]
    made = sampler(inputs, [("a", "b", 0.6)])
    values = np.log(made.values(cube(MANY, made.dimensions, method, 3)))
    found = np.corrcoef(values.T)
    assert found[0, 1] == pytest.approx(0.4, abs=0.04)
    assert found[0, 2] == pytest.approx(0.6 * np.sqrt(0.4), abs=0.04)
    assert np.quantile(values[:, 0], [0.025, 0.975]) == pytest.approx(np.log([0.8, 1.3]), abs=0.02)


@given(
    st.lists(st.floats(min_value=0.05, max_value=20.0), min_size=2, max_size=5, unique=True),
    st.floats(min_value=0.5, max_value=0.99),
)
@settings(max_examples=40, deadline=None)
def test_a_band_holds_all_published_values(published: list[float], level: float) -> None:
    low, high = holding(published, level)
    draws = quantile(Input("a", "a", "a", "lognormal", low, high), np.array([-1.0, 1.0]) * scores(level))
    assert draws[0] < min(published)
    assert draws[1] > max(published)


def scores(level: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(0.5 + level / 2.0))


def test_the_same_seed_gives_the_same_sample() -> None:
    assert np.array_equal(cube(100, 30, "sobol", 7), cube(100, 30, "sobol", 7))
    assert not np.array_equal(cube(100, 30, "sobol", 7), cube(100, 30, "sobol", 8))


def test_groups_that_are_off_stay_at_the_run() -> None:
    spreads = spreads_of(UncertaintySection(draws=10, off=["activity"]))
    assert spreads.make("activity", "car").low == spreads.make("activity", "car").high == 1.0
    assert spreads.make("speeds.peak", "").low < 1.0


def test_an_input_of_the_plan_goes_before_all_of_its_name() -> None:
    spreads = spreads_of(UncertaintySection(inputs={"activity.car": InputSpread(low=0.5, high=2.0)}))
    assert spreads.make("activity", "car").high == 2.0
    assert spreads.make("activity", "urban_bus").high != 2.0


def test_wrong_inputs_are_refused() -> None:
    with pytest.raises(PlanError, match="no such input"):
        spreads_of(UncertaintySection(inputs={"wether": InputSpread(low=0.5, high=2.0)}))
    three = [("grid", "activity", 0.9), ("activity", "speeds.peak", 0.9), ("grid", "speeds.peak", -0.9)]
    pairs = [InputCorrelation(input=a, with_input=b, correlation=r) for a, b, r in three]
    with pytest.raises(PlanError, match="cannot all hold"):
        spreads_of(UncertaintySection(correlation=pairs))


def test_an_input_of_its_own_still_shares_with_its_name() -> None:
    """Correlation within the name 0.3, though one of them is wider."""
    spreads = spreads_of(UncertaintySection(inputs={"activity.car": InputSpread(low=0.5, high=2.0)}))
    made = sampler([spreads.make("activity", "car"), spreads.make("activity", "urban_bus")], spreads.correlations)
    values = np.log(made.values(cube(MANY, made.dimensions, "sobol", 3)))
    assert np.corrcoef(values.T)[0, 1] == pytest.approx(0.3, abs=0.03)
    assert np.quantile(values[:, 0], [0.025, 0.975]) == pytest.approx(np.log([0.5, 2.0]), abs=0.03)


def test_an_input_that_a_correlation_names_is_correlated_itself() -> None:
    section = UncertaintySection(
        inputs={"activity.car": InputSpread(low=0.5, high=2.0)},
        correlation=[InputCorrelation(input="activity.car", with_input="grid", correlation=0.6)],
    )
    spreads = spreads_of(section)
    made = sampler([spreads.make("activity", "car"), spreads.make("grid", "")], spreads.correlations)
    values = np.log(made.values(cube(MANY, made.dimensions, "sobol", 3)))
    assert np.corrcoef(values.T)[0, 1] == pytest.approx(0.6, abs=0.03)


@pytest.mark.parametrize("name", ["valuation", "links", "mix.given", "mix.derived"])
def test_a_correlation_that_would_do_nothing_is_refused(name: str) -> None:
    pair = InputCorrelation(input="activity", with_input=name, correlation=0.5)
    with pytest.raises(PlanError, match="has no effect"):
        spreads_of(UncertaintySection(correlation=[pair]))


def test_what_has_something_in_common_by_the_plan_may_be_correlated() -> None:
    pair = InputCorrelation(input="activity", with_input="mix.derived", correlation=0.5)
    spreads = spreads_of(UncertaintySection(correlation=[pair], inputs={"mix.derived": InputSpread(common_share=0.4)}))
    assert spreads.by_name["mix.derived"].common_share == 0.4


def test_one_pair_twice_and_an_input_with_itself_are_refused() -> None:
    pairs = [("activity", "grid", 0.5), ("grid", "activity", -0.2)]
    twice = [InputCorrelation(input=a, with_input=b, correlation=r) for a, b, r in pairs]
    with pytest.raises(PlanError, match="two correlations of the same"):
        spreads_of(UncertaintySection(correlation=twice))
    with pytest.raises(ValueError, match="with itself"):
        InputCorrelation(input="grid", with_input="grid", correlation=0.5)


def test_a_distribution_stays_packaged_where_only_its_share_is_given() -> None:
    spreads = spreads_of(UncertaintySection(inputs={"effects": InputSpread(common_share=0.9)}))
    one = spreads.make("effects", "dpf", 0.0, 1.5)
    assert (one.distribution, one.common_share) == ("triangular", 0.9)
    assert not spreads.by_name["effects"].checked


def test_a_lognormal_of_what_can_be_nought_is_refused() -> None:
    spreads = spreads_of(UncertaintySection(inputs={"effects": InputSpread(distribution="lognormal")}))
    with pytest.raises(PlanError, match="can be nought"):
        spreads.make("effects", "dpf", 0.0, 1.5)


def test_published_values_are_two_and_lognormal() -> None:
    with pytest.raises(ValueError, match="has no range"):
        InputSpread(published=[1.2, 1.2])
    with pytest.raises(ValueError, match="make a lognormal"):
        InputSpread(published=[0.8, 1.2], distribution="uniform")


def test_speeds_to_one_side_of_the_run_have_nodes_that_reach_them() -> None:
    spreads = spreads_of(UncertaintySection(inputs={"speeds.peak": InputSpread(low=1.05, high=1.4)}))
    assert speed_nodes(spreads)[0] == pytest.approx([1.0 / 1.1, 1.4])


def test_measures_with_an_effect_of_their_own_are_named() -> None:
    named = [
        ScenarioMeasure(measure="b20", effect="low"),
        ScenarioMeasure(measure="pdpf", effect_pct={"PM_exhaust": -60.0}),
        ScenarioMeasure(measure="scr"),
    ]
    scenario = Scenario(name="x", title="X", measure=named)
    (told,) = own_effects(UncertaintySection(draws=10), [scenario])
    assert (told.values["measures"], told.count) == ("b20, pdpf", 2)
    assert own_effects(UncertaintySection(draws=10, off=["effects"]), [scenario]) == []
    assert own_effects(UncertaintySection(draws=10), [scenario.model_copy(update={"measure": named[2:]})]) == []
