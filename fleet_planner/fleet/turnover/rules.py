"""Rules on new vehicles: zero-emission shares and steps of limits, each a switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.fleet.dates import FOLLOWS, region_order
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.plan.turnover import TurnoverSection

SHARES_TABLE = "zero_emission_rules.csv"
STEPS_TABLE = "limit_steps.csv"


Steps = tuple[tuple[int, float], ...]
"""First year and share, sorted."""


@dataclass(frozen=True)
class Rules:
    """The rules that a projection follows.

    Parameters
    ----------
    shares
        Steps of the share of zero-emission vehicles among new ones, by stream and rule.
    steps
        Name and first year of the steps of limits that are on, sorted by year, by category, fuel and the standard
        that their ratios are against.
    unchecked
        Rules on steps of limits that are on and rest on figures that were not read in a source.
    findings
        Which packaged rules of the region are on, which are off, and how they stand.
    """

    shares: Mapping[str, Mapping[str, Steps]]
    steps: Mapping[tuple[str, str, str], tuple[tuple[int, str], ...]]
    unchecked: tuple[str, ...]
    findings: tuple[Finding, ...]

    def share(self, stream: str, year: int) -> float:
        """Return the largest share that a rule asks for in a year; each holds from its last step on."""
        asked = [0.0]
        for steps in self.shares.get(stream, {}).values():
            begun = [share for first, share in steps if first <= year]
            asked += begun[-1:]
        return max(asked)

    def step(self, category: str, fuel: str, standard: str, year: int) -> str:
        """Return the name of the step of limits that new vehicles of a year meet, such as ``euro_7 2030``; "" if none.

        A step holds for the standard that its ratio is against.
        """
        steps = self.steps.get((category, FOLLOWS.get(fuel, fuel), standard), ())
        begun = [f"{rule} {first}" for first, rule in steps if first <= year]
        return begun[-1] if begun else ""


def rules_of(section: TurnoverSection, region: str) -> Rules:
    """Return the rules of a plan: those of the region that are in force, and what the plan switches.

    Raises
    ------
    PlanError
        The plan names a rule that is not known.
    """
    order = region_order(region)
    shares, steps = reference_table(SHARES_TABLE), reference_table(STEPS_TABLE)
    names = [*shares["rule"].unique(maintain_order=True), *steps["rule"].unique(maintain_order=True)]
    for name in section.rules:
        if name not in names:
            raise PlanError(
                "the plan switches a rule that is not known",
                use_one_of(name, names),
                column=f"turnover.rules.{name}",
                value=name,
            )
    packaged = pl.concat([t.select("rule", "region", "default_on", "status", "checked") for t in (shares, steps)])
    on: set[str] = set()
    findings = []
    for name in names:
        first = packaged.filter(pl.col("rule") == name).row(0, named=True)
        of_region = first["region"] in order
        chosen = section.rules.get(name, of_region and first["default_on"] == "yes")
        if chosen:
            on.add(name)
        if chosen or of_region:
            values = {"rule": name, "status": first["status"]}
            code = "fleet.turnover_rule_on" if chosen else "fleet.turnover_rule_off"
            findings.append(Finding(code, "assumption" if chosen else "info", values))
    listed: dict[str, dict[str, Steps]] = {}
    for streams, name, year, share in (
        shares.filter(pl.col("rule").is_in(on)).sort("from_year").select("streams", "rule", "from_year", "share").rows()
    ):
        for stream in streams.split("|"):
            by = listed.setdefault(stream, {})
            by[name] = (*by.get(name, ()), (int(year), float(share)))
    for stream, by_year in section.zero_emission_share.items():
        own = tuple((int(year), share) for year, share in sorted(by_year.items()))
        listed.setdefault(stream, {})["plan"] = own
    limits: dict[tuple[str, str, str], tuple[tuple[int, str], ...]] = {}
    chosen_steps = steps.filter(pl.col("rule").is_in(on)).sort("from_year", "rule")
    for row in chosen_steps.iter_rows(named=True):
        key = (row["category"], row["fuel"], row["standard"])
        limits[key] = (*limits.get(key, ()), (int(row["from_year"]), row["rule"]))
    unchecked = tuple(chosen_steps.filter(pl.col("checked") == "no")["rule"].unique().sort())
    return Rules(listed, limits, unchecked, tuple(findings))


def step_ratios() -> pl.DataFrame:
    """Return what steps of limits change: ``step`` (see `Rules.step`), ``standard``, ``nox_ratio``, ``pm_ratio``."""
    table = reference_table(STEPS_TABLE)
    name = pl.format("{} {}", "rule", "from_year").alias("step")
    ratios = pl.col("nox_ratio", "pm_ratio").cast(pl.Float64)
    return table.select(name, "standard", ratios).unique(maintain_order=True)
