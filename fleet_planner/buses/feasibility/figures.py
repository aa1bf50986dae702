"""Figures of batteries, chargers and extra buses: the plan's, else the packaged ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.buses.transition.packaged import Packaged
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.money import Price, levels_of
from fleet_planner.economics.vehicle_costs import vehicle_costs
from fleet_planner.findings import Finding
from fleet_planner.fleet.dates import ANY_REGION
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.buses.energy.vehicles import Vehicles
    from fleet_planner.buses.feasibility.simba import BatteryType
    from fleet_planner.plan.buses_battery import BatteryPlan
    from fleet_planner.plan.economics import EconomicsSection

Float = NDArray[np.float64]
ANY = "any"
CURVE = "curve_at_"
MONEY_UNKNOWN = "economics.exchange_rates"


@dataclass(frozen=True)
class Figures:
    """What a plan's batteries and chargers are.

    Parameters
    ----------
    kwh, larger_kwh, charge_kw, curves, efficiency
        By kind of battery, the type of bus where the plan has no table of vehicle types: nominal capacity, larger ones
        on offer, most charging power, states of charge with the power taken there, stored of what the battery takes.
    empty_kg
        By type of bus: mass without passengers.
    health
        Capacity at the age that is planned for, over the nominal one.
    reserve
        State of charge below which no bus may fall.
    charger_efficiency
        Plug over grid.
    depot_kw, station_kw
        Of one charger.
    kg_per_kwh
        Of a larger battery.
    unchecked
        Packaged figures in use that were not read in a source.
    """

    kwh: Mapping[str, float]
    larger_kwh: Mapping[str, tuple[float, ...]]
    charge_kw: Mapping[str, float]
    curves: Mapping[str, tuple[Float, Float]]
    efficiency: Mapping[str, float]
    empty_kg: Mapping[str, float]
    health: float
    reserve: float
    charger_efficiency: float
    depot_kw: float
    station_kw: float
    kg_per_kwh: float
    unchecked: tuple[str, ...]


@dataclass(frozen=True)
class Prices:
    """What ways to make a block feasible cost, US dollars of 2024 a year, annuities of the plan's discount rate.

    Parameters
    ----------
    battery_per_kwh
        Of added capacity.
    bus
        An extra bus without its battery, by type.
    station, charger
        A station on the way without chargers; each of its chargers.
    driver_hour, empty_km
        On a day of service, times the days of a year.
    unchecked
        Packaged figures in use that were not read in a source.
    """

    battery_per_kwh: float
    bus: Mapping[str, float]
    station: float
    charger: float
    driver_hour: float
    empty_km: float
    unchecked: tuple[str, ...]


@cache
def _rows() -> dict[tuple[str, str], list[dict[str, Any]]]:
    out: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in reference_table("bus_batteries.csv").iter_rows(named=True):
        out.setdefault((row["item"], row["bus_type"]), []).append(row)
    return out


class _Reader:
    """Reads packaged figures and remembers which were not checked."""

    def __init__(self) -> None:
        self.unchecked: dict[str, None] = {}

    def rows(self, item: str, bus_type: str = ANY) -> list[dict[str, Any]]:
        """Return the rows of an item, those of the type before those of any."""
        rows = _rows().get((item, bus_type)) or _rows()[item, ANY]
        if any(r["checked"] == "no" for r in rows):
            self.unchecked[item] = None
        return rows

    def value(self, given: float | None, item: str, bus_type: str = ANY) -> float:
        """Return the plan's figure, else the packaged one."""
        return float(self.rows(item, bus_type)[0]["value"]) if given is None else given


def figures_of(
    plan: BatteryPlan, bus_types: set[str], vehicles: Vehicles, listed: Mapping[str, BatteryType] | None = None
) -> Figures:
    """Return the figures of a plan for the types of bus that are in use.

    Parameters
    ----------
    plan
        The plan's section.
    bus_types
        Types in use.
    vehicles
        Their usual batteries and masses.
    listed
        Batteries of the plan's table of vehicle types by kind, which go before all others.
    """
    read, types = _Reader(), sorted(bus_types)
    at = {name: k for k, name in enumerate(vehicles.names)}
    kwh = {t: float(plan.kwh.get(t, vehicles.battery_kwh[at[t]])) for t in types}  # type: ignore[call-overload]  # a type
    larger = {}
    for t in types:
        given = plan.larger_kwh.get(t)  # type: ignore[call-overload]  # types of bus are words of the plan
        sizes = [r["value"] * kwh[t] for r in read.rows("larger")] if given is None else given
        larger[t] = tuple(sorted({float(s) for s in sizes if s > kwh[t]}))
    if plan.charge_curve is None:
        points = sorted(
            (float(item.removeprefix(CURVE)), float(read.value(None, item)))
            for item, _ in _rows()
            if item.startswith(CURVE)
        )
    else:
        points = [(p[0], p[1]) for p in plan.charge_curve]
    charge = {t: read.value(plan.charge_kw.get(t), "charge_kw", t) for t in types}  # type: ignore[call-overload]  # a type
    soc, share = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    curves = {t: (soc, share * charge[t]) for t in types}
    efficiency = dict.fromkeys(types, read.value(plan.efficiency, "efficiency"))
    over = [r["value"] for r in read.rows("larger")]
    for kind, battery in (listed or {}).items():
        kwh[kind], larger[kind] = battery.kwh, tuple(battery.kwh * o for o in over)
        charge[kind], efficiency[kind] = float(battery.curve_kw.max()), battery.efficiency
        curves[kind] = (battery.curve_soc, battery.curve_kw)
    return Figures(
        kwh=kwh,
        larger_kwh=larger,
        charge_kw=charge,
        curves=curves,
        efficiency=efficiency,
        empty_kg={t: float(vehicles.empty_kg[at[t]]) for t in types},
        health=read.value(plan.end_of_life, "end_of_life") if plan.age == "end_of_life" else 1.0,
        reserve=read.value(plan.reserve, "reserve"),
        charger_efficiency=read.value(plan.charger_efficiency, "charger_efficiency"),
        depot_kw=read.value(plan.depot_kw, "depot_kw"),
        station_kw=read.value(plan.station_kw, "station_kw"),
        kg_per_kwh=read.value(plan.kg_per_kwh, "kg_per_kwh"),
        unchecked=tuple(read.unchecked),
    )


def prices_of(plan: BatteryPlan, economics: EconomicsSection, bus_types: set[str], region: str = ANY_REGION) -> Prices:
    """Return what the ways to make a block feasible cost a year; buses and stations cost what replacing them does.

    Parameters
    ----------
    plan, economics
        The plan's sections.
    bus_types
        Types in use.
    region
        Whose prices of buses go before those of any region.

    Raises
    ------
    PlanError
        A packaged price's currency or year has no rate or index.
    """
    read, levels, first = _Reader(), levels_of(economics), economics.conversion == "deflate_first"
    packaged = Packaged(economics, region)
    standard = packaged.figure("price", "battery", "standard")
    bus = {t: plan.bus_usd.get(t) for t in sorted(bus_types)}  # type: ignore[call-overload]  # a type
    bus = {t: standard * packaged.figure("size_factor", bus_type=t) if usd is None else usd for t, usd in bus.items()}
    station = packaged.figure("station_fixed") if plan.station_usd is None else plan.station_usd
    charger = packaged.figure("station_point") if plan.charger_usd is None else plan.charger_usd
    battery_life = packaged.figure("battery_life_years")

    def money(given: float | None, item: str, bus_type: str = ANY) -> float:
        if given is not None:
            return given
        row = read.rows(item, bus_type)[0]
        price = Price(row["currency"], int(row["price_year"]))
        return levels.inside(float(row["value"]), price, MONEY_UNKNOWN, deflate_first=first)

    def annuity(life: str) -> float:
        return capital_recovery_factor(economics.discount_rate, read.value(None, life))

    wage = plan.usd_per_driver_hour
    if wage is None:
        costs = vehicle_costs(economics)["bus"]
        wage = costs.driver_per_h
        if "driver_per_h" in costs.unchecked:
            read.unchecked["driver_per_h"] = None
    return Prices(
        battery_per_kwh=money(plan.usd_per_kwh, "usd_per_kwh")
        * capital_recovery_factor(economics.discount_rate, battery_life),
        bus={t: usd * annuity("bus_life") for t, usd in bus.items()},
        station=station * annuity("charger_life"),
        charger=charger * annuity("charger_life"),
        driver_hour=wage * plan.service_days,
        empty_km=plan.usd_per_empty_km * plan.service_days,
        unchecked=(*read.unchecked, *packaged.unchecked),
    )


def unchecked_finding(*used: tuple[str, ...]) -> list[Finding]:
    """Return a finding that names the packaged figures in use that were not read in a source."""
    names = sorted({name for group in used for name in group})
    if not names:
        return []
    return [Finding("buses.battery_unchecked", "warning", {"items": ", ".join(names)}, count=len(names))]
