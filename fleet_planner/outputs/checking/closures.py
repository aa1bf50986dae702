"""Sums that the written tables of a run must share, recomputed from the files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.foreign import frame_of
from fleet_planner.outputs.checking.closure import Closure
from fleet_planner.outputs.layers.frames import day_name, scale_of
from fleet_planner.pipeline.clipping.clipped import ANNUAL, SHORT_TON, TON
from fleet_planner.pipeline.clipping.of_run import REST
from fleet_planner.tables import pollutants
from fleet_planner.tiles import LINKS_AT_ONCE
from fleet_planner.units import DAYS_PER_YEAR, MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

KEY = ["scenario", "pollutant"]
VALUE = "value_per_year"
SUMMARY = "summary.csv"
AREAS = "area_totals.csv"


def run_closures(folder: Path, unit: str, report: dict[str, Any] | None) -> Iterator[Closure]:
    """Yield every sum of a run's tables beside the summary's.

    Parameters
    ----------
    folder
        Run directory.
    unit
        Unit of mass of the yearly tables.
    report
        What the report was made from, if it can be read.
    """
    summary = pl.read_csv(folder / SUMMARY)
    whole = summary.select(*KEY, VALUE)
    on_roads = summary.select(*KEY, pl.col(VALUE) - pl.col("non_road_per_year"))
    tables: dict[str, tuple[Callable[[], pl.DataFrame], pl.DataFrame]] = {
        "links.parquet": (lambda: _of_days(folder / "links.parquet", unit), on_roads),
        "vehicles.parquet": (lambda: _of_days(folder / "vehicles.parquet", unit), on_roads),
        "by_process.csv": (lambda: _summed(pl.read_csv(folder / "by_process.csv")), whole),
    }
    for name, (read, expected) in tables.items():
        if (folder / name).is_file():
            yield from _compared(read(), expected, name)
    sectors = folder / "by_sector.csv"
    if sectors.is_file():
        for (scheme,), rows in pl.read_csv(sectors).group_by(["scheme"], maintain_order=True):
            yield from _compared(_summed(rows), whole, sectors.name, f"{scheme}, ")
    if (folder / "by_agency.csv").is_file():
        classes = _of_agency(folder / "by_agency.csv", unit)
        yield from _compared(classes, whole.join(classes, on=KEY, how="semi"), "by_agency.csv")
    if (folder / AREAS).is_file():
        yield from clip_closures(folder, apart=REST in pl.read_csv(folder / AREAS)["area"])
    if report is not None:
        told = pl.DataFrame([(r["scenario"], r["pollutant"], r[VALUE]) for r in report["summary"]], orient="row")
        told.columns = [*KEY, VALUE]
        yield from _compared(told, whole, "report_data.json")
    yield from _of_baseline(summary)


def compare_closures(folder: Path) -> Iterator[Closure]:
    """Yield the sum of causes of every difference beside it, and each difference beside its two totals."""
    against = "differences.csv"
    differences = pl.read_csv(folder / against)
    causes = pl.read_csv(folder / "difference_causes.csv", schema_overrides={"change_per_year": pl.Float64})
    key = ["comparison", "pollutant"]
    sums = causes.group_by(key, maintain_order=True).agg(pl.col("change_per_year").sum())
    told = {(c, p): v for c, p, v in sums.iter_rows()}
    for row in differences.iter_rows(named=True):
        what = f"{row['comparison']}: {row['pollutant']}"
        first, second, found = row["first_per_year"], row["second_per_year"], row["difference_per_year"]
        yield Closure(against, against, f"{what}, before and difference,", first + found, second)
        parts = told.get((row["comparison"], row["pollutant"]), 0.0)
        # beside the total: what is left of a difference that is rounding alone has no cause
        yield Closure("difference_causes.csv", against, f"{what}, before and causes,", first + parts, second)


def clip_closures(folder: Path, *, apart: bool) -> Iterator[Closure]:
    """Yield the classes of every area beside its total, and shares of areas that make up the city beside 100 %."""
    against = AREAS
    totals = pl.read_csv(folder / against)
    key = ["area", "scenario", "pollutant"]
    classes = pl.read_csv(folder / "area_classes.csv").group_by(key, maintain_order=True).agg(pl.col(VALUE).sum())
    told = {(a, s, p): v for a, s, p, v in classes.iter_rows()}
    for area, scenario, pollutant, value in totals.select(*key, VALUE).iter_rows():
        what = f"{area}, {scenario}: {pollutant}"
        yield Closure("area_classes.csv", against, what, told.get((area, scenario, pollutant), 0.0), value)
    if apart:
        shares = totals.drop_nulls("share_of_city_pct").group_by(KEY, maintain_order=True)
        for scenario, pollutant, share in shares.agg(pl.col("share_of_city_pct").sum()).iter_rows():
            yield Closure(against, against, f"{scenario}: {pollutant}, percent of the city,", share, 100.0)


def _of_baseline(summary: pl.DataFrame) -> Iterator[Closure]:
    """Yield the baseline as every scenario's rows repeat it."""
    first = summary["scenario"][0]
    told = summary.with_columns(pl.col(VALUE, "baseline_per_year").fill_null(float("nan")))  # which holds for nothing
    base = dict(told.filter(pl.col("scenario") == first).select("pollutant", VALUE).iter_rows())
    for scenario, pollutant, before in told.select(*KEY, "baseline_per_year").iter_rows():
        what = f"{scenario}: {pollutant} of the baseline"
        yield Closure(SUMMARY, SUMMARY, what, before, base.get(pollutant, float("nan")))


def _of_agency(path: Path, unit: str) -> pl.DataFrame:
    """Return the yearly sums of the agency's classes: short tons of an average day, or tons of a year."""
    per_t = pl.col("unit").replace_strict({SHORT_TON: DAYS_PER_YEAR / MASS_PER_T["short_ton"], TON: 1.0})
    rows = (
        pl.read_csv(path).filter(period=ANNUAL).with_columns((pl.col("value") * per_t * MASS_PER_T[unit]).alias(VALUE))
    )
    return _summed(rows)


def _of_days(path: Path, unit: str) -> pl.DataFrame:
    """Return the yearly sums of a table of days: all its rows."""
    named = {day_name(s): s for s in pollutants()}
    have, sums = _sums_of_days(path, named)
    year = {c: scale_of(named[c]) * named[c].per_year_factor * DAYS_PER_YEAR for c in have}
    mass = {c: MASS_PER_T[unit] if named[c].unit_per_year == "t" else 1.0 for c in have}
    rows = [
        (row["scenario"], named[c].pollutant, row[c] * year[c] * mass[c])
        for row in sums.iter_rows(named=True)
        for c in have
    ]
    return pl.DataFrame(rows, schema=[*KEY, VALUE], orient="row")


def _sums_of_days(path: Path, named: Collection[str]) -> tuple[list[str], pl.DataFrame]:
    """Return which of some columns a table has, and their sums by scenario; read some rows at a time."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    have = [c for c in file.schema_arrow.names if c in named]
    batches = file.iter_batches(LINKS_AT_ONCE, columns=["scenario", *have])
    parts = (frame_of(batch).group_by("scenario", maintain_order=True).agg(pl.col(have).sum()) for batch in batches)
    return have, pl.concat(parts).group_by("scenario", maintain_order=True).agg(pl.col(have).sum())


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by(KEY, maintain_order=True).agg(pl.col(VALUE).sum())


def _compared(found: pl.DataFrame, expected: pl.DataFrame, file: str, of: str = "") -> Iterator[Closure]:
    """Yield both sums of every scenario and pollutant; one that either lacks counts as nought there."""
    have = {(s, p): v for s, p, v in found.iter_rows()}
    want = {(s, p): v for s, p, v in expected.iter_rows()}
    for scenario, pollutant in dict.fromkeys([*want, *have]):
        key = (scenario, pollutant)
        what = f"{of}{scenario}: {pollutant}"
        yield Closure(file, SUMMARY, what, have.get(key, 0.0) or 0.0, want.get(key, 0.0) or 0.0)
