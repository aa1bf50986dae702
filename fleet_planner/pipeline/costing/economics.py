"""What the scenarios of a run cost to own, over the years and on which electricity: gathered and computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.grid import SCHEMA as GRID_SCHEMA
from fleet_planner.economics.grid import Difference, grid_differences, grid_pair
from fleet_planner.economics.money import Price, levels_of, shown_in
from fleet_planner.economics.ownership_table import SCHEMA as OWNERSHIP_SCHEMA
from fleet_planner.economics.ownership_table import Group, Outlook, ownership_table
from fleet_planner.economics.prices import prices_of
from fleet_planner.economics.programme_tables import ProgrammeTables, no_programmes, programme_tables
from fleet_planner.economics.terms import FUELS, measure_terms
from fleet_planner.economics.vehicle_costs import class_of_stream, electric_measure, vehicle_costs
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.pipeline.computing.vehicle_use import treated_groups
from fleet_planner.pipeline.costing.batteries import batteries_by_year
from fleet_planner.pipeline.costing.programmes import (
    parts_named,
    programme_findings,
    standing_programme,
    walked_programme,
)
from fleet_planner.pipeline.market.market_prices import with_credits
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.standards import NEWER_STANDARD
from fleet_planner.units import DAYS_PER_YEAR, G_PER_T

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_planner.economics.grid import GridPair
    from fleet_planner.economics.grid_path import CityGrid
    from fleet_planner.economics.programme import Programme
    from fleet_planner.economics.terms import MeasureTerms
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios import ScenarioFleet

State = tuple["ScenarioFleet", "Inventory"]
KWH_PER_MWH = 1000.0
BASELINE = "baseline"


@dataclass(frozen=True)
class Economy:
    """What the scenarios cost.

    Parameters
    ----------
    ownership
        Total cost of ownership by scenario, stream and measures (``tables/columns/ownership.csv``).
    grid
        CO2 that scenarios change, with the average and the marginal electricity
        (``tables/columns/grid_differences.csv``).
    costs
        Costs over the years, present value, cash flow.
    batteries
        What making them emits (``tables/columns/battery_manufacturing.csv``); empty where the plan does not count it.
    findings
        What was assumed.
    groups, programmes
        What ownership and costs were computed from.
    """

    ownership: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OWNERSHIP_SCHEMA))
    grid: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GRID_SCHEMA))
    costs: ProgrammeTables = field(default_factory=no_programmes)
    batteries: pl.DataFrame = field(default_factory=pl.DataFrame)
    findings: tuple[Finding, ...] = ()
    groups: tuple[Group, ...] = ()
    programmes: tuple[Programme, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What the costs of a plan are computed with: figures and prices, and the two factors of its electricity."""

    outlook: Outlook
    grid: GridPair
    findings: tuple[Finding, ...] = ()


def setting_of(plan: Plan, measures: pl.DataFrame, grid: CityGrid) -> Setting:
    """Return what the costs are computed with; nothing of the city is read for it.

    Parameters
    ----------
    plan
        The plan.
    measures
        The packaged measures.
    grid
        The city's electricity.

    Raises
    ------
    PlanError
        A name, currency or year of ``[economics]`` is unknown, or a tax is above its price.
    """
    _check_names(plan, measures)
    (section, findings), city = with_credits(plan), plan.city
    pair = grid_pair(
        section,
        city.grid_region or city.country,
        grid.average,
        average_checked=grid.checked == "yes",
        course=grid.course,
        year=city.year,
    )
    others = measures.filter(pl.col("alternative_of").is_not_null()).select("measure_id", "alternative_of")
    prices = prices_of(
        section,
        city.country,
        city.year,
        pair.of_differences_in,
        grid_checked=pair.checked,
        alternatives=dict(others.unique().iter_rows()),
    )
    return Setting(Outlook(section, vehicle_costs(section), prices, shown_in(section)), pair, tuple(findings))


def economy(
    plan: Plan,
    setting: Setting,
    measures: pl.DataFrame,
    states: Sequence[State],
    later: ByYear | None,
    on_vehicles: Sequence[State] | None = None,
) -> Economy:
    """Return the costs of a run's scenarios.

    Parameters
    ----------
    plan, setting
        The plan, and what its costs are computed with.
    measures
        The packaged measures.
    states
        Fleet and inventory of the base year by scenario, the baseline first.
    later
        The projected years.
    on_vehicles
        The same without measures in operation, which have no cost of ownership; ``states`` where there are none.
    """
    if len(states) == 1:
        return Economy()
    section, outlook, pair = plan.economics, setting.outlook, setting.grid
    bought = on_vehicles or states
    named = {s.name: [p for m in s.measure for p in parts_named(m.measure, measures)] for s in plan.scenario}
    for name in later.own if later else ():
        named[name] += electric_measure().values()
    terms = {state.name: measure_terms(state, measures, section, named[state.name]) for state, _ in bought[1:]}
    groups = [g for now in bought[1:] for g in _groups(now, bought[0], terms[now[0].name])]
    owned = ownership_table(groups, outlook)
    differences = [*_differences(states, plan.city.year), *_later_differences(later)]
    compared = grid_differences(differences, pair)
    if later is None:
        programmes = [
            standing_programme(plan, name, [g for g in groups if g.scenario == name], of) for name, of in terms.items()
        ]
    else:
        programmes = [walked_programme(plan, name, later, of, measures) for name, of in terms.items()]
    costs = programme_tables(programmes, outlook)
    findings = (
        *_money_findings(plan),
        *setting.findings,
        *_ownership_findings(outlook, owned),
        *_grid_findings(pair, compared, plan),
        *programme_findings(plan, programmes, costs, outlook, later),
    )
    made = batteries_by_year(plan, programmes, later, outlook)
    return Economy(owned, compared, costs, made, findings, tuple(groups), tuple(programmes))


def _groups(now: State, start: State, terms: dict[str, MeasureTerms]) -> Iterable[Group]:
    fuels = {name for name, of in terms.items() if of.kind in FUELS}
    for treated in treated_groups(now, start, fuels):
        own = tuple(terms[m] for m in treated.measures if m in terms)
        yield Group(
            now[0].name,
            treated.stream,
            own,
            treated.vehicles,
            treated.before,
            treated.after,
            ",".join(treated.measures),
        )


def _differences(states: Sequence[State], year: int) -> list[Difference]:
    """Return what scenarios change in the base year on the city's roads."""

    def total(inventory: Inventory, pollutant: str) -> float:
        return float(inventory.link[:, inventory.pollutants.index(pollutant)].sum()) * DAYS_PER_YEAR

    first = states[0][1]
    return [
        Difference(
            state.name,
            year,
            (total(inventory, "CO2") - total(first, "CO2")) / G_PER_T,
            (total(inventory, "electricity_kwh") - total(first, "electricity_kwh")) / KWH_PER_MWH,
        )
        for state, inventory in states[1:]
    ]


def _later_differences(later: ByYear | None) -> list[Difference]:
    if later is None:
        return []
    out = []
    for (scenario, year), state in later.states.items():
        base = later.states[BASELINE, year].per_day
        if scenario == BASELINE or year == later.projection.base_year:
            continue
        co2, power = (state.per_day[p] - base[p] for p in ("CO2", "electricity_kwh"))
        out.append(Difference(scenario, year, co2 * DAYS_PER_YEAR / G_PER_T, power * DAYS_PER_YEAR / KWH_PER_MWH))
    return out


def _check_names(plan: Plan, measures: pl.DataFrame) -> None:
    """Refuse measures and streams that ``[economics]`` names and nobody knows."""
    section = plan.economics
    known = {
        "measures": {*measures["measure_id"], NEWER_STANDARD},
        "streams": {*class_of_stream(), *reference_table("streams.csv")["stream"]},
    }
    named = [("economics.learning", "measures", list(section.learning))]
    for k, incentive in enumerate(section.incentive, 1):
        named += [(f"economics.incentive[{k}].measures", "measures", incentive.measures)]
        named += [(f"economics.incentive[{k}].streams", "streams", incentive.streams)]
    for key, kind, words in named:
        for word in words:
            if word not in known[kind]:
                what = kind.removesuffix("s")
                raise PlanError(f"no such {what}", use_one_of(word, known[kind]), column=key, value=word)


def _money_findings(plan: Plan) -> list[Finding]:
    """Say which rates and indices of the shown currency were not read in a source."""
    section = plan.economics
    levels = levels_of(section)
    price = Price(section.currency, section.price_year)
    used = {("rate", price), ("deflator", Price("USD", section.price_year))}
    if not used & levels.unchecked:
        return []
    values: dict[str, str | int | float] = {"currency": section.currency, "year": section.price_year}
    return [Finding("economics.currency_unchecked", "assumption", values)]


def _ownership_findings(outlook: Outlook, table: pl.DataFrame) -> list[Finding]:
    out = []
    for name in table["vehicle_class"].unique().sort():
        if unchecked := sorted(outlook.classes[name].unchecked):
            values: dict[str, str | int | float] = {"class": str(name), "figures": ", ".join(unchecked)}
            out.append(Finding("economics.ownership_unchecked", "assumption", values, len(unchecked)))
    taxes = sorted(u.removeprefix("tax_") for u in outlook.prices.unchecked if u.startswith("tax_"))
    if table.height and taxes:
        out.append(Finding("economics.taxes_unchecked", "assumption", {"fuels": ", ".join(taxes)}))
    if table.height and not any(outlook.prices.fuel_tax_per_mj.values()):
        out.append(Finding("economics.no_taxes", "assumption", {}))
    return out


def _grid_findings(pair: GridPair, table: pl.DataFrame, plan: Plan) -> list[Finding]:
    if not (table["electricity_mwh_per_year"] != 0.0).any():
        return []
    values = {"average": f"{pair.average:.3g}", "marginal": f"{pair.marginal:.3g}", "source": pair.source}
    out = [Finding("economics.grid_factors", "info" if pair.checked else "assumption", values)]
    titles = {s.name: s.title for s in plan.scenario}
    for (year,), rows in table.filter(pl.col("ranking_changed") == "yes").group_by("year", maintain_order=True):
        named = ", ".join(titles.get(s, s) for s in rows["scenario"])
        out.append(Finding("economics.grid_ranking", "warning", {"year": int(str(year)), "scenarios": named}))
    return out
