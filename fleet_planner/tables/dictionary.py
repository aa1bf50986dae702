"""The data dictionary of what is written: which table stands in which place, and what each of its columns holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.tables.load import columns, folder, pollutants, report_words, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_planner.tables.load import ColumnSpec, PollutantSpec

DAY_UNIT = {"g": "kg", "MJ": "mj", "kWh": "kwh", "1e12": "1e12"}
"""Unit of daily totals in column names, by the unit of the inventory."""
PER_KM_UNIT = {"g": "g", "MJ": "mj", "kWh": "kwh", "1e12": "1e12"}
"""Unit of daily totals per km in column names, by the unit of the inventory."""
SHOWN = {"mj": "MJ", "kwh": "kWh"}
"""Units of column names as they are shown."""
SUMS = {"pm2_5": "PM2.5", "pm10": "PM10", "pm": "PM"}
"""Stems of columns of the air that are sums of reported quantities."""
EVERY = "all"
"""In place of a command: every command writes it."""
INPUT = "plan"
"""In place of a command: a file that a key of the plan names."""
Titles = tuple[str, str]
"""A title in English and in Chinese."""


@dataclass(frozen=True)
class TableEntry:
    """A table of the dictionary: where it stands (``command:file`` or ``plan:key``) and its title."""

    table: str
    places: tuple[str, ...]
    title_en: str
    title_zh: str

    def written(self) -> bool:
        """Return whether a command writes the table."""
        return any(not p.startswith((f"{INPUT}:", "internal:")) for p in self.places)


@dataclass(frozen=True)
class Column:
    """One column as a file has it, its patterns filled in."""

    column: str
    type: str
    unit: str
    title_en: str
    title_zh: str
    description_en: str
    description_zh: str

    @property
    def alias(self) -> str:
        """Title in English with the unit, as GIS programs show it."""
        return f"{self.title_en} ({self.unit})" if self.unit else self.title_en

    @property
    def comment(self) -> str:
        """Description in English with the unit."""
        return f"{self.description_en} [{self.unit}]" if self.unit else self.description_en


@cache
def tables() -> tuple[TableEntry, ...]:
    """Return every table of the dictionary, sorted by name."""
    return tuple(
        TableEntry(row["table"], tuple(p for p in row["places"].split("|") if p), row["title_en"], row["title_zh"])
        for row in rows(folder() / "tables.csv")
    )


def translated(description: str) -> str:
    """Return a description in Chinese, or "" where it was not translated."""
    return _translations().get(description, "")


@cache
def _translations() -> Mapping[str, str]:
    return {row["en"]: row["zh"] for row in rows(folder() / "descriptions_zh.csv")}


def table_of(command: str, place: str) -> str | None:
    """Return the table that a place of a command's folder follows, or nothing.

    Parameters
    ----------
    command
        Such as ``run`` or ``buses simulate``.
    place
        ``summary.csv``, or ``city.gpkg/links`` for a layer or table of a GeoPackage. A table of a GeoPackage that is
        not listed follows the table of its name where some command writes that.
    """
    layer = place.rpartition("/")[2]
    by_name = None
    for entry in tables():
        if any(_fits(p, f"{command}:{place}") or p == f"{EVERY}:{place}" for p in entry.places):
            return entry.table
        if ".gpkg/" in place and (f"{EVERY}:{layer}" in entry.places or (entry.table == layer and entry.written())):
            by_name = entry.table
    return by_name


def _fits(listed: str, place: str) -> bool:
    """Return whether a place is the listed one, in which ``{scenario}`` and the like stand for any word."""
    if "{" not in listed:
        return listed == place
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", r"\\w+", re.escape(listed)), place) is not None


def described(table: str, names: Iterable[str], scenarios: Mapping[str, Titles]) -> dict[str, Column]:
    """Return what is known of each named column; columns that are not of the table are left out.

    Parameters
    ----------
    table
        Name in the dictionary. Its patterns are ``{pollutant}_kg_per_day_{scenario}`` and the like,
        ``price_usd_per_t_{form}`` of carbon markets and ``{option}`` of a mix.
    names
        Columns of a file.
    scenarios
        Titles of scenarios (or options) by the name that columns end with; others are shown as they are.
    """
    specs = columns(table)
    plain = {s.column: s for s in specs if "{" not in s.column}
    patterns = [s for s in specs if "{" in s.column]
    out: dict[str, Column] = {}
    for name in names:
        if name in plain:
            out[name] = _column(name, plain[name])
            continue
        found = (made for spec in patterns if (made := _filled(spec, name, scenarios)) is not None)
        if (first := next(found, None)) is not None:
            out[name] = first
    return out


def _column(
    name: str,
    spec: ColumnSpec,
    *,
    unit: str | None = None,
    titles: Titles | None = None,
    about: PollutantSpec | None = None,
) -> Column:
    """Return a column; ``about`` adds what the quantity is to the description."""
    title_en, title_zh = titles or (spec.title_en, spec.title_zh)
    chinese = translated(spec.description)
    english = spec.description
    if about is not None:
        english = f"{english}: {about.description}"
        more = translated(about.description)
        chinese = f"{chinese}：{more}" if chinese and more else chinese
    return Column(name, spec.type, spec.unit if unit is None else unit, title_en, title_zh, english, chinese)


def _filled(spec: ColumnSpec, name: str, scenarios: Mapping[str, Titles]) -> Column | None:
    """Return the column that a pattern makes of ``name``, or nothing where it does not fit."""
    if "{form}" in spec.column:
        return _of_form(spec, name, scenarios)
    if "{option}" in spec.column:
        return _column(name, spec, titles=scenarios.get(name, (name, name)))
    head, _, tail = spec.column.partition("}_")
    word, _, rest = tail.partition("_")
    assert head == "{pollutant", spec.column
    ending = rest.removesuffix("_{scenario}")
    shape = re.escape(f"_{ending}") + (r"_(?P<scenario>\w+)" if rest.endswith("{scenario}") else "")
    match = re.fullmatch(rf"(?P<stem>\w+?){shape}", name)
    if match is None:
        return None
    found = _stems(word).get(match["stem"])
    if found is None:
        return None
    quantity, unit_word = found
    scenario = match.groupdict().get("scenario")
    english, chinese = (quantity, quantity) if isinstance(quantity, str) else (quantity.title_en, quantity.title_zh)
    if scenario is not None:
        title = scenarios.get(scenario, (scenario, scenario))
        english, chinese = f"{english}, {title[0]}", f"{chinese}，{title[1]}"
    if spec.allowed == "change":
        english, chinese = f"{english}, {spec.title_en}", f"{chinese}，{spec.title_zh}"
    about = None if isinstance(quantity, str) else quantity
    unit = re.sub(rf"^{word}\b", SHOWN.get(unit_word, unit_word), spec.unit) if unit_word != word else spec.unit
    return _column(name, spec, unit=unit, titles=(english, chinese), about=about)


def _of_form(spec: ColumnSpec, name: str, scenarios: Mapping[str, Titles]) -> Column | None:
    before = spec.column.removesuffix("{form}")
    form = name.removeprefix(before)
    if form == name:
        return None
    key = f"market_form_{form}"
    words = (report_words("en").get(key, form), report_words("zh").get(key, form))
    english, chinese = scenarios.get(form, words)
    return _column(name, spec, titles=(f"{spec.title_en}, {english}", f"{spec.title_zh}，{chinese}"))


@cache
def _stems(word: str) -> Mapping[str, tuple[PollutantSpec | str, str]]:
    """Return quantity and unit word by the stem of a column, such as ``nox_kg`` or ``energy_mj``."""
    units = {"kg": DAY_UNIT, "g": PER_KM_UNIT}.get(word)
    out: dict[str, tuple[PollutantSpec | str, str]] = {}
    for spec in pollutants():
        unit = units[spec.unit] if units else word
        out[stem(spec, unit)] = (spec, unit)
    for column, title in SUMS.items():
        out.setdefault(f"{column}_{word}", (title, word))
    return out


def stem(spec: PollutantSpec, unit: str) -> str:
    """Return ``nox_kg``; a name that ends with its unit, such as ``energy_mj``, does not get it twice."""
    return spec.column if spec.column.endswith(f"_{unit}") else f"{spec.column}_{unit}"
