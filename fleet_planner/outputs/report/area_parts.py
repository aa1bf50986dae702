"""Areas and agencies' classes as tables: the same figures in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fleet_planner.outputs.charts.charts import bars
from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.report import wording
from fleet_planner.outputs.report.headings import heads
from fleet_planner.tables.load import heading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.tables import Language

    Data = Mapping[str, Any]
    Words = Mapping[str, str]

MOST_BARS, MOST_ROWS = 25, 300
PERIODS = ("annual_average_day", "summer_day")
RANKED = "NOx"


def areas_parts(given: Data | None, t: Words, names: Words, language: Language, scale: float = 1.0) -> dict[str, Any]:
    """Return the tables on areas; nothing without areas.

    Parameters
    ----------
    given
        From `areas_data`.
    t, names, language
        Words, titles of the scenarios by name (the baseline first), language.
    scale
        What a tonne a year is in the page's unit, whose name is ``rate`` of the words.
    """
    if not given:
        return {}
    return {
        "note": " ".join([t["area_intro_machines" if given["machines"] else "area_intro"], t[_together(given)]]),
        "shares": _shares(given, t, names, language),
        "chart": _chart(given, t, names, language, scale),
        "scenarios": [
            {"title": title, **_scenario(given, name, t, names, language, scale)} for name, title in names.items()
        ],
        "agency": agency_parts(given["agency"], t, language, by_area=True),
    }


def _together(given: Data) -> str:
    return "area_apart" if given["apart"] else "area_overlap"


def _area(name: str, t: Words) -> str:
    return name or t["area_rest"]


def _shares(given: Data, t: Words, names: Words, language: Language) -> dict[str, Any]:
    """Return road length, vehicle-km and the baseline's shares of the city by area."""
    titles = wording.pollutant_names(language)
    first, shown = next(iter(names)), given["shown"]
    part = {(r["area"], r["pollutant"]): r["share_of_city_pct"] for r in given["totals"] if r["scenario"] == first}
    rows = [
        [
            _area(row["area"], t),
            significant(row["length_km"]),
            significant(row["vkt_per_day"]),
            *(_percent(part.get((row["area"], p))) for p in shown),
        ]
        for row in given["areas"]
    ]
    return {
        "head": [*heads(t, "areas", "area", "length_km|km", "vkt_per_day|per_day"), *(titles[p] for p in shown)],
        "rows": rows,
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else percent(value).lstrip("+")


def _unit(unit: str, t: Words) -> str:
    return t["rate"] if unit == "t" else f"{unit} {t['area_per_year']}"


def _values(given: Data, scenario: str, scale: float) -> tuple[dict[tuple[str, str], float], dict[str, str]]:
    """Return yearly values by area and pollutant in the page's unit, and the unit of each pollutant."""
    rows = [r for r in given["totals"] if r["scenario"] == scenario]
    value = {(r["area"], r["pollutant"]): r["value_per_year"] * (scale if r["unit"] == "t" else 1.0) for r in rows}
    return value, {r["pollutant"]: r["unit"] for r in rows}


def _chart(given: Data, t: Words, names: Words, language: Language, scale: float) -> dict[str, Any]:
    """Return the baseline's first pollutant by area, the areas that emit most."""
    if not given["shown"]:
        return {"title": "", "svg": ""}
    first = given["shown"][0]
    value, units = _values(given, next(iter(names)), scale)
    own = sorted(((v, a) for (a, p), v in value.items() if p == first), key=lambda row: -row[0])[:MOST_BARS]
    title = f"{wording.pollutant_names(language)[first]} ({_unit(units[first], t)})"
    return {"title": title, "svg": Markup(bars(title, [_area(a, t) for _, a in own], [v for v, _ in own]))}  # noqa: S704  # own


def _scenario(given: Data, scenario: str, t: Words, names: Words, language: Language, scale: float) -> dict[str, Any]:
    """Return yearly emissions by area, with the change of each against the baseline.

    ``unit`` is that of all columns, where they have one in common.
    """
    titles = wording.pollutant_names(language)
    value, units = _values(given, scenario, scale)
    before, _ = _values(given, next(iter(names)), scale)
    ends = _ends(given, scenario, scale)
    every = {units[p] for p in given["shown"]}
    common = _unit(every.pop(), t) if len(every) == 1 else ""
    told = [titles[p] if common else f"{titles[p]} ({_unit(units[p], t)})" for p in given["shown"]]
    rows = []
    for area in [row["area"] for row in given["areas"]]:
        cells = [
            _cell(value.get((area, p)), before.get((area, p)), base=value == before) + ends.get((area, p), "")
            for p in given["shown"]
        ]
        rows.append([_area(area, t), *cells])
    return {"head": [heading(t, "area_totals", "area"), *told], "rows": rows, "unit": common}


def _ends(given: Data, scenario: str, scale: float) -> dict[tuple[str, str], str]:
    """Return the band of the draws by area and pollutant, to stand behind a figure; none without draws."""
    out = {}
    for row in given["totals"]:
        if row["scenario"] == scenario and row.get("low_per_year") is not None:
            factor = scale if row["unit"] == "t" else 1.0
            low, high = (significant(factor * row[k]) for k in ("low_per_year", "high_per_year"))
            out[row["area"], row["pollutant"]] = f" [{low}–{high}]"
    return out


def _cell(value: float | None, before: float | None, *, base: bool) -> str:
    """Return a figure, in other scenarios with what it changes."""
    if value is None or base or not before:
        return significant(value)
    return f"{significant(value)} ({percent(100.0 * (value / before - 1.0))})"


def agency_parts(rows: Sequence[Data], t: Words, language: Language, *, by_area: bool = False) -> list[dict[str, Any]]:
    """Return a table of the agency's classes for each period: the average day of the year, and of the summer.

    Parameters
    ----------
    rows
        From `agency_data`.
    t, language
        Words, language.
    by_area
        Whether the rows are of areas; else of the whole city.
    """
    out = []
    for period in PERIODS:
        own = [r for r in rows if r["period"] == period]
        if not own:
            continue
        chosen = sorted(own, key=lambda r: -(r["values"].get(RANKED) or 0.0))[:MOST_ROWS]
        out.append(
            _agency_table([r for r in own if r in chosen], period, t, language, by_area=by_area, all_rows=len(own))
        )
    return out


def _agency_table(
    rows: Sequence[Data], period: str, t: Words, language: Language, *, by_area: bool, all_rows: int
) -> dict[str, Any]:
    titles = wording.pollutant_names(language)
    agency, unit = rows[0]["agency"], rows[0]["unit"]
    with_standard = any(r["standard"] for r in rows)
    pollutants = list(rows[0]["values"])
    head = [heading(t, "area_agency", "area")] if by_area else []
    head += [t["area_class"], t["area_fuel"], *([t["area_standard"]] if with_standard else [])]
    cells = []
    for row in rows:
        words = [_area(row["area"], t)] if by_area else []
        words += [row["title_zh" if language == "zh" else "title_en"], wording.fuel_name(row["fuel"], t)]
        words += [wording.standard_name(row["standard"], t)] if with_standard else []
        cells.append([*words, *(significant(row["values"][p]) for p in pollutants)])
    file = "area_agency.csv" if by_area else "by_agency.csv"
    note = t[f"area_agency_{agency}"].format(unit=t[f"area_unit_{unit.replace('/', '_per_')}"], file=file)
    if len(rows) < all_rows:
        note += " " + t["area_most"].format(rows=len(rows), all=all_rows)
    return {
        "title": t[f"area_{period}"] if agency == "CARB" else t["area_per_year_title"],
        "note": note,
        "head": [*head, *(titles[p] for p in pollutants)],
        "rows": cells,
        "words": len(head),
    }
