"""Read matrices of trips (OMX) in a process of their own: the library of HDF5 may crash on a damaged file.

That process looks for no code in the folder that the command was called in, which may be a stranger's.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError, OutputError, first_line
from fleet_planner.tiles import disk_folder

Float = NDArray[np.float64]
PATIENCE_S = 1800
FAILED, REFUSED, FULL = 1, 3, 4
"""How the other process ends by a fault of its own, on a file that it cannot use, and where it cannot write; its last
line says why."""

CODE = (
    "import sys; sys.path.append({root!r}); from fleet_planner.network.omx import main; sys.exit(main(*sys.argv[1:]))"
)


def read_omx(path: Path) -> tuple[list[str], dict[str, Float]]:
    """Return the zones of the first mapping, and the matrices by name, each of shape (zones, zones).

    Raises
    ------
    InputError
        The file is damaged, has no mapping, or its matrices do not fit it.
    OutputError
        There is no room for a copy of the matrices.
    """
    with tempfile.TemporaryDirectory(dir=disk_folder()) as folder:
        out = Path(folder) / "matrices.npz"
        code = CODE.format(root=str(Path(__file__).parents[2]))
        command = [sys.executable, "-P", "-c", code, str(path.resolve()), str(out)]
        try:
            done = subprocess.run(  # noqa: S603  # this module
                command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _unusable(path, "it cannot be read to its end") from error
        if done.returncode:
            raise _failure(path, done.returncode, done.stderr)
        with np.load(out, allow_pickle=False) as found:
            names = found["names"].tolist()
            matrices = {name: found[f"matrix_{k}"] for k, name in enumerate(names)}
            zones = [str(z) for z in found["zones"].tolist()]
    if any(matrix.shape != (len(zones), len(zones)) for matrix in matrices.values()):
        raise _unusable(path, f"its matrices do not fit the mapping of {len(zones)} zones")
    return zones, matrices


def _failure(path: Path, status: int, told: str) -> InputError | OutputError:
    """Return what the end of the other process says: of the file, of the disk, or of the program itself."""
    last = (told.strip().splitlines() or [""])[-1]
    if status == REFUSED:
        return _unusable(path, last)
    if status == FULL:
        return OutputError(
            f"there is no room for a copy of its matrices: {last}",
            "Free some space, or name a folder of another disk in the environment variable TMPDIR.",
            file=path,
        )
    if status == FAILED:  # an exception: the library's own are told as REFUSED
        return InputError(f"the reader of OMX files does not work here: {last}", "Install fleet_planner anew.", path)
    if status == -getattr(signal, "SIGKILL", 0):
        return InputError("the reader of OMX files was killed: out of memory?", "Give it smaller matrices.", path)
    return _unusable(path, "it is damaged: the library of HDF5 breaks down on it")


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        f"this is no usable OMX file: {why}", "It needs matrices and a mapping with the zones.", file=path
    )


def main(path: str, out: str) -> int:
    """Copy the matrices of a file into another of numpy's; say in a line what is wrong, and return its status."""
    warnings.simplefilter("ignore")
    import openmatrix

    try:
        with closing(openmatrix.open_file(path, "r")) as source:
            mapping = next(iter(source.list_mappings()), "")  # openmatrix says that there is no mapping of that name
            zones = np.array([int(k) for k in source.map_entries(mapping)], dtype=np.int64)
            names = [str(n) for n in source.list_matrices()]
            kept: dict[str, Any] = {f"matrix_{k}": np.array(source[n], dtype=np.float64) for k, n in enumerate(names)}
    except Exception as error:  # noqa: BLE001  # HDF5, PyTables and OMX raise whatever they like
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        sys.stderr.write("\n" + (lines[-1] if lines else first_line(error)) + "\n")
        sys.stderr.flush()
        return REFUSED
    try:
        np.savez(out, names=np.array(names), zones=zones, **kept)
    except OSError as error:
        sys.stderr.write(f"\n{error.strerror or error}\n")
        return FULL
    return 0
