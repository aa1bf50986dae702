"""Work on the roads of a large region tile by tile, with its largest tables in a file instead of in memory.

A tile is a run of links that follow each other in the link table. Sums over the roads are formed tile by tile, so that
a region of more links than one tile agrees with the same region in one piece to rounding (about 1e-15), and a city
below one tile to the last bit.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile
import weakref
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fleet_planner.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LINKS_AT_ONCE = 131_072
"""Links of a tile: vehicle-km by stream and hour of so many take some 300 MB."""

DISK_FOLDER = Path("/var/tmp")  # noqa: S108  # files there have no name: nobody else can open them
"""Where temporary files lie on a disk: ``/tmp`` is memory on many systems."""


@dataclass(frozen=True)
class Scratch:
    """Arrays in files without a name, which the system removes when the process ends, however it ends.

    Parameters
    ----------
    folder
        On a disk, not in memory.
    """

    folder: Path
    _kept: list[weakref.ref[mmap.mmap]] = field(default_factory=list, repr=False, compare=False)

    def empty(self, shape: tuple[int, ...], dtype: Any = np.float64) -> NDArray[Any]:
        """Return an array of a shape whose bytes stand in a file; its content is not told.

        Raises
        ------
        OutputError
            The folder may not be written, or the disk has no room for it.
        """
        size = max(int(np.prod(shape)) * np.dtype(dtype).itemsize, 1)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as handle:
                _reserve(handle.fileno(), size)
                held = mmap.mmap(handle.fileno(), size)
        except OSError as error:
            raise OutputError(
                f"there is no room for {size / 1e9:.1f} GB of tables of roads on the disk: {error.strerror or error}",
                "Free some space, or name a folder of another disk in run.scratch.",
                file=self.folder,
            ) from error
        self._kept.append(weakref.ref(held))
        return np.frombuffer(held, dtype=dtype, count=int(np.prod(shape))).reshape(shape)

    def __reduce__(self) -> tuple[type[Scratch], tuple[Path]]:
        """Return what a worker in another process makes its own scratch of."""
        return Scratch, (self.folder,)

    def release(self) -> None:
        """Hand the memory of all arrays back to the system; what they hold stays in their files."""
        alive = [held for one in self._kept if (held := one()) is not None]
        for held in alive:
            if hasattr(mmap, "MADV_DONTNEED"):
                held.madvise(mmap.MADV_DONTNEED)
        self._kept[:] = [weakref.ref(held) for held in alive]


def _reserve(descriptor: int, size: int) -> None:
    """Take the space now: a disk that is full later would end the process without a word."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)


@dataclass(frozen=True)
class Tiles:
    """How many links are worked on at a time, and where the large tables of roads stand.

    Parameters
    ----------
    links_at_once
        Links of a tile.
    scratch
        Holds arrays in files; nothing: they stand in memory.
    """

    links_at_once: int = LINKS_AT_ONCE
    scratch: Scratch | None = None

    def slices(self, links: int) -> Iterator[slice]:
        """Yield the tiles of so many links; behind each, memory of arrays in files is handed back."""
        for first in range(0, links, self.links_at_once):
            yield slice(first, min(first + self.links_at_once, links))
            self.release()

    def empty(self, shape: tuple[int, ...], dtype: Any = np.float64) -> NDArray[Any]:
        """Return an array of a shape, in a file where there is a scratch; its content is not told."""
        return np.empty(shape, dtype) if self.scratch is None else self.scratch.empty(shape, dtype)

    def columns(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Return an array of shape (rows, columns); in a file, each of its columns stands in one piece."""
        if self.scratch is None:
            return np.empty((rows, columns))
        return self.scratch.empty((columns, rows)).T

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of the columns of an array of `columns`, one after the other where it stands in a file."""
        if self.scratch is None:
            return np.asarray(values.sum(axis=0))
        out = np.empty(values.shape[1])
        for k in range(out.size):
            out[k] = values[:, k].sum()
            self.release()
        return out

    def release(self) -> None:
        """Hand the memory of arrays in files, and what is free anyway, back to the system."""
        if self.scratch is not None:
            self.scratch.release()
            _give_back()


@cache
def _trim() -> Callable[[int], int] | None:
    """Return glibc's function that hands free memory back; nothing on other systems."""
    try:
        return ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return None


def _give_back() -> None:
    """Hand memory that is free between small pieces back: shapes and texts of a tile leave it behind."""
    if (trim := _trim()) is not None:
        trim(0)


def disk_folder() -> Path:
    """Return the folder for temporary files on a disk: the environment's own (``TMPDIR``) goes before."""
    if os.environ.get("TMPDIR") or not os.access(DISK_FOLDER, os.W_OK):
        return Path(tempfile.gettempdir())
    return DISK_FOLDER
