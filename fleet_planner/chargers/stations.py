"""Charging stations that are there: tables of the US Alternative Fuels Data Center and of Open Charge Map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.tables import read_cells
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from pathlib import Path

AFDC = "Fuel Type Code"
OPEN_CHARGE_MAP = "AddressInfo_Latitude"
AFDC_KW = 50.0
"""Power of a fast charger where the table of AFDC has none: told as a finding."""
AFDC_CONNECTORS = {"J1772COMBO": "ccs", "CHADEMO": "chademo"}
DIRECT_CURRENT_LEVEL = 3
OPEN_STATUS = ("50", "75", "")
"""Open Charge Map: operational, partly operational, not known."""
MOST_CHARGERS = 10_000
"""A station with more has a broken cell."""

CONNECTIONS = 10
"""Columns ``Connections_k_...`` that are looked for."""


def read_stations(path: Path, least_kw: float) -> tuple[pl.DataFrame, list[Finding]]:
    """Read public stations as candidates: columns of ``charging_sites`` with the chargers that are there.

    Parameters
    ----------
    path
        CSV or Parquet with the columns of AFDC or of Open Charge Map (nested names joined by ``_``).
    least_kw
        Weaker chargers do not count; a station without any is left out.

    Raises
    ------
    InputError
        The file is neither.
    """
    # reading gives latitude and longitude their usual names: lat, lon
    cells = read_cells(path, "chargers.stations")
    names = cells.columns
    if AFDC in names:
        rows, told = _afdc(cells, path, least_kw)
    elif OPEN_CHARGE_MAP in names:
        rows, told = _open_charge_map(cells, path, least_kw)
    else:
        raise InputError(
            "these are neither the columns of AFDC nor those of Open Charge Map",
            f"AFDC has {AFDC!r}, Open Charge Map {OPEN_CHARGE_MAP!r}; other stations go into chargers.candidates.",
            file=path,
            row=1,
        )
    kept = pl.DataFrame(rows, schema=SCHEMA)
    told.append(Finding("chargers.stations_read", "info", {"file": path.name, "rows": cells.height}, kept.height))
    return kept, told


SCHEMA = {
    "site_id": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "kind": pl.String,
    "existing_kw": pl.Float64,
    "existing_chargers": pl.Int64,
    "connectors": pl.String,
}


def _afdc(cells: pl.DataFrame, path: Path, least_kw: float) -> tuple[list[dict[str, object]], list[Finding]]:
    for column in ("ID", "lat", "lon", "EV DC Fast Count", "EV Connector Types"):
        if column not in cells.columns:
            raise InputError("a column of AFDC is missing", "Download the whole table.", path, 1, column)
    if least_kw > AFDC_KW:
        return [], [Finding("chargers.stations_power", "assumption", {"kw": AFDC_KW}, cells.height)]
    own = cells.with_columns(count=pl.col("EV DC Fast Count").cast(pl.Float64, strict=False).fill_null(0.0))
    electric = own.filter((pl.col(AFDC).fill_null("") == "ELEC") & pl.col("count").is_between(1.0, MOST_CHARGERS))
    out: list[dict[str, object]] = []
    for row in electric.iter_rows(named=True):
        words = (row["EV Connector Types"] or "").split()
        known = sorted({AFDC_CONNECTORS[w] for w in words if w in AFDC_CONNECTORS})
        place = _place(row["lon"], row["lat"])
        if known and place is not None:
            out.append(_station(f"afdc {row['ID']}", place, AFDC_KW, int(row["count"]), known))
    return out, [Finding("chargers.stations_power", "assumption", {"kw": AFDC_KW}, len(out))]


def _open_charge_map(cells: pl.DataFrame, path: Path, least_kw: float) -> tuple[list[dict[str, object]], list[Finding]]:
    for column in ("ID", "AddressInfo_Longitude"):
        if column not in cells.columns:
            raise InputError("a column of Open Charge Map is missing", "Download the whole table.", path, 1, column)
    types = dict(reference_table("ocm_connections.csv").select("connection_id", "connector").iter_rows())
    out: list[dict[str, object]] = []
    for row in cells.iter_rows(named=True):
        place = _place(row["AddressInfo_Longitude"], row["AddressInfo_Latitude"])
        if place is None or _whole(row.get("StatusTypeID")) not in OPEN_STATUS:
            continue
        best, count, connectors = 0.0, 0, set()
        for k in range(CONNECTIONS):
            head = f"Connections_{k}_"
            kind = types.get(_number(row.get(f"{head}ConnectionTypeID")))
            kw = _number(row.get(f"{head}PowerKW"))
            if kind is None or kw is None or kw < least_kw:
                continue
            # cables of several kinds hang on one charger: the most of a kind are the chargers
            told = _number(row.get(f"{head}Quantity")) or 1.0
            count = max(count, int(told) if 1.0 <= told <= MOST_CHARGERS else 1)
            best = max(best, kw)
            connectors.add(kind)
        if connectors:
            out.append(_station(f"ocm {row['ID']}", place, best, count, sorted(connectors)))
    return out, []


def _station(name: str, place: tuple[float, float], kw: float, count: int, connectors: list[str]) -> dict[str, object]:
    return {
        "site_id": name,
        "lon": place[0],
        "lat": place[1],
        "kind": "charging_station",
        "existing_kw": kw,
        "existing_chargers": count,
        "connectors": "|".join(connectors),
    }


def _place(lon: str | None, lat: str | None) -> tuple[float, float] | None:
    x, y = _number(lon), _number(lat)
    return None if x is None or y is None or abs(x) > 180.0 or abs(y) > 90.0 else (x, y)


def _number(text: str | None) -> float | None:
    try:
        value = math.nan if text is None else float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _whole(text: str | None) -> str:
    value = _number(text)
    return "" if value is None else f"{value:.0f}"
