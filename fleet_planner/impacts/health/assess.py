"""Deaths, years of life, cases and value of what a scenario lets people breathe; one route for each pollutant.

Primary and secondary particles are told apart and summed. NO2, ozone and cancer stand apart: they overlap with the
particles' deaths, or their sign is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.impacts.health.intake import exposure, intake_fraction, ranged
from fleet_planner.impacts.health.response import BOUNDS, Gemm, LogLinear, Ranged
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

Float = NDArray[np.float64]
PRIMARY, SECONDARY, APART, TOTAL, DAMAGE = "primary", "secondary", "apart", "total", "damage"
ADDED = (PRIMARY, SECONDARY, DAMAGE)
THOUSAND = 1e3
UNITS = {
    "deaths": "deaths/year",
    "life_years": "years of life/year",
    "asthma_children": "new cases/year",
    "restricted_days": "days/year",
    "cancer": "cases/year",
    "ozone_deaths": "deaths/year",
    "value": "US$ 2024/year",
}
SCHEMA = {
    "scenario": pl.String,
    "route": pl.String,
    "pollutant": pl.String,
    "part": pl.String,
    "effect": pl.String,
    "unit": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "avoided": pl.Float64,
    "avoided_low": pl.Float64,
    "avoided_high": pl.Float64,
    "checked": pl.String,
}


@dataclass(frozen=True)
class People:
    """Who breathes: inhabitants, adults from 30 per inhabitant, their deaths, children, value of a statistical life."""

    inhabitants: float
    adult_share: Ranged
    adult_deaths_per_1000: Ranged
    child_share: Ranged
    life_usd: Ranged


@dataclass(frozen=True)
class Breathed:
    """What traffic brings to people, by bound of what is known of it.

    Parameters
    ----------
    people
        At each point, shape (P,).
    ug_m3
        By bound, shape (P,).
    checked
        Whether its figures were read in an opened source.
    """

    people: Float
    ug_m3: Mapping[str, Float]
    checked: bool

    @classmethod
    def by_intake(cls, people: float, emitted_t: float, fraction: Ranged, breathing: float) -> Breathed:
        """Return the mean over the city of an emission a year."""
        mean = {b: np.array([exposure(emitted_t, fraction.at(b), breathing) / people]) for b in BOUNDS}
        return cls(np.array([people]), mean, fraction.checked)

    @classmethod
    def at_points(cls, people: Float, ug_m3: Float) -> Breathed:
        """Return concentrations at points, shape (P,), which have no range here."""
        return cls(people, dict.fromkeys(BOUNDS, ug_m3), checked=True)

    def exposure(self, bound: str = "value") -> float:
        """Return people times µg/m3."""
        return float(self.people @ self.ug_m3[bound])


def figure(name: str) -> Ranged:
    """Return a figure of ``health_figures.csv``."""
    return ranged(reference_table("health_figures.csv").row(by_predicate=pl.col("figure") == name, named=True))


def response(pollutant: str, effect: str, name: str = "any") -> LogLinear:
    """Return a packaged log-linear function."""
    table = reference_table("health_response.csv")
    row = table.row(
        by_predicate=(pl.col("pollutant") == pollutant)
        & (pl.col("effect") == effect)
        & pl.col("response").is_in(["any", name]),
        named=True,
    )
    return LogLinear(ranged(row), float(row["per_ug_m3"]))


def deaths_of(pollutant: str, name: str, level_ug_m3: float | None) -> LogLinear | Gemm:
    """Return the function of deaths: GEMM where it is asked for, else the log-linear one of this name."""
    if pollutant != "PM2.5" or name != "gemm":
        return response(pollutant, "deaths", name)
    assert level_ug_m3 is not None
    alpha, mu, nu, start = (figure(f"gemm_{k}").value for k in ("alpha", "mu", "nu", "from"))
    return Gemm(figure("gemm_theta"), alpha, mu, nu, start, level_ug_m3, figure("gemm_share"))


def cases(breathed: Breathed, function: LogLinear | Gemm, per_person: Ranged) -> Ranged:
    """Return cases a year: the share that is due to what is breathed, times people, times cases per person.

    Low and high take the low and high of each figure.
    """
    at = {b: float(breathed.people @ function.share(breathed.ug_m3[b], b)) * per_person.at(b) for b in BOUNDS}
    known = function.risk.checked if isinstance(function, LogLinear) else function.theta.checked
    return Ranged(at["value"], at["low"], at["high"], breathed.checked and known and per_person.checked)


def product(*figures: Ranged) -> Ranged:
    """Return the product of figures that are not negative, low with low and high with high."""
    value, low, high = (float(np.prod([f.at(b) for f in figures])) for b in BOUNDS)
    return Ranged(value, low, high, all(f.checked for f in figures))


Line = tuple[str, str, str, str, Ranged]
"""Route, pollutant, part, effect, amount."""


def breathed_lines(
    route: str, pollutant: str, part: str, breathed: Breathed, people: People, function: LogLinear | Gemm
) -> list[Line]:
    """Return deaths, years of life and their value, and cases where the pollutant has any."""
    per_person = product(people.adult_share, people.adult_deaths_per_1000).times(1.0 / THOUSAND)
    deaths = cases(breathed, function, per_person)
    named = (route, pollutant, part)
    out: list[Line] = [
        (*named, "deaths", deaths),
        (*named, "life_years", product(deaths, figure("life_years_per_death"))),
        (*named, "value", product(deaths, people.life_usd)),
    ]
    felt_as = "PM2.5" if part == SECONDARY else pollutant
    per = {
        "asthma_children": product(people.child_share, figure("asthma_per_1000_children")).times(1.0 / THOUSAND),
        "restricted_days": figure("restricted_days_per_person"),
    }
    known = reference_table("health_response.csv").filter(pollutant=felt_as)["effect"].to_list()
    out += [(*named, e, cases(breathed, response(felt_as, e), rate)) for e, rate in per.items() if e in known]
    return out


def cancer_line(route: str, breathed: Breathed, diesel_share: float) -> Line:
    """Return cancer cases a year of diesel particles: exposure times unit risk over a lifetime; deaths have no part.

    Parameters
    ----------
    route, breathed
        Of PM2.5.
    diesel_share
        Exhaust particles of diesels per PM2.5 emitted; both spread alike.
    """
    amount = {b: breathed.exposure(b) for b in BOUNDS}
    exposed = Ranged(amount["value"], amount["low"], amount["high"], breathed.checked)
    life = figure("lifetime").value
    return (
        route,
        "PM_diesel",
        APART,
        "cancer",
        product(exposed, figure("cancer_unit_risk")).times(diesel_share / life),
    )


def ozone_line(nox_t: float, people: People, breathing: float) -> Line:
    """Return deaths by ozone that NOx makes or takes away: a range whose sign is not known."""
    _, fraction = intake_fraction("PM2.5", people.inhabitants)
    per_person = product(people.adult_share, people.adult_deaths_per_1000).times(1.0 / THOUSAND)
    made, function = figure("ozone_per_nox"), response("O3", "deaths")
    base = exposure(nox_t, fraction.value, breathing) / people.inhabitants
    at = {
        b: people.inhabitants * float(function.share(np.array(base * made.at(b)), "high")) * per_person.value
        for b in BOUNDS
    }
    return ("intake_fraction", "NOx", APART, "ozone_deaths", Ranged(at["value"], at["low"], at["high"], checked=False))


def totals(lines: list[Line]) -> list[Line]:
    """Return deaths and years of life of primary and secondary particles together, and the value of all routes."""
    out: list[Line] = []
    for effect in ("deaths", "life_years", "value"):
        own = [amount for _, _, part, e, amount in lines if e == effect and part in ADDED]
        if own:
            value, low, high = (sum(a.at(b) for a in own) for b in BOUNDS)
            out.append(("all", "all", TOTAL, effect, Ranged(value, low, high, all(a.checked for a in own))))
    return out


def health_table(lines: Mapping[str, list[Line]]) -> pl.DataFrame:
    """Return ``tables/columns/health.csv``; what a scenario avoids is against the first one.

    Low and high of what is avoided take the same bound of every figure before and after.
    """
    first = {line[:4]: line[4] for line in next(iter(lines.values()))}
    rows = []
    for scenario, own in lines.items():
        for *key, amount in own:
            before = first[tuple(key)]  # type: ignore[index]  # as long as its keys
            low, high = sorted((before.low - amount.low, before.high - amount.high))
            told = "yes" if amount.checked else "no"
            avoided = (before.value - amount.value, low, high)
            rows.append((scenario, *key, UNITS[str(key[3])], amount.value, amount.low, amount.high, *avoided, told))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
