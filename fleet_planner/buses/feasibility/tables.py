"""A day driven by electric buses as tables: blocks by case, remedies, charging sites, course, battery sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.buses.energy.weather import MEAN
from fleet_planner.buses.feasibility.making import AS_IT_IS, LARGER, SPLIT, STATION
from fleet_planner.buses.feasibility.replay import site_of_rest
from fleet_planner.buses.feasibility.setup import nominal_kwh
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from fleet_planner.buses.feasibility.day import Feasibility
    from fleet_planner.buses.feasibility.model import Float, Replay

SEPARATOR = "|"
ALONE = tuple(f"{way}_usd2024_per_year" for way in (LARGER, STATION, SPLIT))
STAGES = ("as_it_is", "made")


def feasibility_table(found: Feasibility) -> pl.DataFrame:
    """Return a row per block and case of weather: the day as it is (``tables/columns/bus_feasibility.csv``)."""
    run, ground = found.making.base, found.making.base.ground
    block = np.arange(len(ground.block_ids))
    frames = []
    drawn = _drawn(run, np.stack([e.kwh for e in found.energies]), _standing(found))
    for c, energy in enumerate(found.energies):
        frames.append(
            pl.DataFrame(
                {
                    "kind_of_day": [found.day.kind] * block.size,
                    "block_id": ground.block_ids,
                    "depot_id": ground.depot_ids,
                    "bus_type": ground.bus_types,
                    "case": [energy.case] * block.size,
                    "temperature_c": np.full(block.size, energy.temperature_c),
                    "battery_kwh": nominal_kwh(ground, found.figures),
                    "usable_kwh": run.batteries.capacity_kwh[c],
                    "drawn_kwh": drawn[c],
                    "plug_kwh": run.plugged_kwh[c],
                    "start_soc": run.started[c],
                    "min_soc": run.lowest[c],
                    "end_soc": run.ended[c],
                    "morning_soc": run.rested[c],
                    "deficit_kwh": run.deficit_kwh[c],
                    "late_min": run.delay_h[c] * 60.0,
                    "queued_min": run.queued_h[c] * 60.0,
                    "feasible": run.feasible[c],
                    "needs": found.making.way,
                }
            )
        )
    return pl.concat(frames).sort("block_id", "case", maintain_order=True)


def _standing(found: Feasibility) -> Float:
    depot = found.making.base.ground.depot
    return np.stack([np.where(depot, 0.0, e.standing_kw) for e in found.energies])


def _drawn(run: Replay, kwh: Float, standing_kw: Float) -> Float:
    """Return what movements and rests draw, plugged in or not, by case and block; nights are at depots."""
    total = kwh + standing_kw * run.ground.rest_h
    return np.add.reduceat(total, run.ground.first[:-1], axis=1)


def remedies_table(found: Feasibility) -> pl.DataFrame:
    """Return a row per block: what it needs, what it got and how it fares then (``bus_remedies.csv``)."""
    making = found.making
    base, made = making.base, making.made
    ground = base.ground
    buses: list[list[int]] = [[] for _ in ground.block_ids]
    for n, parts in enumerate(making.parts):
        for p in parts:
            buses[p.block].append(n)
    used = _stations_of(made, set(making.chosen))
    worst = base.worst
    rows: list[dict[str, Any]] = []
    for b, name in enumerate(ground.block_ids):
        own = sorted(set(buses[b]))
        stations = sorted({s for n in own for s in used[n]}) if making.way[b] == STATION else []
        year = found.year
        rows.append(
            {
                "kind_of_day": found.day.kind,
                "block_id": name,
                "depot_id": ground.depot_ids[b],
                "bus_type": ground.bus_types[b],
                "worst_case": found.energies[worst[b]].case,
                "min_soc": float(base.lowest[worst[b], b]),
                "deficit_kwh": float(base.deficit_kwh[:, b].max()),
                "failing_days_per_year": None if year is None else float(year.failing_days[b]),
                "worst_day_c": None if year is None else float(year.worst_c[b]),
                "possible": SEPARATOR.join(making.possible[b]),
                **dict(zip(ALONE, [None if np.isnan(v) else float(v) for v in making.alone[b]], strict=True)),
                "way": making.way[b],
                "battery_kwh": float(max(making.kwh[n] for n in own)),
                "buses": len(own),
                "stations": SEPARATOR.join(made.sites.ids[s] for s in stations),
                "usd2024_per_year": float(making.usd_per_year[b]),
                "made_min_soc": float(made.lowest[:, own].min()),
                "made_deficit_kwh": float(made.deficit_kwh[:, own].max()),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=dict.fromkeys(ALONE, pl.Float64))


NEED_WORDS = {AS_IT_IS: "depot", LARGER: "battery", STATION: "station", SPLIT: "split"}
"""Words of ``bus_block_needs.csv`` for what makes a block feasible."""


def needs_table(found: Feasibility, service_days: float) -> pl.DataFrame:
    """Return a row per block: what it asks of the bus that runs it (``bus_block_needs.csv``).

    ``need_kwh`` is what lacks to full at the lowest state of the worst case, ``usable_kwh`` what its battery has above
    the reserve then, so that one is below the other where the block holds.

    Parameters
    ----------
    found
        The day.
    service_days
        Days a year on which a block is driven.
    """
    making, run = found.making, found.making.base
    ground, batteries = run.ground, run.batteries
    block = np.arange(len(ground.block_ids))
    worst = run.worst
    full = batteries.capacity_kwh[worst, block]
    mean = next((c for c, e in enumerate(found.energies) if e.case == MEAN), 0)
    drawn = _drawn(run, np.stack([e.kwh for e in found.energies]), _standing(found))[mean]
    moves, blocks = found.day.movements, found.day.blocks
    km = blocks["km"].to_numpy().astype(np.float64)
    routes = moves.filter(pl.col("kind") == "trip").group_by("block_id", "route").agg(pl.col("km").sum())
    main = dict(routes.sort("km", "route").select("block_id", "route").iter_rows())
    nominal = nominal_kwh(ground, found.figures)
    larger = [max([*found.figures.larger_kwh[t], n]) for t, n in zip(ground.batteries, nominal, strict=True)]
    used = _stations_of(making.made, set(making.chosen))
    bus_of = {p.block: n for n, parts in enumerate(making.parts) for p in parts}
    splits = [making.splits.get(int(b), ()) for b in block]
    usable = (1.0 - batteries.reserve_soc) * full
    return pl.DataFrame(
        {
            "block_id": ground.block_ids,
            "depot_id": ground.depot_ids,
            "bus_type": ground.bus_types,
            "route": [main.get(name, "") for name in ground.block_ids],
            "km": km,
            "km_per_year": km * service_days,
            "kwh_per_km": np.where(km > 0.0, drawn / batteries.efficiency / np.maximum(km, 1e-9), 0.0),
            "need_kwh": np.maximum((1.0 - run.lowest[worst, block]) * full, 0.0),
            "usable_kwh": usable,
            "usable_large_kwh": usable * np.array(larger) / nominal,
            "ways": [SEPARATOR.join(NEED_WORDS[w] for w in ways) for ways in making.possible],
            "split_buses": [len(parts) or None for parts in splits],
            "stations": [
                SEPARATOR.join(making.made.sites.ids[s] for s in used[bus_of[int(b)]])
                if making.way[b] == STATION
                else ""
                for b in block
            ],
            "extra_hours": [
                sum(p.added_h for p in parts) / (len(parts) - 1) if len(parts) > 1 else None for parts in splits
            ],
            "weight": np.ones(block.size),
        },
        schema_overrides={"split_buses": pl.Int64, "extra_hours": pl.Float64},
    )


def _stations_of(made: Replay, chosen: set[int]) -> list[list[int]]:
    """Return the added stations at which each bus charges."""
    site = site_of_rest(made.ground, made.sites)
    charged = (made.stay_kwh > 0.0).any(axis=0)
    out: list[list[int]] = [[] for _ in made.ground.block_ids]
    for block, s in zip(made.ground.block[charged], site[charged], strict=True):
        if int(s) in chosen and int(s) not in out[block]:
            out[block].append(int(s))
    return out


def sites_table(found: Feasibility) -> pl.DataFrame:
    """Return a row per depot and station and case: energy and losses by name (``bus_sites.csv``)."""
    making, run = found.making, found.making.made
    ground, sites = run.ground, run.sites
    site = site_of_rest(ground, sites)
    where = {p: (x, y) for p, x, y in found.day.places.select("place", "lon", "lat").iter_rows()}
    load = making.load
    gained = (run.leave - run.arrive) * run.batteries.capacity_kwh[:, ground.block]
    loss = run.stay_kwh - load.standing_kw * ground.rest_h - gained
    docked = ground.end_h + np.append(sites.buffer_h, 0.0)[site]
    rows: list[dict[str, Any]] = []
    for s, name in enumerate(sites.ids):
        here = site == s
        for c, energy in enumerate(found.energies):
            begin, end = run.plug_in_h[c, here], run.plug_out_h[c, here]
            plugged = ~np.isnan(begin) & (run.stay_kwh[c, here] > 0.0)
            plug = float(run.stay_kwh[c, here].sum())
            lon, lat = where.get(name, (None, None))
            waits = np.where(plugged, begin - docked[here], 0.0)
            rows.append(
                {
                    "kind_of_day": found.day.kind,
                    "site_id": name,
                    "name": sites.names[s],
                    "site_kind": sites.kinds[s],
                    "lon": lon,
                    "lat": lat,
                    "added": s in making.chosen,
                    "chargers": int(sites.chargers[s]),
                    "charger_kw": float(sites.plug_kw[s]),
                    "case": energy.case,
                    "buses": int(np.unique(ground.block[here][plugged]).size),
                    "stays": int(plugged.sum()),
                    "most_at_once": most_at_once(begin[plugged], end[plugged]),
                    "queued_h": float(np.clip(waits, 0.0, None).sum()),
                    "battery_gain_kwh": float(gained[c, here].sum()),
                    "battery_loss_kwh": float(loss[c, here].sum()),
                    "plug_kwh": plug,
                    "charger_loss_kwh": plug / float(sites.efficiency[s]) - plug,
                    "grid_kwh": plug / float(sites.efficiency[s]),
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def most_at_once(begin: Float, end: Float) -> int:
    """Return how many stays overlap at most, by the hour of the day: what is left of a night counts in the morning."""
    if not begin.size:
        return 0
    moments = np.concatenate([begin % 24.0, [0.0]])
    long = end - begin
    since = (moments[:, None] - begin[None, :]) % 24.0
    return int((since < long[None, :]).sum(axis=1).max())


def course_table(found: Feasibility) -> pl.DataFrame:
    """Return the state of charge of every movement, as the day is and made feasible (``bus_soc.csv``)."""
    frames = []
    for stage, run in zip(STAGES, (found.making.base, found.making.made), strict=True):
        ground = run.ground
        names = np.array([*ground.places, ""], dtype=object)
        for c, energy in enumerate(found.energies):
            frames.append(
                pl.DataFrame(
                    {
                        "kind_of_day": [found.day.kind] * ground.start_h.size,
                        "stage": [stage] * ground.start_h.size,
                        "case": [energy.case] * ground.start_h.size,
                        "bus": np.array(ground.block_ids, dtype=object)[ground.block].tolist(),
                        "start_s": ground.start_h * S_PER_H,
                        "end_s": ground.end_h * S_PER_H,
                        "to_place": names[ground.place].tolist(),
                        "end_soc": run.arrive[c],
                        "leave_soc": run.leave[c],
                        "plug_kwh": run.stay_kwh[c],
                        "plug_in_s": run.plug_in_h[c] * S_PER_H,
                        "plug_out_s": run.plug_out_h[c] * S_PER_H,
                    }
                )
            )
    return pl.concat(frames).with_columns(pl.col("plug_in_s", "plug_out_s").fill_nan(None))


def sizes_table(found: Feasibility) -> pl.DataFrame:
    """Return the share of blocks that batteries of several sizes drive (``bus_battery_sizes.csv``)."""
    sizes, types = found.feasible_share.shape
    return pl.DataFrame(
        {
            "kind_of_day": [found.day.kind] * (sizes * types),
            "bus_type": np.repeat(np.array(found.bus_types, dtype=object), sizes).tolist(),
            "battery_kwh": np.tile(found.sizes_kwh, types),
            "feasible_share": found.feasible_share.T.ravel(),
        }
    )
