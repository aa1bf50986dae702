"""A registry that does not fit into memory: its rows are added up to groups of like vehicles as they are read.

Vehicles of a group agree in technology, stream, model year, load, share driven inside, zone, depot and the rules that
mapped them, and in a class of gross mass and of odometer. Their number and vehicle-km are sums; distance, odometer and
mass are means. Emissions follow from them exactly, apart from what is not proportional to the odometer within a class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.fleet.assemble import FLEET_COLUMNS, Part, Sums, checked, closed
from fleet_planner.fleet.check import same_ids
from fleet_planner.fleet.forms import NATIVE
from fleet_planner.fleet.identifiers import ID
from fleet_planner.fleet.read import native_blocks
from fleet_planner.fleet.vocabulary import TECHNOLOGY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_planner.fleet.assemble import Assembled
    from fleet_planner.fleet.forms import Reading
    from fleet_planner.fleet.read import Setting
    from fleet_planner.fleet.source import Source

MASS_STEP_KG = 500.0
"""A class of mass ends with a multiple of it, as limits of mass on roads do: no group lies on both sides of one."""

ODOMETER_STEP_KM = 25_000.0
ADDED_UP = 200_000
"""Rows of unfinished groups from which they are added up anew."""

SAME = (
    *TECHNOLOGY,
    "fuel_blend",
    "stream",
    "visiting",
    "model_year",
    "share_inside",
    "load_fraction",
    "zone",
    "depot",
    "rule",
)
KEYS = (*SAME, "mass_class", "odometer_class")
SUMS = ("count", "km", "odometer_km_km", "odometer_km_count", "mass_kg_count")
NAME = "group-{}"


def assemble_grouped(source: Source, reading: Reading, setting: Setting) -> Assembled:
    """Check, map and add up all blocks of a registry; of its rows, only ids are kept, as hashes.

    Rejected rows are those that the registry read whole has, with the same messages. Where an id stands more than once
    the file is read a second time, to leave out its rows.

    Raises
    ------
    InputError
        As `assemble`.
    """
    ids: list[pl.Series] = []
    light: list[Part] = []
    groups = _Groups()
    kept_rows = mapped = 0
    encoding, other = "", 0
    for block in native_blocks(source, reading, setting):
        part = checked(block, source, setting)
        encoding, other = block.encoding or encoding, other + block.other_encoding
        ids += [rows[ID].drop_nulls().hash() for rows in (part.vehicles, part.lost)]
        kept_rows += part.vehicles["row"].n_unique()
        mapped += part.vehicles.height
        groups.add(part.vehicles)
        light.append(_without_vehicles(part))
    sums = Sums.of(light, encoding, other)
    again = _more_than_once(pl.concat(ids))
    if again.len():
        rows = [_ids_of(part, again) for part in _parts(source, reading, setting)]
        twice = same_ids(pl.concat(rows))
        groups, kept_rows, mapped, out = _without(_parts(source, reading, setting), twice["row"])
        sums = sums.without(out, twice)
    return closed(groups.finished(), sums, (mapped if reading.form == NATIVE else kept_rows, mapped), source, reading)


def _parts(source: Source, reading: Reading, setting: Setting) -> Iterator[Part]:
    for block in native_blocks(source, reading, setting):
        yield checked(block, source, setting)


def _without_vehicles(part: Part) -> Part:
    return Part(
        part.vehicles.clear(), part.groups, part.wrong, part.lost, part.outside, part.rows, part.left_out, part.read
    )


def _more_than_once(hashes: pl.Series) -> pl.Series:
    """Return the hashes that stand more than once; unequal ids with equal hashes are told apart afterwards."""
    in_order = hashes.sort()
    return in_order.filter(in_order == in_order.shift(1)).unique()


def _ids_of(part: Part, again: pl.Series) -> pl.DataFrame:
    """Return ``row, vehicle_id`` of the rows whose id has one of the hashes."""
    both = pl.concat([part.vehicles.select("row", ID), part.lost.select("row", ID)])
    return both.filter(both[ID].is_not_null() & both[ID].hash().is_in(again.implode()))


def _without(parts: Iterator[Part], rows: pl.Series) -> tuple[_Groups, int, int, pl.DataFrame]:
    """Return the groups without some rows of the file, rows and mapped rows kept, and what is left out."""
    groups, kept_rows, mapped, out = _Groups(), 0, 0, []
    for part in parts:
        bad = pl.col("row").is_in(rows.implode())
        out.append(part.vehicles.filter(bad))
        good = part.vehicles.filter(~bad)
        kept_rows, mapped = kept_rows + good["row"].n_unique(), mapped + good.height
        groups.add(good)
    return groups, kept_rows, mapped, pl.concat(out)


class _Groups:
    """Groups that grow row by row."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, vehicles: pl.DataFrame) -> None:
        """Add mapped rows."""
        self._parts.append(_added(_opened(vehicles)))
        if sum(part.height for part in self._parts[1:]) > ADDED_UP:
            self._parts = [_added(pl.concat(self._parts))]

    def finished(self) -> pl.DataFrame:
        """Return the groups as vehicles, sorted, named by their place."""
        km, count = pl.col("km"), pl.col("count")
        mean = pl.when(km > 0.0).then(pl.col("odometer_km_km") / km)
        whole = _added(pl.concat(self._parts)).sort(KEYS, nulls_last=True).with_row_index("n", offset=1)
        made = whole.with_columns(
            pl.format(NAME, "n").alias(ID),
            gross_mass_kg=pl.when(pl.col("mass_class").is_not_null() & (count > 0.0)).then(
                pl.col("mass_kg_count") / count
            ),
            km_per_year=pl.when(count > 0.0).then(km / count).otherwise(0.0),
            odometer_km=mean.when(count > 0.0).then(pl.col("odometer_km_count") / count).otherwise(0.0),
        )
        return made.select(FLEET_COLUMNS)


def _opened(vehicles: pl.DataFrame) -> pl.DataFrame:
    """Return rows as groups of their own: `KEYS` and `SUMS`."""
    km, count = pl.col("km_per_year") * pl.col("count"), pl.col("count")
    return vehicles.select(
        *SAME,
        (pl.col("gross_mass_kg") / MASS_STEP_KG).ceil().cast(pl.Int32).alias("mass_class"),
        (pl.col("odometer_km") / ODOMETER_STEP_KM).floor().cast(pl.Int32).alias("odometer_class"),
        count,
        km.alias("km"),
        (pl.col("odometer_km") * km).alias("odometer_km_km"),
        (pl.col("odometer_km") * count).alias("odometer_km_count"),
        (pl.col("gross_mass_kg").fill_null(0.0) * count).alias("mass_kg_count"),
    )


def _added(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.group_by(KEYS, maintain_order=True).agg(pl.col(SUMS).sum())
