"""The plan against others: year by year, under other headroom, and what coverage costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.solve import (
    Built,
    most_served,
    solve_build,
    trade_off,
    under_another_grid,
)
from fleet_planner.chargers.building.tables import frame, regret_row, served_pct
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from fleet_planner.chargers.building.assemble import Assembled
    from fleet_planner.plan.chargers import ChargersSection

LEAST_PCT = 40.0
"""Share of what can be served at which the curve begins."""
PERCENT = 100.0
REGRET_TIME = 0.5
"""Share of the time limit for each plan that the chosen one is compared with."""


def regret_of(
    section: ChargersSection, known: Mapping[str, Assembled], built: Built, step: Built
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return what not knowing the years or the grid costs (``tables/columns/charger_regret.csv``).

    The findings name the scenarios of the grid in which the least service cannot be reached.
    """
    chosen, seconds = section.headroom, section.seconds * REGRET_TIME
    best: dict[str, Built] = {chosen: built}
    for level, one in known.items():
        if level != chosen:
            best[level] = solve_build(one.build, seconds, section.gap)
    home = known[chosen].build
    found = [("foresight", decided, decided, made) for decided, made in best.items() if made.plan is not None]
    if step.plan is not None:
        found.append(("year_by_year", chosen, chosen, step))
    for decided, made in best.items():
        for happens in known:
            if happens != decided and made.plan is not None:
                real = under_another_grid(made.plan, known[decided].build, known[happens].build)
                found.append(("foresight", decided, happens, real))
    # the best of a grid is the best that is known: a plan for another grid may be better where power is shared
    least = {
        level: min((one.cost for *_, happens, one in found if happens == level), default=np.inf) for level in known
    }
    rows = [
        regret_row(plan, (decided, happens), one, float(least[happens]), home.per_day)
        for plan, decided, happens, one in found
    ]
    missed = [
        Finding("chargers.level_out_of_reach", "warning", {"level": k}) for k, one in best.items() if one.plan is None
    ]
    return frame("charger_regret", rows), missed


def curve_of(section: ChargersSection, assembled: Assembled, built: Built) -> pl.DataFrame:
    """Return the least cost of serving a share of the energy (``tables/columns/charger_curve.csv``)."""
    build = assembled.build
    most = PERCENT * float(most_served(build).min())
    shares = np.linspace(LEAST_PCT * most / PERCENT, most, section.curve_points + 1)[1:]
    # the last point lies just below what can be served at all, so that rounding does not make it impossible
    shares = np.floor(shares * 10.0) / (10.0 * PERCENT)
    points = trade_off(
        build, shares.tolist(), section.seconds / max(section.curve_points, 1), max(section.gap, 0.01), built.plan
    )
    rows: list[dict[str, object]] = [
        {
            "least_pct": PERCENT * share,
            "served_pct": served_pct(found, build.per_day),
            "cost_usd": found.cost,
            "bound_usd": found.bound,
            "sites": int(found.plan.is_open[:, -1].sum()),
            "chargers": int(found.plan.count[:, :, -1].sum()),
            "status": found.status,
        }
        for share, found in reversed(points)
        if found.plan is not None
    ]
    return frame("charger_curve", rows)
