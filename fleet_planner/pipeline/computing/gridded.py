"""Emissions on the cells of a grid, for those who model the air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.findings import Finding
from fleet_planner.impacts.gridded.grid import Grid, grid_over, gridded_hours, links_in_cells
from fleet_planner.impacts.gridded.species import Species, packaged_species, read_species
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.nonroad import NonRoad
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Gridded:
    """Emissions of the average day on a grid.

    Parameters
    ----------
    grid
        The cells.
    cells
        Numbers of those that have a road or a machine, ascending, shape (C,).
    species
        What is written.
    pollutants
        Names in the order of the last axis of ``hours``.
    hours
        By scenario, shape (24, C, P), the inventory's units.
    findings
        What was assumed.
    """

    grid: Grid
    cells: NDArray[np.int64]
    species: tuple[Species, ...]
    pollutants: tuple[str, ...]
    hours: Mapping[str, Float]
    findings: tuple[Finding, ...] = ()


def gridded(run: Inventories, computed: Computed, nonroad: NonRoad | None) -> Gridded | None:
    """Return the emissions of every scenario on the plan's grid; nothing where it asks for none.

    Machines beside the roads lie in the cell of their site, in all hours alike.

    Raises
    ------
    UserError
        The plane or the table of species is wrong.
    """
    section = run.plan.gridded
    if section.cell_m is None:
        return None
    names = computed.states[0][1].pollutants
    species = read_species(run.base / section.species, names) if section.species else packaged_species(names)
    points = _sites(nonroad)
    grid = grid_over(run.network, section.cell_m, section.epsg, points)
    in_cells = links_in_cells(grid, run.network)
    beside, where = _machines(nonroad, names), _cells_of(grid, points)
    used = np.zeros(in_cells.shape[0], dtype=np.bool_)
    used[np.flatnonzero(np.diff(in_cells.indptr))] = True
    used[where] = True
    cells = np.flatnonzero(used)
    place = np.searchsorted(cells, where)
    hours = {}
    for number, (state, _) in enumerate(computed.states):
        by_type = gridded_hours(in_cells[cells], run.hours_of(computed, number))
        on_roads = by_type.reshape(-1, HOURS_PER_DAY, *by_type.shape[1:]).sum(axis=0)
        for machine, cell in enumerate(place.tolist()):
            on_roads[:, cell] += beside[machine] / HOURS_PER_DAY
        hours[state.name] = on_roads
    findings = [Finding("inventory.grid", "assumption", {"cell": f"{section.cell_m:g}", "epsg": str(grid.epsg)})]
    if where.size:
        findings.append(Finding("inventory.grid_machines", "assumption", {"count": f"{where.size:,}"}))
    return Gridded(grid, cells, tuple(species), names, hours, tuple(findings))


def _sites(nonroad: NonRoad | None) -> Float:
    """Return longitude and latitude of the machines that have a place, shape (machines, 2)."""
    if nonroad is None:
        return np.zeros((0, 2))
    return nonroad.machines.select(pl.col("lon", "lat").cast(pl.Float64)).to_numpy()


def _machines(nonroad: NonRoad | None, names: tuple[str, ...]) -> Float:
    """Return what machines emit on the average day in the inventory's pollutants, shape (machines, P)."""
    if nonroad is None:
        return np.zeros((0, len(names)))
    out = np.zeros((nonroad.machines.height, len(names)))
    for k, name in enumerate(names):
        if name in nonroad.pollutants:
            out[:, k] = nonroad.per_day[:, nonroad.pollutants.index(name)]
    return out


def _cells_of(grid: Grid, points: Float) -> NDArray[np.int64]:
    x, y = grid.in_cells(points[:, 0], points[:, 1])
    return np.floor(y).astype(np.int64) * grid.columns + np.floor(x).astype(np.int64)
