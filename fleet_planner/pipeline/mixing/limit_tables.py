"""What the limits of a mix were used for: budgets, supply, and sites with what is built there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.portfolio.figures import in_force

if TYPE_CHECKING:
    from fleet_planner.pipeline.mixing.portfolio import Portfolio

UNIT = {"budget": "US$ 2024", "supply": "vehicles", "space": "vehicles", "chargers": "chargers", "grid": "kW"}
LIMITS = {
    "limit": pl.String,
    "of": pl.String,
    "year": pl.Int64,
    "unit": pl.String,
    "most": pl.Float64,
    "built": pl.Float64,
    "used": pl.Float64,
    "excess": pl.Float64,
    "usd2024_per_unit": pl.Float64,
    "conflict": pl.String,
}
SITES = {
    "site_id": pl.String,
    "year": pl.Int64,
    "vehicles": pl.Float64,
    "bays": pl.Float64,
    "chargers_used": pl.Float64,
    "chargers": pl.Float64,
    "chargers_built": pl.Float64,
    "kw_drawn": pl.Float64,
    "kw_available": pl.Float64,
    "connection": pl.Int64,
    "capital_usd2024": pl.Float64,
}


def limits_table(found: Portfolio) -> pl.DataFrame:
    """Return every limit: what may be used, what is built, what is used, what is missing and what more would save."""
    rows = []
    mix, years = found.mix, found.ground.years
    for row in found.problem.rows:
        if row.sign > 0.0 or row.hard:
            continue
        kind, _, rest = row.name.partition(" ")
        of, _, place = rest.rpartition(" ")
        used = row.brings(mix.x)
        built = -sum(c * float(mix.built[k]) for k, c in row.builds)
        if kind == "budget":
            used, built = used - built, 0.0  # what is built there is paid from it
        what = (kind, of or None, years[int(place)], UNIT[kind], row.bound, built, used)
        rows.append((*what, mix.shortfalls[row.name], mix.prices[row.name], in_conflict(found, row.name)))
    return pl.DataFrame(rows, schema=LIMITS, orient="row")


def sites_table(found: Portfolio) -> pl.DataFrame:
    """Return what happens at each site and year; empty where the plan has no sites."""
    if found.sites is None or found.site_rows is None:
        return pl.DataFrame(schema=SITES)
    ground, sites, draw, made = found.ground, found.sites.sites, found.sites.draw, found.site_rows
    acts = in_force(ground.figures)
    charging = np.where(draw.takes[None, :, None], found.mix.x, 0.0)
    force = np.einsum("got,oty,gy->goy", charging, acts, ground.figures.alive)
    rows = []
    for s, name in enumerate(sites.names):
        at_home = force * draw.share[:, s][:, None, None]
        vehicles = at_home.sum(axis=(0, 1))
        chargers = np.einsum("goy,go->y", at_home, draw.chargers)
        kw = np.einsum("goy,go->y", at_home, draw.kw)
        own = np.flatnonzero(made.site == s)
        for y, year in enumerate(ground.years):
            built = {c: own[(made.is_charger[own] == c)] for c in (True, False)}
            now = {c: found.mix.built[k[made.year[k] == y]].sum() for c, k in built.items()}
            life = {True: sites.charger_life[s], False: sites.connection_life[s]}
            there = {
                c: found.mix.built[k[(made.year[k] <= y) & (y < made.year[k] + int(life[c]))]].sum()
                for c, k in built.items()
            }
            capital = now[True] * sites.charger_usd[s] + now[False] * sites.connection_usd[s]
            rows.append(
                (
                    *(name, year, float(vehicles[y]), float(sites.bays[s]) if np.isfinite(sites.bays[s]) else None),
                    *(float(chargers[y]), float(sites.chargers[s] + there[True]), float(now[True]), float(kw[y])),
                    *(float(sites.headroom_kw[s] + there[False] * sites.upgrade_kw[s]), int(now[False])),
                    float(capital),
                )
            )
    return pl.DataFrame(rows, schema=SITES, orient="row")


def in_conflict(found: Portfolio, name: str) -> str:
    """Return whether a row is among those that cannot be kept together."""
    return "yes" if name in found.mix.conflict else "no"
