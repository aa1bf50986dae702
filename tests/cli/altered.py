"""Alters figures of a written folder one after the other and asks what `verify` asks: do the sums still agree?"""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.outputs.checking.read import read_manifest
from fleet_planner.outputs.checking.verify import verify


def not_found(out: Path, scratch: Path, places: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Hold that a folder verifies; return the file and column of figures raised by a thousandth of which no sum tells.

    Parameters
    ----------
    out
        Folder that a command wrote.
    scratch
        Where a copy may lie.
    places
        Columns to be altered, by file.
    """
    done = CliRunner().invoke(main, ["verify", str(out)])
    assert done.exit_code == 0, done.output
    assert " sums " in done.stdout
    folder = Path(shutil.copytree(out, scratch / "altered"))
    kept = read_manifest(folder)
    missed = []
    for file, columns in places.items():
        path = folder / file
        whole = path.read_bytes()
        for column in columns:
            _alter(path, column)
            sums = [line for line in verify(kept, out).breaks if "relative difference" in line and file in line]
            missed += [] if sums else [(file, column)]
            path.write_bytes(whole)
    return missed


def _alter(path: Path, column: str) -> None:
    """Raise the middle one of a column's figures that are not nought."""
    table = pl.read_csv(path, infer_schema_length=None) if path.suffix == ".csv" else pl.read_parquet(path)
    rows = table.with_row_index().filter(pl.col(column).cast(pl.Float64).abs() > 1e-3)["index"].to_list()
    assert rows, f"{path.name} has no figure in {column}"
    raised = pl.when(pl.int_range(pl.len()) == rows[len(rows) // 2]).then(pl.col(column) * 1.001 + 1e-3)
    changed = table.with_columns(raised.otherwise(pl.col(column)).alias(column))
    if path.suffix == ".csv":
        changed.write_csv(path)
    else:
        changed.write_parquet(path)
