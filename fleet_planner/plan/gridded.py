"""Emissions on a grid, for models of the air."""

from __future__ import annotations

from pydantic import Field

from fleet_planner.plan.base import Positive, Section


class GriddedSection(Section):
    """A grid of cells over the roads, written as NetCDF and as a layer of the GeoPackage."""

    cell_m: Positive | None = Field(default=None, description="side of a cell, metres; empty: no grid is written")
    epsg: int | None = Field(
        default=None, description="EPSG code of the plane, in metres; empty: the UTM zone of the city's middle"
    )
    species: str = Field(
        default="",
        description="CSV of species as sums of pollutants (see the data dictionary, gridded_species); empty: the usual",
    )
