"""What people breathe of every scenario, by the routes of the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.effectiveness import weights
from fleet_planner.economics.valuation import valuation
from fleet_planner.errors import PlanError
from fleet_planner.findings import Finding
from fleet_planner.fleet.dates import REGION_FALLBACK
from fleet_planner.impacts.health.assess import (
    APART,
    DAMAGE,
    PRIMARY,
    SECONDARY,
    THOUSAND,
    Breathed,
    Line,
    People,
    breathed_lines,
    cancer_line,
    cases,
    deaths_of,
    figure,
    health_table,
    ozone_line,
    product,
    totals,
)
from fleet_planner.impacts.health.intake import intake_fraction, ranged
from fleet_planner.impacts.health.response import Ranged
from fleet_planner.reference import reference_table
from fleet_planner.units import DAYS_PER_YEAR, G_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.inventory import Inventory
    from fleet_planner.plan.impacts_health import ImpactsHealth
    from fleet_planner.plan.models import Plan
    from fleet_planner.scenarios import ScenarioFleet

Float = NDArray[np.float64]
PRIMARY_ROUTE = "concentration"
SMALL_UG_M3 = 1e-3
"""What a single route brings, about."""


@dataclass(frozen=True)
class NearRoads:
    """What a scenario's traffic brings to points: people, shape (P,), and µg/m3 by pollutant, shape (P,)."""

    people: Float
    ug_m3: Mapping[str, Float]


def people_of(plan: Plan, zones: Any) -> People:
    """Return the people of a city: of the plan, of its zones, of its country.

    Raises
    ------
    PlanError
        Nobody says how many live here, or nothing is packaged for the country and the plan does not say it.
    """
    section = plan.impacts.health
    inhabitants = section.population
    if inhabitants is None and zones is not None and "population" in zones:
        inhabitants = float(zones["population"].sum())
    if not inhabitants:
        raise PlanError(
            "nobody says how many people live in the city",
            "Set impacts.health.population, or name zones with population in network.zones.",
            column="impacts.health.population",
        )
    table = reference_table("health_countries.csv")
    asked = plan.city.country
    country = next((c for c in (asked, REGION_FALLBACK.get(asked, asked)) if c in table["country"]), None)
    own = {
        "adult_share": section.adult_share,
        "adult_deaths_per_1000": section.adult_deaths_per_1000,
        "life_usd": section.life_usd,
    }

    def of(name: str) -> Ranged:
        given = own.get(name)
        if given is not None:
            return Ranged(given, given, given)
        if country is None:
            raise PlanError(
                f"nothing is packaged for {asked}: {name}",
                "Set adult_share, adult_deaths_per_1000 and life_usd.",
                column=f"impacts.health.{name}",
            )
        return ranged(table.row(by_predicate=(pl.col("country") == country) & (pl.col("figure") == name), named=True))

    child = of("child_share") if country else Ranged(0.25, 0.15, 0.35, checked=False)
    return People(inhabitants, of("adult_share"), of("adult_deaths_per_1000"), child, of("life_usd"))


def usd_per_exposure(plan: Plan) -> Ranged | None:
    """Return the value of a year's deaths by a person times µg/m3 of PM2.5, US$ of 2024; nothing if valued otherwise.

    The response, deaths per adult and value of a life are those of a run that values PM2.5 by its ``concentration``;
    at the small concentrations of single vehicles the share of deaths grows with the concentration.

    Raises
    ------
    PlanError
        Nothing is packaged for the country and the plan does not say it.
    """
    section = plan.impacts.health
    if section.routes.get("PM2.5") != PRIMARY_ROUTE:
        return None
    people = people_of(plan, {"population": np.ones(1)})  # how many they are is in the exposure
    per_person = product(people.adult_share, people.adult_deaths_per_1000).times(1.0 / THOUSAND)
    curve = deaths_of("PM2.5", section.response, section.pm25_ug_m3)
    little = Breathed.at_points(np.ones(1), np.array([SMALL_UG_M3]))
    return product(cases(little, curve, per_person), people.life_usd).times(1.0 / SMALL_UG_M3)


def emitted_t(summary: pl.DataFrame, scenario: str) -> dict[str, float]:
    """Return tonnes a year of what is breathed, with PM2.5 of exhaust and wear."""
    own = dict(summary.filter(scenario=scenario).select("pollutant", "value_per_year").iter_rows())
    sums = weights()
    names = ("PM2.5", "NOx", "SO2", "NH3", "NMVOC", "BC", "NO2")
    return {n: sum(w * own.get(p, 0.0) for p, w in sums.get(n, {n: 1.0}).items()) for n in names}


def health_tables(
    plan: Plan,
    summary: pl.DataFrame,
    states: Sequence[tuple[ScenarioFleet, Inventory]],
    zones: Any,
    air: Mapping[str, NearRoads],
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return health by scenario (``tables/columns/health.csv``) and what was assumed; nothing without routes.

    ``air`` has the concentrations near roads by scenario, where the plan follows any.

    Raises
    ------
    PlanError
        People, damages or concentrations that the routes need are not there.
    """
    section = plan.impacts.health
    if not section.routes:
        return pl.DataFrame(), ()
    people = people_of(plan, zones)
    lines = {}
    for state, inventory in states:
        t = emitted_t(summary, state.name)
        lines[state.name] = health_lines(plan, t, _diesel_t(inventory), people, air.get(state.name))
    table = health_table(lines)
    return table, _findings(section, people, table)


def health_lines(
    plan: Plan, t: Mapping[str, float], diesel_t: float, people: People, air: NearRoads | None
) -> list[Line]:
    """Return what an inventory does to people, a line for each route, pollutant and effect.

    Parameters
    ----------
    plan
        With the routes.
    t
        Emitted a year, by pollutant.
    diesel_t
        Exhaust particles of diesels, t a year.
    people
        Who breathes.
    air
        Concentrations near roads, where a route needs them.
    """
    section, breathing = plan.impacts.health, figure("breathing").value
    out: list[Line] = []
    damages = valuation(plan.city.country, plan.city.year, plan.comparison).damages
    for pollutant, route in section.routes.items():
        if route == "damage_per_t":
            if pollutant not in damages:
                raise PlanError(
                    f"no damage of a tonne of {pollutant} is packaged for {plan.city.country}",
                    "Set comparison.damage_usd_per_t, or take another route.",
                    column="impacts.health.routes",
                    value=pollutant,
                )
            worth = damages[pollutant]
            value = Ranged(worth.usd_per_t, worth.low, worth.high, worth.checked).times(t[pollutant])
            out.append((route, pollutant, DAMAGE, "value", value))
            continue
        if route == "concentration":
            part, breathed = APART if pollutant == "NO2" else PRIMARY, _near_roads(pollutant, air)
        else:
            part, breathed = _by_intake(section, pollutant, t[pollutant], people, breathing)
        curve = deaths_of(pollutant if part != SECONDARY else "PM2.5", section.response, section.pm25_ug_m3)
        out += breathed_lines(route, pollutant, part, breathed, people, curve)
        if pollutant == "PM2.5" and t["PM2.5"] > 0.0:
            out.append(cancer_line(route, breathed, diesel_t / t["PM2.5"]))
    if "NOx" in section.routes:
        out.append(ozone_line(t["NOx"], people, breathing))
    return out + totals(out)


def _near_roads(pollutant: str, air: NearRoads | None) -> Breathed:
    if air is None or pollutant not in air.ug_m3:
        raise PlanError(
            f"{pollutant} is to be valued by its concentration, which this run does not follow",
            "Name it in impacts.pollutants (NO2: NOx, and ozone_ug_m3), or take another route.",
            column="impacts.health.routes",
            value=pollutant,
        )
    return Breathed.at_points(air.people, air.ug_m3[pollutant])


def _by_intake(
    section: ImpactsHealth, pollutant: str, tonnes: float, people: People, breathing: float
) -> tuple[str, Breathed]:
    part, fraction = intake_fraction("PM2.5" if pollutant == "BC" else pollutant, people.inhabitants)
    own = section.intake_fraction_ppm
    if own is not None and part == PRIMARY:
        fraction = Ranged(own, own, own)
    known = replace(fraction, checked=fraction.checked and figure("breathing").checked)
    return part, Breathed.by_intake(people.inhabitants, tonnes, known, breathing)


def _diesel_t(inventory: Inventory) -> float:
    rows = inventory.by_technology.filter(pl.col("fuel") == "diesel")
    return float(rows["PM_exhaust_per_day"].sum()) * DAYS_PER_YEAR / G_PER_T


def _findings(section: ImpactsHealth, people: People, table: pl.DataFrame) -> tuple[Finding, ...]:
    routes = ", ".join(f"{p}: {r}" for p, r in section.routes.items())
    values = {"people": f"{people.inhabitants:,.0f}", "routes": routes}
    out = [Finding("impacts.health", "assumption", values)]
    if unchecked := table.filter((pl.col("scenario") == table["scenario"][0]) & (pl.col("checked") == "no")).height:
        out.append(Finding("impacts.health_unchecked", "assumption", count=unchecked))
    if table.filter((pl.col("part") == SECONDARY) | (pl.col("effect") == "ozone_deaths")).height:
        out.append(Finding("impacts.secondary", "assumption"))
    return tuple(out)
