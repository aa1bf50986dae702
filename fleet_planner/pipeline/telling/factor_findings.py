"""What the settings of factors did to a run: effects and assumptions, counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.in_use.scr import scr_kind
from fleet_planner.factors.processes.fuel_quality import in_range, quality_factors
from fleet_planner.factors.processes.idling import load_idle_hours
from fleet_planner.factors.processes.particle_number import is_borrowed_filter
from fleet_planner.factors.weather import coldest_month
from fleet_planner.findings import Finding
from fleet_planner.inventory import totals
from fleet_planner.inventory.weights import km_per_day, technologies_of
from fleet_planner.pipeline.computing.neat_fuels import neat_fuel_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.ranges import Bound
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.factor_plan import FactorSetting
    from fleet_planner.scenarios import ScenarioFleet

    State = tuple[ScenarioFleet, Inventory]

SPREAD_POLLUTANTS = ("NOx", "PM_exhaust", "energy_MJ")
SCR_BOUNDS: tuple[Bound | None, ...] = (None, "value", "low", "high")
Rows = NDArray[np.bool_]


def factor_findings(states: Sequence[State], factors: FactorTable, setting: FactorSetting) -> list[Finding]:
    """Return what the settings of factors did to a run.

    Parameters
    ----------
    states
        Fleet and inventory of each scenario, the baseline first.
    factors
        Compiled for the technologies of all of them.
    setting
        What they share.
    """
    return [
        *_setting(states[0][0], setting),
        *_borrowed_filters(states[0][0].vehicles),
        *_scr(states, factors, setting),
        *_spread(states, factors, setting),
        *(
            finding
            for state, _ in states
            for finding in neat_fuel_findings(
                state.vehicles, state.title_en, quality_given=setting.options.diesel is not None
            )
        ),
    ]


def _setting(state: ScenarioFleet, setting: FactorSetting) -> list[Finding]:
    """Return what holds for all scenarios: climate, idling, odometers."""
    weather = setting.conditions.temperature_c
    monthly = weather.mean(axis=1)
    out = []
    if setting.climate_given:
        source = f" ({setting.climate_source})" if setting.climate_source else ""
        values = {"low": f"{monthly.min():.0f}", "high": f"{monthly.max():.0f}", "source": source}
        out.append(Finding("inventory.climate", "assumption", values))
    else:
        out.append(Finding("inventory.climate_default", "assumption"))
    hours = setting.context.idle_hours
    if hours:
        streams = [s.removeprefix("visiting_") for s in state.vehicles["stream"].to_list()]
        count = state.vehicles["count"].to_numpy()
        each = np.array([sum(hours.get(s, {}).values()) for s in streams])
        mean = float((each * count).sum() / max(count.sum(), 1e-300))
        idle = len({s for s in streams if s in hours})
        out.append(Finding("inventory.idling", "assumption", {"hours": f"{mean:.2f}"}, idle))
        if strange := sorted(set(hours) - set(streams) - set(load_idle_hours())):
            out.append(Finding("inventory.idle_stream", "warning", {"streams": ", ".join(strange)}))
    if setting.options.diesel is not None:
        _, beyond = in_range(setting.options.diesel)
        euro_3 = {"category": "heavy_truck", "fuel": "diesel", "standard": "euro_III"}
        effect = quality_factors(euro_3, setting.options.diesel)
        values = {
            "nox": f"{100.0 * (effect['NOx'] - 1.0):+.1f}",
            "pm": f"{100.0 * (effect['PM_exhaust'] - 1.0):+.1f}",
            "held": ", ".join(beyond) or "-",
        }
        out.append(Finding("inventory.diesel_quality", "assumption", values, len(beyond)))
    return out


def _borrowed_filters(vehicles: pl.DataFrame) -> list[Finding]:
    """Count the buses whose particle number is that of a newer standard's filter."""
    rows, km = _rows(vehicles, is_borrowed_filter), km_per_day(vehicles)
    if not rows.any():
        return []
    share = float(km[rows].sum() / max(km.sum(), 1e-300))
    return [
        Finding("inventory.borrowed_filter", "assumption", {}, round(vehicles["count"].to_numpy()[rows].sum()), share)
    ]


def _rows(vehicles: pl.DataFrame, test: Callable[[Mapping[str, str]], bool]) -> Rows:
    """Return which vehicles are of a technology that a test picks."""
    distinct = technologies_of(vehicles)
    picked = distinct.with_columns(
        picked=pl.Series([test(r) for r in distinct.iter_rows(named=True)], dtype=pl.Boolean)
    )
    joined = vehicles.select(TECHNOLOGY).join(picked, on=TECHNOLOGY, how="left", maintain_order="left")
    return joined["picked"].to_numpy()


def _behind_scr(factors: FactorTable, setting: FactorSetting) -> set[tuple[str, ...]]:
    """Return the technologies whose NOx follows the SCR curves: a set with temperatures of its own needs none."""
    knowing = [o.name for o in setting.sources.overlays if o.knows_temperature]
    known = factors.origins.filter((pl.col("pollutant") == "NOx") & pl.col("factor_set").is_in(knowing))
    rows = factors.technologies.filter(~pl.col("technology_id").is_in(known["technology_id"].implode()))
    return {
        tuple(row[c] for c in TECHNOLOGY)
        for row in rows.iter_rows(named=True)
        if scr_kind(row["category"], row["standard"], row["aftertreatment"]) is not None
    }


def _scr(states: Sequence[State], factors: FactorTable, setting: FactorSetting) -> list[Finding]:
    """Say what speed, load and cold change behind SCR in each scenario, with the range of the curves."""
    behind = _behind_scr(factors, setting)
    if setting.options.scr is None or not behind:
        return []
    having = pl.DataFrame(sorted(behind), schema=list(TECHNOLOGY), orient="row")

    def table(bound: Bound | None, conditions: Conditions) -> FactorTable:
        options = replace(setting.options, scr=bound, hot_only=("NOx",))
        return compile_factors(having, setting.sources, conditions, options)

    tables = [table(bound, setting.conditions) for bound in SCR_BOUNDS]
    tables.append(table("value", coldest_month(setting.conditions)))
    out: list[Finding] = []
    for state, inventory in states:
        rows = _rows(state.vehicles, lambda r: tuple(r[c] for c in TECHNOLOGY) in behind)
        km = km_per_day(state.vehicles)
        part = (state.vehicles.filter(rows), state.multipliers.filter(rows))
        if km[rows].sum() <= 0.0:
            continue
        nox = [totals(*part, t, inventory, setting.context)[POLLUTANTS.index("NOx")] for t in tables]
        if nox[0] <= 0.0:
            continue
        value, low, high, cold = (100.0 * (x / nox[0] - 1.0) for x in nox[1:])
        values = {
            "scenario": state.title_en,
            "change_pct": f"{value:+.1f}",
            "low": f"{min(value, low, high):+.1f}",
            "high": f"{max(value, low, high):+.1f}",
            "cold_pct": f"{cold:+.1f}",
        }
        found = Finding("inventory.scr_cold", "assumption", values, share=float(km[rows].sum() / km.sum()))
        if not out or not _alike(out[0], found):
            out.append(found)
    return out


def _alike(first: Finding, other: Finding) -> bool:
    """Return whether two findings of different scenarios say the same."""
    figures = [{k: v for k, v in f.values.items() if k != "scenario"} for f in (first, other)]
    return figures[0] == figures[1] and first.share == other.share


def _spread(states: Sequence[State], factors: FactorTable, setting: FactorSetting) -> list[Finding]:
    """Say what averaging over the spread of speeds changes in the baseline."""
    if factors.unspread is None:
        return []
    out = []
    for state, inventory in states[:1]:
        fleet = (state.vehicles, state.multipliers, factors, inventory, setting.context)
        after, before = totals(*fleet), totals(*fleet, factors.unspread)
        for pollutant in SPREAD_POLLUTANTS:
            p = POLLUTANTS.index(pollutant)
            change = 100.0 * (after[p] / before[p] - 1.0) if before[p] else 0.0
            values = {"scenario": state.title_en, "pollutant": pollutant, "change_pct": f"{change:+.1f}"}
            out.append(Finding("inventory.speed_spread", "assumption", values))
    return out
