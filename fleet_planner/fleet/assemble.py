"""Check and map a registry block by block, so that its text never stands in memory whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.fleet.check import check_registry, rejected_cells, same_ids
from fleet_planner.fleet.forms import NATIVE
from fleet_planner.fleet.forms.convert import IMPORTED
from fleet_planner.fleet.identifiers import ID, masked
from fleet_planner.fleet.mapping import map_technologies
from fleet_planner.fleet.model import Totals
from fleet_planner.fleet.read import native_blocks
from fleet_planner.fleet.tally import FLAGS, summed, tally
from fleet_planner.fleet.use import usual_load, with_usual_km
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.fleet.forms import Reading
    from fleet_planner.fleet.read import NativeBlock, Setting
    from fleet_planner.fleet.source import Source

FLEET_COLUMNS = tuple(spec.column for spec in columns("vehicles"))
LOST_COLUMNS = ("row", ID, "km_per_year", "share_inside", "count")
MAX_ODOMETER_KM = 1.5e6
"""Derived odometers are cut here: few vehicles drive further."""


@dataclass(frozen=True)
class Assembled:
    """A registry checked and mapped.

    Parameters
    ----------
    vehicles
        Columns of ``tables/columns/vehicles.csv`` and ``row``; ids as in the file.
    groups
        Their sums, from `tally.summed`.
    rejected
        ``tables/columns/rejected.csv``, identifiers masked, sorted by row.
    lost
        `LOST_COLUMNS` of the rejected rows as far as their cells can be read.
    outside
        ``row, count`` of rejected rows that are no vehicles of this inventory.
    totals
        What was read, kept and rejected.
    encoding
        Of the file; "" for Parquet.
    other_encoding
        Rows in another encoding.
    mapped
        Rows mapped that ``vehicles`` stands for: more than its own where they are added up to groups.
    """

    vehicles: pl.DataFrame
    groups: pl.DataFrame
    rejected: pl.DataFrame
    lost: pl.DataFrame
    outside: pl.DataFrame
    totals: Totals
    encoding: str
    other_encoding: int
    mapped: int


@dataclass(frozen=True)
class Part:
    """Some rows of a registry checked and mapped; fields as of `Assembled`, ``wrong`` still in pieces."""

    vehicles: pl.DataFrame
    groups: pl.DataFrame
    wrong: list[pl.DataFrame]
    lost: pl.DataFrame
    outside: pl.DataFrame
    rows: int
    left_out: int
    read: float


def assemble(source: Source, reading: Reading, setting: Setting) -> Assembled:
    """Check and map all blocks of a registry.

    Raises
    ------
    InputError
        The file has no rows, is no text, or a standard is needed and the country is unknown.
    """
    parts: list[Part] = []
    encoding, other = "", 0
    for block in native_blocks(source, reading, setting):
        encoding = block.encoding or encoding
        other += block.other_encoding
        parts.append(checked(block, source, setting))
    return _together(parts, source, reading, encoding, other)


def checked(block: NativeBlock, source: Source, setting: Setting) -> Part:
    """Check and map the rows of a block."""
    made = block.made
    comma = source.separator == ";" and made.vehicles is None  # numbers that a form's reader wrote have points
    good, rejected, lost = check_registry(
        made.cells, source.path, setting.year, region=setting.country, decimal_comma=comma
    )
    good = with_usual_km(good, setting.year, setting.country)
    mapped, unknown = map_technologies(good, setting.country)
    lost = lost.select(LOST_COLUMNS)
    if unknown.height:
        gone = pl.col("row").is_in(unknown["row"].implode())
        mapped = mapped.filter(~gone)  # a row of several kinds of vehicles is kept or left out whole
        lost = pl.concat([lost, good.filter(gone).select(LOST_COLUMNS)])
    given = _given(made.cells, mapped, "share_inside")
    full = _with_defaults(mapped, setting).with_columns(
        share_given=given, date_unchecked=pl.col("date_checked") == "no"
    )
    vehicles = full.select(*FLEET_COLUMNS, "row", *FLAGS)
    checked = sum_of(vehicles["count"]) + lost_vehicles(lost)
    ragged = block.unread.select("row", pl.lit(None, dtype=pl.Float64).alias("count"))
    unread = pl.concat([ragged, made.lost]).select("row", *(_of_lost(name) for name in LOST_COLUMNS[1:]))
    return Part(
        vehicles=vehicles,
        groups=tally(vehicles),
        wrong=[block.unread, made.wrong, rejected.drop("file"), unknown],
        lost=pl.concat([lost, unread.cast(lost.schema)]),
        outside=made.outside,
        rows=block.rows,
        left_out=block.left_out,
        read=(checked if made.vehicles is None else made.vehicles) + block.unread.height,
    )


def _of_lost(name: str) -> pl.Expr:
    return pl.col("count") if name == "count" else pl.lit(None).alias(name)


def _together(parts: list[Part], source: Source, reading: Reading, encoding: str, other: int) -> Assembled:
    vehicles = pl.concat([part.vehicles for part in parts])
    sums = Sums.of(parts, encoding, other)
    parts.clear()  # ten million rows need not stand in memory twice
    twice = same_ids(pl.concat([vehicles.select("row", ID), sums.lost.select("row", ID)]))
    if twice.height:
        again = pl.col("row").is_in(twice["row"].implode())
        sums = sums.without(vehicles.filter(again), twice)
        vehicles = vehicles.filter(~again)
    kept = vehicles.height if reading.form == NATIVE else vehicles["row"].n_unique()
    return closed(vehicles.drop(FLAGS), sums, (kept, vehicles.height), source, reading)


@dataclass(frozen=True)
class Sums:
    """What the parts of a registry add up to, apart from the vehicles; fields as of `Part` and `Assembled`."""

    groups: list[pl.DataFrame]
    removed: list[pl.DataFrame]
    wrong: list[pl.DataFrame]
    lost: pl.DataFrame
    outside: pl.DataFrame
    rows: int
    left_out: int
    read: float
    encoding: str
    other_encoding: int

    @classmethod
    def of(cls, parts: Sequence[Part], encoding: str, other_encoding: int) -> Sums:
        """Add parts up."""
        return cls(
            groups=[part.groups for part in parts],
            removed=[],
            wrong=[table for part in parts for table in part.wrong],
            lost=pl.concat([part.lost for part in parts]),
            outside=pl.concat([part.outside for part in parts]),
            rows=sum(part.rows for part in parts),
            left_out=sum(part.left_out for part in parts),
            read=sum(part.read for part in parts),
            encoding=encoding,
            other_encoding=other_encoding,
        )

    def without(self, again: pl.DataFrame, twice: pl.DataFrame) -> Sums:
        """Return the sums when rows (``vehicles`` with `FLAGS`) are taken out for their ids, told in ``twice``."""
        lost = pl.concat([self.lost, again.select(LOST_COLUMNS).cast(self.lost.schema)])
        removed, wrong = [*self.removed, tally(again)], [*self.wrong, twice]
        return replace(self, removed=removed, lost=lost, wrong=wrong)


def closed(vehicles: pl.DataFrame, sums: Sums, kept: tuple[int, int], source: Source, reading: Reading) -> Assembled:
    """Return the registry with everything counted.

    Parameters
    ----------
    vehicles
        Of all parts, without the rows that ``sums`` has as lost.
    sums
        Of all parts.
    kept
        Rows of the file, and rows mapped, that the vehicles stand for: forms make several of one.
    source, reading
        Where they come from.

    Raises
    ------
    InputError
        No row is usable.
    """
    rejected = masked(rejected_cells(sums.wrong, source.path))
    if reading.form != NATIVE:  # all kinds of vehicles of a row may have the same fault
        rejected = rejected.unique(["row", "column", "reason"], keep="first", maintain_order=True)
    if vehicles.is_empty():
        first = rejected.row(0, named=True)
        problem = f"no row of the registry is usable; first: {first['reason']}"
        place = {name: first[name] for name in ("row", "column", "value")}
        raise InputError(problem, first["remedy"], source.path, **place)
    totals = Totals(
        rows_read=sums.rows,
        rows_left_out=sums.left_out,
        rows_kept=kept[0],
        rows_rejected=rejected["row"].n_unique(),
        vehicles_read=sums.read,
        vehicles_kept=sum_of(vehicles["count"]),
        vehicles_rejected=lost_vehicles(sums.lost),
        vehicles_outside=sum_of(sums.outside["count"]),
    )
    totals.must_close()
    return Assembled(
        vehicles,
        summed(sums.groups, sums.removed),
        rejected,
        sums.lost,
        sums.outside,
        totals,
        sums.encoding,
        sums.other_encoding,
        kept[1],
    )


def _with_defaults(mapped: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """Fill loads, odometers and empty names; say where."""
    table = reference_table("load_defaults.csv")
    usual = dict(zip(table["category"], table["load_fraction"], strict=True))
    heavy = pl.col("category").is_in(list(usual))
    load = pl.col("category").replace_strict(usual, default=0.0, return_dtype=pl.Float64)
    if setting.default_load is not None:
        load = pl.lit(setting.default_load)  # vehicles that are not heavy have no load in the factors
    if setting.stream_loads:
        load = pl.coalesce(usual_load(mapped, setting.country), load)
    age = (setting.year - pl.col("model_year")).clip(lower_bound=0) + 0.5
    if IMPORTED in mapped.columns:
        told = pl.format("{}; import:{}", "rule", IMPORTED)
        mapped = mapped.with_columns(rule=pl.when(pl.col(IMPORTED).is_not_null()).then(told).otherwise("rule"))
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


def _given(cells: pl.DataFrame, rows: pl.DataFrame, column: str) -> pl.Series:
    """Return which rows have a cell of their own in ``column``, shape (N,)."""
    if column not in cells.columns:
        return pl.Series([False]).new_from_index(0, rows.height)
    return rows["row"].is_in(cells.filter(pl.col(column).is_not_null())["row"].implode())


def sum_of(counts: pl.Series) -> float:
    """Return the sum of numbers of vehicles, 0 of none."""
    return float(counts.sum() or 0.0)


def lost_vehicles(lost: pl.DataFrame) -> float:
    """Return the vehicles of the lost rows; one a row where the number cannot be read."""
    return float(lost.select(pl.when(pl.col("count") >= 0).then("count").otherwise(1.0).sum()).item() or 0.0)
