"""Consumption from a table in place of physics: kWh per km by type, load, grade, speed and temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.buses.model import BUS_TYPES
from fleet_planner.errors import InputError, first_line, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.foreign import TABLE_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.buses.energy.moves import Moves, Roads
    from fleet_planner.buses.energy.vehicles import Vehicles
    from fleet_planner.buses.energy.weather import Case

Float = NDArray[np.float64]
AXES = ("load", "grade", "speed_kmh", "temperature_c")
OURS = ("bus_type", *AXES, "kwh_per_km")
SIMBA = ("vehicle_type", "level_of_loading", "incline", "mean_speed_kmh", "t_amb", "consumption_kwh_per_km")
SIMBA_TYPES = {"SB": "standard", "AB": "articulated"}
KMH_PER_MS = 3.6


@dataclass(frozen=True)
class Grid:
    """A full grid of consumption for one type of bus.

    Parameters
    ----------
    axes
        Rising values of load, grade (rise over run), speed (km/h) and temperature.
    kwh_per_km
        Shape of the axes.
    """

    axes: tuple[Float, ...]
    kwh_per_km: Float

    def at(self, points: Float) -> tuple[Float, NDArray[np.bool_]]:
        """Return the consumption at points (n, 4), straight between grid points, and which points lie outside.

        Outside the grid the nearest edge counts.
        """
        out = np.zeros(points.shape[0])
        outside = np.zeros(points.shape[0], dtype=np.bool_)
        low, weight = [], []
        for k, axis in enumerate(self.axes):
            value = np.clip(points[:, k], axis[0], axis[-1])
            outside |= value != points[:, k]
            at = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, max(axis.size - 2, 0))
            step = axis[np.minimum(at + 1, axis.size - 1)] - axis[at]
            low.append(at)
            weight.append(np.divide(value - axis[at], step, out=np.zeros_like(value), where=step > 0.0))
        for corner in range(2 ** len(self.axes)):
            share = np.ones(points.shape[0])
            index = []
            for k, axis in enumerate(self.axes):
                high = corner >> k & 1
                share *= weight[k] if high else 1.0 - weight[k]
                index.append(np.minimum(low[k] + high, axis.size - 1))
            out += share * self.kwh_per_km[tuple(index)]
        return out, outside


def read_consumption(path: Path) -> dict[str, Grid]:
    """Read a table of consumption: our columns, or SimBA's (``SB`` is standard, ``AB`` articulated).

    Returns
    -------
    dict
        Grid by type of bus.

    Raises
    ------
    InputError
        Unknown columns or types, figures that are none, or a grid with holes.
    """
    try:
        table = pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError("this table cannot be read", first_line(error), file=path) from error
    words: Mapping[str, str] = dict(zip(OURS, OURS, strict=True))
    if set(SIMBA) <= set(table.columns):
        words = dict(zip(OURS, SIMBA, strict=True))
    elif missing := [c for c in OURS if c not in table.columns]:
        raise InputError(
            "a column is missing", f"Give {', '.join(OURS)}, or SimBA's {', '.join(SIMBA)}.",
            file=path, column=missing[0],
        )  # fmt: skip
    kinds = [SIMBA_TYPES.get(name or "", name or "") for name in table[words["bus_type"]].to_list()]
    for row, name in enumerate(kinds, 2):
        if name not in BUS_TYPES:
            raise InputError(
                "no such type of bus", use_one_of(name, (*BUS_TYPES, *SIMBA_TYPES)),
                file=path, row=row, column=words["bus_type"], value=name,
            )  # fmt: skip
    numbers = {c: table[words[c]].cast(pl.Float64, strict=False) for c in OURS[1:]}
    for name, column in numbers.items():
        wrong = (column.is_null() | ~column.is_finite()).fill_null(value=True)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise InputError(
                "this is no number", "Correct the figure or delete the row.",
                file=path, row=row + 2, column=words[name], value=table[words[name]][row],
            )  # fmt: skip
    clean = pl.DataFrame({"bus_type": kinds, **numbers})
    return {name: _grid(part, name, path) for (name,), part in clean.group_by("bus_type", maintain_order=True)}


def table_energy(
    grids: Mapping[str, Grid], vehicles: Vehicles, moves: Moves, roads: Roads, case: Case
) -> tuple[Float, list[Finding]]:
    """Return the energy of movements by a table, kWh, NaN for types that it does not hold; and what was counted.

    The mean speed is that of the movement without layover, the grade the mean of its way.
    """
    km = moves.metres / 1e3
    speed = np.divide(moves.metres, moves.seconds, out=np.full(km.size, np.inf), where=moves.seconds > 0.0) * KMH_PER_MS
    load = np.clip((moves.people - 1.0) / vehicles.places[moves.kind], 0.0, None)
    points = np.stack([load, mean_grades(roads)[moves.way], speed, case.hourly_c[moves.hour]], axis=1)
    out = np.full(km.size, np.nan)
    outside = np.zeros(km.size, dtype=np.bool_)
    for k, name in enumerate(vehicles.names):
        mine = moves.kind == k
        if name in grids and mine.any():
            per_km, beyond = grids[name].at(points[mine])
            out[mine] = per_km * km[mine]
            outside[mine] = beyond
    found = []
    total = float(km.sum()) or 1.0
    values: dict[str, str | int | float] = {"case": case.name}
    missing = np.isnan(out) & (km > 0.0)
    if missing.any():
        share = float(km[missing].sum()) / total
        found.append(Finding("buses.table_lacks_type", "warning", values, int(missing.sum()), share))
    if outside.any():
        share = float(km[outside].sum()) / total
        found.append(Finding("buses.table_outside", "warning", values, int(outside.sum()), share))
    found.append(Finding("buses.table_layover", "assumption"))
    return out, found


def mean_grades(roads: Roads) -> Float:
    """Return the mean grade of each way, and a zero at the end for movements without."""
    rise = np.where(roads.link >= 0, roads.grade[roads.link] if roads.grade.size else 0.0, 0.0) * roads.link_m
    way = np.repeat(np.arange(roads.first.size - 1), np.diff(roads.first))
    climbed = np.bincount(way, rise, roads.first.size - 1)
    length = np.bincount(way, roads.link_m, roads.first.size - 1)
    mean = np.divide(climbed, length, out=np.zeros(climbed.size), where=length > 0.0)
    return np.append(mean, 0.0)


def _grid(part: pl.DataFrame, name: str, path: Path) -> Grid:
    axes = tuple(np.unique(part[c].to_numpy()) for c in AXES)
    shape = tuple(a.size for a in axes)
    values = np.full(shape, np.nan)
    at = tuple(np.searchsorted(axis, part[c].to_numpy()) for axis, c in zip(axes, AXES, strict=True))
    values[at] = part["kwh_per_km"].to_numpy()
    if np.isnan(values).any() or part.height != values.size:
        raise InputError(
            f"the rows of {name} are no full grid: {part.height} rows for {' x '.join(map(str, shape))} values",
            "Give one row for each combination of load, grade, speed and temperature.", file=path,
        )  # fmt: skip
    return Grid(axes, values)
