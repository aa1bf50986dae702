"""Coefficients of receptors and carbon: packaged ranges, those of the plan, groups that are off."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.pipeline.drawing.harm import CARBON, coefficients
from fleet_planner.plan.uncertainty import InputSpread, UncertaintySection
from fleet_planner.uncertainty.inputs import spreads_of

RECEPTORS = pl.DataFrame(
    {
        "receptor": ["ice", "snow"],
        "pollutant": ["BC", "BC"],
        "unit": ["t", "t"],
        "value": [2.0, 2.0],
        "low": [1.0, 2.0],
        "high": [4.0, 2.0],
    }
)
ICE, SNOW = "valuation:ice/BC/t", "valuation:snow/BC/t"


def ends(section: UncertaintySection, name: str) -> list[float]:
    known = coefficients({"receptors": RECEPTORS}, spreads_of(section), section, (0.5, 1.5))
    return [float(q) for q in np.quantile(known.of(name), [0.025, 0.975])]


def test_packaged_ranges_hold_both_ends_and_one_value_has_no_range() -> None:
    section = UncertaintySection(draws=2048)
    assert ends(section, ICE) == pytest.approx([0.5 / 1.02, 2.0 * 1.02], rel=0.03)
    assert ends(section, SNOW) == [1.0, 1.0]


def test_ranges_of_the_plan_go_before_the_packaged() -> None:
    section = UncertaintySection(draws=2048, inputs={"valuation": InputSpread(low=0.9, high=1.1)})
    for name in (CARBON, ICE, SNOW):
        assert ends(section, name) == pytest.approx([0.9, 1.1], rel=0.01)
    carbon = UncertaintySection(draws=2048, inputs={"valuation.carbon": InputSpread(low=0.2, high=3.0)})
    assert ends(carbon, CARBON) == pytest.approx([0.2, 3.0], rel=0.05)
    assert ends(carbon, ICE) == pytest.approx([0.5 / 1.02, 2.0 * 1.02], rel=0.03)


def test_a_group_that_is_off_stays_at_the_run() -> None:
    section = UncertaintySection(draws=16, off=["valuation"])
    assert ends(section, CARBON) == ends(section, ICE) == [1.0, 1.0]
