"""Old vehicles scrapped before their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.findings import Finding
from fleet_planner.scenarios.operation.figures import figure
from fleet_planner.scenarios.operation.model import Done, Outcome
from fleet_planner.scenarios.operation.renewal import price_of, renewed, replacements
from fleet_planner.scenarios.operation.traffic import GROUP, Part, concerned, isolated, parted

if TYPE_CHECKING:
    from fleet_planner.plan.operation import Scrappage
    from fleet_planner.scenarios.operation.model import OperationSetting
    from fleet_planner.scenarios.operation.traffic import Traffic

SCRAPPAGE = "scrappage"


def scrappage(traffic: Traffic, wanted: Scrappage, setting: OperationSetting, number: int) -> Done:
    """Replace a share of old local vehicles by new ones that drive as they did.

    Vehicles that a measure of the scenario has replaced or fitted already are left alone.
    """
    total = traffic.total_km()
    rows = concerned(traffic.vehicles, wanted)
    local = traffic.vehicles.select(~pl.col("visiting") & (pl.col("measures") == "")).to_series().to_numpy()
    done, groups = isolated(traffic, rows & local)
    fates = {"replaced": 0.0}
    held, new_groups = 0.0, []
    for group in groups:
        g = done.place(group)
        km, row = done.activity.km[g], done.activity.row[g]
        held += float(km.sum())
        fates["replaced"] += float(km.sum()) * wanted.share
        none = done.activity.share[:0]
        parts = [Part(1.0 - wanted.share, km * (1.0 - wanted.share), row, none)] if wanted.share < 1.0 else []
        parts.append(Part(wanted.share, km * wanted.share, row, none))
        done, names = parted(done, group, parts)
        new_groups.append(names[-1])
    old = done.vehicles.filter(pl.col(GROUP).is_in(new_groups))
    done = renewed(done, new_groups, replacements(old, wanted, SCRAPPAGE, setting), SCRAPPAGE, setting)
    costs, bought, checked = price_of(old, SCRAPPAGE)
    outcome = Outcome(
        SCRAPPAGE,
        number,
        bought,
        held,
        total,
        done.total_km(),
        fates=fates,
        bought=bought,
        costs=costs,
        checked=checked,
        whole_km=True,
    )
    subsidy = figure(SCRAPPAGE, "subsidy_cny_per_vehicle")
    values: dict[str, str | int | float] = {
        "scenario": setting.title,
        "low": f"{subsidy.low:,.0f}",
        "high": f"{subsidy.high:,.0f}",
    }
    return Done(done, outcome, (Finding("operation.scrappage", "assumption", values, round(bought)),))
