"""The measures in operation of a scenario, one after the other in the canonical order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.factors.stand_ins import STANDARD_ORDER
from fleet_planner.reference import reference_table
from fleet_planner.scenarios.operation.demand import consolidation, rail_shift
from fleet_planner.scenarios.operation.driving import eco_driving, speed_limit
from fleet_planner.scenarios.operation.inspection import inspection
from fleet_planner.scenarios.operation.model import Done, Money
from fleet_planner.scenarios.operation.reassign import REASSIGN, reassign
from fleet_planner.scenarios.operation.restriction import restriction
from fleet_planner.scenarios.operation.scrappage import scrappage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_planner.plan.operation import Operation, Operational
    from fleet_planner.scenarios.operation.model import OperationSetting
    from fleet_planner.scenarios.operation.reassign import Emitted
    from fleet_planner.scenarios.operation.traffic import Traffic

PRICES = 2024
STEPS: Mapping[str, Callable[..., Done]] = {
    "scrappage": scrappage,
    "inspection": inspection,
    "rail_shift": rail_shift,
    "consolidation": consolidation,
    "zone": restriction,
    "ban": restriction,
    "speed_limit": speed_limit,
    "eco_driving": eco_driving,
}
"""By kind, in the canonical order: what vehicles there are, how much freight, where, how fast, how driven."""


def operate(traffic: Traffic, operation: Operation, setting: OperationSetting) -> list[Done]:
    """Apply measures in operation; the order in which a plan names them never matters.

    Parameters
    ----------
    traffic
        After the measures on vehicles.
    operation
        Of the scenario.
    setting
        Roads, days, country and year; measures that are not in force in the year are left out.

    Returns
    -------
    One entry per measure: the traffic after it and what it did.

    Raises
    ------
    UserError
        A word is unknown, or a measure cannot be done as the plan says.
    """
    out = []
    for kind, step in STEPS.items():
        listed: list[Operational] = sorted(getattr(operation, kind), key=lambda m: m.model_dump_json())
        for number, wanted in enumerate(listed, 1):
            check_words(traffic, wanted, kind, setting)
            if not wanted.in_force(setting.year):
                continue
            done = step(traffic, wanted, setting, number)
            traffic = done.traffic
            out.append(_with_costs(done, wanted))
    return out


def reassigned(
    traffic: Traffic, operation: Operation, setting: OperationSetting, computed: Callable[[Traffic], Emitted]
) -> list[Done]:
    """Apply the reassignments of a scenario: last of all, since they need what vehicles emit where.

    Parameters
    ----------
    traffic, operation, setting
        As of `operate`, the traffic as that leaves it.
    computed
        Returns what the vehicles of a traffic emit.
    """
    out = []
    for number, wanted in enumerate(sorted(operation.reassign, key=lambda m: m.model_dump_json()), 1):
        check_words(traffic, wanted, REASSIGN, setting)
        if wanted.in_force(setting.year):
            done = reassign(traffic, wanted, setting, number, computed)
            traffic = done.traffic
            out.append(_with_costs(done, wanted))
    return out


def _with_costs(done: Done, wanted: Operational) -> Done:
    """Add what the plan says the measure costs as a whole."""
    own = []
    if wanted.capex_usd2024:
        own.append(Money(wanted.capex_usd2024, "USD", PRICES, wanted.life_years))
    if wanted.opex_usd2024_per_year:
        own.append(Money(wanted.opex_usd2024_per_year, "USD", PRICES))
    return replace(done, outcome=replace(done.outcome, costs=(*done.outcome.costs, *own)))


def check_words(traffic: Traffic, wanted: Operational, kind: str, setting: OperationSetting) -> None:
    """Refuse a stream, standard or fuel that nothing is called: the measure would do less than it says.

    Raises
    ------
    PlanError
        A word is neither in the fleet nor in the packaged tables.
    """
    vehicles = traffic.vehicles
    streams = {s.removeprefix("visiting_") for s in vehicles["stream"].unique()}
    known = {
        "streams": {*streams, *vehicles["stream"].unique(), *reference_table("streams.csv")["stream"]},
        "standards": {*vehicles["standard"].unique(), *STANDARD_ORDER, "zero_emission"},
        "fuels": {*vehicles["fuel"].unique(), *reference_table("fuels.csv")["fuel"], "electricity"},
    }
    for key, words in known.items():
        for word in getattr(wanted, key):
            if word not in words:
                raise PlanError(
                    f"measure {kind} of scenario {setting.scenario} has an unknown word under {key}",
                    use_one_of(word, words),
                    column=f"scenario.operation.{kind}.{key}",
                    value=word,
                )
