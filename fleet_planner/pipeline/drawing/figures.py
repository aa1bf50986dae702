"""What the draws make of the figures of a run: means, bands and chances, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.findings import Finding
from fleet_planner.pipeline.drawing.states import Ground, ground_of, sample_of
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
EMISSION, CHANGE = "emission", "change_pct"
PERCENT = "%"
CO2_GRID, KWH = "CO2_grid", "electricity_kwh"

SCHEMA = {
    "figure": pl.String,
    "scenario": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "value": pl.Float64,
    "mean": pl.Float64,
    "median": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "sd": pl.Float64,
    "level_pct": pl.Float64,
    "draws": pl.Int64,
}


@dataclass(frozen=True)
class Drawn:
    """Tables of the draws by name, and what is told of them."""

    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One figure of the run in all draws; ``value`` is the run's."""

    figure: str
    scenario: str
    year: int
    pollutant: str
    unit: str
    value: float
    draws: Array


def draw(ready: Prepared) -> Drawn:
    """Return the draws of a run; nothing where the plan asks for none.

    Raises
    ------
    PlanError
        The plan's distributions or correlations are none.
    """
    section = ready.plan.uncertainty
    if not section.draws:
        return Drawn()
    with ready.run.clock.step("draws"):
        ready.run.progress(f"{section.draws} draws", 0.79)
        ground = ground_of(ready)
        drawer = sample_of(ready, ground)
        figures = emission_figures(ground, drawer, ready.nonroad)
        table = figures_table(figures, section.level)
    return Drawn({"uncertainty": table}, _findings(ready, ground))


def totals_per_year(ground: Ground, drawer: Drawer, nonroad: NonRoad | None) -> dict[tuple[str, int], Array]:
    """Return the yearly totals of every state in every draw, shape (draws, P), machines beside the roads with them."""
    place = {one.name: i for i, one in enumerate(drawer.sample.inputs)}
    per_year = np.array([p.per_year_factor * DAYS_PER_YEAR for p in pollutants()])
    machines = np.array([0.0 if nonroad is None else nonroad.total(p) for p in POLLUTANTS])
    grid = drawer.sample.values[:, place["grid"]]
    beside = machines[None, :] * drawer.sample.values[:, [place["nonroad"]]]
    first = ground.states[0].year
    out = {}
    for state in ground.states:
        roads = drawer.totals(state.terms, state.year - first).sum(axis=1)
        roads[:, POLLUTANTS.index(CO2_GRID)] *= grid
        out[state.scenario, state.year] = (roads + beside) * per_year
    return out


def emission_figures(ground: Ground, drawer: Drawer, nonroad: NonRoad | None) -> list[Figure]:
    """Return the yearly totals and their change against the baseline, draw by draw of the same inputs."""
    specs = pollutants()
    totals = totals_per_year(ground, drawer, nonroad)
    per_year = np.array([p.per_year_factor * DAYS_PER_YEAR for p in specs])
    machines = np.array([0.0 if nonroad is None else nonroad.total(p) for p in POLLUTANTS])
    central = {(s.scenario, s.year): (s.central + machines) * per_year for s in ground.states}
    start = ground.states[0]
    base, base_draws = central[start.scenario, start.year], totals[start.scenario, start.year]
    out = []
    for key, draws in totals.items():
        for p, spec in enumerate(specs):
            value = float(central[key][p])
            out.append(Figure(EMISSION, *key, spec.pollutant, spec.unit_per_year, value, draws[:, p]))
            if key != (start.scenario, start.year) and base[p] > 0.0:
                change = 100.0 * (draws[:, p] / base_draws[:, p] - 1.0)
                out.append(
                    Figure(CHANGE, *key, spec.pollutant, PERCENT, 100.0 * (value / float(base[p]) - 1.0), change)
                )
    return out


def figures_table(figures: list[Figure], level: float) -> pl.DataFrame:
    """Return mean, median, band and standard deviation of figures (``tables/columns/uncertainty.csv``).

    Parameters
    ----------
    figures
        With their draws.
    level
        Share of the draws between low and high.
    """
    ends = [0.5 - level / 2.0, 0.5, 0.5 + level / 2.0]
    rows = []
    for one in figures:
        low, median, high = (float(q) for q in np.quantile(one.draws, ends))
        mean, sd = float(one.draws.mean()), float(one.draws.std(ddof=1)) if one.draws.size > 1 else 0.0
        what = (one.figure, one.scenario, one.year, one.pollutant, one.unit, one.value)
        rows.append((*what, mean, median, low, high, sd, 100.0 * level, one.draws.size))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _findings(ready: Prepared, ground: Ground) -> tuple[Finding, ...]:
    section = ready.plan.uncertainty
    used = {one.family for one in ground.sampler.inputs}
    unchecked = sorted(name for name in used if not ground.spreads.by_name[name].checked)
    values: dict[str, str | int | float] = {
        "draws": f"{section.draws:,}",
        "level": f"{100.0 * section.level:g}",
        "inputs": f"{len(ground.sampler.inputs):,}",
        "seed": section.seed,
        "off": ", ".join(section.off) or "–",
    }
    out = [Finding("uncertainty.drawn", "info", values)]
    if unchecked:
        out.append(
            Finding("uncertainty.unchecked", "assumption", {"inputs": ", ".join(unchecked)}, count=len(unchecked))
        )
    return tuple(out)
