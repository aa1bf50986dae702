"""Read matrices of trips (OMX) in a process of their own: the library of HDF5 may crash on a damaged file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.errors import InputError, first_line

Float = NDArray[np.float64]
PATIENCE_S = 1800
REFUSED = 3
"""How the other process ends on a file that it cannot use; its last line says why."""


def read_omx(path: Path) -> tuple[list[str], dict[str, Float]]:
    """Return the zones of the first mapping, and the matrices by name, each of shape (zones, zones).

    Raises
    ------
    InputError
        The file is damaged, has no mapping, or its matrices do not fit it.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "matrices.npz"
        command = [sys.executable, "-m", "fleet_planner.network.omx", str(path.resolve()), str(out)]
        try:
            done = subprocess.run(  # noqa: S603  # this module
                command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _unusable(path, "it cannot be read to its end") from error
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] if done.returncode == REFUSED else []
            raise _unusable(path, *(last or ["it is damaged: the library of HDF5 breaks down on it"]))
        with np.load(out, allow_pickle=False) as found:
            names = found["names"].tolist()
            matrices = {name: found[f"matrix_{k}"] for k, name in enumerate(names)}
            zones = [str(z) for z in found["zones"].tolist()]
    if any(matrix.shape != (len(zones), len(zones)) for matrix in matrices.values()):
        raise _unusable(path, f"its matrices do not fit the mapping of {len(zones)} zones")
    return zones, matrices


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        f"this is no usable OMX file: {why}", "It needs matrices and a mapping with the zones.", file=path
    )


def main(path: str, out: str) -> int:
    """Copy the matrices of a file into another of numpy's; say in a line what is wrong, and return `REFUSED`."""
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
    np.savez(out, names=np.array(names), zones=zones, **kept)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
