"""The buses of today: one row a vehicle, tied to depots and sizes, and the cohorts that the programme counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.buses.transition.model import EXISTING, POWERTRAINS, Cohorts, Pools
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.buses.transition.model import Float, Int
    from fleet_planner.plan.buses_transition import TransitionSection

UNLISTED = "unlisted"
PER_KM = ("harm_per_km", "mj_per_km", "kwh_per_km", "nox_g_per_km", "pm_g_per_km", "co2_g_per_km")
"""What a vehicle emits and uses per km, columns of today's vehicles."""


@dataclass(frozen=True)
class Today:
    """Today's buses.

    Parameters
    ----------
    vehicles
        One row a bus: ``vehicle_id, depot_id, bus_type, powertrain, fuel, standard, model_year, odometer_km,
        km_per_year, free_year, due_year, funded, pool, cohort`` and `PER_KM`, oldest first in each cohort.
    pools, cohorts
        What the programme counts.
    findings
        What was tied, dealt out or added.
    """

    vehicles: pl.DataFrame
    pools: Pools
    cohorts: Cohorts
    findings: tuple[Finding, ...]


def one_row_each(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return one row a bus of rows with ``vehicle_id, count``; those of a group get the group's id and a number."""
    counted = vehicles.with_columns(n=pl.col("count").round().cast(pl.Int64)).filter(pl.col("n") > 0)
    each = counted.with_columns(k=pl.int_ranges(1, pl.col("n") + 1)).explode("k")
    several = pl.col("n") > 1
    named = pl.when(several).then(pl.format("{}#{}", "vehicle_id", "k")).otherwise(pl.col("vehicle_id"))
    return each.with_columns(vehicle_id=named).drop("n", "k", "count")


def tied_to_pools(
    vehicles: pl.DataFrame, blocks: Mapping[tuple[str, str], int]
) -> tuple[pl.DataFrame, Pools, list[Finding]]:
    """Give each bus a depot and a size that has blocks.

    Buses without a depot of the service are dealt out, oldest first, to where most buses are missing; a size that has
    no blocks at its depot joins the size there that has most.

    Parameters
    ----------
    vehicles
        One row a bus.
    blocks
        Buses in service by depot and size.
    """
    order = vehicles.sort("model_year", "vehicle_id")
    depots = {depot for depot, _ in blocks}
    missing = {key: float(n) for key, n in blocks.items()}
    out: list[tuple[str, str]] = [("", "")] * order.height
    given = list(zip(order["depot_id"].fill_null("").to_list(), order["bus_type"].to_list(), strict=True))
    joined = dealt = 0
    for row, (depot, size) in enumerate(given):
        if depot not in depots:
            continue
        key = (depot, size)
        if key not in blocks:
            key = max((k for k in blocks if k[0] == depot), key=lambda k: (blocks[k], k))
            joined += 1
        out[row] = key
        missing[key] -= 1.0
    for row, (depot, size) in enumerate(given):
        if depot in depots:
            continue
        of_size = [k for k in blocks if k[1] == size]
        joined += not of_size
        # the depot that lacks most of what its blocks need, in shares, so that all are served alike
        key = max(of_size or list(blocks), key=lambda k: (missing[k] / blocks[k], k))
        out[row] = key
        missing[key] -= 1.0
        dealt += 1
    findings = []
    if dealt:
        findings.append(Finding("buses.transition_dealt", "assumption", {"depots": len(depots)}, dealt))
    if joined:
        findings.append(Finding("buses.transition_sizes", "assumption", {}, joined))
    keys = sorted(blocks)
    names = tuple(sorted(depots))
    pools = Pools(names, np.array([names.index(d) for d, _ in keys]), tuple(size for _, size in keys))
    tied = order.with_columns(
        depot_id=pl.Series([d for d, _ in out], dtype=pl.String),
        bus_type=pl.Series([b for _, b in out], dtype=pl.String),
        pool=pl.Series([keys.index(k) for k in out], dtype=pl.Int64),
    )
    short = {k: round(m) for k, m in missing.items() if m > 0.0}
    if short:
        tied = pl.concat([tied, _unlisted(tied, keys, short)], how="diagonal_relaxed")
        findings.append(Finding("buses.transition_unlisted", "warning", {}, sum(short.values())))
    return tied, pools, findings


def _unlisted(tied: pl.DataFrame, keys: list[tuple[str, str]], short: Mapping[tuple[str, str], int]) -> pl.DataFrame:
    """Return buses that the service needs and the registry lacks: of the mean age and use of the others."""
    rows = []
    engines = tied.filter(pl.col("powertrain") == "existing")
    like = engines if engines.height else tied
    if like.is_empty():
        raise ValueError("no bus at all")
    mean = like.select(pl.col("model_year", "odometer_km", "km_per_year", *PER_KM).mean()).row(0, named=True)
    usual = like.select(pl.col("fuel", "standard", "powertrain").mode().first()).row(0, named=True)
    number = 0
    for key, n in short.items():
        for _ in range(n):
            number += 1
            rows.append(
                {
                    **mean,
                    **usual,
                    "vehicle_id": f"{UNLISTED}-{number}",
                    "model_year": round(mean["model_year"]),
                    "depot_id": key[0],
                    "bus_type": key[1],
                    "pool": keys.index(key),
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def with_life(
    vehicles: pl.DataFrame, section: TransitionSection, base_year: int, years: Int, funded: Mapping[str, int]
) -> pl.DataFrame:
    """Add ``free_year`` and ``due_year``: the first in which a bus may go, the last by which it is replaced.

    A bus may go from the minimum life on, in years or km, whichever comes first; earlier where early retirement is
    allowed; not before the year until which its funding keeps it.
    """
    first = int(years[0])
    km = pl.col("km_per_year").fill_null(0.0).clip(lower_bound=1.0)
    left = (section.minimum_life_km - pl.col("odometer_km").fill_null(0.0)).clip(lower_bound=0.0)
    by_km = base_year + (left / km).ceil().clip(upper_bound=200.0).cast(pl.Int64)
    life = pl.min_horizontal(pl.col("model_year") + section.minimum_life_years, by_km)
    keep = pl.col("vehicle_id").replace_strict(dict(funded), default=None, return_dtype=pl.Int64)
    whole = (
        pl.col("vehicle_id")
        .str.split("#")
        .list.first()
        .replace_strict(dict(funded), default=None, return_dtype=pl.Int64)
    )
    kept = pl.coalesce(keep, whole)
    free = pl.lit(first) if section.early_retirement == "allowed" else life
    due = pl.col("model_year") + section.maximum_life_years
    return vehicles.with_columns(
        life_year=life.cast(pl.Int64),
        funded_until=kept,
        free_year=pl.max_horizontal(pl.coalesce(kept, free), pl.lit(first)).cast(pl.Int64),
    ).with_columns(
        due_year=pl.max_horizontal(due, pl.lit(first + section.overdue_years - 1), "free_year").cast(pl.Int64)
    )


def cohorts_of(vehicles: pl.DataFrame, price: Float, years: Int, life_years: int) -> tuple[pl.DataFrame, Cohorts]:
    """Return the vehicles with their cohort, oldest first, and the cohorts.

    Parameters
    ----------
    vehicles
        Of `with_life`.
    price
        Of a new conventional bus by pool, shape (L,), for the value that is lost with an early retirement.
    years
        Of the plan.
    life_years
        Minimum life: the value falls to nought over it in equal parts.
    """
    codes = {name: k for k, name in enumerate(POWERTRAINS)}
    key = ["pool", "code", "model_year", "life_year", "free_year", "due_year"]
    ordered = vehicles.with_columns(
        code=pl.col("powertrain").replace_strict(codes, default=EXISTING, return_dtype=pl.Int64)
    ).sort(*key, "odometer_km", "vehicle_id", descending=[False] * 6 + [True, False], nulls_last=True)
    groups = ordered.group_by(key, maintain_order=True).agg(pl.len().alias("n"), pl.col("harm_per_km").mean())
    numbered = ordered.join(groups.select(key).with_row_index("cohort"), on=key, how="left", maintain_order="left")
    pool = groups["pool"].to_numpy().astype(np.int64)
    remaining = groups["life_year"].to_numpy()[:, None] - years[None, :]
    share = np.clip(remaining / life_years, 0.0, 1.0)
    cohorts = Cohorts(
        pool=pool,
        powertrain=groups["code"].to_numpy().astype(np.int64),
        count=groups["n"].to_numpy().astype(np.int64),
        model_year=groups["model_year"].to_numpy().astype(np.int64),
        free_year=groups["free_year"].to_numpy().astype(np.int64),
        due_year=groups["due_year"].to_numpy().astype(np.int64),
        loss=share * price[pool][:, None],
        harm=groups["harm_per_km"].fill_null(0.0).to_numpy().astype(np.float64),
    )
    return numbered.with_columns(pl.col("cohort").cast(pl.Int64)).drop("code"), cohorts
