"""The packaged figures of measures in operation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fleet_planner.reference import reference_table

TABLE = "operation_figures.csv"


@dataclass(frozen=True)
class Figure:
    """A figure with its range and whether its source was read."""

    value: float
    low: float
    high: float
    year: int
    checked: bool


@cache
def figures(measure_id: str, name: str) -> dict[str, Figure]:
    """Return the figures of a measure under a name, by what they apply to ("" for all)."""
    rows = reference_table(TABLE).filter(measure_id=measure_id, figure=name)
    return {
        row["applies"] or "": Figure(row["value"], row["low"], row["high"], row["year"], row["checked"] == "yes")
        for row in rows.iter_rows(named=True)
    }


def figure(measure_id: str, name: str) -> Figure:
    """Return the one figure of a measure under a name."""
    return figures(measure_id, name)[""]


@cache
def titles() -> dict[str, tuple[str, str]]:
    """Return English and Chinese title by measure."""
    rows = reference_table("operation_measures.csv").select("measure_id", "title_en", "title_zh")
    return {measure: (en, zh) for measure, en, zh in rows.iter_rows()}
