"""The section on days of buses: how many, how far, when they are away, where they are at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.outputs.buses.bus_part import Chart, Part, Table
from fleet_planner.outputs.buses.bus_tables import blocks_table, depots_frame, with_layover
from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.numbers import share, significant
from fleet_planner.units import S_PER_H

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.buses.model import ServiceDay
    from fleet_planner.pipeline.buses.simulate import Simulated

SHOWN_BLOCKS = 10
MINUTE_S = 60.0


def service_part(done: Simulated, t: Mapping[str, str]) -> Part:
    """Return the section."""
    names = [t[f"day_{kind}"] for kind in done.days]
    away = [buses_away(day).tolist() for day in done.days.values()]
    return Part(
        "service",
        t["ebus_service"],
        t["ebus_service_note"],
        (_days(done, t), _depots(done, t), _longest(done, t)),
        (Chart(t["ebus_out"], draw.hours(t["ebus_out"], names, away)),),
    )


def buses_away(day: ServiceDay) -> NDArray[np.float64]:
    """Return the mean number of buses away from their depot in each hour of the day, shape (24,).

    The time after midnight counts into the first hours.
    """
    ends = np.concatenate([(day.blocks[c].to_numpy() / S_PER_H)[:, None] for c in ("start_s", "end_s")], axis=1)
    low, high = np.floor(ends.min(initial=0.0)), np.ceil(ends.max(initial=24.0))
    out = np.zeros(24)
    for hour in np.arange(low, high):
        inside = np.minimum(ends[:, 1], hour + 1.0) - np.maximum(ends[:, 0], hour)
        out[int(hour) % 24] += inside.clip(min=0.0).sum()
    return out


def _days(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_kind", "ebus_date", "ebus_trips", "ebus_blocks", "ebus_km", "ebus_empty", "ebus_layover")
    blocks = blocks_table(done)
    rows = []
    for kind, day in done.days.items():
        own = blocks.filter(kind_of_day=kind)
        km = float(own["km"].sum())
        rows.append(
            [
                t[f"day_{kind}"],
                str(day.day or t["ebus_table_date"]),
                f"{own['trips'].sum():,}",
                f"{own.height:,}",
                significant(km, 4),
                share(float(own["empty_km"].sum()) / km if km else None),
                significant(float(own["layover_h"].sum()), 4),
            ]
        )
    return Table("ebus-days", [t[k] for k in keys], rows, 2)


def _depots(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_depot", "ebus_blocks", "ebus_km", "ebus_first_out", "ebus_last_in")
    day = next(iter(done.days.values()))
    rows = [
        [
            t["ebus_flood"].format(name=row["name"]) if row["place"] in done.flooded else row["name"],
            f"{row['blocks']:,}",
            significant(row["km"], 4),
            clock(row["first_out_h"]),
            clock(row["last_in_h"]),
        ]
        for row in depots_frame(day).iter_rows(named=True)
    ]
    return Table("ebus-depots", [t[k] for k in keys], rows, 1, t["ebus_depots"].format(day=t[f"day_{day.kind}"]))


def clock(hours: float | None) -> str:
    """Return hours after midnight as H:MM; "–" without any."""
    if hours is None:
        return "–"
    minutes = round(hours * MINUTE_S)
    return f"{minutes // 60}:{minutes % 60:02d}"


def _longest(done: Simulated, t: Mapping[str, str]) -> Table:
    keys = ("ebus_block", "ebus_bus_type", "ebus_routes", "ebus_km", "ebus_hours", "ebus_longest_stay")
    day = next(iter(done.days.values()))
    stays = with_layover(day).group_by("block_id").agg(stay=pl.col("layover_s").max() / MINUTE_S)
    blocks = blocks_table(done).filter(kind_of_day=day.kind).join(stays, on="block_id", how="left")
    top = blocks.sort("km", "block_id", descending=[True, False]).head(SHOWN_BLOCKS)
    rows = [
        [
            row["block_id"],
            t[f"bus_type_{row['bus_type']}"],
            row["routes"].replace("|", ", "),
            significant(row["km"]),
            significant((row["end_s"] - row["start_s"]) / S_PER_H),
            significant(row["stay"]),
        ]
        for row in top.iter_rows(named=True)
    ]
    note = t["ebus_longest_note"].format(shown=top.height, blocks=f"{blocks.height:,}")
    title = t["ebus_longest"].format(day=t[f"day_{day.kind}"])
    return Table("ebus-longest", [t[k] for k in keys], rows, 3, title, note)
