"""What a plan says of factors, weather and idling, in the words of the compiler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.options import FactorOptions, FactorSources, load_sources
from fleet_planner.factors.processes.fuel_quality import DieselQuality
from fleet_planner.factors.processes.idling import load_idle_hours
from fleet_planner.factors.processes.resuspension import Resuspension
from fleet_planner.factors.sets import overlays, user_overlay
from fleet_planner.factors.weather import conditions_of
from fleet_planner.inventory.weights import FleetContext, technologies_by_use, technologies_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fleet_planner.activity import Activity
    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.plan.models import Plan


@dataclass(frozen=True)
class FactorSetting:
    """What all scenarios of a run share beside network and activity."""

    sources: FactorSources
    conditions: Conditions
    options: FactorOptions
    context: FleetContext
    climate_given: bool
    climate_source: str

    def technologies(self, fleets: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Return the technologies to compile for some states of the fleet, by use where a factor set knows uses."""
        vehicles = pl.concat(fleet.select(*TECHNOLOGY, "stream") for fleet in fleets)
        by_use = any(overlay.knows_use for overlay in self.sources.overlays)
        return technologies_by_use(vehicles) if by_use else technologies_of(vehicles)


def factor_setting(plan: Plan, base: Path, activity: Activity, grid_kg_per_kwh: float) -> FactorSetting:
    """Return the setting of a plan in folder ``base``."""
    return FactorSetting(
        factor_sources(plan, base, grid_kg_per_kwh),
        conditions(plan, activity),
        factor_options(plan),
        FleetContext(idle_hours(plan)),
        plan.climate.monthly_min_c is not None,
        plan.climate.source,
    )


def factor_sources(plan: Plan, base: Path, grid_kg_per_kwh: float) -> FactorSources:
    """Read the published tables for the plan's fuels, electricity and factor set."""
    return load_sources(
        grid_kg_per_kwh=grid_kg_per_kwh,
        petrol_sulphur_ppm=plan.city.petrol_sulphur_ppm,
        diesel_sulphur_ppm=plan.city.diesel_sulphur_ppm,
        wear_edition=plan.factors.wear,
        overlays=(
            *user_overlay(base / plan.factors.user if plan.factors.user else None),
            *overlays([plan.factors.hot], year=plan.city.year, interpolate=plan.factors.interpolate),
        ),
    )


def conditions(plan: Plan, activity: Activity) -> Conditions:
    """Return the weather of the plan, weighted by when the fleet drives."""
    climate = plan.climate
    return conditions_of(
        activity.vkt_by_hour(),
        month_weight=activity.month_weight(),
        monthly_min_c=climate.monthly_min_c or (),
        monthly_max_c=climate.monthly_max_c or (),
        monthly_humidity_pct=climate.monthly_humidity_pct or (),
        altitude_m=climate.altitude_m,
        trip_km=climate.mean_trip_km,
        petrol_sulphur_ppm=plan.city.petrol_sulphur_ppm,
        diesel_sulphur_ppm=plan.city.diesel_sulphur_ppm,
    )


def factor_options(plan: Plan) -> FactorOptions:
    """Return what the plan decides about factors."""
    factors, dust = plan.factors, plan.factors.resuspension
    raised = Resuspension(dust.silt_town_g_m2, dust.silt_highway_g_m2, dust.mean_mass_t, dust.wet_days_per_year)
    return FactorOptions(
        below_range=factors.below_range,
        scr="value" if factors.scr_temperature else None,
        low_temperature_nox=factors.low_temperature_nox,
        speed_spread=factors.speed_spread,
        idling=plan.idling.enabled,
        fuel_heater_share=factors.fuel_heater_share,
        resuspension=raised if dust.enabled else None,
        diesel=_diesel(plan),
    )


def _diesel(plan: Plan) -> DieselQuality | None:
    """Return the quality of the diesel sold; nothing where the plan is silent."""
    given = plan.factors.diesel_quality
    if given is None:
        return None
    return DieselQuality(
        given.density_kg_m3, given.pah_percent, given.cetane, given.t95_c, plan.city.diesel_sulphur_ppm
    )


def idle_hours(plan: Plan) -> Mapping[str, Mapping[str, float]]:
    """Return hours of idling by stream and kind: the plan's, else the packaged estimates."""
    if not plan.idling.enabled:
        return {}
    out = {s: {k: hours["value"] for k, hours in by.items()} for s, by in load_idle_hours().items()}
    for stream, by in plan.idling.hours_per_day.items():
        out[stream] = {str(kind): hours for kind, hours in by.items()}
    return out
