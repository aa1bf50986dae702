"""Numba kernels: arrays in, arrays out; nothing of the rest of the package, no input or output.

Compiled code is cached in a folder named by a hash of all kernel sources. Numba's own check
looks only at the file of the function called, so a changed helper in another file would leave
a stale caller behind.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import numba


def _source_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return a writable folder for compiled kernels: the user's cache, else one that goes with this process."""
    base = os.environ.get("FLEET_PLANNER_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    name = Path("fleet_planner") / f"numba-{_source_hash()}"
    folder = Path(base) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        own = tempfile.mkdtemp(prefix="fleet_planner-numba-")
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        (Path(own) / name).mkdir(parents=True)
        return Path(own) / name


numba.config.CACHE_DIR = str(cache_folder())
