"""A projected fleet: stocks and flows by year, and the fleet of any year as a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.fleet.assemble import MAX_ODOMETER_KM
from fleet_planner.fleet.check import VISITING, VKT
from fleet_planner.fleet.turnover.technologies import KEY
from fleet_planner.fleet.visiting import visitors_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.findings import Finding
    from fleet_planner.fleet.model import Fleet
    from fleet_planner.fleet.turnover.technologies import Technologies

PER_VEHICLE = 1000
"""Stocks are counted in thousandths of a vehicle, so that registries with fractions of vehicles close exactly too."""

AGES = 41
"""Ages 0 to 40; the last is 40 years and more."""

FLOW_NAMES = ("scrapped", "scrapped_early", "reregistered_out", "used_imports", "sold")
AGE_BANDS = ((0, "0-4"), (5, "5-9"), (10, "10-14"), (15, "15-19"), (20, "20+"))


@dataclass(frozen=True)
class Cohorts:
    """What the vehicles of the base year have by technology and age, shape (T, AGES); 0 where there are none."""

    km_per_year: NDArray[np.float64]
    share_inside: NDArray[np.float64]
    odometer_km: NDArray[np.float64]
    gross_mass_kg: NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """The fleet from the base year to a later one.

    Parameters
    ----------
    base
        The fleet of the base year, as it was given.
    base_year, to_year
        First and last year.
    technologies
        Technologies and how new vehicles are shared out.
    cohorts
        What the base year's vehicles have.
    stocks, elsewhere
        Thousandths of a vehicle by year, technology and age, shape (Y + 1, T, AGES), int64: in the city, and of the
        vehicles that were registered outside and still live.
    flows
        Thousandths of a vehicle by year, technology and `FLOW_NAMES`, shape (Y, T, 5), int64.
    demand
        Vehicle-km of each local stream against the base year, shape (Y + 1, S).
    years_behind
        How many years visiting vehicles are behind the local ones, by stream.
    findings
        What was assumed.
    """

    base: Fleet
    base_year: int
    to_year: int
    technologies: Technologies
    cohorts: Cohorts
    stocks: NDArray[np.int64]
    elsewhere: NDArray[np.int64]
    flows: NDArray[np.int64]
    demand: NDArray[np.float64]
    years_behind: Mapping[str, int]
    findings: tuple[Finding, ...] = ()

    def fleet(self, year: int) -> Fleet:
        """Return the fleet of a year in the columns of the base fleet, and ``step`` (see `Rules.step`).

        Vehicles are grouped by technology and model year. Their annual distances are those of the base year's
        vehicles, scaled by stream so that the vehicle-km are the base year's times the growth. Visiting vehicles keep
        their share of the stream's vehicle-km and drive what the local ones drive, ``years_behind`` years before.
        The base year itself is returned as it was given, with an empty ``step``.
        """
        if year == self.base_year:
            return replace(self.base, vehicles=self.base.vehicles.with_columns(step=pl.lit("")))
        local = self.local(year)
        visiting = [self._visitors(stream, year) for stream in self._visited()]
        columns = [*self.base.vehicles.columns, "step"]
        both = pl.concat([local.select(columns), *(v.select(columns) for v in visiting)], how="vertical_relaxed")
        return replace(self.base, vehicles=both, findings=self.findings, rejected_vkt_share=0.0)

    def local(self, year: int) -> pl.DataFrame:
        """Return the vehicles of the city in a later year, sorted by technology and age."""
        return self._rows(self.stocks[year - self.base_year], year, scaled=True)

    def away(self, year: int) -> pl.DataFrame:
        """Return the vehicles that were registered outside since the base year and still live."""
        return self._rows(self.elsewhere[year - self.base_year], year, scaled=False)

    def _rows(self, stock: NDArray[np.int64], year: int, *, scaled: bool) -> pl.DataFrame:
        t, age = np.nonzero(stock)
        gone = year - self.base_year
        new = self.technologies.frame
        # the oldest class holds vehicles of several ages: they, and used ones, have their technology's means
        cell = (t, np.clip(age - gone, 0, AGES - 1))
        of_age = (self.stocks[0][cell] > 0) & (age - gone >= 0) & (age < AGES - 1)
        old = self._had()[t] & ((age - gone >= 0) | (age == AGES - 1))
        had = {
            name: np.where(of_age, cohort[cell], self._mean(cohort)[t]) for name, cohort in vars(self.cohorts).items()
        }
        km = np.where(old, had["km_per_year"], new["km_per_year"].to_numpy()[t])
        inside = np.where(old, had["share_inside"], new["share_inside"].to_numpy()[t])
        mass = np.where(old, had["gross_mass_kg"], new["gross_mass_kg"].fill_null(np.nan).to_numpy()[t])
        count = stock[t, age] / PER_VEHICLE
        driven = np.where(of_age, had["odometer_km"] + km * gone, km * (age + 0.5))
        if scaled:
            km = km * self._factor(t, count * km * inside, gone)[t]
        named = [f"fleet-{i}-{year - a}" for i, a in zip(t.tolist(), age.tolist(), strict=True)]
        return new.select(KEY)[t.tolist()].with_columns(
            vehicle_id=pl.Series(named, dtype=pl.String),
            visiting=pl.lit(value=False),
            gross_mass_kg=pl.Series(mass).fill_nan(None),
            model_year=pl.Series(year - age).cast(self.base.vehicles.schema["model_year"]),
            km_per_year=pl.Series(km),
            share_inside=pl.Series(inside),
            odometer_km=pl.Series(np.minimum(driven, MAX_ODOMETER_KM)),
            zone=pl.lit(""),
            depot=pl.lit(""),
            count=pl.Series(count),
            rule=pl.Series(np.where(old, "registry, carried forward", "turnover")),
        )

    def _had(self) -> NDArray[np.bool_]:
        """Return which technologies the base year has, shape (T,)."""
        return np.asarray(self.stocks[0].sum(axis=1) > 0)

    def _mean(self, cohort: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of the base year's vehicles by technology, those without a value left out, shape (T,)."""
        weight = self.stocks[0] * ~np.isnan(cohort)
        total = weight.sum(axis=1)
        summed = (weight * np.nan_to_num(cohort)).sum(axis=1)
        return np.asarray(np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0))

    def _factor(self, t: NDArray[np.int64], vkt: NDArray[np.float64], gone: int) -> NDArray[np.float64]:
        """Return what annual distances are scaled by so that each stream drives what is demanded, shape (T,)."""
        stream_of = self.technologies.stream_of
        now = np.bincount(stream_of[t], weights=vkt, minlength=len(self.technologies.streams))
        wanted = self.base_vkt() * self.demand[gone]
        ratio = np.divide(wanted, now, out=np.ones_like(now), where=now > 0.0)
        return np.asarray(ratio[stream_of])

    def base_vkt(self) -> NDArray[np.float64]:
        """Return the vehicle-km of the base year inside the city by local stream, shape (S,)."""
        km = _vkt(self.base.vehicles.filter(~pl.col("visiting")))
        return np.array([km.get(s, 0.0) for s in self.technologies.streams])

    def _visited(self) -> list[str]:
        given = self.base.vehicles.filter("visiting")["stream"].unique().sort()
        return [stream.removeprefix(VISITING) for stream in given]

    def _visitors(self, stream: str, year: int) -> pl.DataFrame:
        """Return the visiting vehicles of a stream: its local ones of some years before, at its share of today's km."""
        had = _vkt(self.base.vehicles)
        share = had[f"{VISITING}{stream}"] / had[stream] if had.get(stream) else 0.0
        then = max(year - self.years_behind.get(stream, 0), self.base_year)
        pool = self.local(then).filter(pl.col("stream") == stream)
        today = _vkt(self.local(year)).get(stream, 0.0)
        at_that_time = _vkt(pool).get(stream, 0.0)
        scale = share * today / at_that_time if at_that_time else 0.0
        by_step = sorted(pool.partition_by("step", as_dict=True, maintain_order=True).items())
        parts = [
            visitors_of(rows, stream, scale).with_columns(
                step=pl.lit(step), vehicle_id=pl.format("{}-{}", "vehicle_id", pl.lit(k))
            )
            for k, ((step,), rows) in enumerate(by_step)
        ]
        return pl.concat(parts)

    def stock_table(self) -> pl.DataFrame:
        """Return vehicles by ``year, stream, category, fuel, standard, step, age_band``."""
        lows = np.array([low for low, _ in AGE_BANDS])
        sums = np.add.reduceat(self.stocks, lows, axis=2)
        y, t, band = np.nonzero(sums)
        names = np.array([name for _, name in AGE_BANDS])
        columns = ["stream", "category", "fuel", "standard", "step"]
        rows = self.technologies.frame.select(columns)[t.tolist()].with_columns(
            year=pl.Series(self.base_year + y), age_band=pl.Series(names[band]), units=pl.Series(sums[y, t, band])
        )
        keys = ["year", *columns, "age_band"]
        return rows.group_by(keys).agg(pl.col("units").sum()).sort(keys).select(*keys, vehicles=_vehicles("units"))

    def flow_table(self) -> pl.DataFrame:
        """Return what came and went by ``year, stream, category, fuel, standard, step``.

        ``at_start + sold + used_imports - scrapped - scrapped_early - reregistered_out = at_end`` in every row, exactly
        to a thousandth of a vehicle.
        """
        totals = self.stocks.sum(axis=2)
        moving = (self.flows != 0).any(axis=2) | (totals[:-1] != 0) | (totals[1:] != 0)
        y, t = np.nonzero(moving)
        columns = ["stream", "category", "fuel", "standard", "step"]
        units = {"at_start": totals[y, t], **{n: self.flows[y, t, k] for k, n in enumerate(FLOW_NAMES)}}
        units["at_end"] = totals[y + 1, t]
        rows = self.technologies.frame.select(columns)[t.tolist()].with_columns(
            pl.Series("year", self.base_year + 1 + y), *(pl.Series(n, v) for n, v in units.items())
        )
        keys = ["year", *columns]
        order = ["at_start", "sold", "used_imports", "scrapped", "scrapped_early", "reregistered_out", "at_end"]
        summed = rows.group_by(keys).agg(pl.col(order).sum()).sort(keys)
        return summed.select(*keys, *(_vehicles(n).alias(n) for n in order))

    def closure(self) -> int:
        """Return the largest difference between what is there and what should be, thousandths of a vehicle."""
        goes, comes = self.flows[:, :, :3].sum(axis=2), self.flows[:, :, 3:].sum(axis=2)
        totals = self.stocks.sum(axis=2)
        return int(np.abs(totals[:-1] + comes - goes - totals[1:]).max(initial=0))


def _vehicles(units: str) -> pl.Expr:
    return pl.col(units) / PER_VEHICLE


def _vkt(vehicles: pl.DataFrame) -> dict[str, float]:
    rows = vehicles.select("stream", km=VKT).partition_by("stream", as_dict=True, maintain_order=True)
    return {str(stream): float(np.sum(part["km"].to_numpy())) for (stream,), part in rows.items()}
