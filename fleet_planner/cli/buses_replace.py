"""`fleet-planner buses replace`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet_planner.cli.shared import hold, progress_bar, text_table

if TYPE_CHECKING:
    from fleet_planner.tables import Language


@click.command(epilog="Example: fleet-planner buses replace inputs/coquimbo/buses.toml --out outputs/replacement")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; it must be absent or empty.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of replacement.html; default: the plan's.")
def replace(plan: Path, out: Path, language: str | None, *, overwrite: bool) -> None:
    """Plan which bus of PLAN is replaced when, by what: vehicle by vehicle, with the tables that agencies file.

    Trucks and vans are looked at by duty: which could be electric in which year.
    """
    with progress_bar() as progress:
        from fleet_planner.errors import UserError
        from fleet_planner.outputs.buses.bus_replacement import write_replacement
        from fleet_planner.pipeline.buses.duty import duty_found
        from fleet_planner.pipeline.buses.from_timetable import feasibility_of_timetable
        from fleet_planner.pipeline.buses.replace import replacement_of
        from fleet_planner.pipeline.prepare import prepare
        from fleet_planner.plan.load import load_plan

        hold(out, overwrite=overwrite)
        loaded = load_plan(plan)
        try:
            ready = prepare(loaded, plan.parent, progress)
            own = loaded.buses.transition.blocks
            driven = None if own else feasibility_of_timetable(loaded, plan.parent, progress)
            progress("replacement of buses", 0.85)
            found = replacement_of(ready, driven)
            progress("trucks and vans by duty", 0.97)
            trucks = duty_found(ready) if loaded.buses.duty.enabled else None
        except UserError as error:
            if error.file is None:
                error.file = plan
            raise
        chosen: Language = "zh" if (language or loaded.outputs.language) == "zh" else "en"
        day = None if driven is None else next(iter(driven.days.values())).day
        write_replacement(ready, found, plan, out, trucks=trucks, day=day, overwrite=overwrite, language=chosen)
    shown = found.compliance.select("year", "bought", "required", "zero_emission", "gap", "verdict")
    click.echo(text_table(shown))
    missed = found.rules.filter(found.rules["verdict"] == "missed")
    if missed.height:
        click.echo("\nRules that are missed:")
        click.echo(text_table(missed.select("rule", "year", "where", "value", "limit", "gap")))
    if found.solved.conflicts:
        listed = ", ".join(found.solved.conflicts)
        click.echo(f"No plan keeps all rules; without any one of these the others can be kept: {listed}.")
    elif found.solved.status == "conflict":
        click.echo("No plan keeps all rules, nor all but one; the plan shown misses least.")
    status, gap = found.solved.status, 100.0 * found.gap
    click.echo(f"\nStatus: {status}; present value {found.cost:,.0f} US$ 2024, proved gap {gap:.3f} %.")
    click.echo(f"Written to {out}: replacement.html, replacement.csv, purchases.csv, compliance.csv, forms/")
