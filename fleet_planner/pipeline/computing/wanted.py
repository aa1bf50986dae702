"""Which states of a plan are computed where not all are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """A part of the scenarios and years of a plan.

    Parameters
    ----------
    scenario
        The one whose later years are computed; empty: all.
    years
        Those that are computed; empty: all of the plan.
    """

    scenario: str = ""
    years: frozenset[int] = frozenset()

    def has(self, scenario: str, year: int) -> bool:
        """Return whether a later year of a scenario is computed."""
        return self.scenario in ("", scenario) and (not self.years or year in self.years)

    def after(self, base_year: int) -> bool:
        """Return whether any year after the base year is computed."""
        return not self.years or max(self.years) > base_year


ALL = Wanted()
