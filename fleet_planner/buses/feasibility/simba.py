"""Vehicle types and charging stations in the files of SimBA (Reiner Lemoine Institut, MIT licence).

Both are JSON with ``//`` comments. Vehicle types: by type and charging type (``depb`` at depots, ``oppb`` on the way
too) ``capacity`` in kWh, ``charging_curve`` as pairs of state of charge and kW, ``battery_efficiency`` (0.95 where it
is not given). Stations: by name ``type`` (``deps`` or ``opps``), ``n_charging_stations`` (null: one for every bus),
``gc_power`` of the grid connection and ``cs_power_...`` of a charger, kW.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, first_line
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.plan.buses_battery import BusStation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.buses.feasibility.model import Float

MOST = 1e6
"""Chargers of a station, or their kW: more is no figure of either."""

EFFICIENCY = 0.95
"""SimBA's own default."""

CHARGING_TYPES = ("depb", "oppb")
TEXT_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*')


@dataclass(frozen=True)
class BatteryType:
    """A battery: nominal kWh, states of charge and the kW taken there, efficiency."""

    kwh: float
    curve_soc: Float
    curve_kw: Float
    efficiency: float


@dataclass(frozen=True)
class ListedSites:
    """Stations on the way, and the chargers of depots by name."""

    stations: tuple[BusStation, ...]
    depot_chargers: Mapping[str, int]


def read_json(path: Path) -> Any:
    """Read JSON with comments.

    Raises
    ------
    InputError
        There is no such file, or it is no JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except TABLE_FAULTS as error:
        raise InputError("this file cannot be read", first_line(error), file=path) from error
    bare = TEXT_OR_COMMENT.sub(lambda found: found.group() if found.group().startswith('"') else "", text)
    try:
        return json.loads(bare)
    except RecursionError as error:
        raise InputError("this is no JSON of a bus network", "It is nested too deeply.", file=path) from error
    except json.JSONDecodeError as error:
        raise InputError("this is no JSON", str(error), file=path, row=error.lineno) from error


def read_vehicle_types(path: Path, words: Mapping[str, str]) -> dict[str, BatteryType]:
    """Read vehicle types: batteries by ``type/charging type``, the type in our words.

    Parameters
    ----------
    path
        The file.
    words
        Its types -> ours, as ``buses.bus_type_words`` has them.

    Raises
    ------
    InputError
        The file is malformed, or a figure of a type is missing or cannot be.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError("no vehicle types", "Give a table by type and charging type.", file=path)
    out = {}
    for name, variants in content.items():
        for charging, given in variants.items() if isinstance(variants, dict) else ():
            where = f"{name}.{charging}"
            try:
                points = np.array(given["charging_curve"], dtype=np.float64)
                kwh = float(given["capacity"])
                efficiency = float(given.get("battery_efficiency", EFFICIENCY))
            except (KeyError, TypeError, ValueError) as error:
                remedy = "Give capacity and charging_curve as numbers."
                raise InputError("a figure of this type is missing or no number", remedy, path, None, where) from error
            curve = points.ndim == 2 and points.shape[1] == 2 and points[0, 0] == 0.0 and points[-1, 0] == 1.0
            power = curve and ((points[:, 1] >= 0.0) & (points[:, 1] <= MOST)).all()
            if not (power and (np.diff(points[:, 0]) > 0.0).all() and 0.0 < kwh < MOST and 0.0 < efficiency <= 1.0):
                remedy = (
                    "Let charging_curve rise from state 0 to 1 with kW of 0 or more, capacity be above 0, "
                    "battery_efficiency above 0 and at most 1."
                )
                raise InputError("this battery cannot be", remedy, path, None, where)
            out[f"{words.get(name, name)}/{charging}"] = BatteryType(kwh, points[:, 0], points[:, 1], efficiency)
    return out


def read_stations(path: Path) -> ListedSites:
    """Read charging stations.

    Raises
    ------
    InputError
        The file is malformed or a station has no known type.
    """
    content = read_json(path)
    stations, depots = [], {}
    for name, given in content.items() if isinstance(content, dict) else ():
        kind = given.get("type") if isinstance(given, dict) else None
        if kind not in {"deps", "opps"}:
            raise InputError("no such type of station", "Use deps or opps.", path, None, f"{name}.type", kind)
        where = f"{name}."
        many = _figure(given, "n_charging_stations", where, path)
        if kind == "deps":
            depots[name] = 0 if many is None else int(many)
            continue
        kw, grid = (_figure(given, key, where, path) for key in ("cs_power_opps", "gc_power"))
        stations.append(
            BusStation(
                place=name,
                chargers=0 if many is None else int(many),
                kw=kw,
                grid_kw=grid,
            )
        )
    return ListedSites(tuple(stations), depots)


def _figure(given: Mapping[str, Any], key: str, where: str, path: Path) -> float | None:
    """Return a figure of a station, 0 to a million; nothing where it has none."""
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= MOST:
        raise InputError(
            "this cannot be a figure of a station", "Give a number of 0 or more.", path, None, f"{where}{key}", value
        )
    return float(value)


def charging_type_of_blocks(path: Path) -> dict[str, str]:
    """Return the charging type of each rotation of a table of trips that has the columns for it; empty without them."""
    try:
        cells = pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS:
        return {}
    if not {"rotation_id", "charging_type"} <= set(cells.columns):
        return {}
    known = cells.filter(pl.col("charging_type").is_in(CHARGING_TYPES))
    return dict(known.unique("rotation_id", keep="first").select("rotation_id", "charging_type").iter_rows())
