"""How the run is carried out; no result depends on it beyond rounding."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fleet_planner.plan.base import Positive, Section


class RunSection(Section):
    """How a large region is carried through memory (docs/large_regions.md); results agree to rounding."""

    tile_links: Annotated[int, Field(ge=1)] = Field(
        default=131_072, description="links that are computed and written at a time; memory follows it"
    )
    disk_from_links: Annotated[int, Field(ge=0)] = Field(
        default=1_000_000,
        description="links from which speeds and emissions of the roads stand in a file on the disk, not in memory",
    )
    scratch: str = Field(
        default="", description="folder on a disk for that file, removed with the run; empty: the system's"
    )
    memory_gb: Positive | None = Field(
        default=None,
        description="memory that the air near roads, assigned traffic and areas may take, GB; empty: what is free",
    )
