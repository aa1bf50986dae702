"""Measures that come year by year: what is bolted on stays, what replaces lasts, supply bounds, nothing is lost."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.fleet.model import Fleet
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.scenarios import ScenarioFleet, apply_scenario, measures_table, walk
from fleet_planner.scenarios.phase import Picker, uptake_of
from fleet_planner.scenarios.trajectory import trajectory_findings
from tests.scenarios.test_measures import bus, fleet, truck

MEASURES = measures_table()
LIFE = {"bev_bus": 12.0}


def steps(counts: dict[int, float]) -> Fleet:
    """A fleet of old trucks, a cohort per model year."""
    return fleet(*(truck("euro_III", n, y, vehicle_id=f"c{y}") for y, n in counts.items()))


def walked(fleets: dict[int, Fleet], *measures: ScenarioMeasure, keep: bool = True):
    plan = Scenario(name="s", title="S", measure=list(measures))

    def applied(vehicles: Fleet, pick: Picker) -> ScenarioFleet:
        return apply_scenario(vehicles, plan, MEASURES, sulphur_ppm=10.0, pick=pick)

    return walk(plan, fleets.__getitem__, fleets, list(fleets) if keep else [], applied, LIFE)


def test_the_share_of_a_year_is_interpolated_and_holds_after_the_last() -> None:
    wanted = ScenarioMeasure(measure="dpf_passive", uptake_by_year={"2026": 0.1, "2030": 0.5})
    assert [uptake_of(wanted, y) for y in (2025, 2026, 2028, 2030, 2040)] == pytest.approx([0.0, 0.1, 0.3, 0.5, 0.5])
    assert uptake_of(ScenarioMeasure(measure="dpf_passive", uptake=0.4), 2025) == 0.4
    assert wanted.final_uptake == 0.5


def test_filters_stay_on_their_vehicles_until_they_are_scrapped() -> None:
    measure = ScenarioMeasure(measure="dpf_passive", uptake_by_year={"2025": 0.5, "2026": 0.5, "2027": 1.0})
    fleets = {
        2025: steps({2006: 40.0, 2008: 60.0}),
        2026: steps({2006: 20.0, 2008: 60.0}),  # half of the oldest are scrapped
        2027: steps({2008: 50.0}),
    }
    reached = walked(fleets, measure).reached
    # 2025: the 40 oldest and 10 of the younger ones; 2026: 20 and 10 still have it, 10 more make half of 80;
    # 2027: 20 of 60 had it, so 50 x 20/60 are left, and all the others follow
    assert reached["vehicles"].to_list() == pytest.approx([50.0, 40.0, 50.0])
    assert reached["new_vehicles"].to_list() == pytest.approx([50.0, 10.0, 50.0 - 50.0 / 3.0])


def test_a_share_that_falls_takes_no_filter_off() -> None:
    measure = ScenarioMeasure(measure="dpf_passive", uptake_by_year={"2025": 1.0, "2026": 0.0})
    same = steps({2006: 40.0})
    reached = walked({2025: same, 2026: same}, measure).reached
    assert reached["vehicles"].to_list() == [40.0, 40.0]
    assert reached["new_vehicles"].to_list() == [40.0, 0.0]


def test_supply_bounds_what_is_fitted_and_the_shortage_is_told() -> None:
    measure = ScenarioMeasure(measure="dpf_passive", uptake_by_year={"2025": 1.0}, max_per_year=30.0)
    same = steps({2006: 100.0})
    path = walked({2025: same, 2026: same, 2027: same, 2028: same}, measure)
    assert path.reached["new_vehicles"].to_list() == pytest.approx([30.0, 30.0, 30.0, 10.0])
    (told,) = trajectory_findings(Scenario(name="s", title="S", measure=[measure]), path.reached)
    assert told.code == "scenario.supply_short"
    assert told.values["first"] == "2025"
    assert told.values["last"] == "2027"
    assert told.count == 70


def test_electric_buses_stand_in_the_pool_for_their_own_life() -> None:
    measure = ScenarioMeasure(measure="bev_bus", uptake_by_year={"2025": 0.5})
    fleets = {y: fleet(bus(count=100.0, year=y - 8, vehicle_id=f"b{y}")) for y in range(2025, 2038)}
    reached = walked(fleets, measure).reached
    # every year other buses: the electric ones take the places of those that would be bought, until they are 12
    assert reached["vehicles"].to_list() == [50.0] * 13
    assert reached["new_vehicles"].to_list() == [50.0, *[0.0] * 11, 50.0]


def test_without_years_the_whole_share_comes_at_once_and_is_told() -> None:
    measure = ScenarioMeasure(measure="rd99", uptake=0.25)
    same = steps({2006: 100.0})
    path = walked({2025: same, 2026: same}, measure)
    assert path.reached["vehicles"].to_list() == [25.0, 25.0]
    assert [f.code for f in trajectory_findings(Scenario(name="s", title="S", measure=[measure]), path.reached)] == [
        "scenario.at_once"
    ]


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.lists(st.floats(0.0, 500.0), min_size=4, max_size=4), min_size=2, max_size=5),
    first=st.floats(0.0, 1.0),
    last=st.floats(0.0, 1.0),
    most=st.one_of(st.none(), st.floats(1.0, 200.0)),
)
def test_no_vehicle_is_lost_and_no_measure_goes_beyond_those_who_may(
    counts: list[list[float]], first: float, last: float, most: float | None
) -> None:
    years = range(2025, 2025 + len(counts))
    shares = {"2025": first, str(years[-1] + 1): last}
    measures = [
        ScenarioMeasure(measure="dpf_passive", uptake_by_year=shares, max_per_year=most),
        ScenarioMeasure(measure="rd99", uptake_by_year=shares),
    ]
    # cohorts never grow: later years have at most what earlier ones had
    kept = [counts[0]]
    for row in counts[1:]:
        kept.append([min(a, b) for a, b in zip(kept[-1], row, strict=True)])
    fleets = {y: steps(dict(zip(range(2004, 2008), row, strict=True))) for y, row in zip(years, kept, strict=True)}
    path = walked(fleets, *measures)
    again = walked(fleets, *reversed(measures))
    assert path.reached.equals(again.reached)  # the order in a plan does not matter
    for year, vehicles in fleets.items():
        state = path.states[year].vehicles
        assert state["count"].sum() == pytest.approx(vehicles.vehicles["count"].sum(), abs=1e-9)
        assert (state["count"] >= 0.0).all()
        with_filter = state.filter(pl.col("measures").str.contains("dpf_passive"))["count"].sum()
        row = path.reached.filter(year=year, measure_id="dpf_passive").row(0, named=True)
        assert with_filter == pytest.approx(row["vehicles"], abs=1e-6)
        assert row["vehicles"] <= row["eligible"] + 1e-6
        assert row["new_vehicles"] <= (most if most is not None else row["eligible"]) + 1e-6


@pytest.mark.parametrize("years", [{"26": 0.1}, {"next": 0.1}, {"2026": 1.5}])
def test_years_and_shares_that_are_none_are_refused(years: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ScenarioMeasure(measure="dpf_passive", uptake_by_year=years)
