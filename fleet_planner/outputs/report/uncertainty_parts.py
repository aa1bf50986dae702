"""How sure the figures are, as tables of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fleet_planner.outputs.charts.charts import stacked
from fleet_planner.outputs.numbers import percent, significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHART = ("NOx", "PM_exhaust", "CO2")
SHOWN = ("NOx", "PM_exhaust", "CO2", "CO2_grid")
EMISSION, CHANGE = "emission", "change_pct"


def uncertainty_part(
    rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the totals of the scenarios and their changes with bands, in the base year."""
    year = min(row["year"] for row in rows)
    known = {(r["figure"], r["scenario"], r["pollutant"]): r for r in rows if r["year"] == year}
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    shown = [p for p in SHOWN if known[EMISSION, scenarios[0], p]["value"] > 0.0]
    units = {p: known[EMISSION, scenarios[0], p]["unit"] for p in shown}
    out = []
    for scenario in scenarios:
        cells = [banded(known[EMISSION, scenario, p]) for p in shown]
        changes = [known.get((CHANGE, scenario, p)) for p in shown]
        cells += ["–" if row is None else banded(row) for row in changes]
        out.append([names.get(scenario, scenario), *cells])
    head = [t["scenario"], *(t["uncertain_total"].format(pollutant=p, unit=units[p]) for p in shown)]
    head += [t["uncertain_change"].format(pollutant=p) for p in shown]
    notes = [t["uncertain_note"].format(draws=f"{rows[0]['draws']:,}", level=f"{rows[0]['level_pct']:g}")]
    return {"id": "uncertainty", "title": t["uncertain"], "notes": notes, "head": head, "rows": out, "words": 1}


def drivers_chart(
    rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return bars of the groups of inputs: totals of the first scenario, then the changes of the others."""
    year, first = min(row["year"] for row in rows), rows[0]["scenario"]
    groups = list(dict.fromkeys(row["group"] for row in rows))
    bars: dict[str, list[float]] = {}
    for row in rows:
        told = (
            row["pollutant"] if row["figure"] == EMISSION else f"{names.get(row['scenario'], '')}: {row['pollutant']}"
        )
        wanted = row["year"] == year and (row["figure"] == EMISSION) == (row["scenario"] == first)
        if wanted and row["pollutant"] in CHART:
            bars.setdefault(told, []).append(max(row["total_order"], 0.0))
    moving = {label: values for label, values in bars.items() if sum(values) > 0.0}
    if not moving:
        return None
    words = ["+".join(t[f"driver_{name}"] for name in group.split("+")) for group in groups]
    svg = stacked(t["drivers"], list(moving), words, list(moving.values()))
    return {"title": t["drivers"], "svg": Markup(svg)}  # noqa: S704  # labels are escaped where drawn


def banded(row: Mapping[str, Any]) -> str:
    """Return a value with its band."""
    form = percent if row["unit"] == "%" else significant
    return f"{form(row['value'])} ({form(row['low'])}…{form(row['high'])})"
