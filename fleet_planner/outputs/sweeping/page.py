"""The page of a sweep: its figures task by task, what failed, and where it was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.outputs.document import Block, Grid, Heading, Paragraph, as_page
from fleet_planner.outputs.numbers import percent, share, significant
from fleet_planner.scenarios.targets import INTERIM, PEAK
from fleet_planner.tables import pollutants
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables import Language

SHOWN = ("NOx", "PM_exhaust", "CO2")
KEYS = "told_apart"
MOST_ROWS = 200
"""A page with more rows is no longer read; the table has all."""


def sweep_page(tables: Mapping[str, pl.DataFrame], name: str, language: Language) -> str:
    """Return the page.

    Parameters
    ----------
    tables
        By name: ``sweep_results``, ``sweep_targets``, ``sweep_tasks`` and ``sweep_altered``.
    name
        Of the sweep's file.
    language
        ``en`` or ``zh``.
    """
    t = report_words(language)
    told, shared = told_keys(tables["sweep_altered"], tables["sweep_tasks"]["task"])
    results, targets, tasks = (
        tables[f"sweep_{name}"].join(told, on="task", how="left", maintain_order="left")
        for name in ("results", "targets", "tasks")
    )
    failed = tasks.filter(pl.col("state") != "done")
    cpus = tasks["cpu"].unique().drop_nulls().sort()
    number = {"tasks": f"{tasks.height:,}", "done": f"{tasks.height - failed.height:,}", "failed": f"{failed.height:,}"}
    blocks: list[Block] = [
        Heading(1, f"{t['sweep_title']}{t['colon']}{name}"),
        Paragraph(t["sweep_summary"].format(**number)),
    ]
    if shared:
        blocks.append(Paragraph(t["sweep_shared"].format(keys=shared)))
    if failed.height:
        keys = ("plan", "scenario", "years", "altered", "tries", "error")
        rows = [tuple(str(row[KEYS if key == "altered" else key]) for key in keys) for row in failed.to_dicts()]
        head = tuple(t[f"sweep_{key}"] for key in keys)
        blocks += [Heading(2, t["sweep_failures"]), Grid(head, tuple(rows), words=6, code=(3,))]
    if targets.height:
        blocks += [Heading(2, t["sweep_targets"]), *_targets(targets, t, language)]
    blocks += [Heading(2, t["sweep_figures"]), *_figures(results, t, language)]
    where = t["sweep_one_cpu"] if cpus.len() == 1 else t["sweep_cpus"]
    blocks += [
        Heading(2, t["sweep_where"]),
        Paragraph(where.format(cpus=", ".join(cpus), workers=tasks["worker"].n_unique(), seconds=_seconds(tasks))),
    ]
    return as_page(blocks, language)


def told_keys(altered: pl.DataFrame, tasks: pl.Series) -> tuple[pl.DataFrame, str]:
    """Return the altered keys that tell tasks apart, by task, and in one line those that all tasks share.

    Parameters
    ----------
    altered
        As in ``sweep_altered``.
    tasks
        Names of all tasks.
    """
    line = pl.format("{} = {}", "key", "value")
    same = (pl.col("value").n_unique().over("key") == 1) & (pl.col("task").n_unique().over("key") == tasks.len())
    marked = altered.with_columns(line=line, same=same)
    apart = marked.filter(~pl.col("same")).group_by("task", maintain_order=True).agg(pl.col("line").str.join("; "))
    told = tasks.to_frame("task").join(apart, on="task", how="left", maintain_order="left")
    shared = marked.filter("same")["line"].unique(maintain_order=True)
    alone = tasks.len() == 1  # a single task has nothing to be told from
    return told.select("task", pl.col("line").fill_null("").alias(KEYS)), "" if alone else "; ".join(shared)


def _seconds(tasks: pl.DataFrame) -> str:
    return significant(float(tasks["seconds"].sum()), 3)


def _targets(targets: pl.DataFrame, t: Mapping[str, str], language: Language) -> list[Block]:
    """Return a table with a row per task, scenario and target: met or missed, and by what chance."""
    drawn = targets["met_probability"].null_count() < targets.height
    rows = []
    for row in targets.head(MOST_ROWS).iter_rows(named=True):
        cells = [row["plan"], row[KEYS], _scenario(row, t), row[f"title_{language}"], _asked(row, t)]
        unit = t.get(f"unit_{row['unit']}", row["unit"])
        cells += [f"{_banded(row, drawn=drawn)} {unit}", t[f"target_{row['verdict']}"]]
        rows.append((*cells, share(row["met_probability"])) if drawn else tuple(cells))
    keys = ("plan", "altered", "scenario", "target")
    head = [*(t[f"sweep_{key}"] for key in keys), t["target_asked"], t["sweep_emission"], t["sweep_verdict"]]
    head += [t["sweep_chance"]] if drawn else []
    return [
        Paragraph(t["sweep_targets_note"]),
        *_shortened("sweep_targets.csv", targets.height, t),
        Grid(tuple(head), tuple(rows), words=5, code=(1,)),
    ]


def _asked(row: Mapping[str, Any], t: Mapping[str, str]) -> str:
    """Return what a target asks, as the report of a run has it."""
    if row["kind"] == PEAK:
        return t["target_peak"].format(year=row["year"])
    words = t["target_interim" if row["kind"] == INTERIM else "target_cut"]
    unit = t.get(f"unit_{row['unit']}", row["unit"])
    return words.format(allowed=significant(row["allowed_per_year"]), unit=unit, year=row["year"])


def _banded(row: Mapping[str, Any], *, drawn: bool) -> str:
    """Return a total, with its band where it was drawn."""
    value = significant(row["value_per_year"])
    return f"{value} ({significant(row['low_per_year'])}–{significant(row['high_per_year'])})" if drawn else value


def _scenario(row: Mapping[str, Any], t: Mapping[str, str]) -> str:
    return t["baseline"] if row["scenario"] == "baseline" else str(row["scenario"])


def _shortened(file: str, rows: int, t: Mapping[str, str]) -> list[Block]:
    """Return what tells that the page has not all rows of a table, where it has not."""
    told = t["sweep_first_rows"].format(shown=MOST_ROWS, rows=f"{rows:,}", file=file)
    return [Paragraph(told)] if rows > MOST_ROWS else []


def _figures(results: pl.DataFrame, t: Mapping[str, str], language: Language) -> list[Block]:
    """Return a table with a row per task, scenario and year; with bands where there are any."""
    specs = {p.pollutant: p for p in pollutants()}
    titles = {name: specs[name].title_zh if language == "zh" else specs[name].title_en for name in SHOWN}
    banded = results["low_per_year"].null_count() < results.height
    rows = []
    for (_, _, year), group in results.group_by("task", "scenario", "year", maintain_order=True):
        of = {row["pollutant"]: row for row in group.iter_rows(named=True)}
        first = group.row(0, named=True)
        cells = [first["plan"], first[KEYS], _scenario(first, t), str(year)]
        for name in SHOWN:
            row = of[name]
            cells += [_banded(row, drawn=banded), percent(row["change_pct"])]
        rows.append(tuple(cells))
    head = [t[f"sweep_{key}"] for key in ("plan", "altered", "scenario", "year")]
    for name in SHOWN:
        head += [t["sweep_amount"].format(title=titles[name], unit=specs[name].unit_per_year), t["sweep_change"]]
    return [
        Paragraph(t["sweep_against"]),
        *_shortened("sweep_results.csv", len(rows), t),
        Grid(tuple(head), tuple(rows[:MOST_ROWS]), words=4, code=(1,)),
    ]
