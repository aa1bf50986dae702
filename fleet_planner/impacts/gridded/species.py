"""Species of a model of the air as sums of reported pollutants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants
from fleet_planner.tables.read import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

Float = NDArray[np.float64]
G_PER_KG = 1e3
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


@dataclass(frozen=True)
class Species:
    """One variable of a gridded inventory.

    Parameters
    ----------
    name, standard_name
        Of the variable; the second is of the CF conventions, "" where they have none.
    weights
        Kg of the species per kg of each reported pollutant, shape (P,).
    molar_mass_g
        Written in mol where it is known, else in kg.
    """

    name: str
    standard_name: str
    weights: Float
    molar_mass_g: float | None = None

    @property
    def unit(self) -> str:
        """Of the flux."""
        return "kg m-2 s-1" if self.molar_mass_g is None else "mol m-2 s-1"

    @property
    def per_kg(self) -> float:
        """Written units per kg."""
        return 1.0 if self.molar_mass_g is None else G_PER_KG / self.molar_mass_g


def packaged_species(names: tuple[str, ...]) -> list[Species]:
    """Return the species of the packaged table over pollutants ``names``."""
    return _of_table(reference_table("gridded_species.csv"), names)


def read_species(path: Path, names: tuple[str, ...]) -> list[Species]:
    """Read a user's species (``tables/columns/gridded_species.csv``).

    Raises
    ------
    InputError
        The file is missing or malformed, names an unknown pollutant, or no name that a NetCDF file can hold.
    """
    table = read_table(path, "gridded_species")
    masses = [p.pollutant for p in pollutants() if p.unit == "g"]
    for row, (species, pollutant) in enumerate(table.select("species", "pollutant").iter_rows(), start=2):
        if not NAME.match(species):
            raise InputError(
                "no name of a variable",
                "Use letters, digits and underscores, a letter first.",
                path,
                row,
                "species",
                species,
            )
        if pollutant not in masses:
            raise InputError("unknown pollutant", f"Use one of {', '.join(masses)}.", path, row, "pollutant", pollutant)
    return _of_table(table, names)


def _of_table(table: pl.DataFrame, names: tuple[str, ...]) -> list[Species]:
    out = []
    for (name,), rows in table.group_by("species", maintain_order=True):
        weights = np.zeros(len(names))
        for pollutant, weight in rows.select("pollutant", "kg_per_kg").iter_rows():
            weights[names.index(pollutant)] += weight
        standard = rows["standard_name"][0] or ""
        mass = rows["molar_mass_g"][0] if "molar_mass_g" in rows.columns else None
        out.append(Species(str(name), standard, weights, mass))
    return out
