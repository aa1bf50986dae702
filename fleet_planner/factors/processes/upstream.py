"""What making and bringing a fuel to the pump emits (well to tank), by MJ of the fuel, as CO2 equivalent.

The carbon of plants counts as nought at the tailpipe, so that growing and refining them counts here in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.processes.fuels import tank
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

GENERAL = "EU"
"""Region whose figures stand in where a region has none of its own."""

HYDROGEN, GRID_HYDROGEN = "hydrogen", "grid"
BOUNDS = ("value", "low", "high")


@dataclass(frozen=True)
class Upstream:
    """Well-to-tank emissions, kg CO2e per MJ, by fuel, as in the table; ``general`` ones are another region's."""

    kg_per_mj: Mapping[str, tuple[float, float, float]]
    general: tuple[str, ...]

    def of(self, fuel: str, blend: str) -> tuple[float, float, float]:
        """Return the mean, low and high figure of what is in a vehicle's tank.

        Parameters
        ----------
        fuel
            Of the technology.
        blend
            Measure that changed the fuel, "" where none did.
        """
        base = self.kg_per_mj.get(tank(fuel), (0.0, 0.0, 0.0))
        if blend not in blends():
            return base
        carrier, share = blends()[blend]
        added = self.kg_per_mj[carrier]
        low, mean, high = ((1.0 - share) * base[k] + share * added[k] for k in (1, 0, 2))
        return mean, low, high


def with_hydrogen(upstream: Upstream, colour: str, grid_kg_per_kwh: float) -> Upstream:
    """Return the figures with hydrogen of a colour; those of the region where none is named.

    Parameters
    ----------
    upstream
        Of the region.
    colour
        As in ``hydrogen_colours.csv``; ``grid`` is made with electricity, whose CO2 counts.
    grid_kg_per_kwh
        CO2 of that electricity.
    """
    if not colour:
        return upstream
    row = reference_table("hydrogen_colours.csv").row(by_predicate=pl.col("colour") == colour, named=True)
    factor = grid_kg_per_kwh if colour == GRID_HYDROGEN else 1.0 / 1000.0
    value, low, high = (row[k] * factor for k in BOUNDS)
    others = tuple(fuel for fuel in upstream.general if fuel != HYDROGEN)
    return Upstream({**upstream.kg_per_mj, HYDROGEN: (value, low, high)}, others)


@cache
def blends() -> Mapping[str, tuple[str, float]]:
    """Return, by measure, the fuel that it mixes in and its share of the energy."""
    table = reference_table("fuel_blends.csv")
    return {r["measure_id"]: (r["fuel"], r["energy_share"]) for r in table.iter_rows(named=True)}


def load_upstream(regions: Iterable[str]) -> Upstream:
    """Load the figures of the first of some regions that has them, fuel by fuel, else the general ones."""
    table = reference_table("fuel_upstream.csv")
    found: dict[str, tuple[float, float, float]] = {}
    general = []
    for fuel in table["fuel"].unique().sort().to_list():
        own = {r["region"]: r for r in table.filter(pl.col("fuel") == fuel).iter_rows(named=True)}
        region = next((r for r in (*regions, GENERAL) if r in own), None)
        if region is None:
            continue
        value, low, high = (own[region][k] / 1000.0 for k in BOUNDS)
        found[fuel] = (value, low, high)
        if region not in set(regions):
            general.append(fuel)
    return Upstream(found, tuple(general))


def upstream_kg(vehicles: pl.DataFrame, fuel_mj: NDArray[np.float64], upstream: Upstream) -> NDArray[np.float64]:
    """Return the CO2e of making the fuel that vehicles burn, kg, shape (vehicles, 3): mean, low, high.

    Parameters
    ----------
    vehicles
        With ``fuel`` and ``fuel_blend``.
    fuel_mj
        What each row burns, shape (vehicles,).
    upstream
        Figures of the region.
    """
    pairs = vehicles.select("fuel", "fuel_blend")
    known = {pair: upstream.of(*pair) for pair in pairs.unique().iter_rows()}
    per_mj = np.array([known[pair] for pair in pairs.iter_rows()], dtype=np.float64).reshape(-1, 3)
    return np.asarray(per_mj * fuel_mj[:, None])
