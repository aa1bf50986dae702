"""The tables of a run by name, as its folder holds them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.machine_tables import machines_frame
from fleet_planner.outputs.layers.place_tables import by_place, has_places
from fleet_planner.pipeline.computing.places import KINDS
from fleet_planner.pipeline.telling.bands import bands_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import polars as pl

    from fleet_planner.fleet.turnover import Projection
    from fleet_planner.pipeline.comparing.comparison import Comparison
    from fleet_planner.pipeline.telling.results import Results

Tables = dict[str, "pl.DataFrame"]


def csv_tables(results: Results) -> Tables:
    """Return the tables that are written as CSV, by the name of the file without its ending."""
    unit = results.plan.outputs.mass_unit
    always = {
        "summary": frames.summary(results),
        "by_process": frames.by_process(results),
        "fuel_check": results.fuel,
        "voc_species": frames.voc_species(results),
        "well_to_wheel": results.well_to_wheel,
        "bridged": results.bridged,
        "mrv_bands": bands_table(results.scenarios[0].inventory),
    }
    paid = results.economy
    where_filled = {
        "rejected": results.fleet.rejected,
        "rejected_tests": results.rejected_tests,
        "ownership": paid.ownership,
        "grid_differences": paid.grid,
        "duty": results.duty,
        "costs_by_year": paid.costs.by_year,
        "present_value": paid.costs.worth,
        "cash_flow": paid.costs.cash,
        **results.meaning.tables,
        "data_quality": results.data_quality,
        "intensity": results.intensity,
        "targets": frames.in_mass_unit(results.targets, unit) if results.targets.height else results.targets,
        "early_scrappage": results.early_scrappage,
        "operation": results.operation,
        "bus_routes": results.bus_routes,
    }
    if results.by_sector.height:
        where_filled["by_sector"] = frames.in_mass_unit(results.by_sector, unit)
    if results.operation.height:
        always["operation_effects"] = frames.in_mass_unit(results.operation_effects, unit)
    where_filled |= _of_air(results) | _of_machines(results) | _of_districts(results)
    always |= _of_traffic(results) | _of_years(results)
    if results.comparison is not None:
        always |= comparison_tables(results.comparison)
    always |= {f"by_{kind}": by_place(results, kind) for kind in KINDS if has_places(results, kind)}
    return always | {name: table for name, table in where_filled.items() if table.height}


def parquet_tables(results: Results) -> Mapping[str, Callable[[], pl.DataFrame]]:
    """Return what makes the tables that are written as Parquet, by the name of the file: they are long."""
    out: dict[str, Callable[[], pl.DataFrame]] = {
        "vehicles": lambda: frames.vehicles_frame(results),
        "links": lambda: frames.links_long(results),
    }
    if results.bus_links.height:
        out["bus_links"] = lambda: results.bus_links
    if results.measure_parts.height:
        out["measure_parts"] = lambda: results.measure_parts
    if (air := results.air) is not None:
        out["exposure_weights"] = lambda: air.weights
    return out


def parquet_parts(results: Results) -> Mapping[str, Callable[[], Iterable[pl.DataFrame]]]:
    """Return what makes the parts of the tables written as Parquet: those of links and vehicles tile by tile."""
    whole = {name: partial(_alone, make) for name, make in parquet_tables(results).items()}
    by_tile = {"links": frames.links_by_tile, "vehicles": frames.vehicles_by_tile}
    return {**whole, **{name: partial(make, results) for name, make in by_tile.items()}}


def _alone(make: Callable[[], pl.DataFrame]) -> list[pl.DataFrame]:
    return [make()]


def _of_traffic(results: Results) -> Tables:
    activity = results.activity
    out: Tables = {}
    if activity.fit is not None:
        out |= {"count_fit": activity.fit.table, "counts": activity.fit.counts}
    if activity.assigned is not None:
        out |= {"assignment": activity.assigned.groups, "congested_links": activity.assigned.congested}
    return out


def _of_years(results: Results) -> Tables:
    if results.later is None:
        return {}
    by_year = frames.in_mass_unit(results.later.table, results.plan.outputs.mass_unit)
    measures = results.later.measures
    told = {"measures_by_year": measures} if measures.height else {}
    return stock_tables(results.later.projection) | {"by_year": by_year} | told


def _of_air(results: Results) -> Tables:
    if (air := results.air) is None:
        return {}
    compared = {"monitors": air.monitors, "monitor_fit": air.fit, "tracer_fit": air.tracer}
    return {"exposure": air.table, "exposure_by_season": air.seasons, "street_canyons": air.canyon_table, **compared}


def _of_machines(results: Results) -> Tables:
    if results.nonroad is None:
        return {}
    return {"machines": machines_frame(results.nonroad), "rejected_machines": results.nonroad.rejected}


def _of_districts(results: Results) -> Tables:
    """Return what the plan's areas emit, and the agency's classes."""
    told = {"by_agency": results.districts.agency}
    if (cut := results.districts.areas) is None:
        return told
    unit = results.plan.outputs.mass_unit
    totals, classes = (frames.in_mass_unit(table, unit) for table in (cut.found.totals, cut.found.classes))
    return told | {"area_totals": totals, "area_classes": classes, "area_agency": cut.found.agency}


def comparison_tables(comparison: Comparison) -> Tables:
    """Return the measures against each other."""
    told = {
        "head_to_head": comparison.head_to_head,
        "cost_effectiveness": comparison.cost_effectiveness,
        "abatement_curve": comparison.abatement,
        "grants": comparison.grants,
    }
    return told | ({"break_even": comparison.break_even} if comparison.break_even.height else {})


def stock_tables(projection: Projection) -> Tables:
    """Return the vehicles of a projected fleet by year, and what came and went."""
    return {"stock": projection.stock_table(), "stock_flows": projection.flow_table()}
