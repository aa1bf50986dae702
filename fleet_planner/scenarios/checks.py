"""What a scenario may not ask of its measures: each message names the plan's key and the remedy."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import PlanError
from fleet_planner.scenarios.catalogue import REPLACEMENT, SLOTS, SULPHUR, slots_of
from fleet_planner.scenarios.phase import uptake_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import Scenario, ScenarioMeasure

Entry = tuple["ScenarioMeasure", dict[str, Any]]
"""What the plan says of a measure, and its first row of the table."""

ROUNDING = 1e-9
EVERY = "any"
WORDS = ("categories", "fuels", "standards", "streams")


def check_measures(fleet: Fleet, scenario: Scenario, measures: pl.DataFrame, sulphur_ppm: float) -> None:
    """Refuse what cannot be done.

    Raises
    ------
    PlanError
        A measure is named for streams or standards of which none can take it, two that exclude each other are named
        for the same vehicles beyond all of them, cleaner diesel is not cleaner, or a device does not stand the diesel.
    """
    entries = [(m, _first(measures, m)) for m in scenario.measure]
    packaged = [(wanted, first) for wanted, first in entries if first]
    for wanted, first in packaged:
        _check_fit(fleet, wanted, first, scenario)
        _check_sulphur(first, sulphur_ppm, cleanest_ppm(scenario, measures, sulphur_ppm), scenario)
    places = [slots_of(measures, wanted.measure) for wanted, _ in packaged]
    for slot in SLOTS:
        there = [entry for entry, taken in zip(packaged, places, strict=True) if slot in taken]
        for number in range(2, len(there) + 1):
            for some in combinations(there, number):
                _check_exclusive(some, slot, scenario)


def cleanest_ppm(scenario: Scenario, measures: pl.DataFrame, sulphur_ppm: float) -> float:
    """Return the sulphur of the cleanest diesel that a scenario has."""
    named = pl.col("measure_id").is_in([m.measure for m in scenario.measure])
    brought = measures.filter(named & (pl.col("kind") == SULPHUR))["to_sulphur_ppm"].to_list()
    return float(min([sulphur_ppm, *brought]))


def _first(measures: pl.DataFrame, wanted: ScenarioMeasure) -> dict[str, Any]:
    rows = measures.filter(pl.col("measure_id") == wanted.measure)
    return rows.row(0, named=True) if rows.height else {}


def _check_fit(fleet: Fleet, wanted: ScenarioMeasure, first: dict[str, Any], scenario: Scenario) -> None:
    """Refuse streams and standards of which none can take the measure."""
    place = f"measure {wanted.measure} of scenario {scenario.name}"
    allowed = first["standards"].split("|")
    if wanted.standards and not set(wanted.standards) & set(allowed):
        raise PlanError(
            f"{place} does not fit any of the standards that the plan names",
            f"It fits {', '.join(allowed)}: name one of these, or leave standards out.",
            column="scenario.measure.standards",
            value=", ".join(wanted.standards),
        )
    categories = first["categories"].split("|")
    there = fleet.vehicles.filter(pl.col("stream").is_in(wanted.streams))["category"].unique().sort().to_list()
    if there and not set(there) & set(categories):
        raise PlanError(
            f"{place} cannot be fitted to vehicles of these streams: they are of category {', '.join(there)}, and it "
            f"is for {', '.join(categories)}",
            "Name streams of such vehicles, or leave streams out.",
            column="scenario.measure.streams",
            value=", ".join(wanted.streams),
        )


def _check_sulphur(first: dict[str, Any], sulphur_ppm: float, cleanest: float, scenario: Scenario) -> None:
    """Refuse a device that does not stand the diesel, and cleaner diesel that is not."""
    name, limit, after = first["measure_id"], first["max_sulphur_ppm"], first["to_sulphur_ppm"]
    if first["kind"] == SULPHUR and sulphur_ppm <= after:
        raise PlanError(
            f"measure {name} of scenario {scenario.name} brings diesel of {after:g} ppm sulphur, and the city's has no "
            "more than that already",
            "Leave the measure out, or correct city.diesel_sulphur_ppm.",
            column="city.diesel_sulphur_ppm",
            value=sulphur_ppm,
        )
    if limit is None or cleanest <= limit:
        return
    clean = "ulsd_10" if limit < 50.0 else "ulsd_10 or ulsd_50"
    raise PlanError(
        f"measure {name} of scenario {scenario.name} needs diesel of at most {limit:g} ppm sulphur: more would poison "
        "the device",
        f"Bring cleaner diesel in the same scenario (measure {clean}), or correct city.diesel_sulphur_ppm.",
        column="city.diesel_sulphur_ppm",
        value=sulphur_ppm,
    )


def _check_exclusive(some: Sequence[Entry], slot: str, scenario: Scenario) -> None:
    """Refuse measures of one place on a vehicle that the plan wants on more than all vehicles that each is for."""
    wanted = [entry for entry, _ in some]
    all_are_for = [_meet(_words(entry, first, key) for entry, first in some) for key in WORDS]
    if any(words is not None and not words for words in all_are_for):
        return
    years = {int(y) for m in wanted for y in m.uptake_by_year} or {0}
    asked = max(sum(uptake_of(m, year) for m in wanted) for year in years)
    if asked <= 1.0 + ROUNDING:
        return
    said = [", ".join(sorted(words or {f"all {key}"})) for key, words in zip(WORDS, all_are_for, strict=True)]
    standards, streams = said[WORDS.index("standards")], said[WORDS.index("streams")]
    names = " and ".join(m.measure for m in wanted)
    what = "new vehicle" if slot == REPLACEMENT else f"measure on its {slot}"
    raise PlanError(
        f"measures {names} of scenario {scenario.name} exclude each other (one {what} each), and the plan wants them "
        f"on {100.0 * asked:g} % of the same vehicles: {streams}; {standards}",
        "Keep them apart by streams or standards, or lower uptake so that all together are at most 1.",
        column="scenario.measure.uptake",
        value=", ".join(f"{m.measure} {m.final_uptake:g}" for m in wanted),
    )


def _words(wanted: ScenarioMeasure, first: dict[str, Any], key: str) -> set[str] | None:
    """Return the words that a measure is for under a key; None for any."""
    packaged = None if first[key] in ("", EVERY) else set(first[key].split("|"))
    given = {"streams": wanted.streams, "standards": wanted.standards}.get(key)
    if not given:
        return packaged
    return set(given) if key == "streams" or packaged is None else set(given) & packaged


def _meet(given: Iterable[set[str] | None]) -> set[str] | None:
    """Return the words that all have; None where all have any."""
    named = [words for words in given if words is not None]
    return set.intersection(*named) if named else None
