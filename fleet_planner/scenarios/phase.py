"""Which vehicles a measure reaches: all at once, or year by year.

What is bolted to a vehicle stays on it until it is scrapped: the treated share of a cohort (technology and model year)
never falls, since treated and untreated vehicles of it are scrapped alike. What replaces a vehicle stands in the
stream's pool for its own life: when the old vehicle would have gone, the new one is there instead of the next one
bought. Fuels and rules on idling are bought anew each day: their share is what the plan says of the year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.scenarios.rows import VARIANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.models import ScenarioMeasure

Float = NDArray[np.float64]
BOLTED = ("retrofit", "standard", "running_gear")
POOLED = ("replacement", "package")


@dataclass(frozen=True)
class Step:
    """A measure of a scenario: as the plan wants it, its place in the canonical order, and its kind."""

    wanted: ScenarioMeasure
    place: int
    kind: str


class Picker(Protocol):
    """Chooses how many vehicles of each row a measure reaches, given which may have it."""

    def __call__(self, state: pl.DataFrame, eligible: pl.Expr, pool: pl.Expr | None = None, *, step: Step) -> pl.Series:
        """Return the vehicles treated, by row, at most those that may be.

        ``pool`` is whose share the uptake is: the eligible, and those that another measure of the same place has.
        """
        ...


@dataclass(frozen=True)
class Standing:
    """What a measure has reached at the end of a year.

    Parameters
    ----------
    of_cohort
        Treated share of the vehicles of each cohort, by ``vehicle_id``; of measures bolted to vehicles.
    bought
        Vehicles bought, by year; of replacements.
    """

    of_cohort: Mapping[str, float] = field(default_factory=dict)
    bought: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reached:
    """What a measure did in one year: vehicles wanted, on the road with it at the end, and new with it in the year.

    ``of_stream`` has the last two by stream.
    """

    measure_id: str
    place: int
    eligible: float
    wanted: float
    vehicles: float
    new: float
    of_stream: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def all_at_once(state: pl.DataFrame, eligible: pl.Expr, pool: pl.Expr | None = None, *, step: Step) -> pl.Series:
    """Return how many vehicles of each row are treated where the whole uptake is reached in one year.

    The last row is treated in part, so that the treated share of the eligible vehicles is exact.
    """
    frame = _asked(state, eligible)
    may = frame["may"].to_numpy()
    uptake = step.wanted.final_uptake
    whole = _pool(state, pool, float(may.sum()))
    return pl.Series("treated", may if uptake >= 1.0 else _oldest_first(frame, may, uptake * whole))


def _pool(state: pl.DataFrame, pool: pl.Expr | None, eligible: float) -> float:
    """Return the vehicles whose share an uptake is."""
    return eligible if pool is None else float(state.select(pl.col("count").filter(pool).sum()).item())


def _asked(state: pl.DataFrame, eligible: pl.Expr) -> pl.DataFrame:
    may = pl.when(eligible).then(pl.col("count")).otherwise(0.0)
    return state.select("vehicle_id", "model_year", "km_per_year", "count", may=may)


def uptake_of(wanted: ScenarioMeasure, year: int) -> float:
    """Return the share of the eligible vehicles that the plan wants treated in a year.

    Before the first year named it is 0, between two it is interpolated, after the last it holds. A measure without
    years has its whole uptake at once.
    """
    if not wanted.uptake_by_year:
        return wanted.uptake
    named = sorted((int(y), share) for y, share in wanted.uptake_by_year.items())
    years, shares = [y for y, _ in named], [s for _, s in named]
    return float(np.interp(year, years, shares, left=0.0))


class YearOf:
    """Picks the vehicles that the measures of a scenario reach in a year, given what they had reached before.

    Parameters
    ----------
    year
        Of the fleet.
    before
        By place of the measure in the canonical order.
    life_years
        Of replacements, by measure.
    not_before
        First year in which vehicles can get a measure, by measure; those not named have none.
    """

    def __init__(
        self,
        year: int,
        before: Mapping[int, Standing],
        life_years: Mapping[str, float],
        not_before: Mapping[str, int] | None = None,
    ) -> None:
        self.year = year
        self.before = before
        self.life_years = life_years
        self.not_before = not_before or {}
        self.after: dict[int, Standing] = {}
        self.reached: list[Reached] = []

    def __call__(self, state: pl.DataFrame, eligible: pl.Expr, pool: pl.Expr | None = None, *, step: Step) -> pl.Series:
        """Return how many vehicles of each row are treated."""
        wanted, place, kind = step.wanted, step.place, step.kind
        frame = _asked(state, eligible)
        may = frame["may"].to_numpy()
        left = float(may.sum())
        whole = _pool(state, pool, left)
        share = uptake_of(wanted, self.year)
        had = self.before.get(place, Standing())
        if kind in BOLTED:
            kept = _kept(frame, had.of_cohort)
        elif kind in POOLED:
            life = self.life_years.get(wanted.measure, np.inf)
            alive = sum(n for year, n in had.bought.items() if self.year - year < life)
            kept = _oldest_first(frame, may, min(alive, left))
        else:
            kept = np.zeros(len(may))
        standing = float(kept.sum())
        lacking = max(share * whole - standing, 0.0)
        most = np.inf if wanted.max_per_year is None else wanted.max_per_year
        if self.year < self.not_before.get(wanted.measure.partition(VARIANT)[0], self.year):
            most = 0.0
        new = min(lacking, most) if kind in (*BOLTED, *POOLED) else lacking
        treated = kept + _oldest_first(frame, may - kept, new)
        self.after[place] = self._standing(frame, treated, had, new, kind)
        streams = _by_stream(state, treated, treated - kept)
        asked = max(share * whole, standing)
        self.reached.append(Reached(wanted.measure, place, whole, asked, standing + new, new, streams))
        return pl.Series("treated", np.minimum(treated, may))

    def _standing(self, frame: pl.DataFrame, treated: Float, had: Standing, new: float, kind: str) -> Standing:
        if kind in POOLED:
            return Standing(bought={**had.bought, self.year: new})
        if kind not in BOLTED:
            return Standing()
        summed = (
            frame.select("vehicle_id", "count", treated=pl.Series(treated))
            .group_by("vehicle_id")
            .agg(pl.col("treated").sum(), pl.col("count").sum())
            .filter(pl.col("treated") > 0.0)
        )
        return Standing(dict(zip(summed["vehicle_id"], summed["treated"] / summed["count"], strict=True)))


def _by_stream(state: pl.DataFrame, treated: Float, new: Float) -> dict[str, tuple[float, float]]:
    """Return the vehicles with a measure and those new with it, by stream."""
    rows = state.select("stream", treated=pl.Series(treated), new=pl.Series(new)).filter(pl.col("treated") > 0.0)
    summed = rows.group_by("stream").sum().sort("stream")
    return {stream: (vehicles, fresh) for stream, vehicles, fresh in summed.iter_rows()}


def _kept(frame: pl.DataFrame, of_cohort: Mapping[str, float]) -> Float:
    """Return the vehicles of each row that have the measure from earlier years; a cohort's are shared by its rows."""
    if not of_cohort:
        return np.zeros(frame.height)
    share = frame["vehicle_id"].replace_strict(
        list(of_cohort), list(of_cohort.values()), default=0.0, return_dtype=pl.Float64
    )
    sums = frame.select(pl.col("count").sum().over("vehicle_id"), may=pl.col("may").sum().over("vehicle_id"))
    whole, may = sums["count"].to_numpy(), sums["may"].to_numpy()
    wanted = np.minimum(share.to_numpy() * whole, may)
    part = np.divide(frame["may"].to_numpy(), may, out=np.zeros(frame.height), where=may > 0.0)
    return np.asarray(wanted * part)


def _oldest_first(frame: pl.DataFrame, may: Float, number: float) -> Float:
    """Return ``number`` vehicles, the oldest first, among equals those that drive most, then in the order of rows."""
    order = np.lexsort((np.arange(len(may)), -frame["km_per_year"].to_numpy(), _years(frame), may <= 0.0))
    before = np.empty(len(may))
    before[order] = np.cumsum(may[order]) - may[order]
    return np.asarray(np.clip(number - before, 0.0, np.maximum(may, 0.0)))


def _years(frame: pl.DataFrame) -> Float:
    """Return model years; vehicles without one are the oldest."""
    return np.asarray(frame["model_year"].cast(pl.Float64).fill_null(-np.inf))
