"""Weights of emissions by link and hour, home zone or stream: what a kilogram does where it is emitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError, first_line, use_one_of
from fleet_planner.fleet.check import VISITING
from fleet_planner.foreign import TABLE_FAULTS, read_parquet
from fleet_planner.inventory import weighted_by_vehicle, weighted_histogram
from fleet_planner.reference import reference_table
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR, HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.pipeline.computing.inventories import Computed

    Array = NDArray[np.float64]

KEYS = ("link_id", "zone", "stream")
G_PER_KG = 1000.0
GRAM = "g"


@dataclass(frozen=True)
class Weights:
    """A table of weights.

    Parameters
    ----------
    key
        ``link_id``, ``zone`` or ``stream``.
    parts
        By pollutant of the table, the reported pollutants that make it up and how they count.
    by_link
        By pollutant, shape (links, 24), or (links, H) where the table tells types of day apart; of ``link_id`` only.
    by_name
        By pollutant, of each zone or stream.
    of_stream
        By pollutant, what stands in by stream for vehicles without a zone: the mean of those with one.
    covered
        Share of links, zones or streams that have a weight.
    """

    key: str
    parts: Mapping[str, Mapping[str, float]]
    by_link: Mapping[str, Array] = field(default_factory=dict)
    by_name: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    of_stream: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    covered: float = 1.0


def read_weights(
    path: Path, links: pl.DataFrame, vehicles: pl.DataFrame, days: Sequence[str] = ("average",)
) -> Weights:
    """Read a table of weights, CSV or Parquet (``tables/columns/emission_weights.csv``).

    Parameters
    ----------
    path
        Of the table.
    links
        With ``link_id``.
    vehicles
        With ``zone`` and ``stream``.
    days
        Types of day of the run, as a column ``day`` names them.

    Raises
    ------
    InputError
        The file is missing or no table, lacks a column, has no row, or a row names an unknown link, zone, stream or
        pollutant, has no weight, one below nought, or stands twice.
    """
    frame = _frame(path)
    own = [k for k in KEYS if k in frame.columns]
    if len(own) != 1:
        told = f"It has {', '.join(own)}." if own else f"Its columns are {', '.join(frame.columns)}."
        raise InputError("weights are by one of link_id, zone and stream", told, path, 1)
    key = own[0]
    for name in ("pollutant", "weight"):
        if name not in frame.columns:
            raise InputError("a column is missing", "Weights need pollutant and weight.", path, 1, name)
    if frame.is_empty():
        raise InputError("the table has no row", "Add one, or do not name the file.", path)
    known = set(links["link_id"].to_list()) if key == "link_id" else _names(vehicles, key)
    typed = frame.with_columns(
        pl.col("weight").cast(pl.Float64, strict=False),
        pl.col(key).cast(pl.Int64 if key == "link_id" else pl.String, strict=False),
        *([pl.col("hour").cast(pl.Int64, strict=False)] if "hour" in frame.columns else []),
        *([pl.col("day").cast(pl.String, strict=False)] if "day" in frame.columns else []),
    )
    finite = pl.col("weight").is_finite() & (pl.col("weight") >= 0.0)
    _refuse(path, frame, typed, finite, "weight", "a weight is missing or below nought", "Write a number from 0.")
    where = pl.col(key).is_in(list(known))
    _refuse(
        path, frame, typed, where, key, f"the run knows no such {key}", "Take it from links.parquet or the registry."
    )
    parts = {name: _parts(str(name), path, typed) for name in typed["pollutant"].unique().sort().to_list()}
    if "hour" in typed.columns:
        if key != "link_id":
            raise InputError("hours go with weights by link only", "Leave the column out.", path, 1, "hour")
        _refuse(path, frame, typed, pl.col("hour").is_between(0, 23), "hour", "this is no hour", "Write 0 to 23.")
    if "day" in typed.columns:
        known_day, remedy = pl.col("day").is_in(list(days)), f"Use one of {', '.join(days)}."
        _refuse(path, frame, typed, known_day, "day", "the run knows no such type of day", remedy)
    same = [key, "pollutant", *(name for name in ("day", "hour") if name in typed.columns)]
    _refuse(path, frame, typed, pl.struct(same).is_first_distinct(), key, "this weight stands twice", "Keep one.")
    covered = typed[key].n_unique() / max(len(known), 1)
    if key != "link_id":
        by_name = {p: dict(typed.filter(pollutant=p).select(key, "weight").iter_rows()) for p in parts}
        means = {p: _of_stream(own, vehicles) if key == "zone" else {} for p, own in by_name.items()}
        return Weights(key, parts, by_name=by_name, of_stream=means, covered=covered)
    return Weights(
        key, parts, by_link={p: _by_link(typed.filter(pollutant=p), links, days) for p in parts}, covered=covered
    )


def _frame(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InputError("there is no such table of weights", "Check portfolio.weights.", file=path)
    try:
        return read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except TABLE_FAULTS as error:
        raise InputError(f"this is no table: {first_line(error)}", "Save CSV, UTF-8, or Parquet.", file=path) from error


def _names(vehicles: pl.DataFrame, key: str) -> set[str]:
    return set(vehicles[key].str.strip_prefix(VISITING).unique().to_list()) - {"", None}


def _refuse(
    path: Path, raw: pl.DataFrame, typed: pl.DataFrame, good: pl.Expr, column: str, problem: str, remedy: str
) -> None:
    """Raise at the first row that is not good."""
    bad = typed.select((~good).fill_null(value=True).alias("bad"))["bad"]
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise InputError(problem, remedy, path, row + 2, column, raw[column][row])


def _parts(name: str, path: Path, table: pl.DataFrame) -> dict[str, float]:
    grams = [p.pollutant for p in pollutants() if p.unit == GRAM]
    if name in grams:
        return {name: 1.0}
    sums = reference_table("target_sums.csv")
    own = dict(sums.filter(pl.col("sum_id") == name).select("pollutant", "weight").iter_rows())
    if not own:
        row = int((table["pollutant"] == name).arg_max() or 0)
        remedy = use_one_of(name, [*grams, *sums["sum_id"].unique().to_list()])
        raise InputError("this pollutant is not reported", remedy, path, row + 2, "pollutant", name)
    return {p: float(w) for p, w in own.items()}


def _of_stream(by_zone: Mapping[str, float], vehicles: pl.DataFrame) -> dict[str, float]:
    """Return the mean weight of the vehicle-km in the city of each stream, over vehicles with a zone."""
    km = pl.col("count") * pl.col("km_per_year") * pl.col("share_inside")
    placed = vehicles.filter(~pl.col("visiting") & (pl.col("zone").fill_null("") != "")).with_columns(
        weight=pl.col("zone").replace_strict(dict(by_zone), default=0.0, return_dtype=pl.Float64), km=km
    )
    means = placed.group_by("stream").agg((pl.col("weight") * pl.col("km")).sum() / pl.col("km").sum())
    return {stream: float(mean) for stream, mean in means.iter_rows() if mean is not None}


def _by_link(table: pl.DataFrame, links: pl.DataFrame, days: Sequence[str]) -> Array:
    place = dict(zip(links["link_id"].to_list(), range(links.height), strict=True))
    typed = "day" in table.columns
    out = np.zeros((links.height, len(days) if typed else 1, HOURS_PER_DAY))
    rows = np.array([place[k] for k in table["link_id"].to_list()])
    of_day = (
        np.array([list(days).index(d) for d in table["day"].to_list()]) if typed else np.zeros(rows.size, dtype=int)
    )
    if "hour" in table.columns:
        out[rows, of_day, table["hour"].to_numpy()] = table["weight"].to_numpy()
    else:
        out[rows, of_day] = table["weight"].to_numpy()[:, None]
    return out.reshape(links.height, -1)


class Weigher:
    """Weighs what vehicles of an inventory emit, a year; one histogram a pollutant is kept."""

    def __init__(self, weights: Weights, computed: Computed, links: pl.DataFrame) -> None:
        self._weights, self._computed = weights, computed
        self.names = tuple(weights.parts)
        first = computed.states[0][1]
        self._histograms = {
            name: weighted_histogram(computed.activity, links, computed.factors, first, weight)
            for name, weight in weights.by_link.items()
        }
        state = computed.states[0][0]
        self.first = self(state.vehicles, state.multipliers, computed.factors, None)

    def __call__(
        self, vehicles: pl.DataFrame, adjusted: pl.DataFrame, factors: FactorTable, untreated: pl.DataFrame | None
    ) -> Array:
        """Return the weighted emission of each row a year, by pollutant of the table, shape (rows, Q).

        Parameters
        ----------
        vehicles, adjusted, factors, untreated
            As of `weighted_by_vehicle`; multipliers with faults and tests in them.
        """
        first, context = self._computed.states[0][1], self._computed.setting.context
        names = [p.pollutant for p in pollutants()]
        plain = None
        out = np.zeros((vehicles.height, len(self.names)))
        for q, name in enumerate(self.names):
            if self._weights.key == "link_id":
                histogram, scale = self._histograms[name], np.ones(vehicles.height)
                each = weighted_by_vehicle(vehicles, adjusted, factors, first, context, histogram, untreated)
            else:
                if plain is None:
                    plain = weighted_by_vehicle(vehicles, adjusted, factors, first, context, first.histogram, untreated)
                each = plain
                scale = self._named(name, vehicles)
            grams = sum(w * each[:, names.index(p)] for p, w in self._weights.parts[name].items())
            out[:, q] = grams * scale * DAYS_PER_YEAR / G_PER_KG
        return out

    def _named(self, pollutant: str, vehicles: pl.DataFrame) -> Array:
        """Return the weight of each vehicle's zone or stream."""
        own, of_stream = self._weights.by_name[pollutant], self._weights.of_stream[pollutant]
        streams = vehicles["stream"].str.strip_prefix(VISITING).to_list()
        if self._weights.key == "stream":
            return np.array([own.get(s, 0.0) for s in streams])
        homes = vehicles["zone"].fill_null("").to_list()
        return np.array([own.get(h, 0.0) if h else of_stream.get(s, 0.0) for h, s in zip(homes, streams, strict=True)])
