"""What the draws make of the figures of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.money import shown_in
from fleet_planner.economics.valuation import valuation
from fleet_planner.findings import Finding
from fleet_planner.pipeline.drawing.bands import CHANGE, EMISSION, PERCENT, Figure, figures_table, with_bands
from fleet_planner.pipeline.drawing.books import MoneyDraws, banded_cash, banded_costs, banded_worth, book_draws
from fleet_planner.pipeline.drawing.chances import with_chances
from fleet_planner.pipeline.drawing.drivers import Worth, drivers_table
from fleet_planner.pipeline.drawing.emitted import Array, Emitted, Key, emitted
from fleet_planner.pipeline.drawing.exposed import Breathed, banded_exposure, breathed
from fleet_planner.pipeline.drawing.harm import CARBON, baseline_harm, coefficient_sampler, coefficients, harm_figures
from fleet_planner.pipeline.drawing.money import cost_figures
from fleet_planner.pipeline.drawing.on_links import drawn_links
from fleet_planner.pipeline.drawing.owned import Owned, banded_ownership, owned_draws
from fleet_planner.pipeline.drawing.parts import what_is_drawn
from fleet_planner.pipeline.drawing.parts_of import banded_areas, hours_table
from fleet_planner.pipeline.drawing.per_tonne import OptionDraws, option_draws, with_prices
from fleet_planner.pipeline.drawing.states import Ground, ground_of, sample_of
from fleet_planner.pipeline.drawing.uses import changes_of
from fleet_planner.pipeline.drawing.warmed import climate_figures, potentials
from fleet_planner.pipeline.drawing.worth import Benefits, net_figures
from fleet_planner.tables import pollutants
from fleet_planner.uncertainty.told import few_or_unchecked, own_effects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.economics.programme import Programme
    from fleet_planner.pipeline.clipping.of_run import Districts
    from fleet_planner.pipeline.comparing.comparison import Comparison
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.pipeline.costing.economics import Economy
    from fleet_planner.pipeline.drawing.books import BookDraws
    from fleet_planner.pipeline.drawing.harm import Coefficients
    from fleet_planner.pipeline.drawing.uses import UseDraws
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.pipeline.telling.results import ScenarioResult
    from fleet_planner.plan.uncertainty import UncertaintySection
    from fleet_planner.uncertainty.design import Drawer

INDIRECT = frozenset(("links", "mix.given"))
"""Distributions that act though no input is made from them alone."""


@dataclass(frozen=True)
class Drawn:
    """The draws of a run.

    Parameters
    ----------
    section
        Of the plan.
    ground, drawer
        States and inputs.
    emissions
        In all draws.
    figures
        What has bands.
    links
        Ends of the bands of the emissions by scenario and pollutant, shape (links, 2), average day.
    coefficients
        Names of the distributions that coefficients and the air were drawn from.
    breathed
        What people breathe near roads, where the run follows the air.
    options
        Every option of the comparison, by stream and name.
    books
        Costs over the years by scenario.
    owned
        Cost of ownership by scenario, stream and measures.
    drives
        Makes costs, health and net present value at other points, where they can be.
    results
        The scenarios of the base year.
    """

    section: UncertaintySection
    ground: Ground
    drawer: Drawer
    emissions: Emitted
    figures: tuple[Figure, ...]
    links: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    coefficients: frozenset[str] = frozenset()
    breathed: Breathed | None = None
    options: OptionDraws = field(default_factory=dict)
    books: Mapping[str, BookDraws] = field(default_factory=dict)
    owned: Owned = field(default_factory=dict)
    drives: Worth | None = None
    results: tuple[ScenarioResult, ...] = ()

    def with_meaning(self, meaning: Mapping[str, pl.DataFrame], ready: Prepared, paid: Economy) -> Drawn:
        """Return the draws with those of what the emissions mean, and of costs over the years."""
        plan, emissions = ready.plan, self.emissions
        carbon = valuation(
            plan.city.country, plan.city.year, plan.comparison, plan.economics.social_carbon_usd_per_t
        ).carbon
        worth = carbon.usd_per_t  # nought where the plan gives carbon no value
        ends = (carbon.low / worth, carbon.high / worth) if worth > 0.0 else (1.0, 1.0)
        known = coefficients(meaning, self.ground.spreads, self.section, ends)
        money = MoneyDraws(self.drawer, known.of(CARBON))
        shown = shown_in(plan.economics).per_usd2024

        def worth_at(
            drawer: Drawer, emissions: Emitted, known: Coefficients
        ) -> tuple[list[Figure], dict[str, BookDraws]]:
            of_harm = (known, emissions, plan.city.year, self.breathed)
            health = harm_figures(meaning, *of_harm)
            books = {
                p.scenario: book_draws(
                    p,
                    ready.priced.outlook,
                    self._changes(p, ready.later, paid, drawer),
                    MoneyDraws(drawer, known.of(CARBON)),
                )
                for p in paid.programmes
            }
            base = Benefits(plan.city.year, shown, emissions, baseline_harm(meaning, *of_harm), ready.later is not None)
            told = meaning.get("benefits", pl.DataFrame()).to_dicts()
            return [*health, *net_figures(told, books, base, health)], books

        def sensed(drawer: Drawer, emissions: Emitted, known: Coefficients) -> list[Figure]:
            return [*cost_figures(ready, self.results, drawer, emissions), *worth_at(drawer, emissions, known)[0]]

        worths, books = worth_at(self.drawer, emissions, known)
        # concentrations near roads are not drawn anew at other points: a run with the air has none of these
        makes = coefficient_sampler(meaning, self.ground.spreads, self.section, ends)
        drives = None if self.breathed is not None else Worth(makes, sensed)
        warming = potentials(meaning, self.ground.spreads, self.section)
        figures = (*self.figures, *worths, *climate_figures(meaning, warming, emissions))
        sources = self.coefficients | known.sources | warming.sources
        owned = owned_draws(paid.groups, ready.priced.outlook, self.ground, money)
        return replace(self, figures=figures, coefficients=sources, books=books, owned=owned, drives=drives)

    def _changes(
        self, programme: Programme, later: ByYear | None, paid: Economy, drawer: Drawer
    ) -> dict[int, UseDraws]:
        groups = [g for g in paid.groups if g.scenario == programme.scenario]
        return changes_of(programme, groups, later, self.ground, drawer)


@dataclass(frozen=True)
class DrawnTables:
    """Tables of the draws by name, and what is told of them."""

    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def draw(
    ready: Prepared,
    results: Sequence[ScenarioResult],
    air: AirResult | None = None,
    comparison: Comparison | None = None,
    *,
    on_links: bool = True,
) -> Drawn | None:
    """Return the draws of a run with its costs, air and comparison; nothing where the plan asks for none.

    Without ``on_links`` there are no bands of links nor of costs over the years, without ``comparison`` none of its
    options: the other figures are the same.

    Raises
    ------
    PlanError
        The plan's distributions or correlations are none.
    """
    section = ready.plan.uncertainty
    if not section.draws:
        return None
    with ready.run.clock.step("draws"):
        ready.run.progress(f"{section.draws} draws", 0.79)
        ground = ground_of(ready, what_is_drawn(ready, results, with_money=on_links))
        drawer = sample_of(ready, ground)
        emissions = emitted(ground, drawer, ready.nonroad, ready.aims)
        links = drawn_links(ready, ground, drawer) if on_links else {}
        figures = [*emission_figures(emissions), *cost_figures(ready, results, drawer, emissions)]
        options = {} if comparison is None else option_draws(ready, ground, drawer, comparison)
        near = None if air is None else breathed(ready, ground, drawer, air)
        figures += near.figures() if near else []
        sources = near.sources if near else frozenset()
        return Drawn(
            section, ground, drawer, emissions, tuple(figures), links, sources, near, options, results=tuple(results)
        )


def emission_figures(emissions: Emitted) -> list[Figure]:
    """Return the yearly totals and their change against the baseline's base year, draw by draw of the same inputs."""
    start = next(iter(emissions.totals))
    base, base_draws = emissions.central[start], emissions.totals[start]
    out = []
    for key, draws in emissions.totals.items():
        for p, spec in enumerate(pollutants()):
            value, name = float(emissions.central[key][p]), spec.pollutant
            out.append(Figure(EMISSION, *key, name, "", spec.unit_per_year, value, draws[:, p]))
            if key != start and base[p] > 0.0:
                change = 100.0 * (draws[:, p] / base_draws[:, p] - 1.0)
                out.append(Figure(CHANGE, *key, name, "", PERCENT, 100.0 * (value / float(base[p]) - 1.0), change))
    return out


def banded_summary(summary: pl.DataFrame, drawn: Drawn | None) -> pl.DataFrame:
    """Return the summary with bands; as it is without draws."""
    return summary if drawn is None else with_bands(summary, drawn.figures, drawn.section.level)


def banded_years(later: ByYear | None, drawn: Drawn | None) -> ByYear | None:
    """Return the later years with bands; as they are without draws."""
    if later is None or drawn is None:
        return later
    return replace(later, table=with_bands(later.table, along_years(drawn), drawn.section.level))


def along_years(drawn: Drawn) -> list[Figure]:
    """Return the figures of emissions as years have them: in the base year no scenario has begun yet."""
    start = next(iter(drawn.emissions.totals))
    kept = [f for f in drawn.figures if f.figure in (EMISSION, CHANGE)]
    kept = [f for f in kept if f.year != start[1] or f.scenario == start[0]]
    scenarios = dict.fromkeys(scenario for scenario, _ in drawn.emissions.totals if scenario != start[0])
    now = [f for f in kept if f.year == start[1]]
    return [*kept, *(replace(f, scenario=scenario) for scenario in scenarios for f in now)]


def banded_air(air: AirResult | None, drawn: Drawn | None) -> AirResult | None:
    """Return the air with bands of the exposure; as it is without draws."""
    if air is None or drawn is None:
        return air
    return replace(air, table=banded_exposure(air.table, drawn.figures, drawn.section.level))


def banded_comparison(comparison: Comparison | None, drawn: Drawn | None) -> Comparison | None:
    """Return the comparison with bands of the cost per tonne; as it is without draws."""
    if comparison is None or drawn is None:
        return comparison
    table = with_prices(comparison.cost_effectiveness, drawn.options, drawn.section.level)
    return replace(comparison, cost_effectiveness=table)


def banded_districts(ready: Prepared, told: Districts, drawn: Drawn | None) -> Districts:
    """Return the areas of the plan with bands; as they are without draws."""
    return told if drawn is None else banded_areas(ready, drawn.ground, drawn.drawer, drawn.section.level, told)


def banded_targets(ready: Prepared, verdicts: pl.DataFrame, drawn: Drawn | None) -> pl.DataFrame:
    """Return the verdicts on targets with their chances; as they are without draws."""
    if drawn is None or verdicts.is_empty():
        return verdicts
    counted = drawn.emissions.counted
    if ready.later is not None:
        counted = {name: _from_start(paths) for name, paths in counted.items()}
    return with_chances(verdicts, ready.aims, counted, drawn.section.level)


def _from_start(counted: Mapping[Key, Array]) -> dict[Key, Array]:
    """Return what counts for a target with the first state as the base year of all: as its verdicts have it."""
    start = next(iter(counted))
    return {key: counted[start] if key[1] == start[1] else draws for key, draws in counted.items()}


def banded_economy(ready: Prepared, paid: Economy, drawn: Drawn | None) -> Economy:
    """Return the costs over the years with bands, of draws that have their meaning; as they are without draws."""
    if drawn is None or not drawn.books:
        return paid
    costs, outlook, level = paid.costs, ready.priced.outlook, drawn.section.level
    told = (drawn.books, outlook, level)
    return replace(
        paid,
        ownership=banded_ownership(paid.ownership, drawn.owned, outlook, level),
        costs=replace(
            costs,
            worth=banded_worth(costs.worth, *told),
            by_year=banded_costs(costs.by_year, *told),
            cash=banded_cash(costs.cash, *told),
        ),
    )


def drawn_tables(ready: Prepared, drawn: Drawn | None) -> DrawnTables:
    """Return the tables of draws that have their meaning; nothing without any."""
    if drawn is None:
        return DrawnTables()
    section = drawn.section
    tables = {"uncertainty": figures_table(drawn.figures, section.level, ready.plan.outputs.mass_unit)}
    if (hours := hours_table(ready, drawn.ground, drawn.drawer, section.level)).height:
        tables["uncertainty_hours"] = hours
    if section.drivers:
        with ready.run.clock.step("drivers"):
            ready.run.progress("what drives the ranges", 0.8)
            tables["uncertainty_drivers"] = drivers_table(ready, drawn.ground, drawn.drives)
    own = own_effects(section, ready.plan.scenario)
    return DrawnTables(tables, (*findings_of(section, drawn.ground, drawn.coefficients), *own, *unused(drawn)))


def unused(drawn: Drawn) -> tuple[Finding, ...]:
    """Return the finding of what the plan says of inputs that this run does not have."""
    section, inputs = drawn.section, drawn.ground.sampler.inputs
    used = {one.source for one in inputs} | drawn.coefficients | INDIRECT
    families = {one.family for one in inputs}
    names = [name for name in section.inputs if name not in used]
    pairs = [c for c in section.correlation if not {c.input, c.with_input} <= families]
    names += [f"{c.input} - {c.with_input}" for c in pairs]
    if not names:
        return ()
    return (Finding("uncertainty.unused", "warning", {"inputs": ", ".join(names)}, count=len(names)),)


def findings_of(
    section: UncertaintySection, ground: Ground, coefficients: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Return how it was drawn, what was not checked, and whether the draws are few for their level."""
    used = {one.source for one in ground.sampler.inputs} | coefficients | INDIRECT
    spreads = [ground.spreads.by_name[name] for name in sorted(used)]
    values: dict[str, str | int | float] = {
        "draws": f"{section.draws:,}",
        "level": f"{100.0 * section.level:g}",
        "inputs": f"{len(ground.sampler.inputs):,}",
        "seed": section.seed,
        "off": ", ".join(section.off) or "–",
    }
    return (Finding("uncertainty.drawn", "info", values), *few_or_unchecked(section, spreads))
