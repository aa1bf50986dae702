"""Draws of CO2 equivalents: drawn emissions times drawn warming potentials, and what is left of a budget.

A potential lies between the low and the high of ``warming.csv``: a triangle with the run's value as its mode. It is the
same in every scenario and year, and its horizons share a part of their variance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.impacts.climate.warming import GAS_OF, SUM
from fleet_planner.pipeline.drawing.bands import Figure
from fleet_planner.pipeline.drawing.harm import Coefficients, emitted_ratio
from fleet_planner.uncertainty.sampling import cube_apart, sampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.drawing.emitted import Emitted, Key
    from fleet_planner.plan.uncertainty import UncertaintySection
    from fleet_planner.uncertainty.inputs import Input, Spreads

Array = NDArray[np.float64]
WARMING, CO2E, BUDGET_LEFT = "warming", "co2e", "budget_left"
UNIT_YEAR, UNIT = "t CO2e/year", "t CO2e"
LONG = 100
CUBE_APART = 4


def potentials(meaning: Mapping[str, pl.DataFrame], spreads: Spreads, section: UncertaintySection) -> Coefficients:
    """Draw the warming potentials of the gases and particles of a run; one without a range stays as it is."""
    made: dict[str, Input] = {}
    for row in _each(meaning):
        name = _name(row)
        ends = sorted(row[end] / row["co2e_t_per_year"] for end in ("low_t_per_year", "high_t_per_year"))
        if name not in made:
            made[name] = spreads.make(WARMING, name.partition(":")[2], *(ends if ends[0] < ends[1] else (1.0, 1.0)))
    if not made:
        return Coefficients({}, np.zeros((section.draws, 0)))
    draws_of = sampler(list(made.values()), ())
    points = cube_apart(section.draws, draws_of.dimensions, section.method, section.seed, CUBE_APART)
    sources = frozenset(one.source for one in made.values())
    return Coefficients({name: i for i, name in enumerate(made)}, draws_of.values(points), sources)


def climate_figures(meaning: Mapping[str, pl.DataFrame], known: Coefficients, emissions: Emitted) -> list[Figure]:
    """Return CO2 equivalents by scenario, year, horizon and pollutant, their sum, and what is left of the budget.

    In a run of several years the scenarios begin after the base year, which is the baseline's then.
    """
    drawn: dict[tuple[str, int, int], Array] = {}
    out = []
    start = next(iter(emissions.totals))
    several = len({year for _, year in emissions.totals}) > 1
    for row in _rows(meaning):
        key: Key = (row["scenario"], row["year"])
        place = (*key, row["horizon_years"])
        if row["pollutant"] == SUM:
            draws = drawn.get(place, np.zeros(known.values.shape[0]))
        else:
            of = start if several and key[1] == start[1] else key
            draws = row["co2e_t_per_year"] * emitted_ratio(emissions, *of, row["pollutant"])
            if _name(row) in known.names:
                draws = draws * known.of(_name(row))
            if row["counted"] == "yes":
                drawn[place] = drawn.get(place, 0.0) + draws
        what = (*key, row["pollutant"], f"{row['horizon_years']} years", UNIT_YEAR)
        out.append(Figure(CO2E, *what, row["co2e_t_per_year"], draws))
    return [*out, *_budget(meaning, drawn)]


def _rows(meaning: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    table = meaning.get("climate", pl.DataFrame())
    if table.is_empty():
        return []
    # the sum stands between its gases and the particles that are apart: after what it adds up
    return table.to_dicts()


def _each(meaning: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    return [row for row in _rows(meaning) if row["pollutant"] != SUM and row["co2e_t_per_year"] != 0.0]


def _name(row: Mapping[str, Any]) -> str:
    return f"{WARMING}:{GAS_OF.get(row['pollutant'], row['pollutant'])}/{row['horizon_years']}"


def _budget(meaning: Mapping[str, pl.DataFrame], drawn: Mapping[tuple[str, int, int], Array]) -> list[Figure]:
    """Return what is left of the budget after the last year; the share above nought is the chance that it is kept."""
    paths = meaning.get("climate_path", pl.DataFrame())
    if paths.is_empty():
        return []
    sums = meaning["climate"].filter(pollutant=SUM, horizon_years=LONG)
    out = []
    for row in paths.filter(pl.col("budget_left_t").is_not_null()).iter_rows(named=True):
        scenario = row["scenario"]
        run = dict(sums.filter(scenario=scenario).select("year", "co2e_t_per_year").iter_rows())
        years = np.array(sorted(run))
        every = np.arange(years[0], years[-1] + 1)
        # each computed year counts with the years that lie on the lines to its neighbours
        weight = np.array([np.interp(every, years, one).sum() for one in np.eye(years.size)])
        more = sum(w * (drawn[scenario, int(y), LONG] - run[int(y)]) for w, y in zip(weight, years, strict=True))
        left = row["budget_left_t"]
        out.append(Figure(BUDGET_LEFT, scenario, int(years[-1]), SUM, f"{LONG} years", UNIT, left, left - more))
    return out
