"""Abatement curves of a market's cities: from the plan's table, and from runs of the planner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.activity.tables import read_cells, typed
from fleet_planner.errors import InputError, PlanError, use_one_of

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.plan.models import Plan

CURVES = "market_curves"
GHG = "GHG"
STEP_DAMAGE = "damage_avoided_usd2024_per_year"
OWN_COLUMNS = {"avoided_per_year": "avoided_t", "usd_per_unit": "usd_per_t"}


def curves_of(plan: Plan, base: Path) -> dict[str, pl.DataFrame]:
    """Return the curves by city; one from a run takes the place of what the table has for the city.

    Raises
    ------
    UserError
        A file is wrong, names a city that the market has not, or a city has no curve.
    """
    section, names = plan.market, [c.name for c in plan.market.city]
    out: dict[str, pl.DataFrame] = {}
    if section.curves:
        path = base / section.curves
        table = typed(read_cells(path, "market.curves"), CURVES, path)
        for row in table.filter(~pl.col("city").is_in(names)).head(1).iter_rows(named=True):
            raise InputError(
                "this city is not in the plan", use_one_of(row["city"], names), path, row["row"], "city", row["city"]
            )
        out = {str(name): part for (name,), part in table.group_by("city", maintain_order=True)}
    if section.own_curve:
        own = section.own_city or plan.city.name
        if own not in names:
            raise PlanError("no such city in the market", use_one_of(own, names), column="market.own_city", value=own)
        out[own] = run_curve(base / section.own_curve, own, "market.own_curve")
    for city in section.city:
        if city.curve:
            out[city.name] = run_curve(base / city.curve, city.name, "market.city.curve")
    if missing := [n for n in names if n not in out]:
        raise PlanError(
            f"{', '.join(missing)} has no abatement curve",
            "Add rows to the file of market.curves, or name a run's abatement_curve.csv in market.city.curve.",
            column="market.city",
            value=missing[0],
        )
    return out


def run_curve(path: Path, name: str, key: str) -> pl.DataFrame:
    """Return a run's steps of greenhouse gases, with the local damage that goes with a tonne of each.

    Parameters
    ----------
    path
        ``abatement_curve.csv`` of a run.
    name
        City that the curve is for.
    key
        The plan's key that names the file, for the messages.
    """
    cells = read_cells(path, key)
    for column in ("pollutant", *OWN_COLUMNS):
        if column not in cells.columns:
            raise InputError(
                "a needed column is missing", "Name abatement_curve.csv of a run.", path, row=1, column=column
            )
    table = cells.rename(OWN_COLUMNS).with_columns(city=pl.lit(name))
    of_ghg = (table["pollutant"] == GHG).fill_null(value=False)
    if not of_ghg.any():
        raise InputError(f"the run has no steps of {GHG}", "Compare measures that avoid it.", path, column="pollutant")
    if STEP_DAMAGE in table.columns:
        amounts = pl.col(STEP_DAMAGE, "avoided_t").cast(pl.Float64, strict=False)
        per_t = table.select(amounts).select(pl.col(STEP_DAMAGE) / pl.col("avoided_t")).to_series()
        table = table.with_columns(damage_usd_per_t=per_t.cast(pl.String))
    return typed(table.filter(of_ghg), CURVES, path)
