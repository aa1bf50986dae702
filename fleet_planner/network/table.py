"""Networks that come as a table: the user's own through a column map, or one that this program wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.assemble import LINK_SCHEMA
from fleet_planner.network.attributes import parse_lanes, parse_maxspeed_kmh, parse_oneway
from fleet_planner.network.segments import Segments, Source
from fleet_planner.network.table_files import LineTable, read_lines, read_turns
from fleet_planner.network.turns import SCHEMA
from fleet_planner.plan.models import ColumnMap
from fleet_planner.tables import columns
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.plan.models import NetworkSection

LOCK_WAIT_S = 10.0
TRUE = ("1", "t", "true", "y", "yes")
BARRED = ("0", "f", "false", "n", "no")
OWN_COLUMNS = {s.column for s in columns("links") if s.required and not s.default}
UNKNOWN_LICENCE = "licence of the network not stated in the plan (network.licence)"


def read_table(path: Path, section: NetworkSection, lock_wait_s: float = LOCK_WAIT_S) -> Source:
    """Read a network table; one with the columns of the link table is taken as it stands.

    Raises
    ------
    InputError
        The file cannot be read, is locked for longer than ``lock_wait_s``, lacks a mapped column, or holds a value
        that cannot be.
    """
    table = read_lines(path, lock_wait_s)
    licence = section.licence or table.attribution or UNKNOWN_LICENCE
    found = (Finding("network.rows_dropped", "warning", {}, table.dropped),) if table.dropped else ()
    words = " ".join([path.name, table.layer, *table.frame.columns])
    if section.columns == ColumnMap() and set(table.frame.columns) >= OWN_COLUMNS:
        links = Segments(_own_links(table.frame, path), table.coordinates, table.offsets, directed=True)
        return Source(
            links, licence, str(path), found, "links", words=words, turns=_turns(path, links.frame["link_id"])
        )
    segments = Segments(
        _mapped(table, section, path),
        table.coordinates,
        table.offsets,
        section.directed,
        _structure(table, section.columns.structure),
    )
    return Source(segments, licence, str(path), found, words=words)


def _own_links(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the link table of a file that `write_network` wrote and somebody may have edited.

    A column that has a default in the data dictionary may be missing: the file is of an earlier version.
    """
    lacking = {s.column: s.default or None for s in columns("links") if s.column not in frame.columns}
    whole = frame.with_columns(**{name: pl.lit(text) for name, text in lacking.items()})
    links = whole.select(_cast(n, t, whole.schema[n]) for n, t in LINK_SCHEMA.items())
    links = links.with_columns(pl.col(pl.Float64).fill_nan(None))
    for spec in columns("links"):
        series = links[spec.column]
        bad = series.is_null() if spec.required else pl.repeat(value=False, n=links.height, eager=True)
        if ".." in spec.allowed:
            low, high = (float(x) if x else None for x in spec.allowed.split(".."))
            inside = series.is_between(low if low is not None else -np.inf, high if high is not None else np.inf)
            bad = bad | ~inside.fill_null(value=True)
        _refuse(bad, whole, spec.column, f"this is no valid {spec.column} (allowed: {spec.allowed or 'any'})", path)
    return links


def _turns(path: Path, number: pl.Series) -> pl.DataFrame | None:
    """Return the forbidden turns of a file that `write_network` wrote; those of deleted links go.

    Parameters
    ----------
    number
        ``link_id`` of the file's rows; links are numbered anew by row.
    """
    found = read_turns(path)
    if found is None:
        return None
    row = pl.DataFrame({"number": number, "row": np.arange(len(number))})
    turns = found.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    for name in ("from_link", "to_link"):
        joined = turns.join(row, left_on=name, right_on="number", how="inner", maintain_order="left")
        turns = joined.with_columns(pl.col("row").alias(name)).select(list(SCHEMA))
    return turns


def _cast(name: str, kind: pl.DataType | type[pl.DataType], have: pl.DataType) -> pl.Expr:
    if kind == pl.Boolean and have == pl.String:
        return pl.col(name).str.to_lowercase().replace_strict({"true": True, "false": False}, default=None)
    return pl.col(name).cast(kind, strict=False)


def _mapped(table: LineTable, section: NetworkSection, path: Path) -> pl.DataFrame:
    """Return the segments of a table through the column map."""
    frame, names = table.frame, section.columns
    _check_columns(frame, names, path)
    u, v = _nodes(frame, names, path)
    lanes = _quantity(frame, names.lanes, parse_lanes)
    oneway = _texts(frame, names.oneway).str.to_lowercase()
    directions = [parse_oneway("yes" if x in {"t", "y"} else x, None, "") for x in oneway.to_list()]
    out = pl.DataFrame(
        {
            "u": u,
            "v": v,
            "osm_id": _texts(frame, names.osm_id).cast(pl.Int64, strict=False),
            "name": _texts(frame, names.name),
            "road_class": _texts(frame, names.road_class).fill_null("unclassified").replace(section.road_classes),
            "direction": pl.Series([1] * frame.height if section.directed else directions, dtype=pl.Int64),
            "maxspeed_kmh": _quantity(frame, names.maxspeed_kmh, parse_maxspeed_kmh),
            "lanes_forward": lanes,
            "lanes_backward": lanes,
        }
    )
    trucks = _texts(frame, names.hgv_allowed).str.to_lowercase().is_in(BARRED).fill_null(value=False)
    out = out.with_columns(
        hgv_allowed=~trucks,
        bus_only=_texts(frame, names.bus_only).str.to_lowercase().is_in(TRUE).fill_null(value=False),
        max_weight_t=_measure(frame, names.max_weight_t, "mass in tonnes", path),
        capacity_veh_h=_measure(frame, names.capacity_veh_h, "capacity in vehicles per hour", path),
    )
    if not names.length_m:
        return out
    return out.with_columns(length_km=_measure(frame, names.length_m, "length in metres", path) / M_PER_KM)


def _measure(frame: pl.DataFrame, name: str, what: str, path: Path) -> pl.Series:
    """Return numbers that may not be negative, null where nothing is given or the column is not mapped."""
    if not name:
        return pl.Series([None] * frame.height, dtype=pl.Float64)
    given = frame[name]
    numbers = given.cast(pl.Float64, strict=False)
    numbers = numbers.fill_nan(None)
    empty = given.is_null() | (given.is_nan() if given.dtype.is_float() else given.cast(pl.String) == "")
    bad = (numbers.is_null() & ~empty) | (numbers < 0.0).fill_null(value=False)
    _refuse(bad, frame, name, f"this is no {what}", path)
    return numbers


def _structure(table: LineTable, name: str) -> NDArray[np.bool_] | None:
    """Return the points on links whose column says that they are bridges or tunnels; nothing without a column."""
    if not name:
        return None
    text = _texts(table.frame, name).str.to_lowercase().fill_null("no")
    flags = ~text.is_in(["", "no", "false", "0", "f", "n"])
    return np.repeat(flags.to_numpy(), np.diff(table.offsets))


def _check_columns(frame: pl.DataFrame, names: ColumnMap, path: Path) -> None:
    have = ", ".join(c for c in frame.columns if c != "row")
    for key in ColumnMap.model_fields:
        name = getattr(names, key)
        if name and name not in frame.columns:
            raise InputError(
                f"the network has no column {name!r} for {key}",
                f"Set network.columns.{key} in the plan to one of: {have}.",
                file=path,
                column=name,
            )


def _nodes(frame: pl.DataFrame, names: ColumnMap, path: Path) -> tuple[pl.Series, pl.Series]:
    """Return the nodes as whole numbers: the file's own, or the rank of their names."""
    for name in (names.u, names.v):
        _refuse(_texts(frame, name).is_null(), frame, name, "a link has no node here", path)
    ends = pl.concat([_texts(frame, names.u), _texts(frame, names.v)])
    numbers = ends.cast(pl.Int64, strict=False)
    if numbers.null_count():
        numbers = ends.rank("dense").cast(pl.Int64) - 1
    return numbers[: frame.height], numbers[frame.height :]


def _texts(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return a column as text, whole numbers without a fraction; nulls where it is not mapped."""
    if not name:
        return pl.Series([None] * frame.height, dtype=pl.String)
    series = frame[name]
    if series.dtype.is_float():
        series = series.fill_nan(None)
        whole = series.cast(pl.Int64, strict=False)
        if (whole == series).fill_null(value=True).all():
            series = whole
    return series.cast(pl.String)


def _quantity(frame: pl.DataFrame, name: str, parse: Callable[[str | None], float | None]) -> pl.Series:
    """Return positive numbers, null where nothing usable is given; texts are read as OpenStreetMap's tags are."""
    if not name:
        return pl.Series([None] * frame.height, dtype=pl.Float64)
    series: Any = frame[name]
    if series.dtype == pl.String:
        return pl.Series([parse(x) for x in series.to_list()], dtype=pl.Float64)
    numbers = series.cast(pl.Float64, strict=False).fill_nan(None)
    return pl.Series(numbers.set(numbers <= 0.0, None))


def _refuse(bad: pl.Series, frame: pl.DataFrame, column: str, problem: str, path: Path) -> None:
    """Raise an error that names the first bad row.

    Raises
    ------
    InputError
        There is one.
    """
    if bad.any():
        row = frame.filter(bad).row(0, named=True)
        raise InputError(problem, "Mend it in the file.", file=path, row=row["row"], column=column, value=row[column])
