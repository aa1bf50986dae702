"""Which links hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Components:
    """Parts of a network.

    Parameters
    ----------
    parts
        Number of parts that no road connects.
    in_main
        Links of the part with the most kilometres, directions ignored, shape (links,).
    both_ways
        Links of that part whose two ends can each be reached from most of it and back, shape (links,).
    """

    parts: int
    in_main: NDArray[np.bool_]
    both_ways: NDArray[np.bool_]


def components(u: NDArray[np.int64], v: NDArray[np.int64], length_km: NDArray[np.float64]) -> Components:
    """Return the weakly and strongly connected parts of links from ``u`` to ``v``, each of shape (links,)."""
    nodes, index = np.unique(np.concatenate([u, v]), return_inverse=True)
    start, end = index[: u.size], index[u.size :]
    graph = coo_matrix((np.ones(u.size), (start, end)), shape=(nodes.size, nodes.size)).tocsr()
    parts, weak = connected_components(graph, directed=True, connection="weak")
    main = weak[start] == np.argmax(np.bincount(weak[start], weights=length_km, minlength=parts))
    pieces, strong = connected_components(graph, directed=True, connection="strong")
    inside = main & (strong[start] == strong[end])
    core = np.argmax(np.bincount(strong[start[inside]], weights=length_km[inside], minlength=pieces))
    return Components(int(parts), main, inside & (strong[start] == core))


def has_reverse(u: NDArray[np.int64], v: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return for each link whether another leads back from ``v`` to ``u``, shape (links,)."""
    nodes, index = np.unique(np.concatenate([u, v]), return_inverse=True)
    start, end = index[: u.size].astype(np.int64), index[u.size :].astype(np.int64)
    return np.isin(end * nodes.size + start, start * nodes.size + end)
