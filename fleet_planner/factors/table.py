"""A factor set compiled to dense arrays for the kernels, for the technologies of one fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import GRADES, HOT, LOADS, MODES, TECHNOLOGY
from fleet_planner.factors.extras import ODOMETER
from fleet_planner.factors.stand_ins import Key, Resolved, base_aftertreatment, resolve
from fleet_planner.kernels import curves
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.factors.extras import ExtraFactors
    from fleet_planner.factors.hot_table import HotTable

POLLUTANTS = (
    "CO",
    "VOC",
    "NOx",
    "NO2",
    "PM_exhaust",
    "PM2.5_non_exhaust",
    "BC",
    "CH4",
    "N2O",
    "NH3",
    "SO2",
    "CO2",
    "CO2_grid",
    "energy_MJ",
    "electricity_kwh",
)
CHANNELS = (*POLLUTANTS, f"N2O{ODOMETER}", f"NH3{ODOMETER}")
"""Axes of the kernels: the pollutants, then parts of them that a vehicle's odometer scales."""

BASE_OF: Mapping[str, str] = {
    "NO2": "NOx",
    "BC": "PM_exhaust",
    "SO2": "energy_MJ",
    "CO2": "energy_MJ",
    "CO2_grid": "electricity_kwh",
}
"""Pollutants that are another one's curve times a number of the technology."""

LOOKUP_PER_KMH = 16.0


@dataclass(frozen=True)
class FactorTable:
    """What the inventory multiplies activity with.

    Parameters
    ----------
    technologies
        One row per technology (`TECHNOLOGY` columns), with ``technology_id`` = row number, the key
        used, ``replaced`` (what stood in, "" when nothing did) and ``v_min_kmh`` (lowest speed of its
        NOx curve; null without one).
    pollutants
        Names reported, the first of the channel axes; `CHANNELS` has them all.
    curves
        Sampled factors, shape (curves, S).
    index
        Curve of technology, pollutant, mode, load step, grade step; -1 where none is published,
        shape (T, C, 4, 3, 7), int32, C channels.
    scale
        Number by which a technology's curve is multiplied, shape (T, C).
    grid_kmh, lookup, lookup_per_kmh
        The speed grid and the table that finds its cells, see `kernels.inventory.speed_cell`.
    missing
        ``technology_id, pollutant`` for which nothing is published (counted as zero).
    curve_rows
        Row of the published table behind each curve; -1 for one that is not from it.
    """

    technologies: pl.DataFrame
    pollutants: tuple[str, ...]
    curves: NDArray[np.float64]
    index: NDArray[np.int32]
    scale: NDArray[np.float64]
    grid_kmh: NDArray[np.float64]
    lookup: NDArray[np.int64]
    lookup_per_kmh: float
    missing: pl.DataFrame
    curve_rows: NDArray[np.int64]


def published_keys(keys: pl.DataFrame) -> list[Key]:
    """Return the distinct technologies of a table, sorted."""
    frame = keys.select("category", "fuel", "segment", "standard", "technology").unique().sort(pl.all())
    return [(r[0], r[1], r[2], r[3], r[4]) for r in frame.iter_rows()]


def fuel_stand_ins() -> dict[tuple[str, str], list[str]]:
    """Return the fuels that may stand in for a category's fuel, nearest first."""
    out: dict[tuple[str, str], list[str]] = {}
    for row in reference_table("fuel_stand_ins.csv").sort("rank").iter_rows(named=True):
        out.setdefault((row["category"], row["fuel"]), []).append(row["stand_in_fuel"])
    return out


def speed_lookup(grid_kmh: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return, for each 1/16 km/h from zero, the grid cell at or below it."""
    at = np.arange(int(grid_kmh[-1] * LOOKUP_PER_KMH) + 2) / LOOKUP_PER_KMH
    cell = np.searchsorted(grid_kmh, at, side="right") - 1
    return np.clip(cell, 0, grid_kmh.size - 2).astype(np.int64)


def _step(value: float | None, steps: Sequence[float]) -> list[int]:
    """Return the steps a row serves: its own, or all where it is for any."""
    return list(range(len(steps))) if value is None else [steps.index(value)]


def _fill(index: NDArray[np.int32], rows: pl.DataFrame, row_curve: Mapping[int, int]) -> None:
    """Enter the rows of one technology into its part of the index, shape (P, 4, 3, 7).

    Rows for any mode go first, so that those of a mode overwrite them. A pollutant with a single
    row is for any load and slope, whatever its cells say.
    """
    ordered = rows.with_columns(specific=pl.col("mode") != "any").sort("specific", maintain_order=True)
    single = {p: n == 1 for p, n in rows.group_by("pollutant").len().iter_rows()}
    for row in ordered.iter_rows(named=True):
        p = POLLUTANTS.index(row["pollutant"])
        modes = range(len(MODES)) if row["mode"] == "any" else (MODES.index(row["mode"]),)
        loads = _step(None if single[row["pollutant"]] else row["load"], LOADS)
        grades = _step(None if single[row["pollutant"]] else row["slope"], GRADES)
        for m in modes:
            index[p, m, loads[0] : loads[-1] + 1, grades[0] : grades[-1] + 1] = row_curve[row["table_row"]]


def _resolve_all(technologies: pl.DataFrame, published: Sequence[Key]) -> list[Resolved | None]:
    stand_ins = fuel_stand_ins()
    known = dict.fromkeys(published)
    out: list[Resolved | None] = []
    for category, fuel, segment, standard, aftertreatment in technologies.select(TECHNOLOGY).iter_rows():
        if fuel == "electricity":
            out.append(None)
            continue
        wanted = (category, fuel, segment, standard, base_aftertreatment(aftertreatment))
        out.append(Resolved(wanted, "") if wanted in known else resolve(wanted, published, stand_ins))
    return out


def compile_factors(technologies: pl.DataFrame, hot: HotTable, extras: ExtraFactors, below_range: str) -> FactorTable:
    """Compile a hot table and the extra factors for the technologies of a fleet.

    Parameters
    ----------
    technologies
        `TECHNOLOGY` columns, one row per technology, in the order of the ids.
    hot
        The factor set.
    extras
        Shares of NO2 and BC, carbon of fuels, wear, electricity.
    below_range
        ``clamp`` or ``constant_g_per_h``.

    Raises
    ------
    InputError
        A technology has no factors and nothing can stand in.
    """
    resolved = _resolve_all(technologies, published_keys(hot.keys))
    keys = hot.keys.with_row_index("table_row").with_columns(pl.col("table_row").cast(pl.Int64))
    used = pl.DataFrame(
        sorted({r.key for r in resolved if r is not None}),
        schema=["category", "fuel", "segment", "standard", "technology"],
        orient="row",
    )
    rows = keys.join(used, on=used.columns, how="semi", maintain_order="left") if used.height else keys.clear()
    by_key: dict[tuple[object, ...], pl.DataFrame] = dict(rows.partition_by(*used.columns, as_dict=True).items())
    table_rows = rows["table_row"].to_numpy().astype(np.int64)
    offsets = hot.bridge_offsets
    sampled = _sample(hot, table_rows, below_range)
    extra_curves, extra_index = extras.sample(technologies, hot.grid_kmh)
    index = np.full((technologies.height, len(CHANNELS), len(MODES), len(LOADS), len(GRADES)), -1, np.int32)
    row_curve = {int(r): i for i, r in enumerate(table_rows)}
    v_min: list[float | None] = []
    for t, r in enumerate(resolved):
        if r is not None:
            _fill(index[t], by_key[r.key], row_curve)
        v_min.append(_lowest_nox_speed(hot, by_key[r.key]) if r is not None else None)
        in_hot_table = {p for p in HOT if (index[t, POLLUTANTS.index(p)] >= 0).any()}
        for channel, by_mode in extra_index[t].items():
            if channel.removesuffix(ODOMETER) not in in_hot_table:
                index[t, CHANNELS.index(channel)] = (len(table_rows) + np.array(by_mode))[:, None, None]
    for derived, base in BASE_OF.items():
        index[:, POLLUTANTS.index(derived)] = index[:, POLLUTANTS.index(base)]
    assert offsets.size == hot.keys.height + 1
    scale = extras.scale(technologies, CHANNELS)
    return FactorTable(
        technologies=technologies.select(TECHNOLOGY).with_columns(
            technology_id=pl.int_range(technologies.height, dtype=pl.Int32),
            replaced=pl.Series([r.replaced if r else "" for r in resolved], dtype=pl.String),
            v_min_kmh=pl.Series(v_min, dtype=pl.Float64),
        ),
        pollutants=POLLUTANTS,
        curves=np.ascontiguousarray(np.vstack([sampled, extra_curves])),
        index=index,
        scale=scale,
        grid_kmh=hot.grid_kmh,
        lookup=speed_lookup(hot.grid_kmh),
        lookup_per_kmh=LOOKUP_PER_KMH,
        missing=_missing(index, technologies),
        curve_rows=np.concatenate([table_rows, np.full(len(extra_curves), -1, dtype=np.int64)]),
    )


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


def _lowest_nox_speed(hot: HotTable, rows: pl.DataFrame) -> float | None:
    nox = rows.filter(pl.col("pollutant") == "NOx")["table_row"].to_numpy()
    return float(hot.coefficients[nox, curves.V_MIN].max()) if nox.size else None


def _missing(index: NDArray[np.int32], technologies: pl.DataFrame) -> pl.DataFrame:
    """List the technologies that burn fuel and have no curve for a hot pollutant."""
    burns = (technologies["fuel"] != "electricity").to_numpy()
    pairs = [(t, p) for p in HOT for t in np.flatnonzero(burns & (index[:, POLLUTANTS.index(p), 0, 0, 3] < 0))]
    return pl.DataFrame(
        {"technology_id": [int(t) for t, _ in pairs], "pollutant": [p for _, p in pairs]},
        schema={"technology_id": pl.Int32, "pollutant": pl.String},
    )
