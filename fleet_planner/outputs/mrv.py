"""The statement for measuring, reporting and verifying: boundary, activity, factors, uncertainty, quality, hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.outputs.document import Block, Grid, Heading, Items, Paragraph, as_markdown, as_page
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report import wording
from fleet_planner.outputs.report.finding_parts import finding_words
from fleet_planner.outputs.report.told import told_rows
from fleet_planner.outputs.report.vocabulary import in_words
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language

NAMES: dict[Language, str] = {"en": "mrv", "zh": "mrv.zh"}
"""Of the files, without their ending."""
SCHEME = "IPCC"
GASES = ("CO2", "CO2_biogenic", "CH4", "N2O")
KINDS = ("warning", "failed", "assumption", "info")


def write_statements(results: Results, bands: pl.DataFrame, folder: Path) -> None:
    """Write the statement in both languages, as Markdown and as a page that prints.

    There is no date in it, so that a second run writes the same.
    """
    for language, name in NAMES.items():
        blocks = statement(results, bands, language)
        (folder / f"{name}.md").write_text(as_markdown(blocks), encoding="utf-8")
        (folder / f"{name}.html").write_text(as_page(blocks, language), encoding="utf-8")


def statement(results: Results, bands: pl.DataFrame, language: Language) -> list[Block]:
    """Return the statement."""
    t = report_words(language)
    city = results.plan.city
    name = (city.name_zh or city.name) if language == "zh" else city.name
    return [
        Heading(1, f"{t['mrv_title']}{t['colon']}{name} {city.year}"),
        *_boundary(results, t, language),
        *_totals(results, t, language),
        *_uncertainty(bands, t, language),
        *_activity(results, t, language),
        *_factors(results, t, language),
        *_quality(results, t, language),
        *_inputs(results, t),
        *_signed(t),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1, code: tuple[int, ...] = ()) -> Grid:
    return Grid(tuple(head), tuple(tuple(row) for row in rows), words, code)


def _boundary(results: Results, t: dict[str, str], language: Language) -> list[Block]:
    links = results.network.links
    streams = wording.stream_names(language)
    comma = "、" if language == "zh" else ", "
    local = [s for s in results.activity.streams if not s.startswith("visiting_")]
    processes = results.scenarios[0].inventory.by_process["process"].unique().sort().to_list()
    text = t["mrv_boundary_text"].format(
        year=results.plan.city.year,
        links=f"{links.height:,}",
        km=significant(float(links["length_km"].sum())),
        streams=comma.join(streams.get(s.partition("/")[0], s) for s in dict.fromkeys(local)),
        processes=comma.join(t.get(f"process_{p}", p.replace("_", " ")) for p in processes),
    )
    machines = t["mrv_machines_in"] if results.nonroad is not None else t["mrv_machines_out"]
    return [Heading(2, t["mrv_boundary"]), *(Paragraph(p) for p in (text, machines, t["mrv_outside"]))]


def _activity(results: Results, t: dict[str, str], language: Language) -> list[Block]:
    streams = wording.stream_names(language)
    vehicles = results.fleet.vehicles
    count = dict(vehicles.group_by("stream", maintain_order=True).agg(pl.col("count").sum()).iter_rows())
    km = results.activity.km.sum(axis=1)
    rows = []
    for stream, value in zip(results.activity.streams, km.tolist(), strict=True):
        number = count.get(stream)
        rows.append(
            [
                _stream(stream, streams, t),
                "–" if number is None else f"{number:,.0f}",
                significant(value * 365.25 / 1e6, 4),
            ]
        )
    rejected = results.fleet.rejected
    told = t["mrv_activity_text"].format(
        rows=f"{vehicles.filter(~pl.col('visiting')).height:,}",
        rejected=f"{rejected.select('file', 'row').unique().height if rejected.height else 0:,}",
        method=t[_method(results)],
    )
    return [
        Heading(2, t["mrv_activity"]),
        Paragraph(told),
        _table([t["mrv_stream"], t["mrv_vehicles"], t["mrv_vkt"]], rows),
    ]


def _method(results: Results) -> str:
    """Return the key of the sentence on how traffic came onto the roads; counts may scale an assignment."""
    scaled = results.activity.method == "counts" and results.activity.assigned is not None
    return "traffic_counts_assigned" if scaled else f"traffic_{results.activity.method}"


def _stream(stream: str, titles: Mapping[str, str], t: dict[str, str]) -> str:
    """Return the title of a stream or of a part of one, such as that of ``visiting_car/west``."""
    whole, _, part = stream.partition("/")
    own = whole.removeprefix("visiting_")
    title = titles.get(own, own.replace("_", " "))
    title = title if own == whole else t["visiting_stream"].format(stream=title)
    return f"{title} ({part})" if part else title


def _factors(results: Results, t: dict[str, str], language: Language) -> list[Block]:
    told = t["mrv_factors_text"].format(set=in_words(results.plan.factors.hot, language))
    rows = [
        [r["item"], r["source"], r["year"], _checked(r["checked"], t), r["licence"]]
        for r in told_rows(results.sources.to_dicts(), language)
    ]
    head = [t["mrv_item"], t["mrv_source"], t["mrv_year"], t["mrv_checked"], t["mrv_licence"]]
    return [
        Heading(2, t["mrv_factors"]),
        Paragraph(f"{told} {t['original_language']}".strip()),
        _table(head, rows, len(head)),
    ]


def _checked(value: str, t: dict[str, str]) -> str:
    """Return ``yes``, ``no`` or ``3 of 7 rows`` in words."""
    if " of " not in value:
        return t.get(value, value)
    some, whole = value.removesuffix(" rows").split(" of ")
    return t["checked_rows"].format(n=some, all=whole)


def _totals(results: Results, t: dict[str, str], language: Language) -> list[Block]:
    """Return greenhouse gases by code of the IPCC, all scenarios, and their sums as the summary has them."""
    titles = frames.titles(results, language)
    names = wording.pollutant_names(language)
    parts: list[Block] = [Heading(2, t["mrv_totals"]), Paragraph(t["mrv_totals_text"])]
    whole = {(s, p): v for s, p, v in results.summary.select("scenario", "pollutant", "value_per_year").iter_rows()}
    if results.by_sector.is_empty():
        return []
    table = results.by_sector.filter(pl.col("scheme") == SCHEME, pl.col("pollutant").is_in(GASES))
    for scenario in dict.fromkeys(s.fleet.name for s in results.scenarios):
        own = table.filter(scenario=scenario)
        value = {(c, p): v for c, p, v in own.select("code", "pollutant", "value_per_year").iter_rows()}
        rows = [
            [code, t.get(f"sector_{code}", title), *(significant(value.get((code, g), 0.0), 5) for g in GASES)]
            for code, title in own.select("code", "title").unique(maintain_order=True).iter_rows()
            if any(value.get((code, g)) for g in GASES)
        ]
        rows.append([t["mrv_sum"], "", *(significant(whole.get((scenario, g), 0.0), 5) for g in GASES)])
        head = [t["mrv_code"], t["mrv_sector"], *(f"{names[g]} (t)" for g in GASES)]
        parts += [Heading(3, titles[scenario]), _table(head, rows, 2)]
    return parts


def _uncertainty(bands: pl.DataFrame, t: dict[str, str], language: Language) -> list[Block]:
    names = wording.pollutant_names(language)
    rows = [
        [
            names[r["pollutant"]],
            r["unit"],
            significant(r["value_per_year"], 4),
            significant(r["low_per_year"]),
            significant(r["high_per_year"]),
            r["ratings"],
        ]
        for r in bands.iter_rows(named=True)
    ]
    heads = ("mrv_pollutant", "mrv_unit", "mrv_value", "mrv_low", "mrv_high", "mrv_ratings")
    return [
        Heading(2, t["mrv_uncertainty"]),
        Paragraph(t["mrv_uncertainty_text"]),
        _table([t[h] for h in heads], rows, 2),
    ]


def _quality(results: Results, t: dict[str, str], language: Language) -> list[Block]:
    out: list[Block] = [Heading(2, t["mrv_quality"])]
    titles = {s.title_en: frames.titles(results, language)[s.name] for s in (r.fleet for r in results.scenarios)}
    worst = max(max(s.inventory.closure.values()) for s in results.scenarios)
    counted = {kind: [f for f in results.findings if f.kind == kind] for kind in KINDS}
    defaults = results.assumptions.filter(pl.col("checked") == "default").height
    unchecked = results.assumptions.filter(pl.col("checked") == "no").height
    told = t["mrv_quality_text"].format(
        closure=f"{worst:.0e}",
        warnings=len(counted["warning"]) + len(counted["failed"]),
        assumptions=len(counted["assumption"]),
        defaults=defaults,
        unchecked=unchecked,
        bridged=results.bridged.height,
    )
    out.append(Paragraph(told))
    for kind in KINDS:
        if counted[kind]:
            lines = tuple((finding_words(f, titles, language), f.code) for f in counted[kind])
            out += [Heading(3, t[f"mrv_kind_{kind}"]), Items(lines)]
    return out


def _inputs(results: Results, t: dict[str, str]) -> list[Block]:
    rows = [[_role(f.role, t), f.path, f.sha256, f"{f.bytes:,}"] for f in results.inputs]
    head = [t["mrv_role"], t["mrv_file"], "SHA-256", t["mrv_bytes"]]
    return [Heading(2, t["mrv_inputs"]), _table(head, rows, 3, code=(1, 2)), Paragraph(t["mrv_verify"])]


def _signed(t: dict[str, str]) -> list[Block]:
    """Return the lines that are filled in by hand: who answers for the statement and who verified it."""
    head = [t[f"mrv_sign_{key}"] for key in ("role", "name", "date", "signature")]
    rows = [[t[f"mrv_sign_{who}"], "", "", ""] for who in ("reporter", "verifier")]
    return [Heading(2, t["mrv_sign"]), _table(head, rows, 4)]


def _role(role: str, t: dict[str, str]) -> str:
    return t.get(f"role_{role.replace(' ', '_')}", role)
