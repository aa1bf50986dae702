"""Less driving for the same freight: by rail, or in fuller vehicles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.operation.figures import figure, figures
from fleet_planner.scenarios.operation.model import Done, Money, Outcome, yearly
from fleet_planner.scenarios.operation.traffic import concerned, isolated, scaled, stream_of
from fleet_planner.units import G_PER_KG

if TYPE_CHECKING:
    from fleet_planner.plan.operation import Consolidation, RailShift
    from fleet_planner.scenarios.operation.model import OperationSetting
    from fleet_planner.scenarios.operation.traffic import Traffic

RAIL, CONSOLIDATION = "rail_shift", "consolidation"
CARBON_DIOXIDE = "CO2"
DIESEL = "diesel"
FULL = 1.0 + 1e-9


def rail_shift(traffic: Traffic, wanted: RailShift, setting: OperationSetting, number: int) -> Done:
    """Take a share of the driving off the road; what the trains use and emit for it is counted outside the roads.

    Tonne-km by rail are the vehicle-km removed times the mean load times the way by rail over that by road.

    Raises
    ------
    PlanError
        No stream is named, or a stream's load is not known.
    """
    if not wanted.streams:
        raise PlanError(
            f"a rail shift of scenario {setting.scenario} names no streams",
            "Name the freight streams that go by rail, such as articulated_truck.",
            column="scenario.operation.rail_shift.streams",
        )
    way = figure(RAIL, "distance_factor")
    factor = wanted.distance_factor or way.value
    before = traffic.total_km()
    checked = wanted.distance_factor is not None or way.checked
    done, groups = isolated(traffic, concerned(traffic.vehicles, wanted))
    removed = tonne_km = held = 0.0
    for group in groups:
        load_t, known = _load(group, wanted, setting)
        km = float(done.activity.km[done.place(group)].sum())
        held += km
        removed += km * wanted.share
        tonne_km += km * wanted.share * load_t * factor
        checked &= known
        done = scaled(done, group, 1.0 - wanted.share)
    tariff = figure(RAIL, "rail_usd_per_tkm")
    diesel_tkm = tonne_km * (1.0 - wanted.electric_share)
    outcome = Outcome(
        RAIL,
        number,
        _vehicles(done, groups),
        held,
        before,
        done.total_km(),
        fates={"cancelled": removed},
        outside=rail_use(diesel_tkm, tonne_km - diesel_tkm, setting),
        tonne_km=tonne_km,
        costs=(
            Money(yearly(tonne_km) * tariff.value, "USD", tariff.year),
            _road_saved(removed),
        ),
        checked=checked and tariff.checked,
    )
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "tkm": f"{tonne_km:,.0f}",
        "electric": f"{100.0 * wanted.electric_share:.0f}",
        "km": f"{removed:,.0f}",
    }
    return Done(done, outcome, (Finding("operation.rail_shift", "assumption", values),))


def rail_use(diesel_tkm: float, electric_tkm: float, setting: OperationSetting) -> dict[str, float]:
    """Return what trains emit and use for some tonne-km, in the inventory's units: g, MJ, kWh."""
    diesel = reference_table("fuels.csv").row(by_predicate=pl.col("fuel") == DIESEL, named=True)
    fuel_kg = diesel_tkm * figure(RAIL, "diesel_g_per_tkm").value / G_PER_KG
    out = {name: fuel_kg * f.value for name, f in figures(RAIL, "rail_g_per_kg_fuel").items()}
    out[CARBON_DIOXIDE] = fuel_kg * diesel["co2_kg_per_kg"] * G_PER_KG
    out["energy_MJ"] = fuel_kg * diesel["lower_heating_mj_kg"]
    kwh = electric_tkm * figure(RAIL, "electric_kwh_per_tkm").value
    out["electricity_kwh"] = kwh
    out["CO2_grid"] = kwh * setting.grid_kg_per_kwh * G_PER_KG
    return out


def _load(group: str, wanted: RailShift, setting: OperationSetting) -> tuple[float, bool]:
    if wanted.load_t is not None:
        return wanted.load_t, True
    stream = stream_of(group).removeprefix("visiting_")
    loads = figures(RAIL, "load_t")
    if stream not in loads:
        raise PlanError(
            f"a rail shift of scenario {setting.scenario} concerns {stream}, whose mean load is not packaged",
            f"Give load_t, or name only streams out of {', '.join(sorted(loads))}.",
            column="scenario.operation.rail_shift.load_t",
        )
    return loads[stream].value, loads[stream].checked


def consolidation(traffic: Traffic, wanted: Consolidation, setting: OperationSetting, number: int) -> Done:
    """Carry the same freight with less driving: the load of each vehicle grows as its kilometres fall.

    Raises
    ------
    PlanError
        The vehicles would be more than full.
    """
    before = traffic.total_km()
    done, groups = isolated(traffic, concerned(traffic.vehicles, wanted))
    held = sum(float(done.activity.km[done.place(g)].sum()) for g in groups)
    mine = pl.col("group").is_in(groups)
    load = pl.col("load_fraction") / (1.0 - wanted.share)
    heavy = pl.col("category") == "heavy_truck"
    fullest = done.vehicles.filter(mine & heavy)["load_fraction"].max()
    if isinstance(fullest, (int, float)) and float(fullest) / (1.0 - wanted.share) > FULL:
        most = 1.0 - float(fullest)
        raise PlanError(
            f"a consolidation of scenario {setting.scenario} would load vehicles to "
            f"{100.0 * float(fullest) / (1.0 - wanted.share):.0f} % of their capacity",
            f"Give a share of at most {most:.2f}, or a lower load_fraction in the registry.",
            column="scenario.operation.consolidation.share",
            value=wanted.share,
        )
    vehicles = done.vehicles.with_columns(
        load_fraction=pl.when(mine & heavy).then(load.clip(0.0, 1.0)).otherwise(pl.col("load_fraction"))
    )
    done = replace(done, vehicles=vehicles)
    for group in groups:
        done = scaled(done, group, 1.0 - wanted.share)
    removed = held * wanted.share
    centre = figure(CONSOLIDATION, "centre_usd_per_km")
    outcome = Outcome(
        CONSOLIDATION,
        number,
        _vehicles(done, groups),
        held,
        before,
        done.total_km(),
        fates={"cancelled": removed},
        costs=(Money(yearly(removed) * centre.value, "USD", centre.year), _road_saved(removed)),
        checked=centre.checked,
    )
    values: dict[str, str | int | float] = {"scenario": setting.title, "saved": f"{100.0 * wanted.share:.0f}"}
    told = Finding("operation.consolidation", "assumption", values, round(outcome.vehicles))
    return Done(done, outcome, (told,))


def _road_saved(removed_km: float) -> Money:
    """Return what driving less saves beside fuel."""
    per_km = figure(RAIL, "road_usd_per_km")
    return Money(-yearly(removed_km) * per_km.value, "USD", per_km.year)


def _vehicles(traffic: Traffic, groups: list[str]) -> float:
    counts = traffic.vehicles.filter(pl.col("group").is_in(groups))["count"].to_numpy()
    return float(np.sum(counts))
