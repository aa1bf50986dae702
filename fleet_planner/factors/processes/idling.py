"""Idling beside the road: layovers, queues, long rests, power take-off, in grams per hour.

Stops in traffic are part of the mean speed and so of the published factors per km; what is here comes on top: the
engine of a parked vehicle. Three kinds: ``curb`` (low idle: bus terminals, port queues, deliveries), ``extended``
(raised idle of a resting truck with cab heating or cooling), ``pto`` (the engine drives the body: mixers, refuse
compactors). Figures in ``reference/idling.csv`` (per hour), ``idle_hours.csv`` (hours by stream) and
``idle_measures.csv`` (what measures do to the hours).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.ranges import three
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.factors.ranges import Bound

KINDS = ("curb", "extended", "pto")
WITHOUT_ENGINE = ("electricity", "hydrogen")
SAME_FUEL = {
    "biodiesel": "diesel",
    "diesel_hybrid": "diesel",
    "diesel_phev_on_fuel": "diesel",
    "petrol_hybrid": "petrol",
    "petrol_phev_on_fuel": "petrol",
    "lpg_bifuel_on_petrol": "petrol",
    "lpg": "petrol",
    "lng": "cng",
    "cng_bifuel_on_cng": "cng",
}
"""Fuels without figures of their own take those of another; for lpg and hybrids this is a stand-in."""

SAME_STANDARD = {"euro_7": "euro_6d"}
NEAR_FUEL = {"heavy_truck": "diesel", "bus": "diesel", "passenger_car": "petrol", "light_commercial": "petrol"}
"""Fuel whose rates stand in where neither the fuel nor its like has any."""

REMAINING = "remaining_"

Rates = dict[str, float]
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class IdleMeasure:
    """What a measure does to the idling of some kinds.

    Parameters
    ----------
    kinds
        Kinds of idling it acts on.
    hours_avoided
        Fraction of their hours without the engine, by bound.
    remaining
        By pollutant and bound: what a substitute (an auxiliary unit) emits in an avoided hour over what the engine
        would have; nothing for pollutants that are not in it.
    """

    kinds: tuple[str, ...]
    hours_avoided: Mapping[Bound, float]
    remaining: Mapping[str, Mapping[Bound, float]]


@cache
def load_idling() -> Mapping[Key, Mapping[str, Mapping[Bound, float]]]:
    """Return g/h (``energy_MJ``: MJ/h) by kind, category, fuel, standard; then by pollutant and bound."""
    out: dict[Key, dict[str, Mapping[Bound, float]]] = {}
    for row in reference_table("idling.csv").iter_rows(named=True):
        for standard in row["standards"].split("|"):
            key = (row["kind"], row["category"], row["fuel"], standard)
            out.setdefault(key, {})[row["pollutant"]] = three(row)
    return out


def idling_g_per_h(technology: Mapping[str, str], kind: str = "curb", *, bound: Bound = "value") -> Rates | None:
    """Return what one vehicle emits in an hour of idling.

    Parameters
    ----------
    technology
        Needs ``category, fuel, standard``.
    kind
        One of `KINDS`.
    bound
        End of the range of each figure.

    Returns
    -------
    Grams per hour by pollutant (``energy_MJ``: MJ per hour); empty for a vehicle without an engine, nothing where no
    figure is published or estimated (two-wheelers; power take-off of a bus).

    Raises
    ------
    InputError
        Unknown kind of idling.
    """
    if kind not in KINDS:
        raise InputError("no such kind of idling", f"Use one of {', '.join(KINDS)}.", value=kind)
    if technology["fuel"] in WITHOUT_ENGINE:
        return {}
    key = idling_key(technology, kind)
    if key is None:
        return None
    return {pollutant: figure[bound] for pollutant, figure in load_idling()[key].items()}


def idling_key(technology: Mapping[str, str], kind: str) -> Key | None:
    """Return the key of the rates that a technology takes; nothing where none are near.

    In order: its own fuel, the fuel of `SAME_FUEL`, diesel for heavy and petrol for light vehicles; Euro 7 takes the
    rates of Euro 6.
    """
    category, fuel = technology["category"], technology["fuel"]
    standard = SAME_STANDARD.get(technology["standard"], technology["standard"])
    for name in (fuel, SAME_FUEL.get(fuel, fuel), NEAR_FUEL.get(category, fuel)):
        key = (kind, category, name, standard)
        if key in load_idling():
            return key
    return None


def idling_stand_in(technology: Mapping[str, str]) -> str:
    """Return whose rates stand in for a technology, kind by kind; "" where all are its own or none are near."""
    if technology["fuel"] in WITHOUT_ENGINE:
        return ""
    used = {kind: idling_key(technology, kind) for kind in KINDS}
    own = (technology["fuel"], technology["standard"])
    other = [f"{kind} {key[2]} / {key[3]}" for kind, key in used.items() if key is not None and key[2:] != own]
    return ", ".join(other)


@cache
def load_idle_hours() -> Mapping[str, Mapping[str, Mapping[Bound, float]]]:
    """Return default hours per vehicle and day of the year by stream, kind and bound; all are own estimates."""
    out: dict[str, dict[str, Mapping[Bound, float]]] = {}
    for row in reference_table("idle_hours.csv").iter_rows(named=True):
        out.setdefault(row["stream"], {})[row["kind"]] = three(row)
    return out


@cache
def load_idle_measures() -> Mapping[str, IdleMeasure]:
    """Return the packaged anti-idling measures by name."""
    out: dict[str, IdleMeasure] = {}
    for (name,), rows in reference_table("idle_measures.csv").group_by(["measure"], maintain_order=True):
        avoided = rows.filter(pl.col("quantity") == "hours_avoided").row(0, named=True)
        rest = rows.filter(pl.col("quantity").str.starts_with(REMAINING)).iter_rows(named=True)
        out[str(name)] = IdleMeasure(
            kinds=tuple(avoided["kinds"].split("|")),
            hours_avoided=three(avoided),
            remaining={row["quantity"].removeprefix(REMAINING): three(row) for row in rest},
        )
    return out


def idle_measure(name: str) -> IdleMeasure:
    """Return the packaged measure ``name``.

    Raises
    ------
    InputError
        There is none; the message has the nearest names.
    """
    measures = load_idle_measures()
    if name not in measures:
        near = difflib.get_close_matches(name, measures, n=3) or sorted(measures)
        raise InputError("no such measure against idling", f"Did you mean {', '.join(near)}?", value=name)
    return measures[name]


def hours_factor(
    measures: Sequence[str], kind: str, pollutant: str, *, uptake: float = 1.0, bound: Bound = "value"
) -> float:
    """Return what multiplies the idling of a kind: hours that remain, and what substitutes emit in the others.

    Measures act one after the other on what is left: ``product of (1 - uptake x avoided x (1 - remaining))``, so
    their order does not matter. A pollutant that the substitute has no figure for counts as gone.

    Parameters
    ----------
    measures
        Names of packaged measures.
    kind, pollutant
        Of the idling.
    uptake
        Fraction of the vehicles that have them, 0..1.

    Raises
    ------
    InputError
        Unknown measure, or an uptake that is no fraction.
    """
    if not 0.0 <= uptake <= 1.0:
        raise InputError("uptake is not a fraction", "Give a number from 0 to 1.", value=uptake)
    factor = 1.0
    for name in measures:
        measure = idle_measure(name)
        if kind in measure.kinds:
            left = measure.remaining.get(pollutant, {}).get(bound, 0.0)
            factor *= 1.0 - uptake * measure.hours_avoided[bound] * (1.0 - left)
    return factor
