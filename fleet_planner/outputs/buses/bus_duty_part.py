"""Trucks and vans by duty on the page of replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from fleet_planner.buses.duty.feasible import REASONS
from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.numbers import share, significant
from fleet_planner.outputs.report.wording import stream_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.buses.duty import DutyFound
    from fleet_planner.tables import Language

SHOWN = 4
"""Years in the table: first, last and those between at even steps."""


def _years(found: DutyFound) -> list[int]:
    years = found.table["year"].unique().sort().to_list()
    last = len(years) - 1
    return [years[k] for k in sorted({round(last * i / (SHOWN - 1)) for i in range(SHOWN)})]


def duty_rows(found: DutyFound | None, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return head and rows: by stream and class the shares in some years and what stands in the way in the last."""
    if found is None or found.table.is_empty():
        return {"head": [], "rows": []}
    years, streams = _years(found), stream_names(language)
    rows = []
    for (stream, name), own in found.table.group_by("stream", "duty_class", maintain_order=True):
        by_year = {r["year"]: r for r in own.iter_rows(named=True)}
        last = by_year[years[-1]]
        blocked = {reason: last[f"blocked_{reason}_pct"] for reason in REASONS}
        main = max(blocked, key=lambda reason: (blocked[reason], reason))
        rows.append(
            [
                streams.get(str(stream), stream),
                t[f"bus_duty_{name}"],
                f"{last['vehicles']:,.0f}",
                significant(last["long_day_km"]),
                *(share(by_year[y]["electric_vehicles_pct"] / 100.0) for y in years),
                share(last["cheaper_vehicles_pct"] / 100.0),
                significant(last["battery_kwh"]),
                share(None if last["payload_loss_pct"] is None else last["payload_loss_pct"] / 100.0),
                f"{t[f'bus_duty_{main}']} ({share(blocked[main] / 100.0)})"
                if blocked[main] > 0.5
                else t["bus_duty_none"],
            ]
        )
    head = [
        *(t[f"bus_duty_{k}"] for k in ("stream", "class", "vehicles", "long_day")),
        *(str(y) for y in years),
        t["bus_duty_cheaper"].format(year=years[-1]),
        *(t[f"bus_duty_{k}"] for k in ("kwh", "loss")),
        t["bus_duty_reason"].format(year=years[-1]),
    ]
    return {"head": head, "rows": rows}


def duty_chart(found: DutyFound | None, t: Mapping[str, str]) -> Markup:
    """Return the share of vehicles that could be electric by class and year."""
    if found is None or found.table.is_empty():
        return Markup("")
    weight = pl.col("vehicles")
    by = found.table.group_by("duty_class", "year").agg(
        ((pl.col("electric_vehicles_pct") * weight).sum() / weight.sum()).alias("share")
    )
    years = by["year"].unique().sort().to_list()
    names = [n for n in ("van", "short_haul_heavy", "long_haul_heavy") if (by["duty_class"] == n).any()]
    lines = [by.filter(pl.col("duty_class") == n).sort("year")["share"].to_list() for n in names]
    svg = draw.signed_lines(t["bus_duty_chart"], years, [t[f"bus_duty_{n}"] for n in names], lines)
    return Markup(svg)  # noqa: S704  # labels are escaped where they are drawn
