"""Gridded emissions as NetCDF, by the CF conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.units import G_PER_KG, HOURS_PER_DAY, S_PER_H

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.impacts.gridded.species import Species
    from fleet_planner.pipeline.computing.gridded import Gridded

CONVENTIONS = "CF-1.8"
OFFSET_64 = 2
"""The classic format with 64-bit offsets, which models of the air read; variables may pass 2 GB in all."""


def write_netcdf(gridded: Gridded, scenario: str, about: dict[str, str], year: int, path: Path) -> None:
    """Write the hours of the average day of one scenario.

    Fluxes are in kg (or mol) per square metre and second over each hour, local time; summed over hours, times the area
    of a cell, they give the city's emissions of the day.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    from pyproj import CRS
    from scipy.io import netcdf_file

    grid = gridded.grid
    with netcdf_file(path, "w", version=OFFSET_64) as file:
        told = {
            "Conventions": CONVENTIONS,
            "title": about["TITLE"],
            "source": "fleet_planner: vehicles and factors on the roads, each road shared out by its length in a cell",
            "history": "written by fleet-planner run; inputs and their hashes are in manifest.json beside this file",
            "comment": f"scenario {scenario}; {about['ABSTRACT']}",
            "references": about["ATTRIBUTION"],
            "license": about["LICENSE"],
        }
        for key, value in told.items():
            setattr(file, key, _text(value))
        for name, size in (("time", HOURS_PER_DAY), ("bounds", 2), ("y", grid.rows), ("x", grid.columns)):
            file.createDimension(name, size)

        def variable(name: str, values: NDArray[np.float64], dimensions: tuple[str, ...], **told: str) -> None:
            made = file.createVariable(name, "d", dimensions)
            made[:] = values
            for key, value in told.items():
                setattr(made, key, _text(value))

        hour = np.arange(HOURS_PER_DAY, dtype=np.float64)
        since = f"hours since {year}-01-01 00:00:00"
        variable(
            *("time", hour + 0.5, ("time",)),
            standard_name="time",
            long_name="hour of the average day, local time",
            units=since,
            calendar="standard",
            axis="T",
            bounds="time_bounds",
        )
        variable("time_bounds", np.stack([hour, hour + 1.0], axis=1), ("time", "bounds"))
        for axis, values in (("x", grid.x_m), ("y", grid.y_m)):
            variable(
                *(axis, values, (axis,)),
                standard_name=f"projection_{axis}_coordinate",
                long_name=f"{axis} of the cell's middle",
                units="m",
                axis=axis.upper(),
            )
        lon, lat = grid.middles()
        variable(
            "lon", lon, ("y", "x"), standard_name="longitude", long_name="longitude of the cell", units="degrees_east"
        )
        variable(
            "lat", lat, ("y", "x"), standard_name="latitude", long_name="latitude of the cell", units="degrees_north"
        )
        area = np.full((grid.rows, grid.columns), grid.area_m2)
        variable(
            *("cell_area", area, ("y", "x")),
            standard_name="cell_area",
            long_name="area on the plane",
            units="m2",
            grid_mapping="crs",
            coordinates="lon lat",
        )
        plane = file.createVariable("crs", "i", ())
        for key, value in CRS.from_epsg(grid.epsg).to_cf().items():
            setattr(plane, key, _text(value) if isinstance(value, str) else np.array(value, dtype=np.float64))
        plane.epsg_code = _text(f"EPSG:{grid.epsg}")
        for species in gridded.species:
            told = {
                "long_name": f"emission of {species.name} from road vehicles and machines",
                "units": species.unit,
                "grid_mapping": "crs",
                "coordinates": "lon lat",
                "cell_methods": "time: mean area: mean",
                "cell_measures": "area: cell_area",
            }
            if species.standard_name:
                told = {"standard_name": species.standard_name, **told}
            variable(species.name, _flux(gridded, scenario, species), ("time", "y", "x"), **told)


def _text(value: str) -> bytes:
    return value.encode("utf-8")


def _flux(gridded: Gridded, scenario: str, species: Species) -> NDArray[np.float64]:
    """Return the flux of a species over the whole grid, shape (24, rows, columns)."""
    grid = gridded.grid
    g_per_hour = gridded.hours[scenario] @ species.weights
    out = np.zeros((HOURS_PER_DAY, grid.rows * grid.columns))
    out[:, gridded.cells] = g_per_hour / G_PER_KG * species.per_kg / (grid.area_m2 * S_PER_H)
    return out.reshape(HOURS_PER_DAY, grid.rows, grid.columns)
