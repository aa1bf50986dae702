"""Trucks and vans of a plan by duty: which could be electric in which year, by stream and vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.duty.feasible import (
    Money,
    Weather,
    dearer_per_year,
    duty_rows,
    feasible_of,
    first_years,
    stream_duty,
    use_of,
)
from fleet_planner.buses.duty.figures import DutyFigures, duty_streams
from fleet_planner.buses.energy.weather import cases
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.economics.learning import battery_price, capital_in
from fleet_planner.economics.money import Price, levels_of
from fleet_planner.economics.vehicle_costs import electric_measure
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.processes.fuels import tank
from fleet_planner.findings import Finding
from fleet_planner.scenarios import measures_table
from fleet_planner.tables import columns
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.pipeline.prepare import Prepared

    Float = NDArray[np.float64]

TABLE = "duty_feasibility"
VEHICLES = "duty_vehicles"
ZERO = ("electricity", "hydrogen")
TYPES = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}


@dataclass(frozen=True)
class DutyFound:
    """What trucks and vans could be electric.

    Parameters
    ----------
    table, vehicles
        See ``tables/columns/duty_feasibility.csv`` and ``duty_vehicles.csv``.
    findings
        What was assumed.
    """

    table: pl.DataFrame
    vehicles: pl.DataFrame
    findings: tuple[Finding, ...]


def duty_found(ready: Prepared) -> DutyFound:
    """Look at the trucks and vans of a plan.

    Raises
    ------
    PlanError
        A stream of the plan is none of vans and trucks, or the years are wrong.
    """
    plan, section = ready.plan, ready.plan.buses.duty
    known = duty_streams()
    for stream in (*section.streams, *section.dwell_h, *section.charger_kw, *section.kwh_per_km):
        if stream not in known:
            raise PlanError(
                "this stream is none of vans and trucks",
                use_one_of(stream, known),
                column="buses.duty.streams",
                value=stream,
            )
    first = section.from_year if section.from_year is not None else plan.city.year
    if section.to_year < first:
        raise PlanError(
            "the last year is before the first", "Set buses.duty.to_year.", column="buses.duty.to_year",
            value=section.to_year,
        )  # fmt: skip
    years = list(range(first, section.to_year + 1))
    figures = DutyFigures(section, plan.city.country)
    weather = Weather(cases(plan, ready.base), plan.buses.energy, plan.climate.altitude_m)
    rows = _rows(ready, section.streams or list(known))
    out, each = [], []
    for stream in rows["stream"].unique().sort():
        own = rows.filter(pl.col("stream") == stream)
        cost = ready.priced.outlook.classes[known[stream][1]]
        duty = stream_duty(stream, own, section, figures, cost.speed_kmh, cost.charger_kw)
        if duty is None:
            continue
        use = use_of(duty, years, weather, section, figures)
        done = feasible_of(duty, years, use, section, figures)
        money = _money(ready, known[stream][1], own, years, duty.charger_kw, figures)
        dearer = dearer_per_year(duty, done, money, own["mj_per_km"].to_numpy())
        out += duty_rows(duty, done, dearer, money.pack, years, section)
        told = first_years(duty, done, dearer, years, section)
        each.append(pl.concat([own.select("vehicle_id", "stream", "count"), told], how="horizontal"))
    table = _typed(pl.DataFrame(out, infer_schema_length=None) if out else pl.DataFrame(), TABLE)
    vehicles = _typed(pl.concat(each) if each else pl.DataFrame(), VEHICLES)
    vehicles = vehicles.filter(pl.col("duty_class").is_in(section.classes))
    return DutyFound(table, vehicles, _findings(table, figures))


def _rows(ready: Prepared, streams: Sequence[str]) -> pl.DataFrame:
    """Return the local vehicles with engines of the streams, with the energy that they burn per km."""
    state, inventory = ready.computed.on_vehicles[0]
    mj = inventory.vehicle[:, inventory.pollutants.index("energy_MJ")]
    day = pl.col("count") * pl.col("km_per_year") * pl.col("share_inside") / DAYS_PER_YEAR
    return (
        state.vehicles.with_columns(mj=pl.Series(mj), day=day)
        .filter(
            pl.col("stream").is_in(streams)
            & ~pl.col("visiting")
            & (pl.col("count") > 0.0)
            & (pl.col("km_per_year") > 0.0)
            & ~pl.col("fuel").is_in(ZERO)
        )
        .with_columns(mj_per_km=pl.col("mj") / pl.col("day").clip(lower_bound=1e-12))
    )


def _money(
    ready: Prepared,
    vehicle_class: str,
    rows: pl.DataFrame,
    years: Sequence[int],
    charger_kw: float,
    figures: DutyFigures,
) -> Money:
    """Return what an electric vehicle of a class costs above a conventional one."""
    section, outlook = ready.plan.economics, ready.priced.outlook
    costs, prices, base = outlook.classes[vehicle_class], outlook.prices, ready.plan.city.year
    measure = measures_table().filter(pl.col("measure_id") == electric_measure()[vehicle_class]).row(0, named=True)
    levels = levels_of(section)

    def usd(amount: float | None) -> float:
        price = Price(measure["currency"], int(measure["cost_year"]))
        return levels.inside(float(amount or 0.0), price, "economics.exchange_rates")

    rate, held = section.discount_rate, costs.holding_years
    capital = [capital_in(usd(measure["capex"]), costs.battery_kwh, None, y, base) for y in years]
    charger = costs.charger_per_kw * (
        capital_recovery_factor(rate, costs.charger_life_years) + costs.charger_maintenance_share
    )
    grid = costs.grid_per_kw * capital_recovery_factor(rate, costs.grid_life_years)
    burnt = rows.group_by("fuel").agg((pl.col("mj") / pl.col("share_inside").clip(lower_bound=1e-9)).sum()).sort("fuel")
    total = float(burnt["mj"].sum()) or 1.0
    fuel = np.zeros(len(years))
    for name, mj in burnt.select("fuel", "mj").iter_rows():
        own = tank(name)
        fuel += mj / total * np.array([prices.fuel(own, y) + prices.fuel_tax(own) for y in years])
    figures.used[f"price ({vehicle_class})"] = measure["cost_checked"] == "yes"
    return Money(
        premium=np.array(capital),
        class_kwh=costs.battery_kwh,
        pack=np.array([battery_price().at(y) for y in years]),
        recovery=capital_recovery_factor(rate, held),
        charger_per_year=charger_kw * (charger + grid),
        running=usd(measure["opex_per_year"]),
        plug=np.array([prices.power(y) + prices.electricity_tax_per_kwh for y in years]),
        efficiency=figures.figure("charger_efficiency", "pack"),
        fuel=fuel,
    )


def _typed(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the columns of the dictionary; an empty table where there are no rows."""
    specs = columns(name)
    if table.is_empty():
        return pl.DataFrame(schema={s.column: TYPES[s.type] for s in specs})
    return table.select(pl.col(s.column).cast(TYPES[s.type]) for s in specs)


def _findings(table: pl.DataFrame, figures: DutyFigures) -> tuple[Finding, ...]:
    if table.is_empty():
        return ()
    unchecked = figures.unchecked
    if not unchecked:
        return ()
    return (Finding("buses.duty_unchecked", "assumption", {"all": str(len(figures.used))}, len(unchecked)),)
