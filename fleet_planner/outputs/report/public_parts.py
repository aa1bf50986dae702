"""One page for everybody, what the report does not say, and the words of the region's cooperation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report.drawn_words import banded, change_ends, ended, total_ends
from fleet_planner.outputs.report.lead_parts import told_cost, yearly_cost
from fleet_planner.outputs.report.quality_parts import unchecked

if TYPE_CHECKING:
    from collections.abc import Mapping

    Words = Mapping[str, str]
    Data = Mapping[str, Any]

BODIES = ("temm", "neaspec", "neac", "eanet", "ltp", "tpm")
KG_PER_T = 1e3
SAID = ("NOx", "PM_exhaust", "CO2")


def public_parts(data: Data, t: Words, names: Words, city: str) -> dict[str, Any]:
    """Return the sentences of the public page: what is emitted, what can be done, the words used."""
    base, *others = names
    totals = {(row["scenario"], row["pollutant"]): row for row in data["summary"]}
    if any((base, p) not in totals for p in SAID):
        return {}
    year = {p: totals[base, p]["value_per_year"] for p in SAID}
    told = {p: f"{_total(totals[base, p], data, t, first=p == SAID[0])} {t['rate']}" for p in SAID}
    what = t["public_what"].format(
        year=data["year"], city=city, nox=told["NOx"], pm=told["PM_exhaust"], co2=told["CO2"]
    )
    lines = [what]
    if people := data["lead"]["people"]:
        each = {p: value / data["mass_scale"] / people for p, value in year.items()}
        lines.append(
            t["public_person"].format(
                people=f"{people:,.0f}", nox=significant(KG_PER_T * each["NOx"], 2), co2=significant(each["CO2"], 2)
            )
        )
    return {
        "lines": [*lines, t["public_why"]],
        "scenarios": [_scenario(data, t, names, totals, name) for name in others],
        "words": [
            t["public_nox"],
            t["public_pm"],
            t["public_short_ton" if data["mass_unit"] == "short_ton" else "public_t"],
            t["public_baseline"].format(year=data["year"]),
            *([t["public_scenario_word"]] if others else []),
        ],
    }


def _total(row: Data, data: Data, t: Words, *, first: bool) -> str:
    """Return a yearly total with its band; the first of a sentence says what the band is."""
    value, ends = significant(row["value_per_year"]), total_ends(row)
    return banded(value, ends, significant, data, t) if first else ended(value, ends, significant, t)


def _change(row: Data, data: Data, t: Words, *, first: bool) -> str:
    value, ends = percent(row["change_pct"]), change_ends(row)
    return banded(value, ends, percent, data, t) if first else ended(value, ends, percent, t)


def _scenario(data: Data, t: Words, names: Words, totals: Mapping[tuple[str, str], Any], name: str) -> str:
    change = {p: _change(totals[name, p], data, t, first=p == SAID[0]) for p in SAID}
    cost = yearly_cost(data, name)
    money = ""
    if any(row["scenario"] == name for row in data["costs"]):
        money = t["public_saves" if cost < 0.0 else "public_costs"].format(value=told_cost(data, name, t))
    return (
        t["public_scenario"]
        .format(
            scenario=names[name],
            year=data["year"],
            nox=change["NOx"],
            pm=change["PM_exhaust"],
            co2=change["CO2"],
            money=money,
        )
        .strip()
    )


def limits(data: Data, t: Words, pollutants: Words, low: list[str]) -> list[str]:
    """Return what the report does not say: of the model, and of this run."""
    counted = unchecked(data)
    out = [t["limit_model"], t["limit_average"], t["limit_roads"]]
    out.append(t["limit_machines" if data.get("machines") else "limit_no_machines"])
    out.append(t["limit_hours"])
    if low:
        titles = ", ".join(pollutants.get(p, p) for p in low)
        out.append(t["limit_low"].format(count=len(low), pollutants=titles))
    if counted["unchecked"] or counted["notes"]:
        out.append(t["limit_unchecked"].format(**counted))
    return out


def bodies(t: Words) -> list[str]:
    """Return the region's six bodies of cooperation, a sentence each."""
    return [t[f"body_{body}"] for body in BODIES]
