"""Read a packaged table of figures."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl


def reference_path(name: str) -> Path:
    """Return the path of the packaged table ``name``, such as ``"measures.csv"``.

    Raises
    ------
    FileNotFoundError
        There is no such table in the package.
    """
    path = Path(str(files("fleet_planner.reference"))) / name
    if not path.is_file():
        raise FileNotFoundError(name)
    return path


@cache
def reference_table(name: str) -> pl.DataFrame:
    """Read the packaged table ``name``; empty cells are nulls, types are inferred from all rows."""
    return pl.read_csv(reference_path(name), infer_schema_length=None)
