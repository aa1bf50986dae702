"""One sum of written tables held against another, and the ways of making many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TOLERANCE = 1e-9
"""Relative difference that rounding may bring."""


@dataclass(frozen=True)
class Closure:
    """One sum compared with another.

    Parameters
    ----------
    file, against
        The table whose sum is looked at, and the one that it must agree with.
    what
        What is added up, such as ``baseline: NOx``.
    found, expected
        Both sums.
    slack
        What both may lie apart because the tables write rounded figures, in their unit.
    """

    file: str
    against: str
    what: str
    found: float
    expected: float
    slack: float = 0.0

    @property
    def difference(self) -> float:
        """Relative difference of both sums, as far as rounded figures do not explain it."""
        apart = abs(self.found - self.expected)
        if apart <= self.slack:
            return 0.0
        return apart / max(abs(self.found), abs(self.expected), 1e-300)

    @property
    def holds(self) -> bool:
        """Whether rounding alone explains the difference; what is not a number never holds."""
        return self.difference <= TOLERANCE or self.found == self.expected


@dataclass(frozen=True)
class Pair:
    """Two tables of a folder that must agree, by the columns that name a row.

    Parameters
    ----------
    file, against
        Names of the tables.
    key
        Columns that name a row.
    slack
        As in `Closure`.
    """

    file: str
    against: str
    key: Sequence[str]
    slack: float = 0.0

    def rows(self, table: pl.DataFrame, what: str, found: pl.Expr, expected: pl.Expr) -> Iterator[Closure]:
        """Yield both figures of every row of one table; a row that has neither is passed, one alone never holds."""
        told = table.select(*self.key, found.cast(pl.Float64).alias("_found"), expected.cast(pl.Float64).alias("_told"))
        for *names, one, other in told.iter_rows():
            if one is None and other is None:
                continue
            of = ", ".join(str(n) for n in names if n not in {None, ""})
            left, right = (float("nan") if v is None else v for v in (one, other))
            yield Closure(self.file, self.against, f"{of}: {what}" if of else what, left, right, self.slack)

    def tables(self, found: pl.DataFrame, expected: pl.DataFrame, what: dict[str, str]) -> Iterator[Closure]:
        """Yield the columns of two tables row by row; what one of them lacks counts as nought there.

        Parameters
        ----------
        found, expected
            With the columns of ``key`` and of ``what``.
        what
            Columns, and what is said of each.
        """
        both = found.select(*self.key, *what).join(
            expected.select(*self.key, *(pl.col(c).alias(f"{c}_told") for c in what)),
            on=list(self.key),
            how="full",
            coalesce=True,
            nulls_equal=True,
            maintain_order="left_right",
        )
        for column, said in what.items():
            yield from self.rows(both, said, pl.col(column).fill_null(0.0), pl.col(f"{column}_told").fill_null(0.0))


NAMES = (
    *("site_id", "block_id", "bus", "depot_id", "demand_id", "route", "place", "order_id", "vehicle_id", "feeder"),
    *("buy_order", "sell_order", "city", "buyer", "seller", "unit"),
)
"""Columns that hold names, also where every name of a city is a number."""
WORDS = (
    *("form", "event", "kind_of_day", "kind", "weather", "bus_type", "case", "strategy", "months", "borne_by"),
    *("element", "powertrain", "option", "technology", "target", "pollutant", "mix", "future", "model", "type", "line"),
    *("plan", "happens"),
)
"""Columns of words that sums are grouped by."""


def read_table(path: Path) -> pl.DataFrame:
    """Return a CSV whose names are text; other columns without a figure are numbers, not text."""
    table = pl.read_csv(path, infer_schema_length=None)
    text = [c for c in (*NAMES, *WORDS) if c in table.columns]
    blank = [c for c in table.columns if c not in text and table[c].null_count() == table.height]
    number = [pl.col(c).cast(pl.Int64 if c == "year" else pl.Float64) for c in blank]
    return table.with_columns(pl.col(text).cast(pl.String), *number)


def table_in(folder: Path, name: str) -> pl.DataFrame | None:
    """Return a table of a folder, none where the run did not write it."""
    path = folder / name
    return read_table(path) if path.is_file() else None
