"""How clean electricity is, as tables of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report.headings import heads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

G_PER_KG, T_PER_KT = 1e3, 1e3


def grid_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], _names: Mapping[str, str]) -> dict[str, Any]:
    """Return the CO2 of electricity by year, in g per kWh."""
    out = [
        [
            str(row["year"]),
            _with_range(*(row[f"{k}_kg_per_kwh"] * G_PER_KG for k in ("average", "low", "high"))),
            significant(row["marginal_kg_per_kwh"] * G_PER_KG),
        ]
        for row in rows
    ]
    first = rows[0]
    notes = [t["grid_path_note"], t[f"grid_path_{first['path']}"]]
    if first["clean_year"] is not None:
        notes.append(t["grid_path_clean"].format(year=first["clean_year"]))
    if first["checked"] == "no":
        notes.append(t["grid_path_unchecked"])
    head = heads(t, "grid_path", "year", "average_kg_per_kwh|g_kwh", "marginal_kg_per_kwh|g_kwh")
    return {"id": "grid-path", "title": t["grid_path"], "notes": notes, "head": head, "rows": out, "words": 1}


def _with_range(value: float, low: float, high: float) -> str:
    return significant(value) + (f" ({significant(low)}–{significant(high)})" if low != high else "")


def battery_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the batteries of every scenario and what making them emits, all years together."""
    out = []
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        own = [row for row in rows if row["scenario"] == scenario]
        total = {k: sum(row[k] for row in own) for k in ("batteries", "capacity_mwh", "co2e_t", "low_t", "high_t")}
        kilotonnes = _with_range(*(total[k] / T_PER_KT for k in ("co2e_t", "low_t", "high_t")))
        most = max(row["co2e_t"] for row in own) / T_PER_KT
        cells = [significant(total[k]) for k in ("batteries", "capacity_mwh")]
        out.append([names[scenario], *cells, kilotonnes, significant(most)])
    keys = ("scenario", "batteries", "capacity_mwh|mwh", "co2e_t|thousand_t")
    head = [*heads(t, "battery_manufacturing", *keys), t["battery_making_most"]]
    years = [row["year"] for row in rows]
    notes = [t["battery_making_note"].format(first=min(years), last=max(years))]
    return {"id": "batteries-made", "title": t["battery_making"], "notes": notes, "head": head, "rows": out, "words": 1}


def hydrogen_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return what scenarios with hydrogen emit by its colour, the plan's marked."""
    out = [
        [
            names[row["scenario"]],
            t[f"hydrogen_{row['colour']}"] + (f" ({t['hydrogen_in_plan']})" if row["in_plan"] == "yes" else ""),
            significant(row["hydrogen_t_per_year"]),
            _with_range(*(row[f"made_{k}t_per_year"] / T_PER_KT for k in ("", "low_", "high_"))),
            significant(row["well_to_wheel_t_per_year"] / T_PER_KT),
            percent(row["change_pct"]),
        ]
        for row in rows
    ]
    keys = ("scenario", "colour", "hydrogen_t_per_year|t", "made_t_per_year", "well_to_wheel_t_per_year", "change_pct")
    head = heads(t, "hydrogen", *keys)
    notes = [t["hydrogen_note"]]
    return {"id": "hydrogen", "title": t["hydrogen"], "notes": notes, "head": head, "rows": out, "words": 2}


def intensity_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return greenhouse gases per vehicle-km of the first and last year, and per output where the plan tells it."""
    with_output = rows[0]["gdp_million"] is not None
    out = []
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        own = sorted((row for row in rows if row["scenario"] == scenario), key=lambda row: row["year"])
        for row in dict.fromkeys((0, len(own) - 1)):
            cells = [names[scenario], str(own[row]["year"]), _figure(own[row]["g_per_vehicle_km"])]
            cells.append(_percent(own[row]["per_km_change_pct"]))
            if with_output:
                cells += [_figure(own[row]["t_per_million_gdp"]), _percent(own[row]["per_gdp_change_pct"])]
            out.append(cells)
    keys = ["scenario", "year", "g_per_vehicle_km|g", "per_km_change_pct"]
    keys += ["t_per_million_gdp|t", "per_gdp_change_pct"] if with_output else []
    head = heads(t, "carbon_intensity", *keys)
    return {
        "id": "carbon-intensity",
        "title": t["carbon_intensity"],
        "notes": [t["carbon_intensity_note"]],
        "head": head,
        "rows": out,
        "words": 2,
    }


def exported_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return by scenario how much of each pollutant leaves the city's air."""
    pollutants = list(dict.fromkeys(row["pollutant"] for row in rows))
    of = {(row["scenario"], row["pollutant"]): row for row in rows}
    out = [
        [names[s], *(significant(of[s, p]["exported_t_per_year"]) for p in pollutants)]
        for s in dict.fromkeys(row["scenario"] for row in rows)
    ]
    first = rows[0]["scenario"]
    shares = ", ".join(f"{p} {100.0 * of[first, p]['exported_share']:.0f} %" for p in pollutants)
    notes = [t["exported_note"].format(shares=shares)]
    if any(row["given"] == "no" for row in rows):
        notes.append(t["exported_default"])
    head = [t["scenario"], *pollutants]
    return {"id": "exported", "title": t["exported"], "notes": notes, "head": head, "rows": out, "words": 1}


def _figure(value: float | None) -> str:
    return "–" if value is None else significant(value)


def _percent(value: float | None) -> str:
    return "–" if not value else percent(value)
