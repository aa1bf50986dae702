"""A sample of the embedded city for the loop over vehicles, links and hours: its own speeds, modes, grades and weather."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.model import Activity
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.inventory import compute_inventory
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.plan.load import load_plan
from fleet_planner.progress import silent
from fleet_planner.units import DAYS_PER_YEAR
from tests.kernels.inventory_twin import Twin

if TYPE_CHECKING:
    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.prepare import Prepared

PLAN = Path(__file__).parents[2] / "inputs" / "coquimbo" / "plan.toml"
LOOPED = ("NOx", "PM_exhaust", "CO", "energy_MJ")
"""What the loop computes: exhaust, warm and cold, with mileage and catalysts in the weather."""


@dataclass(frozen=True)
class Sample:
    """Some vehicles on some links, all hours; every stream's vehicle-km are those of its vehicles in the sample."""

    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    links: pl.DataFrame
    activity: Activity
    factors: FactorTable
    twin: Twin

    def factored(self) -> Inventory:
        return compute_inventory(self.vehicles, self.multipliers, self.links, self.activity, self.factors)

    def looped(self, pollutant: str) -> np.ndarray:
        return self.twin.by_link(self.vehicles, self.multipliers, self.links, self.activity, pollutant)


def embedded_city() -> Prepared:
    """The embedded city with its baseline."""
    plan = load_plan(PLAN)
    return prepare(plan.model_copy(update={"scenario": [], "target": []}), PLAN.parent, silent)


def sample(ready: Prepared, vehicles: int, links: int, *, on_grid: bool, seed: int = 0) -> Sample:
    """Draw vehicles of every stream and links with traffic of each of them.

    Parameters
    ----------
    ready
        The city.
    vehicles, links
        How many rows; of vehicles at least so many, each stream's the same number.
    on_grid
        Speeds are those of the table's grid that lie nearest, where sampling a curve is exact.
    seed
        Of the draw.
    """
    rng = np.random.default_rng(seed)
    start = ready.computed.states[0][0].vehicles
    burning = start.filter(pl.col("fuel") != "electricity")
    whole = ready.computed.activity
    streams = tuple(sorted(set(burning["stream"])))
    each = -(-vehicles // len(streams))
    drawn = [rng.permutation(np.flatnonzero((burning["stream"] == s).to_numpy()))[:each] for s in streams]
    frame = burning[np.sort(np.concatenate(drawn)).tolist()]
    vkt = whole.vkt[[whole.streams.index(s) for s in streams]]
    driven = np.flatnonzero((vkt.sum(axis=2) > 0.0).all(axis=0))
    at = np.sort(rng.permutation(driven)[:links])
    km = frame["km_per_year"] * frame["share_inside"] * frame["count"] / DAYS_PER_YEAR
    totals = np.array([km.filter(frame["stream"] == s).sum() for s in streams])
    part = vkt[:, at] / vkt[:, at].sum(axis=(1, 2), keepdims=True) * totals[:, None, None]
    conditions = ready.computed.setting.conditions
    hot = ready.computed.setting.sources.hot
    sources = load_sources(grid_kg_per_kwh=ready.run.grid_kg_per_kwh, hot=hot)
    technologies = frame.select(TECHNOLOGY).unique().sort(TECHNOLOGY)
    factors = compile_factors(technologies, sources, conditions, FactorOptions())
    speed = whole.speed_kmh[at]
    if on_grid:
        grid = factors.grid_kmh
        speed = grid[np.abs(speed[..., None] - grid).argmin(axis=-1)]
    activity = Activity.dense(streams, np.ascontiguousarray(part), speed, np.ascontiguousarray(whole.mode[at]))
    ones = pl.DataFrame({name: np.ones(frame.height) for name in POLLUTANTS})
    ones = ones.with_columns(NO2_share_points=pl.lit(0.0))
    return Sample(frame, ones, ready.network.links[at.tolist()], activity, factors, Twin(hot, conditions))
