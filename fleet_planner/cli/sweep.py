"""`fleet-planner sweep`."""

from __future__ import annotations

from pathlib import Path

import click

from fleet_planner.cli.shared import progress_bar


@click.command(epilog="Example: fleet-planner sweep inputs/coquimbo/plan.toml --levels 0,0.5,1 --out outputs/sweep.csv")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--levels", default="0,0.5,1", show_default=True, help="Uptakes of each measure that are combined.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="CSV; it must not be there yet.")
def sweep(plan: Path, levels: str, out: Path) -> None:
    """Evaluate every combination of uptakes of the measures of PLAN: totals and costs of each."""
    from fleet_planner.errors import OutputError, PlanError, UserError

    try:
        wanted = [float(v) for v in levels.split(",")]
    except ValueError as error:
        raise PlanError("these are no uptakes", "Write --levels 0,0.5,1.", column="--levels", value=levels) from error
    if out.exists():
        raise OutputError("the file is there already", "Name another one.", file=out)
    with progress_bar() as progress:
        from fleet_planner.pipeline.mixing.sweep import combinations
        from fleet_planner.pipeline.mixing.sweep import sweep as evaluate
        from fleet_planner.pipeline.prepare import prepare
        from fleet_planner.plan.load import load_plan

        loaded = load_plan(plan)
        try:
            scenarios = combinations(loaded.scenario, wanted)
            ready = prepare(loaded.model_copy(update={"scenario": [], "target": []}), plan.parent, progress)
            table = evaluate(ready, scenarios, progress)
        except UserError as error:
            if error.file is None:
                error.file = plan
            raise
        beside = out.with_name(f".{out.name}.partial")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            table.write_csv(beside)
            beside.replace(out)
        except OSError as error:
            raise OutputError(f"it cannot be written: {error.strerror}", "Check the folder.", file=out) from error
        finally:
            beside.unlink(missing_ok=True)
    click.echo(f"{len(scenarios):,} scenarios written to {out}")
