"""Five findings in plain words, each with its figure: the first that the run has something to say on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, share, significant
from fleet_planner.outputs.report import wording
from fleet_planner.outputs.report.drawn_words import (
    AVOIDED,
    COST,
    banded,
    change_ends,
    ended,
    ends_of,
    fall,
    in_percent,
    total_ends,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Words = Mapping[str, str]
    Data = Mapping[str, Any]

FINDINGS = 5
MILLION, THOUSAND = 1e6, 1e3
MOST_SEGMENTS = 6
STANDARD_SHARE = 0.2
"""A single emission standard is worth a finding from this part of the trucks' and buses' NOx on."""


def lead(data: Data, t: Words, names: Words, streams: Words) -> list[dict[str, Any]]:
    """Return the findings: figure, what it counts, sentence, and the parts of a whole that a bar shows (or none)."""
    makers = (
        _who(data, t, streams),
        _where(data, t),
        _best(data, t, names, "NOx"),
        _value(data, t, names),
        _health(data, t, names),
        _best(data, t, names, "PM_exhaust"),
        _when(data, t),
        _standard(data, t),
        _cold(data, t),
    )
    return [found for found in makers if found is not None][:FINDINGS]


def _found(figure: str, label: str, text: str, parts: list[float] | None = None) -> dict[str, Any]:
    whole = sum(parts or []) or 1.0
    return {"figure": figure, "label": label, "text": text, "bar": [100.0 * p / whole for p in parts or []]}


def _who(data: Data, t: Words, streams: Words) -> dict[str, Any] | None:
    order, values = data["streams"]["names"], data["streams"]["values"]["NOx"]
    whole = sum(values)
    if len(order) < 2 or whole <= 0.0:
        return None
    first, second = (streams.get(n, n) for n in order[:2])
    text = t["headline_where"].format(
        stream=first, share=share(values[0] / whole), stream2=second.lower(), share2=share(values[1] / whole)
    )
    parts = [*values[:MOST_SEGMENTS], sum(values[MOST_SEGMENTS:])]
    return _found(share(values[0] / whole), t["lead_who_label"], text, parts)


def _where(data: Data, t: Words) -> dict[str, Any] | None:
    part = data["lead"]["half_km_share"]
    if part is None:
        return None
    told = percent(100.0 * part).lstrip("+")
    return _found(told, t["lead_where_label"], t["lead_where"].format(share=told), [part, 1.0 - part])


def _rows(data: Data, names: Words, pollutant: str) -> list[Any]:
    others = list(names)[1:]
    return [row for row in data["summary"] if row["pollutant"] == pollutant and row["scenario"] in others]


def best_row(data: Data, names: Words, pollutant: str) -> Any | None:
    """Return the row of the summary of the scenario that cuts a pollutant most; nothing where none does."""
    best = min(_rows(data, names, pollutant), key=lambda row: row["value_per_year"], default=None)
    return best if best and best["value_per_year"] < best["baseline_per_year"] else None


def best_words(data: Data, t: Words, names: Words, row: Any, key: str) -> str:
    """Return the sentence on the scenario that cuts most, each figure with its band where the run has draws."""
    base = next(r for r in data["summary"] if (r["scenario"], r["pollutant"]) == (next(iter(names)), row["pollutant"]))
    before, value = significant(row["baseline_per_year"]), significant(row["value_per_year"])
    change = percent(row["change_pct"]).lstrip("−")
    return t[key].format(
        scenario=names[row["scenario"]],
        change=banded(change, fall(change_ends(row)), in_percent, data, t),
        before=ended(before, total_ends(base), significant, t),
        value=ended(value, total_ends(row), significant, t),
        unit=t["rate"],
        cost=cost_words(data, row["scenario"], t),
    )


def _best(data: Data, t: Words, names: Words, pollutant: str) -> dict[str, Any] | None:
    best = best_row(data, names, pollutant)
    if best is None:
        return None
    key, label = ("headline_best", "lead_cut_label") if pollutant == "NOx" else ("headline_pm", "lead_pm_label")
    left = [best["value_per_year"], best["baseline_per_year"] - best["value_per_year"]]
    return _found(percent(best["change_pct"]), t[label], best_words(data, t, names, best, key), left)


def yearly_cost(data: Data, scenario: str) -> float:
    """Return what all measures of a scenario cost a year, in the currency of the page."""
    return float(sum(row["total_usd2024_per_year"] for row in data["costs"] if row["scenario"] == scenario))


def cost_words(data: Data, scenario: str, t: Words) -> str:
    """Return ``at a cost of ...`` or ``saving ...``, with the band where the run has draws."""
    total = yearly_cost(data, scenario)
    value = ended(significant(abs(total) / MILLION), _cost_ends(data, scenario, total), significant, t)
    return t["saves_words" if total < 0.0 else "costs_words"].format(value=value)


def _cost_ends(data: Data, scenario: str, total: float) -> Any:
    """Return the band of a yearly cost in millions, or of what is saved where that is below nought."""
    ends = ends_of(data, COST, scenario)
    return None if ends is None else ends.times((-1.0 if total < 0.0 else 1.0) / MILLION)


def told_cost(data: Data, scenario: str, t: Words) -> str:
    """Return what a scenario costs or saves a year, millions, with the full words of the band."""
    total = yearly_cost(data, scenario)
    return banded(significant(abs(total) / MILLION), _cost_ends(data, scenario, total), significant, data, t)


def _value(data: Data, t: Words, names: Words) -> dict[str, Any] | None:
    """Return the scenario that avoids a tonne of NOx most cheaply; one that saves money goes first."""
    costed = {row["scenario"] for row in data["costs"]}
    found = []
    for row in _rows(data, names, "NOx"):
        cut = row["baseline_per_year"] - row["value_per_year"]  # in the page's unit
        if cut > 0.0 and row["scenario"] in costed:
            found.append((yearly_cost(data, row["scenario"]) / (cut / data["mass_scale"]), cut, row["scenario"]))
    if not found:
        return None
    per, cut, scenario = min(found)
    told = {"scenario": names[scenario], "cut": significant(cut), "unit": t["rate"]}
    row = next(r for r in _rows(data, names, "NOx") if r["scenario"] == scenario)
    drawn = change_ends(row)
    change = banded(percent(row["change_pct"]).lstrip("−"), fall(drawn), in_percent, data, t)
    more = t["lead_cut_drawn"].format(change=change) if drawn else ""
    if per < 0.0:
        saved = significant(-yearly_cost(data, scenario) / MILLION)
        text = t["lead_saves"].format(saved=told_cost(data, scenario, t), **told)
        return _found(saved, t["lead_saves_label"], text + more)
    cost = significant(per / THOUSAND)
    return _found(cost, t["lead_cheapest_label"], t["lead_cheapest"].format(cost=cost, **told) + more)


def _health(data: Data, t: Words, names: Words) -> dict[str, Any] | None:
    rows = [
        row
        for row in (data.get("meaning") or {}).get("health", [])
        if (row["part"], row["pollutant"], row["effect"]) == ("total", "all", "deaths") and row["scenario"] in names
    ]
    best = max(rows, key=lambda row: row["avoided"], default=None)
    if best is None or best["avoided"] <= 0.0:
        return None
    deaths = significant(best["avoided"], 2)
    ends = {"low": significant(best["avoided_low"], 2), "high": significant(best["avoided_high"], 2)}
    drawn = ends_of(data, AVOIDED, best["scenario"], "deaths")
    told = banded(deaths, drawn, _two_digits, data, t) if drawn else t["with_range"].format(told=deaths, **ends)
    text = t["lead_health"].format(scenario=names[best["scenario"]], deaths=told)
    return _found(deaths, t["lead_health_label"], text)


def _two_digits(value: float) -> str:
    return significant(value, 2)


def _when(data: Data, t: Words) -> dict[str, Any] | None:
    hours = data["hours"][0]
    whole = sum(hours)
    if whole <= 0.0:
        return None
    top = max(range(len(hours)), key=hours.__getitem__)
    part = hours[top] / whole
    told = percent(100.0 * part).lstrip("+")
    clock = {"from": f"{top:02d}", "to": f"{top + 1:02d}"}
    text = t["lead_when"].format(share=told, times=significant(part * len(hours), 2), **clock)
    return _found(told, t["lead_when_label"], text, list(hours))


def _standard(data: Data, t: Words) -> dict[str, Any] | None:
    whole = sum(value for _, value in data["standards"])
    name, most = max(data["standards"], key=lambda row: row[1], default=("", 0.0))
    if whole <= 0.0 or most < STANDARD_SHARE * whole:
        return None
    told = share(most / whole)
    text = t["lead_old"].format(standard=wording.standard_name(name, t), share=told)
    return _found(told, t["lead_old_label"], text, [value for _, value in data["standards"]])


def _cold(data: Data, t: Words) -> dict[str, Any] | None:
    part = data["processes"].get("PM_exhaust", {}).get("cold", 0.0)
    if not part:
        return None
    return _found(share(part), t["lead_process_label"], t["lead_process"].format(share=share(part)), [part, 1.0 - part])
