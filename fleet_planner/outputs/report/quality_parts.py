"""Where the inputs come from, and how the city's intensities compare with published fleets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

    Words = Mapping[str, str]
    Data = Mapping[str, Any]

GOOD, POOR = "A", "D"


def quality_parts(data: Data, t: Words) -> list[list[str]]:
    """Return a row per kind of input: name, basis, shares given, derived and by default, tier in words."""
    return [
        [
            t[f"dq_{row['input']}"],
            t[f"dq_of_{row['basis']}"],
            *(f"{row[k]:.0f} %" for k in ("given_pct", "derived_pct", "default_pct")),
            f"{row['tier']}: {t[f'''dq_tier_{row['tier'].lower()}''']}",
        ]
        for row in data["quality"]
    ]


def quality_sentence(data: Data, t: Words) -> str:
    """Return the sentence of the public page: how many kinds of input are given, how many are usual values."""
    rows = data["quality"]
    return t["public_quality"].format(
        inputs=len(rows),
        given=sum(row["tier"] == GOOD for row in rows),
        default=sum(row["tier"] == POOR for row in rows),
        **unchecked(data),
    )


def unchecked(data: Data) -> dict[str, int]:
    """Return how many assumptions and how many notes tell of figures that nobody held against their source."""
    return {
        "unchecked": sum(row["checked"] == "no" for row in data["assumptions"]),
        "all": len(data["assumptions"]),
        "notes": sum("unchecked" in finding["code"] for finding in data["findings"]),
    }


def intensity_parts(data: Data, t: Words, language: Language) -> list[dict[str, Any]]:
    """Return a row per figure: vehicles and metric, whose, year, value, rank, remark; own rows are marked."""
    return [
        {"own": row["who"] == "own" and row["rank"] is not None, "cells": _row(row, t, language)}
        for row in data["intensity"]
    ]


def _row(row: Mapping[str, Any], t: Words, language: Language) -> list[str]:
    value = significant(row["value"])
    if row["low"] is not None:
        value += f" ({significant(row['low'])}–{significant(row['high'])})"
    own = row["who"] == "own"
    name = row[f"name_{language}"]
    if own:
        remark = {"yes": t["int_outside"], "no": t["int_inside"]}.get(row["outside"] or "", t["int_no_peer"])
    else:
        remark = t["no"] if row["checked"] == "no" else ""
    return [
        f"{t[f'''int_{row['vehicle']}''']}: {t[f'''int_metric_{row['metric']}''']} ({row['unit']})",
        t["int_own"].format(name=name) if own else name,
        str(row["year"]),
        value,
        "" if row["rank"] is None else str(row["rank"]),
        remark,
    ]
