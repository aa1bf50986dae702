"""What the measures on a vehicle do to its exhaust, combined in the canonical order of effects.

A new vehicle first, then what is bolted to it, then the fuel, looked up for the aftertreatment that is there by now,
then its sulphur. Tyres and aerodynamics act on the tractive energy, whatever engine or battery provides it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.reference import reference_table
from fleet_planner.scenarios.catalogue import GEAR_SLOTS, ON_TOP, RETROFIT_SLOTS, SLOTS, measures_table
from fleet_planner.scenarios.rows import VARIANT
from fleet_planner.scenarios.sulphur import sulphur_changes
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FOLLOWS = {"BC": "PM_exhaust", "SPN23": "BC"}
"""Pollutants that change like another one where a measure has no figure of their own: particle number is soot."""

BURNT = ("energy_MJ", "CO2", "SO2")
DRIVEN = (*BURNT, "CO2_biogenic", "electricity_kwh", "CO2_grid")
"""What goes with the fuel burnt, and with the tractive energy."""

POINTS = "NO2_share_points"
NAMES = tuple(p.pollutant for p in pollutants())

Rows = list[dict[str, Any]]


def multipliers(state: pl.DataFrame, measures: pl.DataFrame, sulphur_ppm: float = 0.0) -> pl.DataFrame:
    """Return the multiplier of each row and pollutant, effects combined in the canonical order.

    Devices that the registry names as retrofitted act like the measure that brings them. ``sulphur_ppm`` is that of
    the diesel before any measure.
    """
    by_sulphur = pl.col("m_sulphur") != ""
    keys = state.select(
        *(f"m_{slot}" for slot in SLOTS),
        "fitted",
        "failed",
        filtered=pl.col("aftertreatment").str.contains("DPF", literal=True),
        category=pl.when(by_sulphur).then("category").otherwise(pl.lit("")),
        standard=pl.when(by_sulphur).then("standard").otherwise(pl.lit("")),
    )
    distinct = keys.unique(maintain_order=True)
    book = _book(measures)
    table = [_combined(row, book, sulphur_ppm) for row in distinct.iter_rows(named=True)]
    values = pl.DataFrame(table, schema=[*NAMES, POINTS], orient="row")
    joined = keys.join(
        pl.concat([distinct, values], how="horizontal"), on=keys.columns, how="left", maintain_order="left"
    )
    return joined.select(*NAMES, POINTS)


def _book(measures: pl.DataFrame) -> dict[str, Rows]:
    out: dict[str, Rows] = {}
    for row in measures.iter_rows(named=True):
        out.setdefault(row["measure_id"], []).append(row)
    return out


def _fitted_measure(devices: str, book: Mapping[str, Rows]) -> str:
    """Return the measure that brings the devices of the registry; "" where none does."""
    brings = (name for name, rows in book.items() if rows[0]["kind"] == "retrofit" and rows[0]["device"] == devices)
    return next(brings, "") if devices else ""


def _combined(row: dict[str, Any], book: Mapping[str, Rows], sulphur_ppm: float) -> list[float]:
    factor = dict.fromkeys(NAMES, 1.0) | {"CO2_biogenic": 0.0, POINTS: 0.0}
    engine = ("with_filter" if row["filtered"] else "legacy", "any")
    failed = row["failed"].split(",")
    _replace(factor, book.get(row["m_replacement"], []))
    for measure in (
        _fitted_measure(row["fitted"], book),
        *(row[f"m_{slot}"] for slot in RETROFIT_SLOTS if slot not in failed),
    ):
        _act(factor, _acting(book.get(measure, [])), BURNT)
    _refuel(factor, [r for r in _acting(book.get(row["m_fuel"], [])) if r["effect_on"] in engine])
    neat = row["m_fuel"].partition(VARIANT)[0] in neat_fuels()
    for first in [] if neat else book.get(row["m_sulphur"], [])[:1]:
        changes = sulphur_changes(
            first["modelled"],
            row["category"],
            row["standard"],
            sulphur_ppm,
            first["to_sulphur_ppm"],
            filtered=row["filtered"],
        )
        _scale(factor, changes)
    for slot in GEAR_SLOTS:
        _act(factor, _acting(book.get(row[f"m_{slot}"], [])), DRIVEN)
    return list(factor.values())


def _acting(rows: Rows) -> Rows:
    return [r for r in rows if r["modelled"] == "yes"]


def _changes(rows: Rows) -> dict[str, float]:
    return {r["pollutant"]: float(r["change_pct"]) for r in rows}


def _replace(factor: dict[str, float], rows: Rows) -> None:
    """Let the percentages of a new vehicle act on the factors that stand in for it; others have their own factors."""
    on_top = [r for r in rows if r["modelled"] == ON_TOP]
    if on_top:
        _by(factor, BURNT, on_top[0]["fuel_penalty_pct"] or 0.0)
        _scale(factor, _changes(on_top))


def _act(factor: dict[str, float], rows: Rows, carried: Sequence[str]) -> None:
    """Let a device act, or running gear.

    The fuel penalty stands twice in the table, as CO2 and as fuel: what is carried takes it, once.
    """
    if not rows:
        return
    changes = _changes(rows)
    _by(factor, carried, changes.pop("CO2", rows[0]["fuel_penalty_pct"] or 0.0))
    factor[POINTS] += changes.pop(POINTS, 0.0) / 100.0
    _scale(factor, changes)


def _refuel(factor: dict[str, float], rows: Rows) -> None:
    changes = _changes(rows)
    if rows and rows[0]["plant_fuel"] and "CO2" in changes:
        carbon = plant_carbon()[rows[0]["plant_fuel"], rows[0]["fuels"].split("|")[0]]
        factor["CO2_biogenic"] = factor["CO2"] * -changes["CO2"] / 100.0 * carbon
    _scale(factor, changes)


def _scale(factor: dict[str, float], changes: dict[str, float]) -> None:
    for follower, leader in FOLLOWS.items():
        if leader in changes:
            changes.setdefault(follower, changes[leader])
    for pollutant, change in changes.items():
        _by(factor, [pollutant], change)


def _by(factor: dict[str, float], names: Iterable[str], change_pct: float) -> None:
    for name in names:
        factor[name] *= 1.0 + change_pct / 100.0


def energy_factors(measures: pl.DataFrame) -> dict[str, float]:
    """Return by what each device or running gear multiplies the energy of the vehicle that it is on."""
    out = {}
    for measure, rows in _book(measures).items():
        factor = dict.fromkeys((*NAMES, POINTS), 1.0)
        if rows[0]["slot"] in (*RETROFIT_SLOTS, *GEAR_SLOTS):
            _act(factor, _acting(rows), BURNT)
        out[measure] = factor["energy_MJ"]
    return out


@cache
def neat_fuels() -> frozenset[str]:
    """Return the measures that take the place of all diesel: its sulphur is not theirs."""
    return frozenset(reference_table("neat_fuels.csv")["measure_id"])


@cache
def plant_carbon() -> Mapping[tuple[str, str], float]:
    """Return the CO2 per MJ of a fuel from plants over that of the fossil one, by both, for every measure's fuel."""
    fuels = reference_table("fuels.csv").iter_rows(named=True)
    kg_per_mj = {row["fuel"]: row["co2_kg_per_kg"] / row["lower_heating_mj_kg"] for row in fuels}
    pairs = measures_table().filter(pl.col("plant_fuel") != "").select("plant_fuel", "fuels").unique().iter_rows()
    both = [(plant, fossil.split("|")[0]) for plant, fossil in pairs]
    return {(plant, fossil): kg_per_mj[plant] / kg_per_mj[fossil] for plant, fossil in both}
