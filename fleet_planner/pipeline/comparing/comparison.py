"""Measures compared on the vehicles of a run: head to head, abatement curves, break-evens, grants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.economics.abatement import CURVE, abatement_curve
from fleet_planner.economics.breakeven import Setting, Way, break_even, net_benefit_usd_per_year
from fleet_planner.economics.effectiveness import (
    EFFECTIVENESS,
    ELECTRICITY_CO2,
    GHG,
    UPSTREAM,
    by_stream,
    damage_avoided,
    effectiveness,
    head_to_head,
    summed,
)
from fleet_planner.economics.valuation import valuation
from fleet_planner.findings import Finding
from fleet_planner.pipeline.comparing.grants import grants_table
from fleet_planner.pipeline.comparing.options import GROUP, option_effects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_planner.economics.grid import GridPair
    from fleet_planner.economics.valuation import Valuation
    from fleet_planner.fleet import Fleet
    from fleet_planner.pipeline.comparing.options import Elsewhere, OptionEffects
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios.options import Option

CURVES = ("NOx", "PM2.5", "SO2", "NMVOC", GHG)
DAMAGE = "damage"
STEP_DAMAGE = "damage_avoided_usd2024_per_year"
VARIABLES = ("carbon_usd_per_t", "grid_kg_per_kwh", "km_per_year")
KWH_PER_MWH, KG_PER_T = 1000.0, 1000.0
ELECTRIC = ("electricity", "hydrogen")

BREAK_EVEN = {
    "stream": pl.String,
    "electric": pl.String,
    "against": pl.String,
    "vehicles": pl.Float64,
    "net_benefit_electric_usd2024_per_vehicle": pl.Float64,
    "net_benefit_against_usd2024_per_vehicle": pl.Float64,
    "year": pl.Int64,
    "variable": pl.String,
    "verdict": pl.String,
    "border": pl.Float64,
    "now": pl.Float64,
}
UPSTREAM_T = f"everywhere_{UPSTREAM}"
STEP_YEARS = 5
"""Of the course of electricity, a year in so many is told."""


@dataclass(frozen=True)
class Comparison:
    """Measures against each other; each table as in ``tables/columns``.

    Parameters
    ----------
    head_to_head, cost_effectiveness
        By stream and option.
    abatement
        Steps of the curve of each pollutant, and of damage.
    break_even
        Where electrification overtakes each other option on the vehicles that can take both.
    grants
        Largest grants in the Carl Moyer form, by group of vehicles.
    findings
        What was left out or rests on unchecked figures.
    options
        What was compared.
    upstream_t
        CO2e of making fuels and batteries that is avoided a year, all kilometres, by stream and option.
    """

    head_to_head: pl.DataFrame
    cost_effectiveness: pl.DataFrame
    abatement: pl.DataFrame
    break_even: pl.DataFrame
    grants: pl.DataFrame
    findings: tuple[Finding, ...]
    options: tuple[Option, ...] = ()
    upstream_t: Mapping[tuple[str, str], float] = field(default_factory=dict)


def compare(
    plan: Plan,
    run: Inventories,
    computed: Computed,
    fleet: Fleet,
    elsewhere: Elsewhere,
    grid: GridPair | None = None,
) -> Comparison | None:
    """Compare the measures of a plan; nothing where it has none to compare.

    Break-evens stand at the electricity of the base year, and where ``grid`` has a course also at that of later years.

    Raises
    ------
    PlanError
        The plan names a measure that cannot be compared, or a guideline year without rules.
    """
    found = option_effects(plan, run, computed, fleet, elsewhere)
    if found.effects.is_empty():
        return None
    values = valuation(plan.city.country, plan.city.year, plan.comparison, plan.economics.social_carbon_usd_per_t)
    totals = by_stream(found.effects, found.groups)
    kinds = {o.name: o.kind for o in found.options}
    named = [(o.name, o.kind, o.title_en, o.title_zh) for o in found.options]
    return Comparison(
        head_to_head(totals, named, values),
        effectiveness(totals, kinds),
        abatement_table(found, values),
        break_even_table(found, values, run.measures, grids_by_year(plan.city.year, elsewhere.grid_kg_per_kwh, grid)),
        grants_table(plan, run, computed, fleet, found, elsewhere),
        (*found.findings, *_findings(values)),
        found.options,
        {(stream, option): t for stream, option, t in totals.select("stream", "option", UPSTREAM_T).iter_rows()},
    )


def abatement_table(found: OptionEffects, values: Valuation) -> pl.DataFrame:
    """Return the steps of the abatement curves: of tonnes in the city, greenhouse gases everywhere, and damage."""
    units: list[tuple[str, pl.Expr]] = [(p, summed(p, "everywhere" if p == GHG else "avoided")) for p in CURVES]
    if values.damages:
        units.append((DAMAGE, damage_avoided(values)))
    curves = []
    for name, amount in units:
        options = found.effects.select(
            "group",
            "option",
            avoided_per_year=amount,
            cost_usd_per_year=pl.col("cost_usd2024_per_year"),
        )
        curves.append(abatement_curve(options).with_columns(pollutant=pl.lit(name)))
    steps = _with_damage(pl.concat(curves), found.effects, values)
    table = steps.join(found.groups.select("group", *GROUP), on="group", how="left", maintain_order="left")
    kept = list(CURVE)[1:]
    return table.select("pollutant", *GROUP, *kept[:-2], STEP_DAMAGE, *kept[-2:])


def _with_damage(steps: pl.DataFrame, effects: pl.DataFrame, values: Valuation) -> pl.DataFrame:
    """Return steps with the local damage that each avoids: of its option less that of the option it leaves."""
    if not values.damages:
        return steps.with_columns(pl.lit(None, dtype=pl.Float64).alias(STEP_DAMAGE))
    of = effects.select("group", "option", after=damage_avoided(values))
    before = of.rename({"option": "from_option", "after": "before"})
    both = steps.join(of, on=["group", "option"], how="left", maintain_order="left").join(
        before, on=["group", "from_option"], how="left", maintain_order="left"
    )
    return both.with_columns((pl.col("after") - pl.col("before").fill_null(0.0)).alias(STEP_DAMAGE))


def grids_by_year(year: int, grid_kg_per_kwh: float, grid: GridPair | None) -> dict[int, float]:
    """Return the factor of electricity of the base year and of later ones of its course, kg CO2e per kWh by year.

    A vehicle bought in the base year meets them all: every fifth year is told, and the last one of the course.
    """
    out = {year: grid_kg_per_kwh}
    if grid is None or not grid.course.changes:
        return out
    last = max(int(y) for curve in (grid.course.average, grid.course.marginal) for y, _ in curve.points)
    later = [*range(year + STEP_YEARS, last, STEP_YEARS), last]
    return out | {y: grid.of_differences_in(y) for y in later if y > year}


def break_even_table(
    found: OptionEffects, values: Valuation, measures: pl.DataFrame, grids: Mapping[int, float]
) -> pl.DataFrame:
    """Return where each electric option overtakes each other one, by stream and year, on vehicles that can take both.

    Parameters
    ----------
    found
        Every option of every group.
    values
        Damage and carbon.
    measures
        From `measures_table`.
    grids
        Of `grids_by_year`; all else is of the base year.
    """
    to_fuel = {r["measure_id"]: r["to_fuel"] for r in measures.unique("measure_id").iter_rows(named=True)}
    electric = [o.name for o in found.options if to_fuel.get(o.name) in ELECTRIC]
    others = [o.name for o in found.options if o.name not in electric]
    rows: list[tuple[object, ...]] = []
    joined = found.effects.join(found.groups.select("group", "stream"), on="group", how="left")
    for (stream,), own in joined.group_by(["stream"], maintain_order=True):
        for first in electric:
            for second in others:
                pair = _on_both(own, first, second)
                if pair is None:
                    continue
                a, b = pair
                for year, factor in grids.items():
                    rows += _borders((str(stream), first, second), year, (a, b), values, factor)
    table = pl.DataFrame(rows, schema=BREAK_EVEN, orient="row")
    return table.sort("stream", "electric", "against", maintain_order=True)


def _on_both(own: pl.DataFrame, first: str, second: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Return the effects of two options, summed over the groups that can take both; nothing where none can."""
    a, b = (own.filter(pl.col("option") == name) for name in (first, second))
    both = a.join(b.select("group"), on="group", how="semi")["group"]
    if both.is_empty():
        return None
    total = [
        side.filter(pl.col("group").is_in(both.implode())).drop("group", "stream", "option").sum() for side in (a, b)
    ]
    return total[0], total[1]


def _borders(
    names: tuple[str, str, str],
    year: int,
    sides: tuple[pl.DataFrame, pl.DataFrame],
    values: Valuation,
    grid_kg_per_kwh: float,
) -> Iterable[tuple[object, ...]]:
    electric, other = (way_of(side, values) for side in sides)
    vehicles = float(sides[0]["vehicles"][0])
    setting = Setting(float(sides[0]["km_per_year"][0]) / vehicles, values.carbon.usd_per_t, grid_kg_per_kwh)
    nets = [net_benefit_usd_per_year(way, setting) for way in (electric, other)]
    for variable in VARIABLES:
        found = break_even(electric, other, setting, variable)
        yield (*names, vehicles, *nets, year, variable, found.verdict, found.value, getattr(setting, variable))


def way_of(side: pl.DataFrame, values: Valuation) -> Way:
    """Return an option's mean effect on one vehicle from the sums over its vehicles, one row."""
    row = side.select(
        "vehicles",
        "km_per_year",
        fixed=pl.col("capex_usd2024_per_year") + pl.col("upkeep_usd2024_per_year"),
        running=pl.col("energy_usd2024_per_year"),
        damage=damage_avoided(values),
        co2e_t=summed(GHG, "everywhere") - pl.col(f"everywhere_{ELECTRICITY_CO2}"),
        mwh=-pl.col("everywhere_electricity_kwh"),
    ).row(0, named=True)
    km = row["km_per_year"]
    return Way(
        row["fixed"] / row["vehicles"],
        row["running"] / km,
        row["damage"] / km,
        row["co2e_t"] * KG_PER_T / km,
        row["mwh"] * KWH_PER_MWH / km,
    )


def _findings(values: Valuation) -> list[Finding]:
    if not values.damages:
        return [Finding("economics.no_damage", "warning", {})]
    unchecked = sorted(name for name, value in values.damages.items() if not value.checked)
    told: dict[str, str | int | float] = {"region": values.region, "pollutants": ", ".join(unchecked)}
    return [Finding("economics.damage_unchecked", "assumption", told)] if unchecked else []


__all__ = ["BREAK_EVEN", "EFFECTIVENESS", "Comparison", "abatement_table", "break_even_table", "compare", "way_of"]
