"""The published hot table as curves on the grid for the technologies of a fleet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from fleet_planner.factors.axes import GRADES, LOADS, MODES, TECHNOLOGY
from fleet_planner.factors.processes.idling import WITHOUT_ENGINE
from fleet_planner.factors.set_curves import Covered, SetCurves
from fleet_planner.factors.stand_ins import Key, Resolved, base_aftertreatment, resolve
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.published.hot_table import HotTable

NO_SPEEDS: tuple[float | None, float | None] = (None, None)
KEY_COLUMNS = ("category", "fuel", "segment", "standard", "technology")


@dataclass(frozen=True)
class HotCurves:
    """Curves of a hot table; the speeds between which each technology's NOx curves hold and its key (none without)."""

    curves: SetCurves
    v_min_kmh: tuple[float | None, ...]
    v_max_kmh: tuple[float | None, ...]
    keys: tuple[Key | None, ...] = ()


def published_keys(keys: pl.DataFrame) -> list[Key]:
    """Return the distinct technologies of a table, sorted."""
    frame = keys.select(KEY_COLUMNS).unique().sort(pl.all())
    return [(r[0], r[1], r[2], r[3], r[4]) for r in frame.iter_rows()]


def fuel_stand_ins() -> dict[tuple[str, str], list[str]]:
    """Return the fuels that may stand in for a category's fuel, nearest first."""
    out: dict[tuple[str, str], list[str]] = {}
    for row in reference_table("fuel_stand_ins.csv").sort("rank").iter_rows(named=True):
        out.setdefault((row["category"], row["fuel"]), []).append(row["stand_in_fuel"])
    return out


class Row(NamedTuple):
    """A row of the published table: what it is for, and its number."""

    pollutant: str
    mode: str
    load: float | None
    slope: float | None
    table_row: int


def resolved_keys(technologies: pl.DataFrame, published: Sequence[Key]) -> list[Resolved | None]:
    """Return the published key of each technology; nothing for those without an engine.

    Raises
    ------
    InputError
        A technology has no factors and nothing can stand in.
    """
    stand_ins = fuel_stand_ins()
    known = dict.fromkeys(published)
    out: list[Resolved | None] = []
    for category, fuel, segment, standard, aftertreatment in technologies.select(TECHNOLOGY).iter_rows():
        if fuel in WITHOUT_ENGINE:
            out.append(None)
            continue
        wanted = (category, fuel, segment, standard, base_aftertreatment(aftertreatment))
        out.append(Resolved(wanted, "") if wanted in known else resolve(wanted, published, stand_ins))
    return out


def hot_curves(
    hot: HotTable,
    technologies: pl.DataFrame,
    conditions: Conditions,
    below_range: str,
    pollutants: tuple[str, ...] = (),
) -> HotCurves:
    """Sample the rows that the technologies need, bridged and floored.

    Parameters
    ----------
    hot
        The published table.
    technologies
        `TECHNOLOGY` columns.
    conditions
        Gives the condition axis; the published curves do not depend on the weather.
    below_range
        ``clamp`` or ``constant_g_per_h``.
    pollutants
        Those wanted; empty: all.

    Raises
    ------
    InputError
        A technology has no factors and nothing can stand in.
    """
    resolved = resolved_keys(technologies, published_keys(hot.keys))
    keys = hot.keys.with_row_index("table_row").with_columns(pl.col("table_row").cast(pl.Int64))
    wanted = sorted({r.key for r in resolved if r is not None})
    if pollutants:
        keys = keys.filter(pl.col("pollutant").is_in(pollutants))
    used = pl.DataFrame(wanted, schema=dict.fromkeys(KEY_COLUMNS, pl.String), orient="row")
    rows = keys.join(used, on=used.columns, how="semi", maintain_order="left")
    by_key = _by_technology(rows, used.columns)
    table_rows = rows["table_row"].to_numpy().astype(np.int64)
    row_curve = {int(r): i for i, r in enumerate(table_rows)}
    of_key = {key: _index(part, row_curve, conditions) for key, part in by_key.items()}
    speeds = {key: _nox_speeds(hot, part) for key, part in by_key.items()}
    covered = [Covered(of_key.get(r.key, {}), r.replaced) if r else Covered() for r in resolved]
    return HotCurves(
        SetCurves(_sample(hot, table_rows, below_range), tuple(covered)),
        tuple(speeds.get(r.key, NO_SPEEDS)[0] if r else None for r in resolved),
        tuple(speeds.get(r.key, NO_SPEEDS)[1] if r else None for r in resolved),
        tuple(r.key if r else None for r in resolved),
    )


def _step(value: float | None, steps: Sequence[float]) -> list[int]:
    """Return the steps a row serves: its own, or all where it is for any."""
    return list(range(len(steps))) if value is None else [steps.index(value)]


def _by_technology(rows: pl.DataFrame, columns: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    """Return the rows of each technology, in their order."""
    out: dict[tuple[str, ...], list[Row]] = {}
    for *key, pollutant, mode, load, slope, table_row in rows.select(*columns, *Row._fields).iter_rows():
        out.setdefault(tuple(key), []).append(Row(pollutant, mode, load, slope, table_row))
    return out


def _index(rows: Sequence[Row], row_curve: Mapping[int, int], conditions: Conditions) -> dict[str, NDArray[np.int32]]:
    """Return the index of one technology by pollutant.

    Rows for any mode go first, so that those of a mode overwrite them. A pollutant with a single
    row is for any load and slope, whatever its cells say.
    """
    count = Counter(row.pollutant for row in rows)
    out: dict[str, NDArray[np.int32]] = {}
    for row in sorted(rows, key=lambda one: one.mode != "any"):
        if row.pollutant not in out:
            out[row.pollutant] = np.full((len(MODES), len(LOADS), len(GRADES)), -1, dtype=np.int32)
        index, single = out[row.pollutant], count[row.pollutant] == 1
        modes = range(len(MODES)) if row.mode == "any" else (MODES.index(row.mode),)
        loads = _step(None if single else row.load, LOADS)
        grades = _step(None if single else row.slope, GRADES)
        for m in modes:
            index[m, loads[0] : loads[-1] + 1, grades[0] : grades[-1] + 1] = row_curve[row.table_row]
    return {pollutant: conditions.any_class(index) for pollutant, index in out.items()}


def _sample(hot: HotTable, table_rows: NDArray[np.int64], below_range: str) -> NDArray[np.float64]:
    """Sample some rows of the table on its grid, bridged and floored."""
    starts, ends = hot.bridge_offsets[table_rows], hot.bridge_offsets[table_rows + 1]
    picked = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)] or [np.zeros(0)])
    offsets = np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int64)
    rule = curves.CLAMP if below_range == "clamp" else curves.CONSTANT_G_PER_H
    return np.asarray(
        curves.sample(
            np.ascontiguousarray(hot.coefficients[table_rows]),
            np.ascontiguousarray(hot.bridges[picked.astype(np.int64)].reshape(-1, 4)),
            offsets,
            hot.grid_kmh,
            rule,
        )
    )


def _nox_speeds(hot: HotTable, rows: Sequence[Row]) -> tuple[float | None, float | None]:
    """Return the speeds between which all NOx curves of a technology hold."""
    nox = [row.table_row for row in rows if row.pollutant == "NOx"]
    if not nox:
        return NO_SPEEDS
    return float(hot.coefficients[nox, curves.V_MIN].max()), float(hot.coefficients[nox, curves.V_MAX].min())
