"""From per-vehicle figures of options to the coefficients of the programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.portfolio.figures import in_force
from fleet_planner.portfolio.problem import AT_LEAST, AT_MOST, Problem, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.portfolio.figures import Figures
    from fleet_planner.portfolio.sites import SiteRows

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Aimed:
    """A target: what has to be avoided of a sum in a year (place in the horizon), and in which groups it counts."""

    name: str
    pollutant: str
    year: int
    required: float
    counts: NDArray[np.bool_]


def problem_of(
    figures: Figures,
    aims: tuple[Aimed, ...],
    discount: Array,
    *,
    budget: float | None = None,
    supply: Mapping[tuple[int, ...], tuple[str, float]] | None = None,
    benefit: Array | None = None,
    sites: SiteRows | None = None,
    more: tuple[Row, ...] = (),
) -> Problem:
    """Return the programme.

    Parameters
    ----------
    figures
        Per-vehicle figures.
    aims
        Targets.
    discount
        Factor of each year, shape (T,).
    budget
        Capital of each year.
    supply
        Name and vehicles a year, by the options that share it.
    benefit
        A vehicle and year, shape (G, O): then the net benefit is maximised, which is to minimise cost less benefit.
    sites
        Rows of depots, chargers and grid, and what can be built there.
    more
        Other rows.
    """
    groups, options = figures.able.shape
    years = figures.alive.shape[1]
    acts = in_force(figures)
    # vehicle-years of a base-year vehicle that takes o in t, discounted: (G, O, T)
    lived = np.einsum("gy,oty,y->got", figures.alive, acts, discount)
    per_year = figures.capital_per_year + figures.running_per_year
    if benefit is not None:
        per_year = per_year - benefit
    cost = per_year[:, :, None] * lived
    t = np.arange(years)[None, None, :]
    able = figures.able[:, :, None] & (t >= figures.first[:, None, None])
    able &= ~figures.only_first[:, :, None] | (t == figures.first[:, None, None])
    rows = [
        Row(
            aim.name,
            AT_LEAST,
            aim.required,
            np.where(aim.counts[:, None], figures.avoided[aim.pollutant], 0.0)[:, :, None]
            * figures.alive[:, aim.year][:, None, None]
            * acts[:, :, aim.year][None],
        )
        for aim in aims
    ]
    treated = figures.alive[:, None, :]
    for year in range(years):
        now = t == year
        if budget is not None:
            spent = np.where(now, figures.capital[:, :, None] * treated, 0.0)
            builds = () if sites is None else _capital_of(sites, year)
            rows.append(Row(f"budget {year}", AT_MOST, budget, spent, builds=builds))
        for which, (name, most) in (supply or {}).items():
            mine = np.isin(np.arange(options), which)[None, :, None]
            rows.append(
                Row(
                    f"{name} {year}",
                    AT_MOST,
                    most,
                    np.where(now & mine, np.broadcast_to(treated, (groups, options, years)), 0.0),
                )
            )
    count, priced = np.round(figures.count), np.where(able, cost, 0.0)
    if sites is None:
        return Problem(count, able, priced, (*rows, *more))
    return Problem(count, able, priced, (*rows, *more, *sites.rows), sites.builds)


def _capital_of(sites: SiteRows, year: int) -> tuple[tuple[int, float], ...]:
    """Return what the builds of a year cost when they are built."""
    return tuple((int(k), float(sites.capital[k])) for k in np.flatnonzero(sites.year == year))
