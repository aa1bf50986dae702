"""The page on areas: the same figures in English and Chinese."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.outputs.charts.charts import bars
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report import wording
from fleet_planner.pipeline.clipping.clipped import ANNUAL, agency_of
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.pipeline.clipping.clipped import Clipped
    from fleet_planner.pipeline.clipping.shares import AreaShares
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.tables import Language

MOST_BARS = 25


def clip_page(
    ready: Prepared, shares: AreaShares, found: Clipped, notes: Sequence[tuple[str, str]], language: Language
) -> str:
    """Return the page."""
    t, which = report_words(language), 1 if language == "zh" else 0
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    template = environment.from_string((assets / "areas.html.j2").read_text(encoding="utf-8"))
    city = ready.plan.city
    shown = [p for p in ready.plan.outputs.map_pollutants if p in found.totals["pollutant"].unique().to_list()]
    scenarios = [(s.name, (s.title_zh or s.title_en) if which else s.title_en) for s, _ in ready.computed.states]
    return template.render(
        language="zh-CN" if which else "en",
        t=t,
        city=(city.name_zh or city.name) if which else city.name,
        year=city.year,
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        areas=_areas(shares, found, shown, ready, t, language),
        chart=_chart(found, shown, t, language),
        scenarios=[{"title": title, **_scenario(found, name, shown, t, language)} for name, title in scenarios],
        agency=_agency(found, ready, t, language),
        notes=[note[which] for note in notes],
        apart=shares.apart,
    )


def _name(area: str, t: Mapping[str, str]) -> str:
    return t["area_rest"] if area == REST else area


REST = "(rest)"
"""In tables: what lies in no area."""


def _areas(
    shares: AreaShares, found: Clipped, shown: Sequence[str], ready: Prepared, t: Mapping[str, str], language: Language
) -> dict[str, Any]:
    """Return road length, vehicle-km and the baseline's shares of the city by area."""
    names = wording.pollutant_names(language)
    length = shares.share @ ready.network.links["length_km"].to_numpy()
    base = found.totals.filter(scenario=ready.computed.states[0][0].name)
    part = {(a, p): v for a, p, v in base.select("area", "pollutant", "share_of_city_pct").iter_rows()}
    head = [t["area_head"], t["area_length"], t["area_vkt"], *(f"{names[p]} (%)" for p in shown)]
    rows = [
        [
            _name(area, t),
            significant(float(km)),
            significant(float(vkt)),
            *(significant(part.get((area, p))) for p in shown),
        ]
        for area, km, vkt in zip(shares.names, length, found.km_per_day, strict=True)
    ]
    return {"head": head, "rows": rows}


def _chart(found: Clipped, shown: Sequence[str], t: Mapping[str, str], language: Language) -> dict[str, Any]:
    if not shown:
        return {"title": "", "svg": ""}
    first = found.totals["scenario"][0]
    own = found.totals.filter(scenario=first, pollutant=shown[0]).sort("value_per_year", descending=True)
    own = own.head(MOST_BARS)
    title = f"{wording.pollutant_names(language)[shown[0]]} ({own['unit'][0]})"
    labels = [_name(a, t) for a in own["area"]]
    return {"title": title, "svg": Markup(bars(title, labels, own["value_per_year"].to_list()))}  # noqa: S704  # own


def _scenario(
    found: Clipped, scenario: str, shown: Sequence[str], t: Mapping[str, str], language: Language
) -> dict[str, Any]:
    names = wording.pollutant_names(language)
    own = found.totals.filter(pl.col("scenario") == scenario, pl.col("pollutant").is_in(shown))
    units = dict(own.select("pollutant", "unit").iter_rows())
    value = {(a, p): v for a, p, v in own.select("area", "pollutant", "value_per_year").iter_rows()}
    head = [t["area_head"], *(f"{names[p]} ({units[p]})" for p in shown)]
    rows = [
        [_name(a, t), *(significant(value.get((a, p)), 4) for p in shown)]
        for a in own["area"].unique(maintain_order=True)
    ]
    return {"head": head, "rows": rows}


def _agency(found: Clipped, ready: Prepared, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return the baseline's classes of the agency by area: NOx, particles, CO2 of the average day or the year."""
    agency = agency_of(ready.plan.city.country)
    first = ready.computed.states[0][0].name
    own = found.agency.filter(pl.col("scenario") == first, pl.col("period") == ANNUAL)
    if own.is_empty():
        return {"head": [], "rows": [], "note": ""}
    names = wording.pollutant_names(language)
    shown = [p for p in ("NOx", "PM_exhaust", "NMVOC", "CO", "CO2") if p in own["pollutant"].to_list()]
    title = "title_zh" if language == "zh" else "title_en"
    keys = ["area", "code", title, "fuel", *(("standard",) if agency == "MEE" else ())]
    sums = own.group_by(*keys, "pollutant", maintain_order=True).agg(pl.col("value").sum())
    table = sums.pivot(on="pollutant", index=keys, values="value").sort(keys)
    words = [t["area_head"], t["area_class"], t["area_fuel"], *((t["area_standard"],) if agency == "MEE" else ())]
    rows = []
    for row in table.iter_rows(named=True):
        standard = [wording.standard_name(row["standard"], t)] if agency == "MEE" else []
        fuel = t.get(f"fuel_{row['fuel']}", row["fuel"].replace("_", " "))
        rows.append([_name(row["area"], t), row[title], fuel, *standard, *(significant(row.get(p)) for p in shown)])
    note = t[f"area_agency_{agency}"].format(unit=own["unit"][0])
    return {"head": [*words, *(names[p] for p in shown)], "rows": rows, "note": note, "words": len(words)}
