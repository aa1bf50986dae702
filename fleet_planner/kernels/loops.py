"""How kernels run on several threads: by their `prange` loops alone."""

from numba.core.cpu import ParallelOptions

LOOPS = ParallelOptions(
    {
        "prange": True,
        "comprehension": False,
        "fusion": False,
        "inplace_binop": False,
        "numpy": False,
        "reduction": False,
        "setitem": False,
        "stencil": False,
    }
)
"""For ``numba.njit(parallel=...)``. With ``True`` every ``np.zeros`` and every sum of arrays would become a loop over
threads of its own, compiled in as long as the loop that was meant: half of what a first run waits for. (A plain mapping
would be emptied by the first function that takes it.)"""
