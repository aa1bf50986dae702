"""The technologies of a projection, and how new and used vehicles are shared out over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.fleet.check import VKT
from fleet_planner.fleet.mapping import with_aftertreatment, with_standard
from fleet_planner.fleet.translate import MAPPED
from fleet_planner.fleet.vocabulary import ELECTRICITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet_planner.fleet.turnover.rules import Rules

TEMPLATE = ["stream", "category", "fuel", "segment", "load_fraction"]
"""What a new vehicle takes over from the vehicles of its stream."""

KEY = [*TEMPLATE, "standard", "aftertreatment", "fuel_blend", "step"]
"""What tells the technologies of a projection apart."""


@dataclass(frozen=True)
class Technologies:
    """Technologies and the shares of new and used vehicles.

    Parameters
    ----------
    frame
        One row per technology, columns `KEY`, and ``km_per_year, share_inside, gross_mass_kg`` of a new vehicle.
    streams
        Streams in order; ``stream_of`` (T,) points into it.
    new_share, plain_share, used_share
        Shape (Y, T), see `fleet_planner.kernels.turnover.project`.
    undated
        Vehicles of the base fleet (by template) whose later standards are not known: they keep their newest.
    """

    frame: pl.DataFrame
    streams: tuple[str, ...]
    stream_of: NDArray[np.int64]
    new_share: NDArray[np.float64]
    plain_share: NDArray[np.float64]
    used_share: NDArray[np.float64]
    undated: float


def sales_templates(local: pl.DataFrame, base_year: int, mix_years: int) -> pl.DataFrame:
    """Return what new vehicles are like: columns `TEMPLATE`, ``weight`` (adds up to 1 by stream) and means.

    The young vehicles of a stream (up to ``mix_years`` old, all where there are none) give the mix.

    Parameters
    ----------
    local
        Vehicles of the base year.
    base_year
        Year of the fleet.
    mix_years
        Age that counts as young.
    """
    young = (pl.col("model_year") > base_year - mix_years) & (pl.col("count") > 0.0)
    marked = local.with_columns(young=young.fill_null(value=False))
    any_young = marked.group_by("stream").agg(pl.col("young").any().alias("some"))
    used = marked.join(any_young, on="stream", how="left", maintain_order="left").filter(
        pl.col("young") | ~pl.col("some")
    )
    count = pl.col("count")
    grouped = (
        used.group_by(TEMPLATE)
        .agg(
            count.sum().alias("vehicles"),
            (count * pl.col("km_per_year")).sum().alias("km"),
            VKT.sum().alias("inside"),
            pl.col("gross_mass_kg").mean(),
            pl.col("standard", "aftertreatment").sort_by("model_year").last(),
        )
        .filter(pl.col("vehicles") > 0.0)
        .sort(TEMPLATE)
    )
    km = pl.col("km")
    return grouped.select(
        *TEMPLATE,
        "gross_mass_kg",
        "standard",
        "aftertreatment",
        weight=pl.col("vehicles") / pl.col("vehicles").sum().over("stream"),
        vehicles="vehicles",
        km_per_year=km / pl.col("vehicles"),
        share_inside=pl.when(km > 0.0).then(pl.col("inside") / km).otherwise(1.0),
    )


def technologies(
    existing: pl.DataFrame, templates: pl.DataFrame, rules: Rules, region: str, years: range, used_age: int
) -> Technologies:
    """Return the technologies from the base year on.

    Parameters
    ----------
    existing
        Those of the base fleet, columns `KEY`.
    templates
        From `sales_templates`.
    rules
        From `rules_of`.
    region
        Whose dates of standards apply.
    years
        The projected years, without the base year.
    used_age
        Age of used vehicles that come from outside.
    """
    model_years = range(years.start - used_age, years.stop)
    twins = templates.filter(pl.col("fuel") != ELECTRICITY).with_columns(
        twin_of=pl.col("fuel"), fuel=pl.lit(ELECTRICITY), standard=pl.lit(None, dtype=pl.String)
    )
    kinds = pl.concat([templates.with_columns(twin_of=pl.lit("")), twins]).with_row_index("kind")
    dated, undated = _dated(kinds, model_years, region)
    steps = [
        rules.step(category, fuel, standard, year)
        for category, fuel, standard, year in dated.select("category", "fuel", "standard", "model_year").iter_rows()
    ]
    dated = dated.with_columns(step=pl.Series(steps, dtype=pl.String), fuel_blend=pl.lit(""))
    known = existing.select(KEY)
    new = dated.select(KEY).unique().join(known, on=KEY, how="anti").sort(KEY)
    frame = pl.concat([known, new]).with_row_index("technology")
    coded = dated.join(frame, on=KEY, how="left", maintain_order="left")
    index = np.zeros((kinds.height, len(model_years)), dtype=np.int64)
    index[coded["kind"].to_numpy(), coded["model_year"].to_numpy() - model_years.start] = coded["technology"].to_numpy()
    means = (
        coded.group_by("technology")
        .agg(pl.col("km_per_year", "share_inside", "gross_mass_kg").mean())
        .sort("technology")
    )
    frame = frame.join(means, on="technology", how="left", maintain_order="left").with_columns(
        pl.col("km_per_year").fill_null(0.0), pl.col("share_inside").fill_null(1.0)
    )
    streams = tuple(frame["stream"].unique().sort())
    code = {name: s for s, name in enumerate(streams)}
    stream_of = np.array([code[s] for s in frame["stream"]], dtype=np.int64)
    shares = _shares(kinds, rules, years)
    out = [np.zeros((len(years), frame.height)) for _ in shares]
    for y, year in enumerate(years):
        for which, (values, age) in enumerate(zip(shares, (0, 0, used_age), strict=True)):
            np.add.at(out[which][y], index[:, year - age - model_years.start], values[y])
    return Technologies(frame.drop("technology"), streams, stream_of, out[0], out[1], out[2], undated)


def _dated(kinds: pl.DataFrame, model_years: range, region: str) -> tuple[pl.DataFrame, float]:
    """Return each kind in each model year with its standard and aftertreatment, and vehicles without known dates."""
    newest = pl.col("standard").alias("newest"), pl.col("aftertreatment").alias("newest_aftertreatment")
    none = pl.lit(None, dtype=pl.String)
    every = kinds.with_columns(*newest).join(
        pl.DataFrame({"model_year": list(model_years)}, schema={"model_year": pl.Int64}), how="cross"
    )
    asked = every.with_columns(none.alias("standard"), none.alias("aftertreatment"), none.alias(MAPPED))
    dated = with_standard(asked, region)
    lacks = pl.col("standard").is_null()
    undated = float(dated.filter(lacks).unique("kind")["vehicles"].sum())
    filled = dated.with_columns(
        aftertreatment=pl.when(lacks).then("newest_aftertreatment").otherwise(none),
        standard=pl.coalesce("standard", "newest"),
    )
    return with_aftertreatment(filled), undated


def _shares(
    kinds: pl.DataFrame, rules: Rules, years: range
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of the kinds in new vehicles, in new ones without electric ones, and in used ones, (Y, kinds).

    Where a rule asks for a share ``z`` above the share ``e`` that the mix has, a kind with an engine of weight ``w``
    keeps ``w (1 - z) / (1 - e)`` and its electric twin gets ``w (z - e) / (1 - e)``.
    """
    weight = kinds["weight"].to_numpy().astype(np.float64)
    fuel, twin_of = kinds["fuel"].to_list(), kinds["twin_of"].to_list()
    twin = np.array([bool(t) for t in twin_of])
    electric = np.array([f == ELECTRICITY for f in fuel]) & ~twin
    engine = ~twin & ~electric
    stream = kinds["stream"].to_list()
    names = sorted(set(stream))
    code = np.array([names.index(s) for s in stream])
    mixed = np.bincount(code, weights=weight * electric, minlength=len(names))
    rest = np.maximum(1.0 - mixed, 0.0)
    with_engine = np.bincount(code, weights=weight * engine, minlength=len(names)) > 0.0
    used = np.tile(np.where(twin, 0.0, weight), (len(years), 1))
    scale = np.where(with_engine, 1.0 / np.where(rest > 0.0, rest, 1.0), 1.0)[code]
    plain_row = np.where(engine, weight * scale, np.where(electric & ~with_engine[code], weight, 0.0))
    new = np.zeros((len(years), kinds.height))
    for y, year in enumerate(years):
        asked = np.array([rules.share(name, year) for name in names])
        share = np.where(with_engine, np.maximum(asked, mixed), mixed)
        kept = ((1.0 - share) / np.where(rest > 0.0, rest, 1.0))[code]
        moved = ((share - mixed) / np.where(rest > 0.0, rest, 1.0))[code]
        new[y] = np.where(engine, weight * kept, np.where(twin, weight * moved, weight))
    return new, np.tile(plain_row, (len(years), 1)), used
