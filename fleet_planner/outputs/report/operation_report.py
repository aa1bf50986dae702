"""Measures in operation in the report: data from the results, and the table made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.numbers import percent, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language

SHOWN = ("NOx", "PM_exhaust", "CO2")
FATES = ("ignored", "paid", "rerouted", "replaced", "cancelled", "other_hours", "other_days")
LEAST_KM = 0.5
LEAST_PART = 5e-4
APART = 0.05
"""Percentage points from which the change of exposure is told beside that of the emission."""


def operation_data(results: Results) -> list[dict[str, Any]]:
    """Return an entry per scenario and measure: its account of vehicle-km and its effects on `SHOWN`."""
    if not results.operation.height:
        return []
    effects = frames.in_mass_unit(results.operation_effects, results.plan.outputs.mass_unit)
    out = []
    for row in results.operation.to_dicts():
        mine = effects.filter(
            (pl.col("scenario") == row["scenario"]) & (pl.col("step") == row["step"]) & pl.col("pollutant").is_in(SHOWN)
        )
        out.append(row | {"effects": {e["pollutant"]: e for e in mine.to_dicts()}})
    return out


def operation_table(
    data: Mapping[str, Any],
    t: Mapping[str, str],
    names: Mapping[str, str],
    titles: Mapping[str, str],
    language: Language,
) -> dict[str, list[Any]]:
    """Return head and rows of the measures in operation; nothing without.

    Parameters
    ----------
    data
        Of the report.
    t, names, titles
        Words; titles of scenarios and of pollutants.
    language
        Of the page.
    """
    given = data.get("operation") or []
    head = [t["scenario"], t["measure"], t["vehicles"], t["operation_km"], t["operation_fates"]]
    rows = []
    for entry in given:
        title = entry["title_zh"] if language == "zh" else entry["title_en"]
        change = entry["vkt_after_km_per_day"] - entry["vkt_before_km_per_day"]
        cells = [names[entry["scenario"]], title, f"{entry['vehicles']:,.0f}", _signed(change)]
        cells.append(fates(entry, t, language))
        cells += [_effect(entry["effects"].get(name), t) for name in SHOWN]
        rows.append(cells)
    return {"head": [*head, *(titles[name] for name in SHOWN)] if rows else [], "rows": rows}


def fates(entry: Mapping[str, Any], t: Mapping[str, str], language: Language) -> str:
    """Return what becomes of the vehicle-km, largest first, in words."""
    held = entry["concerned_km_per_day"]
    if not held:
        return ""
    parts = [(entry[f"{fate}_km_per_day"] / held, t[f"fate_{fate}"]) for fate in FATES]
    parts += [(entry["detour_km_per_day"] / held, t["fate_detour"])]
    told = [f"{word} {100.0 * part:.1f} %" for part, word in sorted(parts, reverse=True) if part > LEAST_PART]
    if abs(entry["driving_h_change_per_day"]) > LEAST_KM:
        told.append(t["fate_hours"].format(hours=_signed(entry["driving_h_change_per_day"])))
    if entry["off_road_tonne_km_per_day"]:
        told.append(t["fate_rail"].format(tkm=significant(entry["off_road_tonne_km_per_day"])))
    return ("、" if language == "zh" else ", ").join(told)


def _effect(effect: Mapping[str, Any] | None, t: Mapping[str, str]) -> str:
    """Return the net change, on the measure's own roads, and what trains add."""
    if effect is None:
        return ""
    unit = t.get(f"unit_{effect['unit']}", effect["unit"])
    text = f"{_signed(effect['net_change_per_year'])} {unit} ({percent(effect['net_change_pct'])})"
    inside = effect["inside_before_per_year"]
    if inside and abs(inside - effect["before_per_year"]) > LEAST_PART * effect["before_per_year"]:
        change = 100.0 * (effect["inside_after_per_year"] / inside - 1.0)
        text += "; " + t["operation_inside"].format(change=percent(change))
    exposed = effect["exposure_change_pct"]
    if (
        exposed is not None
        and abs(exposed - 100.0 * (effect["after_per_year"] / effect["before_per_year"] - 1.0)) > APART
    ):
        text += "; " + t["fate_exposure"].format(change=percent(exposed))
    if effect["off_road_per_year"]:
        text += "; " + t["operation_rail"].format(value=_signed(effect["off_road_per_year"]), unit=unit)
    return text


def _signed(value: float) -> str:
    if abs(value) < 1e-9:
        return "0"
    return f"{'+' if value > 0.0 else ''}{significant(value)}"
