"""The vehicle registry in a plan."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet_planner.plan.base import Fraction, Section


class FleetSection(Section):
    """The vehicle registry."""

    registry: str = Field(description="CSV or Parquet file, one row per vehicle or group")
    format: Literal["", "native", "emfac", "california_zip", "ntd", "china_stock", "age_distribution"] = Field(
        default="", description="form of the registry (docs/registry.md); empty: recognised by its header"
    )
    columns: dict[str, str] = Field(
        default={}, description="columns of the registry under other names, such as km_per_year = 'annual km'"
    )
    keep: dict[str, list[str]] = Field(
        default={},
        description="rows that are read, by column: words with * ? [0-9] or ranges such as '2010..2020'; empty: all",
    )
    count_unit: Literal["vehicles", "thousand", "ten_thousand"] = Field(
        default="vehicles", description="what a count of 1 means in stock tables that do not say it"
    )
    grouped: bool = Field(
        default=False,
        description="rows are added up to groups of like vehicles as they are read: for registries larger than memory",
    )
    encoding: str = Field(
        default="", description="encoding of a CSV registry; empty: UTF-8, and GB18030 (holds GBK) where a row is none"
    )
    identifier_key: str = Field(
        default="",
        description="file with a secret by which vehicle ids are hashed, so that rows can be followed from run to run; "
        "without it plates and VINs give way to row numbers (`fleet-planner fleet key` makes one)",
    )
    identifier_key_id: str = Field(
        default="", description="short name of the key that must be used; a run with another key stops"
    )
    assumptions: str = Field(
        default="",
        description="CSV of the registry's assumed figures (figure_id, value, unit, ..., vkt_share)",
    )
    max_rejected_vkt_share: Fraction = Field(
        default=0.01, description="stop when rejected rows hold more than this share of the vehicle-km"
    )
    visiting_share: dict[str, Annotated[float, Field(ge=0.0)]] = Field(
        default={},
        description="visiting vehicle-km as a fraction of the stream's local vehicle-km, by stream",
    )
