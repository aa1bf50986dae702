"""Write a run directory whole; render its report again."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from fleet_planner.errors import InputError, OutputError
from fleet_planner.outputs.columns_file import write_columns
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.geopackage import about, write_geopackage
from fleet_planner.outputs.layers.machine_tables import machines_frame
from fleet_planner.outputs.layers.netcdf import write_netcdf
from fleet_planner.outputs.layers.place_tables import by_place, has_places
from fleet_planner.outputs.manifest import manifest
from fleet_planner.outputs.mrv import write_statements
from fleet_planner.outputs.record import MANIFEST, manifest_text, sha256
from fleet_planner.outputs.report.pdf import print_pdf
from fleet_planner.outputs.report.report import read_report_data, report_html
from fleet_planner.outputs.report.report_data import report_data
from fleet_planner.outputs.target import whole_directory
from fleet_planner.pipeline.computing.places import KINDS
from fleet_planner.pipeline.telling.bands import bands_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from fleet_planner.fleet.turnover import Projection
    from fleet_planner.outputs.report.report_units import Currency, Units
    from fleet_planner.pipeline.comparing.comparison import Comparison
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
        frames.summary(results).write_csv(folder / "summary.csv")
        frames.by_process(results).write_csv(folder / "by_process.csv")
        frames.vehicles_frame(results).write_parquet(folder / "vehicles.parquet")
        frames.links_long(results).write_parquet(folder / "links.parquet")
        if results.fleet.rejected.height:
            results.fleet.rejected.write_csv(folder / "rejected.csv")
        results.fuel.write_csv(folder / "fuel_check.csv")
        frames.voc_species(results).write_csv(folder / "voc_species.csv")
        if results.activity.fit is not None:
            results.activity.fit.table.write_csv(folder / "count_fit.csv")
            results.activity.fit.counts.write_csv(folder / "counts.csv")
        if results.activity.assigned is not None:
            results.activity.assigned.groups.write_csv(folder / "assignment.csv")
            results.activity.assigned.congested.write_csv(folder / "congested_links.csv")
        _write_beside(results, folder)
        if results.rejected_tests.height:
            results.rejected_tests.write_csv(folder / "rejected_tests.csv")
        if results.later is not None:
            write_stock(results.later.projection, folder)
            frames.in_mass_unit(results.later.table, results.plan.outputs.mass_unit).write_csv(folder / "by_year.csv")
            if results.later.measures.height:
                results.later.measures.write_csv(folder / "measures_by_year.csv")
        if results.targets.height:
            frames.in_mass_unit(results.targets, results.plan.outputs.mass_unit).write_csv(folder / "targets.csv")
        results.well_to_wheel.write_csv(folder / "well_to_wheel.csv")
        if results.comparison is not None:
            write_comparison(results.comparison, folder)
        if results.early_scrappage.height:
            results.early_scrappage.write_csv(folder / "early_scrappage.csv")
        if results.operation.height:
            results.operation.write_csv(folder / "operation.csv")
            effects = frames.in_mass_unit(results.operation_effects, results.plan.outputs.mass_unit)
            effects.write_csv(folder / "operation_effects.csv")
        if results.bus_links.height:
            results.bus_links.write_parquet(folder / "bus_links.parquet")
            results.bus_routes.write_csv(folder / "bus_routes.csv")
        results.bridged.write_csv(folder / "bridged.csv")
        bands = bands_table(results.scenarios[0].inventory)
        bands.write_csv(folder / "mrv_bands.csv")
        write_statements(results, bands, folder)
        report_s = _write_report(results, folder, language)
        write_columns(folder, "run", frames.both_titles(results))
        content = manifest(results, folder, out, language)
        content["timings_s"]["report"] = report_s
        content["timings_s"]["outputs"] = round(time.perf_counter() - begin, 3)
        (folder / MANIFEST).write_text(manifest_text(content), encoding="utf-8")
    return out


def _write_report(results: Results, folder: Path, language: Language) -> float:
    """Write the report and the data it is made from; return how long it took, s."""
    begin = time.perf_counter()
    text = json.dumps(report_data(results), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    (folder / "report_data.json").write_text(text, encoding="utf-8")
    page = report_html(json.loads(text), language)
    for name in dict.fromkeys(["report.html", REPORT_NAMES[language]]):
        (folder / name).write_text(page, encoding="utf-8")
    return round(time.perf_counter() - begin, 3)


def _write_beside(results: Results, folder: Path) -> None:
    """Write what only some plans have: economics, daily duty, machines, zones and depots."""
    paid = results.economy
    _write_filled(folder, {"ownership": paid.ownership, "grid_differences": paid.grid, "duty": results.duty})
    _write_filled(
        folder, {"costs_by_year": paid.costs.by_year, "present_value": paid.costs.worth, "cash_flow": paid.costs.cash}
    )
    _write_filled(folder, results.meaning.tables)
    _write_filled(folder, {"data_quality": results.data_quality, "intensity": results.intensity})
    if results.by_sector.height:
        frames.in_mass_unit(results.by_sector, results.plan.outputs.mass_unit).write_csv(folder / "by_sector.csv")
    if results.air is not None:
        results.air.table.write_csv(folder / "exposure.csv")
        results.air.weights.write_parquet(folder / "exposure_weights.parquet")
        _write_filled(folder, {"exposure_by_season": results.air.seasons, "street_canyons": results.air.canyon_table})
        compared = {"monitors": results.air.monitors, "monitor_fit": results.air.fit, "tracer_fit": results.air.tracer}
        _write_filled(folder, compared)
    if results.gridded is not None:
        for scenario in results.gridded.hours:
            write_netcdf(
                results.gridded, scenario, about(results), results.plan.city.year, folder / f"gridded_{scenario}.nc"
            )
    if results.nonroad is not None:
        machines_frame(results.nonroad).write_csv(folder / "machines.csv")
        if results.nonroad.rejected.height:
            results.nonroad.rejected.write_csv(folder / "rejected_machines.csv")
    for kind in KINDS:
        if has_places(results, kind):
            by_place(results, kind).write_csv(folder / f"by_{kind}.csv")


def _write_filled(folder: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write the tables that have rows."""
    for name, table in tables.items():
        if table.height:
            table.write_csv(folder / f"{name}.csv")


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write the measures against each other into a folder."""
    comparison.head_to_head.write_csv(folder / "head_to_head.csv")
    comparison.cost_effectiveness.write_csv(folder / "cost_effectiveness.csv")
    comparison.abatement.write_csv(folder / "abatement_curve.csv")
    comparison.grants.write_csv(folder / "grants.csv")
    if comparison.break_even.height:
        comparison.break_even.write_csv(folder / "break_even.csv")


def write_stock(projection: Projection, folder: Path) -> None:
    """Write the vehicles of a projected fleet by year, and what came and went, into a folder."""
    projection.stock_table().write_csv(folder / "stock.csv")
    projection.flow_table().write_csv(folder / "stock_flows.csv")


def write_projection(projection: Projection, out: Path) -> Path:
    """Write a projected fleet into ``out``, whole or not at all.

    Raises
    ------
    OutputError
        The folder is not empty or cannot be written.
    """
    with whole_directory(out, overwrite=False) as folder:
        write_stock(projection, folder)
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
    path = run_dir / "manifest.json"
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
        _replace(report, page)
        entries[report.name] = sha256(report)
        _replace(path, manifest_text(content))
    except OSError as error:
        raise OutputError(
            f"the report cannot be written: {error.strerror or error}",
            "Check the folder's permissions and free space.",
            file=report,
        ) from error
    return report


def print_report(run_dir: Path, language: Language) -> Path:
    """Print the report of a run to PDF beside it, and note its hash in the manifest.

    Parameters
    ----------
    run_dir
        What `write_run` wrote, with the page that `render_report` made.
    language
        Of the page: ``report.pdf`` or ``report.zh.pdf``.

    Raises
    ------
    InputError
        The folder is no run directory.
    OutputError
        No browser of the machine can print, or the file cannot be written.
    """
    content, _ = _read(run_dir)
    page = run_dir / REPORT_NAMES[language]
    made = print_pdf(page, page.with_suffix(".pdf"))
    content["files"][made.name] = sha256(made)
    _replace(run_dir / MANIFEST, manifest_text(content))
    return made


def _read(run_dir: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the manifest and the report's data of a run directory."""
    path = run_dir / "manifest.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content, read_report_data(run_dir)
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


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
