"""Carry a fleet forward year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.fleet.check import VISITING
from fleet_planner.fleet.turnover.model import AGES, PER_VEHICLE, Cohorts, Projection
from fleet_planner.fleet.turnover.rules import Rules, rules_of
from fleet_planner.fleet.turnover.survival import curve_of, load_curves
from fleet_planner.fleet.turnover.technologies import KEY, Technologies, sales_templates, technologies
from fleet_planner.fleet.vocabulary import ZERO_EMISSION, words
from fleet_planner.kernels import turnover as kernel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import City
    from fleet_planner.plan.turnover import TurnoverSection

WITHOUT_BOUND = -1


def project_fleet(fleet: Fleet, section: TurnoverSection, city: City, base: Path) -> Projection:
    """Carry a fleet to ``section.to_year``.

    Parameters
    ----------
    fleet
        Of the base year, visiting vehicles among it.
    section
        The plan's ``[turnover]``.
    city
        Base year and country.
    base
        Folder of the plan.

    Raises
    ------
    InputError
        The table of survival curves is wrong, or the country is unknown.
    PlanError
        The plan names a stream, standard or rule that is not known.
    """
    assert section.to_year is not None
    years = range(city.year + 1, section.to_year + 1)
    local = fleet.vehicles.filter(~pl.col("visiting") & (pl.col("count") > 0.0))
    _check_words(section, local)
    rules = rules_of(section, city.country)
    curves = load_curves(city.country, base / section.survival if section.survival else None)
    marked = local.with_columns(
        step=pl.lit(""), age=(city.year - pl.col("model_year")).clip(0, AGES - 1).fill_null(0).cast(pl.Int64)
    )
    templates = sales_templates(local, city.year, section.sales_mix_years)
    existing = marked.select(KEY).unique().sort(KEY)
    known = technologies(existing, templates, rules, city.country, years, section.used_import_age)
    stock, cohorts = _base_arrays(marked, known)
    of_technology = [curve_of(curves, s, c) for s, c in known.frame.select("stream", "category").iter_rows()]
    growth = np.array([1.0 + section.growth_by_stream.get(s, section.growth_per_year) for s in known.streams])
    gone = np.arange(len(years) + 1)
    demand = np.asarray(growth[None, :] ** gone[:, None], dtype=np.float64)
    held = np.bincount(known.stream_of, weights=stock.sum(axis=1), minlength=len(known.streams))
    stocks, flows, elsewhere = kernel.project(
        stock,
        np.array([curve.keep(AGES) for curve in of_technology]),
        _retired(section, known, years),
        _leaving(section, known),
        np.rint(held[None, :] * demand[1:]).astype(np.int64),
        known.stream_of,
        known.new_share,
        known.plain_share,
        np.array([s == ZERO_EMISSION for s in known.frame["standard"]]),
        _bounds(section, known, len(years)),
        np.array([section.used_import_share.get(s, 0.0) for s in known.streams]),
        np.full(len(known.streams), section.used_import_age, dtype=np.int64),
        known.used_share,
    )
    weight = stock.sum(axis=1).astype(np.float64)
    total = weight.sum() or 1.0
    unchecked = sum(w for w, c in zip(weight, of_technology, strict=True) if not c.checked) / total
    findings = [
        *_general_findings(section, city, fleet, local),
        Finding(
            "fleet.turnover_survival",
            "assumption",
            {"sets": ", ".join(sorted({c.set_name for c in of_technology}))},
            share=float(unchecked),
        ),
        *rules.findings,
        *_stock_findings(section, rules, known, stocks, demand),
    ]
    return Projection(
        fleet,
        city.year,
        section.to_year,
        known,
        cohorts,
        stocks,
        elsewhere,
        flows,
        demand,
        section.visiting_years_behind,
        tuple(findings),
    )


def _check_words(section: TurnoverSection, local: pl.DataFrame) -> None:
    """Refuse streams and standards that the fleet does not have: the rule would do nothing."""
    streams = local["stream"].unique().sort().to_list()
    named: dict[str, Iterable[str]] = {
        "growth_by_stream": section.growth_by_stream,
        "zero_emission_share": section.zero_emission_share,
        "max_zero_emission_per_year": section.max_zero_emission_per_year,
        "reregistration_share": section.reregistration_share,
        "used_import_share": section.used_import_share,
        "visiting_years_behind": section.visiting_years_behind,
        "early_scrappage.streams": [s for programme in section.early_scrappage for s in programme.streams],
    }
    for key, given in named.items():
        for stream in given:
            if stream not in streams:
                raise PlanError(
                    "the turnover names a stream that the registry does not have",
                    use_one_of(stream, streams),
                    column=f"turnover.{key}",
                    value=stream,
                )
    standards = {s for w in words().values() for s in w.standards}
    for programme in section.early_scrappage:
        for standard in programme.standards:
            if standard not in standards:
                raise PlanError(
                    "early scrappage names an unknown standard",
                    use_one_of(standard, standards),
                    column="turnover.early_scrappage.standards",
                    value=standard,
                )


def _base_arrays(marked: pl.DataFrame, known: Technologies) -> tuple[NDArray[np.int64], Cohorts]:
    """Return the stock of the base year in thousandths of a vehicle, shape (T, AGES), and what its vehicles have."""
    coded = marked.select(*KEY, "age", "count", "km_per_year", "share_inside", "odometer_km", "gross_mass_kg").join(
        known.frame.select(KEY).with_row_index("t"), on=KEY, how="left", maintain_order="left"
    )
    shape = (known.frame.height, AGES)
    cell = coded["t"].to_numpy().astype(np.int64) * AGES + coded["age"].to_numpy()
    count = coded["count"].to_numpy().astype(np.float64)
    km = coded["km_per_year"].to_numpy().astype(np.float64)

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.bincount(cell, weights=values, minlength=shape[0] * shape[1])
        return found.astype(np.float64).reshape(shape)

    def mean(values: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        of = summed(weight)
        return np.divide(summed(values * weight), of, out=np.zeros(shape), where=of > 0.0)

    mass = coded["gross_mass_kg"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    with_mass = ~np.isnan(mass)
    heavy = mean(np.nan_to_num(mass), count * with_mass)
    cohorts = Cohorts(
        mean(km, count),
        np.where(summed(count * km) > 0.0, mean(coded["share_inside"].to_numpy(), count * km), 1.0),
        mean(coded["odometer_km"].to_numpy(), count),
        np.where(heavy > 0.0, heavy, np.nan),
    )
    return np.rint(summed(count) * PER_VEHICLE).astype(np.int64), cohorts


def _retired(section: TurnoverSection, known: Technologies, years: range) -> NDArray[np.float64]:
    """Return the share of each technology that is scrapped early, shape (Y, T); programmes act one after another."""
    kept = np.ones((len(years), known.frame.height))
    for programme in section.early_scrappage:
        which = np.ones(known.frame.height, dtype=np.bool_)
        if programme.streams:
            which &= known.frame["stream"].is_in(programme.streams).to_numpy()
        if programme.standards:
            which &= known.frame["standard"].is_in(programme.standards).to_numpy()
        when = np.array([programme.from_year <= y <= programme.to_year for y in years])
        kept[np.ix_(when, which)] *= 1.0 - programme.share_per_year
    return np.asarray(1.0 - kept, dtype=np.float64)


def _leaving(section: TurnoverSection, known: Technologies) -> NDArray[np.float64]:
    share = np.array([section.reregistration_share.get(s, 0.0) for s in known.streams])[known.stream_of]
    old = np.arange(AGES) >= section.reregistration_min_age
    return np.asarray(share[:, None] * old[None, :])


def _bounds(section: TurnoverSection, known: Technologies, years: int) -> NDArray[np.int64]:
    most = section.max_zero_emission_per_year
    row = [int(most[s] * PER_VEHICLE) if s in most else WITHOUT_BOUND for s in known.streams]
    return np.tile(np.array(row, dtype=np.int64), (years, 1))


def _general_findings(section: TurnoverSection, city: City, fleet: Fleet, local: pl.DataFrame) -> list[Finding]:
    """Say what is held constant and what was taken by default."""
    values: dict[str, str | int | float] = {"base": city.year, "last": section.to_year or city.year}
    out = [
        Finding("fleet.turnover", "assumption", values | {"mix_years": section.sales_mix_years}),
        Finding("fleet.turnover_constant", "assumption", {"base": city.year}),
    ]
    if "growth_per_year" not in section.model_fields_set:
        left = sorted(set(local["stream"]) - set(section.growth_by_stream))
        if left:
            out.append(Finding("fleet.turnover_growth_default", "assumption", {"streams": ", ".join(left)}))
    visiting = fleet.vehicles.filter("visiting")["stream"].unique().sort()
    plain = [s for s in visiting if s.removeprefix(VISITING) not in section.visiting_years_behind]
    if plain:
        out.append(Finding("fleet.turnover_visiting", "assumption", {"streams": ", ".join(plain)}))
    return out


def _stock_findings(
    section: TurnoverSection,
    rules: Rules,
    known: Technologies,
    stocks: NDArray[np.int64],
    demand: NDArray[np.float64],
) -> list[Finding]:
    """Say what the projection did that a user may not expect."""
    out = []
    if known.undated:
        out.append(Finding("fleet.turnover_undated", "assumption", {}, round(known.undated)))
    totals = stocks.sum(axis=2)
    with_step = np.array([bool(s) for s in known.frame["step"]])
    if with_step.any() and (count := totals[-1][with_step].sum()):
        named = {step.split(" ")[0] for step in known.frame["step"] if step}
        values = {"rules": ", ".join(sorted(named)), "unchecked": ", ".join(rules.unchecked) or "-"}
        out.append(Finding("fleet.turnover_steps", "assumption", values, round(count / PER_VEHICLE)))
    streams = len(known.streams)
    by_stream = np.array([np.bincount(known.stream_of, weights=year, minlength=streams) for year in totals])
    over = by_stream > np.rint(by_stream[0] * demand) + 0.5
    for s in np.nonzero(over.any(axis=0))[0]:
        extra = (by_stream[:, s] - by_stream[0, s] * demand[:, s]).max() / PER_VEHICLE
        out.append(Finding("fleet.turnover_surplus", "warning", {"stream": known.streams[s]}, round(extra)))
    left = section.reregistration_share
    if left:
        out.append(Finding("fleet.turnover_leaving", "assumption", {"streams": ", ".join(sorted(left))}))
    return out
