"""A plan as tables: chargers, sites, load by hour, costs, what nobody serves, zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.chargers.building.audit import LINES
from fleet_planner.chargers.queueing import mean_wait_h
from fleet_planner.tables import columns
from fleet_planner.units import HOURS_PER_DAY, MINUTES_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from fleet_planner.chargers.building.assemble import Assembled
    from fleet_planner.chargers.building.audit import Audit
    from fleet_planner.chargers.building.solve import Built
    from fleet_planner.chargers.building.start import Plan
    from fleet_planner.chargers.candidates import Sites
    from fleet_planner.chargers.demand import Demand

    Float = NDArray[np.float64]

PRESENT = "present"
LITTLE = 1e-6
KINDS: dict[str, Any] = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}


@dataclass(frozen=True)
class Told:
    """What the tables are made from."""

    assembled: Assembled
    plan: Plan
    audit: Audit
    sites: Sites
    demand: Demand


def frame(name: str, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows as a table of the dictionary."""
    return pl.DataFrame(rows, schema={c.column: KINDS[c.type] for c in columns(name)})


def site_loads(told: Told) -> Float:
    """Return kW by site, year and hour of the day, shape (S, T, 24)."""
    reach, demand = told.assembled.build.reach, told.demand
    load = np.zeros((told.sites.size, len(demand.years), HOURS_PER_DAY))
    np.add.at(load, reach.site, demand.kwh[reach.demand] * told.plan.share[:, :, None])
    return load


def chargers_table(told: Told) -> pl.DataFrame:
    """Return ``tables/columns/chargers.csv``: a row per site, kind of charger and year."""
    build, plan = told.assembled.build, told.plan
    rows: list[dict[str, object]] = []
    present = told.sites.table.select("existing_chargers", "existing_kw", "connectors").rows()
    for s in np.flatnonzero(plan.is_open.any(axis=1)).tolist():
        for t, year in enumerate(build.years):
            for k, option in enumerate(build.options):
                n = int(plan.count[s, k, t])
                there = not option.connector
                busiest = float(told.audit.load[s, k, t].max(initial=0.0))
                if there and build.own_kw[s] > 0.0 and build.own[s, build.option_in[:, k]].any():
                    n, each = int(present[s][0]), float(present[s][1])
                elif n == 0 or there:
                    continue
                else:
                    each = option.kw
                added = 0 if there else n - (int(plan.count[s, k, t - 1]) if t else 0)
                rows.append(
                    {
                        "site_id": told.sites.ids[s],
                        "year": year,
                        "type": PRESENT if there else option.name,
                        "connector": present[s][2] if there else option.connector,
                        "chargers": n,
                        "added": added,
                        "kw": n * each,
                        "spent_usd": added * float(build.price[k]),
                        "busiest_kw": busiest,
                        "busiest_pct": 100.0 * busiest / (n * each),
                        "wait_min": _wait_min(told, k, n, each, busiest) if option.queue or there else None,
                    }
                )
    return frame("chargers", rows)


def _wait_min(told: Told, k: int, n: int, kw: float, busiest_kw: float) -> float:
    """Return the mean wait in the busiest hour, minutes."""
    build, demand = told.assembled.build, told.demand
    own = np.array([bool(build.option_in[build.inside[:, g]][:, k].all()) for g in build.group.tolist()])
    energy = demand.per_day.sum(axis=1)[own]
    stops = (energy / demand.session_kwh[own]).sum()
    session = energy.sum() / stops if stops > 0.0 else 1.0
    return MINUTES_PER_HOUR * mean_wait_h(n, busiest_kw / kw, session / kw)


def sites_table(told: Told) -> pl.DataFrame:
    """Return ``tables/columns/charger_sites.csv``: a row per open site."""
    build, plan = told.assembled.build, told.plan
    costs, last = build.costs, len(build.years) - 1
    loads = site_loads(told)
    kinds, there = told.sites.table["kind"].to_list(), told.sites.table["existing_chargers"].to_list()
    new = len(costs.option_share)
    rows: list[dict[str, object]] = []
    for s in np.flatnonzero(plan.is_open.any(axis=1)).tolist():
        count = plan.count[s, :new, last]
        kw = float((count * build.kw[:new]).sum())
        energy = float(loads[s, last].sum())
        paid = not build.opened[s]
        once = (float(build.open_usd[s]) if paid else 0.0) + float((count * build.price[:new]).sum())
        yearly = (float(build.open_per_year[s]) if paid else 0.0) + float((count * build.per_year[:new]).sum())
        drawn = float(loads[s, last].max()) - float(build.own_kw[s]) if build.hourly else kw
        rows.append(
            {
                "site_id": told.sites.ids[s],
                "kind": kinds[s],
                "place": _place(told, s, last),
                "opens": build.years[int(np.argmax(plan.is_open[s]))],
                "chargers": int(count.sum()) + int(there[s] or 0),
                "new_kw": kw,
                "present_kw": float(build.own_kw[s]),
                "headroom_kw": float(build.headroom[s]),
                "headroom_left_kw": float(build.headroom[s]) - max(drawn, 0.0),
                "kwh_per_day": energy,
                "used_pct": 100.0 * energy / max(HOURS_PER_DAY * (kw + float(build.own_kw[s])), LITTLE),
                "busiest_kw": float(loads[s, last].max()),
                "cost_usd": once,
                "cost_usd_per_year": yearly,
                "flood": "yes" if told.sites.flood[s] else "no",
            }
        )
    return frame("charger_sites", rows)


def _place(told: Told, s: int, t: int) -> str | None:
    reach = told.assembled.build.reach
    own = slice(int(reach.first[s]), int(reach.first[s + 1]))
    energy: dict[str, float] = {}
    for j, share in zip(reach.demand[own].tolist(), told.plan.share[own, t].tolist(), strict=True):
        zone = told.demand.zone[j]
        energy[zone] = energy.get(zone, 0.0) + share * float(told.demand.per_day[j, t])
    return max(energy, key=lambda z: energy[z]) or None if energy else None


def grid_table(told: Told) -> pl.DataFrame:
    """Return ``tables/columns/charger_grid.csv``: load by hour of every open site."""
    build, plan, loads = told.assembled.build, told.plan, site_loads(told)
    feeder = told.sites.table["feeder"].to_list()
    rows: list[dict[str, object]] = []
    for s in np.flatnonzero(plan.is_open.any(axis=1)).tolist():
        for t, year in enumerate(build.years):
            if not plan.is_open[s, t]:
                continue
            installed = float((plan.count[s, :, t] * build.kw).sum() + build.own_kw[s])
            rows += [
                {
                    "site_id": told.sites.ids[s],
                    "feeder": feeder[s],
                    "year": year,
                    "hour": hour,
                    "kw": float(loads[s, t, hour]),
                    "installed_kw": installed,
                    "headroom_kw": float(build.headroom[s]),
                }
                for hour in range(HOURS_PER_DAY)
            ]
    return frame("charger_grid", rows)


def costs_table(told: Told) -> pl.DataFrame:
    """Return ``tables/columns/charger_costs.csv``: lines by year; they add up to the discounted cost."""
    build, found = told.assembled.build, told.audit
    rows = [
        {
            "line": line.removesuffix("_usd"),
            "year": year,
            "usd_per_year": float(found.lines[k, t]),
            "discounted_usd": float(found.lines[k, t] * build.weight[t]),
            "spent_usd": float(found.spent[t]) if k == 0 else None,
        }
        for k, line in enumerate(LINES)
        for t, year in enumerate(build.years)
    ]
    return frame("charger_costs", rows)


def catchments_table(told: Told, model: str) -> pl.DataFrame:
    """Return which demand goes where, by year (``tables/columns/catchments.csv``)."""
    build, plan = told.assembled.build, told.plan
    pair, year = np.nonzero((plan.share > LITTLE) & (told.demand.per_day[build.reach.demand] > 0.0))
    site, who = build.reach.site[pair], build.reach.demand[pair]
    share = plan.share[pair, year]
    data = {
        "model": [model] * pair.size,
        "year": [build.years[t] for t in year.tolist()],
        "demand_id": [told.demand.ids[j] for j in who.tolist()],
        "site_id": [told.sites.ids[s] for s in site.tolist()],
        "km": build.reach.km[pair],
        "share": share,
        "kwh_per_day": share * told.demand.per_day[who, year],
    }
    return pl.DataFrame(data, schema={c.column: KINDS[c.type] for c in columns("catchments")})


def unserved_table(told: Told) -> pl.DataFrame:
    """Return ``tables/columns/charger_unserved.csv``: what nobody serves, and why."""
    from fleet_planner.chargers.building.assemble import LIMITS, NOT_YET

    build, plan = told.assembled.build, told.plan
    demand, year = np.nonzero((plan.unserved > LITTLE) & (build.per_day > LITTLE))
    rows: list[dict[str, object]] = []
    for j, t in zip(demand.tolist(), year.tolist(), strict=True):
        never = told.assembled.reason[j]
        waits = NOT_YET if t < told.assembled.first_year[j] else LIMITS
        rows.append(
            {
                "demand_id": told.demand.ids[j],
                "year": build.years[t],
                "kwh_per_day": float(plan.unserved[j, t] * build.per_day[j, t]),
                "share": float(plan.unserved[j, t]),
                "reason": never or waits,
            }
        )
    return frame("charger_unserved", rows)


def regret_row(plan: str, levels: tuple[str, str], found: Built, best: float, per_day: Float) -> dict[str, object]:
    """Return a row of ``tables/columns/charger_regret.csv``; levels: decided for, happens."""
    return {
        "plan": plan,
        "decided_for": levels[0],
        "happens": levels[1],
        "cost_usd": found.cost,
        "best_usd": best,
        "regret_usd": found.cost - best,
        "unserved_pct": 100.0 - served_pct(found, per_day),
    }


def served_pct(found: Built, per_day: Float) -> float:
    """Return the share of the energy of all planned years that is served, %."""
    if found.plan is None:
        return 0.0
    whole = max(float(per_day.sum()), LITTLE)
    return float(np.clip(100.0 * (1.0 - (found.plan.unserved * per_day).sum() / whole), 0.0, 100.0))
