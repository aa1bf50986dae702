"""Options of the commands that can work on several processes or machines."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet_planner.pipeline.spread.engine import Engine

OPTIONS = (
    click.option("--tls-key", type=click.Path(path_type=Path), help="Private key of --tls-cert (PEM)."),
    click.option("--tls-cert", type=click.Path(path_type=Path), help="Own certificate for a tls:// scheduler (PEM)."),
    click.option("--tls-ca", type=click.Path(path_type=Path), help="Authority of the cluster's certificates (PEM)."),
    click.option("--workers", type=click.IntRange(1, 512), metavar="N", help="Work in N processes of this machine."),
    click.option("--cluster", metavar="ADDRESS", help="Work on this Dask scheduler, such as tls://10.0.0.4:8786."),
)


@dataclass(frozen=True)
class Where:
    """Values of the options: a scheduler or a number of processes, and the certificates for the former."""

    cluster: str | None
    workers: int | None
    tls: tuple[Path | None, Path | None, Path | None]

    @property
    def given(self) -> bool:
        """Whether any of the options is there."""
        return bool(self.cluster or self.workers or any(self.tls))


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the work is done; the command takes them as ``where``."""

    @wraps(command)
    def gathered(
        *arguments: Any,
        cluster: str | None,
        workers: int | None,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        **more: Any,
    ) -> Any:
        return command(*arguments, where=Where(cluster, workers, (tls_ca, tls_cert, tls_key)), **more)

    for option in OPTIONS:
        gathered = option(gathered)
    return gathered


@contextmanager
def engine_of(where: Where) -> Iterator[Engine]:
    """Yield what carries the work out: a cluster, processes of this machine, or this process."""
    from fleet_planner.pipeline.spread.engine import Here

    if where.cluster and where.workers:
        raise click.UsageError("--cluster and --workers exclude each other: a cluster brings its own workers.")
    if not where.cluster and any(where.tls):
        raise click.UsageError("--tls-ca, --tls-cert and --tls-key belong to --cluster.")
    if not where.given:
        yield Here()
        return
    from fleet_planner.pipeline.spread.dask_engine import Asked, dask_engine

    asked = Asked(where.cluster or "", where.workers or 0, *where.tls)
    with dask_engine(asked, lambda text: click.echo(text, err=True)) as engine:
        yield engine
