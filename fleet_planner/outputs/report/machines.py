"""Machines beside the roads, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report import wording
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language

SHOWN = ("NOx", "PM_exhaust", "CO2")
RANKED = "NOx"
MOST_SITES = 15
LEAST_PERCENT = 0.1


def machines_data(results: Results) -> dict[str, Any] | None:
    """Return machines, energy and yearly emissions by stream and by site, in each pollutant's yearly unit."""
    nonroad = results.nonroad
    if nonroad is None:
        return None
    known = frames.specs()
    yearly = {p: DAYS_PER_YEAR * known[p].per_year_factor for p in SHOWN}
    streams = nonroad.machines.group_by("stream").agg(
        pl.col("count").sum(), (pl.col("kwh_per_day").sum() * DAYS_PER_YEAR).alias("kwh_per_year")
    )
    by = {p: nonroad.by_stream(p) for p in SHOWN}
    sites = nonroad.sites().sort(RANKED, "site", descending=[True, False])
    return {
        "rejected_rows": nonroad.rejected["row"].n_unique(),
        "sites_in_all": sites.height,
        "streams": [
            row | {"emissions": {p: by[p][row["stream"]] * yearly[p] for p in SHOWN}}
            for row in streams.sort("stream").to_dicts()
        ],
        "sites": [
            {
                **{key: row[key] for key in ("site", "streams", "machines", "lon", "lat")},
                "kwh_per_year": row["kwh_per_day"] * DAYS_PER_YEAR,
                "emissions": {p: row[p] * yearly[p] for p in SHOWN},
            }
            for row in sites.head(MOST_SITES).to_dicts()
        ],
    }


def machines_parts(data: Mapping[str, Any], t: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return the tables of the report's section on machines; no rows where the plan has none."""
    given = data.get("machines")
    if not given:
        return {"streams": [], "sites": []}
    scale = data["mass_scale"]
    titles, names = wording.pollutant_names(language), wording.stream_names(language)
    whole = {
        row["pollutant"]: row["value_per_year"]
        for row in data["summary"]
        if row["scenario"] == data["scenarios"][0]["name"]
    }
    unit = t["rate"]
    head = [t["machines_count"], t["machines_mwh"]]
    return {
        "head": [*head, *(cell for p in SHOWN for cell in (f"{titles[p]} ({unit})", t["share_of_city"]))],
        "sites_head": [*head, *(f"{titles[p]} ({unit})" for p in SHOWN)],
        "note": t["machines_note"].format(sites=f"{given['sites_in_all']:,}"),
        "streams": [
            [
                names.get(row["stream"], row["stream"]),
                f"{row['count']:,.0f}",
                significant(row["kwh_per_year"] / 1e3),
                *(
                    cell
                    for p in SHOWN
                    for cell in (
                        significant(row["emissions"][p] * scale),
                        _share(row["emissions"][p], whole.get(p, 0.0)),
                    )
                ),
            ]
            for row in given["streams"]
        ],
        "sites": [
            [
                row["site"],
                "、".join(_named(row, names)) if language == "zh" else ", ".join(_named(row, names)),
                f"{row['machines']:,.0f}",
                significant(row["kwh_per_year"] / 1e3),
                *(significant(row["emissions"][p] * scale) for p in SHOWN),
            ]
            for row in given["sites"]
        ],
    }


def _share(part: float, whole: float) -> str:
    """Return a part in percent; small ones are told as such, not as nought."""
    if not whole or not part:
        return "–"
    percent = 100.0 * part / whole
    return f"{percent:.1f} %" if percent >= LEAST_PERCENT else f"<{LEAST_PERCENT:g} %"


def _named(row: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    return [names.get(s, s) for s in row["streams"].split(", ")]
