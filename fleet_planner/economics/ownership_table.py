"""The total cost of ownership of all treated vehicles as a table: with the measures and without, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.incentives import Bought, shared_out
from fleet_planner.economics.learning import whole
from fleet_planner.economics.ownership import LINES, TOTAL, Option, View, line_checked, ownership
from fleet_planner.economics.vehicle_costs import vehicle_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.economics.money import Shown
    from fleet_planner.economics.ownership import Use
    from fleet_planner.economics.prices import Prices
    from fleet_planner.economics.terms import MeasureTerms
    from fleet_planner.economics.vehicle_costs import VehicleCosts
    from fleet_planner.plan.economics import EconomicsSection, Taxes

SCHEMA = {
    "scenario": pl.String,
    "stream": pl.String,
    "measures": pl.String,
    "vehicle_class": pl.String,
    "vehicles": pl.Float64,
    "km_per_year": pl.Float64,
    "holding_years": pl.Int64,
    "line": pl.String,
    "private_without": pl.Float64,
    "private_with": pl.Float64,
    "public_without": pl.Float64,
    "public_with": pl.Float64,
    "unit": pl.String,
    "checked": pl.String,
}


@dataclass(frozen=True)
class Group:
    """Vehicles of a stream with the same measures in a scenario, and one vehicle's year without and with them."""

    scenario: str
    stream: str
    measures: tuple[MeasureTerms, ...]
    vehicles: float
    before: Use
    after: Use
    label: str = ""
    """All its measures as the fleet names them, those without terms too."""


@dataclass(frozen=True)
class Outlook:
    """What all costs of a plan are computed with.

    Parameters
    ----------
    section
        Of the plan.
    classes
        Figures of owning a vehicle by class.
    prices
        Of energy and carbon.
    shown
        In which money tables are.
    """

    section: EconomicsSection
    classes: Mapping[str, VehicleCosts]
    prices: Prices
    shown: Shown

    @property
    def views(self) -> tuple[View, View]:
        """Private and public."""
        return View("private", self.section.discount_rate), View("public", self.section.social_discount_rate)


def purchase_tax(taxes: Taxes, measures: Sequence[MeasureTerms]) -> float:
    """Return the tax over the price of a vehicle with the measures."""
    own = taxes.electric_purchase_share
    return own if own is not None and any(m.zero_emission for m in measures) else taxes.purchase_share


def grants_per_vehicle(groups: Sequence[Group], section: EconomicsSection, year: int) -> list[float]:
    """Return what incentives pay per vehicle of each group of a scenario when all are bought in one year."""
    capital = {m.measure_id: np.array(m.capital) for g in groups for m in g.measures}
    return [float(grant) for grant in grants_in_cases(groups, section, year, capital)]


def grants_in_cases(
    groups: Sequence[Group], section: EconomicsSection, year: int, capital: Mapping[str, NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Return `grants_per_vehicle` for many figures of the capital by measure, all of one shape."""
    purchases = [(g, m) for g in groups for m in g.measures]
    owner = [k for k, g in enumerate(groups) for _ in g.measures]
    shape = next(iter(capital.values())).shape if capital else ()
    out = [np.zeros(shape) for _ in groups]
    merged: dict[tuple[str, str], list[int]] = {}
    for i, (group, measure) in enumerate(purchases):
        merged.setdefault((measure.measure_id, group.stream), []).append(i)
    bought = [
        Bought(name, stream, sum(purchases[i][0].vehicles for i in rows), purchases[rows[0]][1].capital)
        for (name, stream), rows in merged.items()
    ]
    for share in shared_out(section.incentive, year, bought, [capital[b.measure_id] for b in bought]):
        one = bought[share.which]
        for i in merged[one.measure_id, one.stream]:
            out[owner[i]] = out[owner[i]] + share.each
    return out


def ownership_table(groups: Sequence[Group], outlook: Outlook) -> pl.DataFrame:
    """Return the present value per vehicle of every line, without and with the measures, and the total.

    Parameters
    ----------
    groups
        Of all scenarios; streams without a class of vehicles are left out.
    outlook
        What they are computed with.

    Returns
    -------
    pl.DataFrame
        ``tables/columns/ownership.csv``.
    """
    rows = []
    grants: dict[int, float] = {}
    for name in dict.fromkeys(g.scenario for g in groups):
        own = [k for k, g in enumerate(groups) if g.scenario == name]
        paid = grants_per_vehicle([groups[k] for k in own], outlook.section, outlook.prices.base_year)
        grants |= dict(zip(own, paid, strict=True))
    for k, group in enumerate(groups):
        kind = vehicle_class(group.stream)
        if kind is None:
            continue
        costs, taxes = outlook.classes[kind], outlook.section.taxes
        without = Option(costs, group.before, purchase_tax=taxes.purchase_share)
        treated = Option(costs, group.after, group.measures, grants[k], purchase_tax(taxes, group.measures))
        values = {
            (view.name, side): ownership(option, outlook.prices, view)
            for view in outlook.views
            for side, option in (("without", without), ("with", treated))
        }
        checked = {
            line: all(
                line_checked(line, option, outlook.prices)
                for side, option in (("without", without), ("with", treated))
                if values["private", side][line] or values["public", side][line]
            )
            for line in LINES
        }
        named = ",".join(m.measure_id for m in group.measures)
        head = (group.scenario, group.stream, named, kind, group.vehicles, group.after.km, whole(costs.holding_years))
        sides = [(v, s) for v in ("private", "public") for s in ("without", "with")]
        for line in (*LINES, TOTAL):
            cells = [sum(values[side].values()) if line == TOTAL else values[side][line] for side in sides]
            sound = all(checked.values()) if line == TOTAL else checked[line]
            money = [cell * outlook.shown.per_usd2024 for cell in cells]
            rows.append((*head, line, *money, outlook.shown.unit, "yes" if sound else "no"))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
