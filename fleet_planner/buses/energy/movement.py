"""Energy of the movements of a day of service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.days import KINDS_OF, DayType, speed_fractions
from fleet_planner.activity.profiles import GROUPS, class_groups
from fleet_planner.buses.energy.consumption import read_consumption, table_energy
from fleet_planner.buses.energy.moves import HOURS, M_PER_KM, MS_PER_KMH, Moves, Roads, energies
from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.energy.weather import Case
from fleet_planner.buses.model import DayEnergy
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.units import MJ_PER_KWH, S_PER_H

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.energy.moves import Energies
    from fleet_planner.buses.energy.vehicles import Vehicles
    from fleet_planner.buses.model import ServiceDay, Ways
    from fleet_planner.network.model import Network
    from fleet_planner.plan.buses_energy import BusEnergyPlan
    from fleet_planner.plan.models import Plan

Float = NDArray[np.float64]
Int = NDArray[np.int64]
LATE_S = 60.0
"""A trip that needs so much longer than its timetable, at the most it can do, is counted as late."""


def movement_energy(
    day: ServiceDay,
    network: Network | None,
    plan: Plan,
    temperature_c: float | Case,
    *,
    base: Path | None = None,
    extra_battery_kwh: float = 0.0,
) -> DayEnergy:
    """Return the energy of a day's movements in one case of weather; see `movement_energies`."""
    case = temperature_c if isinstance(temperature_c, Case) else Case.level(temperature_c)
    return movement_energies(day, network, plan, [case], base=base, extra_battery_kwh=extra_battery_kwh)[0]


def movement_energies(
    day: ServiceDay,
    network: Network | None,
    plan: Plan,
    weather: Sequence[Case],
    *,
    base: Path | None = None,
    extra_battery_kwh: float = 0.0,
) -> list[DayEnergy]:
    """Return the energy of a day's movements in each case of weather.

    Parameters
    ----------
    day
        Movements, blocks and ways.
    network
        Whose links the ways point into; none: plain cruising speed on the flat.
    plan
        ``[buses.energy]``, ``[climate]`` for the height above the sea.
    weather
        Cases, see `weather.cases`.
    base
        Folder that paths of the plan are relative to.
    extra_battery_kwh
        Battery beyond that of the type, for its weight.

    Raises
    ------
    InputError
        A table that the plan names cannot be used.
    """
    section = plan.buses.energy
    vehicles = bus_types(_path(section.bus_types, base))
    roads = roads_of(day.ways, network, day.kind)
    moves = moves_of(day, vehicles, section)
    out = energies(
        vehicles, section, roads, moves, weather,
        altitude_m=plan.climate.altitude_m, extra_battery_kwh=extra_battery_kwh,
    )  # fmt: skip
    findings = _findings(day, vehicles, moves, out)
    first, layover_s = first_and_layover(day)
    own = _path(section.table, base)
    table = None if own is None else read_consumption(own)
    days = []
    for c, case in enumerate(weather):
        warm = np.where(first, out.warmth_kwh[:, c], 0.0)
        at_plug = warm if section.precondition else np.zeros_like(warm)
        fuel = out.fuel_mj[:, c] + out.standing.fuel_kw[:, c] * layover_s / S_PER_H * MJ_PER_KWH
        fuel += np.where(first, out.warmth_mj[:, c], 0.0)
        drive = out.drawn_kwh[:, c] - out.returned_kwh[:, c]
        auxiliary = out.auxiliary_kwh[:, c] + out.cabin_kwh[:, c]
        returned, cabin, found = out.returned_kwh[:, c], out.cabin_kwh[:, c], findings
        if table is not None:
            by_table, more = table_energy(table, vehicles, moves, roads, case)
            known = ~np.isnan(by_table)
            drive = np.where(known, by_table, drive)
            auxiliary, returned, cabin = (np.where(known, 0.0, part) for part in (auxiliary, returned, cabin))
            fuel, found = np.where(known, 0.0, fuel), (*findings, *more)
        days.append(
            DayEnergy(
                temperature_c=float(np.average(case.hourly_c[moves.hour], weights=moves.seconds + 1e-9)),
                drive_kwh=drive,
                auxiliary_kwh=auxiliary + warm - at_plug,
                standing_kw=out.standing_kw[:, c],
                heater_fuel_mj=fuel,
                case=case.name,
                returned_kwh=returned,
                cabin_kwh=cabin + warm - at_plug,
                layover_cabin_kwh=out.standing.electric_kw[:, c] * layover_s / S_PER_H,
                plug_kwh=at_plug,
                findings=found,
            )
        )
    return days


def roads_of(ways: Ways, network: Network | None, kind: str) -> Roads:
    """Return the ways of a day with cruising speeds and grades.

    Between stops buses drive at free flow times the hour's fraction of it over the best fraction of the day (what is
    lost even then are signals and corners, not cruising); links with bus lanes keep free flow.
    """
    first, link = ways.first.astype(np.int64), ways.link.astype(np.int64)
    link_m = np.ascontiguousarray(ways.km * M_PER_KM)
    if network is None:
        return Roads(first, np.full(link.size, -1), link_m, np.zeros((0, HOURS)), np.zeros(0))
    links = network.links
    mix = tuple(1.0 if k == KINDS_OF[kind][0] else 0.0 for k in KINDS_OF["average"])
    fraction = speed_fractions(GROUPS, (DayType(kind, "", 1.0, mix),))  # type: ignore[arg-type]  # a kind of day
    ratio = (fraction / fraction.max(axis=1, keepdims=True))[class_groups(links["road_class"])]
    own = (links["bus_only"] | (links["bus_lanes"] > 0)).to_numpy()
    ratio[own] = 1.0
    free = links["free_flow_kmh"].to_numpy().astype(np.float64) * MS_PER_KMH
    return Roads(
        first,
        link,
        link_m,
        np.ascontiguousarray(free[:, None] * ratio),
        links["grade_pct"].to_numpy().astype(np.float64) / 100.0,
    )


def moves_of(day: ServiceDay, vehicles: Vehicles, section: BusEnergyPlan) -> Moves:
    """Return the movements of a day with what is aboard: passengers by hour on trips, the driver alone elsewhere.

    A column ``load`` of the movements (passengers over places) goes before the plan's hours where it is filled.
    """
    table = day.movements.join(
        day.blocks.select("block_id", "bus_type"), on="block_id", how="left", maintain_order="left"
    )
    start, end = (table[c].to_numpy().astype(np.float64) for c in ("start_s", "end_s"))
    hour = (((start + end) / 2.0 // S_PER_H) % HOURS).astype(np.int64)
    kind = vehicles.index(table["bus_type"])
    trip = (table["kind"] == "trip").to_numpy()
    by_hour = np.asarray(section.load_by_hour) * section.load_of_day.get(day.kind, 1.0)  # type: ignore[call-overload]  # ditto
    load = np.where(trip, np.minimum(by_hour, 1.0)[hour], 0.0)
    if "load" in table.columns:
        own = table["load"].cast(pl.Float64).to_numpy()
        load = np.where(np.isnan(own), load, own)
    legs = np.maximum(table["stops"].to_numpy().astype(np.int64) - 1, 1)
    way = table["way"].fill_null(-1).to_numpy().astype(np.int64)
    return Moves(
        kind=kind,
        way=way,
        hour=hour,
        metres=table["km"].to_numpy().astype(np.float64) * M_PER_KM,
        seconds=np.maximum(end - start, 0.0),
        legs=legs,
        people=1.0 + load * vehicles.places[kind],
        cargo_kg=np.zeros(kind.size),
        dwell_s=np.where(trip, section.dwell_s * (legs - 1), 0.0),
    )


def first_and_layover(day: ServiceDay) -> tuple[NDArray[np.bool_], Float]:
    """Return whether each movement is its block's first, and the seconds that the bus stands after it."""
    block = day.movements["block_id"]
    same = (block == block.shift(-1)).fill_null(value=False).to_numpy()
    start = day.movements["start_s"].to_numpy().astype(np.float64)
    end = day.movements["end_s"].to_numpy().astype(np.float64)
    gap = np.maximum(np.append(start[1:], 0.0) - end, 0.0)
    return ~np.append(False, same[:-1]), np.where(same, gap, 0.0)


def _path(name: str, base: Path | None) -> Path | None:
    if not name:
        return None
    return Path(name) if base is None else base / name


def _findings(day: ServiceDay, vehicles: Vehicles, moves: Moves, out: Energies) -> tuple[Finding, ...]:
    km = moves.metres
    total = float(km.sum()) or 1.0
    rows = [reference_table(name) for name in ("bus_energy_figures.csv", "bus_curves.csv")]
    unread = sum(table.filter(pl.col("checked") != "yes").height for table in rows)
    found = [
        Finding("buses.load_by_hour", "assumption"),
        Finding("buses.figures_unchecked", "warning", {"rows": sum(table.height for table in rows)}, unread),
    ]
    used = sorted({vehicles.names[k] for k in np.unique(moves.kind)} & set(vehicles.unchecked))
    if used:
        found.append(Finding("buses.type_unchecked", "assumption", {"types": ", ".join(used)}, len(used)))
    none = moves.way < 0
    if none.any():
        found.append(Finding("buses.plain_speed", "assumption", {}, int(none.sum()), float(km[none].sum()) / total))
    trip = (day.movements["kind"] == "trip").to_numpy()
    if trip.any():
        passed = trip & (out.extra_stops < 0.0)
        if passed.any():
            share = float(km[passed].sum()) / total
            found.append(Finding("buses.stops_passed", "assumption", {}, int(passed.sum()), share))
        late = trip & (out.late_s > LATE_S)
        if late.any():
            worst = float(out.late_s[late].max()) / 60.0
            found.append(Finding("buses.timetable_too_fast", "warning", {"minutes": f"{worst:.0f}"}, int(late.sum())))
    return tuple(found)
