"""Stays at chargers, for schedules of charging."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.feasibility.replay import site_of_rest
from fleet_planner.buses.model import Charging
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.buses.feasibility.day import Feasibility
    from fleet_planner.buses.feasibility.model import Float

LEAST_KWH = 1e-6
LATEST_S = 172_800.0
SCHEMA = {
    "site_id": pl.String,
    "site_kind": pl.String,
    "kind_of_day": pl.String,
    "block_id": pl.String,
    "bus": pl.String,
    "arrive_s": pl.Float64,
    "leave_s": pl.Float64,
    "arrive_soc": pl.Float64,
    "need_battery_kwh": pl.Float64,
    "max_battery_kw": pl.Float64,
    "charger_efficiency": pl.Float64,
    "battery_kwh": pl.Float64,
    "charge_curve": pl.String,
    "leave_soc": pl.Float64,
    "lon": pl.Float64,
    "lat": pl.Float64,
}


def warmth_at_plug(found: Feasibility, case: int) -> Float:
    """Return the kWh that the plug gives to the cabin before each bus leaves, by bus; a part of a block has it too."""
    given = found.energies[case].plug_kwh
    first = found.making.base.ground.first[:-1]
    of_block = given[first] if given.size else np.zeros(first.size)
    return np.array([of_block[parts[0].block] for parts in found.making.parts])


def sessions_of(found: Feasibility, case: int) -> pl.DataFrame:
    """Return the stays of a day made feasible in one case of weather (`Charging`).

    What has to be in by departure is what the replay put in: the battery's gain with its loss, the load that the
    plug served, and after the last movement the warmth of the next morning's cabin. The charge curve is behind it; the
    highest power is that of the bus, of its battery in the cold and of the charger.

    Parameters
    ----------
    found
        The day.
    case
        Index of the case of weather.
    """
    run = found.making.made
    ground, sites, batteries = run.ground, run.sites, run.batteries
    site = site_of_rest(ground, sites)
    warmth = np.zeros(site.size)
    warmth[ground.last] = warmth_at_plug(found, case)
    block = ground.block
    efficiency = batteries.efficiency[block]
    need = (run.stay_kwh[case] + warmth) * efficiency
    rows = np.flatnonzero((site >= 0) & (need > LEAST_KWH))
    at, of = site[rows], block[rows]
    greatest = np.array([found.figures.charge_kw[t] for t in ground.batteries])[of]
    power = np.minimum(np.minimum(greatest, batteries.limit_kw[case, of]), sites.plug_kw[at])
    arrive = ground.end_h[rows] + np.minimum(sites.buffer_h[at], ground.rest_h[rows])
    leave = ground.end_h[rows] + ground.rest_h[rows]
    where = {p: (x, y) for p, x, y in found.day.places.select("place", "lon", "lat").iter_rows()}
    points = [where.get(sites.ids[s], (None, None)) for s in at]
    return pl.DataFrame(
        {
            "site_id": [sites.ids[s] for s in at],
            "site_kind": [sites.kinds[s] for s in at],
            "kind_of_day": [found.day.kind] * rows.size,
            "block_id": [ground.block_ids[b] for b in of],
            "bus": [ground.block_ids[b] for b in of],
            "arrive_s": arrive * S_PER_H,
            "leave_s": np.minimum(leave * S_PER_H, LATEST_S),
            "arrive_soc": np.clip(run.arrive[case, rows], 0.0, 1.0),
            "need_battery_kwh": need[rows],
            # beside the battery the plug serves the load of the standing bus: what was put in does fit into the stay
            "max_battery_kw": np.maximum(power * efficiency[rows], need[rows] / np.maximum(leave - arrive, 1e-9)),
            "charger_efficiency": sites.efficiency[at],
            "battery_kwh": batteries.capacity_kwh[case, of],
            "charge_curve": [_curve(*found.figures.curves[ground.batteries[b]], batteries.efficiency[b]) for b in of],
            "leave_soc": np.clip(run.leave[case, rows], 0.0, 1.0),
            "lon": [p[0] for p in points],
            "lat": [p[1] for p in points],
        },
        schema=SCHEMA,
    )


def _curve(soc: Float, kw: Float, efficiency: float) -> str:
    """Return a charge curve as text, ``0 150;0.8 150;1 15``: state of charge and what the battery stores, kW."""
    return ";".join(f"{s:g} {p * efficiency:.6g}" for s, p in zip(soc.tolist(), kw.tolist(), strict=True))


def charging_from(days: Mapping[str, Feasibility], case: str) -> Charging:
    """Return the stays of all kinds of day in one case of weather.

    Parameters
    ----------
    days
        By kind of day.
    case
        Name of the case; the first one where there is none of this name.
    """
    frames = [sessions_of(found, _index([e.case for e in found.energies], case)) for found in days.values()]
    return Charging(pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA))


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else 0
