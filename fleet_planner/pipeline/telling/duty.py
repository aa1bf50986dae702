"""What a working day asks of the vehicles of each stream, for planning what replaces them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtr

from fleet_planner.findings import Finding
from fleet_planner.fleet.use import usual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

PERCENTILES = (10, 50, 90)
RANGES_KM = (150, 250, 400)
"""Ranges on a charge whose share of days is told."""

FIGURES = ("days_per_year", "trip_km", "km_day_spread", "payload_t", "return_share")
BINS = 2000
SCHEMA: dict[str, type[pl.DataType]] = {
    "stream": pl.String,
    "vehicles": pl.Float64,
    "km_per_year": pl.Float64,
    "days_per_year": pl.Float64,
    "km_per_day": pl.Float64,
    **{f"km_per_day_p{p}": pl.Float64 for p in PERCENTILES},
    **{f"days_within_{r}_km_pct": pl.Float64 for r in RANGES_KM},
    "trip_km": pl.Float64,
    "starts_per_day": pl.Float64,
    "load_fraction": pl.Float64,
    "payload_t": pl.Float64,
    "return_share": pl.Float64,
    "vehicles_returning": pl.Float64,
    "figures": pl.Int64,
    "unchecked": pl.Int64,
}


def duty_table(vehicles: pl.DataFrame, region: str) -> pl.DataFrame:
    """Return the daily duty of each stream's local vehicles (``tables/columns/duty.csv``).

    A vehicle's mean day is its annual distance over the working days of its stream; its days scatter about that mean
    as a lognormal distribution. The percentiles are over the days of all vehicles of the stream.

    Parameters
    ----------
    vehicles
        The fleet with ``stream, category, visiting, km_per_year, load_fraction, count``.
    region
        Country or region code of the packaged figures.
    """
    local = vehicles.filter(~pl.col("visiting") & (pl.col("count") > 0.0) & (pl.col("km_per_year") > 0.0))
    rows = [_of_stream(stream, local.filter(stream=stream), region) for stream in local["stream"].unique().sort()]
    return pl.DataFrame([row for row in rows if row], schema=SCHEMA, orient="row")


def _of_stream(stream: str, own: pl.DataFrame, region: str) -> tuple[object, ...] | None:
    main = own.group_by("category").agg(pl.col("count").sum()).sort("count", "category", descending=[True, False])
    found = {name: usual(name, stream, main["category"][0], region) for name in FIGURES}
    days, spread = found["days_per_year"], found["km_day_spread"]
    if days is None or spread is None:
        return None
    count = own["count"].to_numpy().astype(np.float64)
    km = own["km_per_year"].to_numpy().astype(np.float64)
    vehicles = float(count.sum())
    mean_km = float((km * count).sum()) / vehicles
    mean_days = days_of(km / days[0], count, spread[0])
    trip, payload, base = (found[name] for name in ("trip_km", "payload_t", "return_share"))
    per_day = mean_km / days[0]
    load = float((own["load_fraction"].to_numpy() * count).sum()) / vehicles
    told = [f for f in found.values() if f is not None]
    return (
        stream,
        vehicles,
        mean_km,
        days[0],
        per_day,
        *(mean_days.percentile(p / 100.0) for p in PERCENTILES),
        *(100.0 * mean_days.share_within(float(r)) for r in RANGES_KM),
        trip[0] if trip else None,
        per_day / trip[0] if trip else None,
        load if payload else None,
        payload[0] * load if payload else None,
        base[0] if base else None,
        vehicles * base[0] if base else None,
        len(told),
        sum(checked == "no" for _, checked in told),
    )


class Days:
    """The days of many vehicles: each lognormal about its vehicle's mean.

    Parameters
    ----------
    log_median
        Logarithm of each group's median day, km, shape (G,).
    weight
        Share of the days, shape (G,), sums to 1.
    spread
        Standard deviation of the logarithm, above 0.
    """

    def __init__(self, log_median: Float, weight: Float, spread: float) -> None:
        self.log_median, self.weight, self.spread = log_median, weight, spread

    def share_within(self, km: float) -> float:
        """Return the share of the days of at most so many km."""
        return float(self.weight @ ndtr((np.log(km) - self.log_median) / self.spread))

    def percentile(self, share: float) -> float:
        """Return the distance that a share of the days does not exceed, km."""
        low = float(self.log_median.min()) - 8.0 * self.spread
        high = float(self.log_median.max()) + 8.0 * self.spread
        for _ in range(60):
            middle = 0.5 * (low + high)
            if self.share_within(float(np.exp(middle))) < share:
                low = middle
            else:
                high = middle
        return float(np.exp(0.5 * (low + high)))


def days_of(mean_km: Float, count: Float, spread: float) -> Days:
    """Return the days of vehicles with these means, km, shape (N,); many vehicles are put into classes of like means.

    Parameters
    ----------
    mean_km
        Mean day of each row, above 0.
    count
        Vehicles of each row.
    spread
        Standard deviation of the logarithm of a vehicle's days, above 0.
    """
    log = np.log(mean_km) - 0.5 * spread**2  # the mean of a lognormal is exp(median + spread^2 / 2)
    if log.size <= BINS:
        return Days(log, count / count.sum(), spread)
    weight, edges = np.histogram(log, bins=BINS, weights=count)
    some = weight > 0.0
    middle = 0.5 * (edges[:-1] + edges[1:])
    return Days(middle[some], weight[some] / weight.sum(), spread)


def duty_findings(table: pl.DataFrame) -> tuple[Finding, ...]:
    """Return how many figures of the duty were not read in an opened source."""
    unchecked = int(table["unchecked"].sum()) if table.height else 0
    if not unchecked:
        return ()
    return (Finding("fleet.duty_unchecked", "assumption", {"all": str(int(table["figures"].sum()))}, unchecked),)
