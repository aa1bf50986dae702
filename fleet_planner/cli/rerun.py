"""`fleet-planner rerun`."""

from __future__ import annotations

from pathlib import Path

import click

from fleet_planner.cli.shared import hold, progress_bar


@click.command(epilog="Example: fleet-planner rerun outputs/first/manifest.json --out outputs/again")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the new results; default: <old folder>-again.")
@click.option("--overwrite", is_flag=True, help="Replace what is in --out.")
@click.option("--inputs", type=click.Path(path_type=Path), help="Folder of the plan, where it moved since.")
@click.pass_context
def rerun(ctx: click.Context, manifest: Path, out: Path | None, inputs: Path | None, *, overwrite: bool) -> None:
    """Run again what MANIFEST tells, and compare every file: the plan as it was, the same inputs, the same command.

    Ends with status 1 where a file differs.
    """
    with progress_bar() as progress:
        from fleet_planner.outputs.checking.read import read_manifest
        from fleet_planner.outputs.repeating.rerun import rerun as run_again

        kept = read_manifest(manifest)
        target = out or kept.folder.resolve().with_name(f"{kept.folder.resolve().name}-again")
        hold(target, overwrite=overwrite)
        found = run_again(kept, target, overwrite=overwrite, inputs=inputs, progress=progress)
    for note in found.notes:
        click.echo(f"Note: {note}")
    for text in found.differing:
        click.echo(f"Error: {text}", err=True)
    click.echo(f"{found.equal} of {found.files} files are the same byte for byte. Written to {target}")
    if found.differing:
        ctx.exit(1)
