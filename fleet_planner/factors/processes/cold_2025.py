"""Cold start of Euro 7 diesel vans (EMEP/EEA guidebook 2023, update of 2025, Appendix 4 and table 3-46).

``cold = beta x bc x hot x (ratio - 1)``, with the vehicle's own hot factor, ``beta`` as in `processes.cold`, ``bc = a -
b trip`` (1 where none is published) and ``ratio = a V + b t + c``, at least 1, by ranges of temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.factors.processes.cold import cold_share
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions

    Array = NDArray[np.float64]

KEY = ("category", "fuel", "segment", "standard", "pollutant")


@dataclass(frozen=True)
class Piece:
    """The ratio in a range of temperature: ``a V + b t + c``, speed and temperature held in their ranges."""

    a: float
    b: float
    c: float
    v_min_kmh: float
    v_max_kmh: float
    t_min_c: float
    t_max_c: float

    def ratio(self, speed_kmh: Array, temperature_c: Array) -> Array:
        """Return the ratio; no speed limits are published where both are zero."""
        v = np.clip(speed_kmh, self.v_min_kmh, self.v_max_kmh) if self.v_max_kmh > 0.0 else speed_kmh
        return np.asarray(self.a * v + self.b * np.clip(temperature_c, self.t_min_c, self.t_max_c) + self.c)


@dataclass(frozen=True)
class OwnColdStart:
    """The cold start of one technology and pollutant: pieces from the coldest on, reduction of the cold share."""

    pieces: tuple[Piece, ...]
    share_constant: float
    share_per_trip_km: float

    def ratio(self, speed_kmh: Array, temperature_c: Array) -> Array:
        """Return cold over hot, at least 1; arguments broadcast."""
        out = self.pieces[0].ratio(speed_kmh, temperature_c)
        for piece in self.pieces[1:]:
            out = np.where(temperature_c >= piece.t_min_c, piece.ratio(speed_kmh, temperature_c), out)
        return np.asarray(np.maximum(out, 1.0))

    def excess(self, conditions: Conditions, speed_kmh: Array) -> Array:
        """Return ``beta x bc x (ratio - 1)`` averaged over the hours of each class, shape (K, S)."""
        trip = conditions.trip_km
        reduction = max(self.share_constant - self.share_per_trip_km * trip, 0.0)

        def of(temperature_c: Array, _: Array) -> Array:
            driven = cold_share(trip, temperature_c) * reduction
            over = self.ratio(speed_kmh[None, :], temperature_c[:, None]) - 1.0
            return np.asarray(driven[:, None] * over)

        return conditions.mean(of)


@cache
def load_cold_2025() -> Mapping[tuple[str, ...], OwnColdStart]:
    """Return the cold starts by `KEY`."""
    rows: dict[tuple[str, ...], list[dict[str, float]]] = {}
    for row in reference_table("emep_eea_2025_cold.csv").sort("t_min_c").iter_rows(named=True):
        rows.setdefault(tuple(str(row[c]) for c in KEY), []).append(row)
    names = ("a", "b", "c", "v_min_kmh", "v_max_kmh", "t_min_c", "t_max_c")
    return {
        key: OwnColdStart(
            tuple(Piece(*(float(row[n]) for n in names)) for row in pieces),
            float(pieces[0]["share_constant"]),
            float(pieces[0]["share_per_trip_km"]),
        )
        for key, pieces in rows.items()
    }


def cold_2025(technology: Mapping[str, str], pollutant: str) -> OwnColdStart | None:
    """Return the cold start of a technology and pollutant; nothing where the update has none."""
    return load_cold_2025().get((*(technology[c] for c in KEY[:-1]), pollutant))
