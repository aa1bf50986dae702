"""Masses and amounts of money of the report's data in other units, chapter by chapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_planner.tables import pollutants
from fleet_planner.units import MASS_PER_T

INSIDE = "USD 2024"
"""Amounts that the page may turn; a plan whose economics have another unit keeps it, as the heads say."""
TON = "t"
EMISSION = "emission"
MONEY = "usd"
RATES = ("private_rate", "public_rate", "rate")
COUNTED = ("years", "first_year", "last_year", "least_cover", "least_cover_year")
"""Of rows with a unit: what is no amount."""
GRANT = ("cost_per_vehicle", "grant_per_vehicle", "low", "high", "limit")
BENEFITS = ("costs", "health", "climate", "net_present_value", "net_low", "net_high")
HEALTH = ("value", "low", "high", "avoided", "avoided_low", "avoided_high")
DRAWN_MONEY = "US$ 2024"
DRAWN = ("value", "mean", "median", "low", "high", "sd")
TARGET = ("base_per_year", "allowed_per_year", "value_per_year", "gap_per_year")

Data = Mapping[str, Any]


def with_money(data: Data, factor: float, unit: str) -> dict[str, Any]:
    """Return the data with US dollars of 2024 turned into another currency.

    Parameters
    ----------
    data
        Of the report.
    factor
        What a US dollar of 2024 becomes.
    unit
        Code and year of the other currency, such as ``CNY 2024``.
    """
    out = {k: named(data.get(k), factor) for k in ("costs", "comparison", "meaning", "economics")}
    comparison, means, paid = out["comparison"], out["meaning"], out["economics"]
    if comparison:
        comparison["grants"] = [scaled(row, GRANT, factor) for row in comparison["grants"]]
        comparison["break_even"] = [
            scaled(row, ("border", "now"), factor) if MONEY in row["variable"] else row
            for row in comparison["break_even"]
        ]
    if means:
        means["uncertainty"] = [_drawn_money(row, factor, unit) for row in means.get("uncertainty", [])]
        means["benefits"] = [_in_unit(row, BENEFITS, factor, unit) for row in means.get("benefits", [])]
        means["health"] = [
            scaled(row, HEALTH, factor) if row["effect"] == "value" else row for row in means.get("health", [])
        ]
    if paid:
        paid["worth"] = [_all_amounts(row, factor, unit) for row in paid["worth"]]
        paid["cash"] = [_all_amounts(row, factor, unit) for row in paid["cash"]]
        paid["ownership"] = [
            row
            if row["unit"] != INSIDE
            else row | {"unit": unit, "lines": {k: [v * factor for v in line] for k, line in row["lines"].items()}}
            for row in paid["ownership"]
        ]
    return {**data, **out}


def with_mass(data: Data, factor: float, mass: str) -> dict[str, Any]:
    """Return the data with yearly masses in another unit.

    Parameters
    ----------
    data
        Of the report.
    factor
        What a tonne a year becomes.
    mass
        Name of the unit.
    """
    later = data.get("later")
    return {
        **data,
        "summary": [
            scaled(row, [k for k in row if "per_year" in k], factor) if row["unit"] == TON else row
            for row in data["summary"]
        ],
        "targets": [_mass(row, TARGET, factor, mass) for row in data.get("targets") or []],
        "later": _later(later, factor, mass) if later else later,
        "meaning": _drawn_masses(data.get("meaning"), factor, mass),
        "standards": [(name, value * factor) for name, value in data["standards"]],
        "operation": [
            row | {"effects": {k: _effect(effect, factor, mass) for k, effect in row["effects"].items()}}
            for row in data.get("operation") or []
        ],
    }


def _drawn_masses(means: Data | None, factor: float, mass: str) -> Data | None:
    """Return the tables on climate and air with the yearly totals of the draws in another unit; lead stays in kg."""
    if not means or not means.get("uncertainty"):
        return means
    in_t = {p.pollutant for p in pollutants() if p.unit_per_year == TON}
    rows = [
        _mass(row, DRAWN, factor, mass) if row["figure"] == EMISSION and row["pollutant"] in in_t else dict(row)
        for row in means["uncertainty"]
    ]
    return {**means, "uncertainty": rows}


def scaled(row: Data, keys: Any, factor: float) -> dict[str, Any]:
    """Return a row with some of its figures multiplied; empty ones stay."""
    return {k: v * factor if k in keys and isinstance(v, float | int) else v for k, v in row.items()}


def named(value: Any, factor: float) -> Any:
    """Return plain data in which every figure whose name tells US dollars is multiplied."""
    if isinstance(value, list | tuple):
        return [named(v, factor) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: v * factor if MONEY in k and isinstance(v, float | int) else named(v, factor) for k, v in value.items()}


def _in_unit(row: Data, keys: Any, factor: float, unit: str) -> dict[str, Any]:
    return dict(row) if row["unit"] != INSIDE else scaled(row, keys, factor) | {"unit": unit}


def _drawn_money(row: Data, factor: float, unit: str) -> dict[str, Any]:
    """Return a row of the draws in another currency; ``US$ 2024/year`` is the unit of costs there."""
    for known in (INSIDE, DRAWN_MONEY):
        if row["unit"].startswith(known):
            return scaled(row, DRAWN, factor) | {"unit": row["unit"].replace(known, unit)}
    return dict(row)


def _all_amounts(row: Data, factor: float, unit: str) -> dict[str, Any]:
    """Return a row of amounts, lists of them too, in another currency."""
    if row["unit"] != INSIDE:
        return dict(row)
    out = scaled(row, [k for k in row if k not in (*RATES, *COUNTED)], factor) | {"unit": unit}
    return {k: [x * factor for x in v] if isinstance(v, list) and k not in COUNTED else v for k, v in out.items()}


def _effect(effect: Data, factor: float, mass: str) -> dict[str, Any]:
    return _mass(effect, [k for k in effect if k.endswith("_per_year")], factor, mass)


def _mass(row: Data, keys: Any, factor: float, mass: str) -> dict[str, Any]:
    """Return a row whose ``unit`` is one of mass in another one."""
    if row["unit"] not in MASS_PER_T:
        return dict(row)
    return scaled(row, keys, factor / MASS_PER_T[row["unit"]]) | {"unit": mass}


def _later(later: Data, factor: float, mass: str) -> dict[str, Any]:
    by = {p: factor if unit == TON else 1.0 for p, unit in later["units"].items()}

    def turned(values: Mapping[str, list[float]]) -> dict[str, list[float]]:
        return {p: [v * by[p] for v in line] for p, line in values.items()}

    return {
        **later,
        "values": turned(later["values"]),
        "outside": turned(later["outside"]),
        "paths": {s: turned(values) for s, values in later["paths"].items()},
        "units": {p: mass if unit == TON else unit for p, unit in later["units"].items()},
    }
