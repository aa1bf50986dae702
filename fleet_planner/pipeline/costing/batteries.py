"""The batteries that every scenario buys, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.batteries import battery_table, bought_in, making_of
from fleet_planner.economics.learning import whole
from fleet_planner.economics.vehicle_costs import vehicle_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.economics.batteries import Bought
    from fleet_planner.economics.ownership_table import Outlook
    from fleet_planner.economics.programme import Programme
    from fleet_planner.pipeline.computing.by_year import ByYear
    from fleet_planner.plan.models import Plan

BASELINE, ELECTRICITY = "baseline", "electricity"


def batteries_by_year(
    plan: Plan, programmes: Sequence[Programme], later: ByYear | None, outlook: Outlook
) -> pl.DataFrame:
    """Return ``tables/columns/battery_manufacturing.csv``; nothing where the plan does not count batteries.

    Parameters
    ----------
    plan
        The plan.
    programmes
        What scenarios buy above the baseline.
    later
        The projected years, whose electric sales the baseline and all scenarios have.
    outlook
        Classes of vehicles.
    """
    making = making_of(plan.impacts.upstream, outlook.classes)
    if making is None:
        return pl.DataFrame()
    sold = _sold(later, outlook)
    bought = {BASELINE: sold} | {p.scenario: [*sold, *bought_in(p)] for p in programmes}
    last = max((p.years.stop for p in programmes), default=plan.city.year + 1)
    return battery_table(bought, making, range(plan.city.year, last))


def _sold(later: ByYear | None, outlook: Outlook) -> list[Bought]:
    """Return the electric vehicles that the turnover of the baseline sells."""
    if later is None:
        return []
    rows = later.projection.flow_table().filter((pl.col("fuel") == ELECTRICITY) & (pl.col("sold") > 0.0))
    out = []
    for year, stream, sold in rows.select("year", "stream", "sold").iter_rows():
        name = vehicle_class(stream)
        if name is not None:
            out.append((year, stream, sold, float(whole(outlook.classes[name].holding_years))))
    return out
