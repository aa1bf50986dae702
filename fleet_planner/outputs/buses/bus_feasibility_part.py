"""The section on state of charge: which blocks hold, what makes the others hold, the course of the worst ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.feasibility.making import AS_IT_IS, LARGER, NONE, SPLIT, STATION
from fleet_planner.outputs.buses.bus_part import Chart, Part, Table
from fleet_planner.outputs.charts.line_chart import Line, axis, lines
from fleet_planner.outputs.numbers import share, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.buses.feasibility.day import Feasibility
    from fleet_planner.buses.feasibility.model import Replay
    from fleet_planner.pipeline.buses.simulate import Simulated

WAYS = (AS_IT_IS, LARGER, STATION, SPLIT, NONE)
SHOWN_BLOCKS = 10
SHOWN_SITES = 30


def feasibility_part(done: Simulated, t: Mapping[str, str]) -> Part | None:
    """Return the section; the charts show the first kind of day."""
    found = done.feasibility
    if found.blocks.is_empty():
        return None
    first = next(iter(found.days.values()))
    many = done.plan.buses.battery.plot_blocks
    charts = (_sizes(first, t), *(_course(first, block, t) for block in _worst(first)[:many]))
    return Part(
        "feasibility",
        t["ebus_soc"],
        t["ebus_soc_note"].format(reserve=share(first.figures.reserve), health=share(first.figures.health)),
        (_days(done, t), _blocks(first, done, t), _sites(done, t)),
        charts,
    )


def _days(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_kind", "ebus_blocks", *(f"ebus_way_{w}" for w in WAYS))
    more = ("ebus_electric_buses", "ebus_ratio", "ebus_remedy_cost", "ebus_remedy_gap")
    rows = []
    for kind, one in done.feasibility.days.items():
        making = one.making
        rows.append(
            [
                t[f"day_{kind}"],
                f"{len(making.way):,}",
                *(f"{making.way.count(w):,}" for w in WAYS),
                f"{len(making.parts):,}",
                f"{making.replacement_ratio:.3f}",
                f"{making.cost:,.0f}",
                share(making.gap) if making.cost > 0.0 else "–",
            ]
        )
    return Table("ebus-ways", [t[k] for k in (*keys, *more)], rows, 1)


def _worst(one: Feasibility) -> list[int]:
    """Return the blocks, the one that lacks most first."""
    base = one.making.base
    lacks = ((base.batteries.reserve_soc - base.lowest) * base.batteries.capacity_kwh).max(axis=0)
    return [int(b) for b in np.argsort(-lacks, kind="stable")]


def _blocks(one: Feasibility, done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_block", "ebus_bus_type", "ebus_worst_weather", "ebus_way", "ebus_min_soc", "ebus_deficit")
    more = ("ebus_failing_days", "ebus_battery_kwh", "ebus_buses", "ebus_min_soc_then")
    ids = one.making.base.ground.block_ids
    table = done.feasibility.remedies.filter(kind_of_day=one.day.kind)
    by_id = {row["block_id"]: row for row in table.iter_rows(named=True)}
    rows = []
    for b in _worst(one)[:SHOWN_BLOCKS]:
        row = by_id[ids[b]]
        days = row["failing_days_per_year"]
        rows.append(
            [
                ids[b],
                t[f"bus_type_{row['bus_type']}"],
                t[f"ebus_weather_{row['worst_case']}"],
                t[f"ebus_way_{row['way']}"],
                share(row["min_soc"]),
                significant(row["deficit_kwh"]),
                "–" if days is None else f"{days:.0f}",
                f"{row['battery_kwh']:.0f}",
                f"{row['buses']}",
                share(row["made_min_soc"]),
            ]
        )
    title = f"{t['ebus_worst_blocks']} ({t[f'day_{one.day.kind}']})"
    return Table("ebus-worst", [t[k] for k in (*keys, *more)], rows, 4, title)


def _sites(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_site", "ebus_kind", "ebus_site_kind", "ebus_chargers", "ebus_charger_kw", "ebus_site_buses")
    more = ("ebus_at_once", "ebus_plug_kwh", "ebus_battery_loss", "ebus_charger_loss", "ebus_grid_kwh")
    cases = ("kind_of_day", "site_id")
    table = done.feasibility.sites.filter(pl.col("stays") > 0)
    worst = table.filter(pl.col("grid_kwh") == pl.col("grid_kwh").max().over(cases)).unique(cases, maintain_order=True)
    rows = [
        [
            row["name"],
            t[f"day_{row['kind_of_day']}"],
            t[f"ebus_site_{row['site_kind']}"] + (t["ebus_site_added"] if row["added"] else ""),
            f"{row['chargers']}" if row["chargers"] else t["ebus_charger_each"],
            f"{row['charger_kw']:.0f}",
            f"{row['buses']}",
            f"{row['most_at_once']}",
            *(significant(row[c], 4) for c in ("plug_kwh", "battery_loss_kwh", "charger_loss_kwh", "grid_kwh")),
        ]
        for row in worst.sort("grid_kwh", descending=True, maintain_order=True).head(SHOWN_SITES).iter_rows(named=True)
    ]
    return Table("ebus-sites", [t[k] for k in (*keys, *more)], rows, 3, t["ebus_sites"], t["ebus_sites_note"])


def _sizes(one: Feasibility, t: Mapping[str, str]) -> Chart:
    title = t["ebus_by_size"].format(day=t[f"day_{one.day.kind}"])
    drawn = [
        Line(t[f"bus_type_{name}"], list(zip(one.sizes_kwh.tolist(), one.feasible_share[:, k].tolist(), strict=True)))
        for k, name in enumerate(one.bus_types)
    ]
    x = axis(0.0, float(one.sizes_kwh[-1]), 200.0, lambda v: f"{v:.0f}")
    return Chart(title, lines(title, drawn, x, axis(0.0, 1.0, 0.25, share)))


def _course(one: Feasibility, block: int, t: Mapping[str, str]) -> Chart:
    """Return the state of charge of a block in its worst case, as it is and made feasible."""
    base, made = one.making.base, one.making.made
    case = int(base.worst[block])
    drawn = [Line(t["ebus_way_as_it_is"], course_points(base, case, block))]
    if one.making.way[block] != AS_IT_IS:
        buses = [n for n, parts in enumerate(one.making.parts) if any(p.block == block for p in parts)]
        drawn += [Line(made.ground.block_ids[n], course_points(made, case, n)) for n in buses]
    points = [p for line in drawn for p in line.points]
    low = min(p[1] for p in points)
    name = base.ground.block_ids[block]
    weather = t[f"ebus_weather_{one.energies[case].case}"]
    title = t["ebus_course"].format(block=name, weather=weather)
    x = axis(min(p[0] for p in points), max(p[0] for p in points), 3.0, lambda h: f"{h % 24.0:.0f}:00")
    y = axis(min(low, 0.0), 1.0, 0.25 if low > -1.0 else 0.5, share)
    return Chart(title, lines(title, drawn, x, y, mark=float(base.batteries.reserve_soc[block])))


def course_points(run: Replay, case: int, bus: int) -> list[tuple[float, float]]:
    """Return (hour, state of charge) from pull-out to the last pull-in; charging is drawn while the plug is in."""
    ground = run.ground
    points = [(float(ground.start_h[ground.first[bus]]), float(run.started[case, bus]))]
    rest = ground.rest_h
    for m in range(ground.first[bus], ground.first[bus + 1]):
        points.append((float(ground.end_h[m]), float(run.arrive[case, m])))
        if m < ground.last[bus] and rest[m] > 0.0:
            points.append((float(ground.end_h[m] + rest[m]), float(run.leave[case, m])))
    return points
