"""What the measures on a vehicle do to its exhaust, combined in the canonical order of effects."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.reference import reference_table
from fleet_planner.scenarios.catalogue import KIND_ORDER
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from collections.abc import Mapping

BIOFUELS = {
    "b5": ("biodiesel", "diesel"),
    "b20": ("biodiesel", "diesel"),
    "b100": ("biodiesel", "diesel"),
    "rd99": ("hvo", "diesel"),
    "rng": ("cng", "cng"),
}
"""Measures whose fossil CO2 falls because their carbon grew as plants: that fuel, and the fossil one it replaces."""

FOLLOWS = {"BC": "PM_exhaust", "SPN23": "BC"}
"""Pollutants that change like another one where a measure has no figure of their own: particle number is soot."""

POINTS = "NO2_share_points"
NAMES = tuple(p.pollutant for p in pollutants())


def multipliers(state: pl.DataFrame, measures: pl.DataFrame) -> pl.DataFrame:
    """Return the multiplier of each row and pollutant, effects combined in the canonical order.

    Devices that the registry names as retrofitted act like the measure that brings them.
    """
    devices = pl.col("aftertreatment").str.extract_all(r"[A-Za-z]+_retrofit").list.join("+")
    keys = state.select(
        *(f"m_{k}" for k in KIND_ORDER),
        fitted=devices.str.replace_all("_retrofit", ""),
        filtered=pl.col("aftertreatment").str.contains("DPF", literal=True),
        failed=pl.col("failed"),
    )
    distinct = keys.unique(maintain_order=True)
    table = [_combined(row, measures) for row in distinct.iter_rows(named=True)]
    values = pl.DataFrame(table, schema=[*NAMES, POINTS], orient="row")
    joined = keys.join(
        pl.concat([distinct, values], how="horizontal"), on=keys.columns, how="left", maintain_order="left"
    )
    return joined.select(*NAMES, POINTS)


def _fitted_measure(devices: str, measures: pl.DataFrame) -> str:
    """Return the measure that brings the devices of the registry; "" where none does."""
    rows = measures.filter((pl.col("kind") == "retrofit") & (pl.col("device") == devices))
    return str(rows["measure_id"][0]) if devices and rows.height else ""


def _combined(row: dict[str, Any], measures: pl.DataFrame) -> list[float]:
    factor = dict.fromkeys(NAMES, 1.0) | {"CO2_biogenic": 0.0}
    points = 0.0
    for kind in KIND_ORDER:
        measure = row[f"m_{kind}"]
        if kind == "retrofit" and not measure:
            measure = _fitted_measure(row["fitted"], measures)
        if not measure or kind in {"standard", "replacement"} or (kind == "retrofit" and row["failed"]):
            continue  # the new vehicle has factors of its own, or no exhaust
        state = "with_filter" if row["filtered"] else "legacy"
        rows = measures.filter((pl.col("measure_id") == measure) & (pl.col("modelled") == "yes"))
        if kind == "fuel":
            # the fuel acts on what the technology change left: with a filter, or a legacy engine
            rows = rows.filter(pl.col("effect_on").is_in([state, "any"]))
        # the fuel penalty stands twice in the table: as CO2 and as fuel; fuel energy takes the penalty, CO2 follows it
        penalty = rows["fuel_penalty_pct"].cast(pl.Float64).max() if rows.height else None
        if kind == "retrofit" and isinstance(penalty, float):
            for pollutant in ("energy_MJ", "CO2", "SO2"):
                factor[pollutant] *= 1.0 + penalty / 100.0
        changes = dict(rows.select("pollutant", pl.col("change_pct").cast(pl.Float64)).iter_rows())
        points += changes.pop(POINTS, 0.0) / 100.0
        if kind == "retrofit":
            changes.pop("CO2", None)  # it is the fuel penalty
        if measure in BIOFUELS and "CO2" in changes:
            factor["CO2_biogenic"] = factor["CO2"] * -changes["CO2"] / 100.0 * plant_carbon()[measure]
        for follower, leader in FOLLOWS.items():
            if leader in changes:
                changes.setdefault(follower, changes[leader])
        for pollutant, change in changes.items():
            factor[pollutant] *= 1.0 + change / 100.0
    return [*factor.values(), points]


@cache
def plant_carbon() -> Mapping[str, float]:
    """Return, for each measure of `BIOFUELS`, the CO2 per MJ of the fuel from plants over that of the fossil one."""
    fuels = reference_table("fuels.csv").iter_rows(named=True)
    kg_per_mj = {row["fuel"]: row["co2_kg_per_kg"] / row["lower_heating_mj_kg"] for row in fuels}
    return {measure: kg_per_mj[plant] / kg_per_mj[fossil] for measure, (plant, fossil) in BIOFUELS.items()}
