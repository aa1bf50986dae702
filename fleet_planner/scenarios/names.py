"""Words of a scenario against those of the fleet: a misspelt one must not treat fewer vehicles unnamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS

if TYPE_CHECKING:
    from fleet_planner.fleet.model import Fleet
    from fleet_planner.plan.models import Scenario


def check_names(fleet: Fleet, scenario: Scenario) -> list[Finding]:
    """Return the words that name no vehicle of the fleet, each measure once.

    Raises
    ------
    PlanError
        A stream is neither in the registry nor in the packaged table, or a standard is none.
    """
    local = {
        c: fleet.vehicles.select(pl.col(c).filter(~pl.col("visiting")).unique())[c] for c in ("stream", "standard")
    }
    here = {"streams": set(local["stream"]), "standards": set(local["standard"])}
    known = {
        "streams": here["streams"] | set(reference_table("streams.csv")["stream"].to_list()),
        "standards": here["standards"] | {*HEAVY_STANDARDS, *LIGHT_STANDARDS},
    }
    findings = []
    for wanted in scenario.measure:
        absent = []
        for key, words in (("streams", wanted.streams), ("standards", wanted.standards)):
            for word in words:
                if word not in known[key]:
                    raise PlanError(
                        f"measure {wanted.measure} of scenario {scenario.name} has an unknown word under {key}",
                        use_one_of(word, here[key] or known[key]),
                        column=f"scenario.measure.{key}",
                        value=word,
                    )
            absent += [word for word in words if word not in here[key]]
        if absent:
            values = {"scenario": scenario.title, "measure": wanted.measure, "words": ", ".join(absent)}
            findings.append(Finding("scenario.absent", "info", values))
    return findings
