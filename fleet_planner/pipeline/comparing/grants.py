"""The largest grants that the Carl Moyer rules would allow for each option and group of vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.effectiveness import summed
from fleet_planner.economics.moyer import (
    SHORT_TONS_PER_T,
    cost_effectiveness_usd,
    largest_grant,
    moyer_rules,
    surplus_shares,
    weighted_short_tons,
)
from fleet_planner.errors import PlanError
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.fleet.dates import first_model_years
from fleet_planner.fleet.turnover.survival import curve_of, load_curves
from fleet_planner.pipeline.comparing.options import GROUP, changes, groups_of
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.scenarios.standards import NEWER_STANDARD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.economics.moyer import MoyerRules
    from fleet_planner.fleet import Fleet
    from fleet_planner.fleet.turnover.survival import Curve
    from fleet_planner.pipeline.comparing.options import Elsewhere, OptionEffects
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories
    from fleet_planner.plan.models import Plan

    Array = NDArray[np.float64]

FIRST_MODEL_YEAR = 1900
ELECTRIC = ("electricity", "hydrogen")
WITHIN, OVER, NOTHING = "within", "over", "no_surplus"

GRANTS = {
    **dict.fromkeys(GROUP, pl.String),
    "option": pl.String,
    "vehicles": pl.Float64,
    "project_life_years": pl.Int64,
    "weighted_short_tons_per_vehicle_year": pl.Float64,
    "beyond_required_short_tons_per_vehicle_year": pl.Float64,
    "cost_usd_per_vehicle": pl.Float64,
    "cost_effectiveness_usd_per_short_ton": pl.Float64,
    "limit_usd_per_short_ton": pl.Float64,
    "largest_grant_usd_per_vehicle": pl.Float64,
    "verdict": pl.String,
}


def grants_table(
    plan: Plan, run: Inventories, computed: Computed, fleet: Fleet, found: OptionEffects, elsewhere: Elsewhere
) -> pl.DataFrame:
    """Return the largest grant of every option and group of vehicles.

    The reduction of the first year falls over the project's life with the share of old vehicles that would still drive
    without it, and with their kilometres; where a new vehicle of the required standard would drive instead, only what
    goes beyond that standard is surplus. Money is that of 2024 for costs, of the guideline year for limits.

    Raises
    ------
    PlanError
        The guideline year has no rules.
    """
    rules = moyer_rules(plan.comparison.moyer_guideline)
    user = run.base / plan.turnover.survival if plan.turnover.survival else None
    curves = load_curves(plan.city.country, user)
    required = dict(_required(plan, run, computed, fleet, elsewhere, rules).iter_rows())
    kinds = {o.name: o.kind for o in found.options if o.kind in rules.project_life_years}
    clean = {r["measure_id"] for r in run.measures.iter_rows(named=True) if r["to_fuel"] in ELECTRIC}
    rows = []
    joined = found.effects.select(
        *("group", "option", "vehicles", "km_per_year", "capex_usd2024", "cost_usd2024_per_year"),
        *(summed(name, "everywhere").alias(name) for name in ("NOx", "NMVOC")),
        pl.col("everywhere_PM_exhaust").alias("PM"),
    ).join(found.groups.select("group", *GROUP, "age_years"), on="group", how="left")
    single = joined.filter(pl.col("option").is_in(list(kinds))).sort("group", "option")
    for row in single.iter_rows(named=True):
        kind = kinds[row["option"]]
        km = row["km_per_year"] / row["vehicles"]
        counted = min(1.0, (plan.comparison.moyer_usage_cap_km or km) / km) if km > 0.0 else 0.0
        whole = counted * weighted_short_tons(row["NOx"], row["NMVOC"], row["PM"], rules.pm_weight) / row["vehicles"]
        first = min(max(counted * required.get(row["group"], 0.0), 0.0), max(whole, 0.0))
        years = rules.project_life_years[kind]
        curve = curve_of(curves, row["stream"], row["category"])
        alive, after = surplus_shares(*_course(curve, row["age_years"], years, plan.comparison.km_falls_per_year))
        if kind == "replacement":
            beyond_limit = rules.zero_emission_limit_usd if row["option"] in clean else rules.advanced_limit_usd
            steps = ((first * alive, rules.base_limit_usd), ((whole - first) * (alive + after), beyond_limit))
        else:
            steps = ((whole * alive, rules.base_limit_usd), (0.0, rules.base_limit_usd))
        # a device or a vehicle is bought; a fuel is paid for as long as it is burnt
        paid = row["cost_usd2024_per_year"] * years if kind == "fuel" else row["capex_usd2024"]
        cost = paid / row["vehicles"]
        tons = sum(t for t, _ in steps)
        asked = cost_effectiveness_usd(cost, rules.discount_rate, years, tons)
        grant = largest_grant(steps, rules.discount_rate, years, cost)
        limit = sum(t * usd for t, usd in steps) / tons if tons > 0.0 else None
        verdict = NOTHING if limit is None else WITHIN if asked <= limit else OVER
        found_out = (None, None, 0.0) if limit is None else (asked, limit, grant.largest_usd)
        keys = (*(row[k] for k in GROUP), row["option"], row["vehicles"])
        rows.append((*keys, years, tons, steps[1][0], cost, *found_out, verdict))
    return pl.DataFrame(rows, schema=GRANTS, orient="row")


def _course(curve: Curve, age_years: float, years: int, falls: float) -> tuple[Array, Array]:
    """Return which share of vehicles of an age still drives in each year of a project, and its kilometres."""
    number = np.arange(years, dtype=np.float64)
    start = float(curve.survival(np.array([age_years]))[0])
    alive = curve.survival(np.asarray(age_years + number + 0.5)) / start if start > 0.0 else np.zeros(years)
    return alive, np.asarray((1.0 - falls) ** number)


def _required(
    plan: Plan, run: Inventories, computed: Computed, fleet: Fleet, elsewhere: Elsewhere, rules: MoyerRules
) -> pl.DataFrame:
    """Return what a new vehicle of the required standard would avoid: ``group``, weighted short tons per vehicle-year.

    The required standard is the newest that the country had put in force by the plan's year. Groups that meet it are
    absent.
    """
    start, _ = computed.states[0]
    groups, group_of = groups_of(start.vehicles, plan.city.year)
    pairs = groups.select("category", "fuel").unique().sort("category", "fuel")
    in_force: dict[tuple[str, str], str] = {}
    for standard in sorted(STANDARD_ORDER, key=STANDARD_ORDER.__getitem__):
        for category, fuel, year in first_model_years(pairs, standard, plan.city.country).iter_rows():
            if year <= plan.city.year:
                in_force[category, fuel] = standard
    parts = []
    for standard in sorted(set(in_force.values())):
        wanted = ScenarioMeasure(measure=NEWER_STANDARD, to_standard=standard, from_model_year=FIRST_MODEL_YEAR)
        try:
            state = run.applied(fleet, Scenario(name="required", title="required", measure=[wanted]))
        except PlanError:
            continue  # the city's fuel does not carry it: then nothing cleaner is required of its vehicles
        mine = [pair for pair, newest in in_force.items() if newest == standard]
        own = pl.any_horizontal((pl.col("category") == c) & (pl.col("fuel") == f) for c, f in mine)
        mask = state.vehicles.select((pl.col("measures") == NEWER_STANDARD) & own).to_series()
        if mask.any():
            frame, _, _ = changes(
                state.vehicles.filter(mask), state.multipliers.filter(mask), computed, elsewhere, group_of
            )
            parts.append(frame)
    if not parts:
        return pl.DataFrame(schema={"group": pl.Int64, "tons": pl.Float64})
    total = pl.concat(parts).group_by("group").agg(pl.all().sum()).sort("group")
    weighted = summed("NOx", "everywhere") + summed("NMVOC", "everywhere")
    weighted += rules.pm_weight * pl.col("everywhere_PM_exhaust")
    return total.select("group", tons=weighted * SHORT_TONS_PER_T / pl.col("vehicles"))
