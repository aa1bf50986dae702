"""The air near roads and how sure its formulas are, as tables of the report."""

from __future__ import annotations

from typing import Any

from fleet_planner.outputs.numbers import significant

Rows = list[dict[str, Any]]
Words = dict[str, str]
KINDS = {
    "all": "tracer_all",
    "near neutral": "tracer_neutral",
    "unstable": "tracer_unstable",
    "stable": "tracer_stable",
    "very stable": "tracer_very_stable",
}


def tracer_part(rows: Rows, t: Words, _names: Words) -> dict[str, Any]:
    """Return what this program gives for a published tracer release, by kind of air."""
    own = [row for row in rows if row["model"] == "fleet_planner"]
    figures = ("measured_ppb", "modelled_ppb", "fac2", "nmb_pct", "r")
    out = [[t[KINDS[row["air"]]], str(row["samples"]), *(significant(row[k]) for k in figures)] for row in own]
    keys = ("tracer_air", "tracer_samples", "tracer_measured", "tracer_modelled", "air_fac2", "air_bias", "air_r")
    return {
        "id": "air-tracer",
        "title": t["tracer"],
        "notes": [t["tracer_note"]],
        "head": [t[k] for k in keys],
        "rows": out,
        "words": 1,
    }
