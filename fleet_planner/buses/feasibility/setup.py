"""A plan's batteries and charging sites as the arrays of a replay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.feasibility.model import Batteries, Rules, Sites
from fleet_planner.errors import PlanError, use_one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from fleet_planner.buses.feasibility.figures import Figures
    from fleet_planner.buses.feasibility.model import Float, Ground, Int
    from fleet_planner.plan.buses_battery import BatteryPlan, BusStation

DEPOT, STATION = "depot", "station"


@dataclass(frozen=True)
class Cold:
    """What the weather takes from a battery, by case.

    Parameters
    ----------
    capacity
        Usable over rated capacity, 0 to 1.
    charging
        Accepted over rated charging power, 0 to 1.
    """

    capacity: Float
    charging: Float

    @classmethod
    def none(cls, cases: int) -> Cold:
        """Return weather that takes nothing."""
        return cls(np.ones(cases), np.ones(cases))


def rules_of(plan: BatteryPlan) -> Rules:
    """Return how a day is driven by a plan."""
    return Rules(start=plan.start, queue=plan.queue, wait_h=plan.wait_min / 60.0)


def nominal_kwh(ground: Ground, figures: Figures) -> Float:
    """Return the nominal battery of each block's bus."""
    return np.array([figures.kwh[t] for t in ground.batteries])


def batteries_of(ground: Ground, figures: Figures, cold: Cold, kwh: Float | None = None) -> Batteries:
    """Return the battery of each block's bus at the age and in the weather that are planned for.

    Parameters
    ----------
    ground, figures
        Blocks, and what their batteries are.
    cold
        By case of weather.
    kwh
        Nominal capacity by block; none: the usual one of its type.
    """
    types = sorted(set(ground.batteries))
    index = {t: k for k, t in enumerate(types)}
    nominal = nominal_kwh(ground, figures) if kwh is None else kwh
    greatest = np.array([figures.charge_kw[t] for t in ground.batteries])
    curves = [figures.curves[t] for t in types]
    many = len(ground.batteries)
    return Batteries(
        capacity_kwh=np.ascontiguousarray(cold.capacity[:, None] * nominal * figures.health),
        limit_kw=np.ascontiguousarray(cold.charging[:, None] * greatest),
        curve_of=np.array([index[t] for t in ground.batteries], dtype=np.int64),
        curve_first=np.concatenate([[0], np.cumsum([soc.size for soc, _ in curves])]).astype(np.int64),
        curve_soc=np.concatenate([soc for soc, _ in curves]),
        curve_kw=np.concatenate([kw for _, kw in curves]),
        efficiency=np.array([figures.efficiency[t] for t in ground.batteries]),
        reserve_soc=np.full(many, figures.reserve),
    )


def _fed(chargers: int, grid_kw: float | None, kw: float, efficiency: float, place: str) -> int:
    """Return how many chargers the grid feeds at once; 0 for one for every bus."""
    if grid_kw is None:
        return chargers
    fed = math.floor(grid_kw * efficiency / kw + 1e-9)
    if fed < 1:
        raise PlanError(
            f"the grid at {place} feeds no charger of {kw:g} kW",
            "Raise grid_kw or give the station weaker chargers (kw).",
            column="buses.station.grid_kw",
            value=grid_kw,
        )
    return fed if chargers == 0 else min(chargers, fed)


def check_stations(stations: Sequence[BusStation], places: set[str]) -> None:
    """Refuse stations that are no place of the timetable.

    Raises
    ------
    PlanError
        Names the first one.
    """
    for station in stations:
        if station.place not in places:
            raise PlanError(
                "no trip begins or ends at this station",
                use_one_of(station.place, places),
                column="buses.station.place",
                value=station.place,
            )


def sites_of(
    places: pl.DataFrame,
    plan: BatteryPlan,
    figures: Figures,
    stations: Sequence[BusStation],
    candidates: Sequence[int] = (),
) -> Sites:
    """Return depots, the plan's stations and candidate places of stations, in this order.

    Parameters
    ----------
    places
        Ends of movements, see `ServiceDay`.
    plan, figures
        Chargers and their power.
    stations
        Of the plan.
    candidates
        Further places, as indices; each gets a station with ``station_chargers``.

    Raises
    ------
    PlanError
        A station or depot of the plan is no place of the timetable.
    """
    ids, names = places["place"].to_list(), places["name"].to_list()
    at_depot = places["is_depot"].to_list()
    of_place = np.full(len(ids), -1, dtype=np.int64)
    rows: list[tuple[str, str, str, float, int, float]] = []
    depots = [k for k, depot in enumerate(at_depot) if depot]
    known = {ids[k] for k in depots} | {names[k] for k in depots}
    if unknown := sorted(set(plan.depot_chargers) - known):
        raise PlanError(
            "no such depot", use_one_of(unknown[0], known), column="buses.battery.depot_chargers", value=unknown[0]
        )
    for k in depots:
        chargers = plan.depot_chargers.get(ids[k], plan.depot_chargers.get(names[k], 0))
        of_place[k] = len(rows)
        rows.append((ids[k], DEPOT, names[k], figures.depot_kw, chargers, plan.depot_buffer_min))
    for station in stations:
        found = [k for k in range(len(ids)) if station.place in (ids[k], names[k]) and not at_depot[k]]
        if not found:
            check_stations([station], {n for n, depot in zip(names, at_depot, strict=True) if not depot})
        kw = figures.station_kw if station.kw is None else station.kw
        buffer = plan.station_buffer_min if station.buffer_min is None else station.buffer_min
        many = _fed(station.chargers, station.grid_kw, kw, figures.charger_efficiency, station.place)
        of_place[found] = len(rows)
        rows.append((ids[found[0]], STATION, names[found[0]], kw, many, buffer))
    for k in candidates:
        of_place[k] = len(rows)
        rows.append((ids[k], STATION, names[k], figures.station_kw, plan.station_chargers, plan.station_buffer_min))
    return Sites(
        ids=tuple(r[0] for r in rows),
        kinds=tuple(r[1] for r in rows),
        names=tuple(r[2] for r in rows),
        of_place=of_place,
        plug_kw=np.array([r[3] for r in rows], dtype=np.float64),
        chargers=np.array([r[4] for r in rows], dtype=np.int64),
        buffer_h=np.array([r[5] for r in rows], dtype=np.float64) / 60.0,
        efficiency=np.full(len(rows), figures.charger_efficiency),
    )


def candidate_places(ground: Ground, plan: BatteryPlan, taken: Sites, of_blocks: Int) -> list[int]:
    """Return places that have no charger and where some of the blocks stands long enough, by index.

    Parameters
    ----------
    ground, plan
        The day, and the least layover.
    taken
        Sites that there are.
    of_blocks
        Blocks that need one.
    """
    wanted = np.isin(ground.block, of_blocks)
    wanted[ground.last] = False
    long = ground.rest_h * 60.0 >= max(plan.least_layover_min, plan.station_buffer_min + 1e-9)
    at = ground.place[wanted & long & (ground.place >= 0)]
    free = at[taken.of_place[at] < 0]
    return [int(k) for k in np.unique(free)]
