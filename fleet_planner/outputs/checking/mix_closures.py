"""Sums that the tables of a least-cost mix must share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.checking.closure import Closure, Pair, read_table, table_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SLACK = 1e-6
"""Vehicles, US$, tonnes: what is left of sums that are nought."""
PCT_SLACK = 1e-7
FEASIBLE = 1e-6
"""Relative tolerance of the solver for a row."""


def mix_closures(folder: Path, told: Mapping[str, Any]) -> Iterator[Closure]:
    """Yield vehicles beside the years, targets beside what the mix avoids, capital beside its market and cash.

    Parameters
    ----------
    folder
        Of `portfolio`.
    told
        Its manifest.
    """
    mix, years = read_table(folder / "portfolio.csv"), read_table(folder / "portfolio_years.csv")
    key = ("year", "option")
    treated = mix.group_by(key, maintain_order=True).agg(new_vehicles=pl.col("vehicles").sum())
    pair = Pair("portfolio.csv", "portfolio_years.csv", key, SLACK)
    yield from pair.tables(treated, years, {"new_vehicles": "vehicles treated"})
    targets = read_table(folder / "portfolio_targets.csv")
    pair = Pair("portfolio_targets.csv", "portfolio_targets.csv", ("target", "year"), SLACK)
    asked = pl.col("without_measures_per_year") - pl.col("allowed_per_year")
    yield from pair.rows(targets, "what is required", pl.col("required_per_year"), asked.clip(lower_bound=0.0))
    missing = pl.col("required_per_year") - pl.col("avoided_per_year")
    missed = targets.filter(pl.col("shortfall_per_year") > 0.0)
    yield from pair.rows(missed, "shortfall", pl.col("shortfall_per_year"), missing)
    # one that is met may avoid more than is required, and never less than the solver's tolerance allows
    met = targets.filter(pl.col("shortfall_per_year") == 0.0)
    least = pl.max_horizontal("avoided_per_year", pl.col("required_per_year") * (1.0 - FEASIBLE))
    yield from pair.rows(met, "what a met target avoids", pl.col("avoided_per_year"), least)
    yield from _market(folder, years)
    check = read_table(folder / "portfolio_check.csv")
    ours, theirs = pl.col("optimiser_per_year"), pl.col("inventory_per_year")
    size = pl.max_horizontal(ours.abs(), theirs.abs())
    pct = pl.when(size > 0.0).then(100.0 * (ours - theirs) / size).otherwise(0.0)
    pair = Pair("portfolio_check.csv", "portfolio_check.csv", ("pollutant",), PCT_SLACK)
    yield from pair.rows(check, "percent between optimiser and inventory", pl.col("difference_pct"), pct)
    regret = table_in(folder, "portfolio_regret.csv")
    if regret is not None:
        pair = Pair("portfolio_regret.csv", "portfolio_regret.csv", ("mix", "future"), SLACK)
        worst = pl.col("regret_usd2024").max().over("mix")
        yield from pair.rows(regret, "worst regret", pl.col("worst_regret_usd2024"), worst)
    if told["cost_usd2024"] is not None and told["bound_usd2024"] is not None:
        cost, bound = float(told["cost_usd2024"]), float(told["bound_usd2024"])
        gap = (cost - bound) / max(abs(cost), abs(bound), SLACK)
        yield Closure("manifest.json", "manifest.json", "cost above its bound", float(told["gap"]), gap, 1e-9)


def _market(folder: Path, years: pl.DataFrame) -> Iterator[Closure]:
    """Yield what is bought beside the years, and who pays beside what is bought."""
    bought, cash = read_table(folder / "portfolio_market.csv"), read_table(folder / "portfolio_cash.csv")
    vehicles = bought.rename({"technology": "option"}).filter(~pl.col("option").is_in(["chargers", "connections"]))
    names = {"new_vehicles": "units bought", "capital_usd2024": "capital"}
    told = years.filter(pl.col("new_vehicles") > 0.0)
    pair = Pair("portfolio_market.csv", "portfolio_years.csv", ("year", "option"), SLACK)
    yield from pair.tables(vehicles.rename({"units": "new_vehicles"}), told, names)
    capital = bought.group_by("year", maintain_order=True).agg(capital=pl.col("capital_usd2024").sum())
    paid = cash.group_by("year", maintain_order=True).agg(capital=pl.col("pays_usd2024").sum())
    pair = Pair("portfolio_cash.csv", "portfolio_market.csv", ("year",), SLACK)
    yield from pair.tables(paid, capital, {"capital": "what incentives, debts and owners pay"})
