"""Every process against figures typed from the publication and worked out here, apart from the package."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.channels import CHANNELS
from fleet_planner.factors.compile import compile_factors
from fleet_planner.factors.conditions import Conditions, mild_conditions
from fleet_planner.factors.options import FactorOptions, FactorSources, load_sources
from fleet_planner.factors.shares import load_shares, share_of


@pytest.fixture(scope="module")
def sources() -> FactorSources:
    return load_sources(grid_kg_per_kwh=0.5)


def channel_at(
    sources: FactorSources,
    technology: tuple[str, ...],
    pollutant: str,
    process: str,
    speed_kmh: float,
    conditions: Conditions | None = None,
    *,
    options: FactorOptions | None = None,
    condition: int = 0,
    load: int = 1,
    grade: int = 3,
) -> float:
    """Sum of a process's channels of a pollutant whose drivers are all 1, at a grid speed; town and road add up."""
    frame = pl.DataFrame([technology], schema=list(TECHNOLOGY), orient="row")
    table = compile_factors(frame, sources, conditions or mild_conditions(20.0), options or FactorOptions())
    s = int(np.flatnonzero(table.grid_kmh == speed_kmh)[0])
    total = 0.0
    for c, of in enumerate(CHANNELS):
        plain = of.driver == "" or of.driver.startswith(("urban:", "road:"))
        block = table.block_of[0, c]
        if (of.pollutant, of.process) == (pollutant, process) and plain and block >= 0 and not of.part:
            row = table.blocks[block, condition, load, grade]
            total += table.scale[0, c] * table.curves[row, s] if row >= 0 else 0.0
    return float(total)


@pytest.mark.parametrize("standard", ["euro_5", "euro_6abc", "euro_6d_temp", "euro_6d", "euro_7"])
@pytest.mark.parametrize("category", ["passenger_car", "light_commercial"])
def test_soot_of_a_diesel_with_filter_is_a_fifth_of_its_particles(category: str, standard: str) -> None:
    """EMEP/EEA 2016, 1.A.3.b.i-iv: diesel Euro 5 BC 20 % of PM, OM 200 % of BC; Euro 6 has a filter too, not no filter.

    Organic carbon is organic matter over 1.3.
    """
    technology = {"category": category, "fuel": "diesel", "standard": standard}
    assert share_of(load_shares("bc_share.csv", "bc_share"), technology) == pytest.approx(0.20)
    assert share_of(load_shares("oc_share.csv", "oc_share"), technology) == pytest.approx(0.20 * 2.00 / 1.3, rel=1e-5)


@pytest.mark.parametrize(
    ("pollutant", "scale", "ratio"),
    [("CO", 0.18, 0.156 * 20.0 - 0.155 * 5.0 + 3.519), ("VOC", 0.18, 0.154 * 20.0 - 0.134 * 5.0 + 4.937)],
)
@pytest.mark.parametrize(
    ("fuel", "segment", "device"), [("petrol", "Mini", "PFI"), ("cng_bifuel_on_cng", "Mini", "none")]
)
def test_cold_start_of_cars_that_began_with_euro_4(
    sources: FactorSources, fuel: str, segment: str, device: str, pollutant: str, scale: float, ratio: float
) -> None:
    """A mini or gas car's excess is beta x scale x (ratio - 1) x warm small petrol Euro 1, at 20 km/h and 5 degrees.

    EMEP/EEA 2016, 1.A.3.b.i-iv, section 3.4: ratio of up to 1.4 l below 25 km/h, Euro 4 leaves 18 % of the cold
    distance; beta = 0.6474 - 0.02545 x 12.4 - (0.00974 - 0.000385 x 12.4) x 5.
    """
    beta = 0.6474 - 0.02545 * 12.4 - (0.00974 - 0.000385 * 12.4) * 5.0
    cold = mild_conditions(5.0)
    warm = channel_at(sources, ("passenger_car", "petrol", "Small", "euro_1", "none"), pollutant, "hot", 20.0, cold)
    got = channel_at(sources, ("passenger_car", fuel, segment, "euro_5", device), pollutant, "cold", 20.0, cold)
    assert got == pytest.approx(beta * scale * (ratio - 1.0) * warm, rel=1e-9)
