"""What a kWh from the grid does to climate and health, by month, kind of day and hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.buses.charging.slots import KINDS, MONTHS, SLOTS
from fleet_planner.errors import InputError
from fleet_planner.units import HOURS_PER_DAY, KG_PER_T

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Float = NDArray[np.float64]

TABLE = "bus_charging_damage"
KEY = "buses.charging.damage"
SHAPE = (MONTHS, len(KINDS), SLOTS)


@dataclass(frozen=True)
class Damage:
    """Of a kWh from the grid; arrays by month, kind of day and slot, shape (12, 3, 96).

    Parameters
    ----------
    co2_kg
        Marginal CO2, kg.
    health_usd
        Damage to health, US$ 2024.
    usd_per_t
        Social cost of a tonne of CO2, US$ 2024.
    """

    co2_kg: Float
    health_usd: Float
    usd_per_t: float

    @property
    def usd(self) -> Float:
        """Damage of a kWh to climate and health, US$ 2024."""
        return self.co2_kg * self.usd_per_t / KG_PER_T + self.health_usd

    @property
    def varies(self) -> bool:
        """Whether a schedule can lower the damage: whether it differs between slots of some month."""
        usd = self.usd.reshape(MONTHS, -1)
        return bool((usd.max(axis=1) - usd.min(axis=1) > 1e-12).any())


def flat_damage(co2_kg: float, usd_per_t: float) -> Damage:
    """Return the damage of one marginal factor for all hours, health left out."""
    return Damage(np.full(SHAPE, co2_kg), np.zeros(SHAPE), usd_per_t)


def damage_by_hour(co2_kg: Float, usd_per_t: float) -> Damage:
    """Return the damage of a series of electricity by month and hour, shape (12, 24), health left out."""
    by_slot = np.repeat(co2_kg, SLOTS // HOURS_PER_DAY, axis=1)
    return Damage(np.broadcast_to(by_slot[:, None, :], SHAPE).copy(), np.zeros(SHAPE), usd_per_t)


def read_damage(path: Path, usd_per_t: float) -> Damage:
    """Read a table of marginal CO2 and damage to health by hour (``tables/columns/bus_charging_damage.csv``).

    Parameters
    ----------
    path
        Of the table. Rows without a month or a kind of day hold for all of them.
    usd_per_t
        Social cost of a tonne of CO2, US$ 2024.

    Raises
    ------
    InputError
        A cell is wrong, or an hour of some month and kind of day has no row or two.
    """
    table = typed(read_cells(path, KEY), TABLE, path)
    refuse(table, pl.col("hour") >= HOURS_PER_DAY, "hour", path, "there is no such hour", "Give 0 to 23.")
    many = np.zeros((MONTHS, len(KINDS), HOURS_PER_DAY), dtype=np.int64)
    co2, health = np.zeros(many.shape), np.zeros(many.shape)
    for row in table.iter_rows(named=True):
        months = slice(None) if row["month"] is None else slice(row["month"] - 1, row["month"])
        kinds = slice(None) if row["kind_of_day"] is None else slice(*_one(KINDS.index(row["kind_of_day"])))
        place = (months, kinds, row["hour"])
        many[place] += 1
        if (many[place] > 1).any():
            raise InputError("this hour has two rows", "Remove one.", path, row["row"], "hour", row["hour"])
        co2[place] = row["co2_kg_per_kwh"]
        health[place] = row["health_usd_per_kwh"] or 0.0
    if (many == 0).any():
        month, kind, hour = np.argwhere(many == 0)[0]
        raise InputError(
            f"there is no row for hour {hour} of a {KINDS[kind]} in month {month + 1}", "Add it.", path, column="hour"
        )
    wide = SLOTS // HOURS_PER_DAY
    return Damage(np.repeat(co2, wide, axis=2), np.repeat(health, wide, axis=2), usd_per_t)


def _one(index: int) -> tuple[int, int]:
    return index, index + 1
