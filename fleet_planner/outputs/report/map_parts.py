"""What the report says beside its map: squares of weaker roads, how exact the hours are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    Words = Mapping[str, str]


def map_parts(data: Mapping[str, Any], t: Words, names: Words, pollutants: Words) -> dict[str, Any]:
    """Return the notes under the map, and the table of the hours' errors."""
    rows = data["hour_errors"]
    notes = []
    if (squares := data["map"]["squares"])["total"]:
        notes.append(
            t["map_squares_note"].format(
                kept=f"{data['map']['roads']:,}",
                pollutant=pollutants[squares["by"]],
                left=f"{squares['total']:,}",
                squares=f"{len(squares['roads']):,}",
                side=f"{squares['side_m']:g}",
            )
        )
    if rows:
        worst = max(rows, key=lambda row: row["largest_error_pct"])
        note = t["map_hours_note"].format(
            mean=_pct(max(row["mean_error_pct"] for row in rows)),
            largest=_pct(worst["largest_error_pct"]),
            pollutant=pollutants[worst["pollutant"]],
            scenario=names[worst["scenario"]],
            over=_pct(max(row["links_over_tenth_pct"] for row in rows)),
        )
        measured = {row["scenario"] for row in rows}
        notes.append(note if len(measured) == len(names) else f"{note} {t['map_hours_some']}")
    return {
        "map_notes": notes,
        "hour_errors": [
            [
                names[row["scenario"]],
                pollutants[row["pollutant"]],
                *(_pct(row[k]) for k in ("mean_error_pct", "largest_error_pct", "links_over_tenth_pct")),
            ]
            for row in rows
        ],
    }


def _pct(value: float) -> str:
    return f"{significant(value, 2)} %"


def map_words(data: Mapping[str, Any], t: Words, names: Words) -> dict[str, Any]:
    """Return the words that the map's script needs beside those of pollutants and colours."""
    return {
        "attribution": data["attribution"],
        "scenarios": names,
        "emissions": t["map_emissions"],
        "difference": t["map_difference"],
        "baseline": names[data["scenarios"][0]["name"]],
        "change": t["map_change"],
        "unit": t["map_unit"],
        "unit_hour": t["map_unit_hour"],
        "whole_day": t["map_whole_day"],
        "hour_of": t["map_hour_of"],
        "total": t["map_total"],
        "total_hour": t["map_total_hour"],
        "label": t["map_label"],
        "square": t["map_square"],
        "sort": t["sort"],
        "zoom_in": t["zoom_in"],
        "zoom_out": t["zoom_out"],
        "imperial": data["mass_unit"] == "short_ton",
        "population": t["map_population"] if data["map"]["zones"]["rings"] else "",
        "failed": t["map_failed"],
        "unnamed": t["map_unnamed"],
    }
