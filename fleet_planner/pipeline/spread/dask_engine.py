"""Parts of the work on Dask distributed: workers of this machine, or a cluster that is there already."""

from __future__ import annotations

import logging
import os
import queue
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fleet_planner.errors import InputError, UserError, first_line
from fleet_planner.pipeline.spread.attempt import Attempt, attempt, code_hash, here
from fleet_planner.pipeline.spread.engine import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from fleet_planner.pipeline.spread.attempt import Work

CONNECT_S = 20.0
"""How long a scheduler may take to answer."""
WAIT_FOR_WORKERS_S = 120.0
"""How long a scheduler may have no worker before the work is given up."""
LOOK_EVERY_S = 2.0
"""How often the scheduler is asked whether it has workers."""


@dataclass(frozen=True)
class Asked:
    """Where the work shall be done.

    Parameters
    ----------
    address
        Of a scheduler, such as ``tls://10.0.0.4:8786``; empty: of this machine.
    workers
        Processes of this machine.
    ca, cert, key
        Files of the certificates by which both sides know each other.
    """

    address: str = ""
    workers: int = 0
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


def _lacking(error: ImportError) -> InputError:
    return InputError(
        f"work on several processes needs packages that are not installed ({error.name})",
        "Install them: pip install 'fleet-planner[cluster]'.",
    )


@contextmanager
def dask_engine(asked: Asked, told: Callable[[str], None]) -> Iterator[DaskEngine]:
    """Yield an engine on a cluster, started for the purpose where no address is given.

    Parameters
    ----------
    asked
        Where.
    told
        Is told the addresses of scheduler and dashboard.

    Raises
    ------
    InputError
        The extra ``cluster`` is not installed, a certificate is no file, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise _lacking(error) from error
    with warnings.catch_warnings():
        # a port that is taken and a graph of some megabytes are no news for the user
        warnings.simplefilter("ignore")
        if asked.address:
            with _connected(Client, asked) as client:
                yield _engine(client, told)
        else:
            with _local(asked.workers) as cluster, Client(cluster) as client:
                yield _engine(client, told)


def _engine(client: Any, told: Callable[[str], None]) -> DaskEngine:
    workers = len(client.nthreads())
    told(
        f"Scheduler {client.scheduler.address}, {workers} worker{'' if workers == 1 else 's'}; "
        f"dashboard {client.dashboard_link}"
    )
    return DaskEngine(client)


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    """Yield processes of this machine that talk to this one alone: by certificates made for them."""
    import dask
    from distributed import LocalCluster

    threads = str(max(1, (os.cpu_count() or 1) // workers))
    memory = {f"distributed.worker.memory.{name}": False for name in ("target", "spill", "pause")}
    # results are small and a worker that pauses never goes on: what does not fit ends and is told
    with dask.config.set({**memory, "distributed.comm.timeouts.connect": "60s"}):
        try:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                security=True,
                silence_logs=logging.CRITICAL,
                env={"NUMBA_NUM_THREADS": threads, "POLARS_MAX_THREADS": threads},
            )
        except ImportError as error:
            raise _lacking(error) from error
        with cluster:
            yield cluster


@contextmanager
def _connected(client: Any, asked: Asked) -> Iterator[Any]:
    from distributed import Security

    given = {"--tls-ca": asked.ca, "--tls-cert": asked.cert, "--tls-key": asked.key}
    for option, path in given.items():
        if path is not None and not path.is_file():
            raise InputError("there is no such file", "Name a PEM file.", file=path, column=option)
    security = None
    if any(given.values()):
        named = {"tls_ca_file": asked.ca, "tls_client_cert": asked.cert, "tls_client_key": asked.key}
        security = Security(require_encryption=True, **{k: str(v) for k, v in named.items() if v is not None})
    level = logging.getLogger("distributed").level
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        found = client(asked.address, security=security, timeout=CONNECT_S)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"no Dask scheduler answers there: {first_line(error)}",
            "Give the address that dask scheduler prints, and for tls:// the certificates.",
            column="--cluster",
            value=asked.address,
        ) from error
    finally:
        logging.getLogger("distributed").setLevel(level)
    with found:
        yield found


class DaskEngine:
    """Carries parts out on the workers of a scheduler.

    A worker that dies gives its part to another one: Dask does that. A part that fails is handed in again here, so that
    its tries are counted and the last error is told.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def outcomes(self, work: Work, parts: Mapping[str, Any], retries: int) -> Iterator[Outcome]:
        """Yield the outcome of every part as it comes; see `Engine`.

        Raises
        ------
        UserError
            The scheduler is lost, or has had no worker for two minutes; outcomes yielded before stay.
        """
        session = f"fleet-planner-{uuid4().hex}"
        code = code_hash()
        ended: queue.Queue[Any] = queue.Queue()
        waiting: dict[str, str] = {}
        began = dict.fromkeys(parts, 0)

        def hand_in(key: str) -> Any:
            began[key] += 1
            name = f"{session}-{key}-{began[key]}"
            topic = f"{session}-{key}"
            future = self.client.submit(_on_worker, work, parts[key], code, topic, key=name, pure=False)
            waiting[name] = key
            future.add_done_callback(ended.put)
            return future

        # the scheduler forgets parts that nobody holds
        held = {key: hand_in(key) for key in parts}
        seen = time.monotonic()
        try:
            while held:
                try:
                    future = ended.get(timeout=LOOK_EVERY_S)
                except queue.Empty:
                    seen = self._looked(seen)
                    continue
                key = waiting.pop(future.key, None)
                if key is None:
                    continue
                last = self._result(future)
                if last.again and began[key] <= retries:
                    held[key] = hand_in(key)
                    continue
                del held[key]
                yield Outcome(key, last, max(began[key], self._begun(f"{session}-{key}")))
        finally:
            if held and self.client.status == "running":
                self.client.cancel(list(held.values()))

    def _looked(self, seen: float) -> float:
        """Return when a worker was there last; ``seen`` is when one was there the time before."""
        if self.client.status != "running":
            raise _lost("the connection to the scheduler is lost")
        try:
            workers = self.client.nthreads()
        except (OSError, TimeoutError) as error:
            raise _lost("the connection to the scheduler is lost") from error
        if workers:
            return time.monotonic()
        if time.monotonic() - seen > WAIT_FOR_WORKERS_S:
            raise _lost(f"the scheduler has had no worker for {WAIT_FOR_WORKERS_S:.0f} s")
        return seen

    def _result(self, future: Any) -> Attempt:
        """Return what a part came to; a part whose workers died is one that failed."""
        from distributed import KilledWorker

        if future.status == "cancelled" or self.client.status != "running":
            raise _lost("the connection to the scheduler is lost")
        try:
            result: Attempt = future.result()
        except KilledWorker as error:
            told = f"{error.allowed_failures + 1} workers died of it one after the other: out of memory?"
            return Attempt(error=told)
        except Exception as error:  # noqa: BLE001  # a result that cannot travel, a worker without our package
            return Attempt(error=f"{type(error).__name__}: {first_line(error)}", again=True)
        return result

    def _begun(self, topic: str) -> int:
        """Return how often workers began a part, as they told the scheduler."""
        try:
            return len(self.client.get_events(topic))
        except (OSError, TimeoutError):
            return 0


def _lost(problem: str) -> UserError:
    return UserError(problem, "Start scheduler and workers, then run the same command again.", column="--cluster")


def _on_worker(work: Work, argument: Any, code: str, topic: str) -> Attempt:
    from distributed import get_worker

    get_worker().log_event(topic, here())
    return attempt(work, argument, code)
