"""Where the compiler keeps curves and their places, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.factors.axes import GRADES, LOADS, MODES
from fleet_planner.factors.compiling.channels import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_planner.factors.conditions import Conditions

Array = NDArray[np.float64]
Index = NDArray[np.int32]
"""Rows of curves by condition, load step and grade step, shape (conditions, 3, 7); -1 where there is none."""


class CurveStore:
    """Curves on the speed grid, blocks of them, and the block and scale of every technology's channels.

    Parameters
    ----------
    grid_kmh
        Shape (S,).
    conditions
        Gives the condition axis.
    technologies
        Number of technologies T.
    """

    def __init__(self, grid_kmh: Array, conditions: Conditions, technologies: int) -> None:
        self.grid_kmh = grid_kmh
        self.conditions = conditions
        self.block_of = np.full((technologies, len(CHANNELS)), -1, dtype=np.int32)
        self.scale = np.ones((technologies, len(CHANNELS)))
        self._once: dict[tuple[object, ...], Array] = {}
        self._curves: list[Array] = []
        self._blocks: list[Index] = []
        self._curve_at: dict[bytes, int] = {}
        self._block_at: dict[bytes, int] = {}

    def once(self, key: tuple[object, ...], make: Callable[[], Array]) -> Array:
        """Return what ``make`` makes, made once for each key."""
        if key not in self._once:
            self._once[key] = make()
        return self._once[key]

    def curve(self, values: Array) -> int:
        """Keep a curve, shape (S,), and return its row."""
        key = values.tobytes()
        if key not in self._curve_at:
            self._curve_at[key] = len(self._curves)
            self._curves.append(np.asarray(values, dtype=np.float64))
        return self._curve_at[key]

    def adopt(self, curves: Array, index: Index) -> Index:
        """Keep those curves, shape (C, S), that ``index`` names, and return it with their rows here."""
        used = np.unique(index[index >= 0])
        place = np.full(curves.shape[0] + 1, -1, dtype=np.int32)
        place[used] = [self.curve(curves[i]) for i in used]
        return np.asarray(place[index], dtype=np.int32)

    def values(self, row: int) -> Array:
        """Return a curve, shape (S,)."""
        return self._curves[row]

    def times(self, index: Index, by: Array) -> Index:
        """Return ``index`` with each of its curves multiplied by a number or a curve."""
        return self.mapped(index, lambda ef: ef * by)

    def mapped(self, index: Index, function: Callable[[Array], Array]) -> Index:
        """Return ``index`` with ``function`` applied to each of its curves."""
        used = np.unique(index[index >= 0])
        if used.size == 0:
            return index
        place = np.full(int(used[-1]) + 2, -1, dtype=np.int32)
        place[used] = [self.curve(function(self._curves[i])) for i in used]
        return np.asarray(place[index], dtype=np.int32)

    def paired(self, first: Index, second: Index, function: Callable[[Array, Array], Array]) -> Index:
        """Return an index whose curves are made of those of two; the first alone where the second has none."""
        out = first.copy()
        both = (first >= 0) & (second >= 0)
        if both.any():
            pairs, place = np.unique(np.stack([first[both], second[both]], axis=1), axis=0, return_inverse=True)
            rows = np.array([self.curve(function(self._curves[a], self._curves[b])) for a, b in pairs], dtype=np.int32)
            out[both] = rows[place.ravel()]
        return out

    def everywhere(self, values: Array) -> Index:
        """Return the index of one curve, shape (S,), for all conditions, loads and grades."""
        shape = (self.conditions.count, len(LOADS), len(GRADES))
        return np.full(shape, self.curve(values), dtype=np.int32)

    def constant(self, value: float) -> Index:
        """Return the index of a number that depends on nothing."""
        return self.everywhere(np.full(self.grid_kmh.size, value))

    def by_class(self, values: Array) -> Index:
        """Return the index of one curve per hour class, shape (K, S)."""
        return self.conditions.any_mode(np.array([self.curve(v) for v in values], dtype=np.int32))

    def by_mode(self, values: Array) -> Index:
        """Return the index of one curve per driving mode, shape (4, S)."""
        rows = np.array([self.curve(v) for v in values], dtype=np.int32)
        spread = np.broadcast_to(rows[:, None, None], (len(MODES), len(LOADS), len(GRADES)))
        return self.conditions.any_class(np.ascontiguousarray(spread))

    def by_load(self, values: Array) -> Index:
        """Return the index of one curve per load step, shape (3, S)."""
        rows = np.array([self.curve(v) for v in values], dtype=np.int32)
        shape = (self.conditions.count, len(LOADS), len(GRADES))
        return np.ascontiguousarray(np.broadcast_to(rows[None, :, None], shape))

    def put(self, technology: int, channel: int, index: Index, scale: float = 1.0) -> None:
        """Give a technology's channel its curves, all times ``scale``; nothing where the scale is zero."""
        if scale == 0.0 or (index < 0).all():
            return
        key = index.tobytes()
        if key not in self._block_at:
            self._block_at[key] = len(self._blocks)
            self._blocks.append(index)
        self.block_of[technology, channel] = self._block_at[key]
        self.scale[technology, channel] = scale

    def arrays(self) -> tuple[Array, Index]:
        """Return the curves, shape (C, S), and the blocks, shape (B, conditions, 3, 7)."""
        shape = (-1, self.conditions.count, len(LOADS), len(GRADES))
        curves = np.array(self._curves, dtype=np.float64).reshape(-1, self.grid_kmh.size)
        return np.ascontiguousarray(curves), np.array(self._blocks, dtype=np.int32).reshape(shape)
