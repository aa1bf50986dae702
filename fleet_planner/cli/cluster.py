"""Options of the commands that can work on several processes or machines."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet_planner.pipeline.spread.engine import Engine

Function = TypeVar("Function", bound="Callable[..., Any]")


def cluster_options(command: Function) -> Function:
    """Add the options that say where the work is done."""
    for option in (
        click.option("--tls-key", type=click.Path(path_type=Path), help="Private key of --tls-cert (PEM)."),
        click.option(
            "--tls-cert", type=click.Path(path_type=Path), help="Own certificate for a tls:// scheduler (PEM)."
        ),
        click.option(
            "--tls-ca", type=click.Path(path_type=Path), help="Authority of the cluster's certificates (PEM)."
        ),
        click.option(
            "--workers", type=click.IntRange(1, 512), metavar="N", help="Work in N processes of this machine."
        ),
        click.option("--cluster", metavar="ADDRESS", help="Work on this Dask scheduler, such as tls://10.0.0.4:8786."),
    ):
        command = option(command)
    return command


@contextmanager
def engine_of(
    cluster: str | None, workers: int | None, tls: tuple[Path | None, Path | None, Path | None]
) -> Iterator[Engine]:
    """Yield what carries the work out: a cluster, processes of this machine, or this process.

    Parameters
    ----------
    cluster, workers
        Values of the options; not both.
    tls
        Authority, own certificate, its key.
    """
    from fleet_planner.pipeline.spread.engine import Here

    if cluster and workers:
        raise click.UsageError("--cluster and --workers exclude each other: a cluster brings its own workers.")
    if not cluster and any(tls):
        raise click.UsageError("--tls-ca, --tls-cert and --tls-key belong to --cluster.")
    if not cluster and not workers:
        yield Here()
        return
    from fleet_planner.pipeline.spread.dask_engine import Asked, dask_engine

    asked = Asked(cluster or "", workers or 0, *tls)
    with dask_engine(asked, lambda text: click.echo(text, err=True)) as engine:
        yield engine
