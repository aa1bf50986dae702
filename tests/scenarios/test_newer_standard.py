"""Vehicles of a model year on meet a newer standard with its usual aftertreatment."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.economics import EnergyChange, scenario_costs
from fleet_planner.errors import PlanError
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.fleet.dates import dated_standards
from fleet_planner.plan.models import EconomicsSection, Scenario, ScenarioMeasure
from fleet_planner.reference import reference_table
from fleet_planner.scenarios import ScenarioFleet, apply_scenario, measures_table
from tests.scenarios.test_measures import bus, fleet, truck

MEASURES = measures_table()
HEAVY = ["conventional", "euro_I", "euro_II", "euro_III", "euro_IV", "euro_V", "euro_VI_abc"]


def newer(standard: str, **more: object) -> ScenarioMeasure:
    return ScenarioMeasure(measure="newer_standard", to_standard=standard, **more)


def run(
    rows: list[dict[str, object]], *measures: ScenarioMeasure, country: str = "CL", sulphur_ppm: float = 10.0
) -> ScenarioFleet:
    scenario = Scenario(name="s", title="S", measure=list(measures))
    return apply_scenario(fleet(*rows), scenario, MEASURES, sulphur_ppm=sulphur_ppm, country=country)


def test_only_older_vehicles_of_the_model_years_change() -> None:
    rows = [truck("euro_III", year=2009), truck("euro_III", year=2011), truck("euro_VI_de", year=2020)]
    state = run([*rows, bus(year=2012)], newer("euro_V", from_model_year=2010, streams=["rigid_truck"]))
    got = state.vehicles.sort("stream", "model_year").select("stream", "standard", "aftertreatment", "measures").rows()
    assert got == [
        ("rigid_truck", "euro_III", "none", ""),
        ("rigid_truck", "euro_V", "SCR", "newer_standard"),
        ("rigid_truck", "euro_VI_de", "none", ""),
        ("urban_bus", "euro_III", "none", ""),
    ]
    assert state.units.rows() == [("newer_standard", 1.0, 30000.0)]
    told = [f for f in state.findings if f.code == "scenario.newer_standard"]
    assert [(f.count, f.values["standard"], f.values["years"]) for f in told] == [(1, "euro_V", "2010")]
    assert state.multipliers["NOx"].to_list() == [1.0] * 4


def test_years_earlier_counts_from_the_country_s_date() -> None:
    years = pl.DataFrame({"model_year": range(1990, 2028)}, schema={"model_year": pl.Int32})
    keys = years.with_columns(category=pl.lit("heavy_truck"), fuel=pl.lit("diesel"))
    dated = dated_standards(keys, "CL").filter(pl.col("dated") == "euro_VI_abc")["model_year"].to_list()
    since = min(dated)
    rows = [truck("euro_III", year=y) for y in range(since - 6, since + 2)]
    state = run(rows, newer("euro_VI_abc", years_earlier=3))
    changed = state.vehicles.filter(pl.col("standard") == "euro_VI_abc")["model_year"].sort().to_list()
    assert changed == list(range(since - 3, since + 2))


def test_retrofit_and_fuel_see_the_newer_standard() -> None:
    measures = [
        ScenarioMeasure(measure="rd99"),
        newer("euro_VI_de", from_model_year=2000),
        ScenarioMeasure(measure="dpf_scr"),
    ]
    rows = [truck("euro_III", aftertreatment="none+DPF_retrofit"), truck("euro_II", year=1998)]
    state = run(rows, *measures)
    assert state.vehicles.sort("model_year").select("aftertreatment", "measures").rows() == [
        ("none+DPF_retrofit+SCR_retrofit", "dpf_scr,rd99"),
        ("DPF+SCR", "newer_standard,rd99"),
    ]
    new = state.vehicles.with_row_index().row(by_predicate=pl.col("standard") == "euro_VI_de", named=True)["index"]
    assert state.multipliers["PM_exhaust"][new] == 1.0  # the fuel changes nothing behind a filter
    units = [("dpf_scr", 1.0), ("newer_standard", 1.0), ("rd99", 2.0)]
    assert state.units.select("measure_id", "vehicles").rows() == units
    assert run(rows, *reversed(measures)).vehicles.equals(state.vehicles)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(HEAVY), st.integers(1995, 2024), st.integers(1, 40)), min_size=1, max_size=10),
    st.sampled_from(["euro_IV", "euro_V", "euro_VI_de"]),
    st.integers(1995, 2024),
    st.floats(0.0, 1.0),
)
def test_no_vehicle_gets_older_and_none_is_lost(
    rows: list[tuple[str, int, int]], standard: str, year: int, uptake: float
) -> None:
    vehicles = [truck(s, float(n), y) for s, y, n in rows]
    state = run(vehicles, newer(standard, from_model_year=year, uptake=uptake))
    before = [STANDARD_ORDER[s] for s, _, _ in rows]
    for row in state.vehicles.iter_rows(named=True):
        assert STANDARD_ORDER[row["standard"]] >= before[row["baseline_row"]]
    reached = sum(n for s, y, n in rows if y >= year and STANDARD_ORDER[s] < STANDARD_ORDER[standard])
    treated = state.vehicles.filter(pl.col("measures") != "")["count"].sum()
    assert treated == pytest.approx(uptake * reached, abs=1e-9)
    assert state.vehicles["count"].sum() == pytest.approx(sum(n for _, _, n in rows))


def test_bad_words_are_refused() -> None:
    with pytest.raises(PlanError, match=r"scenario.measure.to_standard.*found: 'euro_VI_ab'.*euro_VI_abc"):
        run([truck("euro_III")], newer("euro_VI_ab", from_model_year=2010))
    with pytest.raises(PlanError, match=r"CL has no date.*from_model_year"):  # Chile went from IV to VI
        run([truck("euro_III")], newer("euro_V", years_earlier=2))
    for wrong in ({}, {"from_model_year": 2010, "years_earlier": 2}):
        with pytest.raises(ValidationError, match="one of from_model_year, years_earlier"):
            newer("euro_V", **wrong)
    with pytest.raises(ValidationError, match="newer_standard only"):
        ScenarioMeasure(measure="rd99", to_standard="euro_V")


def test_a_standard_whose_devices_do_not_stand_the_diesel_is_refused_with_the_reason() -> None:
    six, five = newer("euro_VI_abc", from_model_year=2000), newer("euro_V", from_model_year=2000)
    with pytest.raises(PlanError, match=r"euro_VI_abc have DPF\+SCR.*at most 50 ppm.*poison.*diesel_sulphur_ppm"):
        run([truck("euro_III")], six, sulphur_ppm=51.0)
    assert run([truck("euro_III")], six, sulphur_ppm=50.0).units.height == 1
    assert run([truck("euro_III")], five, sulphur_ppm=350.0).units.height == 1  # SCR alone stands more
    with pytest.raises(PlanError, match=r"euro_V have SCR.*at most 350 ppm"):
        run([truck("euro_III")], five, sulphur_ppm=500.0)
    # no diesel vehicle gets it: nothing to poison
    assert run([truck("euro_III", year=1990)], six, sulphur_ppm=500.0).units.is_empty()


def test_costs_are_the_difference_of_the_standards_by_hand() -> None:
    rows = [truck("euro_III", 10.0), truck("euro_II", 4.0, 1999), truck("euro_V", 3.0, 2015)]
    state = run(rows, newer("euro_VI_abc", from_model_year=1999))
    assert state.adopted.rows() == [
        ("heavy_truck", "euro_II", "euro_VI_abc", 4.0),
        ("heavy_truck", "euro_III", "euro_VI_abc", 10.0),
        ("heavy_truck", "euro_V", "euro_VI_abc", 3.0),
    ]
    section = EconomicsSection(discount_rate=0.05, diesel_usd_per_l=1.0)
    used = {"newer_standard": EnergyChange({"diesel": 42.695 * 0.84 * 1000.0})}
    costs = scenario_costs(state, MEASURES, section, used).row(0, named=True)
    dollars_2015 = 4.0 * 6937.0 + 10.0 * (6937.0 - 400.0) + 3.0 * (6937.0 - 4657.0)
    assert costs["capex_usd2024"] == pytest.approx(dollars_2015 * 313.689 / 237.017)
    assert costs["annualised_capex_usd2024"] == pytest.approx(costs["capex_usd2024"] * 0.05 / (1.0 - 1.05**-12))
    assert costs["energy_cost_usd2024_per_year"] == pytest.approx(1000.0)
    assert (costs["vehicles"], costs["checked"]) == (17.0, "no")
    assert costs["total_usd2024_per_year"] == pytest.approx(costs["annualised_capex_usd2024"] + 1000.0)


def test_who_burns_no_diesel_has_nothing_of_cleaner_diesel() -> None:
    ulsd, neat = ScenarioMeasure(measure="ulsd_50"), ScenarioMeasure(measure="rd99")
    both, alone = (run([truck("euro_III")], *m, sulphur_ppm=350.0).multipliers for m in ((ulsd, neat), (neat,)))
    assert both.equals(alone)
    assert run([truck("euro_III")], ulsd, sulphur_ppm=350.0).multipliers["SO2"][0] == pytest.approx(50.0 / 350.0)


def test_a_filter_in_name_only_is_not_refused() -> None:
    """The guidebook's table calls Euro 3 and 4 diesel cars filtered; their particles, 26 mg/km, are not."""
    car = truck("euro_2", category="passenger_car", segment="Medium", stream="car", aftertreatment="none")
    four, five = newer("euro_4", from_model_year=2000), newer("euro_5", from_model_year=2000)
    assert run([car], four, sulphur_ppm=350.0).vehicles["standard"].to_list() == ["euro_4"]
    with pytest.raises(PlanError, match=r"euro_5 have DPF.*at most 50 ppm"):
        run([car], five, sulphur_ppm=350.0)


def test_a_step_between_equal_factors_is_told() -> None:
    rows = [truck("euro_VI_abc", 3.0, 2016), truck("euro_V", 2.0, 2016)]
    state = run(rows, newer("euro_VI_de", from_model_year=2015))
    told = [f for f in state.findings if f.code == "scenario.same_factors"]
    assert [f.count for f in told] == [3]
    assert not [f for f in run(rows[1:], newer("euro_VI_de", from_model_year=2015)).findings if "same" in f.code]
    hot = reference_table("emep_eea_2019_hot.csv.gz").filter(pl.col("category").is_in(["heavy_truck", "bus"]))
    names = [c for c in hot.columns if c not in {"standard", "source", "year", "checked"}]
    old, new = (hot.filter(pl.col("standard") == s).select(names).sort(names) for s in ("euro_VI_abc", "euro_VI_de"))
    assert old.equals(new)
