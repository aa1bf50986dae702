"""Which trucks and vans a battery can move: range, payload, charging at base, by vehicle and year.

A vehicle's working days scatter as a lognormal distribution about its own mean ``m`` (spread ``s``); the day that its
battery must be enough for is ``D = m exp(-s^2/2 + z s)``, ``z`` the normal quantile of the share of days covered. The
use per km grows with the battery's mass, ``e = e0 + e1 B``, both from the energy model at the worst of the design days;
with the usable share ``u`` of a battery at the end of its life in that weather, ``B = D e0 / (u - D e1)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtri

from fleet_planner.buses.duty.figures import DutyFigures, duty_streams
from fleet_planner.buses.energy.cold import charge_power, usable_capacity
from fleet_planner.buses.energy.duty import duty_energy, vehicle_types
from fleet_planner.fleet.use import usual

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.buses.energy.weather import Case
    from fleet_planner.plan.buses_duty import DutySection
    from fleet_planner.plan.buses_energy import BusEnergyPlan

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

KG_PER_T = 1000.0
VAN, SHORT, LONG = "van", "short_haul_heavy", "long_haul_heavy"
REASONS = ("base", "battery", "payload", "recharge")
"""What stands in the way, in the order in which it is asked."""

LEAST_KWH, SPAN = 10.0, 2.0


@dataclass(frozen=True)
class Weather:
    """Design days, and what they take from batteries.

    Parameters
    ----------
    cases
        Of `energy.weather.cases`; the first is the mean of the year.
    section
        Heating and temperatures.
    altitude_m
        Height above the sea.
    """

    cases: Sequence[Case]
    section: BusEnergyPlan
    altitude_m: float


@dataclass(frozen=True)
class StreamDuty:
    """The duty of a stream's vehicles, N rows of the registry.

    Parameters
    ----------
    stream, kind
        Stream, and type of the energy model.
    count, km_per_day
        Vehicles of each row, and their mean working day.
    long_day_km
        The day that must be covered, shape (N,).
    days_per_year, speed_kmh, stops_per_km, payload_kg, most_payload_kg, return_share
        Of the stream.
    charger_kw, dwell_h
        At base.
    """

    stream: str
    kind: str
    count: Float
    km_per_day: Float
    long_day_km: Float
    days_per_year: float
    speed_kmh: float
    stops_per_km: float
    payload_kg: float
    most_payload_kg: float
    return_share: float
    charger_kw: float
    dwell_h: float

    def classes(self, short_haul_km: float) -> list[str]:
        """Return the class of each row."""
        if self.kind == VAN:
            return [VAN] * self.count.size
        return [SHORT if km <= short_haul_km else LONG for km in self.long_day_km.tolist()]


def stream_duty(
    stream: str,
    rows: pl.DataFrame,
    section: DutySection,
    figures: DutyFigures,
    speed_kmh: float,
    charger_kw: float,
) -> StreamDuty | None:
    """Return the duty of a stream; nothing where no working days of it are known.

    Parameters
    ----------
    rows
        Of the registry: ``category, count, km_per_year, load_fraction``.
    section, figures
        Of the plan.
    speed_kmh, charger_kw
        Of the class of ownership, the second where the plan names none.
    """
    main = rows.group_by("category").agg(pl.col("count").sum()).sort("count", "category", descending=[True, False])
    category, region = main["category"][0], figures.region
    names = ("days_per_year", "km_day_spread", "trip_km", "payload_t", "return_share")
    found = {name: usual(name, stream, category, region) for name in names}
    for name, figure in found.items():
        if figure is not None:
            figures.used[f"{name} ({stream})"] = figure[1] == "yes"
    days, spread = found["days_per_year"], found["km_day_spread"]
    if days is None or spread is None:
        return None
    trip, payload, base = found["trip_km"], found["payload_t"], found["return_share"]
    count = rows["count"].to_numpy().astype(np.float64)
    per_day = rows["km_per_year"].to_numpy().astype(np.float64) / days[0]
    load = float((rows["load_fraction"].to_numpy() * count).sum() / count.sum())
    most = payload[0] * KG_PER_T if payload else 0.0
    sigma = spread[0]
    return StreamDuty(
        stream=stream,
        kind=duty_streams()[stream][0],
        count=count,
        km_per_day=per_day,
        long_day_km=per_day * float(np.exp(-0.5 * sigma**2 + float(ndtri(section.days_covered)) * sigma)),
        days_per_year=days[0],
        speed_kmh=speed_kmh,
        stops_per_km=figures.figure("stops_per_km", duty_streams()[stream][0]) + (1.0 / trip[0] if trip else 0.0),
        payload_kg=most * load,
        most_payload_kg=most,
        return_share=base[0] if base else 1.0,
        charger_kw=section.charger_kw.get(stream, charger_kw),
        dwell_h=figures.dwell_h(stream),
    )


@dataclass(frozen=True)
class Use:
    """Use per km of a stream by year, linear in the battery: kWh at the battery.

    Parameters
    ----------
    worst, worst_per_kwh
        Of the design days, shape (cases, T): without a battery's mass, and more per kWh of battery.
    mean, mean_per_kwh
        Of the year's mean, shape (T,).
    usable
        Share of the rated battery that the end of its life, the reserve and the weather leave, shape (cases,).
    charge
        Share of the charging power that the weather leaves, shape (cases,).
    """

    worst: Float
    worst_per_kwh: Float
    mean: Float
    mean_per_kwh: Float
    usable: Float
    charge: Float


def use_of(duty: StreamDuty, years: Sequence[int], weather: Weather, section: DutySection, figures: DutyFigures) -> Use:
    """Return the use per km of a stream, from the energy model at two batteries, or as the plan says."""
    types = vehicle_types()
    at = types.names.index(duty.kind)
    own = float(types.battery_kwh[at])
    sizes = (0.5 * own, SPAN * own)
    cases, t = len(weather.cases), len(years)
    left = figures.figure("window", "pack") * figures.figure("end_of_life", "pack")
    celsius = [case.mean_c for case in weather.cases]
    usable = left * usable_capacity(celsius, weather.section)
    charge = charge_power(celsius, weather.section)
    given = section.kwh_per_km.get(duty.stream)
    if given is not None:
        flat = np.full((cases, t), given)
        return Use(flat, np.zeros((cases, t)), flat[0], np.zeros(t), usable, charge)
    if not (types.unchecked and duty.kind in types.unchecked):
        figures.used[f"energy ({duty.kind})"] = True
    heavier = types.figure["battery_kg_per_kwh"]
    empty = float(types.empty_kg[at])
    typical = float(np.average(duty.km_per_day, weights=duty.count))
    rows = [
        # the model adds its own mass per kWh: what packs of the year differ from it goes into the empty mass
        (duty.kind, typical, duty.speed_kmh, duty.stops_per_km, duty.payload_kg, empty + (kg - heavier) * size, size)
        for kg in (figures.kg_per_kwh(year) for year in years)
        for size in sizes
    ]
    names = ["vehicle_type", "km", "mean_speed_kmh", "stops_per_km", "payload_kg", "empty_kg", "battery_kwh"]
    duties = pl.DataFrame(rows, schema=names, orient="row")
    out = duty_energy(duties, weather.cases, weather.section, altitude_m=weather.altitude_m).kwh_per_km
    low, high = out[0::2].T, out[1::2].T
    slope = (high - low) / (sizes[1] - sizes[0])
    level = low - slope * sizes[0]
    return Use(level, slope, level[0], slope[0], usable, charge)


@dataclass(frozen=True)
class Feasible:
    """What a stream's vehicles need by year, shape (T, N) each.

    Parameters
    ----------
    battery_kwh
        Rated; infinite where no battery is enough.
    worst_kwh_per_km, mean_kwh_per_km
        At that battery.
    payload_loss
        Share of the largest payload, 0 where nothing is lost.
    reason
        Index of what stands in the way (`REASONS`), -1 where nothing does; the base aside, which is a share.
    can_charge
        Share of the stream that can charge, shape (T,).
    """

    battery_kwh: Float
    worst_kwh_per_km: Float
    mean_kwh_per_km: Float
    payload_loss: Float
    reason: NDArray[np.int64]
    can_charge: Float

    @property
    def able(self) -> Bool:
        """Which vehicles a battery can move, where they can charge."""
        return np.asarray(self.reason < 0)


def feasible_of(
    duty: StreamDuty, years: Sequence[int], use: Use, section: DutySection, figures: DutyFigures
) -> Feasible:
    """Return which vehicles of a stream a battery can move in which year."""
    day = duty.long_day_km
    shape = (len(years), day.size)
    battery, worst, need_h = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    efficiency = figures.figure("charger_efficiency", "pack")
    for c in range(use.usable.size):
        for k in range(len(years)):
            base, slope = use.worst[c, k], use.worst_per_kwh[c, k]
            spare = use.usable[c] - day * slope
            enough = np.where(spare > 0.0, day * base / np.maximum(spare, 1e-12), np.inf)
            enough = np.maximum(enough, LEAST_KWH)
            per_km = base + slope * np.where(np.isfinite(enough), enough, 0.0)
            hours = day * per_km / (duty.charger_kw * efficiency * max(float(use.charge[c]), 1e-9))
            battery[k] = np.maximum(battery[k], enough)
            worst[k] = np.maximum(worst[k], per_km)
            need_h[k] = np.maximum(need_h[k], hours)
    kg = np.array([figures.kg_per_kwh(year) for year in years])[:, None]
    free = figures.figure("saved_kg", duty.kind) + figures.allowance_kg(duty.kind)
    over = np.maximum(np.where(np.isfinite(battery), battery, 0.0) * kg - free, 0.0)
    loss = over / duty.most_payload_kg if duty.most_payload_kg > 0.0 else np.zeros(shape)
    reason = np.full(shape, -1)
    reason[need_h > duty.dwell_h] = REASONS.index("recharge")
    reason[loss > section.payload_loss] = REASONS.index("payload")
    reason[battery > figures.figure("most_kwh", duty.kind)] = REASONS.index("battery")
    public = section.public_charging_from
    anywhere = np.array([public is not None and year >= public for year in years])
    mean = use.mean[:, None] + use.mean_per_kwh[:, None] * np.where(np.isfinite(battery), battery, 0.0)
    return Feasible(battery, worst, mean, loss, reason, np.where(anywhere, 1.0, duty.return_share))


@dataclass(frozen=True)
class Money:
    """What an electric vehicle of a class costs above a conventional one, US$ 2024.

    Parameters
    ----------
    premium
        Of the vehicle with the class's battery, by year, shape (T,).
    class_kwh
        That battery.
    pack
        Price of a kWh by year, shape (T,).
    recovery
        Yearly payment for 1 of capital.
    charger_per_year
        Of a vehicle's charger and its connection.
    running
        A year beside energy; negative saves.
    plug, efficiency
        Price of a kWh at the plug by year, shape (T,); plug to battery.
    fuel
        Price of a MJ in the tank by year, shape (T,).
    """

    premium: Float
    class_kwh: float
    pack: Float
    recovery: float
    charger_per_year: float
    running: float
    plug: Float
    efficiency: float
    fuel: Float


def dearer_per_year(duty: StreamDuty, done: Feasible, money: Money, mj_per_km: Float) -> Float:
    """Return what an electric vehicle costs a year above a conventional one, US$ 2024, shape (T, N)."""
    battery = np.where(np.isfinite(done.battery_kwh), done.battery_kwh, 0.0)
    capital = money.premium[:, None] + (battery - money.class_kwh) * money.pack[:, None]
    km = (duty.km_per_day * duty.days_per_year)[None, :]
    power = km * done.mean_kwh_per_km / money.efficiency * money.plug[:, None]
    fuel = km * mj_per_km[None, :] * money.fuel[:, None]
    return np.asarray(capital * money.recovery + money.charger_per_year + money.running + power - fuel)


def duty_rows(
    duty: StreamDuty,
    done: Feasible,
    dearer: Float,
    pack: Float,
    years: Sequence[int],
    section: DutySection,
) -> list[Mapping[str, object]]:
    """Return a row for each class of the stream and year: shares of vehicles and km, and what stands in the way."""
    names = np.array(duty.classes(section.short_haul_km))
    km = duty.km_per_day * duty.days_per_year * duty.count
    out: list[Mapping[str, object]] = []
    for name in section.classes:
        own = names == name
        vehicles, driven = float(duty.count[own].sum()), float(km[own].sum())
        if vehicles <= 0.0:
            continue
        for k, year in enumerate(years):
            able = done.able[k] & own
            cheaper = able & (dearer[k] <= 0.0)
            charge = float(done.can_charge[k])
            moved = float(duty.count[able].sum())
            weight = duty.count[able]

            def mean(values: Float, weight: Float = weight, able: Bool = able, moved: float = moved) -> float | None:
                return float((values[able] * weight).sum() / moved) if moved > 0.0 else None

            stopped = {
                f"blocked_{reason}_pct": 100.0 * float(duty.count[own & (done.reason[k] == r)].sum()) / vehicles
                for r, reason in enumerate(REASONS)
            }
            stopped["blocked_base_pct"] = 100.0 * (1.0 - charge) * moved / vehicles
            size = mean(done.battery_kwh[k])
            out.append(
                {
                    "stream": duty.stream,
                    "duty_class": name,
                    "year": year,
                    "vehicles": vehicles,
                    "km_per_year": driven,
                    "long_day_km": float(np.average(duty.long_day_km[own], weights=duty.count[own])),
                    "electric_vehicles_pct": 100.0 * charge * moved / vehicles,
                    "electric_km_pct": 100.0 * charge * float(km[able].sum()) / max(driven, 1e-12),
                    "cheaper_vehicles_pct": 100.0 * charge * float(duty.count[cheaper].sum()) / vehicles,
                    "kwh_per_km_worst": mean(done.worst_kwh_per_km[k]),
                    "kwh_per_km_mean": mean(done.mean_kwh_per_km[k]),
                    "battery_kwh": size,
                    "battery_usd2024": None if size is None else size * float(pack[k]),
                    "payload_loss_pct": None if (loss := mean(done.payload_loss[k])) is None else 100.0 * loss,
                    "dearer_usd2024_per_year": mean(dearer[k]),
                    "charger_kw": duty.charger_kw,
                    "dwell_h": duty.dwell_h,
                    **stopped,
                }
            )
    return out


def first_years(
    duty: StreamDuty, done: Feasible, dearer: Float, years: Sequence[int], section: DutySection
) -> pl.DataFrame:
    """Return by row of the stream its class, long day, first year electric, first year cheaper, and battery then."""
    span = np.asarray(years)

    def first(able: Bool) -> list[int | None]:
        at = np.argmax(able, axis=0)
        return [
            int(span[k]) if hit else None for k, hit in zip(at.tolist(), np.any(able, axis=0).tolist(), strict=True)
        ]

    able = done.able
    battery = done.battery_kwh[np.argmax(able, axis=0), np.arange(able.shape[1])]
    return pl.DataFrame(
        {
            "duty_class": duty.classes(section.short_haul_km),
            "long_day_km": duty.long_day_km,
            "electric_from": pl.Series(first(able), dtype=pl.Int64),
            "cheaper_from": pl.Series(first(able & (dearer <= 0.0)), dtype=pl.Int64),
            "battery_kwh": pl.Series(np.where(able.any(axis=0), battery, np.nan)).fill_nan(None),
        }
    )
