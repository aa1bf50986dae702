"""A comparison as tables, map, page in English and Chinese and manifest: written whole or not at all."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import OutputError, first_line
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.differences.change_map import titles, write_changes
from fleet_planner.outputs.differences.compare_page import compare_page
from fleet_planner.outputs.record import MANIFEST, file_hashes, manifest_text, relative, sha256, written_by
from fleet_planner.outputs.target import whole_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_planner.outputs.differences.compare import Compared, Pair
    from fleet_planner.tables import Language

COMMAND = "compare"


def write_compare(found: Compared, out: Path, *, overwrite: bool, language: Language) -> Path:
    """Write a comparison into ``out``; ``compare.html`` is the page in ``language``.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    with whole_directory(out, overwrite=overwrite) as folder:
        _stacked(found, _named).write_csv(folder / "differences.csv")
        _stacked(found, lambda pair: pair.causes).write_csv(folder / "difference_causes.csv")
        _stacked(found, lambda pair: pair.classes).write_csv(folder / "difference_classes.csv")
        if found.roads is not None:
            path = folder / "compare.gpkg"
            try:
                write_changes(found, found.roads, path)
            except (OSError, RuntimeError, sqlite3.Error) as error:
                told = f"the GeoPackage cannot be written: {first_line(error)}"
                raise OutputError(told, "Free space, or name another folder.", file=path) from error
        both: tuple[Language, Language] = ("en", "zh")
        for each in both:
            name = "compare.html" if each == language else f"compare.{each}.html"
            (folder / name).write_text(compare_page(found, each), encoding="utf-8")
        english, chinese = titles(found), titles(found, 1)
        write_columns(folder, COMMAND, {name: (english[name], chinese[name]) for name in english})
        (folder / MANIFEST).write_text(manifest_text(_manifest(found, folder, out, language)), encoding="utf-8")
    return out


def _stacked(found: Compared, table: Callable[[Pair], pl.DataFrame]) -> pl.DataFrame:
    parts = [table(pair).select(pl.lit(pair.name).alias("comparison"), pl.all()) for pair in found.pairs]
    return pl.concat(parts)


def _named(pair: Pair) -> pl.DataFrame:
    first, second = pair.first.titles[0], pair.second.titles[0]
    return pair.differences.select(pl.lit(first).alias("first"), pl.lit(second).alias("second"), pl.all())


def _manifest(found: Compared, folder: Path, out: Path, language: Language) -> dict[str, Any]:
    sides = [found.pairs[0].first, *(pair.second for pair in found.pairs)]
    return written_by(COMMAND, language) | {
        "method": found.method,
        "plan_folder": ".",
        "inputs": [
            {"role": "run", "path": path, "sha256": digest}
            for path, digest in dict.fromkeys(
                (f"{relative(side.kept.folder, out)}/{MANIFEST}", sha256(side.kept.path)) for side in sides
            )
        ],
        "sides": [
            {
                "run": relative(side.kept.folder, out),
                "scenario": side.scenario,
                "title": side.titles[0],
                "sha256": sha256(side.kept.path),
            }
            for side in sides
        ],
        "notes": [{"text": english, "text_zh": chinese} for english, chinese in found.notes],
        "files": file_hashes(folder),
    }
