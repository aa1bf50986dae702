"""The packaged figures of bus replacement with the plan's before them, US dollars of 2024."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_planner.economics.money import Price, levels_of
from fleet_planner.fleet.dates import ANY_REGION, REGION_FALLBACK
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from fleet_planner.plan.economics import EconomicsSection

TABLE, BATTERIES = "bus_transition.csv", "bus_batteries.csv"
ANY = "any"
MONEY_KEY = "economics.exchange_rates"


@dataclass
class Packaged:
    """Looks up figures for a region and keeps which of them were used.

    Parameters
    ----------
    economics
        Rates of exchange and price indices.
    region
        Country or region code.
    used
        Items that were looked up: powertrain and item, and whether the source was read.
    """

    economics: EconomicsSection
    region: str
    used: dict[tuple[str, str], bool] = field(default_factory=dict)

    def figure(self, item: str, powertrain: str = ANY, bus_type: str = ANY) -> float:
        """Return a figure: the region's before any region's, the powertrain's and size's before any.

        Raises
        ------
        KeyError
            There is none: a fault of the table.
        PlanError
            Its currency or year has no rate or index.
        """
        rows = {
            (r["region"], r["powertrain"], r["bus_type"]): r
            for r in reference_table(TABLE).iter_rows(named=True)
            if r["item"] == item
        }
        regions = dict.fromkeys((self.region, REGION_FALLBACK.get(self.region, self.region), ANY_REGION))
        keys = [(where, p, b) for where in regions for p in (powertrain, ANY) for b in (bus_type, ANY)]
        row = next((rows[k] for k in keys if k in rows), None)
        if row is None:
            raise KeyError(item, powertrain, bus_type)
        self.used[item, powertrain] = row["checked"] == "yes"
        value = float(row["value"])
        if row["currency"]:
            given = Price(row["currency"], int(row["price_year"]))
            first = self.economics.conversion == "deflate_first"
            value = levels_of(self.economics).inside(value, given, MONEY_KEY, deflate_first=first)
        return value

    def battery(self, item: str) -> float:
        """Return a figure of batteries and chargers of any bus, as the simulation of their days has it.

        Raises
        ------
        KeyError
            There is none: a fault of the table.
        """
        rows = reference_table(BATTERIES).filter(item=item, bus_type=ANY).to_dicts()
        if not rows:
            raise KeyError(item)
        self.used[item, ANY] = rows[0]["checked"] == "yes"
        return float(rows[0]["value"])

    @property
    def unchecked(self) -> list[str]:
        """Names of the figures used that were not read in a source."""
        return sorted(item if p == ANY else f"{item} ({p})" for (item, p), read in self.used.items() if not read)
