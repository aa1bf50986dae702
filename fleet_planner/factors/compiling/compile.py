"""Compile all processes of all pollutants for the technologies of one fleet, under its weather and fuels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.factors.axes import HOT, TECHNOLOGY
from fleet_planner.factors.compiling import cold_channels, exhaust_channels, other_channels
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.exhaust_channels import Exhaust
from fleet_planner.factors.compiling.hot_curves import KEY_COLUMNS, hot_curves
from fleet_planner.factors.compiling.store import CurveStore
from fleet_planner.factors.compiling.table import (
    LOOKUP_PER_KMH,
    FactorTable,
    no_defects,
    no_odd,
    no_shares,
    speed_lookup,
)
from fleet_planner.factors.in_use.speed_spread import load_speed_spread, spread_curves, spread_operator
from fleet_planner.factors.odd_stages import european_odd
from fleet_planner.factors.processes.cold import basis_of
from fleet_planner.factors.processes.degradation import degradation_of
from fleet_planner.factors.processes.fuel_quality import quality_factors
from fleet_planner.factors.processes.idling import WITHOUT_ENGINE, idling_stand_in
from fleet_planner.factors.processes.nitrogen import nitrogen_factor
from fleet_planner.factors.processes.particle_number import particles_1e12_per_km
from fleet_planner.factors.processes.shares import NONE, find_share, share_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fleet_planner.factors.compiling.hot_curves import HotCurves
    from fleet_planner.factors.compiling.options import FactorOptions, FactorSources, Overlay
    from fleet_planner.factors.conditions import Conditions
    from fleet_planner.factors.processes.degradation import Degradation
    from fleet_planner.factors.set_curves import SetCurves


@dataclass(frozen=True)
class _Published:
    """Curves of all sets for the technologies, then for the bases of their cold starts."""

    european: HotCurves
    overlays: tuple[tuple[Overlay, SetCurves], ...]
    basis: tuple[int, ...]


def compile_factors(
    technologies: pl.DataFrame, sources: FactorSources, conditions: Conditions, options: FactorOptions
) -> FactorTable:
    """Compile the factors of a fleet.

    Parameters
    ----------
    technologies
        `axes.TECHNOLOGY` columns, one row per technology, in the order of the ids; optional column ``use``: a stream
        that some sets have factors of their own for.
    sources
        Published tables.
    conditions
        Weather, fuels, trips.
    options
        What the plan decides.

    Raises
    ------
    InputError
        A technology has no factors and nothing can stand in.
    """
    grid = sources.hot.grid_kmh
    store = CurveStore(grid, conditions, technologies.height)
    published = _published(technologies, sources, conditions, options)
    rows = list(technologies.select(TECHNOLOGY).iter_rows(named=True))
    no2 = np.array([share_of(sources.no2, row) for row in rows])
    ageing: list[Mapping[str, Degradation]] = []
    quality: list[Mapping[str, float]] = []
    origins: list[tuple[int, str, str, str]] = []
    for t, row in enumerate(rows):
        exhaust = _exhaust(t, row, published, sources, store, options)
        origins += [(t, p, *exhaust.origin[p]) for p in exhaust.origin]
        exhaust_channels.put_hot(store, t, row, exhaust, sources, options)
        if not options.hot_only:
            cold_channels.put_cold(store, t, row, exhaust, sources)
            other_channels.put_others(store, t, row, exhaust, sources, options)
        ageing.append(exhaust.ageing)
        quality.append(exhaust.quality)
    curves, blocks = store.arrays()
    spread = _spread(grid, curves) if options.speed_spread else curves
    return FactorTable(
        technologies=technologies.select(*TECHNOLOGY, _use(technologies)).with_columns(
            technology_id=pl.int_range(technologies.height, dtype=pl.Int32),
            replaced=pl.Series(
                [c.replaced for c in published.european.curves.technologies[: len(rows)]], dtype=pl.String
            ),
            v_min_kmh=pl.Series(published.european.v_min_kmh[: len(rows)], dtype=pl.Float64),
            v_max_kmh=pl.Series(published.european.v_max_kmh[: len(rows)], dtype=pl.Float64),
        ),
        conditions=conditions,
        curves=spread,
        blocks=blocks,
        block_of=store.block_of,
        scale=store.scale,
        grid_kmh=grid,
        lookup=speed_lookup(grid),
        lookup_per_kmh=LOOKUP_PER_KMH,
        no2_share=no2,
        ageing=tuple(ageing),
        origins=_origins(origins),
        missing=_missing(rows, origins),
        shares=_shares(rows, sources, idling=options.idling),
        defects=_defects(published),
        odd=_odd(rows, published, sources, origins),
        unspread=curves if options.speed_spread else None,
        quality=tuple(quality),
        pollutants=POLLUTANTS,
    )


def _published(
    technologies: pl.DataFrame, sources: FactorSources, conditions: Conditions, options: FactorOptions
) -> _Published:
    """Return the sets' curves, those of the cold starts' basis technologies appended."""
    frame = technologies.select(TECHNOLOGY)
    asked = technologies.select(*TECHNOLOGY, _use(technologies).alias("stream"))
    parts = ("fuel", "segment", "standard")
    of = [basis_of(*row) for row in frame.select(parts).iter_rows()]
    basis = frame.with_columns(
        pl.DataFrame(of, schema=dict.fromkeys(parts, pl.String), orient="row"), aftertreatment=pl.lit("none")
    )
    light = frame["category"].is_in(["passenger_car", "light_commercial"]) & ~frame["fuel"].is_in(WITHOUT_ENGINE)
    place = np.full(frame.height, -1, dtype=np.int64)
    place[light.to_numpy()] = frame.height + np.arange(int(light.sum()))
    both = pl.concat([frame, basis.filter(light)])
    return _Published(
        hot_curves(sources.hot, both, conditions, options.below_range, options.hot_only),
        tuple((o, o.curves(asked, sources.hot.grid_kmh, conditions)) for o in sources.overlays),
        tuple(int(x) for x in place),
    )


def _exhaust(
    t: int,
    technology: Mapping[str, str],
    published: _Published,
    sources: FactorSources,
    store: CurveStore,
    options: FactorOptions,
) -> Exhaust:
    """Gather the hot curves of one technology: by pollutant from the first set that covers it."""
    european = published.european.curves
    index: dict[str, NDArray[np.int32]] = {}
    origin: dict[str, tuple[str, str]] = {}
    by_set: dict[str, Overlay | None] = {}
    for overlay, curves in published.overlays:
        covered = curves.technologies[t]
        for pollutant, rows in covered.index.items():
            if pollutant not in index and _wanted(pollutant, options):
                index[pollutant] = store.adopt(curves.curves, _needed(rows, options))
                origin[pollutant] = (overlay.name, covered.replaced)
                by_set[pollutant] = overlay
    own = european.technologies[t]
    uncovered = [c.technologies[t].replaced for _, c in published.overlays if not c.technologies[t].index]
    replaced = "; ".join(r for r in (*uncovered, own.replaced) if r)
    for pollutant, rows in own.index.items():
        if pollutant not in index and _wanted(pollutant, options):
            index[pollutant] = store.adopt(european.curves, _needed(rows, options))
            origin[pollutant] = (sources.hot.name, replaced)
            by_set[pollutant] = None
    nitrogen = {
        p: f for p in ("N2O", "NH3") if p not in index and (f := nitrogen_factor(sources.nitrogen, technology, p))
    }
    origin |= dict.fromkeys(nitrogen, ("emep_eea_2016_mileage", ""))
    basis: dict[str, NDArray[np.int32]] = {}
    if published.basis[t] >= 0 and not options.hot_only:
        rows_of = european.technologies[published.basis[t]].index
        basis = {p: store.adopt(european.curves, _needed(rows, options)) for p, rows in rows_of.items()}
    ageing = {
        pollutant: growth
        for pollutant, overlay in by_set.items()
        if overlay is None and (growth := degradation_of(sources.degradation, technology, pollutant)) is not None
    }
    quality = {p: f for p, f in quality_factors(technology, options.diesel).items() if by_set.get(p) is None}
    return Exhaust(index, basis, nitrogen, origin, by_set, ageing, quality, dict(index))


def _use(technologies: pl.DataFrame) -> pl.Expr:
    return pl.col("use") if "use" in technologies.columns else pl.lit("").alias("use")


def _wanted(pollutant: str, options: FactorOptions) -> bool:
    return not options.hot_only or pollutant in options.hot_only


def _needed(rows: NDArray[np.int32], options: FactorOptions) -> NDArray[np.int32]:
    """Return the index of curves without the grade steps that are not needed."""
    return np.where(np.array(options.grades)[None, None, :], rows, np.int32(-1)).astype(np.int32)


def _spread(grid_kmh: NDArray[np.float64], curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average curves over the day-to-day spread of the speed."""
    return np.ascontiguousarray(
        spread_curves(curves, spread_operator(grid_kmh, load_speed_spread("days").at(grid_kmh)))
    )


def _origins(rows: Sequence[tuple[int, str, str, str]]) -> pl.DataFrame:
    schema = {"technology_id": pl.Int32, "pollutant": pl.String, "factor_set": pl.String, "replaced": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _shares(rows: Sequence[Mapping[str, str]], sources: FactorSources, *, idling: bool) -> pl.DataFrame:
    """List what stood in for shares of NOx and particles and for rates of idling, and who has no particle number."""
    told = []
    for t, row in enumerate(rows):
        if row["fuel"] in WITHOUT_ENGINE:
            continue
        found = {s.quantity: find_share(s, row).replaced for s in (sources.no2, sources.bc, sources.oc)}
        if particles_1e12_per_km(row) is None:
            found["SPN23"] = NONE.replaced
        if idling:
            found["idling"] = idling_stand_in(row)
        told += [(t, quantity, replaced) for quantity, replaced in found.items() if replaced]
    return pl.DataFrame(told, schema=no_shares().schema, orient="row")


def _defects(published: _Published) -> pl.DataFrame:
    """List the known defects of the rows that technologies use."""
    told = [
        (t, overlay.name, code)
        for overlay, curves in published.overlays
        for t, covered in enumerate(curves.technologies)
        if covered.index
        for code in covered.notes
    ]
    return pl.DataFrame(told, schema=no_defects().schema, orient="row")


def _odd(
    rows: Sequence[Mapping[str, str]],
    published: _Published,
    sources: FactorSources,
    origins: Sequence[tuple[int, str, str, str]],
) -> pl.DataFrame:
    """List the factors that technologies use and that are far from those of the neighbouring stages."""
    tables = {o.name: o.odd() for o, _ in published.overlays if o.odd is not None}
    tables[sources.hot.name] = european_odd()
    told: dict[tuple[int, str, str], float] = {}
    for name, table in tables.items():
        own = {(t, p) for t, p, factor_set, _ in origins if factor_set == name}
        for odd in table.select(*KEY_COLUMNS, "pollutant", "ratio").iter_rows(named=True):
            for t, row in enumerate(rows):
                european = published.european.keys[t] if name == sources.hot.name else None
                key = european or tuple(row[c] for c in TECHNOLOGY)
                fits = all(odd[c] in (None, k) for c, k in zip(KEY_COLUMNS, key, strict=True))
                if fits and (t, odd["pollutant"]) in own:
                    told.setdefault((t, name, odd["pollutant"]), odd["ratio"])
    return pl.DataFrame([(*k, r) for k, r in told.items()], schema=no_odd().schema, orient="row")


def _missing(rows: Sequence[Mapping[str, str]], origins: Sequence[tuple[int, str, str, str]]) -> pl.DataFrame:
    """List the technologies that burn fuel and have no curve for a hot pollutant."""
    have = {(t, p) for t, p, _, _ in origins}
    pairs = [
        (t, p) for p in HOT for t, row in enumerate(rows) if row["fuel"] not in WITHOUT_ENGINE and (t, p) not in have
    ]
    schema = {"technology_id": pl.Int32, "pollutant": pl.String}
    return pl.DataFrame(pairs, schema=schema, orient="row")
