"""Read the zones of a plan: polygons or points with inhabitants, jobs, freight sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.foreign import read_layer
from fleet_planner.network.builtin import builtin_zones

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.plan.assignment import AssignmentSection

Float = NDArray[np.float64]
BUILTIN = "builtin"
LEAST_ZONES = 2


@dataclass(frozen=True)
class Zones:
    """Where trips begin and end.

    Parameters
    ----------
    ids
        Name or number of each zone, as text.
    geometry
        Shapely polygons or points, EPSG:4326, shape (zones,).
    population
        Inhabitants, shape (zones,).
    jobs, freight
        Jobs and the size of freight sites; nothing where the plan names no column.
    findings
        What was mended.
    """

    ids: tuple[str, ...]
    geometry: NDArray[np.object_]
    population: Float
    jobs: Float | None
    freight: Float | None
    findings: tuple[Finding, ...] = ()


def read_zone_layer(given: str, base: Path) -> Any:
    """Return the zone layer as a GeoDataFrame with all its columns, EPSG:4326.

    Parameters
    ----------
    given
        A file, or ``builtin`` for those of the embedded city.
    base
        Folder that the file's path is relative to.

    Raises
    ------
    InputError
        The file is missing, cannot be read, or does not say where it is on earth.
    """
    if given == BUILTIN:
        return builtin_zones()
    path = base / given
    if not path.is_file():
        raise InputError("there is no such zone file", "Check network.zones in the plan.", file=path)
    return read_layer(path, "zones")


def map_zones(layer: Any, section: AssignmentSection, where: str | Path) -> Any:
    """Return what the zone map needs: ``zone_id, population, geometry``; zones without number are numbered.

    Raises
    ------
    InputError
        There is no population.
    """
    named = {section.zone_id: "zone_id", section.population: "population"}
    zones = layer.rename(columns={k: v for k, v in named.items() if k in layer.columns and v not in layer.columns})
    if "population" not in zones.columns:
        raise InputError("the zones have no population", "Add the column.", file=where, column="population")
    if "zone_id" not in zones.columns:
        zones = zones.assign(zone_id=range(1, len(zones) + 1))
    return zones[["zone_id", "population", "geometry"]]


def demand_zones(layer: Any, section: AssignmentSection, where: str | Path) -> Zones:
    """Return the zones with what makes and attracts trips.

    Parameters
    ----------
    layer
        As `read_zone_layer` returns it.
    section
        Names of the columns.
    where
        The file, for messages.

    Raises
    ------
    InputError
        A column is missing; a number is negative or none; a zone has no geometry or another's name; fewer than two
        zones; nobody lives in them.
    """
    import shapely

    ids = [_name(v) for v in _column(layer, section.zone_id, "zone_id", where).tolist()]
    _refuse_twice(ids, section.zone_id, where)
    geometry = np.array(layer.geometry.to_numpy(), dtype=object)
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if empty.any():
        row = int(np.argmax(empty))
        raise InputError(
            "a zone has no geometry", "Draw it or delete its row.", file=where, row=row + 2, value=ids[row]
        )
    if len(ids) < LEAST_ZONES:
        raise InputError("trips need two zones at least", "Divide the city into zones.", file=where, value=len(ids))
    crossed = ~shapely.is_valid(geometry)
    geometry[crossed] = shapely.make_valid(geometry[crossed])
    found = (Finding("network.zones_mended", "warning", {}, int(crossed.sum())),) if crossed.any() else ()
    population = _numbers(layer, section.population, "population", where)
    if population.sum() <= 0.0:
        raise InputError("nobody lives in the zones", "Check the column.", file=where, column=section.population)
    optional = [
        _numbers(layer, name, key, where) if name else None
        for name, key in ((section.jobs, "jobs"), (section.freight, "freight"))
    ]
    return Zones(tuple(ids), geometry, population, optional[0], optional[1], found)


def _column(layer: Any, name: str, key: str, where: str | Path) -> Any:
    if name not in layer.columns:
        have = ", ".join(c for c in layer.columns if c != "geometry")
        raise InputError(
            f"the zones have no column {name!r}",
            f"Set traffic.assignment.{key} in the plan to one of: {have}.",
            file=where,
            column=name,
        )
    return layer[name]


def _name(value: object) -> str:
    """Return a zone's name as text; whole numbers without a fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _refuse_twice(ids: list[str], column: str, where: str | Path) -> None:
    seen: set[str] = set()
    for row, name in enumerate(ids, 2):
        if name in seen:
            raise InputError(
                "two zones have the same name", "Give each its own.", file=where, row=row, column=column, value=name
            )
        seen.add(name)


def _numbers(layer: Any, name: str, key: str, where: str | Path) -> Float:
    import pandas as pd

    column = _column(layer, name, key, where)
    values: Float = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values) | (values < 0.0)
    if bad.any():
        row = int(np.argmax(bad))
        value = column.tolist()[row]
        raise InputError(
            f"this is no number of {key}", "Write 0 or more.", file=where, row=row + 2, column=name, value=value
        )
    if key != "population" and values.sum() <= 0.0:
        raise InputError(f"the zones have no {key} at all", "Name no column, or fill it.", file=where, column=name)
    return values
