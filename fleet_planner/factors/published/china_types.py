"""Which row of the Chinese guide a technology takes: vehicle type by category and segment, stage by standard.

One type of the guide covers several segments of the guidebook (`china_type_map.csv`, by the guide's definitions of
length and total mass). Stages I to V are Euro 1 to 5 (I to V). Stage VI came after the guide of 2014; tables in
circulation repeat stage V, which is refused: the technology is not covered and the EMEP/EEA Euro 6 or VI stands in,
with the range of ``china_guide_2014_stage_vi.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.published.china_tables import ChinaTable

STAGE_VI = "VI"
_DIGITS = {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V", "6": "VI"}
_GROUPS = {"heavy_truck": "heavy_duty", "bus": "heavy_duty", "l_category": "motorcycle"}


@dataclass(frozen=True)
class GuideRow:
    """The row of the guide that a technology takes.

    Parameters
    ----------
    row
        Row of the table; -1 when the guide does not cover the technology.
    replaced
        What stands in for it, or why another set must; "" where the guide's type covers it.
    notes
        Defects of the row that were handled by rule, as named in ``china_guide_2014_defects.csv``.
    """

    row: int
    replaced: str = ""
    notes: tuple[str, ...] = ()


def stage_of(standard: str) -> str:
    """Return the guide's stage of a standard, "" for a word that is no standard."""
    if standard not in STANDARD_ORDER:
        return ""
    if standard == "eev":
        return "V"
    if not standard.startswith("euro_"):
        return "PRE"
    word = standard.removeprefix("euro_").split("_")[0]
    return word if word in _DIGITS.values() else _DIGITS[word[0]]


@cache
def _types() -> Mapping[tuple[str, str, str, str], tuple[str, str, str, str]]:
    """Return vehicle, type, fuel and the remark of the guide by category, fuel, segment and stream."""
    table = reference_table("china_type_map.csv").with_columns(pl.col("segment", "stream", "note").fill_null(""))
    return {
        (r["category"], r["fuel"], r["segment"], r["stream"]): (
            r["china_vehicle"],
            r["china_type"],
            r["china_fuel"],
            r["note"] if r["exactness"] == "near" else "",
        )
        for r in table.iter_rows(named=True)
    }


@cache
def _defects() -> Mapping[tuple[str, str, str, str], tuple[str, ...]]:
    """Return the defects of each row that is used all the same."""
    table = reference_table("china_guide_2014_defects.csv")
    used = table.filter((pl.col("table") == "base") & pl.col("handled").is_in(["kept", "replaced"]))
    out: dict[tuple[str, str, str, str], tuple[str, ...]] = {}
    for r in used.filter(pl.col("stage").is_not_null()).iter_rows(named=True):
        key = (r["vehicle"], r["type"], r["fuel"], r["stage"])
        out[key] = (*out.get(key, ()), r["defect_id"])
    return out


def guide_row(
    table: ChinaTable, category: str, fuel: str, segment: str, standard: str, *, stream: str = ""
) -> GuideRow:
    """Return the guide's row for a technology.

    Parameters
    ----------
    table
        The guide.
    category, fuel, segment, standard
        As in the other factor sets.
    stream
        ``taxi`` takes the guide's taxis; any other the type of the segment.
    """
    types = _types()
    keys = [(category, fuel, s, t) for t in (stream, "") for s in (segment, "")]
    found = next((types[k] for k in keys if k in types), None)
    if found is None:
        of_segment = f" of segment {segment}" if any(t[:2] == (category, fuel) for t in types) else ""
        return GuideRow(-1, f"the Chinese guide has no {category} on {fuel}{of_segment}")
    stage = stage_of(standard)
    if not stage:
        return GuideRow(-1, f"the Chinese guide has no standard {standard}")
    if stage == STAGE_VI:
        low, high = stage_vi_range(category)["NOx"]
        spread = f"NOx {low:g} to {high:g} times its factor"
        return GuideRow(-1, f"EMEP/EEA {standard} for stage VI, which came after the guide of 2014 ({spread})")
    vehicle, kind, china_fuel, remark = found
    key = (vehicle, kind, china_fuel, stage)
    row = table.row_numbers.get(key, -1)
    if row < 0:
        return GuideRow(-1, f"the Chinese guide has no stage {stage} of {vehicle} {kind} on {china_fuel}")
    replaced = f"{kind} {vehicle} of the guide ({remark})" if remark else ""
    return GuideRow(row, replaced, _defects().get(key, ()))


@cache
def stage_vi_range(category: str) -> Mapping[str, tuple[float, float]]:
    """Return the range of stage VI by pollutant, as multiples of the EMEP/EEA factor that stands in."""
    group = _GROUPS.get(category, "light_duty")
    table = reference_table("china_guide_2014_stage_vi.csv").filter(pl.col("group") == group)
    return {r["pollutant"]: (float(r["low"]), float(r["high"])) for r in table.iter_rows(named=True)}
