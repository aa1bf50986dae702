"""What power plants emit, and hydrogen by colour, by hand."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.economics.grid_path import course_ratio
from fleet_planner.factors.processes.upstream import load_upstream, with_hydrogen
from fleet_planner.impacts.upstream import Plants, plants_of, power_table
from fleet_planner.pipeline.telling.power import power_tables
from fleet_planner.plan.models import Plan
from fleet_planner.tables import columns

PLANTS = Plants(0.6, 1.0, 0.05, {"NOx": 0.133, "PM2.5": 0.017}, checked=True)


def test_only_the_thermal_share_has_stacks() -> None:
    table = power_table({"base": 950.0, "electric": 1900.0}, PLANTS, 35.0)
    assert table.columns == [c.column for c in columns("power_plants")]
    base = table.filter(scenario="base", pollutant="NOx").row(0, named=True)
    assert base["emitted_t_per_year"] == pytest.approx(1e6 * 0.6 * 0.133 / 1e6)  # 950 MWh at the plug: 1,000 generated
    assert base["added_t_per_year"] == 0.0
    more = table.filter(scenario="electric", pollutant="PM2.5").row(0, named=True)
    assert more["added_t_per_year"] == pytest.approx(0.017)  # new demand: all thermal
    assert more["added_intake_g_per_year"] == pytest.approx(0.017 * 1.6)
    assert more["intake_fraction_ppm"] < more["city_intake_fraction_ppm"] / 10.0  # a tonne in the street does more


def test_a_grid_without_stacks_emits_nothing() -> None:
    clean = plants_of(["CN"], 0.0, {})
    table = power_table({"base": 0.0, "electric": 5000.0}, clean, None)
    assert table["emitted_t_per_year"].to_list() == [0.0] * 6
    assert table.filter(scenario="electric")["added_t_per_year"].min() > 0.0


def test_common_values_stand_in_with_a_range_where_nothing_is_packaged() -> None:
    chile = plants_of(["CL"], None, {"NOx": 1.0})
    assert (chile.thermal_share, chile.loss, chile.checked) == (0.4, 0.05, False)
    assert chile.stand_ins == ("SO2", "PM2.5")
    table = power_table({"base": 0.0, "electric": 950.0}, chile, None).filter(scenario="electric")
    so2 = table.filter(pollutant="SO2").row(0, named=True)
    # 950 MWh at the plug are 1,000 generated, all of it thermal: 0.3 (0.02 to 1.5) g per kWh
    assert (so2["added_t_per_year"], so2["added_low_t_per_year"], so2["added_high_t_per_year"]) == pytest.approx(
        (0.3, 0.02, 1.5)
    )
    nox = table.filter(pollutant="NOx").row(0, named=True)
    assert nox["added_low_t_per_year"] == nox["added_high_t_per_year"] == pytest.approx(1.0)
    japan, states = plants_of(["JP-TK", "JP"], None, {}), plants_of(["US"], None, {})
    assert (japan.g_per_kwh["SO2"], japan.stand_ins) == (0.2, ("PM2.5",))
    assert states.g_per_kwh["NOx"] == pytest.approx(1117.0 / 2505.0, rel=1e-3)  # EIA, kt over TWh
    assert plants_of(["CN"], None, {}).stand_ins == ()


def test_hydrogen_by_colour() -> None:
    usual = load_upstream(["CN"])
    assert usual.of("hydrogen", "")[0] == pytest.approx(0.190)
    at = {
        c: with_hydrogen(usual, c, 0.83).of("hydrogen", "")[0] for c in ("grey", "green", "coal", "by_product", "grid")
    }
    assert at["green"] < at["by_product"] < at["grey"] < at["coal"] < at["grid"]  # of coal power it is the worst
    assert at["grid"] == pytest.approx(0.83 * 55.0 / 120.0)
    assert with_hydrogen(usual, "grid", 0.0).of("hydrogen", "") == (0.0, 0.0, 0.0)
    assert with_hydrogen(usual, "", 0.83) is usual


def test_the_thermal_share_follows_the_course_of_its_region() -> None:
    summary = pl.DataFrame({"scenario": ["base"], "pollutant": ["electricity_kwh"], "value_per_year": [950.0]})

    def share(electricity: dict[str, object], year: int = 2030, **upstream: object) -> tuple[float, list[str]]:
        plan = Plan.model_validate(
            {
                "city": {"name": "A", "country": "CN", "grid_region": "CN-BJ", "year": year},
                "network": {"file": "n.osm"},
                "fleet": {"registry": "r.csv"},
                "electricity": electricity,
                "impacts": {"upstream": upstream},
            }
        )
        table, found = power_tables(plan, summary, None)
        return float(table["thermal_share"][0]), [f.code for f in found]

    # the course of Beijing: 0.558 kg per kWh in 2022, 0.40 in 2030; packaged is 67 % of 2022
    carried, codes = share({"path": "policy"})
    assert carried == pytest.approx(0.67 * 0.40 / 0.558)
    assert "impacts.plants_course" in codes
    assert share({"path": "policy"}, 2060)[0] == 0.0
    assert share({}) == (0.67, ["impacts.plants"])
    assert share({"path": "policy"}, thermal_share=0.3) == (0.3, ["impacts.plants"])
    assert share({"average_by_year": {"2030": 0.2}})[0] == 0.67


@given(st.sampled_from(["CN-BJ", "US-CA-LA", "KR", "JP"]), st.integers(2020, 2059), st.integers(0, 40))
def test_a_course_never_rises(region: str, since: int, later: int) -> None:
    ratio = course_ratio(region, since, since + later)
    assert ratio is None or 0.0 <= ratio <= 1.0 + 1e-12
    assert course_ratio("XX", since, since + later) is None
