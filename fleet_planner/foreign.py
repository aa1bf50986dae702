"""Tables and layers that other programs wrote, read so that damage becomes an exception and not a crash.

Polars takes what comes from Arrow on trust and panics later; a panic is no `Exception` and passes every handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

TABLE_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
"""What readers of CSV and Parquet raise on damaged files; texts that are no UTF-8 and Arrow's own are ValueErrors."""


def frame_of(batch: Any) -> pl.DataFrame:
    """Return a record batch or table of Arrow as a frame, checked to the last cell.

    Parameters
    ----------
    batch
        Of pyarrow. The notes beside its schema are left out: programs write there what they want.

    Raises
    ------
    ValueError
        A name or a text is no UTF-8, or the offsets of a column lead nowhere.
    """
    import pyarrow as pa

    batch.validate(full=True)
    plain = pa.schema([pa.field(f.name, f.type, f.nullable) for f in batch.schema])
    made = type(batch).from_arrays(batch.columns, schema=plain)
    try:
        return pl.DataFrame(pl.from_arrow(made))
    except pl.exceptions.PanicException as error:  # a kind of column that polars lacks
        raise ValueError(str(error)) from error


def read_parquet(path: Path) -> pl.DataFrame:
    """Return a Parquet file of a user's, checked to the last cell.

    Raises
    ------
    ValueError, OSError, polars.exceptions.PolarsError
        See `TABLE_FAULTS`.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return frame_of(file.read())


def parquet_schema(path: Path) -> pl.Schema:
    """Return the names and kinds of the columns of a Parquet file; raises as `read_parquet`."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return frame_of(file.schema_arrow.empty_table()).schema
