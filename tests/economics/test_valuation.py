"""Values of a tonne, and what making fuels emits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.economics.valuation import valuation
from fleet_planner.factors.processes.upstream import blends, load_upstream, upstream_kg
from fleet_planner.plan.comparison import ComparisonSection

NONE = ComparisonSection()


def test_damage_of_the_united_states_by_hand() -> None:
    """US$ 560,000 of 2019 per short ton: x 1.1023 short tons x 313.689 / 255.657."""
    found = valuation("US", 2025, NONE)
    assert found.damages["PM2.5"].usd_per_t == pytest.approx(560_000 * 1.1023113 * 313.689 / 255.657, rel=1e-3)
    assert not found.damages["PM2.5"].checked


def test_social_cost_of_carbon_between_two_years() -> None:
    # 210 in 2025 and 230 in 2030, US$ of 2020
    assert valuation("US", 2027, NONE).carbon.usd_per_t == pytest.approx(218.0 * 313.689 / 258.811, rel=1e-3)
    assert valuation("US", 2027, NONE).carbon.checked


def test_the_plan_goes_before_the_tables() -> None:
    own = ComparisonSection(damage_usd_per_t={"NOx": 5.0}, carbon_usd_per_t=50.0)
    found = valuation("CN", 2030, own)
    assert (found.damages["NOx"].usd_per_t, found.carbon.usd_per_t) == (5.0, 50.0)
    assert found.damages["PM2.5"].usd_per_t == pytest.approx(
        0.064 * valuation("US", 2030, NONE).damages["PM2.5"].usd_per_t
    )


def test_a_country_without_figures_has_none() -> None:
    found = valuation("XX", 2030, NONE)
    assert (dict(found.damages), found.region) == ({}, "")


def test_upstream_of_what_is_in_the_tank() -> None:
    chile, china = load_upstream(["CL", "EU"]), load_upstream(["CN"])
    assert chile.of("diesel", "")[0] == pytest.approx(0.0189)
    assert china.of("diesel", "")[0] == pytest.approx(0.019)
    assert "hvo" in china.general
    assert "diesel" not in china.general
    share = blends()["b20"][1]
    assert chile.of("diesel", "b20")[0] == pytest.approx((1 - share) * 0.0189 + share * 0.047)
    low, mean, high = (chile.of("diesel", "rd99")[k] for k in (1, 0, 2))
    assert low < mean < high
    assert chile.of("electricity", "")[0] == 0.0
    vehicles = pl.DataFrame({"fuel": ["diesel", "cng"], "fuel_blend": ["", ""]})
    made = upstream_kg(vehicles, np.array([1000.0, 1000.0]), chile)
    assert made[:, 0] == pytest.approx([18.9, 11.4])


def test_the_plans_social_cost_goes_before_the_packaged_one() -> None:
    found = valuation("US", 2030, NONE, {"2025": 100.0, "2035": 200.0})
    assert found.carbon.usd_per_t == pytest.approx(150.0)
    assert valuation("US", 2030, ComparisonSection(carbon_usd_per_t=7.0), {"2025": 100.0}).carbon.usd_per_t == 7.0
