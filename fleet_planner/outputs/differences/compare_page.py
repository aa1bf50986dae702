"""The page on a comparison: the same figures in English and Chinese."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fleet_planner.outputs.charts.waterfall import waterfall
from fleet_planner.outputs.differences.change_map import MOST, drawn_changes, map_pollutants, tops
from fleet_planner.outputs.layers.frames import specs
from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.outputs.record import sha256
from fleet_planner.outputs.report import wording
from fleet_planner.tables.dictionary import DAY_UNIT, PER_KM_UNIT, SHOWN
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.outputs.differences.compare import Compared, Pair
    from fleet_planner.tables import Language

STEPS = 7
"""Causes that are drawn one by one; smaller ones are one step."""
NEGLIGIBLE = 1e-9


def compare_page(found: Compared, language: Language) -> str:
    """Return the page."""
    t = report_words(language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    assets = files("fleet_planner.outputs") / "assets"
    template = environment.from_string((assets / "compare.html.j2").read_text(encoding="utf-8"))
    which = 1 if language == "zh" else 0
    city = found.pairs[0].first.kept.content["plan"]["city"]
    return template.render(
        language="zh-CN" if language == "zh" else "en",
        t=t,
        city=(city["name_zh"] or city["name"]) if language == "zh" else city["name"],
        css=Markup((assets / "report.css").read_text(encoding="utf-8")),  # noqa: S704  # packaged
        first=found.pairs[0].first.titles[which],
        lead=[line for pair in found.pairs for line in _lead(found, pair, t, language)],
        pairs=[_pair(found, pair, t, language) for pair in found.pairs],
        method=t[f"cmp_causes_{found.method}"],
        notes=[note[which] for note in found.notes],
        sources=_sources(found, t, which),
    )


def _lead(found: Compared, pair: Pair, t: Mapping[str, str], language: Language) -> list[str]:
    """Return one sentence for each pollutant of the map."""
    names = wording.pollutant_names(language)
    second = pair.second.titles[1 if language == "zh" else 0]
    out = []
    for pollutant in map_pollutants(found):
        row = pair.differences.row(by_predicate=pl.col("pollutant") == pollutant, named=True)
        steps = _steps(pair, pollutant, t, language)
        said = {"second": second, "pollutant": names[pollutant]}
        if not steps or abs(row["difference_per_year"]) <= NEGLIGIBLE * abs(row["first_per_year"]):
            out.append(t["cmp_lead_none"].format(**said))
            continue
        cause, part = max(steps, key=lambda s: abs(s[1]))
        figures = {
            "change": _signed(row["difference_per_year"]),
            "unit": row["unit"],
            "percent": percent(row["change_pct"]),
            "part": _signed(part),
        }
        out.append(t["cmp_lead"].format(cause=cause, **said, **figures))
    return out


def _pair(found: Compared, pair: Pair, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    which = 1 if language == "zh" else 0
    names = wording.pollutant_names(language)
    shown = map_pollutants(found)
    drawn, note = "", ""
    if found.roads is not None and pair.changes is not None and shown:
        unit = _per_km_unit(shown[0])
        note = t["cmp_map_note"].format(pollutant=names[shown[0]], unit=unit, count=f"{MOST:,}")
        drawn = drawn_changes(pair, found.roads, shown[0], note, unit)
    return {
        "name": pair.name,
        "title": pair.second.titles[which],
        "charts": [_chart(pair, p, t, language) for p in shown if _steps(pair, p, t, language)],
        "totals": _totals(pair, names, t),
        "streams": _streams(pair, shown, names, t, language),
        "map": Markup(drawn),  # noqa: S704  # our own drawing
        "map_note": note,
        "streets": _streets(found, pair, shown, names, t),
    }


def _chart(pair: Pair, pollutant: str, t: Mapping[str, str], language: Language) -> dict[str, Any]:
    row = pair.differences.row(by_predicate=pl.col("pollutant") == pollutant, named=True)
    title = f"{wording.pollutant_names(language)[pollutant]} ({row['unit']})"
    first, last = (t["cmp_first"], row["first_per_year"]), (t["cmp_second"], row["second_per_year"])
    steps = _steps(pair, pollutant, t, language)
    return {"title": title, "svg": Markup(waterfall(title, first, steps, last))}  # noqa: S704  # our own drawing


def _steps(pair: Pair, pollutant: str, t: Mapping[str, str], language: Language) -> list[tuple[str, float]]:
    """Return the causes in words with what each changes; measures by name; the smallest ones together."""
    measures = wording.measure_names(language)
    keys = ["cause", "measure"]
    own = pair.causes.filter(pollutant=pollutant).group_by(keys, maintain_order=True)
    rows = [(_cause(c, m, t, measures), float(v)) for c, m, v in own.agg(pl.col("change_per_year").sum()).iter_rows()]
    ranked = sorted(rows, key=lambda r: -abs(r[1]))
    rest = ranked[STEPS:]
    kept = [r for r in rows if r not in rest]
    return [*kept, (t["cmp_other_causes"], sum(v for _, v in rest))] if rest else kept


def _cause(cause: str, measure: str, t: Mapping[str, str], measures: Mapping[str, str]) -> str:
    if cause != "measures":
        return t[f"cmp_cause_{cause}"]
    if not measure:
        return t["cmp_cause_operation"]
    return " + ".join(measures.get(m.partition("@")[0], m) for m in measure.split(" + "))


def _totals(pair: Pair, names: Mapping[str, str], t: Mapping[str, str]) -> dict[str, Any]:
    heads = ("cmp_pollutant", "cmp_first", "cmp_second", "cmp_difference", "cmp_unit", "cmp_percent")
    rows = [
        [
            names[r["pollutant"]],
            significant(r["first_per_year"], 4),
            significant(r["second_per_year"], 4),
            _signed(r["difference_per_year"]),
            r["unit"],
            percent(r["change_pct"]),
        ]
        for r in pair.differences.iter_rows(named=True)
    ]
    return {"head": [t[h] for h in heads], "rows": rows}


def _streams(
    pair: Pair, shown: Sequence[str], names: Mapping[str, str], t: Mapping[str, str], language: Language
) -> dict[str, Any]:
    """Return what changes by stream, the map's pollutants side by side."""
    titles = wording.stream_names(language)
    units = dict(pair.differences.select("pollutant", "unit").iter_rows())
    sums = pair.classes.group_by("stream", "pollutant", maintain_order=True).agg(pl.col("difference_per_year").sum())
    found = {(s, p): v for s, p, v in sums.iter_rows()}
    head = [t["cmp_stream"], *(f"{names[p]} ({units[p]})" for p in shown)]
    rows = [
        [wording_of(s, titles), *(_signed(found.get((s, p), 0.0)) for p in shown)]
        for s in sums["stream"].unique(maintain_order=True)
        if any(found.get((s, p), 0.0) != 0.0 for p in shown)
    ]
    return {"head": head, "rows": rows}


def wording_of(stream: str, titles: Mapping[str, str]) -> str:
    """Return a stream's title; one without keeps its name."""
    return titles.get(stream, stream.replace("_", " "))


def _streets(
    found: Compared, pair: Pair, shown: Sequence[str], names: Mapping[str, str], t: Mapping[str, str]
) -> dict[str, Any]:
    if found.roads is None or not shown:
        return {"head": [], "rows": []}
    rows = tops(pair, found.roads, shown[0])
    head = [t["cmp_street"], t["cmp_class"], f"{names[shown[0]]} ({_day_unit(shown[0])})"]
    told = [[r["name"], wording.class_name(r["road_class"], t), _signed(r["change"])] for r in rows]
    return {"head": head, "rows": told}


def _sources(found: Compared, t: Mapping[str, str], which: int) -> dict[str, Any]:
    sides = [found.pairs[0].first, *(p.second for p in found.pairs)]
    rows = [[s.titles[which], s.kept.folder.resolve().name, sha256(s.kept.path)] for s in sides]
    return {"head": [t["cmp_second"], t["cmp_run"], t["cmp_hash"]], "rows": rows}


def _day_unit(pollutant: str) -> str:
    unit = DAY_UNIT[specs()[pollutant].unit]
    return f"{SHOWN.get(unit, unit)}/day"


def _per_km_unit(pollutant: str) -> str:
    unit = PER_KM_UNIT[specs()[pollutant].unit]
    return f"{SHOWN.get(unit, unit)}/km/day"


def _signed(value: float) -> str:
    told = significant(value)
    return f"+{told}" if value > 0.0 else told
