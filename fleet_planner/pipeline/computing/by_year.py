"""Emissions of later years, without measures and by scenario: the fleets of those years on the base year's roads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.build import vkt_by_stream
from fleet_planner.activity.profiles import whole_stream
from fleet_planner.errors import PlanError, UserError
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.findings import Finding
from fleet_planner.fleet import Fleet, load_fleet
from fleet_planner.fleet.turnover import Projection, project_fleet
from fleet_planner.inventory import compute_inventory
from fleet_planner.pipeline.computing.operated import Computing, Planned, plan_operation, state_after
from fleet_planner.pipeline.computing.states import Base, Multiplied, State
from fleet_planner.pipeline.computing.vehicle_adjustments import Adjustments, fault_plan
from fleet_planner.pipeline.computing.vehicle_use import fleet_use
from fleet_planner.pipeline.computing.wanted import ALL, Wanted
from fleet_planner.pipeline.computing.year_fleets import YearFleet, year_fleet
from fleet_planner.plan.load import check_plan, load_plan
from fleet_planner.scenarios import baseline, walk
from fleet_planner.scenarios.phase import POOLED
from fleet_planner.scenarios.trajectory import OF_STREAM, REACHED, trajectory_findings
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fleet_planner.economics.grid import GridPair
    from fleet_planner.factors.in_use.high_emitters import FaultPlan
    from fleet_planner.inventory import Inventory
    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.models import Plan, Scenario
    from fleet_planner.plan.turnover import TurnoverSection
    from fleet_planner.scenarios import ScenarioFleet, Trajectory
    from fleet_planner.scenarios.phase import Picker

EVERY = 5
ELECTRICITY = "electricity"
KWH, CO2_GRID = "electricity_kwh", "CO2_grid"
G_PER_KG = 1000.0

SCHEMA = {
    "scenario": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "value_per_year": pl.Float64,
    "base_per_year": pl.Float64,
    "change_pct": pl.Float64,
    "outside_per_year": pl.Float64,
    "vehicles": pl.Float64,
    "vkt_km_per_day": pl.Float64,
}
SCOPE = ["stream", "category", "fuel", "visiting"]
BASELINE = "baseline"


@dataclass(frozen=True)
class YearState:
    """What a scenario emits in one year.

    Parameters
    ----------
    per_day
        By pollutant, in their daily units.
    outside
        The same of vehicles registered outside the city since the base year.
    by_scope
        ``stream, category, fuel, visiting`` and a column per pollutant, per day.
    vehicles, vkt_km_per_day
        Vehicles of the city; vehicle-km inside, visiting ones included.
    use
        What the city's own vehicles use a year, wherever they drive (see `vehicle_use.fleet_use`).
    """

    per_day: Mapping[str, float]
    outside: Mapping[str, float]
    by_scope: pl.DataFrame
    vehicles: float
    vkt_km_per_day: float
    use: pl.DataFrame


@dataclass(frozen=True)
class ByYear:
    """A projected fleet and the emissions of some of its years, without measures and by scenario.

    ``projection`` is the baseline's. ``table`` has a row per scenario, year and pollutant
    (``tables/columns/by_year.csv``); ``outside_per_year`` is what vehicles that were registered outside the city since
    the base year emit there, if they drive and emit as they would here. ``measures`` says how many vehicles each
    measure has reached (``tables/columns/measures_by_year.csv``), ``of_stream`` by stream (see `Trajectory.of_stream`);
    ``own`` has the projections of scenarios with a turnover of their own;
    ``states`` has the figures by scenario and year; ``fleets`` what drives in later years, where the plan has draws.
    """

    projection: Projection
    table: pl.DataFrame
    measures: pl.DataFrame
    of_stream: pl.DataFrame
    own: Mapping[str, Projection]
    states: Mapping[tuple[str, int], YearState]
    findings: tuple[Finding, ...]
    fleets: Mapping[tuple[str, int], YearFleet] = field(default_factory=dict)


def project_plan(path: Path, to_year: int | None = None) -> Projection:
    """Carry the fleet of a plan forward; no roads are read.

    Parameters
    ----------
    path
        The plan file.
    to_year
        Last year; the plan's where none is given.

    Raises
    ------
    UserError
        The plan, the registry or the table of survival curves is wrong, or nobody says until when.
    """
    plan = load_plan(path)
    if to_year is not None:
        data = plan.model_dump(exclude_unset=True)
        data["turnover"] = {**data.get("turnover", {}), "to_year": to_year}
        plan = check_plan(data, path)
    if plan.turnover.to_year is None:
        raise PlanError(
            "the plan does not say until when the fleet is carried forward",
            "Set turnover.to_year, or give --to-year.",
            file=path,
            column="turnover.to_year",
        )
    try:
        fleet = load_fleet(
            plan.fleet, path.parent, plan.city, plan.factors.default_load, stream_loads=plan.factors.stream_loads
        )
        return project_fleet(fleet, plan.turnover, plan.city, path.parent)
    except UserError as error:
        if error.file is None:
            error.file = path
        raise


def evaluated_years(section: TurnoverSection, base_year: int, asked: Iterable[int] = ()) -> list[int]:
    """Return the years whose emissions are computed, the base year first; ``asked`` ones are among them."""
    assert section.to_year is not None
    later = section.years or [y for y in range(base_year + 1, section.to_year) if y % EVERY == 0]
    return sorted({base_year, *later, *asked, section.to_year})


def by_year(
    plan: Plan,
    run: Inventories,
    computed: Computed,
    fleet: Fleet,
    asked: Iterable[int] = (),
    nonroad: NonRoad | None = None,
    grid: GridPair | None = None,
    wanted: Wanted = ALL,
) -> ByYear:
    """Return the emissions of the plan's years, without measures and by scenario.

    Parameters
    ----------
    plan
        With a ``[turnover]``.
    run, computed
        The inventories of the base year and what computed them.
    fleet
        Of the base year.
    asked
        Years that targets need, beside the plan's.
    nonroad
        Machines beside the roads: the same in every year.
    grid
        The city's electricity by year; none: as in the base year.
    wanted
        Which of the states are computed. Fleets are carried forward through all years, and draws have the inputs of
        all, so that the figures of a year do not depend on it.
    """
    years = evaluated_years(plan.turnover, plan.city.year, asked)
    projection = project_fleet(fleet, plan.turnover, plan.city, run.base)
    futures = [_Future(BASELINE, projection, {y: baseline(projection.fleet(y)) for y in years[1:]})]
    findings = [*projection.findings]
    reached, of_stream = [], [pl.DataFrame(schema=OF_STREAM)]
    for scenario in plan.scenario:
        with run.clock.step("turnover"):
            run.progress(f"years: {scenario.title}", 0.75)
            own = own_projection(plan, scenario, projection, fleet, run.base)
            path = _walked(plan, run, scenario, own, years)
        futures.append(_in_operation(run, computed, fleet, scenario, _Future(scenario.name, own, path.states)))
        reached.append(path.reached)
        of_stream.append(path.of_stream)
        findings += trajectory_findings(scenario, path.reached)
    if plan.measured.file:
        findings.append(Finding("fleet.turnover_measured", "assumption", {}))
    on_roads, fleets = _states(plan, run, computed, fleet, futures, wanted)
    states = {key: on_grid(with_machines(state, nonroad), grid, key[1]) for key, state in on_roads.items()}
    measures = pl.concat(reached).drop("place") if reached else pl.DataFrame(schema=REACHED).drop("place")
    own_ones = {f.name: f.projection for f in futures if f.projection is not projection}
    told = (measures, pl.concat(of_stream), own_ones, states, tuple(findings), fleets)
    return ByYear(projection, _table(states), *told)


@dataclass(frozen=True)
class _Future:
    """A scenario's fleets of the years after the base year."""

    name: str
    projection: Projection
    fleets: Mapping[int, ScenarioFleet]
    driving: Mapping[int, Planned] = field(default_factory=dict)
    """Years in which measures in operation are in force."""


def _in_operation(run: Inventories, computed: Computed, fleet: Fleet, scenario: Scenario, future: _Future) -> _Future:
    """Apply the measures in operation of a scenario that are in force, year by year."""
    driving, fleets = {}, {}
    for year, state in future.fleets.items():
        activity = run.driven(computed.activity, fleet.vehicles, state.vehicles)
        setting = run.in_operation(scenario, activity, year)
        planned = plan_operation(state, scenario.operation, activity, setting)
        fleets[year] = state_after(state, planned.path)
        if not planned.idle:
            driving[year] = planned
    return replace(future, fleets=fleets, driving=driving)


def own_projection(plan: Plan, scenario: Scenario, shared: Projection, fleet: Fleet, base: Path) -> Projection:
    """Return the projection of a scenario: the baseline's, unless it has keys of ``[turnover]`` of its own."""
    if scenario.turnover is None:
        return shared
    own = {key: getattr(scenario.turnover, key) for key in scenario.turnover.model_fields_set}
    return project_fleet(fleet, plan.turnover.model_copy(update=own), plan.city, base)


def _walked(plan: Plan, run: Inventories, scenario: Scenario, projection: Projection, years: list[int]) -> Trajectory:
    lives = run.measures.filter(pl.col("kind").is_in(POOLED)).select("measure_id", "life_years").unique()
    life_years = {m: float(life) for m, life in lives.iter_rows()}

    def applied(fleet: Fleet, pick: Picker) -> ScenarioFleet:
        return run.applied(fleet, scenario, pick)

    span = range(plan.city.year + 1, projection.to_year + 1)
    return walk(scenario, projection.fleet, span, years, applied, life_years, waiting_for_grid(plan, run.measures))


def waiting_for_grid(plan: Plan, measures: pl.DataFrame) -> dict[str, int]:
    """Return the first year of the measures that wait for an upgrade of the grid."""
    charging = plan.economics.charging
    if not charging.wait:
        return {}
    electric = measures.filter(pl.col("to_fuel") == ELECTRICITY)["measure_id"].unique()
    return dict.fromkeys(electric, plan.city.year + charging.upgrade_lead_years)


def _states(
    plan: Plan, run: Inventories, computed: Computed, fleet: Fleet, futures: list[_Future], wanted: Wanted
) -> tuple[dict[tuple[str, int], YearState], dict[tuple[str, int], YearFleet]]:
    """Compute the emissions of every scenario and year; the base year is the same for all.

    The fleets of the later years are kept where the plan has draws.
    """
    setting = computed.setting
    rows = [state.vehicles for future in futures for state in future.fleets.values()]
    rows += [f.projection.away(year) for f in futures for year in f.fleets]
    factors = compile_factors(setting.technologies(rows), setting.sources, setting.conditions, setting.options)
    start, first = computed.states[0]
    now = year_state(start.vehicles, first)
    first_activity, own = computed.activity, fleet.vehicles
    base = Base(
        run.network.links,
        factors,
        setting.context,
        first_activity,
        Multiplied(Adjustments(None, plan.city.year, None), factors, setting.sources.fuels, steps=True),
    )
    shared = YearBase(base, fault_plan(plan.faults), first)
    keys = [(future.name, year) for future in futures for year in future.fleets if wanted.has(future.name, year)]
    streams = {whole_stream(s) for s in first_activity.streams}
    fleets: dict[tuple[str, int], YearFleet] = {}

    def parts() -> Iterator[YearPart]:
        for future in futures:
            for year, state in future.fleets.items():
                if not (plan.uncertainty.draws or wanted.has(future.name, year)):
                    continue
                run.progress(f"inventory: {future.name} {year}", 0.78)
                planned = future.driving.get(year)
                driven = None if planned else run.driven(first_activity, own, state.vehicles)
                there = State(state, driven, planned)
                if plan.uncertainty.draws:
                    multiplied = replace(base.multiplied, adjustments=Adjustments(shared.faults, year, None))
                    untreated = future.projection.fleet(year).vehicles
                    fleets[future.name, year] = year_fleet(
                        there, replace(base, multiplied=multiplied), first, untreated
                    )
                if not wanted.has(future.name, year):
                    continue
                gone = _sent_away(future.projection, year, streams)
                left = None
                if gone.height:
                    left = State(baseline(Fleet(gone, pl.DataFrame())), run.driven(first_activity, own, gone))
                yield YearPart(year, there, left)

    with run.clock.step("turnover"):
        found = dict(zip(keys, run.engine.mapped(computed_year, shared, parts()), strict=True))
    states = {}
    for future in futures:
        states[future.name, plan.city.year] = now
        states |= {key: state for key, state in found.items() if key[0] == future.name}
    return states, fleets


@dataclass(frozen=True)
class YearBase:
    """What the inventories of all later years share: ``first`` is that of the baseline in the base year."""

    base: Base
    faults: FaultPlan | None
    first: Inventory


@dataclass(frozen=True)
class YearPart:
    """A later year of a scenario: its fleet, and the vehicles that have left the city, if any."""

    year: int
    state: State
    left: State | None


def computed_year(shared: YearBase, part: YearPart) -> YearState:
    """Return the figures of a later year."""
    inventory = _inventory(shared, part.state, part.year)
    outside: dict[str, float] = {}
    if part.left is not None:
        there = _inventory(shared, part.left, part.year)
        outside = dict(zip(there.pollutants, there.totals().tolist(), strict=True))
    return year_state(part.state.fleet.vehicles, inventory, outside)


def year_state(vehicles: pl.DataFrame, inventory: Inventory, outside: Mapping[str, float] | None = None) -> YearState:
    """Return the figures of a fleet's inventory: totals, and by stream, category, fuel and origin."""
    named = pl.DataFrame(inventory.vehicle, schema=list(inventory.pollutants))
    scopes = pl.concat([vehicles.select(SCOPE), named], how="horizontal").group_by(SCOPE).sum().sort(SCOPE)
    local = float(vehicles.filter(~pl.col("visiting"))["count"].sum())
    total = dict(zip(inventory.pollutants, inventory.totals().tolist(), strict=True))
    vkt_km = float(sum(vkt_by_stream(vehicles).values()))
    return YearState(total, outside or {}, scopes, local, vkt_km, fleet_use(vehicles, inventory))


def with_machines(state: YearState, nonroad: NonRoad | None) -> YearState:
    """Return a state of the road fleet with the machines added: to the totals, and as streams of their own."""
    if nonroad is None:
        return state
    names = [name for name in nonroad.pollutants if name in state.per_day]
    per_day = {**state.per_day, **{name: state.per_day[name] + nonroad.total(name) for name in names}}
    kept = nonroad.by_scope().select(c for c in state.by_scope.columns if c in nonroad.by_scope().columns)
    return replace(state, per_day=per_day, by_scope=pl.concat([state.by_scope, kept], how="diagonal_relaxed"))


def on_grid(state: YearState, grid: GridPair | None, year: int) -> YearState:
    """Return a state with the CO2 of its electricity by the mean factor of a year."""
    if grid is None or not grid.course.average.known or CO2_GRID not in state.per_day:
        return state
    g_per_kwh = grid.average_in(year) * G_PER_KG

    def counted(amounts: Mapping[str, float]) -> Mapping[str, float]:
        return {**amounts, CO2_GRID: amounts[KWH] * g_per_kwh} if KWH in amounts else amounts

    scopes = state.by_scope.with_columns((pl.col(KWH) * g_per_kwh).alias(CO2_GRID))
    return replace(state, per_day=counted(state.per_day), outside=counted(state.outside), by_scope=scopes)


def _inventory(shared: YearBase, state: State, year: int) -> Inventory:
    base = shared.base
    multiplied = replace(base.multiplied, adjustments=Adjustments(shared.faults, year, None))
    if state.planned is not None:
        computing = Computing(base.links, base.factors, base.context, multiplied)
        done = state.planned.whole(computing, shared.first)
        return computing.of(done[-1].traffic)
    assert state.activity is not None
    fleet = state.fleet
    multipliers = multiplied(fleet.vehicles, fleet.multipliers)
    return compute_inventory(fleet.vehicles, multipliers, base.links, state.activity, base.factors, base.context)


def _sent_away(projection: Projection, year: int, streams: set[str]) -> pl.DataFrame:
    left = projection.away(year)
    return left.filter(pl.col("stream").is_in(streams) & (pl.col("km_per_year") * pl.col("share_inside") > 0.0))


def _table(states: Mapping[tuple[str, int], YearState]) -> pl.DataFrame:
    specs = {p.pollutant: p for p in pollutants()}
    rows = []
    base: dict[str, float] = {}
    for (scenario, year), state in states.items():
        for name, per_day in state.per_day.items():
            factor = DAYS_PER_YEAR * specs[name].per_year_factor
            value = per_day * factor
            before = base.setdefault(name, value)
            change = 100.0 * (value / before - 1.0) if before else None
            there = state.outside.get(name, 0.0) * factor
            unit = specs[name].unit_per_year
            rows.append(
                (scenario, year, name, unit, value, before, change, there, state.vehicles, state.vkt_km_per_day)
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
