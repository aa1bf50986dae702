"""Packaged figures of electric trucks and vans, with the plan's before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.fleet.dates import ANY_REGION, REGION_FALLBACK
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from fleet_planner.plan.buses_duty import DutySection

PACK, HEAVY, VAN = "pack", "heavy", "van"


@cache
def duty_streams() -> dict[str, tuple[str, str]]:
    """Return the type of the energy model and the class of ownership of each stream of vans and trucks."""
    rows = reference_table("duty_streams.csv").select("stream", "vehicle_type", "vehicle_class").iter_rows()
    return {stream: (kind, cost) for stream, kind, cost in rows}


@dataclass
class DutyFigures:
    """Looks figures up for a region and keeps which were used.

    Parameters
    ----------
    section
        Of the plan.
    region
        Country or region code.
    used
        Figures that were looked up, and whether their source was read.
    """

    section: DutySection
    region: str
    used: dict[str, bool] = field(default_factory=dict)

    def figure(self, item: str, applies: str) -> float:
        """Return a figure, the region's before any region's.

        Raises
        ------
        KeyError
            There is none: a fault of the table.
        """
        rows = reference_table("duty_electric.csv").filter((pl.col("item") == item) & (pl.col("applies") == applies))
        for where in (self.region, REGION_FALLBACK.get(self.region, self.region), ANY_REGION):
            own = rows.filter(pl.col("region") == where)
            if own.height:
                self.used[f"{item} ({applies})"] = own["checked"][0] == "yes"
                return float(own["value"][0])
        raise KeyError(item, applies)

    def kg_per_kwh(self, year: int) -> float:
        """Return the mass of a pack per kWh in a year; straight between the years known."""
        if self.section.wh_per_kg:
            points = sorted((int(y), v) for y, v in self.section.wh_per_kg.items())
        else:
            rows = reference_table("duty_electric.csv").filter(pl.col("item") == "wh_per_kg").sort("of_year")
            points = [(int(y), float(v)) for y, v in rows.select("of_year", "value").iter_rows()]
            self.used["wh_per_kg (pack)"] = not (rows["checked"] == "no").any()
        years, values = zip(*points, strict=True)
        return 1000.0 / float(np.interp(year, years, values))

    def allowance_kg(self, kind: str) -> float:
        """Return by how much the law lets a type be heavier when it is electric."""
        if self.section.weight_allowance_kg is not None and kind != VAN:
            return self.section.weight_allowance_kg
        return self.figure("allowance_kg", VAN if kind == VAN else HEAVY)

    def dwell_h(self, stream: str) -> float:
        """Return the hours at base between two working days."""
        own = self.section.dwell_h.get(stream)
        return own if own is not None else self.figure("dwell_h", stream)

    @property
    def unchecked(self) -> list[str]:
        """Figures used that were not read in a source."""
        return sorted(name for name, read in self.used.items() if not read)
