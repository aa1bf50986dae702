"""What the layers and tables of a GeoPackage are called, and what they hold."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.tables.load import Language

Group = Literal["roads", "top", "changes", "zones", "places", "market", "buses", "chargers", "tables"]


@dataclass(frozen=True)
class LayerText:
    """A layer or table: group of the project, whether it is drawn at first, title and description.

    Names with ``{scenario}`` or ``{pollutant}`` stand for many; their texts ask for a ``{subject}``.
    """

    layer: str
    group: Group
    shown: bool
    titles: Mapping[Language, str]
    descriptions: Mapping[Language, str]


@cache
def layer_texts() -> dict[str, LayerText]:
    """Return the texts by layer, in the order in which a project lists them, the topmost first."""
    path = files("fleet_planner.tables") / "layers.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {
        row["layer"]: LayerText(
            layer=row["layer"],
            group=row["group"],  # type: ignore[arg-type]  # checked by a test on the packaged file
            shown=row["shown"] == "yes",
            titles={"en": row["title_en"], "zh": row["title_zh"]},
            descriptions={"en": row["description_en"], "zh": row["description_zh"]},
        )
        for row in rows
    }
