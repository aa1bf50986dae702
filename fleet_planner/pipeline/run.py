"""Order the steps: a plan file in, results out; nothing is written here."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numba
import numpy as np
import polars as pl

from fleet_planner.errors import UserError
from fleet_planner.findings import Finding
from fleet_planner.inventory.told import brought_stand_ins
from fleet_planner.pipeline.clipping.of_run import districts, named_areas
from fleet_planner.pipeline.comparing.comparison import compare
from fleet_planner.pipeline.comparing.reassign_bar import with_reassignment
from fleet_planner.pipeline.computing.air import near_road_air
from fleet_planner.pipeline.computing.bus_service import bus_links, bus_routes
from fleet_planner.pipeline.computing.fuel_check import fuel_burnt_t, fuel_findings, fuel_table
from fleet_planner.pipeline.computing.gridded import gridded
from fleet_planner.pipeline.computing.machines import machine_findings
from fleet_planner.pipeline.computing.operation_tables import driving_table, effects_table, operation_findings
from fleet_planner.pipeline.computing.room import refuse_large_run
from fleet_planner.pipeline.computing.targets import verdicts
from fleet_planner.pipeline.costing.economics import economy
from fleet_planner.pipeline.costing.scenario_costs import costs_of
from fleet_planner.pipeline.costing.scrapped_early import scrapped_early_findings, scrapped_early_table
from fleet_planner.pipeline.differences.bundles import measure_parts
from fleet_planner.pipeline.drawing.figures import (
    banded_air,
    banded_comparison,
    banded_districts,
    banded_economy,
    banded_summary,
    banded_targets,
    banded_years,
    draw,
    drawn_tables,
)
from fleet_planner.pipeline.prepare import Prepared, only_scenarios, prepare, sold_t
from fleet_planner.pipeline.telling.data_quality import data_quality
from fleet_planner.pipeline.telling.duty import duty_findings, duty_table
from fleet_planner.pipeline.telling.factor_findings import factor_findings
from fleet_planner.pipeline.telling.hours_rebuilt import hours_rebuilt
from fleet_planner.pipeline.telling.input_files import input_files
from fleet_planner.pipeline.telling.intensity import intensity_findings, intensity_table
from fleet_planner.pipeline.telling.meaning import Told, meaning
from fleet_planner.pipeline.telling.provenance import assumptions_table, sources_table
from fleet_planner.pipeline.telling.results import Results, ScenarioResult
from fleet_planner.pipeline.telling.sectors import sector_table
from fleet_planner.pipeline.telling.summary import summary_table, terrain_table
from fleet_planner.pipeline.telling.voc_species import voc_findings, voc_table
from fleet_planner.pipeline.telling.well_to_wheel import upstream_findings, well_to_wheel_table
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import Progress, silent

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.activity import Activity
    from fleet_planner.factors.published.hot_table import HotTable
    from fleet_planner.fleet import Fleet
    from fleet_planner.network import Network
    from fleet_planner.pipeline.comparing.comparison import Comparison
    from fleet_planner.pipeline.prepare import Reading
    from fleet_planner.pipeline.spread.engine import Engine
    from fleet_planner.plan.models import Plan


def run_plan(
    path: Path,
    *,
    only: tuple[str, ...] = (),
    threads: int | None = None,
    draws: int | None = None,
    progress: Progress = silent,
    engine: Engine | None = None,
) -> Results:
    """Run a plan.

    Parameters
    ----------
    path
        The plan file; other paths in it are relative to its folder.
    only
        Names of the scenarios to run besides the baseline; empty: all.
    threads
        Threads of the kernels; results do not depend on it.
    draws
        Draws of the uncertain inputs, in place of the plan's.
    progress
        Is told how far the run is.
    engine
        Computes the scenarios and years, this process where none is given; results do not depend on it.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    plan = only_scenarios(load_plan(path), only, path)
    if draws is not None:
        plan = plan.model_copy(update={"uncertainty": plan.uncertainty.model_copy(update={"draws": draws})})
    return run_loaded(plan, path, threads=threads, progress=progress, engine=engine)


def run_loaded(
    plan: Plan,
    path: Path,
    *,
    threads: int | None = None,
    progress: Progress = silent,
    reading: Reading | None = None,
    engine: Engine | None = None,
) -> Results:
    """Run a plan that is read already; ``path`` says where it comes from, and what its names are relative to.

    Roads, vehicles and timetable come from ``reading`` where that is given.

    Raises
    ------
    UserError
        As of `run_plan`.
    """
    if threads:
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    try:
        return _run(plan, path, progress, (reading, engine))
    except UserError as error:
        if error.file is None:  # it names a key: one of the plan's
            error.file = path
        raise


def _run(plan: Plan, path: Path, progress: Progress, by: tuple[Reading | None, Engine | None]) -> Results:
    named = named_areas(plan, path.parent)
    counted = partial(refuse_large_run, plan, len(named[0]) if named else 0)
    ready = prepare(plan, path.parent, progress, *by, counted=counted)
    plan, computed, nonroad, later = ready.plan, ready.computed, ready.nonroad, ready.later
    clock, elsewhere, measures = ready.run.clock, ready.elsewhere, ready.run.measures
    comparison = _compared(ready)
    with clock.step("costs"):
        start, first = computed.states[0]
        results = [
            ScenarioResult(
                state, inventory, costs_of((state, inventory), (start, first) if k else None, measures, plan, computed)
            )
            for k, (state, inventory) in enumerate(computed.states)
        ]
        paid = economy(plan, ready.priced, measures, computed.states, later, computed.on_vehicles)
    with clock.step("grid"):
        cells = gridded(ready.run, computed, nonroad)
    with clock.step("air"):
        air = near_road_air(ready.run, computed)
    effects = effects_table(computed.operated, plan.economics)
    scrapped = scrapped_early_table(later, plan.economics)
    comparison = with_reassignment(comparison, effects)
    drawn = draw(ready, results, air, comparison)
    air = banded_air(air, drawn)
    comparison = banded_comparison(comparison, drawn)
    later = banded_years(later, drawn)
    summary = banded_summary(summary_table(results, nonroad), drawn)
    with clock.step("meaning"):
        told = Told(summary, later, air, paid.costs, ready.priced.grid, ready.grid[1], paid.batteries)
        means = meaning(ready.run, computed, told)
    with clock.step("areas"):
        by_area = banded_districts(ready, districts(ready, named, progress), drawn)
    drawn = None if drawn is None else drawn.with_meaning(means.tables, ready, paid)
    paid = banded_economy(ready, paid, drawn)
    told_draws = drawn_tables(ready, drawn)
    means = replace(
        means, tables={**means.tables, **told_draws.tables}, findings=(*means.findings, *told_draws.findings)
    )
    with clock.step("map hours"):
        hour_errors, map_hours = hours_rebuilt(ready.run, computed)
    with clock.step("measures together"):
        together = measure_parts(ready.run, computed, ready.fleet)
    intensity = intensity_table(results, plan.city.year)
    assumptions = assumptions_table(plan, ready.base, measures)
    with clock.step("findings"):
        fuels = computed.setting.sources.fuels
        fuel = fuel_table(first, fuels)
        voc = voc_table(results, nonroad)
        duty = duty_table(ready.fleet.vehicles, plan.city.country)
        findings = (
            *_all_findings(ready.network, ready.fleet, computed.activity, results),
            *factor_findings(computed.states, computed.factors, computed.setting),
            *computed.findings,
            *fuel_findings(fuel, fuel_burnt_t(first, fuels), sold_t(plan)),
            *ready.findings,
            *voc_findings(voc, results[0].fleet.name),
            *machine_findings(plan, nonroad),
            *duty_findings(duty),
            *(later.findings if later else ()),
            *paid.findings,
            *(comparison.findings if comparison else ()),
            *upstream_findings(elsewhere.fuels),
            *operation_findings(computed.operated),
            *scrapped_early_findings(scrapped),
            *(cells.findings if cells else ()),
            *means.findings,
            *intensity_findings(intensity),
            *(air.findings if air else ()),
            *by_area.findings,
        )
    return Results(
        plan=plan,
        plan_path=path,
        network=ready.network,
        fleet=ready.fleet,
        activity=computed.activity,
        scenarios=tuple(results),
        zones=ready.zones,
        summary=summary,
        sources=sources_table(plan, ready.network, ready.grid),
        assumptions=assumptions,
        inputs=input_files(plan, path, ready.rasters),
        findings=findings,
        bridged=_bridged_used(results, computed.setting.sources.hot),
        fuel=fuel,
        voc=voc,
        rejected_tests=computed.rejected_tests,
        terrain=terrain_table(first, computed.flat),
        timings_s=clock.seconds,
        later=later,
        economy=paid,
        targets=banded_targets(ready, verdicts(plan, ready.aims, computed, later, nonroad), drawn),
        comparison=comparison,
        well_to_wheel=well_to_wheel_table(results, elsewhere.fuels),
        measure_parts=together,
        operation=driving_table(computed.operated),
        operation_effects=effects,
        driven={name: done.activity.km.sum(axis=0) for name, done in computed.operated.items()},
        early_scrappage=scrapped,
        gridded=cells,
        air=air,
        by_sector=sector_table(results, nonroad),
        meaning=means,
        hour_errors=hour_errors,
        map_hours=map_hours,
        data_quality=data_quality(findings, assumptions),
        intensity=intensity,
        bus_links=bus_links(ready.buses, ready.network.links["link_id"].to_numpy()),
        nonroad=nonroad,
        bus_routes=bus_routes(ready.buses),
        places=ready.places,
        duty=duty,
        link_bands=drawn.links if drawn else {},
        districts=by_area,
    )


def _compared(ready: Prepared) -> Comparison | None:
    if not ready.plan.comparison.enabled:
        return None
    with ready.run.clock.step("comparison"):
        ready.run.progress("measures head to head", 0.8)
        return compare(ready.plan, ready.run, ready.computed, ready.fleet, ready.elsewhere, ready.priced.grid)


def _all_findings(
    network: Network, fleet: Fleet, activity: Activity, results: list[ScenarioResult]
) -> tuple[Finding, ...]:
    """Collect the findings of all steps, each once; those of inventories only where the baseline lacks them."""
    out = [*network.findings, *fleet.findings, *activity.findings, *results[0].inventory.findings]
    for result in results[1:]:
        out += result.fleet.findings
        unchecked = result.costs.filter(pl.col("checked") == "no")["measure_id"].to_list()
        title = result.fleet.title_en
        out += [Finding("economics.cost_unchecked", "assumption", {"scenario": title, "measure": m}) for m in unchecked]
        out += brought_stand_ins(result.inventory.findings, results[0].inventory.findings, title)
    return tuple(out)


def _bridged_used(results: list[ScenarioResult], hot: HotTable) -> pl.DataFrame:
    """Return the bridged rows of the published table that belong to a technology of the run."""
    used = pl.concat(
        [r.inventory.by_technology.select("category", "fuel", "segment", "standard") for r in results]
    ).unique()
    counts = np.diff(hot.bridge_offsets)
    owner = np.repeat(np.arange(counts.size), counts)
    spans = pl.DataFrame(hot.bridges, schema=["v_from_kmh", "v_to_kmh", "ef_from", "ef_to"], orient="row")
    rows = hot.keys[owner.tolist()].select(
        "category", "fuel", "segment", "standard", "technology", "pollutant", "mode", "load", "slope", "unit"
    )
    table = pl.concat([rows, spans], how="horizontal")
    return table.join(used, on=used.columns, how="semi", maintain_order="left")
