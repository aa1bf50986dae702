"""Fill what the source does not say from the defaults of the road class in the region."""

from __future__ import annotations

import polars as pl

from fleet_planner.reference import reference_table

FIGURES = (
    "free_flow_kmh",
    "free_flow_rural_kmh",
    "lanes_per_direction",
    "lanes_rural_per_direction",
    "capacity_veh_h_lane",
)
FALLBACK_CLASS = "unclassified"


def class_defaults(region: str) -> pl.DataFrame:
    """Return ``road_class`` and `FIGURES`; each figure of the region (``US-CA``), else its country, else of ``*``.

    A class is never slower out of town than in it, also where only one of the two figures is the region's own.
    """
    names = list(dict.fromkeys([region, region.split("-", maxsplit=1)[0], "*"]))
    rank = pl.DataFrame({"region": names, "rank": range(len(names))})
    return (
        reference_table("road_class_defaults.csv")
        .filter(pl.col("figure").is_in(FIGURES))
        .join(rank, on="region")
        .sort("rank", maintain_order=True)
        .unique(["road_class", "figure"], keep="first", maintain_order=True)
        .pivot("figure", index="road_class", values="value")
        .with_columns(free_flow_rural_kmh=pl.max_horizontal("free_flow_kmh", "free_flow_rural_kmh"))
        .select("road_class", *FIGURES)
    )


def impute(links: pl.DataFrame, region: str) -> pl.DataFrame:
    """Add speeds, lanes and capacity, each with where it comes from.

    Reads ``road_class``, ``urban``, ``bus_lanes`` and, null where unknown, ``maxspeed_kmh``, ``tagged_lanes``,
    ``capacity_veh_h``, ``capacity_veh_h_lane``; adds ``free_flow_kmh`` (the limit, where there is one), ``lanes``,
    ``capacity_veh_h`` (of the lanes that are not the buses', one at least), ``speed_source``, ``lanes_source``,
    ``capacity_source``. A class without defaults counts as unclassified.
    """
    defaults = class_defaults(region).rename({name: f"class_{name}" for name in FIGURES} | {"road_class": "as_class"})
    known = defaults["as_class"].to_list()
    as_class = pl.when(pl.col("road_class").is_in(known)).then("road_class").otherwise(pl.lit(FALLBACK_CLASS))
    speed = pl.when("urban").then("class_free_flow_kmh").otherwise("class_free_flow_rural_kmh")
    lanes = pl.when("urban").then("class_lanes_per_direction").otherwise("class_lanes_rural_per_direction")
    per_lane = pl.coalesce("capacity_veh_h_lane", "class_capacity_veh_h_lane")
    general = pl.max_horizontal(pl.col("lanes") - pl.col("bus_lanes"), 1.0)
    return (
        links.with_columns(as_class=as_class)
        .join(defaults, on="as_class", how="left", maintain_order="left")
        .with_columns(
            free_flow_kmh=pl.coalesce("maxspeed_kmh", speed).cast(pl.Float64),
            speed_source=_source("maxspeed_kmh"),
            lanes=pl.coalesce("tagged_lanes", lanes).cast(pl.Float64),
            lanes_source=_source("tagged_lanes"),
            capacity_source=pl.when(pl.col("capacity_veh_h").is_null() & pl.col("capacity_veh_h_lane").is_null())
            .then(pl.lit("class"))
            .otherwise(pl.lit("given")),
        )
        .with_columns(capacity_veh_h=pl.coalesce("capacity_veh_h", general * per_lane))
    )


def without_defaults(links: pl.DataFrame) -> pl.DataFrame:
    """Return the links whose class has no defaults of its own."""
    return links.join(class_defaults("*"), on="road_class", how="anti", maintain_order="left")


def _source(column: str) -> pl.Expr:
    default = pl.when("urban").then(pl.lit("class_urban")).otherwise(pl.lit("class_rural"))
    return pl.when(pl.col(column).is_not_null()).then(pl.lit("given")).otherwise(default)
