"""The run directory: written beside, then moved into place whole."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_planner.errors import OutputError
from fleet_planner.outputs.reserve import OLD, PARTIAL, clear_left_over, exchange, locked, made_beside, neighbour

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_SECONDS = 10.0
"""How long another program may hold the old GeoPackage before the run gives up."""

FULL_BYTES = 32 * 2**20
"""A library's failed write with less space left than this counts as a full disk."""

OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Full, beyond the user's share, file too large, read-only, failing."""

DEEPEST = 20
"""Errors that rest on each other and are looked at."""

MAPS = ("city.gpkg", "buses.gpkg")
"""Files that a GIS may hold open."""

MARK = "manifest.json"
"""A folder with this file is a run."""


def default_target(plan: Path) -> Path:
    """Return ``outputs/<plan>/<time>-<hash of the plan>`` in the working folder."""
    name = plan.resolve().parent.name if plan.stem == "plan" else plan.stem
    digest = hashlib.sha256(plan.read_bytes()).hexdigest()[:8] if plan.is_file() else "00000000"
    return Path("outputs") / name / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{digest}"


def check_target(out: Path, *, overwrite: bool, lock_seconds: float = LOCK_SECONDS) -> None:
    """Check before the work begins that ``out`` can be written.

    Raises
    ------
    OutputError
        It is a file, holds something already, may not be written, or its GeoPackage is locked.
    """
    if out.exists() and not out.is_dir():
        raise OutputError("this is a file", "Name a folder.", file=out)
    if out.is_dir() and any(out.iterdir()):
        if not overwrite:
            raise OutputError("the run directory is not empty", "Name another one, or give --overwrite.", file=out)
        if not (out / MARK).is_file():
            raise OutputError(
                f"the folder holds something that is not a run (it has no {MARK}), so it is not overwritten",
                "Name another one with --out.",
                file=out,
            )
        for name in MAPS:
            check_unlocked(out / name, lock_seconds)
    nearest = next(p for p in (out.resolve().parent, *out.resolve().parents) if p.exists())
    if not nearest.is_dir():
        raise OutputError("a part of this path is a file", "Name another one with --out.", file=nearest)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError("the folder may not be written", "Name another one with --out.", file=nearest)


def check_unlocked(path: Path, seconds: float = LOCK_SECONDS) -> None:
    """Wait until nobody writes to a GeoPackage; nothing in it is changed.

    Raises
    ------
    OutputError
        Another program still holds it after ``seconds``.
    """
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path, timeout=seconds, isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise OutputError(
                f"another program is using this GeoPackage (waited {seconds:g} s)",
                "Close it there (in QGIS: remove the layer or end editing), or name another place with --out.",
                file=path,
            ) from error
    except sqlite3.DatabaseError:
        return  # a damaged file of an old run is about to be replaced


@contextmanager
def reserved(out: Path, *, overwrite: bool) -> Iterator[None]:
    """Keep ``out`` for one command from before its work until it has written; clear what a killed one left.

    Raises
    ------
    OutputError
        It cannot be written (see `check_target`), or another command is at work on it.
    """
    check_target(out, overwrite=overwrite)
    place, was_there = out.resolve(), out.exists()
    made = _missing_parents(place.parent)
    with ExitStack() as held:
        held.callback(_remove_empty, made)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(place))
            clear_left_over(place)
        except OSError as error:
            raise _cannot_write(error.strerror or str(error), out) from error
        if out.exists() != was_there:
            check_target(out, overwrite=overwrite)
        yield


@contextmanager
def whole_directory(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a folder beside ``out``; move it there when all went well, else leave nothing.

    An old run and the new one change places in one step where the system can, else the old one is renamed aside
    and put back on failure; then it is deleted.

    Raises
    ------
    OutputError
        The file system refuses: full, not writable, and so on.
    """
    check_target(out, overwrite=overwrite)
    place = out.resolve()
    made = _missing_parents(place.parent)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with made_beside(place) as beside:
            yield beside
            check_target(out, overwrite=overwrite)
            _move_in(beside, place)
    except BaseException as error:
        free = _free_bytes(place.parent)
        shutil.rmtree(neighbour(place, PARTIAL), ignore_errors=True)
        _remove_empty(made)
        if (reason := _refusal(error, free)) is not None:
            raise _cannot_write(reason, out) from error
        raise


def _cannot_write(reason: str, out: Path) -> OutputError:
    return OutputError(
        f"the results cannot be written: {reason}",
        "Free space or name another folder with --out; earlier outputs are unchanged.",
        file=out,
    )


def _missing_parents(folder: Path) -> list[Path]:
    return [p for p in (folder, *folder.parents) if not p.exists()]


def _remove_empty(made: list[Path]) -> None:
    """Remove the folders that were made on the way, innermost first, as long as they are empty."""
    for folder in made:
        try:
            folder.rmdir()
        except OSError:
            return


def _free_bytes(folder: Path) -> float:
    try:
        return float(shutil.disk_usage(folder).free)
    except OSError:
        return float("inf")


def _refusal(error: BaseException, free_bytes: float) -> str | None:
    """Return what the file system says, if it is the file system that refuses; else nothing.

    GDAL reports a full disk as a failed transaction, hence the look at the space that is left.
    """
    if isinstance(error, OutputError):
        return None
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno else str(error)
    if (number := _disk_number(error)) is not None:
        return os.strerror(number)
    text = str(error)
    library = type(error).__module__.partition(".")[0]
    if not isinstance(error, sqlite3.OperationalError) and library not in {"pyogrio", "polars"}:
        return None
    full = free_bytes < FULL_BYTES or any(words in text for words in ("No space left", "disk is full"))
    if not full and library in {"pyogrio", "polars"}:
        # pyogrio tells of the file system by DataSourceError and its kin
        return text if type(error).__name__ in {"DataSourceError", "DataLayerError", "FeatureError"} else None
    return os.strerror(errno.ENOSPC) if full else text


def _disk_number(error: BaseException) -> int | None:
    """Return the number of the disk's refusal that another library's error rests on, if any."""
    below: BaseException | None = error
    seen = 0
    while below is not None and seen < DEEPEST:
        if isinstance(below, OSError) and below.errno in OF_THE_DISK:
            return below.errno
        below, seen = below.__cause__ or below.__context__, seen + 1
    return None


def _move_in(beside: Path, out: Path) -> None:
    if not out.exists():
        beside.rename(out)
        return
    if exchange(beside, out):
        shutil.rmtree(beside, ignore_errors=True)
        return
    old = neighbour(out, OLD)
    out.rename(old)
    try:
        beside.rename(out)
    except BaseException:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
