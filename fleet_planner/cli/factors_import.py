"""`fleet-planner factors import-*`: published files of others into factors of the user's own."""

from __future__ import annotations

from pathlib import Path

import click

from fleet_planner.cli.shared import text_table


@click.command("import-emfac", epilog="Example: fleet-planner factors import-emfac rates.csv --out user_factors.csv")
@click.argument("export", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV of user factors to write.")
def import_emfac(export: Path, out: Path) -> None:
    """Turn EXPORT, EMFAC's emission rates by speed, into user factors (plan: factors.user)."""
    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.factors.published.emfac_export import read_emfac_export

    found = read_emfac_export(export)
    write_text_whole(out, found.factors.write_csv())
    click.echo(f"{found.factors.height:,} factors -> {out}")
    if found.skipped.height:
        click.echo(f"Left out:\n{text_table(found.skipped)}")


@click.command(
    "import-appendix4", epilog="Example: fleet-planner factors import-appendix4 appendix4.xlsx --out user_factors.csv"
)
@click.argument("workbook", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV of user factors to write.")
def import_appendix4(workbook: Path, out: Path) -> None:
    """Turn WORKBOOK, the EEA's Appendix 4, into user factors (plan: factors.user)."""
    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.factors.published.appendix4 import read_appendix4

    found = read_appendix4(workbook)
    write_text_whole(out, found.factors.write_csv())
    click.echo(f"{found.factors.height:,} factors -> {out}; reductions are written as {found.reduction}")
    if found.skipped.height:
        click.echo(f"Left out:\n{text_table(found.skipped)}")
    if found.unlike.height:
        click.echo(
            f"{found.unlike.height} rows do not reproduce their check value:\n{text_table(found.unlike.head(20))}"
        )


@click.command("template", epilog="Example: fleet-planner factors template --out user_factors.csv")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV to write.")
def template(out: Path) -> None:
    """Write a table of user factors to begin with: bins, points and the guidebook's formula."""
    from fleet_planner.cli.files import write_text_whole
    from fleet_planner.factors.published.user_read import user_template

    write_text_whole(out, user_template())
    click.echo(out)
