"""Draws of what the emissions do: health and its value, net benefits, what reaches receptors far away.

Each line of a table is its emission times coefficients; the emission is drawn, and the coefficients between the low and
the high of the line: a triangle with the run's value as its mode. Sources that differ on a receptor are held both: the
band of the coefficient alone contains them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.economics.effectiveness import weights
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.pipeline.drawing.bands import Figure
from fleet_planner.uncertainty.inputs import holding, holding_any_sign
from fleet_planner.uncertainty.sampling import cube_apart, sampler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.pipeline.drawing.emitted import Emitted
    from fleet_planner.pipeline.drawing.exposed import Breathed
    from fleet_planner.plan.uncertainty import UncertaintySection
    from fleet_planner.uncertainty.inputs import Input, Spreads
    from fleet_planner.uncertainty.sampling import Sampler

Array = NDArray[np.float64]
VALUATION, CARBON = "valuation", "valuation:carbon"
ADDED = ("primary", "secondary", "damage")
HEALTH, AVOIDED, RECEPTOR = "health", "health_avoided", "receptor"
CUBE_APART = 2
DIESEL_PM = "PM_diesel"
NEAR_ROADS = "concentration"
"""Route of health that goes by what is breathed near roads."""


@dataclass(frozen=True)
class Coefficients:
    """Multipliers of coefficients by name, shape (draws,) each; ``sources`` are the distributions they come from."""

    names: Mapping[str, int]
    values: Array
    sources: frozenset[str] = frozenset()

    def of(self, name: str) -> Array:
        """Return the multipliers of one coefficient."""
        return self.values[:, self.names[name]]


@dataclass(frozen=True)
class CoefficientSampler:
    """Makes the coefficients of a run at points of a cube."""

    inputs: tuple[Input, ...]
    sampler: Sampler

    def at(self, points: Array) -> Coefficients:
        """Return the coefficients at points, shape (draws, dimensions)."""
        names = {one.name: i for i, one in enumerate(self.inputs)}
        return Coefficients(names, self.sampler.values(points), frozenset(one.source for one in self.inputs))


def coefficients(
    meaning: Mapping[str, pl.DataFrame], spreads: Spreads, section: UncertaintySection, carbon: tuple[float, float]
) -> Coefficients:
    """Draw the coefficients of the tables of a run, see `coefficient_sampler`."""
    makes = coefficient_sampler(meaning, spreads, section, carbon)
    return makes.at(cube_apart(section.draws, makes.sampler.dimensions, section.method, section.seed, CUBE_APART))


def coefficient_sampler(
    meaning: Mapping[str, pl.DataFrame], spreads: Spreads, section: UncertaintySection, carbon: tuple[float, float]
) -> CoefficientSampler:
    """Return what draws the coefficients of the tables of a run, each between low and high as multiples of its value.

    What the plan gives of a coefficient goes before that.
    """
    made = {CARBON: _made(spreads, CARBON, *carbon)}
    for row in _lines(meaning.get("health", pl.DataFrame())):
        if row["value"] > 0.0 and _line(row) not in made:
            made[_line(row)] = _made(spreads, _line(row), row["low"] / row["value"], row["high"] / row["value"])
    for row in _far(meaning):
        name = _receptor(row)
        if row["value"] > 0.0 and name not in made:
            low, high = row["low"] / row["value"], row["high"] / row["value"]
            one = _made(spreads, name, low, high)
            if not spreads.of(VALUATION, name.partition(":")[2]).own and one.low < one.high:
                held = (
                    holding([low, high], section.level) if low > 0.0 else holding_any_sign([low, high], section.level)
                )
                one = replace(one, distribution="lognormal" if low > 0.0 else "normal", low=held[0], high=held[1])
            made[name] = one
    inputs = tuple(made.values())
    return CoefficientSampler(inputs, sampler(inputs, ()))


def _made(spreads: Spreads, name: str, low: float, high: float) -> Input:
    """Return a coefficient; one without a range of its own or of the plan stays as the run has it."""
    return spreads.make(VALUATION, name.partition(":")[2], *((low, high) if low < high else (1.0, 1.0)))


def harm_figures(
    meaning: Mapping[str, pl.DataFrame],
    known: Coefficients,
    emissions: Emitted,
    year: int,
    air: Breathed | None = None,
) -> list[Figure]:
    """Return health, what of it is avoided and what reaches receptors, in all draws.

    Health that goes by concentrations near roads is drawn with them, where ``air`` has their draws.
    """
    health = _health(meaning, known, emissions, year, air)
    return [
        *health,
        *_receptors(meaning, known, emissions, year),
    ]


def _lines(health: pl.DataFrame) -> list[dict[str, Any]]:
    return [] if health.is_empty() else health.filter(pl.col("part").is_in(ADDED)).to_dicts()


def _far(meaning: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    table = meaning.get("receptors", pl.DataFrame())
    return [] if table.is_empty() else table.filter(pl.col("pollutant") != "all").to_dicts()


def _line(row: Mapping[str, Any]) -> str:
    return f"{VALUATION}:{row['route']}/{row['pollutant']}/{row['part']}/{row['effect']}"


def _receptor(row: Mapping[str, Any]) -> str:
    return f"{VALUATION}:{row['receptor']}/{row['pollutant']}/{row['unit']}"


def emitted_ratio(emissions: Emitted, scenario: str, year: int, pollutant: str) -> Array:
    """Return what a state emits of a pollutant or sum over the run's, in all draws.

    Particles of diesels move as those of all exhausts.
    """
    weight = sum_weights(pollutant)
    central = float(emissions.central[scenario, year] @ weight)
    draws: Array = emissions.totals[scenario, year] @ weight
    return draws / central if central > 0.0 else np.ones(draws.shape)


def sum_weights(pollutant: str) -> Array:
    """Return the weights of all pollutants in a sum, shape (P,)."""
    summed = {"PM_exhaust": 1.0} if pollutant == DIESEL_PM else weights().get(pollutant, {pollutant: 1.0})
    return np.array([summed.get(p, 0.0) for p in POLLUTANTS])


def baseline_harm(
    meaning: Mapping[str, pl.DataFrame], known: Coefficients, emissions: Emitted, year: int, air: Breathed | None
) -> dict[str, Array]:
    """Return the harm to health of the baseline by pollutant in all draws, US dollars of 2024 a year.

    Of several lines of a pollutant the last counts, as where the benefits of later years are told.
    """
    first = next(iter(emissions.totals))[0]
    rows = [r for r in _lines(meaning.get("health", pl.DataFrame())) if r["effect"] == "value"]
    return {r["pollutant"]: _drawn_line(r, known, emissions, year, air) for r in rows if r["scenario"] == first}


def _drawn_line(
    row: Mapping[str, Any], known: Coefficients, emissions: Emitted, year: int, air: Breathed | None
) -> Array:
    drawn: Array = row["value"] * _moved(row, emissions, year, air)
    return drawn * known.of(_line(row)) if _line(row) in known.names else drawn


def _moved(row: Mapping[str, Any], emissions: Emitted, year: int, air: Breathed | None) -> Array:
    """Return what is breathed over the run's in all draws: near roads where the line goes by it, or as is emitted."""
    near = None if air is None or row["route"] != NEAR_ROADS else air.ratio(row["scenario"], row["pollutant"])
    return emitted_ratio(emissions, row["scenario"], year, row["pollutant"]) if near is None else near


def _health(
    meaning: Mapping[str, pl.DataFrame], known: Coefficients, emissions: Emitted, year: int, air: Breathed | None
) -> list[Figure]:
    caused: dict[tuple[str, str], Array] = {}
    central: dict[tuple[str, str], float] = {}
    units: dict[str, str] = {}
    for row in _lines(meaning.get("health", pl.DataFrame())):
        key = (row["scenario"], row["effect"])
        units[row["effect"]] = row["unit"]
        drawn = _drawn_line(row, known, emissions, year, air)
        caused[key] = caused.get(key, np.zeros(drawn.shape)) + drawn
        central[key] = central.get(key, 0.0) + row["value"]
    out = []
    first = next(iter(caused), ("", ""))[0]
    for (scenario, effect), draws in caused.items():
        value = central[scenario, effect]
        out.append(Figure(HEALTH, scenario, year, "", effect, units[effect], value, draws))
        if scenario != first:
            base, before = caused[first, effect], central[first, effect]
            out.append(Figure(AVOIDED, scenario, year, "", effect, units[effect], before - value, base - draws))
    return out


def _receptors(meaning: Mapping[str, pl.DataFrame], known: Coefficients, emissions: Emitted, year: int) -> list[Figure]:
    out = []
    for row in _far(meaning):
        draws = row["value"] * emitted_ratio(emissions, row["scenario"], year, row["pollutant"])
        if _receptor(row) in known.names:
            draws = draws * known.of(_receptor(row))
        what = (row["scenario"], year, row["pollutant"], row["receptor"], row["unit"], row["value"])
        out.append(Figure(RECEPTOR, *what, draws))
    return out
