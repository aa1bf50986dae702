"""The carbon market of a plan: curves, caps and prices read, every year cleared alone and linked, the ledger kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, typed
from fleet_planner.errors import InputError, PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.markets import Cleared, Linking, Pool, clear, ledger, owner_credits
from fleet_planner.pipeline.market.market_cities import NEGLIGIBLE_T, allowance_t, at, city_of, credit_findings
from fleet_planner.pipeline.market.market_leakage import leakage_findings, leakage_table
from fleet_planner.pipeline.market.market_orders import Exchange, exchange_of
from fleet_planner.pipeline.market.market_places import CityPlace, places_of
from fleet_planner.pipeline.market.market_prices import credit_prices
from fleet_planner.pipeline.market.market_shocks import shocked_prices
from fleet_planner.pipeline.market.market_trades import trades

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.markets.clearing import Form
    from fleet_planner.plan.market import MarketCity, MarketSection
    from fleet_planner.plan.models import Plan

    Array = NDArray[np.float64]

CURVES = "market_curves"
OWNERS = "market_owners"
GHG = "GHG"
COMPARED = "head_to_head.csv"
COMPARED_COLUMNS = ("damage_avoided_usd2024_per_year", "ghg_avoided_t_per_year")
OWN_COLUMNS = {"avoided_per_year": "avoided_t", "usd_per_unit": "usd_per_t"}


@dataclass(frozen=True)
class Market:
    """A market over the years.

    Parameters
    ----------
    market
        ``city, year, form, price_usd_per_t, ...``: see ``tables/columns/market.csv``.
    ledger
        See ``tables/columns/market_ledger.csv``.
    trades
        Units by pair of cities: see ``tables/columns/market_trades.csv``.
    leakage
        What the price moves out of each city; none without ``non_local_pct``.
    owners
        Credits of small owners; none without a table of owners.
    volatility
        Mean and spread of prices under shocks; none without draws.
    draws
        Every draw of the shocks in sequence; none without draws.
    exchange
        Orders replayed; none without orders.
    places
        Cities that the plan puts on the map.
    findings
        What rests on defaults.
    """

    market: pl.DataFrame
    ledger: pl.DataFrame
    trades: pl.DataFrame
    leakage: pl.DataFrame | None
    owners: pl.DataFrame | None
    volatility: pl.DataFrame | None
    draws: pl.DataFrame | None
    exchange: Exchange | None
    places: tuple[CityPlace, ...]
    findings: tuple[Finding, ...]


def market_of(plan: Plan, base: Path) -> Market:
    """Clear the market of a plan.

    Parameters
    ----------
    plan
        With ``[market]``.
    base
        Folder of the plan; its files are named from there.

    Raises
    ------
    UserError
        The section is not complete, a file is wrong, prices are missing, or a cap is out of reach.
    """
    section = plan.market
    if len(section.city) < 1:
        raise PlanError("the plan has no market", "Add [market] and a [[market.city]] for each city.")
    years = _years(section)
    curves = _curves(plan, base)
    owners, findings = _owners(plan, base)
    pool, told = _pools(plan, years, owners)
    findings += told
    findings += [*_damage_findings(section, curves), *credit_findings(section.city), *leakage_findings(section)]
    places, told = places_of(section, base)
    findings += told
    tables, books, moved = [], [], []
    ceiling, floor = section.ceiling_usd_per_t, section.floor_usd_per_t
    full = section.full_year if section.full_year is not None else years[-1]
    for year in years:
        cities = [city_of(c, year, curves) for c in section.city]
        allocated = np.array([allowance_t(c, year) for c in section.city])
        baseline = np.array([at(c.baseline_t, year) for c in section.city])
        alone = clear(cities, year, Linking("none", ceiling_usd_per_t=ceiling, floor_usd_per_t=floor))
        forms: list[Form] = ["none", *section.forms]
        for form in forms:
            linking = Linking(form, years[0], full, ceiling, floor)
            linked = alone if form == "none" else clear(cities, year, linking, pool[year])
            tables.append(_rows(section.city, year, form, alone, linked))
            moved.append(trades(cities, year, form, linked))
            lines = ledger(allocated, baseline, linked, adjustment=section.corresponding_adjustment)
            names = {"city": [c.name for c in section.city], "year": year, "form": form}
            kinds = {"cap_kind": [c.cap_kind for c in section.city]}
            books.append(pl.DataFrame(names | kinds | lines))
    swing, draws = shocked_prices(section, years, curves, pool)
    market, book = _clean(pl.concat(tables)), _clean(pl.concat(books))
    leaks, units = leakage_table(plan, market, book), pl.concat(moved)
    return Market(
        market,
        book,
        _clean(units),
        None if leaks is None else _clean(leaks),
        owners,
        None if swing is None else _clean(swing),
        None if draws is None else _clean(draws),
        exchange_of(section, base, years, curves, units),
        places,
        _once(findings),
    )


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for k, f in enumerate(findings) if f not in findings[:k])


def _years(section: MarketSection) -> list[int]:
    known = [int(y) for c in section.city for y in (*c.baseline_t, *c.cap_t, *c.activity)]
    first = section.from_year if section.from_year is not None else min(known)
    last = section.to_year if section.to_year is not None else max(known)
    if last < first:
        raise PlanError(f"the market's last year, {last}, is before its first, {first}", "Set market.to_year.")
    return list(range(first, last + 1))


def _curves(plan: Plan, base: Path) -> dict[str, pl.DataFrame]:
    """Return the curves by city; the plan's own from a run takes the place of what the table has for it."""
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
        out[own] = _own_curve(base / section.own_curve, own)
    if missing := [n for n in names if n not in out]:
        raise PlanError(
            f"{', '.join(missing)} has no abatement curve",
            "Add rows to the file of market.curves, or name a run's abatement_curve.csv in market.own_curve.",
            column="market.city",
            value=missing[0],
        )
    return out


def _own_curve(path: Path, name: str) -> pl.DataFrame:
    """Return the run's steps of greenhouse gases, with the local damage that goes with a tonne of each."""
    cells = read_cells(path, "market.own_curve")
    for column in ("pollutant", *OWN_COLUMNS):
        if column not in cells.columns:
            raise InputError(
                "a needed column is missing", "Name abatement_curve.csv of a run.", path, row=1, column=column
            )
    table = cells.rename(OWN_COLUMNS).with_columns(city=pl.lit(name))
    of_ghg = (table["pollutant"] == GHG).fill_null(value=False)
    if not of_ghg.any():
        raise InputError(f"the run has no steps of {GHG}", "Compare measures that avoid it.", path, column="pollutant")
    steps = typed(table, CURVES, path)
    beside = path.parent / COMPARED
    if beside.is_file() and {"stream", "from_option", "option"} <= set(cells.columns):
        steps = steps.with_columns(damage_usd_per_t=_step_damage(cells, read_cells(beside, "market.own_curve"), beside))
    return steps.filter(of_ghg)


def _step_damage(steps: pl.DataFrame, compared: pl.DataFrame, path: Path) -> pl.Series:
    """Return the damage avoided per tonne of greenhouse gas of each step, from the run's comparison by stream.

    A step from one option to another has the difference of their damages over that of their tonnes.
    """
    for column in ("stream", "option", *COMPARED_COLUMNS):
        if column not in compared.columns:
            raise InputError(
                "a needed column is missing", "Name abatement_curve.csv in the folder of a run.", path, 1, column
            )
    figures: dict[tuple[str, str], tuple[float, float]] = {
        (stream, option): (damage, tonnes)
        for stream, option, damage, tonnes in compared.select(
            "stream", "option", *(pl.col(c).cast(pl.Float64, strict=False).fill_null(0.0) for c in COMPARED_COLUMNS)
        ).iter_rows()
    }
    out = []
    for stream, before, after in steps.select("stream", "from_option", "option").iter_rows():
        damage, tonnes = figures.get((stream, after), (0.0, 0.0))
        had, cut = figures.get((stream, before or ""), (0.0, 0.0))
        out.append((damage - had) / (tonnes - cut) if abs(tonnes - cut) > NEGLIGIBLE_T else 0.0)
    return pl.Series("damage_usd_per_t", out, dtype=pl.Float64)


def _damage_findings(section: MarketSection, curves: Mapping[str, pl.DataFrame]) -> list[Finding]:
    """Say which cities have no local damage, and where that of the run's steps is used."""
    out = []
    given = {c.name for c in section.city if c.damage_usd_per_t is not None}
    own = {n for n, curve in curves.items() if curve["damage_usd_per_t"].null_count() == 0}
    if silent := [c.name for c in section.city if c.name not in given | own]:
        out.append(Finding("economics.market_no_damage", "assumption", {"cities": ", ".join(silent)}, len(silent)))
    if used := sorted(own):
        out.append(Finding("economics.market_step_damage", "info", {"cities": ", ".join(used)}, len(used)))
    return out


def _owners(plan: Plan, base: Path) -> tuple[pl.DataFrame | None, list[Finding]]:
    """Return the credits of small owners with their revenue, and what the prices rest on."""
    scheme = plan.market.small_owners
    if not scheme.file:
        return None, []
    path = base / scheme.file
    table = typed(read_cells(path, "market.small_owners.file"), OWNERS, path)
    baseline, actual = table["baseline_t"].to_numpy(), table["actual_t"].to_numpy()
    issued = owner_credits(baseline, actual, scheme.additionality, scheme.floor_t)
    years = sorted(set(table["year"].to_list()))
    prices, findings = credit_prices(plan, years)
    below = int(((scheme.additionality * (baseline - actual) > 0.0) & (issued == 0.0)).sum())
    if below:
        findings.append(Finding("economics.market_owners_below", "info", {"floor": scheme.floor_t}, below))
    price = np.array([prices[y] for y in table["year"]])
    return (
        table.drop("row").with_columns(
            credit_t=pl.Series(issued), price_usd_per_t=pl.Series(price), revenue_usd=pl.Series(issued * price)
        ),
        findings,
    )


def _pools(plan: Plan, years: Sequence[int], owners: pl.DataFrame | None) -> tuple[dict[int, Pool], list[Finding]]:
    """Return the common supply by year: offsets and the credits of small owners, at the market's price."""
    section = plan.market
    if "indirect" not in section.forms:
        return dict.fromkeys(years, Pool()), []
    issued = {} if owners is None else dict(owners.group_by("year").agg(pl.col("credit_t").sum()).iter_rows())
    if not section.offsets_t_per_year and not any(issued.get(y) for y in years):
        raise PlanError(
            "the indirect form has no common supply",
            "Set market.offsets_t_per_year, or name market.small_owners.file.",
            column="market.forms",
            value="indirect",
        )
    prices, findings = credit_prices(plan, years)
    amounts = {y: section.offsets_t_per_year + issued.get(y, 0.0) for y in years}
    return {y: Pool(np.array([amounts[y]]), np.array([prices[y]])) for y in years}, findings


def _rows(cities: Sequence[MarketCity], year: int, form: str, alone: Cleared, linked: Cleared) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "city": [c.name for c in cities],
            "year": year,
            "form": form,
            "price_usd_per_t": linked.price,
            "price_unlinked_usd_per_t": alone.price,
            "abated_t": linked.abated,
            "abated_unlinked_t": alone.abated,
            "traded_units": linked.bought_units - linked.sold_units,
            "cost_usd": linked.cost,
            "cost_unlinked_usd": alone.cost,
            "benefit_moved_usd": linked.damage_avoided - alone.damage_avoided,
            "held_by": list(linked.binding),
        }
    )


def _clean(table: pl.DataFrame) -> pl.DataFrame:
    """Round off what the solver leaves of zero, below a gram and a thousandth of a cent."""
    return table.with_columns(pl.selectors.float().round(6) + 0.0)
