"""Order the steps: a plan file in, results out; nothing is written here."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from typing import TYPE_CHECKING

import numba
import numpy as np
import polars as pl

from fleet_planner.activity.days import AVERAGE, day_types
from fleet_planner.errors import PlanError, UserError
from fleet_planner.factors.processes.electricity import grid_factor
from fleet_planner.factors.processes.upstream import load_upstream
from fleet_planner.findings import Finding
from fleet_planner.fleet import load_fleet
from fleet_planner.fleet.dates import REGION_FALLBACK
from fleet_planner.fleet.identifiers import key_of
from fleet_planner.inventory.told import brought_stand_ins
from fleet_planner.network import Network, builtin_gtfs, load_network, with_grade
from fleet_planner.network.builtin import archive_path
from fleet_planner.network.zones import map_zones, read_zone_layer
from fleet_planner.nonroad import NonRoad, load_nonroad
from fleet_planner.pipeline.bus_service import bus_links, bus_routes, buses_on_roads, with_bus_km
from fleet_planner.pipeline.by_year import by_year
from fleet_planner.pipeline.comparison import compare
from fleet_planner.pipeline.duty import duty_findings, duty_table
from fleet_planner.pipeline.economics import economy, setting_of
from fleet_planner.pipeline.factor_findings import factor_findings
from fleet_planner.pipeline.fuel_check import fuel_burnt_t, fuel_findings, fuel_table
from fleet_planner.pipeline.inventories import Clock, Inventories, scaled_to_fuel_sold
from fleet_planner.pipeline.machines import machine_findings
from fleet_planner.pipeline.operation_tables import driving_table, effects_table, operation_findings
from fleet_planner.pipeline.options import Elsewhere
from fleet_planner.pipeline.places import read_home_places, tied_to_places
from fleet_planner.pipeline.provenance import assumptions_table, sources_table
from fleet_planner.pipeline.results import InputFile, Results, ScenarioResult
from fleet_planner.pipeline.scenario_costs import costs_of
from fleet_planner.pipeline.targets import aims_of, verdicts, years_asked
from fleet_planner.pipeline.traffic import assigned_traffic
from fleet_planner.pipeline.voc_species import voc_findings, voc_table
from fleet_planner.pipeline.well_to_wheel import upstream_findings, well_to_wheel_table
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import Progress, silent
from fleet_planner.scenarios import measures_table
from fleet_planner.tables import pollutants
from fleet_planner.transit_feed import Feed, read_feed, read_feeds
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.activity import Activity
    from fleet_planner.factors.published.hot_table import HotTable
    from fleet_planner.fleet import Fleet
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.comparison import Comparison
    from fleet_planner.pipeline.inventories import Computed
    from fleet_planner.plan.models import Plan


def run_plan(
    path: Path,
    *,
    only: tuple[str, ...] = (),
    threads: int | None = None,
    progress: Progress = silent,
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
    progress
        Is told how far the run is.

    Raises
    ------
    UserError
        Something in the plan or its inputs has to be mended by the user.
    """
    if threads:
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    plan = _only(load_plan(path), only, path)
    try:
        return _run(plan, path, progress)
    except UserError as error:
        if error.file is None:  # it names a key: one of the plan's
            error.file = path
        raise


def _run(plan: Plan, path: Path, progress: Progress) -> Results:
    clock = Clock()
    base = path.parent
    grid = grid_factor(plan.city.grid_region or plan.city.country, plan.city.year)
    measures = measures_table()
    priced = setting_of(plan, measures, grid)
    with clock.step("network"):
        network = load_network(plan.network, base, plan.city.country, progress)
    with clock.step("elevation"):
        graded = with_grade(network, plan.network, base, progress)
        network = graded.network
    with clock.step("fleet"):
        progress("reading the fleet", 0.2)
        fleet = load_fleet(
            plan.fleet, base, plan.city, plan.factors.default_load, stream_loads=plan.factors.stream_loads
        )
        places = read_home_places(plan.places, base)
        fleet = tied_to_places(fleet, places)
        plan = _with_key_name(plan, base)
        nonroad = load_nonroad(plan.nonroad, base, plan.city, grid[0])
        aims = aims_of(plan, fleet.vehicles, nonroad)
    with clock.step("activity"):
        feeds = _feeds(plan, base)
        buses = buses_on_roads(network, feeds, plan, fleet.vehicles, places.depots)
        fleet, reconciled = with_bus_km(fleet, buses, plan.activity, day_types(plan.traffic))
        layer = read_zone_layer(plan.network.zones, base) if plan.network.zones else None
        where = plan.network.zones
        zones = None if layer is None else map_zones(layer, plan.traffic.assignment, where)
        assigned = assigned_traffic(plan, base, network, fleet.vehicles, layer, feeds, buses, progress)
    sold_t = {str(fuel): t for fuel, t in plan.fuel_sold.t_per_year.items()}
    run = Inventories(plan, base, network, feeds, grid[0], measures, clock, progress, assigned, buses)
    computed = run.of(fleet)
    scaled: list[Finding] = []
    if plan.fuel_sold.scale_activity:
        fleet, scaled = scaled_to_fuel_sold(fleet, computed, sold_t, run.baseline_of)
        computed = run.of(fleet)
    later = None
    if plan.turnover.to_year is not None:
        later = by_year(plan, run, computed, fleet, years_asked(plan, aims), nonroad)
    upstream = load_upstream([plan.city.country, REGION_FALLBACK.get(plan.city.country, plan.city.country)])
    comparison = _compared(plan, run, computed, fleet, Elsewhere(upstream, priced.grid.of_differences))
    with clock.step("costs"):
        start, first = computed.states[0]
        results = [
            ScenarioResult(
                state, inventory, costs_of((state, inventory), (start, first) if k else None, measures, plan, computed)
            )
            for k, (state, inventory) in enumerate(computed.states)
        ]
        paid = economy(plan, priced, measures, computed.states, later, computed.on_vehicles)
    with clock.step("findings"):
        fuels = computed.setting.sources.fuels
        fuel = fuel_table(first, fuels)
        voc = voc_table(results, nonroad)
        duty = duty_table(fleet.vehicles, plan.city.country)
        findings = (
            *_all_findings(network, fleet, computed.activity, results),
            *factor_findings(computed.states, computed.factors, computed.setting),
            *computed.findings,
            *fuel_findings(fuel, fuel_burnt_t(first, fuels), sold_t),
            *scaled,
            *reconciled,
            *voc_findings(voc, results[0].fleet.name),
            *machine_findings(plan, nonroad),
            *duty_findings(duty),
            *(later.findings if later else ()),
            *paid.findings,
            *(comparison.findings if comparison else ()),
            *upstream_findings(upstream),
            *operation_findings(computed.operated),
        )
    return Results(
        plan=plan,
        plan_path=path,
        network=network,
        fleet=fleet,
        activity=computed.activity,
        scenarios=tuple(results),
        zones=zones,
        summary=summary_table(results, nonroad),
        sources=sources_table(plan, network, grid),
        assumptions=assumptions_table(plan, base, measures),
        inputs=_inputs(plan, path, graded.files),
        findings=findings,
        bridged=_bridged_used(results, computed.setting.sources.hot),
        fuel=fuel,
        voc=voc,
        rejected_tests=computed.rejected_tests,
        terrain=terrain_table(first, computed.flat),
        timings_s=clock.seconds,
        later=later,
        economy=paid,
        targets=verdicts(plan, aims, computed, later, nonroad),
        comparison=comparison,
        well_to_wheel=well_to_wheel_table(results, upstream),
        operation=driving_table(computed.operated),
        operation_effects=effects_table(computed.operated),
        bus_links=bus_links(buses, network.links["link_id"].to_numpy()),
        nonroad=nonroad,
        bus_routes=bus_routes(buses),
        places=places,
        duty=duty,
    )


def _with_key_name(plan: Plan, base: Path) -> Plan:
    """Return the plan with the name of its key of identifiers: who runs it again from the manifest needs that key."""
    key = key_of(plan.fleet, base)
    if key is None:
        return plan
    return plan.model_copy(update={"fleet": plan.fleet.model_copy(update={"identifier_key_id": key.name})})


def _compared(
    plan: Plan, run: Inventories, computed: Computed, fleet: Fleet, elsewhere: Elsewhere
) -> Comparison | None:
    if not plan.comparison.enabled:
        return None
    with run.clock.step("comparison"):
        run.progress("measures head to head", 0.8)
        return compare(plan, run, computed, fleet, elsewhere)


def _only(plan: Plan, only: tuple[str, ...], path: Path) -> Plan:
    if not only:
        return plan
    known = [s.name for s in plan.scenario]
    for name in only:
        if name not in known and name != "baseline":
            raise PlanError(
                "no such scenario",
                f"The plan has {', '.join(known)}.",
                file=path,
                column="--scenario",
                value=name,
            )
    return plan.model_copy(update={"scenario": [s for s in plan.scenario if s.name in only]})


def _feeds(plan: Plan, base: Path) -> dict[str, Feed]:
    """Return the bus timetable of a weekday, a Saturday and a Sunday, or of the one day that the plan names for all."""
    given = plan.activity.gtfs
    if not given:
        return {}
    try:
        day = date.fromisoformat(plan.activity.gtfs_date) if plan.activity.gtfs_date else None
    except ValueError as error:
        raise PlanError(
            "not a date", "Write YYYY-MM-DD.", column="activity.gtfs_date", value=plan.activity.gtfs_date
        ) from error
    path = builtin_gtfs() if given == "builtin" else base / given
    if day is not None and plan.traffic.day_types == AVERAGE.name:
        return {AVERAGE.name: read_feed(path, day)}
    return read_feeds(path, {"weekday": range(5), "saturday": [5], "sunday": [6]}, day)


def summary_table(results: list[ScenarioResult], nonroad: NonRoad | None = None) -> pl.DataFrame:
    """Return the yearly totals of the roads and of the machines beside them (``tables/columns/summary.csv``)."""
    specs = {p.pollutant: p for p in pollutants()}
    rows = []
    base: dict[str, float] = {}
    for result in results:
        totals = result.inventory.link.sum(axis=0)
        for p, name in enumerate(result.inventory.pollutants):
            factor = DAYS_PER_YEAR * specs[name].per_year_factor
            machines = 0.0 if nonroad is None else nonroad.total(name) * factor
            value = float(totals[p]) * factor + machines
            before = base.setdefault(name, value)
            change = 100.0 * (value / before - 1.0) if before else None
            rows.append((result.fleet.name, name, specs[name].unit_per_year, value, before, change, machines))
    schema = {
        "scenario": pl.String,
        "pollutant": pl.String,
        "unit": pl.String,
        "value_per_year": pl.Float64,
        "baseline_per_year": pl.Float64,
        "change_pct": pl.Float64,
        "non_road_per_year": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def terrain_table(graded: Inventory, flat: Inventory | None) -> pl.DataFrame:
    """Return what the roads' grades do to the baseline's yearly totals; no rows where all roads are level.

    Returns
    -------
    pl.DataFrame
        ``pollutant, unit, value_per_year, flat_per_year, change_pct``.
    """
    rows = []
    if flat is not None:
        with_grade_per_day, flat_per_day = graded.link.sum(axis=0), flat.link.sum(axis=0)
        for p, spec in enumerate(pollutants()):
            if flat_per_day[p] > 0.0:
                factor = DAYS_PER_YEAR * spec.per_year_factor
                value, level = float(with_grade_per_day[p]) * factor, float(flat_per_day[p]) * factor
                rows.append((spec.pollutant, spec.unit_per_year, value, level, 100.0 * (value / level - 1.0)))
    schema = dict.fromkeys(("pollutant", "unit"), pl.String) | dict.fromkeys(
        ("value_per_year", "flat_per_year", "change_pct"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


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


def _inputs(plan: Plan, path: Path, rasters: tuple[Path, ...]) -> tuple[InputFile, ...]:
    """Return every file that was read, with its SHA-256; of the elevation rasters those that a road lies on."""
    base = path.parent
    files: list[tuple[str, Path, str, str]] = [("plan", path, path.name, "")]
    files.append(("registry", base / plan.fleet.registry, plan.fleet.registry, ""))
    homes = (("home zones", plan.places.zones), ("depots", plan.places.depots))
    files += [(role, base / name, name, "") for role, name in homes if name]
    if plan.nonroad.file:
        files.append(("machines", base / plan.nonroad.file, plan.nonroad.file, ""))
    if plan.fleet.assumptions:
        files.append(("assumptions", base / plan.fleet.assumptions, plan.fleet.assumptions, ""))
    if plan.network.builtin:
        files.append(("network", archive_path(), f"aequilibrae/{archive_path().name}", "ODbL 1.0"))
    elif plan.network.file:
        files.append(("network", base / plan.network.file, plan.network.file, plan.network.licence or "ODbL 1.0"))
    net = plan.network
    others = (("outline", net.clip), ("low-emission zones", net.low_emission_zones), ("datum", net.datum_reference))
    files += [(role, base / name, name, "") for role, name in others if name]
    files += [("elevation", file, os.path.relpath(file, base), "") for file in rasters]
    if plan.activity.gtfs and plan.activity.gtfs != "builtin":
        files.append(("timetable", base / plan.activity.gtfs, plan.activity.gtfs, ""))
    if plan.network.zones and plan.network.zones != "builtin":
        files.append(("zones", base / plan.network.zones, plan.network.zones, ""))
    if plan.factors.user:
        files.append(("own factors", base / plan.factors.user, plan.factors.user, ""))
    if plan.turnover.survival:
        files.append(("survival curves", base / plan.turnover.survival, plan.turnover.survival, ""))
    if plan.measured.file:
        files.append(("emission tests", base / plan.measured.file, plan.measured.file, ""))
    speeds = plan.traffic.speeds
    traffic = (
        ("counts", plan.traffic.counts.file),
        ("flows", plan.traffic.flows.file),
        ("measured speeds", speeds.file),
        ("speed sites", speeds.sites),
    )
    files += [(role, base / name, name, "") for role, name in traffic if name]
    if plan.traffic.assigns and plan.traffic.assignment.trips:
        trips = plan.traffic.assignment.trips
        files.append(("trips", base / trips, trips, ""))
    files += [("access area", base / rule.area, rule.area, "") for rule in plan.activity.access if rule.area]
    areas = {getattr(m, "area", "") for s in plan.scenario for _, m in s.operation.measures}
    files += [("access area", base / area, area, "") for area in sorted(areas - {""})]
    return tuple(_described(*entry) for entry in files if entry[1].is_file())


def _described(role: str, file: Path, shown: str, licence: str) -> InputFile:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return InputFile(role, shown, digest.hexdigest(), file.stat().st_size, licence)


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
