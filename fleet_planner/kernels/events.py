"""A heap of events (time, kind, block): the earliest first, then the lower kind, then the lower block."""

import numba


@numba.njit(cache=True)
def _before(time, kind, block, i, j):
    if time[i] != time[j]:
        return time[i] < time[j]
    if kind[i] != kind[j]:
        return kind[i] < kind[j]
    return block[i] < block[j]


@numba.njit(cache=True)
def _swap(time, kind, block, i, j):
    time[i], time[j] = time[j], time[i]
    kind[i], kind[j] = kind[j], kind[i]
    block[i], block[j] = block[j], block[i]


@numba.njit(cache=True)
def push_event(time, kind, block, size, t, k, b):
    """Put an event into the heap of the first ``size`` entries; return the new size."""
    time[size], kind[size], block[size] = t, k, b
    i = size
    while i > 0 and _before(time, kind, block, i, (i - 1) // 2):
        _swap(time, kind, block, i, (i - 1) // 2)
        i = (i - 1) // 2
    return size + 1


@numba.njit(cache=True)
def pop_event(time, kind, block, size):
    """Move the first event to position ``size - 1`` and mend the heap before it."""
    size -= 1
    _swap(time, kind, block, 0, size)
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            return size
        if child + 1 < size and _before(time, kind, block, child + 1, child):
            child += 1
        if not _before(time, kind, block, child, i):
            return size
        _swap(time, kind, block, i, child)
        i = child
