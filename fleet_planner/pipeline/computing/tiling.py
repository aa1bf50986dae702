"""How the roads of a plan are carried through memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.errors import PlanError
from fleet_planner.tiles import Scratch, Tiles, disk_folder

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.plan.run import RunSection


def tiles_of(section: RunSection, links: int, base: Path) -> Tiles:
    """Return the tiles of a plan for a network of so many links.

    Raises
    ------
    PlanError
        ``run.scratch`` is no folder.
    """
    folder = base / section.scratch if section.scratch else disk_folder()
    if not folder.is_dir():
        raise PlanError(
            "there is no such folder", "Make it, or leave run.scratch out.", column="run.scratch", value=section.scratch
        )
    scratch = Scratch(folder) if links >= section.disk_from_links else None
    return Tiles(section.tile_links, scratch)
