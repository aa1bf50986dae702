"""What one combination of a form's words means: vehicles of our categories, or why there are none."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.fleet.dates import REGION_FALLBACK
from fleet_planner.fleet.forms.model import CHINA, Word, plain_word, words
from fleet_planner.reference import reference_table
from fleet_planner.reference.standard_words import GROUP_OF
from fleet_planner.reference.technology_map import load_technology_map

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = ("type", "detail", "make", "fuel", "technology", "year", "standard")
STAGES = ("I", "II", "III", "IV", "V", "VI")
OF_STEP = dict(zip(("国一", "国二", "国三", "国四", "国五", "国六"), STAGES, strict=True))
YEARS_BEFORE = 4
"""Vehicles from before the first step are taken to be so many years older than it."""

MANY = "*"


@dataclass(frozen=True)
class Refused:
    """Why a row of a form is left out; ``scope``: it never was a vehicle of ours."""

    role: str
    reason: str
    remedy: str
    scope: bool = False


@dataclass(frozen=True)
class Piece:
    """A part of the vehicles of a row in our own words; text as a registry has it, "" where its usual rules hold."""

    share: float
    category: str
    fuel: str
    segment: str
    gross_mass_kg: str
    model_year: str
    standard: str
    stream: str
    km_per_year: str
    rule: str


@cache
def _parts(form: str) -> dict[tuple[str, str], list[dict[str, object]]]:
    out: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in reference_table("registry_parts.csv").iter_rows(named=True):
        if row["form"] == form:
            out.setdefault((row["class"], row["fuel"]), []).append(row)
    return out


@cache
def _years(form: str) -> dict[str, list[tuple[int, float]]]:
    out: dict[str, list[tuple[int, float]]] = {}
    for row in reference_table("registry_years.csv").iter_rows(named=True):
        if row["form"] == form:
            out.setdefault(plain_word(row["word"]), []).append((row["model_year"], row["share"]))
    return out


def pieces_of(form: str, key: Mapping[str, str], country: str, year: int) -> list[Piece] | Refused:
    """Return the vehicles that a combination of words means.

    Parameters
    ----------
    form
        Not ``native``.
    key
        Text by `KEYS`; "" where there is none.
    country, year
        Of the plan: its steps of standards date vehicles whose form tells no year.
    """
    kind, fuel_in_type = _split_fuel(form, key["type"], key["fuel"])
    name = _class(form, kind, key)
    if isinstance(name, Refused):
        return name
    fuel = _fuel(form, fuel_in_type or key["fuel"], key["technology"], name)
    if isinstance(fuel, Refused):
        return fuel
    table = _parts(form)
    parts = table.get((name, fuel)) or table.get((name, MANY))
    if not parts:
        return Refused("fuel", f"the form's table has no {name} on {fuel}", "Check the row.")
    out: list[Piece] = []
    for part in parts:
        dated = _dated(form, key, str(part["category"]), country, year)
        if isinstance(dated, Refused):
            return dated
        for model_year, share, standard, how in dated:
            one = len(parts) == 1
            mass, km = part["gross_mass_kg"], part["km_per_year"]
            rule = f"{form} {name}" + ("" if one else f"/{part['part']}:default") + how
            rule += "" if km is None else "; km of the class:default"
            out.append(
                Piece(
                    share=float(str(part["share"])) * share,
                    category=str(part["category"]),
                    fuel=fuel,
                    segment=str(part["segment"] or ""),
                    gross_mass_kg="" if mass is None else str(mass),
                    model_year=model_year,
                    standard=standard,
                    stream=str(part["stream"]),
                    km_per_year="" if km is None else str(km),
                    rule=rule,
                )
            )
    return out


def _split_fuel(form: str, kind: str, fuel: str) -> tuple[str, str]:
    """Return a Chinese type without the fuel in its name, and that fuel (``重型柴油货车``)."""
    if form != CHINA or fuel or plain_word(kind) in words(form, "type"):
        return kind, ""
    plain = plain_word(kind)
    for word in sorted(words(form, "fuel"), key=len, reverse=True):
        rest = plain.replace(word, "", 1)
        if word in plain and rest in words(form, "type"):
            return rest, word
    return kind, ""


def _class(form: str, kind: str, key: Mapping[str, str]) -> str | Refused:
    found = _of_detail(words(form, "type"), plain_word(kind), key["detail"])
    if found is None:
        return _unknown("type", kind, form)
    if found.out:
        return Refused("type", found.out, "It is no vehicle of this inventory.", scope=True)
    for made in words(form, "make").get(plain_word(key["make"]), ()):
        if made.detail == found.value:
            return made.value
    return found.value


def _of_detail(table: Mapping[str, tuple[Word, ...]], word: str, detail: str) -> Word | None:
    """Return the entry of a word, the one with the row's detail first; words of the table may end in stars."""
    entries = table.get(word)
    if entries is None:
        fits = [known for known in table if MANY in known and fnmatchcase(word, known)]
        if not fits:
            return None
        entries = table[max(fits, key=len)]
    exact = next((e for e in entries if e.detail and _within(detail, e.detail)), None)
    return exact or next((e for e in entries if not e.detail), None)


def _within(detail: str, wanted: str) -> bool:
    low, dots, high = wanted.partition("..")
    try:
        value = float(detail)
    except ValueError:
        return plain_word(detail) == plain_word(wanted)
    return float(low) <= value <= float(high) if dots else value == float(wanted)


def _fuel(form: str, fuel: str, technology: str, name: str) -> str | Refused:
    for role, word in (("technology", technology), ("fuel", fuel)):
        entries = words(form, role).get(plain_word(word), ())
        if entries and entries[0].out:
            return Refused(role, entries[0].out, "Give a fuel that has factors, or leave the row out (fleet.keep).")
        if entries:
            return entries[0].value
    if not fuel and (usual := words(form, "default_fuel").get(plain_word(name))):
        return usual[0].value
    return _unknown("fuel", fuel, form)


def _unknown(role: str, found: str, form: str) -> Refused:
    if not found:
        return Refused(role, "a value is needed", "Fill it in.")
    known = [e.word for entries in words(form, role).values() for e in entries]
    near = difflib.get_close_matches(plain_word(found), known, n=3) or known[:8]
    return Refused(role, f"this word is unknown in the form {form}", f"Use one of {', '.join(dict.fromkeys(near))}.")


def _dated(
    form: str, key: Mapping[str, str], category: str, country: str, year: int
) -> list[tuple[str, float, str, str]] | Refused:
    """Return model year, share, standard and how they were found."""
    if form == CHINA:
        return _of_step(key["standard"], category, country, year)
    text = key["year"]
    if spread := _years(form).get(plain_word(text)):
        return [(str(y), share, "", f"; year:{text}:default") for y, share in spread]
    return [(text, 1.0, "", "")]  # a wrong year is told by the check of the registry's cells


def _of_step(text: str, category: str, country: str, year: int) -> list[tuple[str, float, str, str]] | Refused:
    """Return the middle year of the sales of a Chinese step."""
    found = words(CHINA, "standard").get(plain_word(text))
    if not found:
        return _unknown("standard", text, CHINA)
    step = found[0].value
    begins = stage_years(country, category)
    if not begins:
        return Refused("standard", f"no steps of Chinese standards are known for {category}", "Leave the row out.")
    if step == "before":
        first = min(begins.values())
        return [(str(first - YEARS_BEFORE), 1.0, "", "; year:before the first step:default")]
    stage = OF_STEP[step.rstrip("ab")]
    if stage not in begins:
        return Refused("standard", f"{step} has no date for {category} in {country}", "Check the step.")
    later = [y for s, y in begins.items() if STAGES.index(s) > STAGES.index(stage)]
    end = min(min(later, default=year + 1) - 1, year)
    middle = (begins[stage] + max(end, begins[stage])) // 2
    return [(str(min(middle, year + 1)), 1.0, step, f"; year:middle of {step}:default")]


@cache
def stage_years(country: str, category: str) -> dict[str, int]:
    """Return the first model year of each Chinese stage for a category; those of the nation outside China."""
    group = GROUP_OF.get(category, "")
    table = load_technology_map()
    for region in (country, REGION_FALLBACK.get(country, ""), "CN"):
        rows = [e for e in table if e.region == region and e.group == group and e.guide_stage in STAGES]
        if rows and region.startswith("CN"):
            out: dict[str, int] = {}
            for entry in rows:
                out[entry.guide_stage] = min(entry.from_year, out.get(entry.guide_stage, entry.from_year))
            return out
    return {}
