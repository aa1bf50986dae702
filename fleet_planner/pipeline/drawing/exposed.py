"""Draws of what people breathe near roads: drawn emissions times the weights of their links and hours.

Exposure is a sum over links and hours of what is emitted times the people it reaches (see `AirResult.weights`), so that
the weighted inventory has terms like the inventory itself, and a draw is again a pass over a few thousand of them. What
the formulas of the air are off multiplies all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.effectiveness import weights
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.drawing.bands import PERCENT, Figure, band
from fleet_planner.pipeline.drawing.states import weighted_terms
from fleet_planner.uncertainty.sampling import cube_apart, sampler

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.uncertainty import UncertaintySection
    from fleet_planner.uncertainty.design import Drawer
    from fleet_planner.uncertainty.inputs import Spreads

Array = NDArray[np.float64]
EXPOSURE, EXPOSURE_CHANGE = "exposure", "exposure_change_pct"
DISPERSION = "dispersion"
CUBE_APART = 3
UG_M3 = "µg/m³"


@dataclass(frozen=True)
class Breathed:
    """What people breathe in all draws.

    Parameters
    ----------
    year
        Of all of it.
    mean
        By scenario and pollutant: annual mean that traffic brings, weighted by people, µg/m3, shape (draws,).
    central
        The same as the run has it.
    sources
        Names of the distributions that are drawn for it alone.
    """

    year: int
    mean: Mapping[tuple[str, str], Array]
    central: Mapping[tuple[str, str], float]
    sources: frozenset[str] = frozenset({DISPERSION})

    def ratio(self, scenario: str, pollutant: str) -> Array | None:
        """Return the draws over the run's; nothing where it has none."""
        central = self.central.get((scenario, pollutant), 0.0)
        return self.mean[scenario, pollutant] / central if central > 0.0 else None

    def figures(self) -> list[Figure]:
        """Return the means, and their change against the baseline in the same draws."""
        out = []
        first = next(iter(self.mean), ("", ""))[0]
        for (scenario, name), draws in self.mean.items():
            value = self.central[scenario, name]
            out.append(Figure(EXPOSURE, scenario, self.year, name, "", UG_M3, value, draws))
            base = self.central[first, name]
            if scenario != first and base > 0.0:
                change = 100.0 * (draws / self.mean[first, name] - 1.0)
                told = 100.0 * (value / base - 1.0)
                out.append(Figure(EXPOSURE_CHANGE, scenario, self.year, name, "", PERCENT, told, change))
        return out


def dispersion_draws(section: UncertaintySection, spreads: Spreads) -> Array:
    """Return what the air is off in every draw, shape (draws,); drawn apart: all else stays as without it."""
    made = sampler([spreads.make(DISPERSION, "")], ())
    points = cube_apart(section.draws, made.dimensions, section.method, section.seed, CUBE_APART)
    return np.asarray(made.values(points)[:, 0])


def breathed(ready: Prepared, ground: Ground, drawer: Drawer, air: AirResult) -> Breathed:
    """Return what people breathe of every scenario in all draws; NO2, which is made in the air, is not among it.

    Parameters
    ----------
    ready, ground, drawer
        The run, its states and their draws.
    air
        As the run has it.
    """
    off = dispersion_draws(ready.plan.uncertainty, ground.spreads)
    told = {
        (s, p): mean
        for s, p, mean in air.table.select("scenario", "pollutant", "traffic_ug_m3").iter_rows()
        if mean is not None
    }
    mean: dict[tuple[str, str], Array] = {}
    for state, terms in weighted_terms(ready, ground, air.by_link):
        central, drawn = terms.central().sum(axis=0), drawer.totals(terms).sum(axis=1)
        for name in air.emitted:
            if (state.scenario, name) in told:
                weight = mixed(name)
                own = float(central @ weight)
                ratio = (drawn @ weight) / own if own > 0.0 else np.ones(off.shape)
                mean[state.scenario, name] = told[state.scenario, name] * ratio * off
    return Breathed(ready.plan.city.year, mean, {key: told[key] for key in mean})


def mixed(name: str) -> Array:
    """Return the weights of pollutants in what is followed, shape (P,)."""
    summed = weights().get(name, {name: 1.0})
    return np.array([summed.get(p, 0.0) for p in POLLUTANTS])


def banded_exposure(table: pl.DataFrame, figures: Sequence[Figure], level: float) -> pl.DataFrame:
    """Return exposure by scenario and pollutant with bands of the mean and of its change."""
    out = table
    ends = {EXPOSURE: ("low_ug_m3", "high_ug_m3"), EXPOSURE_CHANGE: ("change_low_pct", "change_high_pct")}
    for figure, (low, high) in ends.items():
        rows = [(f.scenario, f.pollutant, *band(f.draws, level)) for f in figures if f.figure == figure]
        text = {"scenario": pl.String, "pollutant": pl.String, low: pl.Float64, high: pl.Float64}
        bands = pl.DataFrame(rows, schema=text, orient="row")
        out = out.join(bands, on=["scenario", "pollutant"], how="left", maintain_order="left")
    return out
