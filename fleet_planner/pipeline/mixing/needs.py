"""What a mix needs: money by source, people to train, units of each technology; and the curve that it lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.cash_flow import drawn_and_paid
from fleet_planner.economics.incentives import Bought, granted
from fleet_planner.economics.vehicle_costs import vehicle_class
from fleet_planner.economics.workforce import MECHANIC, OPERATOR, training
from fleet_planner.portfolio.figures import in_force

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.mixing.ground import Ground
    from fleet_planner.pipeline.mixing.portfolio import Portfolio
    from fleet_planner.pipeline.prepare import Prepared

    Array = NDArray[np.float64]

MIX = "mix"
CHARGERS, CONNECTIONS = "chargers", "connections"
FUELS = ("fuel", "sulphur")
OWNER, INCENTIVE = "owner", "incentive"
CASH = {
    "year": pl.Int64,
    "source": pl.String,
    "kind": pl.String,
    "pays_usd2024": pl.Float64,
    "service_usd2024": pl.Float64,
    "running_usd2024": pl.Float64,
}
WORKFORCE = {
    "year": pl.Int64,
    "place": pl.String,
    "stream": pl.String,
    "technology": pl.String,
    "role": pl.String,
    "vehicles_more": pl.Float64,
    "to_train": pl.Float64,
    "hours": pl.Float64,
    "usd2024": pl.Float64,
    "checked": pl.String,
}
MARKET = {"technology": pl.String, "year": pl.Int64, "units": pl.Float64, "capital_usd2024": pl.Float64}
CURVE = {
    "target": pl.String,
    "year": pl.Int64,
    "stream": pl.String,
    "option": pl.String,
    "vehicles": pl.Float64,
    "avoided_per_year": pl.Float64,
    "cost_usd2024_per_year": pl.Float64,
    "usd2024_per_unit": pl.Float64,
    "cumulative_avoided_per_year": pl.Float64,
}


def market_table(found: Portfolio) -> pl.DataFrame:
    """Return the units of each technology that are bought in a year, and what they cost (`MARKET`)."""
    ground, x = found.ground, found.mix.x
    new = np.einsum("got,gt->ot", x, ground.figures.alive)
    capital = np.einsum("got,gt,go->ot", x, ground.figures.alive, ground.figures.capital)
    rows = [
        (option.name, year, float(new[o, y]), float(capital[o, y]))
        for o, option in enumerate(ground.options)
        for y, year in enumerate(ground.years)
        if new[o, y] > 0.0
    ]
    return pl.DataFrame(rows + _built(found), schema=MARKET, orient="row")


def _built(found: Portfolio) -> list[tuple[str, int, float, float]]:
    """Return chargers and connections by year: name, year, units, capital."""
    rows = found.site_rows
    if rows is None:
        return []
    out = []
    for name, kind in ((CHARGERS, rows.is_charger), (CONNECTIONS, ~rows.is_charger)):
        for y, year in enumerate(found.ground.years):
            own = kind & (rows.year == y)
            units = float(found.mix.built[own].sum())
            if units > 0.0:
                out.append((name, year, units, float((found.mix.built * rows.capital)[own].sum())))
    return out


def cash_table(ready: Prepared, found: Portfolio) -> pl.DataFrame:
    """Return who pays the capital of each year (`CASH`): incentives within their caps, debts, the owners the rest.

    What is paid by all sources of a year adds up to its capital; ``service`` is what debts take in the year.
    """
    economics, ground = ready.plan.economics, found.ground
    years = ground.years
    purchases = [_purchases(found, y, economics_measures(ready)) for y in range(len(years))]
    capital = np.array([sum(p.vehicles * p.capital for p in of_year) for of_year in purchases])
    grants = [granted(economics.incentive, year, p) for year, p in zip(years, purchases, strict=True)]
    paid = np.array([sum(g.paid for g in of_year) for of_year in grants])
    running = _running(found)
    rows: list[tuple[object, ...]] = []
    for y, year in enumerate(years):
        for name in dict.fromkeys(g.incentive for g in grants[y]):
            amount = sum(g.paid for g in grants[y] if g.incentive == name)
            rows.append((year, name, INCENTIVE, float(amount), 0.0, 0.0))
    left, drawn = capital - paid, np.zeros(len(years))
    for debt in economics.finance:
        if debt.scenarios and MIX not in debt.scenarios:
            continue
        amounts = left * debt.share
        drawn = drawn + amounts
        schedule = drawn_and_paid(debt, amounts, economics.inflation, years[0] - ready.plan.city.year)
        rows += [
            (year, debt.name, debt.kind, float(amounts[y]), float(schedule.service[y]), 0.0)
            for y, year in enumerate(years)
            if amounts[y] > 0.0 or schedule.service[y] != 0.0
        ]
    rows += [
        (year, OWNER, OWNER, float(left[y] - drawn[y]), 0.0, float(running[y]))
        for y, year in enumerate(years)
        if capital[y] > 0.0 or running[y] != 0.0
    ]
    return pl.DataFrame(rows, schema=CASH, orient="row").sort("year", maintain_order=True)


def economics_measures(ready: Prepared) -> frozenset[str]:
    """Return the measures that incentives name."""
    return frozenset(m for i in ready.plan.economics.incentive for m in i.measures)


def _purchases(found: Portfolio, y: int, named: frozenset[str]) -> list[Bought]:
    """Return what is bought in a year: one entry a stream and option, chargers and connections.

    A package counts as the measure of it that an incentive names.
    """
    ground, x = found.ground, found.mix.x
    new = x[:, :, y] * ground.figures.alive[:, [y]]
    streams = ground.groups["stream"].to_numpy()
    out = []
    for o, option in enumerate(ground.options):
        measure = next((m for m in option.measures if m in named), option.measures[0])
        for stream in sorted(set(streams[new[:, o] > 0.0].tolist())):
            own = np.where(streams == stream, new[:, o], 0.0)
            count, capital = float(own.sum()), float((own * ground.figures.capital[:, o]).sum())
            out.append(Bought(measure, stream, count, capital / count))
    year = ground.years[y]
    return out + [Bought(n, "", u, c / u) for n, when, u, c in _built(found) if when == year]


def _running(found: Portfolio) -> Array:
    """Return what upkeep and energy cost more in each year, negative where they save; with the upkeep of chargers."""
    figures = found.ground.figures
    acts = in_force(figures)
    running: Array = np.einsum("got,oty,gy,go->y", found.mix.x, acts, figures.alive, figures.running_per_year)
    if found.site_rows is not None and found.sites is not None:
        rows, upkeep = found.site_rows, found.sites.sites.upkeep_share
        for k in np.flatnonzero(rows.is_charger & (found.mix.built > 0.0)).tolist():
            last = rows.year[k] + int(found.sites.sites.charger_life[rows.site[k]])
            running[rows.year[k] : last] += found.mix.built[k] * rows.capital[k] * upkeep
    return running


def places_of(ground: Ground) -> tuple[list[str], Array]:
    """Return the homes of the vehicles, depot before zone, and the share of each group there, shape (G, places).

    Vehicles yet to be sold are where today's of their stream are; "" stands for no known place.
    """
    groups = ground.groups
    homes = [groups[h].fill_null("").to_list() for h in ("depot", "zone") if h in groups.columns]
    named = [next((n for n in names if n), "") for names in zip(*homes, strict=True)] if homes else [""] * groups.height
    places = sorted(set(named))
    share = np.zeros((groups.height, len(places)))
    share[np.arange(groups.height), [places.index(n) for n in named]] = 1.0
    sold, count = groups["sold"].to_numpy() > 0, ground.figures.count
    streams = groups["stream"].to_numpy()
    for stream in set(streams.tolist()):
        today = (streams == stream) & ~sold
        if count[today].sum() > 0.0:
            share[(streams == stream) & sold] = count[today] @ share[today] / count[today].sum()
    return places, share


def workforce_table(found: Portfolio) -> pl.DataFrame:
    """Return who has to be trained in each year (`WORKFORCE`).

    People are trained for the vehicles by which those with a technology at a place rise above all earlier years;
    nobody is where nothing changes. Fuels need no training.
    """
    ground = found.ground
    acts = in_force(ground.figures)
    force = np.einsum("got,oty,gy->goy", found.mix.x, acts, ground.figures.alive)
    places, share = places_of(ground)
    streams = ground.groups["stream"].to_numpy()
    rows = []
    for stream in sorted(set(streams.tolist())):
        for o, option in enumerate(ground.options):
            if option.kind in FUELS:
                continue
            own = force[streams == stream, o]  # (groups of the stream, T)
            by_place = share[streams == stream].T @ own
            before = np.maximum.accumulate(np.column_stack([np.zeros(len(places)), by_place[:, :-1]]), axis=1)
            more = np.maximum(by_place - before, 0.0)
            for p, y in np.argwhere(more > 1e-9).tolist():
                for role in (OPERATOR, MECHANIC):
                    each = training(vehicle_class(stream), role, retrofit=not ground.electric[o])
                    people = float(more[p, y]) * each.people
                    if people > 0.0:
                        what = (ground.years[y], places[p] or None, stream, option.name, role, float(more[p, y]))
                        told = "yes" if each.checked else "no"
                        rows.append((*what, people, people * each.hours, people * each.usd, told))
    return pl.DataFrame(rows, schema=WORKFORCE, orient="row").sort("year", "place", "technology", "role")


def curve_table(found: Portfolio) -> pl.DataFrame:
    """Return what the mix avoids of each target in its year, by stream and option, cheapest first (`CURVE`).

    The cost is that of the year, whole for every target: it is shared by all that the vehicles avoid.
    """
    ground, x = found.ground, found.mix.x
    acts = in_force(ground.figures)
    streams = ground.groups["stream"].to_numpy()
    per_year = ground.figures.capital_per_year + ground.figures.running_per_year
    out = []
    for (aim, year, *_), aimed in zip(found.targets, found.aims, strict=True):
        y = ground.years.index(year)
        force = np.einsum("got,ot->go", x, acts[:, :, y]) * ground.figures.alive[:, [y]]
        avoided = np.where(aimed.counts[:, None], ground.figures.avoided[aim.name], 0.0) * force
        cost = per_year * force
        rows = []
        for stream in sorted(set(streams.tolist())):
            own = streams == stream
            for o, option in enumerate(ground.options):
                less, vehicles = float(avoided[own, o].sum()), float(force[own, o].sum())
                if less > 0.0:
                    paid = float(cost[own, o].sum())
                    rows.append((aim.name, year, stream, option.name, vehicles, less, paid, paid / less))
        table = pl.DataFrame(rows, schema=dict(list(CURVE.items())[:-1]), orient="row").sort("usd2024_per_unit")
        out.append(table.with_columns(cumulative_avoided_per_year=pl.col("avoided_per_year").cum_sum()))
    return pl.concat(out) if out else pl.DataFrame(schema=CURVE)
