"""A sparse integer programme that is put together block by block and handed to HiGHS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from fleet_planner.highs import Lines, solve_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.buses.transition.model import Float, Int


@dataclass(frozen=True)
class Found:
    """What the solver says: values of the columns (empty without a solution), proved bound, status."""

    values: Float
    bound: float
    status: str


@dataclass
class Programme:
    """Columns with bounds, rows with triplets; minimises."""

    low: list[Float] = field(default_factory=list)
    high: list[Float] = field(default_factory=list)
    whole: list[NDArray[np.bool_]] = field(default_factory=list)
    columns: int = 0
    row_low: list[float] = field(default_factory=list)
    row_high: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    index: list[Int] = field(default_factory=list)
    value: list[Float] = field(default_factory=list)
    entries: int = 0

    def add(self, high: Float, *, whole: bool = True) -> Int:
        """Add columns from 0 to ``high``, any shape; return their indices in that shape."""
        flat = np.asarray(high, dtype=np.float64).ravel()
        self.low.append(np.zeros(flat.size))
        self.high.append(flat)
        self.whole.append(np.full(flat.size, whole))
        place = np.arange(self.columns, self.columns + flat.size)
        self.columns += flat.size
        return place.reshape(np.shape(high))

    def row(self, low: float, high: float, *parts: tuple[Int, Float | float]) -> int:
        """Add a row over columns with coefficients; return its index."""
        index = np.concatenate([np.ravel(i) for i, _ in parts]).astype(np.int64)
        value = np.concatenate([np.broadcast_to(np.asarray(v, np.float64), np.shape(i)).ravel() for i, v in parts])
        if np.unique(index).size != index.size:
            unique, place = np.unique(index, return_inverse=True)
            value = np.bincount(place, weights=value)
            index = unique
        keep = value != 0.0
        self.starts.append(self.entries)
        self.index.append(index[keep])
        self.value.append(value[keep])
        self.entries += int(keep.sum())
        self.row_low.append(low)
        self.row_high.append(high)
        return len(self.row_low) - 1

    def solve(
        self,
        cost: Float,
        seconds: float,
        gap: float,
        *,
        fixed: tuple[Int, Float] | None = None,
        whole: bool = True,
        start: Float | None = None,
    ) -> Found:
        """Minimise a cost over the columns.

        Parameters
        ----------
        cost
            Shape (columns,).
        seconds, gap
            At which the solver stops.
        fixed
            Columns and their upper bounds in place of their own.
        whole
            Whether whole numbers are asked for; else the relaxation is solved.
        start
            Values of all columns to begin with.
        """
        high = np.concatenate(self.high)
        if fixed is not None:
            high[np.ravel(fixed[0])] = np.ravel(fixed[1])
        starts = np.array([*self.starts, self.entries], dtype=np.int64)
        index = np.concatenate(self.index) if self.index else np.zeros(0, np.int64)
        value = np.concatenate(self.value) if self.value else np.zeros(0)
        matrix = csr_matrix((value, index, starts), shape=(len(self.row_low), self.columns))
        found = solve_lines(
            Lines(
                np.asarray(cost, dtype=np.float64),
                np.concatenate(self.low),
                high,
                matrix,
                np.array(self.row_low),
                np.array(self.row_high),
                np.concatenate(self.whole) if whole else None,
            ),
            seconds=seconds,
            gap=gap,
            start=start,
        )
        return Found(found.values, found.bound, found.status)
