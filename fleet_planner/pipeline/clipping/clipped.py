"""Emissions within areas: totals, vehicles by class, what agencies ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.nonroad.model import CATEGORY
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY, MASS_PER_T

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.pipeline.clipping.shares import AreaShares
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.progress import Progress

CLASS = ("stream", "category", "fuel", "standard")
ANNUAL, SUMMER = "annual_average_day", "summer_day"
SHORT_TON, TON = "short_ton/day", "t/year"
AGENCIES = {"US": "CARB", "CN": "MEE"}
"""By the first letters of the country: whose classes a city reports by."""
TOTALS = {
    "area": pl.String,
    "scenario": pl.String,
    "pollutant": pl.String,
    "unit": pl.String,
    "value_per_year": pl.Float64,
    "non_road_per_year": pl.Float64,
    "share_of_city_pct": pl.Float64,
}


@dataclass(frozen=True)
class Clipped:
    """Tables of ``tables/columns``: ``area_totals, area_classes, area_agency``, and vehicle-km of each area.

    ``agency`` has no rows for countries whose agencies' classes are not packaged. ``summer`` tells whether the plan
    has a season of that name.
    """

    totals: pl.DataFrame
    classes: pl.DataFrame
    agency: pl.DataFrame
    km_per_day: NDArray[np.float64]
    summer: bool


def clipped(ready: Prepared, shares: AreaShares, progress: Progress) -> Clipped:
    """Return what every scenario emits in every area.

    What a vehicle emits in an area is its emission on each link and hour times the share of the link that lies there:
    the same sum as of the whole city, so that areas that make up the city add up to it.

    Parameters
    ----------
    ready
        A city whose inventories are computed.
    shares
        From `area_shares`.
    progress
        Is told how far it is.
    """
    activity, hours = ready.computed.activity, ready.computed.activity.hours
    summer, of_year = _summer(ready)
    classes: list[pl.DataFrame] = []
    season: list[pl.DataFrame] = []
    steps = len(shares.names) * len(ready.computed.states)
    for number, (state, _) in enumerate(ready.computed.states):
        for row, area in enumerate(shares.names):
            progress(f"{area}: {state.title_en}", (number * len(shares.names) + row) / max(steps, 1))
            weight = np.repeat(shares.share[row][:, None], hours, axis=1)
            machines = _of_machines(ready, number, shares.machines[row], area)
            driven = ready.run.weighted_vehicles(ready.computed, number, weight)
            classes += [_summed(ready, number, driven, area), *machines]
            if of_year > 0.0:
                driven = ready.run.weighted_vehicles(ready.computed, number, weight * (summer / of_year))
                season += [_summed(ready, number, driven, area), *machines]
    days = pl.concat(classes)
    warm = pl.concat(season) if season else None
    return Clipped(
        _totals(ready, days),
        _in_tons(days.drop("code")),
        _agency(ready, days, warm),
        shares.share @ activity.km.sum(axis=0),
        of_year > 0.0,
    )


def city_agency(ready: Prepared) -> pl.DataFrame:
    """Return what the agency's classes emit in the whole city (``by_agency`` of the dictionary)."""
    if not agency_of(ready.plan.city.country):
        return pl.DataFrame()
    summer, of_year = _summer(ready)
    whole = np.ones(0 if ready.nonroad is None else ready.nonroad.machines.height)
    days: list[pl.DataFrame] = []
    warm: list[pl.DataFrame] = []
    for number, (_, inventory) in enumerate(ready.computed.states):
        machines = _of_machines(ready, number, whole, "")
        days += [_summed(ready, number, inventory.vehicle, ""), *machines]
        if of_year > 0.0:
            weight = np.tile(summer / of_year, (ready.network.links.height, 1))
            driven = ready.run.weighted_vehicles(ready.computed, number, weight)
            warm += [_summed(ready, number, driven, ""), *machines]
    return _agency(ready, pl.concat(days), pl.concat(warm) if warm else None).drop("area")


def _summer(ready: Prepared) -> tuple[NDArray[np.float64], float]:
    """Return 1 for the hours of the season summer and 0 for others, shape (H,), and the season's share of the year."""
    days = ready.computed.activity.days
    hours = np.repeat([float(d.season.lower() == "summer") for d in days], HOURS_PER_DAY)
    return hours, float(sum(d.share for d in days if d.season.lower() == "summer"))


def _summed(ready: Prepared, number: int, emitted: NDArray[np.float64], area: str) -> pl.DataFrame:
    """Return emissions of an average day by class and code of the agency: one column per pollutant.

    ``emitted`` is that of each vehicle row in the area, shape (vehicles, P).
    """
    state, inventory = ready.computed.states[number]
    rows = state.vehicles.select(*CLASS, "gross_mass_kg")
    named = {name: emitted[:, k] for k, name in enumerate(inventory.pollutants)}
    codes = agency_codes(rows, agency_of(ready.plan.city.country))
    frame = rows.select(CLASS).with_columns(codes, *(pl.Series(n, v) for n, v in named.items()))
    summed = frame.group_by(*CLASS, "code", maintain_order=True).agg(pl.all().sum()).sort(*CLASS, "code")
    return summed.select(pl.lit(area).alias("area"), pl.lit(state.name).alias("scenario"), pl.all())


def _of_machines(ready: Prepared, number: int, share: NDArray[np.float64], area: str) -> list[pl.DataFrame]:
    """Return the same of machines beside the roads, by their kind and stage; none where the city has none there."""
    state, inventory = ready.computed.states[number]
    nonroad = ready.nonroad
    if nonroad is None or not share.any():
        return []
    emitted = {p: nonroad.per_day[:, k] * share for k, p in enumerate(nonroad.pollutants)}
    nothing = np.zeros(share.size)
    rows = nonroad.machines.select(
        "stream",
        pl.lit(CATEGORY).alias("category"),
        "fuel",
        pl.col("stage").alias("standard"),
        pl.lit(None, pl.Float64).alias("gross_mass_kg"),
    )
    codes = agency_codes(rows, agency_of(ready.plan.city.country))
    named = [pl.Series(p, emitted.get(p, nothing)) for p in inventory.pollutants]
    frame = rows.select(CLASS).with_columns(codes, *named).filter(pl.Series(share > 0.0))
    summed = frame.group_by(*CLASS, "code", maintain_order=True).agg(pl.all().sum()).sort(*CLASS, "code")
    return [summed.select(pl.lit(area).alias("area"), pl.lit(state.name).alias("scenario"), pl.all())]


def agency_of(country: str) -> str:
    """Return whose classes a country reports by, or ""."""
    return AGENCIES.get(country.partition("-")[0], "")


def agency_codes(rows: pl.DataFrame, agency: str) -> pl.Series:
    """Return the agency's code of each row of vehicles (``category, stream, gross_mass_kg``), "" without an agency.

    Of the table's rows that fit the first counts; a mass that is not known fits all.
    """
    out = pl.lit("")
    table = reference_table("agency_categories.csv").filter(agency=agency)
    mass, stream = pl.col("gross_mass_kg"), pl.col("stream").str.strip_prefix("visiting_")
    for row in reversed(table.to_dicts()):
        fits = pl.col("category").is_in(row["category"].split("|"))
        if row["streams"]:
            fits &= stream.is_in(row["streams"].split("|"))
        fits &= mass.is_null() | (mass > float(row["mass_above_kg"] or 0.0))
        if row["mass_up_to_kg"] not in (None, ""):
            fits &= mass.is_null() | (mass <= float(row["mass_up_to_kg"]))
        out = pl.when(fits).then(pl.lit(row["code"])).otherwise(out)
    return rows.with_columns(out.alias("code"))["code"]


def _long(days: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return one row per key and pollutant, g (MJ, kWh) of an average day, sorted as the dictionary."""
    names = [p.pollutant for p in pollutants() if p.pollutant in days.columns]
    summed = days.group_by(keys, maintain_order=True).agg(pl.col(names).sum())
    return summed.unpivot(on=names, index=keys, variable_name="pollutant", value_name="value")


def _in_tons(days: pl.DataFrame) -> pl.DataFrame:
    """Return yearly emissions by area, scenario and class, those that are not nought."""
    long = _long(days, ["area", "scenario", *CLASS]).filter(pl.col("value") != 0.0)
    return long.select(*("area", "scenario", *CLASS, "pollutant"), _unit(), _year().alias("value_per_year"))


def _totals(ready: Prepared, days: pl.DataFrame) -> pl.DataFrame:
    """Return yearly emissions by area, what machines have in them, and the share of the whole city."""
    city = {}
    for state, inventory in ready.computed.states:
        for k, name in enumerate(inventory.pollutants):
            beside = 0.0 if ready.nonroad is None else ready.nonroad.total(name)
            city[state.name, name] = float(inventory.link[:, k].sum()) + beside
    rows = []
    units, year = _units(), _years()
    keys = ["area", "scenario"]
    beside_roads = _long(days.filter(category=CATEGORY), keys)
    machines = {(a, s, p): v for a, s, p, v in beside_roads.iter_rows()}
    for area, scenario, name, value in _long(days, keys).iter_rows():
        whole = city[scenario, name]
        share = 100.0 * value / whole if whole else None
        own = machines.get((area, scenario, name), 0.0)
        rows.append((area, scenario, name, units[name], value * year[name], own * year[name], share))
    return pl.DataFrame(rows, schema=TOTALS, orient="row")


def _agency(ready: Prepared, days: pl.DataFrame, warm: pl.DataFrame | None) -> pl.DataFrame:
    """Return what the agency's classes emit: short tons a day in California, tons a year by standard in China."""
    agency = agency_of(ready.plan.city.country)
    titles = reference_table("agency_categories.csv").filter(agency=agency)
    english = dict(titles.select("code", "title_en").iter_rows())
    chinese = dict(titles.select("code", "title_zh").iter_rows())
    keys = ["area", "scenario", "code", "fuel", *(("standard",) if agency == "MEE" else ())]
    parts = []
    for season, table in ((ANNUAL, days), (SUMMER, warm)):
        if not agency or table is None:
            continue
        long = _long(table, keys).filter(pl.col("value") != 0.0)
        mass = long.filter(pl.col("pollutant").is_in([p.pollutant for p in pollutants() if p.unit_per_year == "t"]))
        ton_per_day = _year() / DAYS_PER_YEAR
        short = agency == "CARB"
        if not short and season == SUMMER:
            continue
        value = ton_per_day * MASS_PER_T["short_ton"] if short else _year()
        parts.append(
            mass.select(
                *("area", "scenario"),
                pl.lit(agency).alias("agency"),
                "code",
                pl.col("code").replace_strict(english, default="").alias("title_en"),
                pl.col("code").replace_strict(chinese, default="").alias("title_zh"),
                "fuel",
                (pl.lit("") if short else pl.col("standard")).alias("standard"),
                "pollutant",
                pl.lit(season).alias("period"),
                pl.lit(SHORT_TON if short else TON).alias("unit"),
                value.alias("value"),
            )
        )
    schema = dict.fromkeys(
        ("area", "scenario", "agency", "code", "title_en", "title_zh", "fuel", "standard", "pollutant", "period"),
        pl.String,
    ) | {"unit": pl.String, "value": pl.Float64}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _units() -> dict[str, str]:
    return {p.pollutant: p.unit_per_year for p in pollutants()}


def _years() -> dict[str, float]:
    return {p.pollutant: p.per_year_factor * DAYS_PER_YEAR for p in pollutants()}


def _unit() -> pl.Expr:
    return pl.col("pollutant").replace_strict(_units(), return_dtype=pl.String).alias("unit")


def _year() -> pl.Expr:
    return pl.col("value") * pl.col("pollutant").replace_strict(_years(), return_dtype=pl.Float64)
