"""Waiting at chargers: how much energy a number of chargers can give while vehicles wait no longer than a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

HALVINGS = 60
"""Of the bisection: beyond the precision of a float."""


def erlang_c(servers: int, load: float) -> float:
    """Return the probability that an arrival waits (M/M/n; Erlang 1917).

    Parameters
    ----------
    servers
        Chargers, 1 or more.
    load
        Arrivals per hour times hours of service, in erlangs: 0 up to ``servers``.

    Notes
    -----
    From the Erlang-B recursion ``B(n) = a B(n-1) / (n + a B(n-1))`` and ``C = n B / (n - a (1 - B))``.
    """
    if load <= 0.0:
        return 0.0
    if load >= servers:
        return 1.0
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return servers * blocked / (servers - load * (1.0 - blocked))


def mean_wait_h(servers: int, load: float, service_h: float) -> float:
    """Return the mean wait of all arrivals, hours: ``C(n, a) service / (n - a)``; infinite at full load."""
    if load >= servers:
        return np.inf
    return erlang_c(servers, load) * service_h / (servers - load)


def most_load(servers: int, service_h: float, wait_h: float) -> float:
    """Return the greatest load, in erlangs, at which the mean wait stays within ``wait_h``."""
    low, high = 0.0, float(servers)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if mean_wait_h(servers, middle, service_h) <= wait_h:
            low = middle
        else:
            high = middle
    return low


def throughput_kwh_per_h(most: int, kw: float, session_kwh: float, wait_h: float) -> Float:
    """Return the energy an hour that 0, 1, ... ``most`` chargers can give within the limit of waiting.

    Parameters
    ----------
    most
        Largest number of chargers.
    kw
        Power of each, from the grid.
    session_kwh
        Mean energy of a stop.
    wait_h
        Mean wait that is accepted.

    Returns
    -------
    Shape (most + 1,). It grows faster than the number: together, chargers wait less for vehicles.
    """
    service_h = session_kwh / kw
    return np.array([kw * most_load(n, service_h, wait_h) if n else 0.0 for n in range(most + 1)])
