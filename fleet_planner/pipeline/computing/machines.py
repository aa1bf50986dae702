"""What a run tells of the machines beside the roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from fleet_planner.nonroad import NonRoad
    from fleet_planner.plan.models import Plan


def machine_findings(plan: Plan, nonroad: NonRoad | None) -> tuple[Finding, ...]:
    """Return what the machines rest on; that measures and turnover leave them as they are, where a plan has those."""
    if nonroad is None:
        return ()
    if not plan.scenario and plan.turnover.to_year is None:
        return nonroad.findings
    return (*nonroad.findings, Finding("inventory.machines_constant", "assumption"))
