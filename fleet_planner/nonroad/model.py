"""Machines with their emissions, and the tables that a run makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fleet_planner.findings import Finding

CATEGORY = "non_road"
PROCESS = "hot"
"""The factors are of whole duty cycles: all exhaust counts as hot."""


@dataclass(frozen=True)
class NonRoad:
    """The machines of a city, the same in every scenario and year.

    Parameters
    ----------
    machines
        One row per machine or group: columns of ``tables/columns/machines_output.csv`` but for the emissions.
    pollutants
        Names in the order of the last axis.
    per_day
        Emissions of all machines of a row on the average day, shape (machines, P): g, MJ, kWh.
    rejected
        Wrong cells, ``tables/columns/rejected.csv``.
    findings
        What was derived, defaulted or rejected.
    """

    machines: pl.DataFrame
    pollutants: tuple[str, ...]
    per_day: NDArray[np.float64]
    rejected: pl.DataFrame
    findings: tuple[Finding, ...] = ()

    @property
    def streams(self) -> tuple[str, ...]:
        """Kinds of machines at work."""
        return tuple(self.machines["stream"].unique().sort())

    def total(self, pollutant: str) -> float:
        """Return the emissions of all machines on the average day; zero for what they do not emit."""
        if pollutant not in self.pollutants:
            return 0.0
        return float(self.per_day[:, self.pollutants.index(pollutant)].sum())

    def by_stream(self, pollutant: str) -> dict[str, float]:
        """Return the emissions of the average day by stream."""
        sums = self._with_emissions("stream").group_by("stream").agg(pl.col(pollutant).sum()).sort("stream")
        return dict(sums.iter_rows())

    def by_technology(self) -> pl.DataFrame:
        """Return the rows of ``by_technology``, in the units of `Inventory.by_technology`.

        ``category`` is ``non_road``, ``segment`` the power class, ``standard`` the stage.
        """
        keys = [
            pl.lit(CATEGORY).alias("category"),
            pl.col("fuel"),
            pl.col("power_class").alias("segment"),
            pl.col("stage").alias("standard"),
            pl.lit("none").alias("aftertreatment"),
            pl.col("stream"),
        ]
        frame = self._with_emissions("fuel", "power_class", "stage", "stream", "count")
        return (
            frame.group_by(keys, maintain_order=True)
            .agg(
                pl.col("count").sum().alias("vehicles"),
                pl.lit(0.0).alias("vkt_km_per_day"),
                *(pl.col(p).sum().alias(f"{p}_per_day") for p in self.pollutants),
            )
            .sort("stream", "segment", "standard", "fuel")
        )

    def by_process(self) -> pl.DataFrame:
        """Return the rows of `Inventory.by_process`; only what is emitted."""
        sums = self._with_emissions("stream").group_by("stream").agg(pl.col(self.pollutants).sum()).sort("stream")
        long = sums.unpivot(index="stream", variable_name="pollutant", value_name="value_per_day")
        process = pl.when(pl.col("pollutant").is_in(["electricity_kwh", "CO2_grid"])).then(pl.lit("electricity"))
        return long.filter(pl.col("value_per_day") > 0.0).select(
            "stream",
            pl.lit(CATEGORY).alias("category"),
            "pollutant",
            process.otherwise(pl.lit(PROCESS)).alias("process"),
            "value_per_day",
        )

    def by_scope(self) -> pl.DataFrame:
        """Return ``stream, category, fuel, visiting`` and the emissions of the average day, for targets."""
        frame = self._with_emissions("stream", "fuel").with_columns(
            category=pl.lit(CATEGORY), visiting=pl.lit(value=False)
        )
        scope = ["stream", "category", "fuel", "visiting"]
        return frame.group_by(scope).agg(pl.col(self.pollutants).sum()).sort(scope)

    def sites(self) -> pl.DataFrame:
        """Return one row per site: ``site, lon, lat, streams, machines, kwh_per_day`` and the emissions a day."""
        frame = self._with_emissions("site", "lon", "lat", "stream", "count", "kwh_per_day")
        return (
            frame.group_by("site")
            .agg(
                pl.col("lon", "lat").first(),
                pl.col("stream").unique().sort().str.join(", ").alias("streams"),
                pl.col("count").sum().alias("machines"),
                pl.col("kwh_per_day").sum(),
                pl.col(self.pollutants).sum(),
            )
            .sort("site")
        )

    def _with_emissions(self, *kept: str) -> pl.DataFrame:
        columns = [pl.Series(name, self.per_day[:, p]) for p, name in enumerate(self.pollutants)]
        return self.machines.select(kept).with_columns(columns)
