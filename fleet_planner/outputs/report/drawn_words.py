"""Figures in sentences with the band of the run's draws behind them; as they are in a run without draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import percent, share, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Words = Mapping[str, str]
    Data = Mapping[str, Any]
    Form = Callable[[float], str]

COST, AVOIDED, PER_T = "cost", "health_avoided", "cost_per_t"
MILLION = 1e6
CUT, BENEFIT = "band_nothing_cut", "band_nothing_spent"
"""Why a ratio has no value."""


@dataclass(frozen=True)
class Ends:
    """Both ends of a band, in the unit in which its figure is told."""

    low: float
    high: float

    def times(self, factor: float) -> Ends:
        """Return the band of a multiple of the figure; a negative one turns the band round."""
        low, high = sorted((factor * self.low, factor * self.high))
        return Ends(low, high)


def drawn(data: Data) -> list[Data]:
    """Return the rows of the draws in the base year; none without draws."""
    rows = (data.get("meaning") or {}).get("uncertainty") or []
    return [row for row in rows if row["year"] == data["year"]]


def ends_of(data: Data, figure: str, scenario: str, item: str = "") -> Ends | None:
    """Return the band of a figure of a scenario that has no pollutant of its own."""
    for row in drawn(data):
        if (row["figure"], row["scenario"], row["pollutant"] or "", row["item"] or "") == (figure, scenario, "", item):
            return Ends(row["low"], row["high"])
    return None


def per_tonne_band(data: Data, scenario: str, pollutant: str, scale: float, t: Words) -> str:
    """Return the band of what a tonne of a pollutant costs in a scenario, in units of ``scale``; "" without draws."""
    for row in drawn(data):
        if (row["figure"], row["scenario"], row["pollutant"]) == (PER_T, scenario, pollutant):
            low, high = (None if end is None else end / scale for end in (row["low"], row["high"]))
            return open_band(low, high, row["no_value_share"], t)
    return ""


def open_band(low: float | None, high: float | None, without: float | None, t: Words, why: str = CUT) -> str:
    """Return `` (12…30)``; an end that is open, and why, in words. "" where nothing was drawn."""
    if without is None:
        return ""
    if low is None:
        return t["band_none"].format(why=t[why].format(share=share(without)))
    if high is None:
        return t["band_open"].format(low=significant(low), why=t[why].format(share=share(without)))
    return plain_band(low, high, t)


def plain_band(low: float, high: float, t: Words) -> str:
    """Return `` (12…30)``."""
    return t["band_of_ratio"].format(low=significant(low), high=significant(high))


def total_ends(row: Data) -> Ends | None:
    """Return the band of a row of the summary."""
    return _ends(row, "low_per_year", "high_per_year")


def change_ends(row: Data) -> Ends | None:
    """Return the band of the change against the baseline of a row of the summary, percent."""
    return _ends(row, "change_low_pct", "change_high_pct")


def _ends(row: Data, low: str, high: str) -> Ends | None:
    return None if row.get(low) is None or row.get(high) is None else Ends(row[low], row[high])


def banded(told: str, ends: Ends | None, form: Form, data: Data, t: Words) -> str:
    """Return ``250 (95 % of draws: 210 to 290)``: the first figure of a sentence."""
    rows = drawn(data)
    if ends is None or not rows:
        return told
    return t["with_band"].format(told=told, level=f"{rows[0]['level_pct']:g}", **_told(ends, form))


def ended(told: str, ends: Ends | None, form: Form, t: Words) -> str:
    """Return ``250 (210 to 290)``: further figures of a sentence whose first one says what the band is."""
    return told if ends is None else t["with_ends"].format(told=told, **_told(ends, form))


def band_line(ends: Ends | None, data: Data, t: Words) -> str:
    """Return ``95 % of draws: 210 to 290``, to stand below a figure; nothing without draws."""
    rows = drawn(data)
    if ends is None or not rows:
        return ""
    return t["band_line"].format(level=f"{rows[0]['level_pct']:g}", **_told(ends, significant))


def fall(ends: Ends | None) -> Ends | None:
    """Return the band of a fall for that of a change."""
    return None if ends is None else ends.times(-1.0)


def in_percent(value: float) -> str:
    """Return a percentage whose sentence says in which direction it goes: no sign above nought."""
    return percent(value).lstrip("+")


def _told(ends: Ends, form: Form) -> dict[str, str]:
    return {"low": form(ends.low), "high": form(ends.high)}
