"""Targets: what they allow in which year, and whether a path of emissions keeps to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.fleet.check import VISITING
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.targets import Target

CUT, INTERIM, PEAK = "cut", "interim", "peak"
ALL = 100.0
MET, MISSED = "met", "missed"


@dataclass(frozen=True)
class Aim:
    """A target with everything filled in.

    Parameters
    ----------
    name, title_en, title_zh
        What it is called.
    pollutant, weights, unit
        What is summed with which weights, and the unit of the yearly sum.
    cuts
        Cut in percent of the base year, by year; the last year is the target's. Empty where it is a peak.
    base_year, base_per_year
        What the cut is against; the emission is nothing where it is that of the plan's year.
    peak_before
        Year before which the path peaks.
    scope
        Values of ``stream``, ``fuel`` and ``category`` that count, where not all do.
    visiting
        Whether visiting vehicles count.
    checked
        Whether the packaged figures were checked; targets of the plan's own are.
    """

    name: str
    title_en: str
    title_zh: str
    pollutant: str
    weights: Mapping[str, float]
    unit: str
    cuts: Mapping[int, float]
    base_year: int | None
    base_per_year: float | None
    peak_before: int | None
    scope: Mapping[str, tuple[str, ...]]
    visiting: bool
    checked: bool

    @property
    def years(self) -> tuple[int, ...]:
        """Years whose emissions the target needs."""
        return tuple(self.cuts) if self.peak_before is None else (self.peak_before - 1, self.peak_before)

    @property
    def counts(self) -> pl.Expr:
        """Whether vehicles count, of a table with ``stream, category, fuel, visiting``."""
        which = pl.lit(value=True)
        for column, words in self.scope.items():
            which &= pl.col(column).str.strip_prefix(VISITING).is_in(words)
        if not self.visiting:
            which &= ~pl.col("visiting")
        return which

    def of(self, by_scope: pl.DataFrame) -> float:
        """Return the emission per year that counts, given a column per pollutant in units per year."""
        sums = by_scope.filter(self.counts).select(pl.col(name).sum() for name in self.weights).row(0)
        return float(sum(w * float(value or 0.0) for w, value in zip(self.weights.values(), sums, strict=True)))


def aim(target: Target, city_year: int) -> Aim:
    """Fill in a target of the plan from the packaged table.

    Parameters
    ----------
    target
        From the plan.
    city_year
        Year of the inventory.

    Raises
    ------
    PlanError
        The packaged target or the pollutant is unknown, or a base year or its emission is missing.
    """
    law = _law(target)
    pollutant = target.pollutant or law["pollutant"]
    weights = _weights(target, pollutant)
    peak = target.peak_before
    if peak is None and law.get("kind") == PEAK:
        peak = int(law["law_year"])
    filled = Aim(
        target.name,
        target.title or law.get("title_en", target.name),
        target.title_zh or target.title or law.get("title_zh", target.name),
        pollutant,
        weights,
        {p.pollutant: p.unit_per_year for p in pollutants()}[next(iter(weights))],
        cuts={},
        base_year=None,
        base_per_year=None,
        peak_before=peak,
        scope=_scope(target, law),
        visiting=target.visiting,
        checked=not law or law["checked"] == "yes",
    )
    if peak is not None:
        return filled
    base_year = target.base_year
    if base_year is None and (target.cut_pct or law.get("cut_pct")) == ALL:
        base_year = city_year  # nothing is left of any year's emission
    if base_year is None:
        raise PlanError(
            f"target {target.name} does not say which year the cut is against",
            f"Set base_year: {city_year} takes the emission of this run, another year needs base_per_year too.",
            column="target.base_year",
        )
    if base_year != city_year and target.base_per_year is None:
        raise PlanError(
            f"target {target.name} is against {base_year}, which this run does not compute",
            f"Set base_per_year, the emission of that year ({filled.unit}), or base_year = {city_year}.",
            column="target.base_per_year",
            value=base_year,
        )
    cuts = _cuts(target, law, base_year)
    return replace(filled, cuts=cuts, base_year=base_year, base_per_year=target.base_per_year)


def _law(target: Target) -> dict[str, Any]:
    if not target.use:
        return {}
    table = reference_table("targets.csv")
    found = table.filter(pl.col("target_id") == target.use)
    if found.is_empty():
        raise PlanError(
            "unknown packaged target",
            use_one_of(target.use, table["target_id"].to_list()),
            column="target.use",
            value=target.use,
        )
    return found.row(0, named=True)


def _weights(target: Target, pollutant: str) -> dict[str, float]:
    sums = reference_table("target_sums.csv")
    rows = sums.filter(pl.col("sum_id") == pollutant)
    if rows.height:
        return {name: float(weight) for name, weight in rows.select("pollutant", "weight").iter_rows()}
    known = [p.pollutant for p in pollutants()]
    if pollutant not in known:
        raise PlanError(
            f"target {target.name} names an unknown pollutant",
            use_one_of(pollutant, [*known, *sums["sum_id"].unique().sort()]),
            column="target.pollutant",
            value=pollutant,
        )
    return {pollutant: 1.0}


def _scope(target: Target, law: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    fuels = target.fuels or [f for f in str(law.get("fuels") or "").split("|") if f]
    given = {"stream": target.streams, "fuel": fuels, "category": target.categories}
    return {column: tuple(words) for column, words in given.items() if words}


def _cuts(target: Target, law: Mapping[str, Any], base_year: int) -> dict[int, float]:
    """Return the cuts by year; those of a law are as many years after the base year as the law's own."""
    cut = target.cut_pct or float(law["cut_pct"])
    year = target.year
    if year is None:
        span = 0 if law["law_base_year"] is None else int(law["law_year"]) - int(law["law_base_year"])
        year = base_year + span if span else int(law["law_year"])
    interim = {int(y): c for y, c in target.interim.items()}
    if not interim and law.get("interim") and target.year is None:
        years_on, _, share = str(law["interim"]).partition("=")
        interim = {base_year + int(years_on): float(share)}
    for between, pct in interim.items():
        if not base_year < between < year or pct > cut:
            raise PlanError(
                f"target {target.name} has an interim cut that does not lie on the way to {cut:g} % in {year}",
                f"Name years between {base_year} and {year} and cuts of at most {cut:g} %.",
                column="target.interim",
                value=f"{between} = {pct:g}",
            )
    return dict(sorted({**interim, year: cut}.items()))


VERDICT = {
    "target": pl.String,
    "title_en": pl.String,
    "title_zh": pl.String,
    "scenario": pl.String,
    "kind": pl.String,
    "year": pl.Int64,
    "pollutant": pl.String,
    "unit": pl.String,
    "base_year": pl.Int64,
    "base_per_year": pl.Float64,
    "allowed_per_year": pl.Float64,
    "value_per_year": pl.Float64,
    "gap_per_year": pl.Float64,
    "change_pct": pl.Float64,
    "verdict": pl.String,
    "peak_year": pl.Int64,
    "binding": pl.String,
    "checked": pl.String,
}


def judged(aims: list[Aim], paths: Mapping[str, Mapping[str, Mapping[int, float]]]) -> pl.DataFrame:
    """Say of every target and scenario whether it is met.

    Parameters
    ----------
    aims
        Filled in.
    paths
        Emission per year by target, scenario and year; the first year is the plan's.

    Returns
    -------
    ``tables/columns/targets.csv``. ``gap_per_year`` is what is above the allowed emission, negative where there is
    room; ``binding`` marks, for each scenario, the target that is missed by most of its allowed emission, or met with
    least room. A path that is highest in the last year computed has not peaked.
    """
    rows = []
    for target in aims:
        for scenario, path in paths[target.name].items():
            rows += _peak_row(target, scenario, path) if target.peak_before else _cut_rows(target, scenario, path)
    frame = pl.DataFrame(rows, schema=VERDICT, orient="row")
    tight = pl.when(pl.col("kind") == CUT).then(pl.col("gap_per_year") / pl.col("base_per_year"))
    most = pl.col("tight").is_not_null() & (pl.col("tight") == pl.col("tight").max().over("scenario"))
    return (
        frame.with_columns(tight=tight)
        .with_columns(binding=pl.when(most).then(pl.lit("yes")).otherwise(pl.lit("no")))
        .drop("tight")
    )


def _cut_rows(target: Aim, scenario: str, path: Mapping[int, float]) -> list[tuple[object, ...]]:
    base = target.base_per_year if target.base_per_year is not None else path[min(path)]
    rows: list[tuple[object, ...]] = []
    for year, cut in target.cuts.items():
        allowed, value = base * (1.0 - cut / 100.0), path[year]
        change = 100.0 * (value / base - 1.0) if base else None
        told = MET if value <= allowed * (1.0 + 1e-12) else MISSED
        kind = CUT if year == max(target.cuts) else INTERIM
        what = (kind, year, target.pollutant, target.unit, target.base_year, base, allowed, value, value - allowed)
        rows.append((*_named(target, scenario), *what, change, told, None, "no", _checked(target)))
    return rows


def _peak_row(target: Aim, scenario: str, path: Mapping[int, float]) -> list[tuple[object, ...]]:
    assert target.peak_before is not None
    years = sorted(path)
    highest = max(years, key=lambda year: path[year])
    peaked = highest < years[-1] or len(years) == 1
    told = MET if peaked and highest < target.peak_before else MISSED
    what = (PEAK, target.peak_before, target.pollutant, target.unit, None, None, None, path[highest], None)
    row = (*_named(target, scenario), *what, None, told, highest if peaked else None, "no", _checked(target))
    return [row]


def _named(target: Aim, scenario: str) -> tuple[str, str, str, str]:
    return target.name, target.title_en, target.title_zh, scenario


def _checked(target: Aim) -> str:
    return "yes" if target.checked else "no"
