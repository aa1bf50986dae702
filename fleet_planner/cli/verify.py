"""`fleet-planner verify`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(epilog="Example: fleet-planner verify outputs/first")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option("--inputs", type=click.Path(path_type=Path), help="Folder of the plan, where it moved since.")
@click.pass_context
def verify(ctx: click.Context, run_dir: Path, inputs: Path | None) -> None:
    """Check RUN_DIR: every file and every input by its hash, every sum of the tables recomputed.

    Any folder of results with a manifest.json will do, and what `export` wrote. Ends with status 1 and a message for
    each break.
    """
    from fleet_planner.outputs.checking.read import read_manifest
    from fleet_planner.outputs.checking.verify import verify as verified

    kept = read_manifest(run_dir)
    found = verified(kept, inputs)
    for note in found.notes:
        click.echo(f"Note: {note}.")
    for text in found.breaks:
        click.echo(f"Error: {text}", err=True)
    sums = f", {found.sums} sums (largest relative difference {found.worst:.1e})" if found.sums else ""
    click.echo(f"{found.files} files, {found.inputs} inputs{sums}: {len(found.breaks) or 'no'} breaks.")
    if found.breaks:
        ctx.exit(1)
