"""The page of a sweep: its figures task by task, what failed, and where it was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.outputs.document import Block, Grid, Heading, Paragraph, as_page
from fleet_planner.outputs.numbers import percent, significant
from fleet_planner.tables import pollutants
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

SHOWN = ("NOx", "PM_exhaust", "CO2")
MOST_ROWS = 200
"""A page with more rows is no longer read; the table has all."""


def sweep_page(results: pl.DataFrame, tasks: pl.DataFrame, name: str, language: Language) -> str:
    """Return the page.

    Parameters
    ----------
    results, tasks
        As in ``sweep_results`` and ``sweep_tasks``.
    name
        Of the sweep's file.
    language
        ``en`` or ``zh``.
    """
    t = report_words(language)
    failed = tasks.filter(pl.col("state") != "done")
    cpus = tasks["cpu"].unique().drop_nulls().sort()
    number = {"tasks": f"{tasks.height:,}", "done": f"{tasks.height - failed.height:,}", "failed": f"{failed.height:,}"}
    blocks: list[Block] = [
        Heading(1, f"{t['sweep_title']}{t['colon']}{name}"),
        Paragraph(t["sweep_summary"].format(**number)),
    ]
    if failed.height:
        rows = [(r["plan"], r["scenario"], r["altered"], str(r["tries"]), r["error"]) for r in failed.to_dicts()]
        head = tuple(t[f"sweep_{key}"] for key in ("plan", "scenario", "altered", "tries", "error"))
        blocks += [Heading(2, t["sweep_failures"]), Grid(head, tuple(rows), words=5, code=(2,))]
    blocks += [Heading(2, t["sweep_figures"]), *_figures(results, t, language)]
    told = t["sweep_one_cpu"] if cpus.len() == 1 else t["sweep_cpus"]
    blocks += [
        Heading(2, t["sweep_where"]),
        Paragraph(told.format(cpus=", ".join(cpus), workers=tasks["worker"].n_unique(), seconds=_seconds(tasks))),
    ]
    return as_page(blocks, language)


def _seconds(tasks: pl.DataFrame) -> str:
    return significant(float(tasks["seconds"].sum()), 3)


def _figures(results: pl.DataFrame, t: Mapping[str, str], language: Language) -> list[Block]:
    """Return a table with a row per task, scenario and year; with bands where there are any."""
    specs = {p.pollutant: p for p in pollutants()}
    titles = {name: specs[name].title_zh if language == "zh" else specs[name].title_en for name in SHOWN}
    banded = results["low_per_year"].null_count() < results.height
    rows = []
    for (_, scenario, year), group in results.group_by("task", "scenario", "year", maintain_order=True):
        of = {row["pollutant"]: row for row in group.iter_rows(named=True)}
        first = group.row(0, named=True)
        shown = t["baseline"] if scenario == "baseline" else str(scenario)
        cells = [first["plan"], first["altered"], shown, str(year)]
        for name in SHOWN:
            row = of[name]
            band = f" ({significant(row['low_per_year'])}–{significant(row['high_per_year'])})" if banded else ""
            cells += [significant(row["value_per_year"]) + band, percent(row["change_pct"])]
        rows.append(tuple(cells))
    head = [t[f"sweep_{key}"] for key in ("plan", "altered", "scenario", "year")]
    for name in SHOWN:
        head += [t["sweep_amount"].format(title=titles[name], unit=specs[name].unit_per_year), t["sweep_change"]]
    blocks: list[Block] = [Paragraph(t["sweep_against"])]
    if len(rows) > MOST_ROWS:
        blocks.append(Paragraph(t["sweep_first_rows"].format(shown=MOST_ROWS, rows=f"{len(rows):,}")))
    return [*blocks, Grid(tuple(head), tuple(rows[:MOST_ROWS]), words=4, code=(1,))]
