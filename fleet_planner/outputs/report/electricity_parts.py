"""How clean electricity is, as tables of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

G_PER_KG = 1e3


def grid_part(rows: Sequence[Mapping[str, Any]], t: Mapping[str, str], _names: Mapping[str, str]) -> dict[str, Any]:
    """Return the CO2 of electricity by year, in g per kWh."""
    out = [
        [
            str(row["year"]),
            _with_range(*(row[f"{k}_kg_per_kwh"] * G_PER_KG for k in ("average", "low", "high"))),
            significant(row["marginal_kg_per_kwh"] * G_PER_KG),
        ]
        for row in rows
    ]
    first = rows[0]
    notes = [t["grid_path_note"], t[f"grid_path_{first['path']}"]]
    if first["clean_year"] is not None:
        notes.append(t["grid_path_clean"].format(year=first["clean_year"]))
    if first["checked"] == "no":
        notes.append(t["grid_path_unchecked"])
    head = [t[k] for k in ("grid_path_year", "grid_path_mean", "grid_path_marginal")]
    return {"id": "grid-path", "title": t["grid_path"], "notes": notes, "head": head, "rows": out, "words": 1}


def _with_range(value: float, low: float, high: float) -> str:
    return significant(value) + (f" ({significant(low)}–{significant(high)})" if low != high else "")
