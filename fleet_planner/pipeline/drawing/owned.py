"""Cost of ownership of treated vehicles in all draws, line by line, without and with their measures.

Every line is a sum of terms in the capital and upkeep of measures, the kilometres, the energy and the CO2 of a vehicle.
What a unit of each is worth is asked of `economics.ownership` itself, so that there is one set of formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import base_stream
from fleet_planner.economics.ownership import LINES, TOTAL, Option, Use, ownership
from fleet_planner.economics.ownership_table import grants_in_cases, purchase_tax
from fleet_planner.economics.vehicle_costs import vehicle_class
from fleet_planner.pipeline.drawing.bands import band
from fleet_planner.pipeline.drawing.prices import PREMIUM, fuel_price
from fleet_planner.pipeline.drawing.uses import of_groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.economics.ownership import View
    from fleet_planner.economics.ownership_table import Group, Outlook
    from fleet_planner.economics.prices import Prices
    from fleet_planner.economics.terms import MeasureTerms
    from fleet_planner.pipeline.drawing.books import MoneyDraws
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.drawing.uses import UseDraws

Array = NDArray[np.float64]
Owned = dict[tuple[str, str, str], dict[str, dict[str, Array]]]
"""By scenario, stream and measures: the lines of each column of the table, US dollars of 2024, shape (draws,) each."""
COLUMNS = ("private_without", "private_with", "public_without", "public_with")
CHANGES = {"private_change": COLUMNS[:2], "public_change": COLUMNS[2:]}


@dataclass(frozen=True)
class _Side:
    """A vehicle without or with its measures, and what it does in all draws."""

    option: Option
    use: UseDraws
    km: Array
    grant: Array


def owned_draws(groups: Sequence[Group], outlook: Outlook, ground: Ground, money: MoneyDraws) -> Owned:
    """Return the cost of ownership of all groups of vehicles in all draws."""
    out: Owned = {}
    for scenario in dict.fromkeys(g.scenario for g in groups):
        own = [g for g in groups if g.scenario == scenario]
        capital = {m.measure_id: m.capital * _times(money, "capex", m.measure_id) for g in own for m in g.measures}
        grants = grants_in_cases(own, outlook.section, outlook.prices.base_year, capital)
        used = of_groups(own, ground, money.drawer)
        for group, (before, after), grant in zip(own, used, grants, strict=True):
            kind = vehicle_class(group.stream)
            if kind is None:
                continue
            costs, taxes = outlook.classes[kind], outlook.section.taxes
            more = money.drawer.of(f"activity:{base_stream(group.stream)}")
            none, paid = np.zeros(money.size), np.broadcast_to(grant, (money.size,))
            without = Option(costs, group.before, purchase_tax=taxes.purchase_share)
            treated = Option(costs, group.after, group.measures, 0.0, purchase_tax(taxes, group.measures))
            sides = {
                "without": _Side(without, before, group.before.km * more, none),
                "with": _Side(treated, after, group.after.km * more, paid),
            }
            named = ",".join(m.measure_id for m in group.measures)
            out[scenario, group.stream, named] = {
                f"{view.name}_{name}": _lines(side, outlook.prices, view, money)
                for view in outlook.views
                for name, side in sides.items()
            }
    return out


def _times(money: MoneyDraws, what: str, measure: str) -> Array:
    name = f"costs.{what}:{measure}"
    return money.drawer.of(name) if money.drawer.has(name) else np.ones(money.size)


def _lines(side: _Side, prices: Prices, view: View, money: MoneyDraws) -> dict[str, Array]:
    option, use, drawer = side.option, side.use, money.drawer
    idle = replace(option, use=Use(0.0), measures=tuple(replace(m, capital=0.0, running=0.0) for m in option.measures))
    base = ownership(idle, prices, view)
    out = {line: np.full(money.size, base[line]) for line in LINES}

    def add(one: Option, at: Prices, times: Array, leaving: Mapping[str, float] = base) -> None:
        for line, value in ownership(one, at, view).items():
            if value != leaving[line]:
                out[line] = out[line] + (value - leaving[line]) * times

    for k, measure in enumerate(option.measures):
        for key, what in (("capital", "capex"), ("running", "opex")):
            unit = tuple(_unit(m, key) if i == k else m for i, m in enumerate(idle.measures))
            times = getattr(measure, key) * _times(money, what, measure.measure_id)
            add(replace(idle, measures=unit), prices, times)
    add(replace(idle, use=Use(1.0)), prices, side.km)
    free = replace(prices, fuel_per_mj=dict.fromkeys(prices.fuel_per_mj, 0.0), electricity_per_kwh=0.0)
    for tank, mj in use.fuel_mj.items():
        one = replace(idle, use=Use(0.0, {tank: 1.0}))
        add(one, free, mj)
        add(one, prices, mj * fuel_price(drawer, tank), ownership(one, free, view))
    for name, mj in use.premium_mj.items():
        add(replace(idle, use=Use(0.0, premium_mj={name: 1.0})), prices, mj * fuel_price(drawer, PREMIUM))
    one, kwh = replace(idle, use=Use(0.0, electricity_kwh=1.0)), use.electricity_kwh
    at_no_grid, taxes_alone = (replace(p, grid_kg_per_kwh=_nothing) for p in (prices, free))
    add(one, taxes_alone, kwh)
    add(one, at_no_grid, kwh * drawer.of("prices.electricity"), ownership(one, taxes_alone, view))
    carbon = np.ones(money.size) if view.is_private else money.carbon
    add(one, prices, kwh * drawer.of("grid") * carbon, ownership(one, at_no_grid, view))
    add(replace(idle, use=Use(0.0, co2_t=1.0)), prices, use.co2_t * carbon)
    if view.is_private:
        out["incentives"] = out["incentives"] - side.grant
    out[TOTAL] = np.sum([out[line] for line in LINES], axis=0)
    return out


def _unit(measure: MeasureTerms, key: str) -> MeasureTerms:
    """Return a measure that costs one, once or a year."""
    return replace(measure, capital=1.0) if key == "capital" else replace(measure, running=1.0)


def _nothing(_: int) -> float:
    return 0.0


def banded_ownership(table: pl.DataFrame, owned: Owned, outlook: Outlook, level: float) -> pl.DataFrame:
    """Return ``tables/columns/ownership.csv`` with bands of every column, and of what the measures change."""
    rows: list[tuple[float, ...]] = []
    for scenario, stream, measures, line in table.select("scenario", "stream", "measures", "line").iter_rows():
        of = {k: lines[line] * outlook.shown.per_usd2024 for k, lines in owned[scenario, stream, measures].items()}
        of |= {name: of[after] - of[before] for name, (before, after) in CHANGES.items()}
        rows.append(tuple(end for name in (*COLUMNS, *CHANGES) for end in band(of[name], level)))
    names = [f"{name}_{end}" for name in (*COLUMNS, *CHANGES) for end in ("low", "high")]
    return table.hstack(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Float64), orient="row"))
