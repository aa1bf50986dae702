"""Everything the report shows, as plain data without words: kept in the run directory, rendered in any language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner import __version__
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.report.area_data import agency_data, areas_data
from fleet_planner.outputs.report.comparison_data import comparison_data
from fleet_planner.outputs.report.economics_data import economics_data
from fleet_planner.outputs.report.later_data import later_data, target_data
from fleet_planner.outputs.report.lead_data import lead_data
from fleet_planner.outputs.report.machines import machines_data
from fleet_planner.outputs.report.map_data import pack_map
from fleet_planner.outputs.report.operation_report import operation_data
from fleet_planner.outputs.report.places import places_data
from fleet_planner.outputs.report.report_units import units_data
from fleet_planner.outputs.report.traffic_data import traffic_data
from fleet_planner.reference.words import HEAVY_STANDARDS
from fleet_planner.units import DAYS_PER_YEAR, G_PER_KG, G_PER_T

if TYPE_CHECKING:
    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.telling.results import Results, ScenarioResult

CHART_POLLUTANT = "NOx"
SHARE_POLLUTANTS = ("NOx", "PM_exhaust", "CO2")
COST_POLLUTANTS = ("NOx", "PM_exhaust", "CO2", "CO2_grid")
PROCESS_POLLUTANTS = ("NOx", "PM_exhaust", "PM2.5_non_exhaust", "CO", "NMVOC", "NH3", "N2O", "CO2")
VOC_OF_CONCERN = ("benzene", "1,3-butadiene", "formaldehyde", "acetaldehyde")
MIN_CLASS_SHARE = 0.004
HEAVY = ("heavy_truck", "bus")


def report_data(results: Results) -> dict[str, Any]:
    """Return the data of the report; figures as the results have them, unrounded."""
    first = results.scenarios[0]
    city = results.plan.city
    zh = frames.titles(results, "zh")
    return {
        "version": __version__,
        "plan": results.plan_path.name,
        "city": {"en": city.name, "zh": city.name_zh or city.name},
        "year": city.year,
        "discount_rate": results.plan.economics.discount_rate,
        "scenarios": [
            {"name": s.fleet.name, "en": s.fleet.title_en, "zh": zh[s.fleet.name]} for s in results.scenarios
        ],
        "units": units_data(results.plan.report.units, results.plan.report.currency, results.plan.economics),
        "mass_unit": results.plan.outputs.mass_unit,
        "summary": clean(results.summary.to_dicts()),
        "terrain": clean(results.terrain.to_dicts()),
        "costs": clean([row for s in results.scenarios for row in s.costs.to_dicts()]),
        "cuts": {s.fleet.name: _cuts(results, s) for s in results.scenarios[1:]},
        "closure": {s.fleet.name: dict(s.inventory.closure) for s in results.scenarios},
        "findings": [
            {"code": f.code, "kind": f.kind, "values": dict(f.values), "count": f.count, "share": f.share}
            for f in results.findings
        ],
        "used": _used(results),
        "assumptions": clean(results.assumptions.to_dicts()),
        "sources": clean(results.sources.to_dicts()),
        "inputs": [vars(f) for f in results.inputs],
        "attribution": results.network.attribution,
        "streams": _streams(first, results.nonroad),
        "hours": _hours(results),
        "traffic": traffic_data(results),
        "later": later_data(results),
        "targets": target_data(results),
        "machines": machines_data(results),
        "places": places_data(results),
        "areas": clean(_areas(results)),
        "agency": clean(agency_data(results.districts.agency, first.fleet.name)),
        "duty": clean(results.duty.to_dicts()),
        "economics": clean(economics_data(results)),
        "well_to_wheel": clean(results.well_to_wheel.to_dicts()),
        "meaning": clean({name: table.to_dicts() for name, table in _meaning(results).items()}),
        "comparison": clean(comparison_data(results)),
        "operation": operation_data(results),
        "classes": _classes(first),
        "processes": _processes(first),
        "voc": _voc(results),
        "standards": _standards(first),
        "streets": frames.street_rows(frames.roads_frame(results), first.fleet.name).to_dicts(),
        "quality": clean(results.data_quality.to_dicts()),
        "intensity": clean(results.intensity.to_dicts()),
        "lead": clean(lead_data(results)),
        "hour_errors": clean(results.hour_errors.to_dicts()),
        "map": pack_map(results),
    }


def _areas(results: Results) -> dict[str, Any] | None:
    cut = results.districts.areas
    if cut is None:
        return None
    return areas_data(cut, results.network.links["length_km"].to_numpy(), results.plan.outputs.map_pollutants)


def clean(value: Any) -> Any:
    """Return plain data with nothing in place of NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _used(results: Results) -> dict[str, float]:
    """Return how much of the inputs was used."""
    vehicles = results.fleet.vehicles
    local = vehicles.filter(~pl.col("visiting"))
    rejected = results.fleet.rejected
    links = results.network.links
    return {
        "rows_used": local.height,
        "rows_rejected": rejected.select("file", "row").unique().height if rejected.height else 0,
        "vehicles": float(local["count"].sum()),
        "vkt_per_day": float(results.activity.km.sum()),
        "links": links.height,
        "link_km": float(links["length_km"].sum()),
        "bridged": results.bridged.height,
    }


def _cuts(results: Results, result: ScenarioResult) -> dict[str, float]:
    """Return what a scenario cuts a year, t, from the two totals of the summary."""
    own = results.summary.filter(pl.col("scenario") == result.fleet.name)
    change = {
        row["pollutant"]: row["baseline_per_year"] - row["value_per_year"] for row in own.iter_rows(named=True)
    }  # fmt: skip
    return {name: change[name] for name in COST_POLLUTANTS if name in change}


def _streams(first: ScenarioResult, nonroad: NonRoad | None) -> dict[str, Any]:
    """Return the yearly emissions of the streams, visiting ones with their own kind, machines beside the roads too."""
    inventory = first.inventory
    machines = () if nonroad is None else nonroad.streams
    names = sorted({s.removeprefix("visiting_") for s in inventory.streams} | set(machines))
    values = {}
    for pollutant in SHARE_POLLUTANTS:
        p = inventory.pollutants.index(pollutant)
        totals = dict.fromkeys(names, 0.0)
        for s, stream in enumerate(inventory.streams):
            year = float(inventory.stream_hour[s, :, p].sum()) * DAYS_PER_YEAR / G_PER_T
            totals[stream.removeprefix("visiting_")] += year
        for stream, day in ({} if nonroad is None else nonroad.by_stream(pollutant)).items():
            totals[stream] += day * DAYS_PER_YEAR / G_PER_T
        values[pollutant] = totals
    order = sorted(names, key=lambda n: -values[CHART_POLLUTANT][n])
    return {"names": order, "values": {p: [values[p][n] for n in order] for p in SHARE_POLLUTANTS}}


def _hours(results: Results) -> list[list[float]]:
    """Return kg an hour by scenario and hour."""
    out = []
    for s in results.scenarios:
        p = s.inventory.pollutants.index(CHART_POLLUTANT)
        by_hour = s.inventory.stream_hour[:, :, p].sum(axis=0) / G_PER_KG
        out.append(results.activity.average_day(by_hour).tolist())
    return out


def _classes(first: ScenarioResult) -> list[tuple[str, float]]:
    """Return kg a day by road class, largest first; classes under 0.4 % are left out."""
    inventory = first.inventory
    p = inventory.pollutants.index(CHART_POLLUTANT)
    values = inventory.class_hour[:, :, p].sum(axis=1) / G_PER_KG
    total = values.sum() or 1.0
    pairs = zip(inventory.road_classes, values.tolist(), strict=True)
    return sorted(((c, v) for c, v in pairs if v / total >= MIN_CLASS_SHARE), key=lambda r: -r[1])


def _processes(first: ScenarioResult) -> dict[str, dict[str, float]]:
    """Return the share of each process in the baseline's pollutants, by pollutant."""
    frame = first.inventory.by_process.group_by("pollutant", "process", maintain_order=True).agg(
        pl.col("value_per_day").sum()
    )
    out: dict[str, dict[str, float]] = {}
    for pollutant in PROCESS_POLLUTANTS:
        rows = frame.filter(pl.col("pollutant") == pollutant)
        total = float(rows["value_per_day"].sum())
        if total > 0.0:
            out[pollutant] = {p: v / total for p, v in rows.select("process", "value_per_day").iter_rows()}
    return out


def _voc(results: Results) -> dict[str, dict[str, list[float]]]:
    """Return the yearly NMVOC of every scenario, t, by group and by species of concern."""
    names = [s.fleet.name for s in results.scenarios]
    out: dict[str, dict[str, list[float]]] = {}
    for column, kept in (("group", None), ("species", VOC_OF_CONCERN)):
        rows = results.voc if kept is None else results.voc.filter(pl.col(column).is_in(kept))
        summed = rows.group_by(column, "scenario", maintain_order=True).agg(pl.col("value_per_year").sum())
        by = {(name, scenario): value for name, scenario, value in summed.iter_rows()}
        order = list(kept or summed[column].unique(maintain_order=True))
        out[column] = {name: [by.get((name, s), 0.0) for s in names] for name in order}
    return out


def _standards(first: ScenarioResult) -> list[tuple[str, float]]:
    """Return t a year of diesel trucks and buses by standard, oldest first."""
    frame = first.inventory.by_technology.filter(pl.col("category").is_in(HEAVY) & (pl.col("fuel") == "diesel"))
    rows = frame.group_by("standard").agg(pl.col(f"{CHART_POLLUTANT}_per_day").sum())
    known = {name: i for i, name in enumerate(HEAVY_STANDARDS)}
    listed = [(s, v * DAYS_PER_YEAR / G_PER_T) for s, v in rows.iter_rows()]
    return sorted(listed, key=lambda r: (known.get(r[0], len(known)), r[0]))


def _meaning(results: Results) -> dict[str, pl.DataFrame]:
    """Return the tables on climate and air by name."""
    air = results.air
    if air is None:
        return dict(results.meaning.tables)
    made_up = any(f.code == "inventory.air_example" for f in air.findings)
    told = air.table.with_columns(made_up_weather=pl.lit(made_up))
    return {
        **results.meaning.tables,
        "exposure": told,
        "exposure_by_season": air.seasons,
        "street_canyons": air.canyon_table,
        "monitor_fit": air.fit,
        "tracer_fit": air.tracer,
    }
