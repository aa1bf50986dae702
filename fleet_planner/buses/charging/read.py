"""Read a table of stays at chargers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.buses.charging.curve import curve_of
from fleet_planner.buses.model import Charging
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "bus_charging_sessions"
KEY = "buses.charging.sessions"
DEFAULTS = {
    "site_kind": "depot",
    "kind_of_day": "weekday",
    "arrive_soc": 0.0,
    "charger_efficiency": 0.95,
}


def read_sessions(path: Path) -> Charging:
    """Read stays (``tables/columns/bus_charging_sessions.csv``); what is empty has the dictionary's default.

    Raises
    ------
    InputError
        A cell is wrong, a bus leaves before it comes, or draws nothing though it needs something.
    """
    table = typed(read_cells(path, KEY), TABLE, path)
    refuse(
        table,
        pl.col("leave_s") <= pl.col("arrive_s"),
        "leave_s",
        path,
        "the bus leaves before it comes",
        "Add 86400 to times after midnight.",
    )
    refuse(
        table,
        (pl.col("max_battery_kw") <= 0.0) & (pl.col("need_battery_kwh") > 0.0),
        "max_battery_kw",
        path,
        "the bus needs energy and can draw none",
        "Give the power of the charger or bus, the lower one.",
    )
    for number, text in table.select("row", "charge_curve").drop_nulls().iter_rows():
        try:
            curve_of(text)
        except (ValueError, IndexError):
            remedy = "Write state of charge and kW, rising from 0 to 1, such as 0 150;0.8 150;1 15."
            raise InputError("this is no charge curve", remedy, path, number, "charge_curve", text) from None
    assumed = table["charger_efficiency"].null_count()
    filled = table.with_columns(pl.col(c).fill_null(v) for c, v in DEFAULTS.items()).with_columns(
        bus=pl.col("bus").fill_null(pl.col("block_id"))
    )
    findings = (Finding("buses.charger_efficiency", "assumption", {"percent": "95"}, assumed),) if assumed else ()
    return Charging(filled.drop("row"), findings)
