"""The part of the chargers' page on where and when the fleet charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from fleet_planner.outputs.charts import charts as draw
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report.wording import stream_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

PLACES = ("base", "night", "stops", "way", "outside", "placeless")
IN_CITY = PLACES[:4]


def needs_part(tables: Mapping[str, pl.DataFrame], t: Mapping[str, str], language: Language) -> dict[str, Any] | None:
    """Return the table by year and stream and the chart by hour of the last year; nothing without a fleet.

    Parameters
    ----------
    tables
        Of the siting, ``charging_needs`` and ``charging_hours`` among them.
    t
        Words of the page.
    language
        Of the streams' names.
    """
    needs = tables.get("charging_needs")
    if needs is None or needs.is_empty():
        return None
    names = stream_names(language)
    shown = [p for p in PLACES if float(needs[f"{p}_kwh_per_day"].sum()) > 0.0]
    head = [
        *(t[f"chargers_needs_{k}"] for k in ("year", "stream", "vehicles", "use", "energy")),
        *(t[f"chargers_needs_{p}"] for p in shown),
    ]
    rows = []
    for row in needs.iter_rows(named=True):
        whole = max(float(row["kwh_per_day"]), 1e-12)
        parts = [f"{100.0 * row[f'{p}_kwh_per_day'] / whole:.1f}" for p in shown]
        rows.append(
            [
                str(row["year"]),
                names.get(row["stream"], row["stream"]),
                significant(row["vehicles"]),
                significant(row["kwh_per_km"]),
                significant(whole),
                *parts,
            ]
        )
    last = int(needs["year"].max())  # type: ignore[arg-type]  # there is a row
    hours = tables["charging_hours"].filter(pl.col("year") == last)
    drawn = [p for p in IN_CITY if float(hours.filter(pl.col("part") == p)["kwh_per_day"].sum()) > 0.0]
    lines = [
        hours.filter(pl.col("part") == p).group_by("hour").agg(pl.col("kwh_per_day").sum()).sort("hour")["kwh_per_day"]
        for p in drawn
    ]
    title = t["chargers_needs_hours"].format(year=last)
    svg = draw.hours(title, [t[f"chargers_part_{p}"] for p in drawn], [line.to_list() for line in lines])
    return {
        "table": {"head": head, "rows": rows},
        "title": title,
        "svg": Markup(svg) if drawn else "",  # noqa: S704  # labels are escaped where they are drawn
    }
