"""The tables of projected years and of targets in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, share, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

Table = dict[str, list[Any]]
OUTSIDE = "NOx"
PEAK, INTERIM, MET = "peak", "interim", "met"


def later(data: Mapping[str, Any], t: Mapping[str, str], titles: Mapping[str, str]) -> Table:
    """Return head and rows of the projected years; nothing where the plan has no turnover.

    Parameters
    ----------
    data
        Of the report.
    t, titles
        Words, and titles of pollutants.
    """
    given = data.get("later")
    if not given:
        return {"head": [], "rows": []}
    away = given["outside"][OUTSIDE]
    told = any(value > 0.0 for value in away)
    head = [t["later_year"], t["vehicles"], t["later_zero"]]
    head += [f"{titles[name]} ({_unit(given['units'][name], t)})" for name in given["values"]]
    head += [f"{t['later_outside']} ({_unit(given['units'][OUTSIDE], t)})"] if told else []
    rows = [
        [
            str(year),
            significant(given["vehicles"][k]),
            f"{100.0 * given['zero_emission_share'][k]:.1f} %",
            *(significant(values[k]) for values in given["values"].values()),
            *([significant(away[k])] if told else []),
        ]
        for k, year in enumerate(given["years"])
    ]
    return {"head": head, "rows": rows}


def _unit(unit: str, t: Mapping[str, str]) -> str:
    """Return a unit of yearly totals in words."""
    return t.get(f"rate_{unit}", unit)


def paths(data: Mapping[str, Any], t: Mapping[str, str], names: Mapping[str, str], titles: Mapping[str, str]) -> Table:
    """Return the yearly totals by scenario and pollutant over the years; nothing without scenarios."""
    given = data.get("later")
    if not given or not given["paths"]:
        return {"head": [], "rows": []}
    first = next(iter(names))
    every = {first: given["values"]} | given["paths"]
    rows = [
        [
            f"{titles[pollutant]} ({_unit(given['units'][pollutant], t)})",
            names[scenario],
            *map(significant, values[pollutant]),
        ]
        for pollutant in given["values"]
        for scenario, values in every.items()
    ]
    return {"head": [t["later_what"], t["scenario"], *map(str, given["years"])], "rows": rows}


def reached(
    data: Mapping[str, Any], t: Mapping[str, str], names: Mapping[str, str], titles: Mapping[str, str]
) -> Table:
    """Return how many vehicles the measures of each scenario reach, and how many a year at most."""
    given = data.get("later")
    rows = [
        [
            names[row["scenario"]],
            titles.get(row["measure_id"], row["measure_id"]),
            str(row["first"]),
            significant(row["most_in_a_year"]),
            str(row["most_year"]),
            significant(row["most_at_once"]),
        ]
        for row in (given["reached"] if given else [])
    ]
    keys = ("scenario", "measure", "reached_first", "reached_most", "reached_year", "reached_at_once")
    return {"head": [t[key] for key in keys] if rows else [], "rows": rows}


def targets(
    data: Mapping[str, Any], t: Mapping[str, str], names: Mapping[str, str], language: Language
) -> dict[str, Any]:
    """Return a row per target and year with a cell per scenario: met, or missed by how much."""
    given = data.get("targets") or []
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    for verdict in given:
        key = (verdict["target"], verdict["kind"], verdict["year"])
        row = rows.setdefault(key, {"title": verdict[f"title_{language}"], "cells": {}} | _asked(verdict, t))
        row["cells"][verdict["scenario"]] = _cell(verdict, t)
    return {
        "rows": [row | {"cells": [row["cells"][name] for name in names]} for row in rows.values()],
        "unchecked": any(verdict["checked"] == "no" for verdict in given),
    }


def _asked(verdict: Mapping[str, Any], t: Mapping[str, str]) -> dict[str, str]:
    """Return what a target allows, and against which base."""
    unit = t.get(f"unit_{verdict['unit']}", verdict["unit"])
    if verdict["kind"] == PEAK:
        return {"asked": t["target_peak"].format(year=verdict["year"]), "base": "–"}
    words = t["target_interim" if verdict["kind"] == INTERIM else "target_cut"]
    return {
        "asked": words.format(allowed=significant(verdict["allowed_per_year"]), unit=unit, year=verdict["year"]),
        "base": t["target_base"].format(
            base=significant(verdict["base_per_year"]), unit=unit, year=verdict["base_year"]
        ),
    }


def _cell(verdict: Mapping[str, Any], t: Mapping[str, str]) -> dict[str, str]:
    met = verdict["verdict"] == MET
    head = t["target_met" if met else "target_missed"]
    if verdict["kind"] == PEAK:
        year = verdict["peak_year"]
        note = t["target_not_peaked"] if year is None else t["target_peaked"].format(year=year)
    else:
        gap, value = abs(verdict["gap_per_year"]), significant(verdict["value_per_year"])
        key = "target_room" if met else "target_above"
        unit = t.get(f"unit_{verdict['unit']}", verdict["unit"])
        change = percent(verdict["change_pct"])
        note = t[key].format(value=value, unit=unit, change=change, gap=significant(gap))
    if (chance := verdict.get("met_probability")) is not None:
        note = f"{note}; {t['target_chance'].format(chance=share(chance))}"
    if verdict["binding"] == "yes":
        note = f"{note}; {t['target_binding']}"
    return {"class": "met" if met else "missed", "head": head, "note": note}
