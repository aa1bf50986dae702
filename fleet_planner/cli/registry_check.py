"""What `fleet-planner fleet check` asks and tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import text_table
from fleet_planner.errors import InputError
from fleet_planner.fleet import coverage_table, setting_of
from fleet_planner.fleet.forms import NATIVE
from fleet_planner.fleet.identifiers import Key, key_of
from fleet_planner.fleet.read import Setting, open_registry
from fleet_planner.plan.load import load_plan
from fleet_planner.plan.template import toml_value
from fleet_planner.tables import finding_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.fleet import Fleet

SHOWN = 50


@dataclass(frozen=True)
class Asked:
    """The registry to check, how it is read, and the key of its ids."""

    path: Path
    setting: Setting
    key: Key | None


def asked_of(path: Path, country: str | None, year: int | None, form: str | None, encoding: str | None) -> Asked:
    """Return what the command line asks for; options go before a plan's entries.

    Raises
    ------
    UserError
        The plan is wrong, or the year is missing.
    """
    key = None
    if path.suffix.lower() == ".toml":
        plan = load_plan(path)
        factors = plan.factors
        setting = setting_of(plan.fleet, plan.city, factors.default_load, stream_loads=factors.stream_loads)
        key = key_of(plan.fleet, path.parent)
        path = path.parent / plan.fleet.registry
    elif year is None:
        raise InputError("the base year is missing", "Give --year, or name a plan in place of the registry.", file=path)
    else:
        setting = Setting(country or "EU", year)
    choice = replace(setting.choice, form=form) if form else setting.choice
    return Asked(
        path,
        replace(
            setting,
            country=country or setting.country,
            year=year or setting.year,
            choice=choice,
            encoding=encoding or setting.encoding,
        ),
        key,
    )


def show_check(asked: Asked, checked: Fleet) -> None:
    """Print the form of a registry, its rejected cells, its coverage, its totals and the findings."""
    _show_reading(asked)
    if checked.rejected.height:
        click.echo(text_table(checked.rejected.head(SHOWN)))
        if checked.rejected.height > SHOWN:
            click.echo(f"... and {checked.rejected.height - SHOWN:,} more rejected cells")
        click.echo("")
    click.echo(text_table(coverage_table(checked)))
    t = checked.totals
    outside = f" + {t.vehicles_outside:,.10g} outside" if t.vehicles_outside else ""
    left = f" + {t.rows_left_out:,} left out" if t.rows_left_out else ""
    click.echo(f"\nRows: {t.rows_read:,} read = {t.rows_kept:,} kept + {t.rows_rejected:,} rejected{left}")
    click.echo(
        f"Vehicles: {t.vehicles_read:,.10g} read = {t.vehicles_kept:,.10g} kept + {t.vehicles_rejected:,.10g} "
        f"rejected{outside}"
    )
    for finding in checked.findings:
        click.echo(f"- {finding_text(finding)}")


def _show_reading(asked: Asked) -> None:
    _, reading = open_registry(asked.path, asked.setting)
    how = "recognised by its header" if reading.guessed else "as given"
    click.echo(f"Form: {reading.form} ({how})")
    other = {ours: theirs for ours, theirs in reading.columns.items() if ours != theirs}
    if other and (reading.form == NATIVE or reading.guessed):
        click.echo("In the plan, to be sure:")
        click.echo(f"  format = {toml_value(reading.form)}")
        click.echo(f"  columns = {toml_value(other)}")
    click.echo("")
