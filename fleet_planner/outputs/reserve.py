"""One command at a time writes into a folder; what a killed one left is cleared or put back."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_planner.errors import OutputError

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTIAL, OLD, LOCK = "partial", "old", "lock"
"""Kinds of hidden neighbours of a folder: in the making, replaced just now, the lock of a command at work."""

AT_WORKING_FOLDER = -100
RENAME_EXCHANGE = 2
"""Constants of Linux (fcntl.h, linux/fs.h)."""


def neighbour(place: Path, kind: str) -> Path:
    """Return the hidden path beside ``place`` that this process uses for ``kind``."""
    return place.parent / f".{place.name}.{kind}-{os.getpid()}"


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold the lock of a folder that is to be written; its parent exists.

    The kernel frees the lock when the process ends in whatever way. File systems without locks go without.

    Raises
    ------
    OutputError
        Another process holds it.
    """
    path = place.parent / f".{place.name}.{LOCK}"
    handle = _lock(path, place)
    try:
        yield
    finally:
        if handle is not None:
            # before the lock is freed: whoever waits for nothing finds no file and makes its own
            path.unlink(missing_ok=True)
            os.close(handle)


def _lock(path: Path, place: Path) -> int | None:
    """Return the handle of a file that this process has locked; nothing where there can be no lock."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except PermissionError:
            return None
        try:
            known = flock(handle)
        except BlockingIOError as error:
            os.close(handle)
            raise OutputError(
                "another command is writing into this folder", "Wait until it has ended, or name another.", file=place
            ) from error
        if not known:
            os.close(handle)
            path.unlink(missing_ok=True)
            return None
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        os.close(handle)  # whoever held it before has just removed the file: again


def flock(handle: int) -> bool:
    """Lock an open file or folder for this process; return whether the file system knows locks.

    Raises
    ------
    BlockingIOError
        Somebody else has locked it.
    """
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


@contextmanager
def made_beside(place: Path) -> Iterator[Path]:
    """Yield a new empty folder beside ``place``, marked as alive for `clear_left_over`; whoever moves it keeps it."""
    beside = neighbour(place, PARTIAL)
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    handle = None
    try:
        with suppress(OSError):  # some systems do not open folders
            handle = os.open(beside, os.O_RDONLY)
            flock(handle)
        yield beside
    finally:
        if handle is not None:
            os.close(handle)


def clear_left_over(place: Path) -> None:
    """Put back the folder that a killed command had moved aside, and remove what killed commands left half-made.

    Call it with the lock held. Folders of processes that are still at work are left alone.
    """
    for old in sorted(place.parent.glob(f".{_literal(place.name)}.{OLD}-*")):
        if not place.exists():
            old.rename(place)
    for kind in (OLD, PARTIAL):
        for path in place.parent.glob(f".{_literal(place.name)}.{kind}-*"):
            if _is_dead(path):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def replace_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace or add files of a folder of results, all in one step where the system can.

    The rest of the folder is linked into a new one beside it, and both change places: a killed process leaves the old
    files or the new ones, never some of each. Where that cannot be (no such call, no hard links, a folder that is not
    the user's own, that is mounted, or that the command was started in) the files are moved there one by one, each
    whole; a process killed between two of these moves leaves the first new and the rest old.

    Parameters
    ----------
    folder
        Of results; the caller holds its lock.
    contents
        By name of the file.

    Raises
    ------
    OSError
        The file system refuses; no file has changed.
    """
    place = folder.resolve()
    clear_left_over(place)
    clear_inside(place)
    if not _replaced_by_exchange(place, contents):
        _replace_one_by_one(place, contents)


def _replaced_by_exchange(place: Path, contents: Mapping[str, bytes]) -> bool:
    """Return whether the folder, with the files replaced, has changed places with the old one."""
    if sys.platform != "linux" or not _may_be_swapped(place):
        return False
    try:
        with made_beside(place) as beside:
            shutil.copytree(place, beside, copy_function=os.link, symlinks=True, dirs_exist_ok=True)
            for name, content in contents.items():
                (beside / name).unlink(missing_ok=True)  # it is the old file itself
                (beside / name).write_bytes(content)
            return exchange(beside, place)
    except OSError:
        return False
    finally:
        shutil.rmtree(neighbour(place, PARTIAL), ignore_errors=True)


def _may_be_swapped(place: Path) -> bool:
    """Return whether nobody would miss the folder itself: a shell in it would stand in one that is gone."""
    return (
        not Path.cwd().is_relative_to(place)
        and not place.is_mount()
        and place.stat().st_uid == os.geteuid()
        and os.access(place, os.W_OK | os.X_OK)
    )


def _replace_one_by_one(place: Path, contents: Mapping[str, bytes]) -> None:
    besides = {place / name: neighbour(place / name, PARTIAL) for name in contents}
    try:
        for path, beside in besides.items():
            beside.write_bytes(contents[path.name])
        for path, beside in besides.items():
            beside.replace(path)
    finally:
        for beside in besides.values():
            beside.unlink(missing_ok=True)


def clear_inside(folder: Path) -> None:
    """Remove what killed commands left half-made inside a folder of results."""
    for path in folder.glob(f".*.{PARTIAL}-*"):
        if path.is_file() and _is_dead(path):
            path.unlink(missing_ok=True)


def _literal(name: str) -> str:
    """Return a name as a pattern that fits only itself."""
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in name)


def _is_dead(path: Path) -> bool:
    """Return whether the process that the path is named after is gone and nobody holds the path's lock."""
    number = path.name.rpartition("-")[2]
    if not number.isdigit() or int(number) == os.getpid() or sys.platform == "win32":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        pass
    except (OSError, OverflowError):
        return False
    else:
        return False
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return flock(handle)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step, so that no moment has neither; return whether the system can."""
    if sys.platform != "linux":
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    done = call(AT_WORKING_FOLDER, os.fsencode(one), AT_WORKING_FOLDER, os.fsencode(other), RENAME_EXCHANGE)
    return int(done) == 0
