"""The kernels of a run's second half, compiled before they are asked for: what each is called with.

The compiler works on one function at a time, however many cores there are. A second process can compile the kernels
that a run needs last while the run itself compiles those that it needs first; both keep them in the same folder.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numba
from numba.core.sigutils import normalize_signature


class Kernel(NamedTuple):
    """A compiled function of a module of this package, and the types that a run calls it with."""

    module: str
    function: str
    types: str


KERNELS = (
    Kernel("curves", "sample", "f8[:,::1], f8[:,::1], i8[::1], f8[::1], i8"),
    Kernel("inventory", "entry_weights", "f8[::1], i8[::1], f8[::1], f8[:,::1], i8[::1], f8[:,::1], i8[::1], i8"),
    Kernel(
        "inventory",
        "composite",
        "f8[:,::1], i4[:,:,:,::1], i4[:,::1], i8[::1], i8, b1[:,:], i8[::1], i8[::1], f8[:,:,::1]",
    ),
    Kernel("allocation", "expand", "f8[:,::1], i4[:,::1], f8[:,::1]"),
    Kernel(
        "inventory",
        "link_pass",
        "f8[:,:,:,:,::1], f8[:,:,::1], f8[:,::1], i1[:,::1], f8[::1], f8, f8, i8[::1], i8, f8[::1], i8[::1], f8",
    ),
    Kernel("inventory", "mean_factors", "f8[:,::1], i4[:,:,:,::1], i4[:,::1], f8[:,:,:,::1], i8[::1], i8[::1]"),
    Kernel(
        "inventory",
        "vehicle_pass",
        "f8[::1], i8[::1], f8[::1], f8[:,::1], i8[::1], f8[:,::1], i8[::1], i8[::1], i8, f8[:,:,::1]",
    ),
    Kernel(
        "link_hours",
        "link_hours",
        "f8[:,:,:,:,::1], f8[:,:,::1], f8[:,::1], i1[:,::1], f8[::1], f8, f8, f8[::1], i8[::1], f8",
    ),
    Kernel("allocation", "mean_speeds", "f8[:,::1], i4[:,::1], f8[:,::1], f8[:,::1]"),
)
"""In the order in which a run asks for them; a test holds the types against those of a run."""


def lacking() -> bool:
    """Tell whether this machine has none of them compiled."""
    if numba.config.DISABLE_JIT:
        return False
    folder = Path(numba.config.CACHE_DIR)
    return not any(next(folder.rglob(f"{k.module}.{k.function}-*.nbi"), None) for k in KERNELS)


def compile_all(parent: int) -> None:
    """Compile those that are not kept yet, one after another; ends early once the process ``parent`` is gone."""
    for kernel in KERNELS:
        if os.getppid() != parent:
            return
        function = getattr(import_module(f"fleet_planner.kernels.{kernel.module}"), kernel.function)
        function.compile(normalize_signature(f"void({kernel.types})")[0])
