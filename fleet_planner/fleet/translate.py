"""Turn standards in the words of other regions (``china_5``, ``国六``, ``bs6``) into the factor sets' words."""

from __future__ import annotations

import polars as pl

from fleet_planner.fleet.dates import FOLLOWS, REGION_FALLBACK
from fleet_planner.fleet.vocabulary import ELECTRICITY, words
from fleet_planner.reference.standard_words import find_standard
from fleet_planner.reference.technology_map import load_technology_map

MAPPED = "standard_map"
CERTIFIED = "certified"
CERTIFICATION = "certification"
KEY = ("category", "fuel", "standard", "model_year")


def with_own_words(typed: pl.DataFrame, region: str) -> pl.DataFrame:
    """Translate standards by ``reference/technology_map.csv``; words it does not know stay as they are.

    Parameters
    ----------
    typed
        Needs ``category, fuel, standard, certification, model_year``; a certification stands in for a standard.
    region
        Whose steps a word means first, such as ``CN-BJ``.

    Returns
    -------
    ``typed`` with the standards in the words of the factor sets, and ``standard_map``: the row of the map that
    translated, such as ``CN China V, same`` (region, name, exactness); null where none did. It begins with
    ``certification`` where that told the standard. ``certified`` says the same.
    """
    certified = pl.col("standard").is_null() & pl.col("certification").is_not_null()
    typed = typed.with_columns(certified.alias(CERTIFIED), pl.coalesce("standard", "certification").alias("standard"))
    known = {standard for word in words().values() for standard in word.standards}
    foreign = typed.filter(
        pl.col("standard").is_not_null()
        & ~pl.col("standard").is_in(known)
        & (pl.col("fuel") != ELECTRICITY)
        & pl.all_horizontal(pl.col(KEY).is_not_null())
    )
    table = load_technology_map()
    regions = list(dict.fromkeys([region, REGION_FALLBACK.get(region, region)]))
    rows = []
    for category, fuel, standard, year in foreign.select(KEY).unique(maintain_order=True).iter_rows():
        burnt = FOLLOWS.get(fuel, fuel)
        found = find_standard(table, standard, regions=regions, category=category, fuel=burnt, year=year)
        if found is not None:
            how = f"{found.region} {found.standard}, {found.exactness}"
            rows.append((category, fuel, standard, year, found.euro, how))
    if not rows:
        return _told(typed.with_columns(pl.lit(None, dtype=pl.String).alias(MAPPED)))
    schema = {name: typed.schema[name] for name in KEY} | {"euro": pl.String, MAPPED: pl.String}
    answers = pl.DataFrame(rows, schema=schema, orient="row")
    joined = typed.join(answers, on=list(KEY), how="left", maintain_order="left")
    return _told(joined.with_columns(standard=pl.coalesce("euro", "standard")).drop("euro"))


def _told(typed: pl.DataFrame) -> pl.DataFrame:
    """Say in the row of the map that the standard is the engine's certification."""
    read = pl.concat_str(pl.lit(f"{CERTIFICATION} "), MAPPED, ignore_nulls=False)
    how = pl.when(CERTIFIED).then(pl.coalesce(read, pl.lit(CERTIFICATION))).otherwise(MAPPED)
    return typed.with_columns(how.alias(MAPPED))
