"""What a mix is worth to health, by the plan's own routes of valuation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.effectiveness import weights as sums_of
from fleet_planner.errors import PlanError
from fleet_planner.impacts.health.assess import ADDED
from fleet_planner.pipeline.comparing.options import WEIGHTED
from fleet_planner.pipeline.computing.air import near_road_air
from fleet_planner.pipeline.computing.room import refuse_large_air
from fleet_planner.pipeline.mixing.weights import Weights
from fleet_planner.pipeline.telling.health import NearRoads, emitted_t, health_lines, people_of
from fleet_planner.tables import pollutants
from fleet_planner.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.impacts.health.assess import People
    from fleet_planner.inventory import Inventory
    from fleet_planner.pipeline.computing.air import AirResult
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.models import Plan

    Array = NDArray[np.float64]

CONCENTRATION = "concentration"
VALUE = "value_of_"
"""Before the name of a pollutant whose weights are US dollars of health."""


@dataclass(frozen=True)
class Worth:
    """What less emission is worth to health, US dollars of 2024.

    Parameters
    ----------
    per_t
        Of a tonne emitted in the city, by pollutant: routes by intake fraction and by damage per tonne.
    near_roads
        Of a kg by link and hour, by `VALUE` and pollutant: routes by concentration; nothing without any.
    people
        Who breathes.
    """

    per_t: Mapping[str, float]
    near_roads: Weights | None
    people: People

    def usd(self, avoided: Mapping[str, Array]) -> Array:
        """Return the value of what is avoided, t by pollutant and weighted by `VALUE`, in the shape of its arrays."""
        out = np.sum([value * avoided[p] for p, value in self.per_t.items()], axis=0)
        names = () if self.near_roads is None else self.near_roads.parts
        return np.asarray(out + np.sum([avoided[WEIGHTED + name] for name in names], axis=0))


def refuse_large_worth(plan: Plan, links: int) -> None:
    """Refuse so many roads where the worth of a mix asks for the air near them and memory would not do.

    Raises
    ------
    PlanError
        It would not.
    """
    if plan.portfolio.objective == "benefit" and CONCENTRATION in plan.impacts.health.routes.values():
        refuse_large_air(plan, links)


def worth_of(ready: Prepared) -> Worth | None:
    """Return what health is worth where the mix seeks net benefit and the plan has routes; nothing otherwise.

    A tonne counts as in the baseline of the plan's year, as in the benefits of scenarios; pollutants without a route
    count as nothing, so that none is valued by two routes.

    Raises
    ------
    PlanError
        The plan values emissions by weights in dollars as well.
    """
    plan = ready.plan
    routes = plan.impacts.health.routes
    if plan.portfolio.objective != "benefit" or not routes:
        return None
    if plan.portfolio.weights_in_usd:
        raise PlanError(
            "the mix would value emissions twice: by the routes of impacts.health and by weights in dollars",
            "Set portfolio.weights_in_usd = false, or remove the routes.",
            column="portfolio.weights_in_usd",
        )
    state, inventory = ready.computed.states[0]
    people = people_of(plan, ready.run.zones)
    near = [p for p, route in routes.items() if route == CONCENTRATION]
    air = near_road_air(ready.run, ready.computed) if near else None
    seen = None if air is None else _seen(air, state.name)
    t = tonnes(inventory)
    value: dict[str, float] = {}
    for _, pollutant, part, effect, amount in health_lines(plan, t, 0.0, people, seen):
        if effect == "value" and part in ADDED:
            value[pollutant] = value.get(pollutant, 0.0) + amount.value
    per_t = {p: v / t[p] for p, v in value.items() if p not in near and t[p] > 0.0}
    if air is None or seen is None:
        return Worth(per_t, None, people)
    by_link, parts = {}, {}
    for pollutant in near:
        exposure = float(seen.people @ seen.ug_m3[pollutant])
        if pollutant not in value or exposure <= 0.0:
            continue
        weight = air.weights.filter(pollutant=pollutant)["weight"].to_numpy().reshape(ready.network.links.height, -1)
        # a weight is exposure, as an annual mean, of a kg a day: of a kg a year it is so many days less
        by_link[VALUE + pollutant] = weight * value[pollutant] / exposure / DAYS_PER_YEAR
        parts[VALUE + pollutant] = dict(sums_of().get(pollutant, {pollutant: 1.0}))
    return Worth(per_t, Weights("link_id", parts, by_link=by_link) if parts else None, people)


def with_worth(weights: Weights | None, worth: Worth | None) -> Weights | None:
    """Return the plan's weights and those of health near roads together.

    Raises
    ------
    PlanError
        The plan's weights are not by link.
    """
    if worth is None or worth.near_roads is None:
        return weights
    if weights is None:
        return worth.near_roads
    if weights.key != "link_id":
        raise PlanError(
            f"weights by {weights.key} cannot stand beside a route by concentration, which is by link",
            "Give portfolio.weights by link_id, or take the route intake_fraction.",
            column="portfolio.weights",
            value=weights.key,
        )
    own = worth.near_roads
    return replace(weights, parts={**weights.parts, **own.parts}, by_link={**weights.by_link, **own.by_link})


def tonnes(inventory: Inventory) -> dict[str, float]:
    """Return tonnes a year of what is breathed."""
    factor = {p.pollutant: p.per_year_factor * DAYS_PER_YEAR for p in pollutants()}
    total = inventory.link.sum(axis=0)
    per_year = [float(v) * factor[p] for p, v in zip(inventory.pollutants, total, strict=True)]
    table = pl.DataFrame({"pollutant": list(inventory.pollutants), "value_per_year": per_year})
    return emitted_t(table.with_columns(scenario=pl.lit("")), "")


def value_by_tonnes(plan: Plan, inventory: Inventory, people: People) -> float:
    """Return what an inventory's harm is worth by its routes by the tonne, with the functions of deaths themselves."""
    section = plan.impacts.health
    routes = {p: route for p, route in section.routes.items() if route != CONCENTRATION}
    health = section.model_copy(update={"routes": routes})
    own = plan.model_copy(update={"impacts": plan.impacts.model_copy(update={"health": health})})
    lines = health_lines(own, tonnes(inventory), 0.0, people, None)
    return sum(amount.value for _, _, part, effect, amount in lines if effect == "value" and part in ADDED)


def _seen(air: AirResult, scenario: str) -> NearRoads:
    brought = air.concentrations[scenario]
    return NearRoads(air.receptors.people, dict(zip(air.pollutants, brought.T, strict=True)))
