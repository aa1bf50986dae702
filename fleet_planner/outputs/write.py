"""Write a run directory whole; render its report again."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import InputError, OutputError
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.geopackage import about, write_geopackage
from fleet_planner.outputs.layers.netcdf import write_netcdf
from fleet_planner.outputs.manifest import manifest
from fleet_planner.outputs.mrv import NAMES as STATEMENT_NAMES
from fleet_planner.outputs.mrv import write_statements
from fleet_planner.outputs.record import MANIFEST, manifest_text
from fleet_planner.outputs.report.pdf import print_pdf
from fleet_planner.outputs.report.report import read_report_data, report_html
from fleet_planner.outputs.report.report_data import report_data
from fleet_planner.outputs.reserve import replace_together
from fleet_planner.outputs.run_tables import csv_tables, parquet_parts, stock_tables
from fleet_planner.outputs.target import whole_directory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.fleet.turnover import Projection
    from fleet_planner.outputs.report.report_units import Currency, Units
    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language

REPORT_NAMES: dict[Language, str] = {"en": "report.html", "zh": "report.zh.html"}


def write_run(results: Results, out: Path, *, overwrite: bool, language: Language) -> Path:
    """Write the results into ``out``, whole or not at all.

    Parameters
    ----------
    results
        A whole run.
    out
        Absent or empty, unless ``overwrite``.
    overwrite
        Replace the run that is there; put it back on failure.
    language
        Of ``report.html``. In Chinese, ``report.zh.html`` is the same page under the name that
        `render_report` gives it.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    OutputError
        The place cannot be written; earlier outputs are untouched.
    """
    begin = time.perf_counter()
    with whole_directory(out, overwrite=overwrite) as folder:
        write_geopackage(results, folder / "city.gpkg")
        tables = csv_tables(results)
        for name, table in tables.items():
            table.write_csv(folder / f"{name}.csv")
        for name, parts in parquet_parts(results).items():
            write_parts(parts(), folder / f"{name}.parquet")
        _write_cells(results, folder)
        write_statements(results, tables["mrv_bands"], folder)
        report_s = _write_report(results, folder, language)
        write_columns(folder, "run", frames.both_titles(results))
        content = manifest(results, folder, out, language)
        content["timings_s"]["report"] = report_s
        content["timings_s"]["outputs"] = round(time.perf_counter() - begin, 3)
        (folder / MANIFEST).write_text(manifest_text(content), encoding="utf-8")
    return out


def write_parts(tables: Iterable[pl.DataFrame], path: Path) -> None:
    """Write tables of the same columns, one at least, under each other as one Parquet file."""
    import pyarrow.parquet as pq

    writer = None
    try:
        for table in tables:
            rows = table.to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(path, rows.schema, compression="zstd")
            writer.write_table(rows)
    finally:
        if writer is not None:
            writer.close()


def _write_report(results: Results, folder: Path, language: Language) -> float:
    """Write the report and the data it is made from; return how long it took, s."""
    begin = time.perf_counter()
    text = json.dumps(report_data(results), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    (folder / "report_data.json").write_text(text, encoding="utf-8")
    page = report_html(json.loads(text), language)
    for name in dict.fromkeys(["report.html", REPORT_NAMES[language]]):
        (folder / name).write_text(page, encoding="utf-8")
    return round(time.perf_counter() - begin, 3)


def _write_cells(results: Results, folder: Path) -> None:
    """Write the emissions on a grid, where the plan asks for them."""
    if (gridded := results.gridded) is None:
        return
    for scenario in gridded.hours:
        write_netcdf(gridded, scenario, about(results), results.plan.city.year, folder / f"gridded_{scenario}.nc")


def write_projection(projection: Projection, out: Path) -> Path:
    """Write a projected fleet into ``out``, whole or not at all.

    Raises
    ------
    OutputError
        The folder is not empty or cannot be written.
    """
    with whole_directory(out, overwrite=False) as folder:
        for name, table in stock_tables(projection).items():
            table.write_csv(folder / f"{name}.csv")
        write_columns(folder, "fleet project")
    return out


def render_report(
    run_dir: Path, language: Language, units: Units | None = None, currency: Currency | None = None
) -> Path:
    """Write the report of a finished run again and update its hash in the manifest.

    Parameters
    ----------
    run_dir
        What `write_run` wrote; nothing else is read.
    language
        ``en`` writes ``report.html``, ``zh`` writes ``report.zh.html``.
    units, currency
        Other than those that the plan asks for.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        The folder is no run directory, or is damaged.
    OutputError
        The report cannot be written.
    """
    report = run_dir / REPORT_NAMES[language]
    content, data = _read(run_dir)
    try:
        page = report_html(data, language, units, currency)
        entries = content["files"]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            "the run directory is damaged or was written by another version",
            "Run the plan again.",
            file=run_dir / "report_data.json",
        ) from error
    try:
        entries[report.name] = hashlib.sha256(page.encode()).hexdigest()
        replace_together(run_dir, {report.name: page.encode(), MANIFEST: manifest_text(content).encode()})
    except OSError as error:
        raise OutputError(
            f"the report cannot be written: {error.strerror or error}",
            "Check the folder's permissions and free space.",
            file=report,
        ) from error
    return report


def print_report(run_dir: Path, language: Language) -> list[Path]:
    """Print the report of a run and its MRV statement to PDF beside them, and note their hashes in the manifest.

    Parameters
    ----------
    run_dir
        What `write_run` wrote, with the page that `render_report` made.
    language
        Of the pages: ``report.pdf`` and ``mrv.pdf``, or ``report.zh.pdf`` and ``mrv.zh.pdf``.

    Returns
    -------
    list[Path]
        What was printed; no statement for a run of a version that wrote none.

    Raises
    ------
    InputError
        The folder is no run directory.
    OutputError
        No browser of the machine can print, or the file cannot be written.
    """
    content, _ = _read(run_dir)
    pages = [run_dir / REPORT_NAMES[language], run_dir / f"{STATEMENT_NAMES[language]}.html"]
    made = {page.with_suffix(".pdf"): page for page in pages if page.is_file()}
    with tempfile.TemporaryDirectory() as apart:
        printed = {pdf.name: print_pdf(page, Path(apart) / pdf.name).read_bytes() for pdf, page in made.items()}
    content["files"] |= {name: hashlib.sha256(raw).hexdigest() for name, raw in printed.items()}
    try:
        replace_together(run_dir, printed | {MANIFEST: manifest_text(content).encode()})
    except OSError as error:
        raise OutputError(
            f"the PDF cannot be written: {error.strerror or error}",
            "Check the folder's permissions and free space.",
            file=run_dir,
        ) from error
    return [run_dir / name for name in printed]


def _read(run_dir: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the manifest and the report's data of a run directory."""
    path = run_dir / "manifest.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        data = read_report_data(run_dir)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(
            "this is no run directory", "Name a folder that `fleet-planner run` wrote.", file=run_dir
        ) from error
    except OSError as error:
        raise InputError(
            f"the run directory cannot be read: {error.strerror}", "Check its permissions.", file=run_dir
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError("the run directory is damaged", "Run the plan again.", file=run_dir) from error
    if not (isinstance(content, dict) and isinstance(content.get("files"), dict)):
        raise InputError("the manifest is damaged", "Run the plan again.", file=path)
    return content, data
