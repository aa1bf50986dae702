"""The words a registry may use for each category, taken from the packaged tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import polars as pl

from fleet_planner.reference import reference_table
from fleet_planner.reference.words import HEAVY_STANDARDS
from fleet_planner.tables import columns

ELECTRICITY = "electricity"
ZERO_EMISSION = "zero_emission"
HEAVY = ("heavy_truck", "bus")
RETROFITS = ("DPF_retrofit", "SCR_retrofit")
HOT_TABLES = ("emep_eea_2019_hot.csv.gz", "emep_eea_2025_hot.csv")
TECHNOLOGY = ("category", "fuel", "segment", "standard", "aftertreatment")


@dataclass(frozen=True)
class Words:
    """What one category may be called.

    Parameters
    ----------
    fuels
        Fuels that have factors or a named stand-in, and electricity.
    segments, standards, aftertreatments
        Words of the factor table for the category, whatever the fuel.
    needs_mass
        The segment follows from gross mass, unless the fuel has one segment only.
    fuels_of_one_segment
        Fuels whose vehicles have one segment whatever their mass.
    mass_kg
        Lowest and highest gross mass that the category can have.
    """

    fuels: tuple[str, ...]
    segments: tuple[str, ...]
    standards: tuple[str, ...]
    aftertreatments: tuple[str, ...]
    needs_mass: bool
    fuels_of_one_segment: tuple[str, ...]
    mass_kg: tuple[float, float]


@cache
def hot_keys() -> pl.DataFrame:
    """Return the technologies that have published factors in either edition, sorted, columns `TECHNOLOGY`."""
    tables = [reference_table(name).rename({"technology": "aftertreatment"}).select(TECHNOLOGY) for name in HOT_TABLES]
    return pl.concat(tables).unique().sort(TECHNOLOGY)


@cache
def words() -> dict[str, Words]:
    """Return the words of each category of the factor table."""
    keys = hot_keys()
    stand_ins = reference_table("fuel_stand_ins.csv").select("category", "fuel")
    bands = reference_table("segments.csv")
    by_fuel = reference_table("segment_defaults.csv").filter(pl.col("fuel").is_not_null())
    allowed = set(next(s.allowed for s in columns("registry") if s.column == "fuel").split("|"))
    out = {}
    for category in keys["category"].unique().sort().to_list():
        mine = pl.col("category") == category
        own = keys.filter(mine)
        fuels = {*own["fuel"], *stand_ins.filter(mine)["fuel"], ELECTRICITY} & allowed
        one = {*by_fuel.filter(mine)["fuel"], *bands.filter(mine & pl.col("fuels").is_not_null())["fuels"]}
        bounds = bands.row(by_predicate=mine & pl.col("segment").is_null(), named=True)
        out[category] = Words(
            fuels=tuple(sorted(fuels)),
            segments=tuple(own["segment"].unique().sort()),
            standards=HEAVY_STANDARDS if category in HEAVY else tuple(own["standard"].unique().sort()),
            aftertreatments=tuple(sorted({"none", *own["aftertreatment"]})),
            needs_mass=category in HEAVY,
            fuels_of_one_segment=tuple(sorted(one)),
            mass_kg=(float(bounds["mass_from_kg"]), float(bounds["mass_to_kg"])),
        )
    return out


def as_built(aftertreatment: str) -> str:
    """Return an aftertreatment without its retrofits (``DPF_retrofit``, ``SCR_retrofit``, in this order)."""
    for name in reversed(RETROFITS):
        aftertreatment = aftertreatment.removesuffix(f"+{name}")
    return aftertreatment
