"""Fleets to be replaced, made by hand or at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fleet_planner.buses.transition.model import (
    BATTERY,
    CONVENTIONAL,
    ELECTRIC,
    EXISTING,
    LARGE,
    POWERTRAINS,
    STATION,
    Cohorts,
    Figures,
    Needs,
    Pools,
    Problem,
    Rules,
)

P = len(POWERTRAINS)
PRICE = np.array([400e3, 400e3, 420e3, 1250e3, 660e3, 480e3, 0.0])
KWH = np.array([250.0, 450.0, 200.0, 0.0, 0.0, 0.0, 0.0])
ENERGY_PER_KM = np.array([0.2, 0.2, 0.2, 0.6, 0.35, 0.45, 0.45])
UPKEEP = np.array([0.38, 0.38, 0.38, 0.55, 0.5, 0.55, 0.55])
HARM = np.array([0.05, 0.05, 0.05, 0.06, 0.6, 0.8, 1.0])


def fleet(
    *,
    buses: int = 10,
    blocks: int = 9,
    kinds: tuple[str, ...] = ("depot",),
    years: int = 12,
    base_year: int = 2025,
    depots: int = 1,
    pools_each: int = 1,
    seed: int = 1,
    **rules: object,
) -> Problem:
    """Return a fleet whose depots have so many buses and blocks each; blocks are of the kinds in turn."""
    rng = np.random.default_rng(seed)
    span = np.arange(base_year + 1, base_year + 1 + years)
    lots = depots * pools_each
    depot = np.repeat(np.arange(depots), pools_each)
    pools = Pools(
        tuple(f"d{i}" for i in range(depots)), depot, ("standard", "articulated", "midi")[:pools_each] * depots
    )
    ages = np.arange(16)
    share = np.diff(np.linspace(0, buses, ages.size + 1).astype(int))
    pool = np.repeat(np.arange(lots), ages.size)
    model_year = np.tile(base_year - ages, lots)
    free = np.maximum(model_year + 12, span[0])
    due = np.maximum(model_year + 18, span[0] + 2)
    g = pool.size
    cohorts = Cohorts(
        pool,
        np.full(g, EXISTING),
        np.tile(share, lots),
        model_year,
        free,
        due,
        np.zeros((g, years)),
        1.0 + 0.1 * (base_year - model_year),
    )
    able = {
        "depot": {BATTERY: 1, LARGE: 1, STATION: 1},
        "battery": {LARGE: 1},
        "station": {STATION: 1},
        "split": {BATTERY: 2},
        "none": {},
    }
    of_kind = [kinds[k % len(kinds)] for k in range(blocks)]
    rows = [(lot, kind, of_kind.count(kind)) for lot in range(lots) for kind in dict.fromkeys(of_kind)]
    c = len(rows)
    can = np.zeros((c, P))
    can[:, 3:] = 1.0
    for k, (_, kind, _) in enumerate(rows):
        for p, n in able[kind].items():
            can[k, p] = n
    km = 60_000.0 + 5_000.0 * rng.random(c)
    stations = np.array([[kind == "station"] for _, kind, _ in rows])
    needs = Needs(
        pool=np.array([r[0] for r in rows]),
        blocks=np.array([r[2] for r in rows]),
        buses=can,
        km=km,
        kwh=km * 1.4,
        peak_kw=np.full(c, 35.0),
        weight=1.0 + rng.random(c),
        extra_cost=np.full(c, 9_000.0),
        stations=stations,
    )
    pack_price = np.linspace(180.0, 90.0, years)
    pack = np.broadcast_to(KWH[None, :, None] * pack_price, (lots, P, years)).copy()
    price = PRICE[None, :, None] + pack
    figures = Figures(
        years=span,
        base_year=base_year,
        rate=0.05,
        price=price,
        pack=pack,
        battery_life=7,
        bus_life=14,
        charger_life=20,
        residual_share=np.linspace(1.0, 0.1, years + 1),
        upkeep=np.broadcast_to(UPKEEP, (lots, P)).copy(),
        energy=km[:, None, None] * ENERGY_PER_KM[None, :, None] * np.ones(years),
        demand_per_kw=120.0,
        charger=120_000.0,
        charger_upkeep_share=0.02,
        buses_per_charger=2.0,
        site=np.full(depots, 400_000.0),
        hydrogen_site=np.full(depots, 5e6),
        station=np.full(1, 900_000.0),
        lead=np.full(depots, 2),
        ready=np.full(depots, span[0] + 2),
        powered=np.zeros(depots, dtype=bool),
        station_ready=int(span[0]),
        grid_cap_kw=np.full(depots, np.inf),
        harm=np.broadcast_to(HARM, (lots, P)).copy(),
    )
    buyable = np.ones((P, years), dtype=bool)
    buyable[EXISTING] = False
    defaults = {
        "buyable": buyable,
        "share": np.zeros(years),
        "counts": np.ones((lots, years), dtype=bool),
        "target_share": 0.0,
        "budget": np.full(years, np.inf),
        "supply": np.full((P, years), np.inf),
        "spare_min": 0.1,
        "spare_max": 0.2,
        "spare_short": np.zeros(lots),
        "spare_excess": 0.0,
    }
    per_lot = np.bincount(cohorts.pool, weights=cohorts.count, minlength=lots)
    served = np.bincount(needs.pool, weights=needs.blocks, minlength=lots)
    defaults["spare_short"] = np.maximum(1.1 * served - per_lot, 0.0)
    defaults["spare_excess"] = max(0.0, per_lot.sum() - 1.2 * served.sum())
    return Problem(pools, cohorts, needs, figures, Rules(**{**defaults, **rules}))  # type: ignore[arg-type]


def with_figures(problem: Problem, **changed: object) -> Problem:
    """Return the problem with other figures."""
    return replace(problem, figures=replace(problem.figures, **changed))


def with_rules(problem: Problem, **changed: object) -> Problem:
    """Return the problem with other rules."""
    return replace(problem, rules=replace(problem.rules, **changed))


__all__ = ["CONVENTIONAL", "ELECTRIC", "fleet", "with_figures", "with_rules"]
