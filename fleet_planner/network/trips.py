"""Read the trips between zones: a list (CSV) or matrices (OMX)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.network.omx import read_omx
from fleet_planner.tables import columns

if TYPE_CHECKING:
    from pathlib import Path

Float = NDArray[np.float64]
TABLE = "zone_trips"
CLASSES = next(spec.allowed for spec in columns(TABLE) if spec.column == "class").split("|")


def read_trips(path: Path, zones: tuple[str, ...]) -> dict[str, Float]:
    """Return the trips of a day by class, each of shape (zones, zones), origins in rows.

    Parameters
    ----------
    path
        CSV with the columns of ``tables/columns/zone_trips.csv`` (rows of the same zones and class add up), or an
        OMX file with a matrix per class and the zones' numbers as its first mapping.
    zones
        Names of the zones.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column or mapping, or names an unknown zone or class or a number that is
        none.
    """
    if not path.is_file():
        raise InputError("there is no such file of trips", "Check traffic.assignment.trips in the plan.", file=path)
    found = _read_omx(path, zones) if path.suffix.lower() == ".omx" else _read_csv(path, zones)
    if not any(matrix.any() for matrix in found.values()):
        raise InputError("the file holds no trip", "Fill it.", file=path)
    return found


def _read_csv(path: Path, zones: tuple[str, ...]) -> dict[str, Float]:
    try:
        with path.open(encoding="utf-8-sig") as handle:
            header = handle.readline()
        table = pl.read_csv(path, infer_schema=False, separator=max(",;\t", key=header.count))
    except TABLE_FAULTS as error:
        raise InputError(f"this is not a CSV table: {error}", "Save it as CSV, UTF-8.", file=path) from error
    names = [spec.column for spec in columns(TABLE)]
    for name in names:
        if name not in table.columns:
            raise InputError("a column is missing", f"The trips need {', '.join(names)}.", file=path, column=name)
    table = table.select(pl.col(names).str.strip_chars()).with_row_index("row", offset=2)
    for column, known in (("from", zones), ("to", zones), ("class", CLASSES)):
        bad = table.filter(~pl.col(column).is_in(list(known)).fill_null(value=False))
        if bad.height:
            value = bad[column][0]
            what = "class" if column == "class" else "zone"
            raise InputError(
                f"there is no such {what} ({bad.height:,} rows name one that there is not)",
                use_one_of(value or "", known),
                file=path,
                row=bad["row"][0],
                column=column,
                value=value,
            )
    trips = table["trips"].cast(pl.Float64, strict=False)
    bad = table.filter(~(trips.is_finite() & (trips >= 0.0)).fill_null(value=False))
    if bad.height:
        raise InputError(
            "this is no number of trips",
            "Write 0 or more.",
            file=path,
            row=bad["row"][0],
            column="trips",
            value=bad["trips"][0],
        )
    place = {name: k for k, name in enumerate(zones)}
    out = {}
    for (name,), part in table.with_columns(number=trips).partition_by("class", as_dict=True).items():
        ends = [part[c].replace_strict(place, return_dtype=pl.Int64).to_numpy() for c in ("from", "to")]
        matrix = np.zeros((len(zones), len(zones)))
        np.add.at(matrix, (ends[0], ends[1]), part["number"].to_numpy())
        out[str(name)] = matrix
    return out


def _read_omx(path: Path, zones: tuple[str, ...]) -> dict[str, Float]:
    index, matrices = read_omx(path)
    place = {name: k for k, name in enumerate(zones)}
    unknown = [k for k in index if k not in place]
    if unknown:
        raise InputError(
            f"there is no such zone ({len(unknown):,} of the mapping are not among the zones)",
            use_one_of(unknown[0], zones),
            file=path,
            value=unknown[0],
        )
    where = np.array([place[k] for k in index], dtype=np.int64)
    out = {}
    for name, matrix in matrices.items():
        if name not in CLASSES:
            raise InputError("there is no such class", use_one_of(name, CLASSES), file=path, column=name)
        if not np.isfinite(matrix).all() or (matrix < 0.0).any():
            raise InputError("a number of trips is missing or below 0", "Mend it.", file=path, column=name)
        whole = np.zeros((len(zones), len(zones)))
        np.add.at(whole, np.ix_(where, where), matrix)
        out[name] = whole
    return out
