"""A day of service, its energy and its batteries through the kernels of state of charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.feasibility.model import Ground, Replay
from fleet_planner.kernels.charger_queue import replay_queues
from fleet_planner.kernels.state_of_charge import replay_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.feasibility.load import Load
    from fleet_planner.buses.feasibility.model import Batteries, Float, Int, Rules, Sites
    from fleet_planner.buses.model import ServiceDay

TOLERANCE = 1e-9
"""The start of the day is settled when it changes by less, in state of charge."""


def ground_of(day: ServiceDay, batteries: Sequence[str] = ()) -> Ground:
    """Return the movements of a day as arrays; ``batteries`` are the kinds of each block, where not by type of bus."""
    moves, blocks = day.movements, day.blocks
    counts = blocks["movements"].to_numpy().astype(np.int64)
    first = np.concatenate([[0], np.cumsum(counts)])
    place_names = tuple(str(p) for p in day.places["place"].to_list())
    index = {p: k for k, p in enumerate(place_names)}
    place = np.array([index.get(str(p), -1) for p in moves["to_place"].to_list()], dtype=np.int64)
    at_depot = np.array([*day.places["is_depot"].to_list(), False], dtype=np.bool_)
    start = moves["start_s"].to_numpy() / 3600.0
    end = moves["end_s"].to_numpy() / 3600.0
    last = first[1:] - 1
    # a bus whose table ends away from a depot spends the night at its depot all the same
    home = np.array([index.get(str(d), -1) for d in blocks["depot_id"].to_list()], dtype=np.int64)
    place[last] = np.where(~at_depot[place[last]] & (home >= 0), home, place[last])
    spans = end[last] - start[first[:-1]]
    return Ground(
        first=first,
        start_h=start,
        end_h=end,
        period_h=24.0 * np.maximum(np.ceil(spans / 24.0 - 1e-9), 1.0),
        place=place,
        depot=at_depot[place],
        last=last,
        block_ids=tuple(blocks["block_id"].to_list()),
        depot_ids=tuple(blocks["depot_id"].to_list()),
        bus_types=tuple(blocks["bus_type"].to_list()),
        batteries=tuple(batteries or blocks["bus_type"].to_list()),
        places=place_names,
    )


def site_of_rest(ground: Ground, sites: Sites) -> Int:
    """Return the charging site of the rest after each movement, -1 for none."""
    return np.append(sites.of_place, -1)[ground.place]


def replay(
    load: Load,
    batteries: Batteries,
    sites: Sites,
    rules: Rules,
    *,
    keep: bool = False,
    site: Int | None = None,
) -> Replay:
    """Drive every block in every case of weather.

    Blocks that share no scarce charger are driven apart; else all go by one clock and queue.

    Parameters
    ----------
    load
        Movements and what they draw.
    batteries, sites, rules
        What drives, where it charges, and how.
    keep
        Keep the course by movement (always kept where buses queue).
    site
        Site of the rest after each movement; none: that of its place.
    """
    ground, kwh, standing_kw = load.ground, load.kwh, load.standing_kw
    site = site_of_rest(ground, sites) if site is None else site
    if sites.scarce or rules.wait_h > 0.0:
        return _queued(load, batteries, sites, rules, site)
    lowest, started, ended, rested, plugged, spilled, days, arrive, leave, stay = replay_blocks(
        ground.first,
        kwh,
        ground.rest_h,
        standing_kw,
        site,
        sites.plug_kw,
        sites.buffer_h,
        *batteries.as_arguments,
        np.ones(len(ground.block_ids)),
        1 if rules.start == "full" else rules.days,
        TOLERANCE,
        keep,
    )
    nothing = np.zeros_like(lowest)
    plug_in, plug_out = _free_plugs(ground, sites, site, stay)
    return Replay(
        ground,
        batteries,
        sites,
        lowest,
        started,
        ended,
        rested,
        plugged,
        spilled,
        nothing,
        nothing,
        (np.abs(rested - started) <= TOLERANCE) | ((days < rules.days) & (rules.start == "night")),
        arrive,
        leave,
        stay,
        plug_in,
        plug_out,
    )


def _free_plugs(ground: Ground, sites: Sites, site: Int, stay_kwh: Float) -> tuple[Float, Float]:
    """Return when the plug is in and out where every bus finds a charger: from docking to departure."""
    if not stay_kwh.size:
        return stay_kwh, stay_kwh
    buffer = np.append(sites.buffer_h, 0.0)[site]
    used = (site >= 0) & (ground.rest_h > buffer)
    plug_in = np.where(used, ground.end_h + buffer, np.nan)
    plug_out = np.where(used, ground.end_h + ground.rest_h, np.nan)
    shape = stay_kwh.shape
    return np.broadcast_to(plug_in, shape).copy(), np.broadcast_to(plug_out, shape).copy()


def _queued(load: Load, batteries: Batteries, sites: Sites, rules: Rules, site: Int) -> Replay:
    if rules.start == "full":
        return _on_one_clock(load, batteries, sites, rules, site, 1)
    # most services fill every bus in a night: two days show it; else as many as allowed
    soon = _on_one_clock(load, batteries, sites, rules, site, 2)
    return soon if soon.settled.all() else _on_one_clock(load, batteries, sites, rules, site, max(rules.days, 3))


def _on_one_clock(load: Load, batteries: Batteries, sites: Sites, rules: Rules, site: Int, nights: int) -> Replay:
    ground = load.ground
    many = len(ground.block_ids)
    days, told = (1, 0) if rules.start == "full" or nights < 2 else (nights, nights - 2)
    of_block, of_movement = replay_queues(
        ground.first,
        ground.start_h,
        ground.end_h,
        ground.period_h,
        load.kwh,
        load.standing_kw,
        site,
        np.where(sites.chargers > 0, sites.chargers, many),
        sites.plug_kw,
        sites.buffer_h,
        *batteries.as_arguments,
        batteries.reserve_soc,
        np.ones(many),
        days,
        told,
        rules.queue == "lowest",
        rules.wait_h,
    )
    lowest, started, ended, rested, plugged, spilled, delay, queued = (of_block[:, k] for k in range(8))
    arrive, leave, stay, plug_in, plug_out = (of_movement[:, k] for k in range(5))
    settled = np.abs(rested - started) <= 1e3 * TOLERANCE
    return Replay(
        ground,
        batteries,
        sites,
        lowest,
        started,
        ended,
        rested,
        plugged,
        spilled,
        delay,
        queued,
        settled,
        arrive,
        leave,
        stay,
        plug_in,
        plug_out,
    )
