"""`fleet-planner fleet`."""

from __future__ import annotations

from pathlib import Path

import click

from fleet_planner.cli.shared import aligned, hold, text_table


@click.group()
def fleet() -> None:
    """Check vehicle registries; carry fleets forward."""


@fleet.command(epilog="Example: fleet-planner fleet check registry.csv --country CL --year 2024 --fix good.csv")
@click.argument("registry", type=click.Path(path_type=Path))
@click.option("--country", help="Whose emission-standard dates apply; default: EU, or the plan's.")
@click.option("--year", type=int, help="Base year; not needed where REGISTRY is a plan.")
@click.option("--format", "form", help="Form of the registry; default: as its header tells.")
@click.option("--encoding", help="Encoding of a CSV; default: UTF-8, and GB18030 (holds GBK) where a row is none.")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="Key that ids are hashed by; without it plates give way to row numbers.",
)
@click.option("--fix", type=click.Path(path_type=Path), help="Write the usable rows here (CSV, our own form).")
@click.option("--rejected", type=click.Path(path_type=Path), help="Write every rejected cell here (CSV).")
@click.option(
    "--max-rejected",
    type=click.FloatRange(0.0, 1.0),
    default=0.01,
    show_default=True,
    help="Exit with 1 when rejected rows hold more than this share of the vehicle-km.",
)
@click.option("--columns", is_flag=True, help="Only show the columns a registry may have.")
def check(
    registry: Path,
    country: str | None,
    year: int | None,
    form: str | None,
    encoding: str | None,
    key: Path | None,
    fix: Path | None,
    rejected: Path | None,
    max_rejected: float,
    *,
    columns: bool,
) -> None:
    """Show what form REGISTRY has, what is wrong in it, by row and column, and how much of it was usable.

    REGISTRY is a file, or a plan (.toml) whose registry is read as the plan says.
    """
    if columns:
        _show_columns()
        return
    from fleet_planner.cli.files import write_csv_whole
    from fleet_planner.cli.registry_check import Asked, asked_of, show_check
    from fleet_planner.fleet import check_registry_file, refuse_if_too_much_rejected, write_fixed
    from fleet_planner.fleet.identifiers import read_key

    asked: Asked = asked_of(registry, country, year, form, encoding)
    secret = read_key(key) if key else asked.key
    checked = check_registry_file(asked.path, asked.setting, secret)
    show_check(asked, checked)
    if rejected:
        write_csv_whole(rejected, checked.rejected)
        click.echo(f"Rejected cells written to {rejected}")
    if fix:
        write_fixed(asked.path, checked, fix, asked.setting)
        click.echo(f"Usable rows written to {fix}")
    refuse_if_too_much_rejected(checked, max_rejected, asked.path)


def _show_columns() -> None:
    from fleet_planner.tables import columns as specs

    rows = [["column", "type", "unit", "required", "default", "allowed", "description"]]
    for c in specs("registry"):
        needed = "yes" if c.required else ""
        rows.append([c.column, c.type, c.unit, needed, c.default, c.allowed, c.description])
    click.echo(aligned(rows, right=[False] * len(rows[0])))


@fleet.command(epilog="Example: fleet-planner fleet key identifiers.key")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", is_flag=True, help="Only tell the name of the key that FILE holds.")
def key(file: Path, *, name: bool) -> None:
    """Write a new secret key to FILE, by which plates and VINs are hashed (fleet.identifier_key in the plan)."""
    from fleet_planner.fleet.identifiers import read_key, write_key

    made = read_key(file) if name else write_key(file)
    click.echo(f"Key {made.name} in {file}" + ("" if name else ": keep it out of run folders and repositories"))


@fleet.command(epilog="Example: fleet-planner fleet project inputs/coquimbo/plan.toml --to-year 2040 --out stock")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--to-year", type=int, help="Last year; default: the plan's turnover.to_year.")
def project(plan: Path, out: Path, to_year: int | None) -> None:
    """Carry the fleet of PLAN forward year by year: stock.csv and stock_flows.csv; no roads are read."""
    import polars as pl

    from fleet_planner.outputs import write_projection
    from fleet_planner.pipeline.computing.by_year import project_plan
    from fleet_planner.tables import finding_text

    hold(out, overwrite=False)
    projection = project_plan(plan, to_year)
    flows = projection.flow_table()
    sums = flows.group_by("year").agg(pl.col(flows.columns[6:]).sum()).sort("year")
    click.echo(text_table(sums))
    click.echo(f"\nClosure (at start + in - out = at end): largest difference {projection.closure()} vehicles")
    for finding in projection.findings:
        click.echo(f"- {finding_text(finding)}")
    write_projection(projection, out)
    click.echo(f"Written to {out}: stock.csv, stock_flows.csv")
