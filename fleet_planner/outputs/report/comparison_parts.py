"""The tables on measures head to head in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report.drawn_words import open_band

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

MILLION, PACKAGE = 1e6, "package"
POLLUTANTS = ("NOx", "PM2.5", "GHG")
DASH = "–"


def comparison(
    data: Mapping[str, Any], t: Mapping[str, str], streams: Mapping[str, str], language: Language
) -> dict[str, Any]:
    """Return the tables of the comparison; empty where a run has none.

    Parameters
    ----------
    data
        Of the report.
    t, streams
        Words, and names of streams.
    language
        Of the titles of measures.
    """
    given = data.get("comparison")
    if not given:
        return {"head_to_head": []}
    titles = {name: both[language] for name, both in given["titles"].items()}
    per_t = {(r["stream"], r["option"], r["pollutant"]): r for r in given["per_tonne"]}
    rows = []
    for row in given["options"]:
        if row["kind"] == PACKAGE:
            continue  # packages stand in the tables of the run
        cells = [per_t[row["stream"], row["option"], p] for p in POLLUTANTS]
        rows.append(
            {
                "stream": streams.get(row["stream"], row["stream"]),
                "option": titles[row["option"]],
                "cells": [
                    f"{row['vehicles']:,.0f}",
                    significant(row["cost_usd2024_per_year"] / MILLION),
                    significant(row["damage_avoided_usd2024_per_year"] / MILLION),
                    significant(row["carbon_value_usd2024_per_year"] / MILLION),
                    significant(row["cost_per_damage_avoided"]),
                    significant(row["net_benefit_usd2024_per_year"] / MILLION),
                ],
                "per_tonne": [_per_tonne(cell, t) for cell in cells],
            }
        )
    return {
        "head_to_head": _spanned(rows),
        "break_even": _break_even(given["break_even"], t, streams, titles),
        "grants": [_grant(row, t, streams, titles) for row in given["grants"]],
        "grants_note": t["grants_note"].format(year=given["guideline"]),
        "unchecked": any(r["published_checked"] == "no" for r in given["per_tonne"]),
    }


def _spanned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the first row of each stream its name and the number of its rows."""
    for k, row in enumerate(rows):
        first = k == 0 or rows[k - 1]["stream"] != row["stream"]
        row["span"] = sum(r["stream"] == row["stream"] for r in rows) if first else 0
    return rows


def _per_tonne(cell: Mapping[str, Any], t: Mapping[str, str]) -> dict[str, str]:
    """Return a cost per tonne and how it stands to the published range."""
    words = t[f"verdict_{cell['verdict']}"]
    low, high = cell["published_low_usd2024_per_t"], cell["published_high_usd2024_per_t"]
    span = "" if low is None or cell["usd2024_per_t"] is None else f" {significant(low)}–{significant(high)}"
    value = significant(cell["usd2024_per_t"])
    if cell["usd2024_per_t"] is not None:
        ends = (cell.get("usd2024_per_t_low"), cell.get("usd2024_per_t_high"), cell.get("no_reduction_share"))
        value += open_band(*ends, t)
    return {"value": value, "class": cell["verdict"], "note": words + span}


def _break_even(
    rows: list[dict[str, Any]], t: Mapping[str, str], streams: Mapping[str, str], titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a row per pair of options: a cell per variable at the base year's electricity, and what later years do."""
    pairs: dict[tuple[str, str, str], dict[str, Any]] = {}
    first = min((row["year"] for row in rows), default=0)
    for row in (r for r in rows if r["year"] == first):
        key = (row["stream"], row["electric"], row["against"])
        electric = row["net_benefit_electric_usd2024_per_vehicle"]
        other = row["net_benefit_against_usd2024_per_vehicle"]
        pair = pairs.setdefault(
            key,
            {
                "stream": streams.get(row["stream"], row["stream"]),
                "electric": titles[row["electric"]],
                "against": titles[row["against"]],
                "vehicles": f"{row['vehicles']:,.0f}",
                "now": t["ahead" if electric >= other else "behind"].format(gap=significant(abs(electric - other))),
                "class": "met" if electric >= other else "missed",
                "cells": [],
            },
        )
        border = "" if row["border"] is None else significant(row["border"])
        words = t[f"border_{row['verdict']}"].format(border=border)
        pair["cells"].append({"border": words, "now": significant(row["now"])})
    for key, pair in pairs.items():
        pair["later"] = _turns([r for r in rows if key == (r["stream"], r["electric"], r["against"])], t)
    return list(pairs.values())


def _turns(rows: list[dict[str, Any]], t: Mapping[str, str]) -> str:
    """Return from which year of electricity's course on the order of two options is another; empty if it is not."""
    ahead = {
        r["year"]: r["net_benefit_electric_usd2024_per_vehicle"] >= r["net_benefit_against_usd2024_per_vehicle"]
        for r in rows
    }
    years = sorted(ahead)
    turned = next((y for y in years if ahead[y] != ahead[years[0]]), None)
    if turned is None:
        return t["break_even_stays"].format(year=years[-1]) if len(years) > 1 else ""
    return t["break_even_ahead_from" if ahead[turned] else "break_even_behind_from"].format(year=turned)


def _grant(
    row: Mapping[str, Any], t: Mapping[str, str], streams: Mapping[str, str], titles: Mapping[str, str]
) -> list[str]:
    low, high = row["low"], row["high"]
    span = DASH if low is None else f"{significant(low)}–{significant(high)}"
    return [
        streams.get(row["stream"], row["stream"]),
        titles.get(row["option"], row["option"]),
        t["grant_within"].format(within=f"{row['within']:,.0f}", vehicles=f"{row['vehicles']:,.0f}"),
        significant(row["tons_per_vehicle"]),
        significant(row["cost_per_vehicle"]),
        span,
        significant(row["limit"]),
        significant(row["grant_per_vehicle"]),
    ]
