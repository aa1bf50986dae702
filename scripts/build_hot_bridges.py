"""Derive the bridges and the speed grid of a packaged hot-exhaust table.

Usage: python scripts/build_hot_bridges.py [--check]

Reads ``fleet_planner/reference/emep_eea_2019_hot.csv.gz`` and writes, beside it, the table of bridged
stretches and the grid of speeds at which the set is sampled. With ``--check`` nothing is written;
the exit status is 1 when the packaged tables differ from what would be.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from fleet_planner.factors.compiling.sampling import LOWEST_KMH, fine_speeds, medians, refine_grid
from fleet_planner.factors.published.bridge import Bridge, bridge_row, offending_roots
from fleet_planner.factors.published.hot_table import COEFFICIENTS, KEY, bridge_arrays
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_path, reference_table

NAME = "emep_eea_2019"
HIGHEST_KMH = 140.0


def find_bridges(coefficients: np.ndarray) -> list[Bridge]:
    """Bridge every row that is not clean."""
    return [
        bridge for number, row in enumerate(coefficients) if offending_roots(row) for bridge in bridge_row(row, number)
    ]


def bridge_table(bridges: list[Bridge], table: pl.DataFrame) -> pl.DataFrame:
    """Return the bridges beside the keys of their rows."""
    frame = pl.DataFrame(
        {
            "table_row": [b.row for b in bridges],
            "v_from_kmh": [b.v_from_kmh for b in bridges],
            "v_to_kmh": [b.v_to_kmh for b in bridges],
            "ef_from": [b.ef_from for b in bridges],
            "ef_to": [b.ef_to for b in bridges],
            "cause": [b.cause for b in bridges],
            "worst_published_ef": [b.worst_ef for b in bridges],
        }
    )
    keys = table.select(*KEY, "unit").with_row_index("table_row").with_columns(pl.col("table_row").cast(pl.Int64))
    return frame.join(keys, on="table_row", how="left", maintain_order="left").with_columns(
        source=pl.lit("computed from emep_eea_2019_hot.csv.gz by the rule in factors/bridge.py"),
        year=pl.lit(2019),
        checked=pl.lit("yes"),
    )


def speed_grid(coefficients: np.ndarray, bridges: list[Bridge]) -> pl.DataFrame:
    """Return the refined speed grid."""
    spans = np.array([[b.v_from_kmh, b.v_to_kmh, b.ef_from, b.ef_to] for b in bridges])
    packed, offsets = bridge_arrays([b.row for b in bridges], spans, len(coefficients))
    fine = fine_speeds(HIGHEST_KMH)
    # rows with equal coefficients and bridges have equal curves: look at each curve once
    _, first = np.unique(coefficients, axis=0, return_index=True)
    values = curves.sample(coefficients, packed, offsets, fine, curves.CLAMP)[first]
    # a quarter km/h below 12: there `constant_g_per_h` lets factors grow as 1 / v
    slow = np.arange(LOWEST_KMH, 12.0, 0.25)
    start = np.concatenate([slow, np.arange(LOWEST_KMH, HIGHEST_KMH + 1.0), spans[:, 0], spans[:, 1]])
    grid = refine_grid(start, fine, values, medians(fine, values, coefficients[first]))
    return pl.DataFrame({"speed_kmh": grid}).with_columns(
        unit=pl.lit("km/h"),
        source=pl.lit("computed from emep_eea_2019_hot.csv.gz by the rule in factors/sampling.py"),
        year=pl.lit(2019),
        checked=pl.lit("yes"),
    )


def main() -> int:
    """Write or check the two tables."""
    table = reference_table(f"{NAME}_hot.csv.gz")
    coefficients = np.ascontiguousarray(table.select(COEFFICIENTS).to_numpy().astype(np.float64))
    bridges = find_bridges(coefficients)
    made = {
        f"{NAME}_hot_bridges.csv": bridge_table(bridges, table),
        f"{NAME}_speed_grid.csv": speed_grid(coefficients, bridges),
    }
    folder = reference_path(f"{NAME}_hot.csv.gz").parent
    status = 0
    for name, frame in made.items():
        text = frame.write_csv()
        path = Path(folder / name)
        if "--check" in sys.argv[1:]:
            same = path.is_file() and path.read_text(encoding="utf-8") == text
            print(f"{name}: {'as packaged' if same else 'DIFFERS'}, {frame.height} rows")
            status |= not same
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{name}: {frame.height} rows")
    return status


if __name__ == "__main__":
    sys.exit(main())
