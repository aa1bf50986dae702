"""Draws of what a tonne costs: every option of the comparison, by stream and pollutant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.costs import diesel_mj_per_l, fuel_usd_per_mj, premium_usd_per_l
from fleet_planner.economics.effectiveness import ELECTRICITY_CO2, GHG, LEAST_T, weights
from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.pipeline.comparing.options import device_costs
from fleet_planner.pipeline.drawing.parts import AFTER, BEFORE, OPTION, Amounts, drawn_amounts
from fleet_planner.pipeline.drawing.prices import PREMIUM, fuel_price
from fleet_planner.uncertainty.ratios import open_band, ratio_draws
from fleet_planner.units import KG_PER_T, KWH_PER_MWH, MJ_PER_GJ

if TYPE_CHECKING:
    from fleet_planner.pipeline.comparing.comparison import Comparison
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.scenarios.options import Option
    from fleet_planner.uncertainty.design import Drawer

Array = NDArray[np.float64]
USED = ("energy_MJ", "electricity_kwh")
BANDS = {
    "usd2024_per_t_low": pl.Float64,
    "usd2024_per_t_high": pl.Float64,
    "no_reduction_share": pl.Float64,
}


@dataclass(frozen=True)
class OptionDraw:
    """An option on the vehicles of a stream in all draws: its cost a year, and the tonnes avoided by sum, (draws,)."""

    cost: Array
    avoided: dict[str, Array]


OptionDraws = dict[tuple[str, str], OptionDraw]


def option_draws(ready: Prepared, ground: Ground, drawer: Drawer, found: Comparison) -> OptionDraws:
    """Return every option by stream and name in all draws."""
    rows = {(r["stream"], r["option"]): r for r in found.head_to_head.iter_rows(named=True)}
    sums = weights()
    parts = sorted({p for of in sums.values() for p in of} | set(USED))
    out = {}
    for option in found.options:
        if (OPTION, option.name, BEFORE) not in ground.parts:
            continue
        before, after = (
            drawn_amounts(ground.parts[OPTION, option.name, side], drawer, 0.0, parts) for side in (BEFORE, AFTER)
        )
        for stream in before.rows["stream"].unique(maintain_order=True):
            had, have = before.only(stream=stream), after.only(stream=stream)
            row = rows[stream, option.name]
            avoided = {name: _avoided(of, (had, have), ready, drawer) for name, of in sums.items()}
            avoided[GHG] = avoided[GHG] + _upstream(ready, found, (had, have), (stream, option.name))
            out[stream, option.name] = OptionDraw(_cost(option, row, (had, have), ready, drawer), avoided)
    return out


def _avoided(of: dict[str, float], sides: tuple[Amounts, Amounts], ready: Prepared, drawer: Drawer) -> Array:
    total = np.zeros(sides[0].draws.shape[0])
    for pollutant, weight in of.items():
        name, factor = pollutant, np.ones(total.shape)
        if pollutant == ELECTRICITY_CO2:
            name, factor = "electricity_kwh", drawer.of("grid") * ready.elsewhere.grid_kg_per_kwh
        had, have = (side.total(name)[1] for side in sides)
        total = total + weight * factor * (had - have)
    return total


def _upstream(ready: Prepared, found: Comparison, sides: tuple[Amounts, Amounts], which: tuple[str, str]) -> Array:
    """Return the CO2e of making the fuels and batteries avoided, t a year; batteries are as the run has them."""
    central, draws = 0.0, np.zeros(sides[0].draws.shape[0])
    for sign, side in zip((1.0, -1.0), sides, strict=True):
        for fuel, blend in side.rows.select("fuel", "label").unique(maintain_order=True).iter_rows():
            value, drawn = side.only(fuel=fuel, label=blend).total("energy_MJ")
            per_gj = ready.elsewhere.fuels.of(fuel, blend)[0] * MJ_PER_GJ / KG_PER_T
            central, draws = central + sign * value * per_gj, draws + sign * drawn * per_gj
    return draws + (found.upstream_t[which] - central)


def _cost(
    option: Option, row: dict[str, Any], sides: tuple[Amounts, Amounts], ready: Prepared, drawer: Drawer
) -> Array:
    """Return capital, upkeep and energy a year in all draws, US dollars of 2024."""
    section, measures = ready.plan.economics, ready.run.measures
    capex, upkeep, life = device_costs(option, measures)
    total = np.zeros(sides[0].draws.shape[0])
    for name, bought, yearly, years in zip(option.measures, capex, upkeep, life, strict=True):
        annual = row["vehicles"] * bought * capital_recovery_factor(section.discount_rate, years)
        total = total + annual * drawer.of(f"costs.capex:{name}")
        total = total + row["vehicles"] * yearly * drawer.of(f"costs.opex:{name}")
    by_fuel = fuel_usd_per_mj(section)
    for sign, side in zip((-1.0, 1.0), sides, strict=True):
        for name, (_, gj) in side.by_tank("energy_MJ").items():
            price = by_fuel.get(name, by_fuel["diesel"]) * MJ_PER_GJ
            total = total + sign * gj * price * fuel_price(drawer, name)
        mwh = side.total("electricity_kwh")[1]
        power = section.electricity_usd_per_kwh * KWH_PER_MWH * drawer.of("prices.electricity")
        total = total + sign * mwh * power
    gj = sides[1].total("energy_MJ")[1]
    for name in option.measures:
        dearer = premium_usd_per_l(section, measures.filter(pl.col("measure_id") == name).row(0, named=True))
        total = total + gj * MJ_PER_GJ / diesel_mj_per_l() * dearer * fuel_price(drawer, PREMIUM)
    return total


def with_prices(table: pl.DataFrame, drawn: OptionDraws, level: float) -> pl.DataFrame:
    """Return ``tables/columns/cost_effectiveness.csv`` with bands of the cost per tonne.

    An end is empty where it is open: where in too many draws nothing is avoided.
    """
    rows: list[tuple[float | None, ...]] = []
    for stream, option, pollutant in table.select("stream", "option", "pollutant").iter_rows():
        one = drawn.get((stream, option))
        if one is None:
            rows.append((None, None, None))
            continue
        found = open_band(ratio_draws(one.cost, one.avoided[pollutant], LEAST_T), level)
        rows.append((found.low, found.high, found.without))
    return table.hstack(pl.DataFrame(rows, schema=BANDS, orient="row"))
