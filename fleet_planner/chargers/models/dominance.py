"""Sites and demand that a set covering can do without: dominated columns and rows (Toregas and ReVelle 1972)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]
    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

MOST_PRODUCTS = 200_000_000
"""Pairs of pairs that are compared; a larger problem stays as it is."""


def without_dominated(row: Int, column: Int, cost: Float, rows: int) -> tuple[Bool, Bool]:
    """Return the rows and columns of a covering that remain: its least cost stays the same.

    A row goes where another row's columns are all among its own: who covers that covers it. A column goes where
    another one that costs no more covers all its rows; of equal ones the first stays.

    Parameters
    ----------
    row, column
        Of each entry.
    cost
        Of each column, shape (columns,).
    rows
        Number of rows.

    Returns
    -------
    rows_left, columns_left
        Shape (rows,), (columns,).
    """
    matrix = csr_matrix((np.ones(row.size, dtype=np.int32), (row, column)), shape=(rows, cost.size))
    there, used = np.arange(rows), np.unique(column)
    matrix = matrix[:, used]
    while matrix.nnz and _products(matrix) <= MOST_PRODUCTS:
        gone = _holds_another(matrix)
        matrix, there = matrix[~gone], there[~gone]
        turned = matrix.T.tocsr()
        lost = _lies_in_another(turned, cost[used])
        matrix, used = turned[~lost].T.tocsr(), used[~lost]
        if not gone.any() and not lost.any():
            break
    rows_left, columns_left = np.zeros(rows, dtype=np.bool_), np.zeros(cost.size, dtype=np.bool_)
    rows_left[there], columns_left[used] = True, True
    return rows_left, columns_left


def _products(matrix: csr_matrix) -> float:
    by_column = np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float64)
    by_row = np.diff(matrix.indptr).astype(np.float64)
    return float(max((by_column**2).sum(), (by_row**2).sum()))


def _subsets(matrix: csr_matrix) -> tuple[Int, Int, Int]:
    """Return pairs of rows of which the first lies in the second, and the size of each row."""
    size = np.diff(matrix.indptr)
    common = (matrix @ matrix.T).tocoo()
    inside = (common.data == size[common.row]) & (common.row != common.col)
    return common.row[inside].astype(np.int64), common.col[inside].astype(np.int64), size


def _holds_another(matrix: csr_matrix) -> Bool:
    small, large, size = _subsets(matrix)
    out = np.zeros(size.size, dtype=np.bool_)
    out[large[(size[small] < size[large]) | (small < large)]] = True
    return out


def _lies_in_another(matrix: csr_matrix, cost: Float) -> Bool:
    small, large, size = _subsets(matrix)
    same = (size[small] == size[large]) & (cost[small] == cost[large])
    out: Bool = np.asarray(size == 0)
    out[small[(cost[large] <= cost[small]) & (~same | (large < small))]] = True
    return out
