"""What a technology emits beside hot and cold exhaust: vapours, wear, idling, heaters, oil, urea, slip, electricity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.axes import LOADS
from fleet_planner.factors.compiling.channels import DAYS_PER_KM, HEATER, IDLE, PURE, base_of, channel
from fleet_planner.factors.compiling.exhaust_channels import share_scales
from fleet_planner.factors.in_use.scr import slip_g_per_mj
from fleet_planner.factors.processes.evaporation import evaporation_of
from fleet_planner.factors.processes.fuels import lubricant_co2_g_per_km, tank, urea_co2_g_per_mj
from fleet_planner.factors.processes.heater import heater_curves, heater_size
from fleet_planner.factors.processes.idling import KINDS, idling_g_per_h
from fleet_planner.factors.processes.particle_number import particles_1e12_per_km
from fleet_planner.factors.processes.resuspension import resuspension_g_per_km
from fleet_planner.factors.processes.use_per_km import use_of
from fleet_planner.factors.processes.wear import HEAVY, PROCESSES, SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.compiling.exhaust_channels import Exhaust
    from fleet_planner.factors.compiling.options import FactorOptions, FactorSources
    from fleet_planner.factors.compiling.store import CurveStore


def put_others(
    store: CurveStore,
    t: int,
    technology: Mapping[str, str],
    exhaust: Exhaust,
    sources: FactorSources,
    options: FactorOptions,
) -> None:
    """Enter the remaining channels of technology ``t``."""
    _wear(store, t, technology, sources, options)
    _vapours(store, t, technology, sources)
    if technology["fuel"] == "electricity":
        _electricity(store, t, technology, sources, options)
        return
    if technology["fuel"] == "hydrogen":
        use = use_of(sources.hydrogen_kg_per_km, technology["category"], technology["segment"], "hydrogen")
        store.put(t, channel("energy_MJ", "hot"), store.constant(1.0), use * sources.fuels.mj_per_kg["hydrogen"])
        return
    particles = particles_1e12_per_km(technology)
    if particles is not None:
        store.put(t, channel("SPN23", "hot"), store.constant(1.0), particles)
    if options.idling:
        _idling(store, t, technology, sources, exhaust.quality)
    oil = lubricant_co2_g_per_km(technology["category"], technology["standard"])
    store.put(t, channel("CO2", "lubricant"), store.constant(1.0), oil)
    energy = exhaust.index.get("energy_MJ")
    heat = sources.fuels.mj_per_kg.get(tank(technology["fuel"]))
    if energy is None or heat is None:
        return
    urea = urea_co2_g_per_mj(technology["standard"], technology["aftertreatment"], heat)
    store.put(t, channel("CO2", "urea"), energy, urea)
    if "SCR_retrofit" in technology["aftertreatment"].split("+"):
        for pollutant in ("N2O", "NH3"):
            store.put(t, channel(pollutant, "slip"), energy, slip_g_per_mj(pollutant, heat))


def _wear(
    store: CurveStore, t: int, technology: Mapping[str, str], sources: FactorSources, options: FactorOptions
) -> None:
    heavy = technology["category"] in HEAVY
    for pollutant in SIZES:
        for process in PROCESSES:
            loads = LOADS if heavy else LOADS[:1]
            curves = [sources.wear.curve(process, pollutant, technology, load, store.grid_kmh) for load in loads]
            index = store.by_load(np.array(curves)) if heavy else store.everywhere(curves[0])
            store.put(t, channel(pollutant, process), index)
        if options.resuspension is not None:
            by_mode = resuspension_g_per_km(SIZES[pollutant], options.resuspension)
            index = store.by_mode(by_mode[:, None] * np.ones(store.grid_kmh.size))
            store.put(t, channel(pollutant, "resuspension"), index)


def _vapours(store: CurveStore, t: int, technology: Mapping[str, str], sources: FactorSources) -> None:
    vapour = evaporation_of(sources.evaporation, technology, store.conditions)
    if vapour is None:
        return
    for pollutant in ("VOC", "NMVOC"):
        store.put(t, channel(pollutant, "evaporation"), store.constant(1.0), vapour.g_per_km)
        store.put(t, channel(pollutant, "evaporation", DAYS_PER_KM), store.constant(1.0), vapour.g_per_day)


def _idling(
    store: CurveStore, t: int, technology: Mapping[str, str], sources: FactorSources, quality: Mapping[str, float]
) -> None:
    """Enter grams per hour, on the diesel sold; the driver of the channel is hours per km."""
    scales = share_scales(technology, sources)
    for kind in KINDS:
        rates = idling_g_per_h(technology, kind) or {}
        for pollutant in IDLE:
            base = base_of(pollutant)
            scale = 1.0 if pollutant in {base, "NMVOC"} else scales[pollutant]
            if pollutant == "CO2_biogenic":
                scale = scales[PURE] or scale
            of = "VOC" if base == "NMVOC" else base
            rate = rates.get(of, 0.0) * quality.get(of, 1.0)
            store.put(t, channel(pollutant, "idling", f"{kind}:{base}"), store.constant(1.0), rate * scale)


def _electricity(
    store: CurveStore, t: int, technology: Mapping[str, str], sources: FactorSources, options: FactorOptions
) -> None:
    use = use_of(sources.kwh_per_km, technology["category"], technology["segment"], "electricity")
    store.put(t, channel("electricity_kwh", "electricity"), store.constant(1.0), use)
    store.put(t, channel("CO2_grid", "electricity"), store.constant(1.0), use * sources.grid_g_per_kwh)
    if options.fuel_heater_share > 0.0 and technology["category"] == "bus":
        curves = heater_curves(store.grid_kmh, store.conditions, size=heater_size(technology["segment"]))
        curves |= {"NMVOC": curves["VOC"], "SO2": curves["energy_MJ"] * sources.fuels.so2["diesel"]}
        for pollutant in HEATER:
            index = store.by_class(curves[pollutant])
            store.put(t, channel(pollutant, "heater"), index, options.fuel_heater_share)
