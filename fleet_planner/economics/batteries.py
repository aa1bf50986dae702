"""What making batteries emits: in the year in which they are bought, and spread over their life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.learning import whole
from fleet_planner.economics.vehicle_costs import vehicle_class
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_planner.economics.programme import Programme
    from fleet_planner.economics.vehicle_costs import VehicleCosts
    from fleet_planner.plan.impacts_upstream import ImpactsUpstream

TABLE = "battery_manufacturing.csv"
KG_PER_T, KWH_PER_MWH = 1000.0, 1000.0
SCHEMA = {
    "scenario": pl.String,
    "year": pl.Int64,
    "batteries": pl.Float64,
    "capacity_mwh": pl.Float64,
    "co2e_t": pl.Float64,
    "low_t": pl.Float64,
    "high_t": pl.Float64,
    "checked": pl.String,
}
Bought = tuple[int, str, float, float]
"""Year, stream, electric vehicles bought, how many years they are held."""


@dataclass(frozen=True)
class Making:
    """Greenhouse gases of making batteries.

    Parameters
    ----------
    kg_per_kwh, low, high
        CO2e of a kWh of capacity.
    checked
        Whether it was read in a source or given by the plan.
    classes
        Capacity and life of a battery by class of vehicle.
    """

    kg_per_kwh: float
    low: float
    high: float
    checked: bool
    classes: Mapping[str, VehicleCosts]

    def t_per_year(self, stream: str) -> float:
        """Return t CO2e a vehicle and year of the battery's life; none for a stream without a class."""
        name = vehicle_class(stream)
        if name is None:
            return 0.0
        costs = self.classes[name]
        return costs.battery_kwh * self.kg_per_kwh / costs.battery_life_years / KG_PER_T


def making_of(section: ImpactsUpstream, classes: Mapping[str, VehicleCosts]) -> Making | None:
    """Return what making batteries emits; nothing where the plan does not count it.

    Parameters
    ----------
    section
        The plan's; its own figure goes before the packaged one of the chemistry.
    classes
        Capacity and life of batteries.
    """
    if not section.battery_manufacturing:
        return None
    own = section.battery_kg_per_kwh
    if own is not None:
        return Making(own, own, own, checked=True, classes=classes)
    row = reference_table(TABLE).row(by_predicate=pl.col("chemistry") == section.battery_chemistry, named=True)
    return Making(row["value"], row["low"], row["high"], row["checked"] == "yes", classes)


def bought_in(programme: Programme) -> list[Bought]:
    """Return the electric vehicles that a scenario buys above the baseline."""
    terms = programme.terms
    return [
        (r.year, r.stream, r.new, terms[r.measure_id].life_years)
        for r in programme.reached
        if r.new > 0.0 and terms[r.measure_id].electric and terms[r.measure_id].replaces
    ]


def battery_table(bought: Mapping[str, Iterable[Bought]], making: Making, years: range) -> pl.DataFrame:
    """Return the batteries of every scenario by year (``tables/columns/battery_manufacturing.csv``).

    A vehicle has its first battery when it is bought and another each time that the life of one is over, as long as
    the vehicle is held; that some are scrapped before is left out, so that later batteries are an upper bound.

    Parameters
    ----------
    bought
        By scenario, all electric vehicles that it buys.
    making
        What a kWh emits.
    years
        That are told.
    """
    rows = []
    for scenario, purchases in bought.items():
        number, kwh = dict.fromkeys(years, 0.0), dict.fromkeys(years, 0.0)
        for year, stream, vehicles, held in purchases:
            name = vehicle_class(stream)
            if name is None:
                continue
            costs = making.classes[name]
            for age in range(0, whole(held), whole(costs.battery_life_years)):
                if year + age in kwh:
                    number[year + age] += vehicles
                    kwh[year + age] += vehicles * costs.battery_kwh
        told = "yes" if making.checked and not _unchecked(making) else "no"
        for year in years:
            t = [kwh[year] * each / KG_PER_T for each in (making.kg_per_kwh, making.low, making.high)]
            rows.append((scenario, year, number[year], kwh[year] / KWH_PER_MWH, *t, told))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _unchecked(making: Making) -> bool:
    """Return whether the capacity or life of some class was not read in a source."""
    return any({"battery_kwh", "battery_life_years"} & costs.unchecked for costs in making.classes.values())
