"""What emissions change far away, by coefficients of a model of the air; and the acid that they make.

A source-receptor coefficient is what a tonne a year of a pollutant brings to a receptor. Responses are linear, and
ranges may hold both signs, as that of ozone to NOx does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.reference import reference_table
from fleet_planner.tables.read import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ALL = "all"
BOUNDS = ("central", "low", "high")
RECEPTORS = {
    "scenario": pl.String,
    "receptor": pl.String,
    "pollutant": pl.String,
    "unit": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "change": pl.Float64,
    "change_low": pl.Float64,
    "change_high": pl.Float64,
}
NO2 = "NO2"
ACID = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "emitted_t_per_year": pl.Float64,
    "acid_keq_per_year": pl.Float64,
    "change_pct": pl.Float64,
}


def read_coefficients(path: Path, region: str, known: Iterable[str]) -> pl.DataFrame:
    """Read a user's coefficients (``tables/columns/source_receptor.csv``) of a region; rows without one hold for all.

    Raises
    ------
    InputError
        The file is missing or malformed, a pollutant is unknown, central lies outside low and high, a coefficient is
        there twice from the same source, or none is of the region.
    """
    table = read_table(path, "source_receptor")
    names, seen = list(known), set()
    for row, r in enumerate(table.iter_rows(named=True), start=2):
        if r["pollutant"] not in names:
            raise InputError(
                "unknown pollutant", use_one_of(r["pollutant"], names), path, row, "pollutant", r["pollutant"]
            )
        if not r["low"] <= r["central"] <= r["high"]:
            raise InputError("central does not lie between low and high", "Check the row.", path, row, "central")
        key = (r["region"], r["pollutant"], r["receptor"], r["source"])
        if key in seen:
            raise InputError("this coefficient is there twice", "Keep one row.", path, row, "receptor", r["receptor"])
        seen.add(key)
    own = table.filter(pl.col("region").is_null() | (pl.col("region") == region))
    if own.is_empty():
        have = ", ".join(sorted(set(table["region"].drop_nulls())))
        raise InputError(
            f"no coefficient is of {region or 'any region'}", f"Set impacts.receptors.region to one of: {have}.", path
        )
    return _joined(own)


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each coefficient: sources that differ are one range that holds them all, none is preferred."""
    keys = ["region", "pollutant", "receptor", "unit"]
    spread = (pl.col("low").min(), pl.col("central").mean(), pl.col("high").max())
    return rows.group_by(keys, maintain_order=True).agg(*spread)


def receptor_table(tonnes: Mapping[str, Mapping[str, float]], coefficients: pl.DataFrame) -> pl.DataFrame:
    """Return what each scenario brings to each receptor (``tables/columns/receptors.csv``).

    Parameters
    ----------
    tonnes
        Emitted a year by scenario, the baseline first, and pollutant.
    coefficients
        See `read_coefficients`.
    """
    first = next(iter(tonnes.values()))
    rows: list[tuple[object, ...]] = []
    for scenario, emitted in tonnes.items():
        sums: dict[tuple[str, str], list[float]] = {}
        for r in coefficients.iter_rows(named=True):
            brought = [r[b] * emitted[r["pollutant"]] for b in BOUNDS]
            delta = emitted[r["pollutant"]] - first[r["pollutant"]]
            low, high = sorted((r["low"] * delta, r["high"] * delta))
            amounts = [*brought, r["central"] * delta, low, high]
            rows.append((scenario, r["receptor"], r["pollutant"], r["unit"], *amounts))
            key = (r["receptor"], r["unit"])
            sums[key] = [a + b for a, b in zip(sums.get(key, [0.0] * 6), amounts, strict=True)]
        rows += [(scenario, receptor, ALL, unit, *amounts) for (receptor, unit), amounts in sums.items()]
    return pl.DataFrame(rows, schema=RECEPTORS, orient="row")


def acid_table(tonnes: Mapping[str, Mapping[str, float]]) -> pl.DataFrame:
    """Return the acid that emissions can make, thousand equivalents (``tables/columns/acid.csv``).

    SO2 gives two protons a molecule, NOx (as NO2) and NH3 (once nitrified) one.
    """
    table = reference_table("acid_equivalents.csv")
    per_t = dict(table.select("pollutant", "value").iter_rows())
    rows: list[tuple[object, ...]] = []
    first: dict[str, float] = {}
    for scenario, emitted in tonnes.items():
        made = {p: k * emitted[p] for p, k in per_t.items()}
        made[ALL] = sum(made.values())
        for p, keq in made.items():
            before = first.setdefault(p, keq)
            change = 100.0 * (keq / before - 1.0) if before else None
            rows.append((scenario, p, emitted.get(p), keq, change))
    return pl.DataFrame(rows, schema=ACID, orient="row")


EXPORTED = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "emitted_t_per_year": pl.Float64,
    "exported_share": pl.Float64,
    "exported_t_per_year": pl.Float64,
    "stays_t_per_year": pl.Float64,
    "given": pl.String,
}


def exported_table(tonnes: Mapping[str, Mapping[str, float]], shares: Mapping[str, float]) -> pl.DataFrame:
    """Return what leaves the city's air and what stays (``tables/columns/exported.csv``).

    Parameters
    ----------
    tonnes
        Emitted a year by scenario and pollutant.
    shares
        The plan's, by pollutant; those not named are 0 and told as such.
    """
    rows = []
    for scenario, emitted in tonnes.items():
        for pollutant, t in emitted.items():
            if pollutant == NO2:
                continue  # a part of NOx
            share = shares.get(pollutant, 0.0)
            rows.append(
                (scenario, pollutant, t, share, t * share, t - t * share, "yes" if pollutant in shares else "no")
            )
    return pl.DataFrame(rows, schema=EXPORTED, orient="row")
