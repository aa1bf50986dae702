"""Generate the fleet table of Beijing from published counts and listed assumptions.

Usage: python scripts/generate_beijing_registry.py [--check]

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

BASE_YEAR = 2021
CARS = (
    "civil_vehicles",
    "operating_coaches",
    "operating_trucks",
    "other_light_trucks",
    "sanitation_trucks",
    "construction_trucks",
    "urban_buses",
    "taxis",
)
AGES = ("civil_vehicles", "new_registrations", "stock_growth", "age_shape")


@dataclass(frozen=True)
class Group:
    """A class: its stream, category and its name in the figures."""

    name: str
    stream: str
    category: str
    oldest: str = ""


GROUPS = (
    Group("car", "car", "passenger_car"),
    Group("taxi", "taxi", "passenger_car", "oldest_taxi"),
    Group("van", "light_commercial", "light_commercial"),
    Group("rigid", "rigid_truck", "heavy_truck", "oldest_diesel_truck"),
    Group("tractor", "articulated_truck", "heavy_truck", "oldest_diesel_truck"),
    Group("sanitation", "sanitation", "heavy_truck", "oldest_diesel_truck"),
    Group("construction", "construction", "heavy_truck", "oldest_diesel_truck"),
    Group("transit", "urban_bus", "bus", "oldest_bus"),
    Group("coach", "coach", "bus", "oldest_bus"),
)
SEGMENTS = {"small": "Small", "medium": "Medium", "large": "Large-SUV-Executive", "n1_ii": "N1-II", "n1_iii": "N1-III"}


def number_of(figures: Figures, group: Group) -> tuple[int, tuple[str, ...]]:
    """Return how many vehicles a class has and the figures that rests on."""
    if group.name == "car":
        total, *others = (figures[key].value for key in CARS)
        return round(total - sum(others)), CARS
    if group.name in {"rigid", "tractor"}:
        keys = ("operating_trucks", f"truck_share_{group.name}")
        return round(figures[keys[0]].value * figures[keys[1]].value), keys
    counted = {
        "taxi": "taxis",
        "van": "other_light_trucks",
        "sanitation": "sanitation_trucks",
        "construction": "construction_trucks",
        "transit": "urban_buses",
        "coach": "operating_coaches",
    }
    key = counted[group.name]
    return round(figures[key].value), (key,)


def ages(figures: Figures, group: Group) -> Floats:
    """Return the share of each age: the yearly registrations fix the survival, a ban cuts the oldest off."""
    shape, rate = figures["age_shape"].value, figures["stock_growth"].value
    newest = figures["new_registrations"].value / figures["civil_vehicles"].value
    out = age_shares(scale_for(newest, 0, shape, rate, 1.0), shape, rate, 1.0)
    if group.oldest:
        out = np.where(np.arange(len(out)) <= BASE_YEAR - figures[group.oldest].value, out, 0.0)
    return normalised(out)


def group_rows(figures: Figures, group: Group, number: int) -> list[Row]:
    """Return the rows of a class: fuel by segment or gross mass by model year."""
    share = ages(figures, group)
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
        electric_from = figures["electric_from"].value
        part = (
            np.where(np.arange(len(share)) <= BASE_YEAR - electric_from, share, 0.0) if fuel == "electricity" else share
        )
        rows += grouped(f"BJ-{group.name.upper()}-{fuel}-{cell}", base, integer_split(count, part), km, BASE_YEAR)
    return rows


def generate(figures: Figures) -> Registry:
    """Return the fleet table and what it rests on."""
    made = Registry()
    for group in GROUPS:
        number, counted = number_of(figures, group)
        prefixes = (f"segment_{group.name}_", f"mass_{group.name}_", f"fuel_{group.name}_")
        named = [key for key in figures if key.startswith(prefixes)]
        rows = group_rows(figures, group, number)
        made.add(
            rows, (*counted, *AGES, *named, group.oldest, f"km_{group.name}", "km_decline", f"inside_{group.name}")
        )
        made.note((r for r in rows if r["fuel"] == "electricity"), ("electric_from",))
    return made


def main() -> int:
    """Write or check the fleet table and its assumptions."""
    figures = read_figures("beijing_figures.csv")
    return write_or_check(registry_files("beijing", figures, generate(figures)))


if __name__ == "__main__":
    sys.exit(main())
