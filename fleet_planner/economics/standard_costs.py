"""What building vehicles to a newer standard costs: the difference of manufacturing costs of the two standards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    Convert = Callable[[float, str, int], float]


@dataclass(frozen=True)
class StandardCost:
    """Cost of a diesel vehicle of a standard above the oldest step, and over how many years it is paid back."""

    usd: float
    year: int
    life_years: float


@cache
def load_standard_costs() -> Mapping[tuple[str, str], StandardCost]:
    """Return the costs by category and standard."""
    rows = reference_table("standard_costs.csv").iter_rows(named=True)
    return {
        (r["category"], r["standard"]): StandardCost(float(r["usd"]), int(r["year"]), float(r["life_years"]))
        for r in rows
    }


def adoption_capex(adopted: pl.DataFrame, convert: Convert) -> Mapping[float, float]:
    """Return what the vehicles of a newer standard cost above those of the standards they had.

    Parameters
    ----------
    adopted
        ``category, standard, to_standard, vehicles``: vehicles of each pair of standards.
    convert
        Takes an amount, its currency and its year and returns US dollars of 2024.

    Returns
    -------
    US dollars of 2024 by life, years. Standards without a cost (two-wheelers, Euro 7) cost nothing.
    """
    costs = load_standard_costs()
    out: dict[float, float] = {}
    for category, before, after, vehicles in adopted.select(
        "category", "standard", "to_standard", "vehicles"
    ).iter_rows():
        old, new = costs.get((category, before)), costs.get((category, after))
        if old is None or new is None:
            continue
        usd = convert(new.usd - old.usd, "USD", new.year)
        out[new.life_years] = out.get(new.life_years, 0.0) + vehicles * usd
    return out
