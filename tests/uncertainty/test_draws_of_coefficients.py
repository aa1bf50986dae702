"""Coefficients of receptors and carbon: packaged ranges, those of the plan, groups that are off."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.pipeline.drawing.exposed import dispersion_draws
from fleet_planner.pipeline.drawing.harm import CARBON, coefficients
from fleet_planner.pipeline.drawing.warmed import potentials
from fleet_planner.plan.uncertainty import InputSpread, UncertaintySection
from fleet_planner.uncertainty.inputs import spreads_of
from fleet_planner.uncertainty.sampling import cube

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


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_what_is_drawn_apart_does_not_move_with_anything_else(seed: int) -> None:
    """Two scrambles of one Sobol sequence have correlations of 0.5 to 0.95, whatever their seeds: of 1000 draws 0.15
    is nearly five standard errors of nought."""
    section = UncertaintySection(draws=1000, seed=seed)
    spreads = spreads_of(section)
    warmed = {"year": 2023, "scenario": "baseline", "pollutant": "CH4", "horizon_years": 100, "counted": "yes"}
    tonnes = {"co2e_t_per_year": 28.0, "low_t_per_year": 20.0, "high_t_per_year": 36.0}
    climate = potentials({"climate": pl.DataFrame([warmed | tonnes])}, spreads, section)
    known = coefficients({"receptors": RECEPTORS}, spreads, section, (0.5, 1.5))
    apart = {
        "carbon": known.of(CARBON),
        "ice": known.of(ICE),
        "dispersion": dispersion_draws(section, spreads),
        "warming": climate.values[:, 0],
    }
    inputs = cube(1000, 20, "sobol", seed).T
    together = np.abs(np.corrcoef([*apart.values(), *inputs])[: len(apart)])
    together[np.arange(len(apart)), np.arange(len(apart))] = 0.0
    together[0, 1] = together[1, 0] = 0.0  # these two share what all coefficients have in common
    assert together.max() < 0.15
