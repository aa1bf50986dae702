"""What every run with draws says of them: too few for their level, distributions that nobody checked, own effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_planner.plan.models import Scenario
    from fleet_planner.plan.uncertainty import UncertaintySection
    from fleet_planner.uncertainty.inputs import Spread

FEWEST_BEYOND = 2.5
"""With fewer draws than this beyond an end of the band, the end is that of one or two draws."""


def draws_needed(level: float) -> int:
    """Return how many draws a band needs."""
    return round(2.0 * FEWEST_BEYOND / (1.0 - level))


def few_or_unchecked(section: UncertaintySection, spreads: Iterable[Spread]) -> list[Finding]:
    """Return whether the draws are few for their level, and which of the distributions used were not checked."""
    out = []
    if section.draws * (1.0 - section.level) / 2.0 < FEWEST_BEYOND:
        few: dict[str, str | int | float] = {
            "level": f"{100.0 * section.level:g}",
            "needed": draws_needed(section.level),
        }
        out.append(Finding("uncertainty.few", "warning", few, count=section.draws))
    unchecked = [one.name for one in spreads if not one.checked and one.group not in section.off]
    if unchecked:
        named = {"inputs": ", ".join(unchecked)}
        out.append(Finding("uncertainty.unchecked", "assumption", named, count=len(unchecked)))
    return out


def own_effects(section: UncertaintySection, scenarios: Sequence[Scenario]) -> list[Finding]:
    """Return which measures act by another effect than the table's central one, around which its range is drawn."""
    named = sorted({m.measure for s in scenarios for m in s.measure if m.effect != "central" or m.effect_pct})
    if not named or "effects" in section.off:
        return []
    return [Finding("uncertainty.own_effects", "assumption", {"measures": ", ".join(named)}, count=len(named))]
