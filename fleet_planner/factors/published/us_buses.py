"""Factor sets of the United States for buses: EMFAC2017 (California) and MOVES3.

Both publish steps: one factor for each bin of mean speed, by fuel, reference year and model year. EMFAC's bins are
named by their upper end, so an edge belongs to the slower bin; MOVES counts an edge to the faster one. On the speed
grid a step lies between two grid points, each of which has the value of its own bin. As an option the factors are
taken as those of the bins' centres and interpolated between them.

A technology is named by a Euro standard, the sets go by model year. Where the technology has no model year of its
own, the mean over the model years that stand for its standard is used (``us_bus_standard_years.csv``) and named. A
model year that the asked reference year does not have is taken from the nearest reference year that has it; one that
is nowhere published gives way to the nearest model year.

Road load, grade and driving mode are not axes of these sets. EMFAC publishes no energy: it follows from CO2, the
heating value and the carbon of the fuel.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.errors import InputError
from fleet_planner.factors.axes import GRADES, HOT, LOADS, TECHNOLOGY
from fleet_planner.factors.set_curves import Covered, SetCurves
from fleet_planner.reference import reference_table
from fleet_planner.units import G_PER_KG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.factors.conditions import Conditions

    Array = NDArray[np.float64]

CATEGORY = "bus"
PLAIN_SEGMENTS = ("", "Urban Buses Standard 15 - 18 t", "Urban CNG Buses")
"""Segments that the sets' urban bus is; for the others it stands in."""

FLAGS = ("ten_times_neighbours", "top_bins_copied", "methane_copied")
"""Codes of defects, as in ``us_bus_factor_defects.csv``; their place is their bit."""

ASKED = ("category", "fuel", "segment", "standard", "model_year", "reference_year")


@dataclass(frozen=True)
class BusTable:
    """A set of bus factors as a dense array.

    Parameters
    ----------
    name
        ``emfac2017`` or ``moves3``.
    fuels, reference_years, model_years, pollutants
        Names of the first four axes, ascending years.
    factors
        Shape (fuels, reference years, model years, pollutants, bins), g/km (MJ/km for ``energy_MJ``), NaN where nothing
        is published.
    flags
        Bits of `FLAGS`, shape (fuels, reference years, model years, pollutants), uint8.
    from_kmh, to_kmh, centre_kmh
        Speed bins, ascending, shape (bins,).
    upper_edge_inside
        A speed on the edge of two bins belongs to the slower one.
    """

    name: str
    fuels: tuple[str, ...]
    reference_years: NDArray[np.int64]
    model_years: NDArray[np.int64]
    pollutants: tuple[str, ...]
    factors: Array
    flags: NDArray[np.uint8]
    from_kmh: Array
    to_kmh: Array
    centre_kmh: Array
    upper_edge_inside: bool


@dataclass(frozen=True)
class Picked:
    """The factors that answer one technology: a mean over model years of one reference year.

    ``factors`` has shape (pollutants, bins), ``flags`` shape (pollutants,); ``replaced`` names what stood in.
    """

    factors: Array
    flags: NDArray[np.uint8]
    replaced: str


@cache
def load_emfac() -> BusTable:
    """Load the urban buses of EMFAC2017; ``energy_MJ`` is computed from CO2."""
    table = _load("emfac2017")
    fuel = {row["fuel"]: row for row in reference_table("fuels.csv").iter_rows(named=True)}
    mj_per_g = np.array([fuel[f]["lower_heating_mj_kg"] / fuel[f]["co2_kg_per_kg"] / G_PER_KG for f in table.fuels])
    energy = table.factors[:, :, :, table.pollutants.index("CO2")] * mj_per_g[:, None, None, None]
    return BusTable(
        name=table.name,
        fuels=table.fuels,
        reference_years=table.reference_years,
        model_years=table.model_years,
        pollutants=(*table.pollutants, "energy_MJ"),
        factors=np.concatenate([table.factors, energy[:, :, :, None]], axis=3),
        flags=np.concatenate([table.flags, table.flags[..., table.pollutants.index("CO2"), None]], axis=3),
        from_kmh=table.from_kmh,
        to_kmh=table.to_kmh,
        centre_kmh=table.centre_kmh,
        upper_edge_inside=table.upper_edge_inside,
    )


@cache
def load_moves() -> BusTable:
    """Load the transit buses of MOVES3."""
    return _load("moves3")


def _load(name: str) -> BusTable:
    frame = reference_table(f"{name}_bus.csv.gz")
    bins = reference_table("us_bus_speed_bins.csv").filter(pl.col("factor_set") == name).sort("bin")
    names = [frame[c].unique().sort().to_list() for c in ("fuel", "reference_year", "model_year", "pollutant")]
    place = [
        frame[c].replace_strict(words, range(len(words)), return_dtype=pl.Int64).to_numpy()
        for c, words in zip(("fuel", "reference_year", "model_year", "pollutant"), names, strict=True)
    ]
    shape = tuple(len(words) for words in names)
    factors = np.full((*shape, bins.height), np.nan)
    factors[tuple(place)] = frame.select(f"ef_{k:02d}" for k in bins["bin"]).to_numpy()
    flags = np.zeros(shape, dtype=np.uint8)
    text = frame["flags"].fill_null("").str.split("|").to_list()
    flags[tuple(place)] = [sum(1 << FLAGS.index(flag) for flag in one if flag) for one in text]
    return BusTable(
        name=name,
        fuels=tuple(names[0]),
        reference_years=np.array(names[1], dtype=np.int64),
        model_years=np.array(names[2], dtype=np.int64),
        pollutants=tuple(names[3]),
        factors=factors,
        flags=flags,
        from_kmh=bins["from_kmh"].to_numpy(),
        to_kmh=bins["to_kmh"].to_numpy(),
        centre_kmh=bins["centre_kmh"].to_numpy(),
        upper_edge_inside=bool(bins["edge"][0] == "upper"),
    )


def bin_of(table: BusTable, speed_kmh: Array) -> NDArray[np.int64]:
    """Return the speed bin of each speed; beyond the last bin the last one."""
    if table.upper_edge_inside:
        found = np.searchsorted(table.to_kmh, speed_kmh, side="left")
    else:
        found = np.searchsorted(table.from_kmh, speed_kmh, side="right") - 1
    return np.clip(found, 0, table.to_kmh.size - 1).astype(np.int64)


@cache
def standard_model_years() -> dict[str, tuple[int, int]]:
    """Return the first and last model year that stand for each standard."""
    frame = reference_table("us_bus_standard_years.csv")
    return {s: (a, b) for s, a, b in frame.select("standard", "model_year_from", "model_year_to").iter_rows()}


@cache
def _fuel_stand_ins() -> dict[str, list[str]]:
    frame = reference_table("fuel_stand_ins.csv").filter(pl.col("category") == CATEGORY).sort("rank")
    out: dict[str, list[str]] = {}
    for fuel, other in frame.select("fuel", "stand_in_fuel").iter_rows():
        out.setdefault(fuel, []).append(other)
    return out


def pick(
    table: BusTable,
    fuel: str,
    segment: str,
    standard: str,
    *,
    model_year: int | None = None,
    reference_year: int | None = None,
) -> Picked:
    """Return the factors of one bus.

    Parameters
    ----------
    table
        The set.
    fuel, segment, standard
        As in `TECHNOLOGY`; ``standard`` counts only where ``model_year`` is not given.
    model_year
        The bus's own model year.
    reference_year
        Year whose fleet is described; by default the last published.

    Raises
    ------
    InputError
        The fuel or the standard is not known to the set.
    """
    used = next((f for f in (fuel, *_fuel_stand_ins().get(fuel, ())) if f in table.fuels), None)
    if used is None:
        raise InputError(
            f"{table.name} has no buses on this fuel",
            f"Its fuels are {', '.join(table.fuels)}.",
            None,
            None,
            "fuel",
            fuel,
        )
    spans = standard_model_years()
    if model_year is None and standard not in spans:
        raise InputError(
            f"no model years stand for this standard in {table.name}",
            f"Give a model year, or a standard such as {', '.join(_near(standard, list(spans)))}.",
            column="standard",
            value=standard,
        )
    low, high = (model_year, model_year) if model_year is not None else spans[standard]
    asked = int(table.reference_years[-1]) if reference_year is None else reference_year
    f = table.fuels.index(used)
    year, models = _nearest(table, f, low, high, asked)
    of = table.model_years[models]
    span = f"{of[0]}" if of.size == 1 else f"{of[0]}-{of[-1]}"
    words = "model year" if of.size == 1 else "model years"
    replaced = [
        f"fuel {used} for {fuel}" if used != fuel else "",
        f"urban bus for {segment}" if segment not in PLAIN_SEGMENTS else "",
        f"{words} {span} for {standard if model_year is None else model_year}" if low != high or of[0] != low else "",
        f"reference year {table.reference_years[year]} for {asked}" if table.reference_years[year] != asked else "",
    ]
    return Picked(
        factors=table.factors[f, year, models].mean(axis=0),
        flags=np.bitwise_or.reduce(table.flags[f, year, models], axis=0),
        replaced="; ".join(part for part in replaced if part),
    )


def _nearest(table: BusTable, fuel: int, low: int, high: int, asked: int) -> tuple[int, NDArray[np.int64]]:
    """Return the places of the reference year and of the model years that are nearest to what is asked.

    The model year goes before the reference year, for it says how the bus was built; of two equally near ones the
    earlier is taken.
    """
    years, models = np.nonzero(~np.isnan(table.factors[fuel, :, :, table.pollutants.index("NOx"), 0]))
    of = table.model_years[models]
    off = np.maximum(np.maximum(low - of, of - high), 0)
    nearest = off == off.min()
    if off.min() > 0:
        nearest &= of == of[nearest].min()
    distance = np.abs(table.reference_years[years] - asked)
    best = int(years[nearest][np.argmin(distance[nearest])])
    return best, models[nearest & (years == best)]


def bus_curves(
    table: BusTable,
    technologies: pl.DataFrame,
    grid_kmh: Array,
    conditions: Conditions,
    *,
    reference_year: int | None = None,
    interpolate: bool = False,
) -> SetCurves:
    """Return the curves of a set for the technologies of a fleet.

    Parameters
    ----------
    table
        `load_emfac` or `load_moves`.
    technologies
        `TECHNOLOGY` columns; optional integer columns ``model_year`` and ``reference_year``, nulls allowed.
    grid_kmh
        Speeds, shape (S,).
    conditions
        Only the length of the condition axis matters: the sets do not depend on the weather.
    reference_year
        Year whose fleet is described, for technologies that do not give their own; by default the last published.
    interpolate
        Between the centres of the bins, instead of steps.

    Returns
    -------
    SetCurves
        Technologies that the set does not have (no bus, no such fuel or standard) are covered by nothing.
    """
    curves: dict[bytes, int] = {}
    rows: list[Array] = []
    covered = []
    optional = [c for c in ("model_year", "reference_year") if c in technologies.columns]
    for row in technologies.select(*TECHNOLOGY, *optional).iter_rows(named=True):
        try:
            found = _pick_row(table, row, reference_year)
        except InputError:
            covered.append(Covered())
            continue
        index = {}
        bits = 0
        for place, pollutant in enumerate(table.pollutants):
            if pollutant not in HOT or np.isnan(found.factors[place, 0]):
                continue
            curve = _at(table, found.factors[None, place], np.zeros(grid_kmh.size, np.int64), grid_kmh, interpolate)
            number = curves.setdefault(curve.tobytes(), len(rows))
            if number == len(rows):
                rows.append(curve)
            index[pollutant] = np.full((conditions.count, len(LOADS), len(GRADES)), number, dtype=np.int32)
            bits |= int(found.flags[place])
        notes = tuple(f"{table.name}.{flag}" for bit, flag in enumerate(FLAGS) if bits >> bit & 1)
        covered.append(Covered(index, found.replaced, notes))
    return SetCurves(np.array(rows).reshape(-1, grid_kmh.size), tuple(covered))


def _pick_row(table: BusTable, row: dict[str, object], reference_year: int | None) -> Picked:
    """Return the factors of a row with the columns `ASKED`."""
    if row["category"] != CATEGORY:
        raise InputError(
            f"{table.name} has buses only", "Use another factor set for it.", column="category", value=row["category"]
        )
    own, year = row.get("model_year"), row.get("reference_year")
    return pick(
        table,
        str(row["fuel"] or ""),
        str(row["segment"] or ""),
        str(row["standard"] or ""),
        model_year=None if own is None else int(str(own)),
        reference_year=reference_year if year is None else int(str(year)),
    )


def _at(table: BusTable, factors: Array, row: NDArray[np.int64], speed_kmh: Array, interpolate: bool) -> Array:
    """Return ``factors[row]`` at the speeds; ``factors`` has shape (rows, bins)."""
    if not interpolate:
        return factors[row, bin_of(table, speed_kmh)]
    centre = table.centre_kmh
    lower = np.clip(np.searchsorted(centre, speed_kmh, side="right") - 1, 0, centre.size - 2)
    upper_weight = np.clip((speed_kmh - centre[lower]) / (centre[lower + 1] - centre[lower]), 0.0, 1.0)
    return np.asarray(factors[row, lower] * (1.0 - upper_weight) + factors[row, lower + 1] * upper_weight)


def evaluate_buses(
    table: BusTable, asked: pl.DataFrame, *, reference_year: int | None = None, interpolate: bool = False
) -> pl.DataFrame:
    """Answer questions about single factors exactly.

    Parameters
    ----------
    table
        `load_emfac` or `load_moves`.
    asked
        Columns ``query, category, fuel, segment, standard, technology, pollutant, mode, speed_kmh_value, load_value,
        slope_value``; optional integers ``model_year, reference_year``. Technology, mode, load and slope have no
        effect.
    reference_year, interpolate
        As in `bus_curves`.

    Returns
    -------
    One row per question: ``query, ef, note, error``; texts are "" where there is nothing to say.
    """
    given = asked.with_columns(
        pl.lit(None, dtype=pl.Int64).alias(c) for c in ("model_year", "reference_year") if c not in asked.columns
    )
    distinct = given.select(ASKED).unique(maintain_order=True).with_row_index("group")
    factors = np.full((distinct.height, len(table.pollutants), table.to_kmh.size), np.nan)
    flags = np.zeros((distinct.height, len(table.pollutants)), dtype=np.uint8)
    replaced, problems = [], []
    for group, row in enumerate(distinct.iter_rows(named=True)):
        try:
            found = _pick_row(table, row, reference_year)
        except InputError as error:
            replaced.append("")
            problems.append(str(error))
            continue
        factors[group], flags[group] = found.factors, found.flags
        replaced.append(f"stand-in: {found.replaced}" if found.replaced else "")
        problems.append("")
    told = distinct.with_columns(
        replaced=pl.Series(replaced, dtype=pl.String), problem=pl.Series(problems, dtype=pl.String)
    )
    joined = given.join(told, on=ASKED, how="left", maintain_order="left", nulls_equal=True)
    known = {p: i for i, p in enumerate(table.pollutants)}
    place = joined["pollutant"].replace_strict(known, default=-1, return_dtype=pl.Int64).to_numpy()
    speed = joined["speed_kmh_value"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    row_of = joined["group"].to_numpy().astype(np.int64) * len(table.pollutants) + np.maximum(place, 0)
    good_speed = np.isfinite(speed) & (speed >= 0.0)
    safe = np.where(good_speed, speed, 0.0)
    ef = _at(table, factors.reshape(-1, table.to_kmh.size), row_of, safe, interpolate)
    ef[(place < 0) | ~good_speed] = np.nan
    bits = flags.reshape(-1)[row_of]
    hints = {p: _unknown_pollutant(table, p) for p in joined["pollutant"].unique().to_list()}
    remarks = [
        pl.when(pl.col("replaced") != "").then(pl.col("replaced")),
        pl.when(pl.Series(safe > table.to_kmh[-1])).then(pl.lit(f"speed held at {table.to_kmh[-1]:.1f} km/h")),
        pl.when((pl.col("load_value").fill_null(0.5) != 0.5) | (pl.col("slope_value").fill_null(0.0) != 0.0)).then(
            pl.lit("load and slope are not in this set")
        ),
        *(pl.when(pl.Series(bits >> bit & 1 == 1)).then(pl.lit(flag)) for bit, flag in enumerate(FLAGS)),
    ]
    return joined.select(
        "query",
        ef=pl.Series(ef).fill_nan(None),
        note=pl.concat_str(remarks, separator="; ", ignore_nulls=True),
        error=pl.when(pl.col("problem") != "")
        .then("problem")
        .when(pl.Series(~good_speed))
        .then(
            pl.format(
                "speed_kmh must be 0 or more (found: {})", pl.col("speed_kmh_value").cast(pl.String).fill_null("")
            )
        )
        .when(pl.Series(np.isnan(ef)))
        .then(pl.col("pollutant").replace_strict(hints, default="", return_dtype=pl.String))
        .otherwise(pl.lit("")),
    ).with_columns(note=pl.when(pl.col("error") == "").then("note").otherwise(pl.lit("")))


def _near(word: str, words: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(word, words, n=3) or list(words)


def _unknown_pollutant(table: BusTable, pollutant: str) -> str:
    if pollutant in table.pollutants:
        return f"{table.name} has no {pollutant} of this fuel"
    return f"{table.name} has no {pollutant!r}; it has {', '.join(_near(pollutant, table.pollutants))}"


emfac_curves = moves_curves = bus_curves
evaluate_emfac = evaluate_moves = evaluate_buses
"""The two sets share their functions: the table says which one it is."""
