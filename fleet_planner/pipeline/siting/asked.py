"""Rows of demand, gathered place by place with 24 hours each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.tables import columns
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Float = NDArray[np.float64]

KINDS = {"text": pl.String(), "number": pl.Float64(), "integer": pl.Int64()}


@dataclass(frozen=True)
class Head:
    """What one demand is; see ``tables/columns/charging_demand.csv``."""

    demand_id: str
    kind: str
    stream: str
    zone: str
    place: str | None = None
    lon: float | None = None
    lat: float | None = None
    min_kw: float = 0.0
    connector: str = "any"


@dataclass
class Asked:
    """Energy and sessions by demand, year and hour.

    Parameters
    ----------
    years
        That are planned.
    kwh, sessions
        By demand, shapes (T, 24) and (T,): of the average day.
    """

    years: Sequence[int]
    kwh: dict[Head, Float] = field(default_factory=dict)
    sessions: dict[Head, Float] = field(default_factory=dict)

    def add(self, head: Head, t: int, kwh: Float, sessions: float) -> None:
        """Add the hours of one planned year to a demand."""
        if head not in self.kwh:
            self.kwh[head] = np.zeros((len(self.years), HOURS_PER_DAY))
            self.sessions[head] = np.zeros(len(self.years))
        self.kwh[head][t] += kwh
        self.sessions[head][t] += sessions

    def table(self) -> pl.DataFrame:
        """Return the rows of ``charging_demand`` with ``row``; demand that asks for nothing in any year is left out."""
        heads = [head for head, kwh in self.kwh.items() if kwh.sum() > 0.0]
        many = len(self.years) * HOURS_PER_DAY
        kwh = np.concatenate([self.kwh[h].ravel() for h in heads]) if heads else np.zeros(0)
        named = {n: [v for h in heads for v in [getattr(h, n)] * many] for n in Head.__dataclass_fields__}
        energy = {h: float(self.kwh[h].sum()) for h in heads}
        times = {h: float(self.sessions[h].sum()) for h in heads}
        session = [max(energy[h] / times[h], 0.1) if times[h] > 0.0 else None for h in heads]
        frame = pl.DataFrame(
            {
                **named,
                "year": np.tile(np.repeat(np.array(self.years, dtype=np.int64), HOURS_PER_DAY), len(heads)),
                "hour": np.tile(np.arange(HOURS_PER_DAY), len(self.years) * len(heads)),
                "kwh_per_day": kwh,
                "session_kwh": [s for s in session for _ in range(many)],
            },
            strict=False,
        )
        return _typed(frame)


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    whole = frame.with_columns(
        pl.lit(None).alias(s.column) for s in columns("charging_demand") if s.column not in frame.columns
    )
    return whole.select(
        *(pl.col(s.column).cast(KINDS[s.type]) for s in columns("charging_demand")),
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"),
    )
