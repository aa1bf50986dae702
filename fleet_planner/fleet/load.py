"""From a registry file to a checked fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, OutputError
from fleet_planner.findings import Finding
from fleet_planner.fleet.assemble import FLEET_COLUMNS, Setting, assemble, lost_vehicles
from fleet_planner.fleet.check import VKT, lost_share
from fleet_planner.fleet.coverage import REJECTED_CODE, coverage_finding, coverage_of, findings_of
from fleet_planner.fleet.identifiers import ID, finding_of, hidden, key_of, without_plates
from fleet_planner.fleet.model import Fleet
from fleet_planner.fleet.read import native_columns, read_cells
from fleet_planner.fleet.source import open_source
from fleet_planner.fleet.visiting import visiting_vehicles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.fleet.assemble import Assembled
    from fleet_planner.fleet.identifiers import Key
    from fleet_planner.fleet.read import NativeColumns
    from fleet_planner.plan.fleet import FleetSection
    from fleet_planner.plan.models import City

PLACES = ("zone", "depot")


def load_fleet(
    section: FleetSection, base: Path, city: City, default_load: float, *, stream_loads: bool = True
) -> Fleet:
    """Read, check and map the registry of a plan, and add visiting vehicles.

    Raises
    ------
    InputError
        The registry cannot be read, or too much of it was rejected.
    """
    path = base / section.registry
    key = key_of(section, base)
    fleet = check_file(
        path,
        country=city.country,
        year=city.year,
        default_load=default_load,
        stream_loads=stream_loads,
        key=key,
        encoding=section.encoding or None,
    )
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
    path: Path,
    *,
    country: str,
    year: int,
    default_load: float | None = None,
    stream_loads: bool = True,
    key: Key | None = None,
    encoding: str | None = None,
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
    stream_loads
        Whether a stream's own load goes before the default.
    key
        Hashes the ids; None: plates and VINs give way to row numbers.
    encoding
        Of a CSV; None: UTF-8, GB18030 where a row is none.

    Raises
    ------
    InputError
        The file cannot be read, holds no usable row, or the country is unknown.
    """
    source = open_source(path, encoding)
    named = native_columns(source)
    made = assemble(source, named, Setting(country, year, default_load, stream_loads))
    share = lost_share(made.vehicles, made.lost)
    ids, changed = hidden(made.vehicles[ID], made.vehicles["row"], key, every=named.plates)
    vehicles = made.vehicles.select(FLEET_COLUMNS).with_columns(
        ids, *(without_plates(made.vehicles[name]) for name in PLACES)
    )
    gone = lost_vehicles(made.lost)
    coverage = coverage_of(made.groups, made.rejected["row"].n_unique(), gone, share)
    told = [*findings_of(made.groups, _rejected_finding(made.lost, gone, share), country=country)]
    told += [coverage_finding(coverage), *_reading_findings(made, named)]
    if (told_ids := finding_of(changed, key)) is not None:
        told.append(told_ids)
    return Fleet(vehicles, made.rejected, tuple(told), share, coverage)


def _reading_findings(made: Assembled, named: NativeColumns) -> list[Finding]:
    out = []
    if made.encoding not in {"", "utf-8"}:
        out.append(Finding("fleet.encoding", "warning", {"encoding": made.encoding}))
    if made.other_encoding:
        other = "gb18030" if made.encoding == "utf-8" else "utf-8"
        out.append(Finding("fleet.encodings_mixed", "warning", {"other": other}, made.other_encoding))
    if named.unread:
        out.append(Finding("fleet.identifiers_unread", "info", {"columns": ", ".join(named.unread)}))
    return out


def _rejected_finding(lost: pl.DataFrame, vehicles: float, share: float) -> Finding | None:
    """Return how much was rejected, in vehicles."""
    if lost.is_empty():
        return None
    return Finding(REJECTED_CODE, "warning", {"rows": f"{lost.height:,}"}, round(vehicles), share)


def fixed_registry(path: Path, fleet: Fleet, encoding: str | None = None) -> Iterator[pl.DataFrame]:
    """Yield the usable rows of the registry ``path`` as they stand in it, but with the ids of the fleet.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    source = open_source(path, encoding)
    ids = fleet.vehicles.filter(~pl.col("visiting"))[ID]
    bad = fleet.rejected["row"].unique().implode()
    done = 0
    for raw in read_cells(source, native_columns(source)):
        kept = raw.filter(~pl.col("row").is_in(bad)).drop("row")
        places = [without_plates(kept[name]) for name in PLACES if name in kept.columns]
        yield kept.with_columns(ids.slice(done, kept.height), *places)
        done += kept.height


def write_fixed(path: Path, fleet: Fleet, out: Path, encoding: str | None = None) -> None:
    """Write the usable rows of the registry ``path`` to the CSV ``out``, whole or not at all.

    Raises
    ------
    InputError
        The registry cannot be read.
    OutputError
        ``out`` cannot be written.
    """
    beside = out.with_name(f".{out.name}.part")
    try:
        with beside.open("wb") as stream:
            for number, rows in enumerate(fixed_registry(path, fleet, encoding)):
                rows.write_csv(stream, include_header=number == 0)
        beside.replace(out)
    except OSError as error:
        raise OutputError(
            f"the usable rows cannot be written: {error.strerror or error}",
            "Give --fix a file in an existing folder that you may write to, with room on the disk.",
            file=out,
        ) from error
    finally:
        beside.unlink(missing_ok=True)
