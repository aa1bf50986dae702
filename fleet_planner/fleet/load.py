"""From a registry file to a checked fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, OutputError
from fleet_planner.findings import Finding
from fleet_planner.fleet.check import READABLE, VKT, check_registry, lost_share, rejected_cells
from fleet_planner.fleet.coverage import REJECTED_CODE, coverage_finding, findings_of
from fleet_planner.fleet.identifiers import ID, finding_of, hidden, key_of, masked, without_plates
from fleet_planner.fleet.mapping import map_technologies
from fleet_planner.fleet.model import Fleet
from fleet_planner.fleet.read import read_raw, read_registry
from fleet_planner.fleet.visiting import visiting_vehicles
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.fleet.identifiers import Key
    from fleet_planner.plan.fleet import FleetSection
    from fleet_planner.plan.models import City

FLEET_COLUMNS = tuple(spec.column for spec in columns("vehicles"))
PLACES = ("zone", "depot")
MAX_ODOMETER_KM = 1.5e6
"""Derived odometers are cut here: few vehicles drive further."""


def load_fleet(section: FleetSection, base: Path, city: City, default_load: float) -> Fleet:
    """Read, check and map the registry of a plan, and add visiting vehicles.

    Raises
    ------
    InputError
        The registry cannot be read, or too much of it was rejected.
    """
    path = base / section.registry
    key = key_of(section, base)
    fleet = check_file(path, country=city.country, year=city.year, default_load=default_load, key=key)
    refuse_if_too_much_rejected(fleet, section.max_rejected_vkt_share, path)
    visiting = visiting_vehicles(fleet.vehicles, section.visiting_share, path)
    if visiting.is_empty():
        return fleet
    both = pl.concat([fleet.vehicles, visiting])
    total = float(both.select(VKT.sum()).item())
    part = float(visiting.select(VKT.sum()).item()) / total if total else 0.0
    found = Finding("fleet.visiting", "assumption", {}, round(visiting["count"].sum()), part)
    return replace(fleet, vehicles=both, findings=(*fleet.findings, found))


def refuse_if_too_much_rejected(fleet: Fleet, limit: float, path: Path) -> None:
    """Raise an InputError when rejected rows hold more than the share ``limit`` of the vehicle-km of ``path``."""
    share = fleet.rejected_vkt_share
    if share <= limit:
        return
    often = (
        fleet.rejected.group_by("column", "reason")
        .agg(pl.len(), pl.col("row").min(), pl.col("value", "remedy").first())
        .sort("len", "row", "column", descending=[True, False, False])
        .row(0, named=True)
    )
    raise InputError(
        f"{100 * share:.1f} % of the vehicle-km are in rejected rows, more than the tolerated {100 * limit:g} %; "
        f"most often ({often['len']:,} times): {often['reason']}",
        f"{often['remedy']} `fleet-planner fleet check` lists every row; fleet.max_rejected_vkt_share tolerates more.",
        file=path,
        row=often["row"],
        column=often["column"],
        value=often["value"],
    )


def check_file(
    path: Path, *, country: str, year: int, default_load: float | None = None, key: Key | None = None
) -> Fleet:
    """Read, check and map a registry file; nothing is refused for the share rejected.

    Parameters
    ----------
    path
        CSV or Parquet.
    country
        Region whose dates of emission standards apply.
    year
        Base year.
    default_load
        Load of heavy vehicles without one; None: ``reference/load_defaults.csv``.
    key
        Hashes the ids; None: plates and VINs give way to row numbers.

    Raises
    ------
    InputError
        The file cannot be read, holds no usable row, or the country is unknown.
    """
    raw, encoding, separator, plates, unread = read_raw(path)
    good, rejected, lost = check_registry(raw, path, year, region=country, decimal_comma=separator == ";")
    mapped, wrong = map_technologies(good, country)
    if wrong.height:
        rejected = rejected_cells([rejected.drop("file"), wrong], path)
        lost = pl.concat([lost, good.join(wrong, on="row", how="semi")])
    rejected = masked(rejected)
    if mapped.is_empty():
        first = rejected.row(0, named=True)
        problem = f"no row of the registry is usable; first: {first['reason']}"
        place = {name: first[name] for name in ("row", "column", "value")}
        raise InputError(problem, first["remedy"], file=path, **place)
    full = _with_defaults(mapped, year, default_load)
    full = full.with_columns(share_given=_given(raw, full, "share_inside"))
    share = lost_share(mapped, lost)
    shown = "/".join(f"{x:g}" for x in sorted(set(full.filter("load_defaulted")["load_fraction"])))
    told = _rejected_finding(lost, share)
    ids, changed = hidden(full[ID], full["row"], key, every=plates)
    full = full.with_columns(ids, *(without_plates(full[name]) for name in PLACES))
    fleet = Fleet(full.select(FLEET_COLUMNS), rejected, (), share)
    fleet = replace(fleet, findings=findings_of(full, told, country=country, load=shown))
    extra = [coverage_finding(fleet)]
    if (told_ids := finding_of(changed, key)) is not None:
        extra.append(told_ids)
    if unread:
        extra.append(Finding("fleet.identifiers_unread", "info", {"columns": ", ".join(unread)}))
    if encoding not in {"", "utf-8"}:
        extra.append(Finding("fleet.encoding", "warning", {"encoding": encoding}))
    return replace(fleet, findings=(*fleet.findings, *extra))


def _with_defaults(mapped: pl.DataFrame, year: int, default_load: float | None) -> pl.DataFrame:
    """Fill loads, odometers and empty names; say where."""
    table = reference_table("load_defaults.csv")
    usual = dict(zip(table["category"], table["load_fraction"], strict=True))
    heavy = pl.col("category").is_in(list(usual))
    load = pl.col("category").replace_strict(usual, default=0.0, return_dtype=pl.Float64)
    if default_load is not None:
        load = pl.lit(default_load)  # vehicles that are not heavy have no load in the factors
    age = (year - pl.col("model_year")).clip(lower_bound=0) + 0.5
    return mapped.with_columns(
        load_defaulted=pl.col("load_fraction").is_null() & heavy,
        load_fraction=pl.col("load_fraction").fill_null(load),
        odometer_given=pl.col("odometer_km").is_not_null(),
        odometer_km=pl.coalesce("odometer_km", (pl.col("km_per_year") * age).clip(upper_bound=MAX_ODOMETER_KM)),
        visiting=pl.lit(value=False),
        fuel_blend=pl.lit(""),
        zone=pl.col("zone").fill_null(""),
        depot=pl.col("depot").fill_null(""),
    )


def _given(raw: pl.DataFrame, rows: pl.DataFrame, column: str) -> pl.Series:
    """Return which rows have a cell of their own in ``column``, shape (N,)."""
    if column not in raw.columns:
        return pl.Series([False] * rows.height)
    return rows["row"].is_in(raw.filter(pl.col(column).is_not_null())["row"].implode())


def _rejected_finding(lost: pl.DataFrame, share: float) -> Finding | None:
    """Return how much was rejected, in vehicles (one a row where the number cannot be read)."""
    if lost.is_empty():
        return None
    vehicles = float(lost.select(pl.when(READABLE).then("count").fill_null(1.0).sum()).item())
    return Finding(REJECTED_CODE, "warning", {"rows": f"{lost.height:,}"}, round(vehicles), share)


def fixed_registry(path: Path, fleet: Fleet) -> pl.DataFrame:
    """Return the usable rows of the registry ``path`` as they stand in it, but with the ids of the fleet.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    raw = read_registry(path)
    kept = raw.filter(~pl.col("row").is_in(fleet.rejected["row"].unique().implode())).drop("row")
    places = [without_plates(kept[name]) for name in PLACES if name in kept.columns]
    return kept.with_columns(fleet.vehicles.filter(~pl.col("visiting"))[ID], *places)


def write_fixed(path: Path, fleet: Fleet, out: Path) -> None:
    """Write the usable rows of the registry ``path`` to the CSV ``out``, whole or not at all.

    Raises
    ------
    InputError
        The registry cannot be read.
    OutputError
        ``out`` cannot be written.
    """
    beside = out.with_name(f".{out.name}.part")
    rows = fixed_registry(path, fleet)
    try:
        rows.write_csv(beside)
        beside.replace(out)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(
            f"the usable rows cannot be written: {error.strerror or error}",
            "Give --fix a file in an existing folder that you may write to, with room on the disk.",
            file=out,
        ) from error
