"""Stages of non-road engines: their words, the dates on which they began, the ones that have factors."""

from __future__ import annotations

from functools import cache

import polars as pl

from fleet_planner.reference import reference_table

FALLBACK = {"CN-BJ": "CN", "US-CA": "US"}
OLDEST, EIGHTIES, UNREGULATED = "before_1981", "1981_1990", "1991_stage_I"
OF_EIGHTIES, OF_NINETIES = 1981, 1991
"""First model years of the last two groups of engines without a stage."""

SPAN = ["power_from_kw", "power_to_kw"]


def plain(word: str) -> str:
    """Return a stage's word without case, spaces and strokes."""
    return "".join(c for c in word.lower() if c not in " _-/")


@cache
def stage_words() -> dict[str, tuple[str, str]]:
    """Return stage and region by plain word; the region is empty for the stages of Europe."""
    rows = reference_table("nonroad_stage_words.csv").select("word", "region", "stage").iter_rows()
    return {plain(word): (stage, region or "") for word, region, stage in rows}


@cache
def places() -> dict[str, int]:
    """Return the place of each stage in the order, oldest first."""
    return dict(reference_table("nonroad_stages.csv").select("stage", "place").iter_rows())


@cache
def first_years() -> dict[str, int]:
    """Return the first year that an engine of each stage can be of."""
    return dict(reference_table("nonroad_stages.csv").select("stage", "first_year").iter_rows())


def dated_regions() -> list[str]:
    """Return the regions whose dates of stages are known."""
    return sorted(set(reference_table("nonroad_dates.csv")["region"]) | set(FALLBACK))


def region_of_dates(region: str) -> str:
    """Return the region whose dates hold in another one."""
    return FALLBACK.get(region, region)


def power_classes() -> pl.DataFrame:
    """Return the power classes: ``power_from_kw, power_to_kw, power_class``, smallest first."""
    table = reference_table("nonroad_factors.csv").select(SPAN).unique().sort("power_from_kw")
    low, high = pl.col("power_from_kw"), pl.col("power_to_kw")
    last = high == table["power_to_kw"].max()
    name = pl.when(last).then(pl.format(">={} kW", low)).otherwise(pl.format("{}-{} kW", low, high))
    return table.with_columns(power_class=name)


def with_power_class(machines: pl.DataFrame) -> pl.DataFrame:
    """Add ``power_class`` by ``power_kw``: a class begins with its lower end."""
    classes = power_classes().select(pl.col("power_from_kw").cast(pl.Float64), "power_class")
    return (
        machines.sort("power_kw", maintain_order=True)
        .join_asof(classes, left_on="power_kw", right_on="power_from_kw", check_sortedness=False)
        .drop("power_from_kw")
        .sort("row")
    )


def dated_stage(power_class: str, model_year: int, region: str) -> str:
    """Return the stage of a model year in a region; before its first stage the group of its decade.

    Parameters
    ----------
    power_class
        One of `power_classes`.
    model_year, region
        Of the machine; the region must have dates.
    """
    began = _dates(region_of_dates(region)).get(power_class, {})
    reached = [stage for stage, year in began.items() if year <= model_year]
    return max(reached, key=places().__getitem__) if reached else before_stages(model_year)


def before_stages(model_year: int | None) -> str:
    """Return the group of engines without a stage that a model year is in."""
    if model_year is None or model_year >= OF_NINETIES:
        return UNREGULATED
    return EIGHTIES if model_year >= OF_EIGHTIES else OLDEST


@cache
def _dates(region: str) -> dict[str, dict[str, int]]:
    table = reference_table("nonroad_dates.csv").filter(pl.col("region") == region).join(power_classes(), on=SPAN)
    out: dict[str, dict[str, int]] = {}
    for name, stage, year in table.select("power_class", "stage", "first_model_year").iter_rows():
        out.setdefault(name, {})[stage] = year
    return out


@cache
def stages_with_factors() -> dict[str, list[str]]:
    """Return the stages that have factors by power class, oldest first."""
    table = reference_table("nonroad_factors.csv").join(power_classes(), on=SPAN)
    out: dict[str, list[str]] = {}
    for name, stage in table.select("power_class", "stage").unique().iter_rows():
        out.setdefault(name, []).append(stage)
    return {name: sorted(stages, key=places().__getitem__) for name, stages in out.items()}


def nearest_with_factors(power_class: str, stage: str) -> str:
    """Return the newest stage with factors in a power class that is not newer than the one asked for."""
    order = places()
    return [s for s in stages_with_factors()[power_class] if order[s] <= order[stage]][-1]
