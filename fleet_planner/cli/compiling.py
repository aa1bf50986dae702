"""The first run on a machine: kernels are compiled in a second process beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = (
    "import sys; sys.path.append({root!r}); "
    "from fleet_planner.kernels.beforehand import compile_all; compile_all({parent})"
)


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def compiled_beside(threads: int | None) -> Iterator[None]:
    """Compile the kernels of a run's second half beside its first, where none is kept and a core is free.

    The other process only fills the folder of compiled kernels. Where it cannot be started, fails or is slower, the run
    compiles what it needs itself. It is ended with the run.

    Parameters
    ----------
    threads
        Cores that the user allows; ``None`` for all.
    """
    import numba

    from fleet_planner.kernels.beforehand import lacking

    if min(threads or cores(), cores()) == 1 or not lacking():
        yield
        return
    quiet = subprocess.DEVNULL
    code = CODE.format(root=str(Path(__file__).parents[2]), parent=os.getpid())
    # the same folder: where the user's may not be written, the other process would take one of its own
    same = os.environ | {"FLEET_PLANNER_CACHE": str(Path(numba.config.CACHE_DIR).parents[1])}
    try:
        process = subprocess.Popen(  # noqa: S603  # our own words
            [sys.executable, "-P", "-c", code], stdin=quiet, stdout=quiet, stderr=quiet, env=same
        )
    except OSError:
        yield
        return
    try:
        yield
    finally:
        process.kill()
        process.wait()
