"""From a registry file to a checked fleet."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError, OutputError
from fleet_planner.findings import Finding
from fleet_planner.fleet.assemble import FLEET_COLUMNS, assemble
from fleet_planner.fleet.check import VKT, lost_share
from fleet_planner.fleet.coverage import REJECTED_CODE, coverage_finding, coverage_of, findings_of
from fleet_planner.fleet.forms import NATIVE, Choice
from fleet_planner.fleet.forms.convert import IMPORTED
from fleet_planner.fleet.grouped import assemble_grouped
from fleet_planner.fleet.identifiers import ID, finding_of, hidden, key_of, without_plates
from fleet_planner.fleet.model import Fleet
from fleet_planner.fleet.read import Setting, native_blocks, open_registry
from fleet_planner.fleet.visiting import visiting_vehicles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_planner.fleet.assemble import Assembled
    from fleet_planner.fleet.forms import Reading
    from fleet_planner.fleet.identifiers import Key
    from fleet_planner.fleet.model import Totals
    from fleet_planner.plan.fleet import FleetSection
    from fleet_planner.plan.models import City

VEHICLES_PER_UNIT = {"vehicles": 1.0, "thousand": 1e3, "ten_thousand": 1e4}
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
    setting = setting_of(section, city, default_load, stream_loads=stream_loads)
    fleet = check_registry_file(path, setting, key_of(section, base))
    refuse_if_too_much_rejected(fleet, section.max_rejected_vkt_share, path)
    visiting = visiting_vehicles(fleet.vehicles, section.visiting_share, path)
    if visiting.is_empty():
        return fleet
    both = pl.concat([fleet.vehicles, visiting])
    total = float(both.select(VKT.sum()).item())
    part = float(visiting.select(VKT.sum()).item()) / total if total else 0.0
    found = Finding("fleet.visiting", "assumption", {}, round(visiting["count"].sum()), part)
    return replace(fleet, vehicles=both, findings=(*fleet.findings, found))


def setting_of(section: FleetSection, city: City, default_load: float | None, *, stream_loads: bool = True) -> Setting:
    """Return what the plan says of its registry; see `Setting`."""
    choice = Choice(section.format, section.columns, section.keep, VEHICLES_PER_UNIT[section.count_unit])
    read_as = (choice, section.encoding or None, stream_loads, section.grouped)
    return Setting(city.country, city.year, default_load, *read_as)


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
) -> Fleet:
    """Do as `check_registry_file` with a file in a form that its header tells."""
    return check_registry_file(path, Setting(country, year, default_load, stream_loads=stream_loads), key)


def check_registry_file(path: Path, setting: Setting, key: Key | None = None) -> Fleet:
    """Read, check and map a registry file; nothing is refused for the share rejected.

    Parameters
    ----------
    path
        CSV or Parquet.
    setting
        Country, year, form, encoding, default load.
    key
        Hashes the ids; None: plates and VINs give way to row numbers.

    Raises
    ------
    InputError
        The file cannot be read, holds no usable row, or the country is unknown.
    """
    source, reading = open_registry(path, setting)
    made = (assemble_grouped if setting.grouped else assemble)(source, reading, setting)
    share = lost_share(made.vehicles, made.lost, made.mapped)
    ids, changed = made.vehicles[ID], 0
    if not setting.grouped:  # groups have names of their own
        ids, changed = hidden(ids, made.vehicles["row"], key, every=reading.plates)
    vehicles = made.vehicles.select(FLEET_COLUMNS).with_columns(
        ids, *(without_plates(made.vehicles[name]) for name in PLACES)
    )
    totals = made.totals
    gone = totals.vehicles_rejected + totals.vehicles_outside
    coverage = coverage_of(made.groups, totals.rows_rejected, gone, share)
    told = [*findings_of(made.groups, _rejected_finding(made.lost, totals, share), country=setting.country)]
    told += [coverage_finding(coverage), *_reading_findings(made, reading)]
    if setting.grouped:
        told.append(Finding("fleet.grouped", "info", {"rows": f"{made.mapped:,}"}, vehicles.height))
    if (told_ids := finding_of(changed, key)) is not None:
        told.append(told_ids)
    return Fleet(vehicles, made.rejected, tuple(told), share, coverage, totals)


def _reading_findings(made: Assembled, reading: Reading) -> list[Finding]:
    """Return what is remarkable of how the file was read."""
    out = []
    totals = made.totals
    if reading.form != NATIVE:
        names = ("read", "kept", "rejected", "outside")
        values = {name: f"{getattr(totals, f'vehicles_{name}'):,.0f}" for name in names}
        rows = {"form": reading.form, "rows": f"{totals.rows_read - totals.rows_left_out:,}"}
        out.append(Finding("fleet.imported", "info", rows | values))
    if reading.renamed:
        pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in reading.renamed.items())
        out.append(Finding("fleet.columns_recognised", "assumption", {"columns": pairs}))
    if totals.rows_left_out:
        read = f"{totals.rows_read:,}"
        out.append(Finding("fleet.left_out", "info", {"read": read}, totals.rows_left_out))
    if reading.ignored:
        out.append(Finding("fleet.columns_ignored", "info", {"columns": ", ".join(reading.ignored)}))
    if made.encoding not in {"", "utf-8"}:
        out.append(Finding("fleet.encoding", "warning", {"encoding": made.encoding}))
    if made.other_encoding:
        other = "gb18030" if made.encoding == "utf-8" else "utf-8"
        out.append(Finding("fleet.encodings_mixed", "warning", {"other": other}, made.other_encoding))
    if reading.unread:
        out.append(Finding("fleet.identifiers_unread", "info", {"columns": ", ".join(reading.unread)}))
    return out


def _rejected_finding(lost: pl.DataFrame, totals: Totals, share: float) -> Finding | None:
    """Return how much was rejected, in vehicles; those that are none of the inventory's are told elsewhere."""
    if lost.is_empty():
        return None
    rows = {"rows": f"{lost['row'].n_unique():,}"}
    return Finding(REJECTED_CODE, "warning", rows, round(totals.vehicles_rejected), share)


def fixed_registry(path: Path, fleet: Fleet, setting: Setting) -> Iterator[pl.DataFrame]:
    """Yield the usable rows of the registry ``path`` in our own form, with the ids of the fleet.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    source, reading = open_registry(path, setting)
    ids = fleet.vehicles.filter(~pl.col("visiting"))[ID]
    bad = fleet.rejected["row"].unique().implode()
    done = 0
    for block in native_blocks(source, reading, setting):
        kept = block.made.cells.filter(~pl.col("row").is_in(bad)).drop("row", IMPORTED, strict=False)
        places = [without_plates(kept[name]) for name in PLACES if name in kept.columns]
        yield kept.with_columns(ids.slice(done, kept.height), *places)
        done += kept.height


def write_fixed(path: Path, fleet: Fleet, out: Path, setting: Setting | None = None) -> None:
    """Write the usable rows of the registry ``path`` to the CSV ``out``, whole or not at all.

    Raises
    ------
    InputError
        The registry cannot be read, or is added up to groups.
    OutputError
        ``out`` cannot be written.
    """
    if setting is not None and setting.grouped:
        raise InputError(
            "the usable rows of a registry that is added up to groups are not kept",
            "Leave fleet.grouped out of the plan, or check the registry itself.",
            file=path,
            column="fleet.grouped",
        )
    beside = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            for number, rows in enumerate(fixed_registry(path, fleet, setting or Setting())):
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
