"""Small made-up stays at chargers, terms and sites for the tests of charging."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.buses.charging.damage import SHAPE, Damage, flat_damage
from fleet_planner.buses.charging.slots import days_of_year
from fleet_planner.buses.charging.stays import Stays, stays_of
from fleet_planner.buses.charging.tariff import Tariff, flat_tariff, read_tariff
from fleet_planner.buses.charging.terms import Season, seasons_of

DARK = np.zeros((12, 96))
DAYS = days_of_year(2023)


def stay(
    bus: str, arrive_h: float, leave_h: float, need: float, kw: float = 100.0, kind: str = "weekday", **more: object
) -> dict[str, object]:
    return {
        "site_id": "yard",
        "site_kind": "depot",
        "kind_of_day": kind,
        "block_id": bus,
        "bus": bus,
        "arrive_s": arrive_h * 3600.0,
        "leave_s": leave_h * 3600.0,
        "arrive_soc": 0.3,
        "need_battery_kwh": need,
        "max_battery_kw": kw,
        "charger_efficiency": 1.0,
        "battery_kwh": 400.0,
        **more,
    }


def stays(*rows: dict[str, object]) -> Stays:
    return stays_of(pl.DataFrame(list(rows)))


def night(many: int, seed: int, kinds: tuple[str, ...] = ("weekday", "saturday", "sunday")) -> Stays:
    """Buses that come in the evening and leave in the morning, some at noon too."""
    draw = np.random.default_rng(seed)
    rows = []
    for kind in kinds:
        for b in range(many):
            more = {"charger_efficiency": 0.95}
            begin = draw.uniform(16.0, 25.5)
            end = draw.uniform(28.0, 32.0)
            rows.append(stay(f"b{b}", begin, end, draw.uniform(60.0, 200.0), kind=kind, **more))
            if draw.random() < 0.4:
                noon = draw.uniform(9.0, 13.0)
                rows.append(stay(f"b{b}", noon, noon + 1.7, draw.uniform(10.0, 90.0), kind=kind, **more))
    return stays_of(pl.DataFrame(rows))


def seasons(
    tariff: str | Tariff = "sce_tou_ev_9_2030", sun: np.ndarray = DARK, damage: Damage | None = None
) -> list[Season]:
    found = read_tariff(tariff, Path()) if isinstance(tariff, str) else tariff
    return seasons_of(found, 1.0, DAYS, damage or flat_damage(0.4, 200.0), sun)


def flat(price: float = 0.1) -> Tariff:
    return flat_tariff(price, "flat", "单一")


def hourly_damage(usd_at_noon: float, usd_else: float) -> Damage:
    """Damage to health that differs from 10 to 16 o'clock."""
    health = np.full(SHAPE, usd_else)
    health[:, :, 40:64] = usd_at_noon
    return Damage(np.full(SHAPE, 0.4), health, 200.0)
