"""The published hot-exhaust table as arrays: keys, coefficients, bridges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

KEY = ("category", "fuel", "segment", "standard", "technology", "pollutant", "mode", "load", "slope")
"""Columns that name a row; ``load`` and ``slope`` are null where the row is for any."""

COEFFICIENTS = ("a", "b", "g", "d", "e", "z", "h", "reduction", "v_min_kmh", "v_max_kmh")
"""Columns of the coefficient array, in the order that `fleet_planner.kernels.curves` expects."""


@dataclass(frozen=True)
class HotTable:
    """A factor set of speed curves.

    Parameters
    ----------
    name
        Name of the factor set.
    keys
        One row per curve: `KEY` columns, ``unit, source, year, checked, v_check_kmh, ef_check``.
    coefficients
        Shape (rows, 10), columns `COEFFICIENTS`.
    bridges
        Shape (bridges, 4): from km/h, to km/h, factor at either end, sorted by row.
    bridge_offsets
        Bridges of row ``i`` are ``bridges[bridge_offsets[i]:bridge_offsets[i + 1]]``.
    grid_kmh
        Speeds at which the set is sampled.
    """

    name: str
    keys: pl.DataFrame
    coefficients: NDArray[np.float64]
    bridges: NDArray[np.float64]
    bridge_offsets: NDArray[np.int64]
    grid_kmh: NDArray[np.float64]


def bridge_arrays(
    rows: Sequence[int], spans: NDArray[np.float64], n_rows: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sort bridges by row and index them.

    Parameters
    ----------
    rows
        Row of each bridge.
    spans
        Shape (bridges, 4).
    n_rows
        Rows of the table.

    Returns
    -------
    bridges, offsets
        As in `HotTable`.
    """
    row = np.asarray(rows, dtype=np.int64)
    order = np.lexsort((spans[:, 0], row)) if row.size else row
    offsets = np.searchsorted(row[order], np.arange(n_rows + 1)).astype(np.int64)
    return np.ascontiguousarray(spans[order].reshape(-1, 4)), offsets


def load_hot_table(name: str = "emep_eea_2019") -> HotTable:
    """Load a packaged factor set with its bridges and its speed grid."""
    table = reference_table(f"{name}_hot.csv.gz")
    bridges = reference_table(f"{name}_hot_bridges.csv")
    grid = reference_table(f"{name}_speed_grid.csv")
    spans = bridges.select("v_from_kmh", "v_to_kmh", "ef_from", "ef_to").to_numpy().astype(np.float64)
    packed, offsets = bridge_arrays(bridges["table_row"].to_list(), spans, table.height)
    return HotTable(
        name=name,
        keys=table.select(*KEY, "unit", "source", "year", "checked", "v_check_kmh", "ef_check"),
        coefficients=np.ascontiguousarray(table.select(COEFFICIENTS).to_numpy().astype(np.float64)),
        bridges=packed,
        bridge_offsets=offsets,
        grid_kmh=grid["speed_kmh"].to_numpy().astype(np.float64),
    )
