"""One try at a part of the work, wherever it is made: what came out, how long it took, what went wrong."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fleet_planner.errors import UserError, first_line

LIBRARIES = ("numpy", "numba", "llvmlite", "polars", "scipy", "highspy")
"""Libraries whose version may change a last digit."""

Work = Callable[[Any], Any]
"""Makes a result from an argument; both travel between processes."""

PARTS = frozenset({".py", ".csv", ".gz", ".j2", ".js", ".css"})
"""Endings of what this program is made of: code, tables, parts of pages."""

_one_at_a_time = threading.Lock()
"""A process computes one part at a time: the kernels' threads must not be started from two threads at once."""


@dataclass(frozen=True)
class Attempt:
    """One try.

    Parameters
    ----------
    value
        What came out; nothing where it failed.
    error, trace
        What went wrong, in one line and at length; empty where nothing did.
    user_error
        The error where it is one that the user can mend.
    again
        Whether another try may go better.
    worker
        Host and process.
    cpu
        The processor that the kernels were compiled for.
    seconds
        How long it took.
    """

    value: Any = None
    error: str = ""
    trace: str = ""
    user_error: UserError | None = None
    again: bool = False
    worker: str = ""
    cpu: str = ""
    seconds: float = 0.0


@cache
def code_hash() -> str:
    """Return a hash of this program, its tables, Python and the libraries that compute."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in LIBRARIES:
        digest.update(f"{name} {version(name)};".encode())
    root = Path(__file__).parents[2]
    for path in sorted(p for p in root.rglob("*") if p.suffix in PARTS):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def here() -> str:
    """Return host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def attempt(work: Work, argument: Any, code: str) -> Attempt:
    """Try ``work`` once; what goes wrong is told, not raised, so that no traceback has to travel.

    Parameters
    ----------
    work, argument
        What to do.
    code
        `code_hash` of who asks: another program is not asked to compute the same figures.
    """
    with _one_at_a_time:
        begin = time.perf_counter()
        place = here()
        if code_hash() != code:
            told = (
                f"the worker {place} has another version of fleet_planner, of its tables, of Python or of "
                f"{', '.join(LIBRARIES)}: its figures could differ. Install the same on all machines."
            )
            return Attempt(error=told, worker=place)
        try:
            value = work(argument)
        except UserError as error:
            failed = Attempt(error=str(error), user_error=error, again=True)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other parts go on and the table tells it
            told = f"{type(error).__name__}: {first_line(error)}"
            failed = Attempt(error=told, trace=traceback.format_exc(), again=True)
        else:
            failed = Attempt(value=value)
        return Attempt(
            value=failed.value,
            error=failed.error,
            trace=failed.trace,
            user_error=failed.user_error,
            again=failed.again,
            worker=place,
            cpu=_cpu(),
            seconds=time.perf_counter() - begin,
        )


@cache
def _cpu() -> str:
    import llvmlite.binding as llvm

    return str(llvm.get_host_cpu_name())
