"""Sums that the tables of sited chargers must share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.checking.closure import Closure, Pair, read_table, table_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SLACK = 1e-6
"""kWh, US$: what is left of sums that are nought."""
SHARE_SLACK = 1e-5
"""Shares below a millionth are no rows of the catchments."""
MANIFEST = "manifest.json"
OF_COST = "build_out"
"""The model whose plan the other tables tell."""


def siting_closures(folder: Path, told: Mapping[str, Any]) -> Iterator[Closure]:
    """Yield loads beside catchments, lines of cost beside the proved cost, regret beside its two costs.

    Parameters
    ----------
    folder
        Of `chargers site`.
    told
        Its manifest.
    """
    costs, models = read_table(folder / "charger_costs.csv"), read_table(folder / "siting_models.csv")
    whole = float(costs["discounted_usd"].sum())
    for name in ("cost_usd", "cost_computed_anew_usd"):
        yield Closure("charger_costs.csv", MANIFEST, name, whole, _number(told[name]), SLACK)
    for row in models.filter(pl.col("model") == OF_COST).iter_rows(named=True):
        yield Closure("siting_models.csv", MANIFEST, "cost", float(row["objective"]), _number(told["cost_usd"]), SLACK)
    usd, paid = pl.col("usd_per_year"), pl.col("discounted_usd")
    of_year = costs.with_columns(usd_year=usd.sum().over("year"), paid_year=paid.sum().over("year"))
    pair = Pair("charger_costs.csv", "charger_costs.csv", ("line", "year"), SLACK)
    share = pl.when(pl.col("usd_year") > 0.0).then(usd / pl.col("usd_year") * pl.col("paid_year")).otherwise(0.0)
    yield from pair.rows(of_year, "discounted by the year's weight", paid, share)
    yield from _loads(folder)
    chargers = table_in(folder, "chargers.csv")
    if chargers is not None:
        new = chargers.filter(pl.col("type") != "present").with_columns(
            before=pl.col("chargers").shift(1).over("site_id", "type", order_by="year").fill_null(0)
        )
        more = pl.col("chargers") - pl.col("before")
        pair = Pair("chargers.csv", "chargers.csv", ("site_id", "type", "year"))
        yield from pair.rows(new, "chargers added", pl.col("added"), more)
    regret = table_in(folder, "charger_regret.csv")
    if regret is not None:
        pair = Pair("charger_regret.csv", "charger_regret.csv", ("plan", "happens"), SLACK)
        yield from pair.rows(regret, "regret", pl.col("regret_usd"), pl.col("cost_usd") - pl.col("best_usd"))


def _loads(folder: Path) -> Iterator[Closure]:
    """Yield the energy of each site and year by hour beside that of its catchment, and both beside the sites' own."""
    grid, sites = read_table(folder / "charger_grid.csv"), read_table(folder / "charger_sites.csv")
    everyone = read_table(folder / "catchments.csv")
    whole = (pl.col("kwh_per_day") / pl.col("share")).first().over("year", "demand_id")
    pair = Pair("catchments.csv", "catchments.csv", ("model", "year", "demand_id", "site_id"), SLACK)
    yield from pair.rows(everyone, "share of its kWh a day", pl.col("kwh_per_day"), pl.col("share") * whole)
    catchments = everyone.filter(pl.col("model") == OF_COST)
    key = ("site_id", "year")
    by_hour = grid.group_by(key, maintain_order=True).agg(kwh_per_day=pl.col("kw").sum())
    drawn = catchments.group_by(key, maintain_order=True).agg(pl.col("kwh_per_day").sum())
    slack = SLACK + SHARE_SLACK * float(catchments["kwh_per_day"].max() or 0.0)  # type: ignore[arg-type]
    pair = Pair("charger_grid.csv", "catchments.csv", key, slack)
    yield from pair.tables(by_hour, drawn, {"kwh_per_day": "kWh a day"})
    last = by_hour.filter(pl.col("year") == pl.col("year").max()).drop("year")
    pair = Pair("charger_grid.csv", "charger_sites.csv", ("site_id",), SLACK)
    yield from pair.tables(last, sites, {"kwh_per_day": "kWh a day"})


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
