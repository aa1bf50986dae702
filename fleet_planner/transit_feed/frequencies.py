"""Trips that a feed repeats at even headways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.transit_feed.tables import ROW, need, numbers, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "frequencies.txt"
LONGEST_HEADWAY_S = 7 * 86_400


def expand_frequencies(trips: pl.DataFrame, tables: Mapping[str, pl.DataFrame], path: Path) -> pl.DataFrame:
    """Repeat the trips that ``frequencies.txt`` repeats, from its start time until before its end time.

    Rows that say the same twice count once; a repeated trip belongs to no block.

    Raises
    ------
    InputError
        A cell is malformed or empty, or a row ends before it starts.
    """
    if NAME not in tables or tables[NAME].is_empty():
        return trips
    wanted = ("start_time", "end_time", "headway_secs")
    table = need(tables, NAME, ("trip_id", *wanted), path)
    table = seconds(table, NAME, "start_time", path, "from_s")
    table = seconds(table, NAME, "end_time", path, "to_s")
    table = numbers(table, NAME, "headway_secs", path, 1, LONGEST_HEADWAY_S, whole=True)
    for column in wanted:
        if table[column].null_count():
            row = table.filter(pl.col(column).is_null())[ROW][0]
            raise InputError("this cell of the feed is empty", "Give a value.", path / NAME, row, column)
    turned = table.filter(pl.col("to_s") < pl.col("from_s"))
    if turned.height:
        cell = turned.row(0, named=True)
        remedy = "Give an end after the start; hours may pass 24."
        where = (path / NAME, cell[ROW], "end_time", cell["end_time"])
        raise InputError("this repetition ends before it starts", remedy, *where)
    table = table.unique(["trip_id", "from_s", "to_s", "headway_secs"], keep="first", maintain_order=True)
    starts = table.with_columns(first=pl.int_ranges("from_s", "to_s", "headway_secs", dtype=pl.Int64))
    starts = starts.select("trip_id", "first").explode("first").drop_nulls("first")
    repeated = trips.join(starts, on="trip_id", how="inner", maintain_order="left").with_columns(
        end_s=pl.col("first") + pl.col("end_s") - pl.col("start_s"),
        start_s=pl.col("first"),
        block_id=pl.lit(None, dtype=pl.String),
    )
    single = trips.join(table, on="trip_id", how="anti", maintain_order="left")
    return pl.concat([single, repeated.select(single.columns)])
