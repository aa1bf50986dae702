"""How much memory is left, and a refusal in time of what would not fit into it.

What cannot be taken in tiles is estimated before it is begun: a process that is killed for its memory after an hour
says nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from fleet_planner.errors import InputError, PlanError
from fleet_planner.units import B_PER_GB, B_PER_KIB

MEMINFO = Path("/proc/meminfo")
CONTAINER = Path("/sys/fs/cgroup")


def free_bytes(meminfo: Path = MEMINFO, container: Path = CONTAINER) -> float | None:
    """Return how much memory a process may still take; nothing where the system does not say.

    Parameters
    ----------
    meminfo
        Linux' own figures. Without them, all memory of the machine counts as free.
    container
        Folder of the limits of a container (control groups, version 2).
    """
    told = [b for b in (_available(meminfo), _left_of_limit(container)) if b is not None]
    return min(told) if told else _whole_memory()


def refuse_beyond(
    need_bytes: float,
    what: str,
    remedy: str,
    *,
    column: str | None = None,
    file: Path | None = None,
    limit_gb: float | None = None,
) -> None:
    """Refuse what would take more memory than there is.

    Parameters
    ----------
    need_bytes
        Estimate.
    what, remedy
        For the message: what takes it, and what to do.
    column, file
        Key of the plan, or file, that asks for it.
    limit_gb
        In place of what is free.

    Raises
    ------
    UserError
        It would: a `PlanError` where no file is named.
    """
    free = free_bytes() if limit_gb is None else limit_gb * B_PER_GB
    if free is not None and need_bytes > free:
        whose = "are free" if limit_gb is None else "are allowed (run.memory_gb)"
        kind = PlanError if file is None else InputError
        raise kind(
            f"{what} would take about {need_bytes / B_PER_GB:.1f} GB of memory, and {free / B_PER_GB:.1f} GB {whose}",
            remedy,
            file=file,
            column=column,
        )


def _available(meminfo: Path) -> float | None:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        return next((float(x.split()[1]) * B_PER_KIB for x in lines if x.startswith("MemAvailable:")), None)
    except (OSError, ValueError, IndexError):
        return None


def _left_of_limit(container: Path) -> float | None:
    """Return what a container may still take: pages of files that nobody needs now are given up for it."""
    try:
        limit, taken = ((container / f"memory.{name}").read_text(encoding="ascii") for name in ("max", "current"))
        stat = dict(x.split() for x in (container / "memory.stat").read_text(encoding="ascii").splitlines())
        return float(limit) - float(taken) + float(stat.get("inactive_file", 0.0))
    except (OSError, ValueError):
        return None  # no container, or one without a limit ("max")


def _whole_memory() -> float | None:
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
