"""Vehicles and their emissions by home zone and by depot, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.place_tables import has_places, homes_of
from fleet_planner.outputs.numbers import share, significant
from fleet_planner.pipeline.computing.places import KINDS, NONE, PLACED, VISITING
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.telling.results import Results

SHOWN = ("NOx", "PM_exhaust", "CO2")
RANKED = "NOx"
MOST_PLACES = 15
TITLE = {"zone": "places_zone", "depot": "places_depot"}
NOTE = {"zone": "places_zone_note", "depot": "places_depot_note"}


def places_data(results: Results) -> dict[str, Any]:
    """Return the homes with most NOx, yearly figures of every scenario; empty where the registry names none."""
    known = frames.specs()
    out: dict[str, Any] = {}
    for kind in KINDS:
        if not has_places(results, kind):
            continue
        tables = {s.fleet.name: homes_of(results, s, kind) for s in results.scenarios}
        first = tables[results.scenarios[0].fleet.name]
        top = first.filter(~pl.col("tie").is_in([NONE, VISITING])).sort(RANKED, kind, descending=[True, False])
        rest = first.filter(tie=NONE)
        later = {n: dict(t.filter(pl.col(kind) != "").select(kind, RANKED).iter_rows()) for n, t in tables.items()}
        factor = {p: DAYS_PER_YEAR * known[p].per_year_factor for p in SHOWN}
        out[kind] = {
            "places": top.height,
            "without_vehicles": float(rest["vehicles"].sum()),
            "without_share": float(rest["vkt_km_per_day"].sum()) / (float(first["vkt_km_per_day"].sum()) or 1.0),
            "rows": [
                {
                    "name": row[kind],
                    "placed": row["tie"] == PLACED,
                    "vehicles": row["vehicles"],
                    "vkt_km_per_day": row["vkt_km_per_day"],
                    "emissions": {p: row[p] * factor[p] for p in SHOWN},
                    "by_scenario": {n: by.get(row[kind], 0.0) * factor[RANKED] for n, by in later.items()},
                }
                for row in top.head(MOST_PLACES).to_dicts()
            ],
        }
    return out


def places_parts(
    data: Mapping[str, Any], t: Mapping[str, str], titles: Mapping[str, str], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a table for each kind of home: vehicles, vehicle-km, emissions; NOx by scenario beside the baseline's."""
    scale = data["mass_scale"]
    unit = t["rate"]
    others = data["scenarios"][1:]
    out = []
    for kind, given in data.get("places", {}).items():
        head = [t["vehicles"], t["places_vkt"], *(f"{titles[p]} ({unit})" for p in SHOWN)]
        head += [f"{titles[RANKED]}: {names[s['name']]}" for s in others]
        rows = [
            [
                row["name"] if row["placed"] else f"{row['name']} *",
                f"{row['vehicles']:,.0f}",
                significant(row["vkt_km_per_day"]),
                *(significant(row["emissions"][p] * scale) for p in SHOWN),
                *(significant(row["by_scenario"][s["name"]] * scale) for s in others),
            ]
            for row in given["rows"]
        ]
        note = t[NOTE[kind]].format(
            places=f"{given['places']:,}",
            without=f"{given['without_vehicles']:,.0f}",
            share=share(given["without_share"]),
        )
        star = t["places_star"] if any(not row["placed"] for row in given["rows"]) else ""
        out.append(
            {"id": f"by-{kind}", "title": t[TITLE[kind]], "note": note, "star": star, "head": head, "rows": rows}
        )
    return out
