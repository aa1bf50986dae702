"""The vehicle registry in a plan."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fleet_planner.plan.base import Fraction, Section


class FleetSection(Section):
    """The vehicle registry."""

    registry: str = Field(description="CSV or Parquet file, one row per vehicle or group")
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
