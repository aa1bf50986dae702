"""`fleet-planner run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.cluster import Where, cluster_options, engine_of
from fleet_planner.cli.compiling import compiled_beside
from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.tables import Language


@click.command(
    epilog="Example: fleet-planner run inputs/coquimbo/plan.toml --out outputs/first --scenario electric_buses"
)
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Run directory; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace the run that is in --out.")
@click.option("--scenario", "only", multiple=True, metavar="NAME", help="Only these scenarios (repeatable).")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of the kernels; default: all cores.")
@click.option(
    "--draws", type=click.IntRange(min=0, max=100_000), help="Draws of the uncertain inputs; default: the plan's."
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of the report; default: the plan's.")
@click.option(
    "--postgis",
    is_flag=False,
    flag_value="",
    metavar="[=URL]",
    help="Also write into this PostgreSQL database, a schema named like the run directory; see export.",
)
@cluster_options
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def run(
    plan: Path,
    out: Path | None,
    only: tuple[str, ...],
    threads: int | None,
    draws: int | None,
    language: str | None,
    postgis: str | None,
    where: Where,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Run PLAN: network, fleet, activity, inventory, scenarios, map and report."""
    with progress_bar() as progress, compiled_beside(threads):
        from fleet_planner.outputs import default_target, write_run
        from fleet_planner.outputs.layers.frames import summary
        from fleet_planner.pipeline.run import run_plan

        target = out or default_target(plan)
        hold(target, overwrite=overwrite)
        if postgis is not None:
            _check_postgis(postgis, target, overwrite=overwrite)
        with engine_of(where) as engine:
            results = run_plan(plan, only=only, threads=threads, draws=draws, progress=progress, engine=engine)
        progress("writing map, tables and report", 0.8)
        chosen: Language = "zh" if (language or results.plan.outputs.language) == "zh" else "en"
        written = write_run(results, target, overwrite=overwrite, language=chosen)
    if as_json:
        click.echo(summary(results).write_json())
    else:
        _show(results, written)
    if postgis is not None:
        from fleet_planner.cli.export import to_postgis
        from fleet_planner.outputs.export.source import open_source

        to_postgis(open_source(written), postgis, None, overwrite=overwrite, quiet=as_json)


def _check_postgis(postgis: str, target: Path, *, overwrite: bool) -> None:
    """Refuse before the work begins what the database would refuse after it."""
    from fleet_planner.outputs.export.postgis import address_of, check_database, schema_name

    check_database(address_of(postgis), schema_name(target.resolve().name), overwrite=overwrite)


def _show(results: Results, written: Path) -> None:
    """Print the summary of a run."""
    from fleet_planner.outputs.layers.frames import summary

    closure = max(max(s.inventory.closure.values()) for s in results.scenarios)
    click.echo(text_table(summary(results)))
    click.echo(f"\nClosure (vehicles = links = hours): largest relative difference {closure:.1e}")
    warnings = sum(f.kind == "warning" for f in results.findings)
    click.echo(f"{len(results.findings)} findings, {warnings} of them warnings: see the report.")
    click.echo(f"Written to {written}: report.html, city.gpkg, summary.csv, manifest.json")
