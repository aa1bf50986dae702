"""The commands beside `run` that write a manifest, as functions of a plan that is read already."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from fleet_planner.outputs.buses.bus_replacement import write_replacement
from fleet_planner.outputs.buses.bus_run import write_buses
from fleet_planner.outputs.buses.buses_charging import write_charging
from fleet_planner.outputs.markets.market import write_market
from fleet_planner.outputs.mix.portfolio import write_portfolio
from fleet_planner.outputs.siting.chargers import write_siting
from fleet_planner.pipeline.buses.duty import duty_found
from fleet_planner.pipeline.buses.from_timetable import feasibility_of_timetable
from fleet_planner.pipeline.buses.replace import replacement_of
from fleet_planner.pipeline.buses.scheduling import scheduled
from fleet_planner.pipeline.buses.simulate import simulate
from fleet_planner.pipeline.market.market import market_of
from fleet_planner.pipeline.mixing.portfolio import portfolio_of
from fleet_planner.pipeline.mixing.worth import refuse_large_worth
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.pipeline.siting.site import site_chargers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_planner.plan.models import Plan
    from fleet_planner.progress import Progress
    from fleet_planner.tables import Language


class Command(Protocol):
    """Computes a plan and writes the results."""

    def __call__(
        self, plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress
    ) -> Path:
        """Write into ``out``; ``path`` is the plan's file, whose folder holds the inputs."""


def _portfolio(plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress) -> Path:
    ready = prepare(plan, path.parent, progress, counted=partial(refuse_large_worth, plan))
    return write_portfolio(ready, portfolio_of(ready), path, out, overwrite=overwrite, language=language)


def _market(plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress) -> Path:
    progress("market", 0.1)
    return write_market(plan, path, market_of(plan, path.parent), out, overwrite=overwrite, language=language)


def _site(plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress) -> Path:
    found = site_chargers(plan, path.parent, progress)
    return write_siting(plan, path, found, out, overwrite=overwrite, language=language)


def _simulate(plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress) -> Path:
    return write_buses(simulate(plan, path.parent, progress), path, out, overwrite=overwrite, language=language)


def _schedule(plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress) -> Path:
    found = scheduled(plan, path.parent, progress)
    return write_charging(plan, path, found, out, overwrite=overwrite, language=language)


def _replace(plan: Plan, path: Path, out: Path, *, overwrite: bool, language: Language, progress: Progress) -> Path:
    ready = prepare(plan, path.parent, progress)
    driven = None if plan.buses.transition.blocks else feasibility_of_timetable(plan, path.parent, progress)
    found = replacement_of(ready, driven)
    trucks = duty_found(ready) if plan.buses.duty.enabled else None
    day = None if driven is None else next(iter(driven.days.values())).day
    return write_replacement(ready, found, path, out, trucks=trucks, day=day, overwrite=overwrite, language=language)


COMMANDS: Mapping[str, Command] = {
    "portfolio": _portfolio,
    "market": _market,
    "chargers site": _site,
    "buses simulate": _simulate,
    "buses schedule": _schedule,
    "buses replace": _replace,
}
