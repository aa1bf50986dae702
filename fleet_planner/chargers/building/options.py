"""Which kinds of chargers serve which demand: connectors, power, depots and places with a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.problem import Option
from fleet_planner.chargers.demand import ANY
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.chargers.candidates import Sites
    from fleet_planner.chargers.demand import Demand
    from fleet_planner.plan.chargers import ChargersSection

    Int = NDArray[np.int64]
    Bool = NDArray[np.bool_]

USUAL_CONNECTOR = {"CN": "gb_t", "JP": "chademo"}
"""Of vehicles and chargers that name none; elsewhere ``ccs``."""
DEPOT = "depot"


@dataclass(frozen=True)
class Wanted:
    """What a group of demand needs: connector, least power, whether at a depot (scheduled, without queue)."""

    connector: str
    min_kw: float
    depot: bool

    def served_by(self, option: Option) -> bool:
        """Return whether a kind of charger serves the group."""
        connector = self.connector in {ANY, option.connector}
        return connector and option.kw >= self.min_kw and option.queue != self.depot

    def served_by_old(self, connectors: frozenset[str], kw: float) -> bool:
        """Return whether chargers that are there serve the group; whether there is a queue is not asked."""
        connector = self.connector == ANY or self.connector in connectors
        return connector and kw >= self.min_kw


def usual_connector(section: ChargersSection, country: str) -> str:
    """Return the connector of vehicles that name none: the plan's, else the usual one of the country."""
    return section.connector or USUAL_CONNECTOR.get(country[:2], "ccs")


def largest_kw(section: ChargersSection, connector: str) -> float:
    """Return the most power that a charger with a queue and a connector may have by the plan; 0: there is none."""
    own = {t.name: (t.kw, t.connectors, t.queue) for t in section.type}
    packaged = {
        row["type"]: (float(row["kw"]), row["connectors"].split("|"), row["queue"] == "yes")
        for row in reference_table("charger_types.csv").iter_rows(named=True)
    }
    named = [(packaged | own)[n] for n in (*own, *section.types) if n in packaged or n in own]
    return max((kw for kw, made, queue in named if queue and connector in made), default=0.0)


def groups_of(demand: Demand) -> tuple[list[Wanted], Int]:
    """Return the distinct groups, and the group of each demand."""
    wanted = [
        Wanted(c, float(kw), kind == DEPOT)
        for c, kw, kind in zip(demand.connector, demand.min_kw, demand.kind, strict=True)
    ]
    known = {w: g for g, w in enumerate(dict.fromkeys(wanted))}
    return list(known), np.array([known[w] for w in wanted], dtype=np.int64)


def options_of(section: ChargersSection, demand: Demand, country: str) -> tuple[list[Option], list[Finding]]:
    """Return the kinds of chargers with the connectors that some demand asks for.

    Raises
    ------
    PlanError
        A kind is unknown.
    """
    table = reference_table("charger_types.csv")
    own = {t.name: t for t in section.type}
    packaged = {row["type"]: row for row in table.iter_rows(named=True)}
    usual = usual_connector(section, country)
    asked = {usual if c == ANY else c for c in demand.connector}
    out, unchecked = [], []
    names = [*own, *(n for n in section.types if n not in own)]
    for name in names:
        if name in own:
            mine = own[name]
            made: Sequence[str] = mine.connectors
            figures = (mine.kw, mine.usd, mine.usd_per_year, mine.life_years, mine.queue)
        elif name in packaged:
            row = packaged[name]
            made = row["connectors"].split("|")
            figures = (*(float(row[k]) for k in ("kw", "usd", "usd_per_year", "life_years")), row["queue"] == "yes")
            if row["checked"] == "no" and asked.intersection(made):
                unchecked.append(name)
        else:
            raise PlanError(
                "no such kind of charger is packaged", use_one_of(name, packaged), column="chargers.types", value=name
            )
        out += [Option(name, c, *figures) for c in made if c in asked]
    told = [Finding("chargers.types_unchecked", "assumption", {"names": ", ".join(unchecked)}, len(unchecked))]
    return out, told if unchecked else []


@dataclass(frozen=True)
class Present:
    """Chargers that are there: their kinds by what they serve, and which kind each site has.

    Parameters
    ----------
    serves
        Whether a kind serves a group, shape (kinds, groups).
    kind
        Of each site, -1 without chargers, shape (sites,).
    """

    serves: Bool
    kind: Int


def present_of(sites: Sites, wanted: Sequence[Wanted], usual: str) -> Present:
    """Return the chargers that are there by what they serve; those without connectors have the usual one."""
    known: dict[tuple[bool, ...], int] = {}
    kind = np.full(sites.size, -1, dtype=np.int64)
    columns = sites.table.select("existing_chargers", "existing_kw", "connectors")
    for s, (count, kw, text) in enumerate(columns.iter_rows()):
        if count and kw:
            connectors = connectors_of(text) or frozenset([usual])
            pattern = tuple(w.served_by_old(connectors, float(kw)) for w in wanted)
            kind[s] = known.setdefault(pattern, len(known))
    return Present(np.array(list(known), dtype=np.bool_).reshape(len(known), len(wanted)), kind)


def connector_findings(sites: Sites, usual: str) -> list[Finding]:
    """Return how many sites have chargers whose connectors nobody names."""
    there = (sites.table["existing_chargers"] > 0) & (sites.table["existing_kw"] > 0.0)
    unknown = int((there & (sites.table["connectors"].fill_null("") == "")).sum())
    return [Finding("chargers.present_connector", "assumption", {"connector": usual}, unknown)] if unknown else []


def connectors_of(text: str | None) -> frozenset[str]:
    """Return the connectors of a cell; for chargers that may be built: none means all."""
    return frozenset(c.strip() for c in (text or "").split("|") if c.strip())
