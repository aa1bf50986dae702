"""Map registry rows to technologies: segment, standard, aftertreatment, each by a named rule."""

from __future__ import annotations

import numpy as np
import polars as pl

from fleet_planner.fleet.dates import ANY_REGION, REGION_FALLBACK, dated_standards
from fleet_planner.fleet.forms.model import plain_word
from fleet_planner.fleet.translate import CERTIFICATION, MAPPED
from fleet_planner.fleet.vocabulary import ELECTRICITY, ZERO_EMISSION, hot_keys
from fleet_planner.reference import reference_table

WORDS = ("category", "fuel", "segment", "stream", "standard", MAPPED, "aftertreatment", "maker")
RULES = ("segment_rule", "standard_rule", "aftertreatment_rule", "date_checked")
GIVEN = "given"
BY_MAP = "map "
"""Begins the rule of a standard that was named in the words of another region."""

DEFAULT = "default"


def map_technologies(good: pl.DataFrame, country: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give every row its segment, standard and aftertreatment.

    Each distinct combination is mapped once; gross masses that fall between the same bounds of
    ``reference/segments.csv`` are one.

    Parameters
    ----------
    good
        From `check_registry`, shape (N,).
    country
        Region whose dates of standards apply.

    Returns
    -------
    mapped
        ``good`` with ``segment, standard, aftertreatment`` filled, ``segment_rule, standard_rule,
        aftertreatment_rule, date_checked`` and ``rule``, such as
        ``segment:mass; standard:CL 2013; aftertreatment:default`` or ``standard:map CN China V, same``. Order kept.
    wrong
        ``row, column, value, reason, remedy`` of rows whose standard cannot be known; not in ``mapped``.

    Raises
    ------
    InputError
        A standard is needed and the country is unknown.
    """
    made = good.with_columns(known_makers(good["make"], country))
    keyed = made.with_columns(_mass_bound(good["gross_mass_kg"]), pl.col(WORDS).fill_null(""))
    names = [*WORDS, "model_year", "mass_bound"]
    keys = keyed.select(names).unique(maintain_order=True)
    read = keys.with_columns(
        pl.when(pl.col(WORDS) != "").then(pl.col(WORDS)).name.keep(), gross_mass_kg=pl.col("mass_bound").fill_nan(None)
    )
    filled = with_aftertreatment(with_standard(with_segment(read), country), country)
    answers = keys.with_columns(
        filled["segment"].alias("new_segment"),
        filled["standard"].alias("new_standard"),
        filled["aftertreatment"].alias("new_aftertreatment"),
        *(filled[name] for name in RULES),
    ).with_columns(
        rule=pl.format(
            "segment:{}; standard:{}; aftertreatment:{}", "segment_rule", "standard_rule", "aftertreatment_rule"
        )
    )
    mapped = keyed.join(answers, on=names, how="left", maintain_order="left").select(
        *good.select(pl.exclude("segment", "standard", "aftertreatment")).columns,
        pl.col("new_segment").alias("segment"),
        pl.col("new_standard").alias("standard"),
        pl.col("new_aftertreatment").alias("aftertreatment"),
        *RULES,
        "rule",
    )
    lacks = mapped.filter(pl.col("standard").is_null())
    if lacks.is_empty():
        return mapped, _unknown_standards(lacks, country)
    return mapped.filter(pl.col("standard").is_not_null()), _unknown_standards(lacks, country)


def _unknown_standards(rows: pl.DataFrame, country: str) -> pl.DataFrame:
    group = pl.format("no dates of standards are known for {} on {} in {}", "category", "fuel", pl.lit(country))
    return rows.select(
        "row",
        pl.lit("standard").alias("column"),
        pl.lit("").alias("value"),
        group.alias("reason"),
        pl.lit("Give the standard of the vehicle.").alias("remedy"),
    )


def _mass_bound(mass: pl.Series) -> pl.Series:
    """Return the smallest bound of the mass bands that is not below the mass; nan where there is none."""
    bands = reference_table("segments.csv")
    edges = np.unique(np.concatenate([bands["mass_from_kg"].to_numpy(), bands["mass_to_kg"].to_numpy(), [np.inf]]))
    values = mass.fill_null(np.nan).to_numpy()
    at = np.minimum(np.searchsorted(edges, values, side="left"), edges.size - 1)
    return pl.Series("mass_bound", np.where(np.isnan(values), np.nan, edges[at]))


def makers_of(region: str) -> pl.DataFrame:
    """Return the aftertreatment by maker in a region: its own rows, or those of any region where it has none."""
    table = reference_table("aftertreatment_makes.csv")
    own = table.filter(pl.col("region").is_in([region, REGION_FALLBACK.get(region, region)]))
    return table.filter(pl.col("region") == ANY_REGION) if own.is_empty() else own


def known_makers(make: pl.Series, region: str) -> pl.Series:
    """Return the makers whose aftertreatment is known, as ``reference/aftertreatment_makes.csv`` calls them."""
    names = makers_of(region)["make"].unique().to_list()
    known = {plain_word(name): name for name in names}
    found = {text: known.get(plain_word(text)) for text in make.unique() if text}
    if not any(found.values()):
        return pl.Series("maker", [None], dtype=pl.String).new_from_index(0, make.len())
    return make.replace_strict(found, default=None, return_dtype=pl.String).rename("maker")


def with_segment(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill empty segments by fuel, by mass and stream, then by the default of the category; add ``segment_rule``."""
    defaults = reference_table("segment_defaults.csv")
    bands = reference_table("segments.csv").filter(pl.col("segment").is_not_null())
    fuel_of = pl.col("fuel")
    steps: list[tuple[pl.Expr, str, str]] = [
        ((pl.col("category") == r["category"]) & (fuel_of == r["fuel"]), r["segment"], "fuel")
        for r in defaults.filter(pl.col("fuel").is_not_null()).iter_rows(named=True)
    ]
    # bands that name fuels or streams come before those of all
    for row in bands.sort(pl.col("fuels").is_null(), pl.col("streams").is_null(), maintain_order=True).iter_rows(
        named=True
    ):
        fits = pl.col("category") == row["category"]
        if row["fuels"]:
            steps.append((fits & fuel_of.is_in(row["fuels"].split("|")), row["segment"], "fuel"))
            continue
        mass = pl.col("gross_mass_kg")
        fits &= (mass > row["mass_from_kg"]) & (mass <= row["mass_to_kg"])
        if row["streams"]:
            fits &= pl.col("stream").is_in(row["streams"].split("|"))
        steps.append((fits, row["segment"], "mass"))
    steps += [
        (pl.col("category") == r["category"], r["segment"], DEFAULT)
        for r in defaults.filter(pl.col("fuel").is_null()).iter_rows(named=True)
    ]
    segment, rule = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for fits, name, how in reversed(steps):
        chosen = fits.fill_null(value=False)
        segment = pl.when(chosen).then(pl.lit(name)).otherwise(segment)
        rule = pl.when(chosen).then(pl.lit(how)).otherwise(rule)
    given = pl.col("segment").is_not_null()
    return rows.with_columns(
        segment_rule=pl.when(given).then(pl.lit(GIVEN)).otherwise(rule),
        segment=pl.coalesce("segment", segment),
    )


def with_standard(rows: pl.DataFrame, region: str) -> pl.DataFrame:
    """Fill empty standards from model year and the region's dates; add ``standard_rule``, ``date_checked``.

    A standard stays empty where no dates are known for the category and fuel.

    Raises
    ------
    InputError
        A standard is needed and the region is unknown.
    """
    electric = pl.col("fuel") == ELECTRICITY
    start = rows.with_columns(
        standard=pl.when(electric).then(pl.lit(ZERO_EMISSION)).otherwise(pl.col("standard")),
        standard_rule=pl.when(electric)
        .then(pl.lit("electric"))
        .when(pl.col(MAPPED).str.starts_with(CERTIFICATION))
        .then(MAPPED)
        .otherwise(pl.coalesce(pl.lit(BY_MAP) + pl.col(MAPPED), pl.lit(GIVEN))),
    )
    missing = start.filter(pl.col("standard").is_null())
    if missing.is_empty():
        return start.with_columns(date_checked=pl.lit("yes"))
    on = ["category", "fuel", "model_year"]
    dated = dated_standards(missing.select(on).unique(maintain_order=True), region)
    empty = pl.col("standard").is_null()
    return (
        start.join(dated, on=on, how="left", maintain_order="left")
        .with_columns(
            standard_rule=pl.when(empty).then(pl.col("dated_by")).otherwise(pl.col("standard_rule")),
            date_checked=pl.when(empty).then(pl.col("checked")).otherwise(pl.lit("yes")),
            standard=pl.coalesce("standard", "dated"),
        )
        .drop("dated", "dated_by", "checked")
    )


def with_aftertreatment(rows: pl.DataFrame, region: str = ANY_REGION) -> pl.DataFrame:
    """Fill empty aftertreatments with that of the standard; add ``aftertreatment_rule``.

    The rule is ``only`` where the factor table has one for the standard, ``make X`` where
    ``reference/aftertreatment_makes.csv`` knows the maker's, ``default`` where
    ``reference/aftertreatment_defaults.csv`` chooses between several, ``none`` where neither has one.
    """
    on = ["category", "fuel", "standard"]
    choice = reference_table("aftertreatment_defaults.csv").select(*on, pl.col("aftertreatment").alias("usual"))
    only = (
        hot_keys()
        .select(*on, "aftertreatment")
        .unique()
        .group_by(on)
        .agg(pl.col("aftertreatment").first().alias("only"), pl.len().alias("choices"))
        .filter(pl.col("choices") == 1)
        .drop("choices")
    )
    if "maker" not in rows.columns:
        rows = rows.with_columns(maker=pl.lit(None, dtype=pl.String))
    makers = makers_of(region).select(*on, pl.col("make").alias("maker"), pl.col("aftertreatment").alias("of_make"))
    return (
        rows.join(makers, on=[*on, "maker"], how="left", maintain_order="left")
        .join(only, on=on, how="left", maintain_order="left")
        .join(choice, on=on, how="left", maintain_order="left")
        .with_columns(
            aftertreatment_rule=pl.when(pl.col("aftertreatment").is_not_null())
            .then(pl.lit(GIVEN))
            .when(pl.col("only").is_not_null())
            .then(pl.lit("only"))
            .when(pl.col("of_make").is_not_null())
            .then(pl.format("make {}", "maker"))
            .when(pl.col("usual").is_not_null())
            .then(pl.lit(DEFAULT))
            .otherwise(pl.lit("none")),
            aftertreatment=pl.coalesce("aftertreatment", "only", "of_make", "usual", pl.lit("none")),
        )
        .drop("only", "usual", "of_make")
    )
