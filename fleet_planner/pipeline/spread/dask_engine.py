"""Parts of the work on Dask distributed: workers of this machine, or a cluster that is there already."""

from __future__ import annotations

import logging
import os
import queue
import time
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fleet_planner.errors import InputError, UserError, first_line
from fleet_planner.pipeline.spread.attempt import Attempt, attempt, code_hash, here
from fleet_planner.pipeline.spread.engine import Outcome, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from fleet_planner.pipeline.spread.attempt import Work

PACKAGES = ("distributed", "cryptography", "bokeh")
"""What the extra ``cluster`` brings."""
CONNECT_S = 20.0
"""How long a scheduler may take to answer."""
WAIT_FOR_WORKERS_S = 120.0
"""How long a scheduler may have no worker before the work is given up."""
RETRIES = 2
"""How often a part of a single run is tried again."""
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


@contextmanager
def dask_engine(asked: Asked, told: Callable[[str], None]) -> Iterator[DaskEngine]:
    """Yield an engine on a cluster; where no address is given, processes are started when there is work for them.

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
    if lacking := [name for name in PACKAGES if find_spec(name) is None]:
        raise InputError(
            f"work on several processes needs packages that are not installed: {', '.join(lacking)}",
            "Install them: pip install 'fleet-planner[cluster]'.",
        )
    with ExitStack() as stack:
        if asked.address:
            client = stack.enter_context(_connected(asked))
            told(_addresses(client))
            yield DaskEngine(lambda: client)
            return

        def start() -> Any:
            client = stack.enter_context(_local(asked.workers))
            told(_addresses(client))
            return client

        yield DaskEngine(start)


def _addresses(client: Any) -> str:
    number = len(client.nthreads())
    workers = f"{number} worker{'' if number == 1 else 's'}"
    return f"Scheduler {client.scheduler.address}, {workers}; dashboard {client.dashboard_link}"


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    """Yield a client of processes of this machine that talk to this one alone: by certificates made for them."""
    import dask
    from distributed import Client, LocalCluster

    threads = str(max(1, (os.cpu_count() or 1) // workers))
    # a worker that pauses for lack of memory never goes on; one that ends is told
    memory = {f"distributed.worker.memory.{name}": False for name in ("target", "spill", "pause")}
    with dask.config.set({**memory, "distributed.comm.timeouts.connect": "60s"}), ExitStack() as stack:
        with _no_warnings():
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    security=True,
                    silence_logs=logging.CRITICAL,
                    env={"NUMBA_NUM_THREADS": threads, "POLARS_MAX_THREADS": threads},
                )
            )
            client = stack.enter_context(Client(cluster))
        yield client


@contextmanager
def _connected(asked: Asked) -> Iterator[Any]:
    """Yield a client of a scheduler that is there."""
    from distributed import Client, Security

    given = {"--tls-ca": asked.ca, "--tls-cert": asked.cert, "--tls-key": asked.key}
    for option, path in given.items():
        if path is not None and not path.is_file():
            raise InputError("there is no such file", "Name a PEM file.", file=path, column=option)
    security = None
    if any(given.values()):
        named = {"tls_ca_file": asked.ca, "tls_client_cert": asked.cert, "tls_client_key": asked.key}
        security = Security(require_encryption=True, **{k: str(v) for k, v in named.items() if v is not None})
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)  # what goes wrong is told in a message
    try:
        with _no_warnings():
            client = Client(asked.address, security=security, timeout=CONNECT_S)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        _set_back(loggers, levels)
        raise InputError(
            f"no Dask scheduler answers there: {first_line(error)}",
            "Give the address that dask scheduler prints, and for tls:// the certificates.",
            column="--cluster",
            value=asked.address,
        ) from error
    try:
        with client:
            yield client
    finally:
        _set_back(loggers, levels)


def _set_back(loggers: list[logging.Logger], levels: list[int]) -> None:
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Keep back that a port is taken or that work of some megabytes travels: no news for the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class DaskEngine:
    """Carries parts out on the workers of a scheduler.

    A worker that dies gives its part to another one: Dask does that. A part that fails is handed in again here, so that
    its tries are counted and the last error is told.
    """

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start

    @cached_property
    def client(self) -> Any:
        """The connection to the scheduler, made when there is work."""
        return self._start()

    def mapped(self, work: Callable[[Any, Any], Any], shared: Any, arguments: Iterable[Any]) -> list[Any]:
        """Return ``work(shared, argument)`` of every argument; see `Engine`.

        What is shared travels once to each worker. The scheduler keeps it, so that it outlives the workers.
        """
        parts = {str(number): argument for number, argument in enumerate(arguments)}
        with _no_warnings():
            held = self.client.submit(_same, shared, key=f"fleet-planner-shared-{uuid4().hex}", pure=False)
        found = {o.key: value_of(o) for o in self._outcomes(partial(_shared, work), parts, RETRIES, (held,))}
        return [found[key] for key in parts]

    def outcomes(self, work: Work, parts: Mapping[str, Any], retries: int) -> Iterator[Outcome]:
        """Yield the outcome of every part as it comes; see `Engine`.

        Raises
        ------
        UserError
            The scheduler is lost, or has had no worker for two minutes; outcomes yielded before stay.
        """
        return self._outcomes(work, parts, retries, ()) if parts else iter(())

    def _outcomes(
        self, work: Work, parts: Mapping[str, Any], retries: int, before: tuple[Any, ...]
    ) -> Iterator[Outcome]:
        """Yield the outcomes of parts; ``before`` has what comes before each argument, by name of the cluster."""
        session = f"fleet-planner-{uuid4().hex}"
        code = code_hash()
        ended: queue.Queue[Any] = queue.Queue()
        waiting: dict[str, str] = {}
        began = dict.fromkeys(parts, 0)

        def hand_in(key: str) -> Any:
            began[key] += 1
            name = f"{session}-{key}-{began[key]}"
            topic = f"{session}-{key}"
            given = (*before, parts[key])
            with _no_warnings():
                future = self.client.submit(_on_worker, work, code, topic, *given, key=name, pure=False)
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
                last, deaths = self._result(future)
                if last.again and began[key] <= retries:
                    held[key] = hand_in(key)
                    continue
                del held[key]
                yield Outcome(key, last, max(began[key], deaths, self._begun(f"{session}-{key}")))
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

    def _result(self, future: Any) -> tuple[Attempt, int]:
        """Return what a part came to, and how many workers died of it; then it has failed."""
        from distributed import KilledWorker

        if future.status == "cancelled" or self.client.status != "running":
            raise _lost("the connection to the scheduler is lost")
        try:
            result: Attempt = future.result()
        except KilledWorker as error:
            told = f"{error.allowed_failures + 1} workers died of it one after the other: out of memory?"
            return Attempt(error=told), error.allowed_failures + 1
        except Exception as error:  # noqa: BLE001  # a result that cannot travel, a worker without our package
            return Attempt(error=f"{type(error).__name__}: {first_line(error)}", again=True), 0
        return result, 0

    def _begun(self, topic: str) -> int:
        """Return how often workers began a part, as they told the scheduler."""
        try:
            return len(self.client.get_events(topic))
        except (OSError, TimeoutError):
            return 0


def _lost(problem: str) -> UserError:
    return UserError(problem, "Start scheduler and workers, then run the same command again.", column="--cluster")


def _same(thing: Any) -> Any:
    return thing


def _shared(work: Callable[[Any, Any], Any], both: tuple[Any, Any]) -> Any:
    return work(*both)


def _on_worker(work: Work, code: str, topic: str, *given: Any) -> Attempt:
    from distributed import get_worker

    get_worker().log_event(topic, here())
    argument = given if len(given) > 1 else given[0]
    return attempt(work, argument, code)
