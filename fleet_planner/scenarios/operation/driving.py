"""How vehicles are driven: slower, or with foresight."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.findings import Finding
from fleet_planner.kernels import allocation
from fleet_planner.scenarios.operation.figures import figure, figures
from fleet_planner.scenarios.operation.model import Done, Money, Outcome
from fleet_planner.scenarios.operation.places import hours_of, links_of
from fleet_planner.scenarios.operation.traffic import Traffic, concerned

if TYPE_CHECKING:
    from fleet_planner.activity.model import Activity
    from fleet_planner.findings import Kind
    from fleet_planner.plan.operation import EcoDriving, SpeedLimit
    from fleet_planner.scenarios.operation.model import OperationSetting

Float = NDArray[np.float64]
LIMIT, ECO = "speed_limit", "eco_driving"
LIKE_FUEL = ("energy_MJ", "electricity_kwh", "CO2", "SO2", "CO2_biogenic", "Pb")
LIKE_SOOT = ("PM_exhaust", "BC", "SPN23")


def speed_limit(traffic: Traffic, wanted: SpeedLimit, setting: OperationSetting, number: int) -> Done:
    """Lower the free speed of some roads; what is lost at junctions and in queues stays.

    The free speed falls by the adherence times its excess over the limit, and a kilometre takes longer by what it
    takes longer at the free speed: ``1/v' = 1/v + 1/f' - 1/f``.
    """
    links = setting.network.links
    adherence = figure(LIMIT, "adherence")
    share = adherence.value if wanted.adherence is None else wanted.adherence
    free = links["free_flow_kmh"].to_numpy().astype(np.float64)
    where = links_of(wanted, setting, LIMIT) & (free > wanted.limit_kmh)
    hours = hours_of(wanted, setting.days)
    lower = np.where(where, free - share * (free - wanted.limit_kmh), free)
    longer = np.outer(1.0 / lower - 1.0 / free, hours)
    slowed = _slower(traffic.activity, longer, setting.corridor_km)
    done = replace(traffic, activity=slowed)
    activity = traffic.activity
    by_hour = allocation.by_hour(activity.km, activity.row, activity.share)
    vehicle_h = float((by_hour * (1.0 / slowed.speed_kmh - 1.0 / activity.speed_kmh)).sum())
    held = float(by_hour[where][:, hours].sum())
    outcome = Outcome(
        LIMIT,
        number,
        float(traffic.vehicles["count"].sum()),
        held,
        traffic.total_km(),
        done.total_km(),
        vehicle_h=vehicle_h,
        checked=wanted.adherence is not None or adherence.checked,
        where=where,
    )
    km = float(links["length_km"].to_numpy()[where].sum())
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "limit": f"{wanted.limit_kmh:g}",
        "km": f"{km:.0f}",
        "adherence": f"{100.0 * share:.0f}",
        "fall": f"{float((free - lower)[where].mean()) if where.any() else 0.0:.1f}",
    }
    share = held / (traffic.total_km() or 1.0)
    kind: Kind = "assumption" if where.any() else "warning"
    return Done(done, outcome, (Finding("operation.speed_limit", kind, values, int(where.sum()), share),))


def _slower(activity: Activity, longer_h_per_km: Float, corridor_km: float) -> Activity:
    """Return the activity with links slower by some hours per km, averaged over stretches of road as before.

    Buses that keep a timetable of their own take as much longer as the others.
    """
    own = {name: 1.0 / (1.0 / kmh + longer_h_per_km) for name, kmh in activity.own_kmh.items()}
    activity = replace(activity, own_kmh=own)
    if activity.speeds is None:
        return replace(activity, speed_kmh=1.0 / (1.0 / activity.speed_kmh + longer_h_per_km))
    before = activity.speeds
    link = 1.0 / (1.0 / before.link_kmh + longer_h_per_km)
    mean = before.corridors.mean_speeds(link, corridor_km, activity.tiles)
    return replace(activity, speed_kmh=mean, speeds=replace(before, link_kmh=link, mean_kmh=mean))


def eco_driving(traffic: Traffic, wanted: EcoDriving, setting: OperationSetting, number: int) -> Done:
    """Scale what the vehicles use and emit by the lasting effect of training times the share that takes part."""
    packaged = figures(ECO, "change_pct")
    fuel = packaged["energy"].value if wanted.fuel_change_pct is None else wanted.fuel_change_pct
    change = dict.fromkeys(LIKE_FUEL, fuel)
    change |= {"NOx": packaged["NOx"].value}
    change |= dict.fromkeys(LIKE_SOOT, packaged["PM_exhaust"].value)
    rows = concerned(traffic.vehicles, wanted)
    multipliers = traffic.multipliers.with_columns(
        pl.Series(name, traffic.multipliers[name].to_numpy() * np.where(rows, 1.0 + wanted.uptake * pct / 100.0, 1.0))
        for name, pct in change.items()
        if name in traffic.multipliers.columns
    )
    trained = float(traffic.vehicles["count"].to_numpy()[rows].sum()) * wanted.uptake
    total = traffic.total_km()
    capex, opex = figure(ECO, "capex_usd_per_vehicle"), figure(ECO, "opex_usd_per_vehicle")
    life = figure(ECO, "life_years")
    outcome = Outcome(
        ECO,
        number,
        trained,
        float(traffic.km_of_rows()[rows].sum()) * wanted.uptake,
        total,
        total,
        costs=(
            Money(trained * capex.value, "USD", capex.year, life.value),
            Money(trained * opex.value, "USD", opex.year),
        ),
        checked=all(f.checked for f in packaged.values()) and capex.checked,
        whole_km=True,
    )
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "fuel": f"{fuel:g}",
        "uptake": f"{100.0 * wanted.uptake:.0f}",
    }
    told = Finding("operation.eco_driving", "assumption", values, round(trained))
    return Done(Traffic(traffic.vehicles, multipliers, traffic.activity), outcome, (told,))
