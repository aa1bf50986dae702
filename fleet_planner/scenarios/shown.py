"""Measures as a user looks them up: one line each, or all that is known of one, in English or Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import InputError, use_one_of
from fleet_planner.factors.processes.idling import load_idle_measures
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.catalogue import AGAINST_IDLING, PACKAGE, REPLACEMENT, SLOTS, measures_table, slots_of
from fleet_planner.scenarios.standards import NEWER_STANDARD
from fleet_planner.tables import measure_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

LISTED = ("NOx", "PM_exhaust", "CO2")
UNCHECKED = "*"
CATEGORIES = ("heavy_truck", "bus", "light_commercial", "passenger_car")


def measures_listed(language: Language, kind: str = "", category: str = "") -> pl.DataFrame:
    """Return one row per measure: what it is, for which vehicles, its main effects and its price.

    Parameters
    ----------
    language
        Of titles and words.
    kind, category
        Only these; "" for all.

    Raises
    ------
    InputError
        No measure is of the kind, or for the category.
    """
    words = measure_words(language)
    rows = [_line(rows, words, language) for rows in _by_measure().values()]
    rows += [_other(name, kind, title, words) for name, (kind, title, _) in _others(words, language).items()]
    for key, asked in (("kind", kind), ("category", category)):
        kept = [r for r in rows if not asked or asked in r[f"_{key}"]]
        if not kept:
            known = {word for r in rows for word in r[f"_{key}"]}
            raise InputError("no measure fits", use_one_of(asked, known), column=key, value=asked)
        rows = kept
    return pl.DataFrame([{k: v for k, v in r.items() if not k.startswith("_")} for r in rows])


def _by_measure() -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for row in measures_table().iter_rows(named=True):
        out.setdefault(row["measure_id"], []).append(row)
    return out


def _line(rows: list[dict[str, Any]], words: Mapping[str, str], language: Language) -> dict[str, Any]:
    first = rows[0]
    checked = {r["checked"] for r in rows} | {first["cost_checked"]}
    categories = first["categories"].split("|")
    effects = {p: next((_effect(r) for r in rows if r["pollutant"] == p), "") for p in LISTED}
    return {
        "_kind": [first["kind"]],
        "_category": categories,
        "measure": first["measure_id"],
        "title": first[f"title_{language}"],
        "kind": words[f"kind_{first['kind']}"],
        "for": ", ".join(words[f"category_{c}"] for c in categories),
        **effects,
        "price": _price(first, words),
        "life": f"{first['life_years']:g}",
        "checked": words["part" if len(checked) > 1 else checked.pop()],
    }


def _others(words: Mapping[str, str], language: Language) -> dict[str, tuple[str, str, str]]:
    """Return kind, title and note of the measures that have no percentages, by name."""
    out = {NEWER_STANDARD: ("standard", words[NEWER_STANDARD], words["newer_standard_note"])}
    for name in load_idle_measures():
        out[name] = (AGAINST_IDLING, words[f"idle_{name}"], words["idling_note"])
    for row in reference_table("operation_measures.csv").iter_rows(named=True):
        name = row["measure_id"]
        out[name] = ("operation", row[f"title_{language}"], words["operation_note"].format(kind=name))
    return out


def _other(name: str, kind: str, title: str, words: Mapping[str, str]) -> dict[str, Any]:
    return {
        "_kind": [kind],
        "_category": list(CATEGORIES),
        "measure": name,
        "title": title,
        "kind": words[f"kind_{kind}"],
        "for": words["all"],
        **dict.fromkeys((*LISTED, "price", "life"), ""),
        "checked": words["no"],
    }


def _effect(row: dict[str, Any]) -> str:
    if row["change_pct"] is None:
        return ""
    return _number(row["change_pct"]) + ("" if row["checked"] == "yes" else UNCHECKED)


def _price(first: dict[str, Any], words: Mapping[str, str]) -> str:
    if first["kind"] == PACKAGE:
        return words["by_parts_cost"]
    mark = "" if first["cost_checked"] == "yes" else UNCHECKED
    return f"{first['capex'] or 0.0:,.0f} {first['currency']} {first['cost_year']}{mark}"


def measure_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a measure of the table.

    Raises
    ------
    InputError
        There is none; the message has the nearest names.
    """
    rows = _by_measure().get(name)
    if rows is None:
        known = [*_by_measure(), *_others(measure_words("en"), "en")]
        remedy = f"{use_one_of(name, known)} `fleet-planner measures list` shows them all."
        raise InputError("unknown measure", remedy, column="measure", value=name)
    return rows


def measure_shown(name: str, language: Language) -> tuple[list[str], pl.DataFrame, list[str]]:
    """Return what is known of a measure: lines, the table of its effects, its sources.

    Raises
    ------
    InputError
        There is no such measure.
    """
    words = measure_words(language)
    if (other := _others(words, language).get(name)) is not None:
        kind, title, note = other
        return [f"{name}: {title} ({words[f'kind_{kind}']})", f"  {note}"], pl.DataFrame(), []
    rows = measure_rows(name)
    first = rows[0]
    lines = [f"{name}: {first[f'title_{language}']} ({words['kind_' + first['kind']]})"]
    lines += [f"  {words[key]}: {text}" for key, text in _facts(first, words, language) if text]
    effects = pl.DataFrame(
        [
            {
                words["pollutant"]: r["pollutant"],
                words["engine"]: words[f"engine_{r['effect_on']}"],
                words["low"]: _number(r["low"]),
                words["central"]: _number(r["change_pct"]),
                words["high"]: _number(r["high"]),
                words["how"]: words[f"how_{r['modelled']}"],
                words["checked"]: words[r["checked"]],
                words["year"]: str(r["year"]),
            }
            for r in rows
            if r["pollutant"]
        ]
    )
    sources = list(dict.fromkeys(f"{r['pollutant']}: {r['source']}" for r in rows if r["pollutant"]))
    return lines, effects, sources


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:+g}" if value else "0"


def _facts(first: dict[str, Any], words: Mapping[str, str], language: Language) -> list[tuple[str, str]]:
    """Return what a measure fits, needs, brings and costs, by the key of the heading."""
    fits = [
        f"{words['categories']} {_listed(first['categories'], words)}",
        f"{words['streams']} {_listed(first['streams'], words)}",
        f"{words['fuels']} {_listed(first['fuels'], words)}",
        f"{words['standards']} {_listed(first['standards'], words)}",
    ]
    if first["not_with"]:
        fits.append(f"{words['not_with']} {_listed(first['not_with'], words)}")
    needs = [first[f"constraint_{language}"]]
    if first["max_sulphur_ppm"] is not None:
        needs.insert(0, words["max_sulphur"].format(ppm=f"{first['max_sulphur_ppm']:g}"))
    brings = first["device"]
    if first["to_sulphur_ppm"] is not None:
        brings = words["to_sulphur"].format(ppm=f"{first['to_sulphur_ppm']:g}")
    became = " / ".join(filter(None, (first["to_fuel"], first["to_segment"], first["to_standard"])))
    others = [
        row["measure_id"]
        for row in measures_table().iter_rows(named=True)
        if row["alternative_of"] == first["measure_id"]
    ]
    level, slots = first["verified_level"], slots_of(measures_table(), first["measure_id"])
    return [
        ("fits", "; ".join(fits)),
        ("needs", "; ".join(needs)),
        ("becomes", became if first["kind"] == REPLACEMENT else ""),
        ("brings", brings),
        ("verified", "" if level is None else str(level)),
        ("slot", ", ".join(words[f"slot_{slot}"] for slot in SLOTS if slot in slots)),
        ("parts", "; ".join(_titled(part, language) for part in filter(None, first["parts"].split("|")))),
        ("alternative_of", first["alternative_of"]),
        ("alternatives", ", ".join(others)),
        ("cost", _cost(first, words)),
    ]


def _titled(measure: str, language: Language) -> str:
    return f"{measure} ({measure_rows(measure)[0][f'title_{language}']})"


def _listed(texts: str, words: Mapping[str, str]) -> str:
    return words["any"] if texts in ("", "any") else texts.replace("|", ", ")


def _cost(first: dict[str, Any], words: Mapping[str, str]) -> str:
    if first["kind"] == PACKAGE:
        return words["by_parts_cost"]
    capex = f"{first['capex'] or 0.0:,.0f}"
    parts = [
        words["capex"].format(capex=capex, currency=first["currency"], year=first["cost_year"]),
        words["opex"].format(opex=f"{first['opex_per_year'] or 0.0:,.0f}"),
        words["fuel_penalty"].format(penalty=f"{first['fuel_penalty_pct'] or 0.0:+g}"),
        words["lasts"].format(years=f"{first['life_years']:g}"),
    ]
    if first["kind"] in {"fuel", "sulphur"}:
        parts.append(words["premium"])
    parts.append(f"{words['checked']}: {words[first['cost_checked']]}")
    return "; ".join(parts)
