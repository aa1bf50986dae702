"""Networks that come as a table: the user's own through a column map, or one that this program wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.findings import Finding
from fleet_planner.network.assemble import LINK_SCHEMA, Segments, assemble, finish
from fleet_planner.network.attributes import parse_lanes, parse_maxspeed_kmh, parse_oneway
from fleet_planner.network.table_files import LineTable, read_lines
from fleet_planner.plan.models import ColumnMap
from fleet_planner.tables import columns
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_planner.network.model import Network
    from fleet_planner.plan.models import NetworkSection

LOCK_WAIT_S = 10.0
UNKNOWN_LICENCE = "licence of the network not stated in the plan (network.licence)"


def load_table(path: Path, section: NetworkSection, region: str, lock_wait_s: float = LOCK_WAIT_S) -> Network:
    """Read a network table; one with all columns of the link table is taken as it stands.

    Raises
    ------
    InputError
        The file cannot be read, is locked for longer than ``lock_wait_s``, lacks a mapped column, or holds a value
        that cannot be.
    """
    table = read_lines(path, lock_wait_s)
    licence = section.licence or table.attribution or UNKNOWN_LICENCE
    found = (Finding("network.rows_dropped", "warning", {}, table.dropped),) if table.dropped else ()
    if section.columns == ColumnMap() and set(LINK_SCHEMA) <= set(table.frame.columns):
        return finish(_own_links(table.frame, path), table.coordinates, table.offsets, licence, found)
    frame = _mapped(table, section, path)
    segments = Segments(frame, table.coordinates, table.offsets, section.directed)
    return assemble(segments, region, licence, str(path), found)


def _own_links(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return the link table of a file that `write_network` wrote and somebody may have edited."""
    links = frame.select(pl.col(n).cast(t, strict=False) for n, t in LINK_SCHEMA.items())
    for spec in columns("links"):
        series = links[spec.column]
        if series.dtype == pl.Float64:
            series = series.fill_nan(None)
        bad = series.is_null() if spec.required else pl.repeat(value=False, n=links.height, eager=True)
        if ".." in spec.allowed:
            low, high = (float(x) if x else None for x in spec.allowed.split(".."))
            inside = series.is_between(low if low is not None else -np.inf, high if high is not None else np.inf)
            bad = bad | ~inside.fill_null(value=True)
        _refuse(bad, frame, spec.column, f"this is no valid {spec.column} (allowed: {spec.allowed or 'any'})", path)
    return links


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
    ).with_columns(hgv_allowed=pl.lit(value=True))
    if not names.length_m:
        return out
    length = frame[names.length_m].cast(pl.Float64, strict=False).fill_nan(None)
    bad = (length.is_null() & frame[names.length_m].is_not_null()) | (length < 0.0).fill_null(value=False)
    _refuse(bad, frame, names.length_m, "this is no length in metres", path)
    return out.with_columns(length_km=length / M_PER_KM)


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
