"""What vehicles are: masses, resistances, cabins, batteries, from the packaged tables or the user's."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.buses.model import BUS_TYPES
from fleet_planner.errors import InputError, first_line, use_one_of
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Float = NDArray[np.float64]
DUTY_TYPES = ("van", "rigid_truck", "articulated_truck")
NAME = "bus_type"
TEXTS = (NAME, "source", "year", "checked", "unit")


@dataclass(frozen=True)
class Vehicles:
    """Types of vehicle; every array has a value per type, in the order of ``names``.

    The fields are the columns of ``reference/bus_types.csv``; ``figure`` holds what all types share, by name.
    """

    names: tuple[str, ...]
    empty_kg: Float
    places: Float
    seats: Float
    area_m2: Float
    drag: Float
    rolling: Float
    accelerate_m_s2: Float
    brake_m_s2: Float
    top_kmh: Float
    regen_kw: Float
    ua_w_per_k: Float
    glass_m2: Float
    doors: Float
    auxiliary_kw: Float
    heat_pump_kw: Float
    battery_kwh: Float
    charge_kw: Float
    figure: Mapping[str, float]
    unchecked: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: pl.DataFrame) -> Vehicles:
        """Return the types of a table in the columns of ``reference/bus_types.csv``."""
        numbers = {name: table[name].to_numpy().astype(np.float64) for name in NUMBERS}
        unchecked = table.filter(pl.col("checked") != "yes")[NAME].to_list()
        return cls(tuple(table[NAME].to_list()), **numbers, figure=figures(), unchecked=tuple(unchecked))

    def index(self, names: pl.Series) -> NDArray[np.int64]:
        """Return the place of each name in ``names`` of these types."""
        codes = {name: k for k, name in enumerate(self.names)}
        return names.replace_strict(codes, return_dtype=pl.Int64).to_numpy()


NUMBERS = tuple(f.name for f in fields(Vehicles) if f.name not in {"names", "figure", "unchecked"})


def bus_types(own: Path | None = None) -> Vehicles:
    """Return the types of bus; rows of the user's table replace packaged ones.

    Raises
    ------
    InputError
        The user's table lacks a column, or a row has an unknown type or a figure that cannot be.
    """
    table = reference_table("bus_types.csv")
    if own is None:
        return Vehicles.of(table)
    mine = _own_table(own)
    kept = table.select(NAME, *NUMBERS, "checked").filter(~pl.col(NAME).is_in(mine[NAME].to_list()))
    both = pl.concat([kept.cast(dict.fromkeys(NUMBERS, pl.Float64)), mine])
    order = pl.DataFrame({NAME: BUS_TYPES})
    return Vehicles.of(order.join(both, on=NAME, how="left", maintain_order="left"))


def duty_types() -> Vehicles:
    """Return the types of van and truck."""
    return Vehicles.of(reference_table("duty_types.csv"))


@cache
def figures() -> dict[str, float]:
    """Return the figures that all types share, by name (``reference/bus_energy_figures.csv``)."""
    return dict(reference_table("bus_energy_figures.csv").select("quantity", "value").iter_rows())


def _own_table(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError("this table cannot be read", first_line(error), file=path) from error
    if missing := [c for c in (NAME, *NUMBERS) if c not in table.columns]:
        raise InputError("a column is missing", f"Add {', '.join(missing)}.", file=path, column=missing[0])
    for row, name in enumerate(table[NAME].to_list(), 2):
        if name not in BUS_TYPES:
            raise InputError(
                "no such type of bus", use_one_of(name or "", BUS_TYPES), file=path, row=row, column=NAME, value=name
            )
    if table[NAME].n_unique() < table.height:
        raise InputError("a type of bus stands twice", "Keep one row of each type.", file=path, column=NAME)
    for name in NUMBERS:
        column = table[name].cast(pl.Float64, strict=False)
        least = 0.0 if name in {"glass_m2", "doors", "heat_pump_kw", "auxiliary_kw", "regen_kw"} else 1e-6
        wrong = (column.is_null() | ~column.is_finite() | (column < least)).fill_null(value=True)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise InputError(
                "this must be a number above zero", "Give the figure of this type.",
                file=path, row=row + 2, column=name, value=table[name][row],
            )  # fmt: skip
    checked = pl.lit("yes") if "checked" not in table.columns else pl.col("checked")
    return table.select(NAME, *(pl.col(n).cast(pl.Float64) for n in NUMBERS), checked=checked)
