"""What vehicles use a year, all their kilometres: of treated ones with and without their measures, and of a fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.ownership import Use
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.units import DAYS_PER_YEAR, G_PER_T

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleet_planner.inventory import Inventory
    from fleet_planner.scenarios import ScenarioFleet

LEAST_SHARE = 1e-9
AMOUNTS = ("vehicles", "km", "mj", "kwh", "co2_t")


@dataclass(frozen=True)
class Treated:
    """Vehicles of a stream that have the same measures.

    Parameters
    ----------
    measures
        Their ids, replacement first.
    before, after
        Of one vehicle and year, without and with them.
    """

    stream: str
    measures: tuple[str, ...]
    vehicles: float
    before: Use
    after: Use


def used_by_row(rows: pl.DataFrame, inventory: Inventory) -> pl.DataFrame:
    """Return what each row's vehicles use a year, those registered here, wherever they drive.

    Returns
    -------
    pl.DataFrame
        ``stream, measures, tank, vehicles, km, mj, kwh, co2_t``; rows as in the fleet.
    """
    inside = np.maximum(rows["share_inside"].to_numpy(), LEAST_SHARE)
    year = DAYS_PER_YEAR / inside
    index = {name: inventory.pollutants.index(name) for name in ("energy_MJ", "electricity_kwh", "CO2")}
    return rows.select(
        "stream",
        "measures",
        "visiting",
        tank=pl.col("fuel").replace_strict({f: tank(f) for f in rows["fuel"].unique()}, return_dtype=pl.String),
        vehicles=pl.col("count").cast(pl.Float64),
        km=pl.col("count") * pl.col("km_per_year"),
        mj=pl.Series(inventory.vehicle[:, index["energy_MJ"]] * year),
        kwh=pl.Series(inventory.vehicle[:, index["electricity_kwh"]] * year),
        co2_t=pl.Series(inventory.vehicle[:, index["CO2"]] * year / G_PER_T),
    )


def fleet_use(vehicles: pl.DataFrame, inventory: Inventory) -> pl.DataFrame:
    """Return what the city's own vehicles use a year by ``stream, measures, tank`` (see `used_by_row`)."""
    rows = used_by_row(vehicles, inventory).filter(~pl.col("visiting"))
    key = ["stream", "measures", "tank"]
    return rows.group_by(key).agg(pl.col(*AMOUNTS).sum()).sort(key)


def treated_groups(
    now: tuple[ScenarioFleet, Inventory], start: tuple[ScenarioFleet, Inventory], fuels: Collection[str]
) -> list[Treated]:
    """Return the vehicles that a scenario treats, by stream and measures.

    Parameters
    ----------
    now, start
        Fleet and inventory of the scenario and of the baseline.
    fuels
        Measures that are fuels: their premium is paid on what the vehicle burns.
    """
    state = now[0]
    after = used_by_row(state.vehicles, now[1]).with_row_index("row")
    before = used_by_row(start[0].vehicles, start[1])
    source = state.vehicles["baseline_row"].to_numpy()
    part = after["vehicles"].to_numpy() / np.maximum(before["vehicles"].to_numpy()[source], 1e-300)
    had = before[source].with_columns(pl.col("km", "mj", "kwh", "co2_t") * pl.Series(part))
    out = []
    for (stream, measures), rows in after.filter(pl.col("measures") != "").group_by(
        "stream", "measures", maintain_order=True
    ):
        count = float(rows["vehicles"].sum())
        if count <= 0.0:
            continue
        listed = tuple(str(measures).split(","))
        then = had[rows["row"].to_list()]
        out.append(
            Treated(
                str(stream), listed, count, _use(then, count, ()), _use(rows, count, [m for m in listed if m in fuels])
            )
        )
    return out


def total_use(rows: pl.DataFrame, fuels: Collection[str]) -> Use:
    """Return what a whole fleet uses a year, from `fleet_use`."""
    by_tank = rows.group_by("tank").agg(pl.col("mj").sum()).sort("tank")
    premium: dict[str, float] = {}
    for listed, mj in rows.select("measures", "mj").iter_rows():
        for measure in set(listed.split(",")) & set(fuels):
            premium[measure] = premium.get(measure, 0.0) + mj
    return Use(
        km=float(rows["km"].sum()),
        fuel_mj=dict(by_tank.iter_rows()),
        electricity_kwh=float(rows["kwh"].sum()),
        premium_mj=premium,
        co2_t=float(rows["co2_t"].sum()),
    )


def _use(rows: pl.DataFrame, count: float, premium: Collection[str]) -> Use:
    by_tank = rows.group_by("tank").agg(pl.col("mj").sum()).filter(pl.col("mj") > 0.0).sort("tank")
    burnt = float(rows["mj"].sum()) / count
    return Use(
        km=float(rows["km"].sum()) / count,
        fuel_mj={name: mj / count for name, mj in by_tank.iter_rows()},
        electricity_kwh=float(rows["kwh"].sum()) / count,
        premium_mj=dict.fromkeys(premium, burnt),
        co2_t=float(rows["co2_t"].sum()) / count,
    )
