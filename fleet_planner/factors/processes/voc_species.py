"""Composition of the NMVOC in exhaust: groups and single species by fuel and step, EMEP/EEA guidebook.

A technology has one profile. Heavy diesel vehicles have a column of their own in the guidebook that the packaged table
lacks: light diesel vehicles stand in. Gas engines and two-stroke engines have none.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from fleet_planner.factors.processes.fuels import tank
from fleet_planner.reference import reference_table
from fleet_planner.reference.words import LIGHT_STANDARDS

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = "voc_species.csv"
BEFORE_CATALYSTS = frozenset(LIGHT_STANDARDS[: LIGHT_STANDARDS.index("euro_1")])
TWO_STROKE = "2-stroke"
LIGHT = ("passenger_car", "light_commercial")
LIKE_DIESEL = ("diesel", "biodiesel")


class Species(NamedTuple):
    """A species of a profile: its group, and its fraction of the mass of NMVOC."""

    group: str
    species: str
    fraction: float


class Profile(NamedTuple):
    """The profile of a technology, and whether it was published for other vehicles."""

    name: str
    stand_in: bool


@cache
def load_voc_species() -> Mapping[str, tuple[Species, ...]]:
    """Return the species of each profile; their fractions sum to one."""
    out: dict[str, list[Species]] = {}
    rows = reference_table(TABLE).select("profile", "group", "species", "percent").iter_rows()
    for profile, group, species, percent in rows:
        out.setdefault(profile, []).append(Species(group, species, float(percent) / 100.0))
    return {profile: tuple(species) for profile, species in out.items()}


def voc_profile(technology: Mapping[str, str]) -> Profile | None:
    """Return the profile of a technology's exhaust, or nothing where no composition is published.

    Parameters
    ----------
    technology
        Needs ``category, fuel, segment, standard``.
    """
    fuel = tank(technology["fuel"])
    if fuel == "petrol" and TWO_STROKE not in technology["segment"]:
        old = technology["standard"] in BEFORE_CATALYSTS
        return Profile("petrol_conventional" if old else "petrol_euro_1_on", stand_in=False)
    if fuel in LIKE_DIESEL:
        return Profile("diesel_light", stand_in=fuel != "diesel" or technology["category"] not in LIGHT)
    return Profile("lpg", stand_in=False) if fuel == "lpg" else None
