"""Check and map a registry block by block, so that its text never stands in memory whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.fleet.check import READABLE, check_registry, rejected_cells, same_ids
from fleet_planner.fleet.identifiers import ID, masked
from fleet_planner.fleet.mapping import map_technologies
from fleet_planner.fleet.read import filled_rows, no_rows, tidy_cells
from fleet_planner.fleet.tally import FLAGS, summed, tally
from fleet_planner.fleet.use import usual_load, with_usual_km
from fleet_planner.reference import reference_table
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from fleet_planner.fleet.read import NativeColumns
    from fleet_planner.fleet.source import Source
    from fleet_planner.fleet.text_blocks import TextBlock

FLEET_COLUMNS = tuple(spec.column for spec in columns("vehicles"))
LOST_COLUMNS = ("row", ID, "km_per_year", "share_inside", "count")
MAX_ODOMETER_KM = 1.5e6
"""Derived odometers are cut here: few vehicles drive further."""


@dataclass(frozen=True)
class Setting:
    """What a registry is checked against.

    Parameters
    ----------
    country
        Region whose dates of emission standards apply.
    year
        Base year.
    default_load
        Load of heavy vehicles without one; None: ``reference/load_defaults.csv``.
    stream_loads
        Whether the stream's own load, where ``reference/vehicle_use.csv`` has one, goes before the default.
    """

    country: str
    year: int
    default_load: float | None = None
    stream_loads: bool = True


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
    rows
        Rows read, empty ones aside.
    encoding
        Of the file; "" for Parquet.
    other_encoding
        Rows in another encoding.
    """

    vehicles: pl.DataFrame
    groups: pl.DataFrame
    rejected: pl.DataFrame
    lost: pl.DataFrame
    rows: int
    encoding: str
    other_encoding: int


@dataclass(frozen=True)
class _Part:
    vehicles: pl.DataFrame
    groups: pl.DataFrame
    wrong: list[pl.DataFrame]
    lost: pl.DataFrame
    rows: int


def assemble(source: Source, named: NativeColumns, setting: Setting) -> Assembled:
    """Check and map all blocks of a registry.

    Raises
    ------
    InputError
        The file has no rows, is no text, or a standard is needed and the country is unknown.
    """
    parts: list[_Part] = []
    encoding, other, blank = "", 0, None
    for block, used in source.blocks():
        encoding = used or encoding
        other += block.other_encoding
        cells = tidy_cells(block, named.kept)
        filled = filled_rows(cells)
        if filled.is_empty() and block.wrong.is_empty():
            blank = cells if blank is None else blank
            continue
        parts.append(_part(block, filled, source, setting))
    if not parts:
        if blank is None or blank.is_empty():
            raise no_rows(source.path)
        parts.append(_checked(blank, source, setting))
    return _together(parts, source, encoding, other)


def _part(block: TextBlock, filled: pl.DataFrame, source: Source, setting: Setting) -> _Part:
    part = _checked(filled, source, setting)
    if block.wrong.is_empty():
        return part
    unread = block.wrong.select("row", *(pl.lit(None).alias(name) for name in LOST_COLUMNS[1:]))
    lost = pl.concat([part.lost, unread.cast(part.lost.schema)])
    return _Part(part.vehicles, part.groups, [block.wrong, *part.wrong], lost, part.rows + block.wrong.height)


def _checked(cells: pl.DataFrame, source: Source, setting: Setting) -> _Part:
    comma = source.separator == ";"
    good, rejected, lost = check_registry(cells, source.path, setting.year, region=setting.country, decimal_comma=comma)
    good = with_usual_km(good, setting.year, setting.country)
    mapped, unknown = map_technologies(good, setting.country)
    lost = lost.select(LOST_COLUMNS)
    if unknown.height:
        lost = pl.concat([lost, good.join(unknown, on="row", how="semi").select(LOST_COLUMNS)])
    given = _given(cells, mapped, "share_inside")
    full = _with_defaults(mapped, setting).with_columns(
        share_given=given, date_unchecked=pl.col("date_checked") == "no"
    )
    vehicles = full.select(*FLEET_COLUMNS, "row", *FLAGS)
    return _Part(vehicles, tally(vehicles), [rejected.drop("file"), unknown], lost, cells.height)


def _together(parts: list[_Part], source: Source, encoding: str, other: int) -> Assembled:
    vehicles = pl.concat([part.vehicles for part in parts])
    lost = pl.concat([part.lost for part in parts])
    groups = [part.groups for part in parts]
    wrong = [table for part in parts for table in part.wrong]
    rows = sum(part.rows for part in parts)
    parts.clear()  # ten million rows need not stand in memory twice
    removed = []
    twice = same_ids(pl.concat([vehicles.select("row", ID), lost.select("row", ID)]))
    if twice.height:
        again = pl.col("row").is_in(twice["row"].implode())
        removed.append(tally(vehicles.filter(again)))
        lost = pl.concat([lost, vehicles.filter(again).select(LOST_COLUMNS).cast(lost.schema)])
        vehicles = vehicles.filter(~again)
    rejected = masked(rejected_cells([*wrong, twice], source.path))
    if vehicles.is_empty():
        first = rejected.row(0, named=True)
        problem = f"no row of the registry is usable; first: {first['reason']}"
        place = {name: first[name] for name in ("row", "column", "value")}
        raise InputError(problem, first["remedy"], source.path, **place)
    return Assembled(vehicles.drop(FLAGS), summed(groups, removed), rejected, lost, rows, encoding, other)


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


def lost_vehicles(lost: pl.DataFrame) -> float:
    """Return the vehicles of the lost rows; one a row where the number cannot be read."""
    return float(lost.select(pl.when(READABLE).then("count").fill_null(1.0).sum()).item())
