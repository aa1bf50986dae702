"""Fill what the source does not say from the defaults of the road class in the region."""

from __future__ import annotations

import polars as pl

from fleet_planner.reference import reference_table

FIGURES = ("free_flow_kmh", "lanes_per_direction", "capacity_veh_h_lane")
FALLBACK_CLASS = "unclassified"


def class_defaults(region: str) -> pl.DataFrame:
    """Return ``road_class`` and `FIGURES`; each figure of the region (``US-CA``), else its country, else of ``*``."""
    names = list(dict.fromkeys([region, region.split("-", maxsplit=1)[0], "*"]))
    rank = pl.DataFrame({"region": names, "rank": range(len(names))})
    return (
        reference_table("road_class_defaults.csv")
        .filter(pl.col("figure").is_in(FIGURES))
        .join(rank, on="region")
        .sort("rank", maintain_order=True)
        .unique(["road_class", "figure"], keep="first", maintain_order=True)
        .pivot("figure", index="road_class", values="value")
        .select("road_class", *FIGURES)
    )


def impute(links: pl.DataFrame, region: str) -> pl.DataFrame:
    """Add speeds, lanes and capacity, each with where it comes from.

    Reads ``road_class`` and, null where unknown, ``maxspeed_kmh`` and ``tagged_lanes``; adds ``free_flow_kmh``
    (the limit, where there is one), ``lanes``, ``capacity_veh_h``, ``speed_source``, ``lanes_source``. A class
    without defaults counts as unclassified.
    """
    defaults = class_defaults(region).rename({"free_flow_kmh": "class_kmh", "road_class": "as_class"})
    known = defaults["as_class"].to_list()
    as_class = pl.when(pl.col("road_class").is_in(known)).then("road_class").otherwise(pl.lit(FALLBACK_CLASS))
    return (
        links.with_columns(as_class=as_class)
        .join(defaults, on="as_class", how="left", maintain_order="left")
        .with_columns(
            free_flow_kmh=pl.coalesce("maxspeed_kmh", "class_kmh").cast(pl.Float64),
            speed_source=_source("maxspeed_kmh"),
            lanes=pl.coalesce("tagged_lanes", "lanes_per_direction").cast(pl.Float64),
            lanes_source=_source("tagged_lanes"),
        )
        .with_columns(capacity_veh_h=pl.col("lanes") * pl.col("capacity_veh_h_lane"))
    )


def without_defaults(links: pl.DataFrame) -> pl.DataFrame:
    """Return the links whose class has no defaults of its own."""
    return links.join(class_defaults("*"), on="road_class", how="anti", maintain_order="left")


def _source(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null()).then(pl.lit("tag")).otherwise(pl.lit("class_default"))
