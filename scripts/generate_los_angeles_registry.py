"""Generate the fleet table of the Los Angeles area from registered vehicles and listed assumptions.

Usage: python scripts/generate_los_angeles_registry.py [--check]

Registered vehicles come from ``inputs/los_angeles/fleet_structure.csv``, made by
``scripts/aggregate_california_counts.py``. With ``--check`` nothing is written; the exit status is 1 when a committed file differs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_generation import (
    ROOT,
    Cell,
    Figures,
    Registry,
    Row,
    integer_split,
    read_figures,
    read_rows,
    registry_files,
    starting_with,
    write_or_check,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STRUCTURE = ROOT / "inputs" / "los_angeles" / "fleet_structure.csv"
KM_PER_MILE = 1.609344
OLD = "<2007"
LIGHT_FUELS = {
    "Gasoline": "petrol",
    "Flex-Fuel": "petrol",
    "Hybrid Gasoline": "petrol_hybrid",
    "Plug-in Hybrid": "petrol_hybrid",
    "Diesel and Diesel Hybrid": "diesel",
    "Battery Electric": "electricity",
}
"""Fuels of light vehicles that are taken over; hydrogen, natural gas and others are left out."""
HEAVY_FUELS = {
    "Diesel and Diesel Hybrid": "diesel",
    "Gasoline": "petrol",
    "Flex-Fuel": "petrol",
    "Natural Gas": "cng",
    "Battery Electric": "electricity",
}


@dataclass(frozen=True)
class Part:
    """A class of vehicles inside a duty: its stream, category and the names of its figures."""

    name: str
    stream: str
    category: str
    miles: str


LIGHT = (
    Part("car", "car", "passenger_car", "miles_car"),
    Part("van", "light_commercial", "light_commercial", "miles_van"),
)
HEAVY = (
    Part("rigid", "rigid_truck", "heavy_truck", "miles_delivery_truck"),
    Part("tractor", "articulated_truck", "heavy_truck", "miles_class_8"),
    Part("drayage", "drayage", "heavy_truck", "miles_class_8"),
    Part("construction", "construction", "heavy_truck", "miles_construction_truck"),
    Part("refuse", "sanitation", "heavy_truck", "miles_refuse_truck"),
    Part("transit", "urban_bus", "bus", "miles_transit_bus"),
    Part("school", "coach", "bus", "miles_school_bus"),
)


def fleet(figures: Figures, duty: str, fuels: dict[str, str]) -> dict[str, dict[int, int]]:
    """Return the vehicles of a duty by our fuel and model year; the open oldest class is spread by shares."""
    old = starting_with(figures, "old_model_year_")
    out: dict[str, dict[int, int]] = {}
    for row in read_rows(STRUCTURE):
        if row["duty"] != duty or row["fuel"] not in fuels:
            continue
        number = int(row["vehicles"])
        years = [int(y) for y in old] if row["model_year"] == OLD else [int(row["model_year"])]
        parts = integer_split(number, old.values()) if row["model_year"] == OLD else [number]
        by_year = out.setdefault(fuels[row["fuel"]], {})
        for year, part in zip(years, parts, strict=True):
            by_year[year] = by_year.get(year, 0) + part
    return out


def split(figures: Figures, prefix: str, names: tuple[str, ...], number: int) -> dict[str, int]:
    """Split a number among the classes that have a share."""
    shares = starting_with(figures, prefix)
    having = [name for name in names if name in shares]
    return dict(zip(having, integer_split(number, [shares[name] for name in having]), strict=True))


def cells(figures: Figures, part: Part, number: int) -> Iterator[tuple[str, dict[str, Cell], int]]:
    """Return the segments or gross masses of a class with their numbers."""
    if part.category in {"passenger_car", "light_commercial"}:
        shares = starting_with(figures, f"segment_{part.name}_")
        for name, count in zip(shares, integer_split(number, shares.values()), strict=True):
            yield name, {"segment": SEGMENTS[name]}, count
        return
    shares = starting_with(figures, f"mass_{part.name}_")
    for name, count in zip(shares, integer_split(number, shares.values()), strict=True):
        yield name, {"gross_mass_kg": int(name)}, count


SEGMENTS = {"medium": "Medium", "large": "Large-SUV-Executive", "n1_iii": "N1-III"}


def rows_of(figures: Figures, part: Part, fuel: str, year: int, number: int) -> list[Row]:
    """Return the rows of a class, fuel and model year."""
    return [
        {
            **base,
            "vehicle_id": f"LA-{part.name.upper()}-{fuel}-{name}-{year}",
            "category": part.category,
            "fuel": fuel,
            "model_year": year,
            "stream": part.stream,
            "km_per_year": round(figures[part.miles].value * KM_PER_MILE),
            "share_inside": figures[f"inside_{part.name}"].value,
            "count": count,
        }
        for name, base, count in cells(figures, part, number)
        if count
    ]


def generate(figures: Figures) -> Registry:
    """Return the fleet table and what it rests on."""
    made = Registry()
    duties = (("Light", LIGHT_FUELS, LIGHT), ("Heavy", HEAVY_FUELS, HEAVY))
    for duty, fuels, parts in duties:
        by_name = {part.name: part for part in parts}
        for fuel, by_year in fleet(figures, duty, fuels).items():
            prefix = "share_light_" if duty == "Light" else f"share_{fuel}_"
            for year in sorted(by_year):
                for name, number in split(figures, prefix, tuple(by_name), by_year[year]).items():
                    part = by_name[name]
                    rows = rows_of(figures, part, fuel, year, number)
                    keys = [key for key in figures if key.startswith((f"segment_{name}_", f"mass_{name}_"))]
                    made.add(
                        rows, [*keys, f"{prefix}{name}", part.miles, f"inside_{name}", f"registered_{duty.lower()}"]
                    )
                    if year in {int(y) for y in starting_with(figures, "old_model_year_")}:
                        made.note(rows, [f"old_model_year_{year}"])
    return made


def main() -> int:
    """Write or check the fleet table and its assumptions."""
    figures = read_figures("los_angeles_figures.csv")
    return write_or_check(registry_files("los_angeles", figures, generate(figures)))


if __name__ == "__main__":
    sys.exit(main())
