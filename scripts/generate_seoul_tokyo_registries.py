"""Generate the fleet tables of Seoul and Tokyo from registered totals and listed assumptions.

Usage: python scripts/generate_seoul_tokyo_registries.py [--check]

Vehicles are grouped by category, fuel, segment or gross mass, and model year. With ``--check`` nothing is
written; the exit status is 1 when a committed file differs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from registry_generation import (
    Cell,
    Figures,
    Floats,
    Registry,
    Row,
    age_shares,
    grouped,
    integer_split,
    km_by_age,
    normalised,
    read_figures,
    registry_files,
    scale_for,
    starting_with,
    write_or_check,
)

AGES = ("newest_share", "stock_growth", "age_shape")
SEGMENTS = {
    "mini": "Mini",
    "small": "Small",
    "medium": "Medium",
    "large": "Large-SUV-Executive",
    "n1_i": "N1-I",
    "n1_ii": "N1-II",
    "n1_iii": "N1-III",
}


@dataclass(frozen=True)
class City:
    """A city: its folder, the beginning of its vehicles' names and the year of the table."""

    folder: str
    prefix: str
    year: int


@dataclass(frozen=True)
class Group:
    """A class: its stream and category, and whether it is a share of all vehicles or counted by itself."""

    name: str
    stream: str
    category: str
    counted: bool = False


CITIES = (City("seoul", "SE", 2024), City("tokyo", "TK", 2021))
GROUPS = (
    Group("car", "car", "passenger_car"),
    Group("taxi", "taxi", "passenger_car", counted=True),
    Group("van", "light_commercial", "light_commercial"),
    Group("rigid", "rigid_truck", "heavy_truck"),
    Group("tractor", "articulated_truck", "heavy_truck"),
    Group("sanitation", "sanitation", "heavy_truck", counted=True),
    Group("transit", "urban_bus", "bus", counted=True),
    Group("coach", "coach", "bus"),
)


def number_of(figures: Figures, group: Group) -> tuple[int, tuple[str, ...]]:
    """Return how many vehicles a class has and the figures that rests on; taxis are among the cars."""
    if group.counted:
        key = f"number_{group.name}"
        return round(figures[key].value), (key,)
    keys = ("registered_vehicles", f"share_{group.name}")
    number = figures[keys[0]].value * figures[keys[1]].value
    if group.name == "car":
        return round(number - figures["number_taxi"].value), (*keys, "number_taxi")
    return round(number), keys


def ages(figures: Figures, group: Group, year: int) -> Floats:
    """Return the share of each age: the newest fix the survival, an oldest model year cuts the others off."""
    shape, rate = figures["age_shape"].value, figures["stock_growth"].value
    out = age_shares(scale_for(figures["newest_share"].value, 0, shape, rate, 1.0), shape, rate, 1.0)
    if f"oldest_{group.name}" in figures:
        out = np.where(np.arange(len(out)) <= year - figures[f"oldest_{group.name}"].value, out, 0.0)
    return normalised(out)


def group_rows(city: City, figures: Figures, group: Group, number: int) -> list[Row]:
    """Return the rows of a class: fuel by segment or gross mass by model year."""
    share = ages(figures, group, city.year)
    km = km_by_age(figures[f"km_{group.name}"].value, figures["km_decline"].value, share)
    light = group.category in {"passenger_car", "light_commercial"}
    cells = starting_with(figures, f"{'segment' if light else 'mass'}_{group.name}_")
    fuels = starting_with(figures, f"fuel_{group.name}_")
    pairs = [(fuel, cell, f * c) for fuel, f in fuels.items() for cell, c in cells.items()]
    rows: list[Row] = []
    for (fuel, cell, _), count in zip(pairs, integer_split(number, [p for *_, p in pairs]), strict=True):
        base: dict[str, Cell] = {
            "category": group.category,
            "fuel": fuel,
            "stream": group.stream,
            "share_inside": figures[f"inside_{group.name}"].value,
        }
        if light:
            base["segment"] = SEGMENTS[cell]
        else:
            base["gross_mass_kg"] = int(cell)
        young = np.arange(len(share)) <= city.year - figures["electric_from"].value
        part = np.where(young, share, 0.0) if fuel == "electricity" else share
        name = f"{city.prefix}-{group.name.upper()}-{fuel}-{cell}"
        rows += grouped(name, base, integer_split(count, part), km, city.year)
    return rows


def generate(city: City, figures: Figures) -> Registry:
    """Return the fleet table and what it rests on."""
    made = Registry()
    for group in GROUPS:
        number, counted = number_of(figures, group)
        prefixes = tuple(f"{kind}_{group.name}" for kind in ("segment", "mass", "fuel", "oldest"))
        named = [key for key in figures if key.startswith(prefixes)]
        rows = group_rows(city, figures, group, number)
        made.add(rows, (*counted, *AGES, *named, f"km_{group.name}", "km_decline", f"inside_{group.name}"))
        made.note((r for r in rows if r["fuel"] == "electricity"), ("electric_from",))
    return made


def main() -> int:
    """Write or check the fleet tables and their assumptions."""
    made = {}
    for city in CITIES:
        figures = read_figures(f"{city.folder}_figures.csv")
        made |= registry_files(city.folder, figures, generate(city, figures))
    return write_or_check(made)


if __name__ == "__main__":
    sys.exit(main())
