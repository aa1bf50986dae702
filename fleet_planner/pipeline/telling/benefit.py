"""Benefits of the scenarios against their costs, over the years of the costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.benefit import Band, Stream, benefit_table
from fleet_planner.economics.money import shown_in
from fleet_planner.economics.valuation import valuation
from fleet_planner.findings import Finding
from fleet_planner.impacts.health.assess import ADDED
from fleet_planner.pipeline.telling.health import emitted_t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.plan.models import Plan

BOUNDS = ("value", "low", "high")


@dataclass(frozen=True)
class Known:
    """What a run knows: emissions and health of the plan's year, later emissions, costs by year and their worth."""

    summary: pl.DataFrame
    health: pl.DataFrame
    later: ByYear | None
    costs: pl.DataFrame
    worth: pl.DataFrame


def benefits(plan: Plan, known: Known) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return ``tables/columns/benefits.csv`` and what was assumed; nothing without health or without costs by year."""
    if known.health.is_empty() or known.costs.is_empty():
        return pl.DataFrame(), ()
    shown = shown_in(plan.economics)
    carbon = valuation(
        plan.city.country, plan.city.year, plan.comparison, plan.economics.social_carbon_usd_per_t
    ).carbon
    worth = carbon.usd_per_t  # nought where the plan gives carbon no value
    low, high = (carbon.low / worth, carbon.high / worth) if worth > 0.0 else (1.0, 1.0)
    sound = dict(known.worth.filter(line="total").select("scenario", "checked").iter_rows())
    felt = carbon.checked and "no" not in set(known.health.filter(part="total")["checked"])
    streams = []
    for scenario in known.costs["scenario"].unique(maintain_order=True):
        own = known.costs.filter(scenario=scenario)
        total = dict(own.filter(line="total").select("year", "public").iter_rows())
        saved = {y: -v for y, v in own.filter(line="carbon").select("year", "public").iter_rows()}
        climate = {y: Band(v, *sorted((v * low, v * high))) for y, v in saved.items()}
        costs = {y: v + saved.get(y, 0.0) for y, v in total.items()}
        health = {y: _band(v, shown.per_usd2024) for y, v in _health_usd(known, scenario, sorted(total)).items()}
        streams.append(Stream(scenario, shown.unit, costs, health, climate, felt and sound[scenario] == "yes"))
    section = plan.impacts.benefit
    table = benefit_table(streams, plan.economics.social_discount_rate, plan.city.year, section.cost_error)
    values = {"error": f"{100.0 * section.cost_error:g}", "rate": f"{100.0 * plan.economics.social_discount_rate:g}"}
    return table, (Finding("impacts.benefit", "assumption", values),)


def _band(usd: tuple[float, float, float], per_usd: float) -> Band:
    return Band(*(v * per_usd for v in usd))


def _health_usd(known: Known, scenario: str, years: list[int]) -> dict[int, tuple[float, float, float]]:
    """Return the harm to health avoided by year, US$ 2024 with its range.

    Without later years that of the plan's year, with all measures in place, every year. With them each pollutant counts
    by the tonne as in the baseline of the plan's year, between computed years on a straight line.
    """
    own = known.health.filter(scenario=scenario, part="total", effect="value").row(0, named=True)
    if known.later is None:
        every = (own["avoided"], own["avoided_low"], own["avoided_high"])
        return dict.fromkeys(years, every)
    first = known.health["scenario"][0]
    rows = known.health.filter(
        (pl.col("scenario") == first) & pl.col("part").is_in(ADDED) & (pl.col("effect") == "value")
    )
    worth = {r["pollutant"]: tuple(r[b] for b in BOUNDS) for r in rows.iter_rows(named=True)}
    now = emitted_t(known.summary, first)
    per_t = {p: tuple(v / now[p] for v in values) for p, values in worth.items() if now[p] > 0.0}
    return _by_year(known.later.table, (first, scenario), per_t, years)


def _by_year(
    table: pl.DataFrame, pair: tuple[str, str], per_t: Mapping[str, tuple[float, ...]], years: list[int]
) -> dict[int, tuple[float, float, float]]:
    computed = table["year"].unique().sort().to_list()
    saved = []
    for year in computed:
        of = [emitted_t(table.filter(year=year), name) for name in pair]
        saved.append([sum(per_t[p][b] * (of[0][p] - of[1][p]) for p in per_t) for b in range(len(BOUNDS))])
    told = np.array(saved)
    at = [np.interp(years, computed, told[:, b]).tolist() for b in range(len(BOUNDS))]
    return {year: (v, min(a, b), max(a, b)) for year, v, a, b in zip(years, *at, strict=True)}
