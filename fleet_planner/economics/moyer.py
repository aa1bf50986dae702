"""Cost effectiveness in the form of California's Carl Moyer programme.

``cost effectiveness = grant x capital recovery factor / (NOx + ROG + w PM)`` in US dollars per weighted short ton,
with emissions in short tons a year that are surplus to the rules in force. A technology beyond the one that is
required takes two steps: what the required technology would bring counts up to the base limit, the rest up to the
limit of the advanced one (Carl Moyer guidelines, appendix C; parameters by guideline year in
``reference/moyer_parameters.csv``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.economics.finance import capital_recovery_factor
from fleet_planner.errors import PlanError
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT_TONS_PER_T = 1.1023113
KINDS = ("retrofit", "fuel", "replacement")


@dataclass(frozen=True)
class MoyerRules:
    """The programme's parameters in a guideline year.

    Parameters
    ----------
    guideline_year
        Whose rules they are.
    base_limit_usd, advanced_limit_usd, zero_emission_limit_usd
        Limits in US dollars of that year per weighted short ton: for what is required, for cleaner engines, for
        vehicles without exhaust.
    discount_rate
        Of the capital recovery factor.
    pm_weight
        Of combustion particles.
    project_life_years
        Longest life that is granted, by kind of measure.
    unchecked
        Names of the parameters that rest on recollection.
    """

    guideline_year: int
    base_limit_usd: float
    advanced_limit_usd: float
    zero_emission_limit_usd: float
    discount_rate: float
    pm_weight: float
    project_life_years: dict[str, int]
    unchecked: tuple[str, ...]


def moyer_rules(guideline_year: int) -> MoyerRules:
    """Return the rules of a guideline year.

    Raises
    ------
    PlanError
        The year has no rules in the packaged table.
    """
    table = reference_table("moyer_parameters.csv")
    years = sorted(table["guideline_year"].unique().to_list())
    if guideline_year not in years:
        raise PlanError(
            "no Carl Moyer rules of this year are packaged",
            f"Use one of {', '.join(map(str, years))}.",
            column="comparison.moyer_guideline",
            value=guideline_year,
        )
    own = table.filter(pl.col("guideline_year") == guideline_year)
    value = {str(name): float(amount) for name, amount in own.select("parameter", "value").iter_rows()}
    base = value["base_limit"]
    return MoyerRules(
        guideline_year,
        base,
        value.get("advanced_limit", base),
        value.get("zero_emission_limit", base),
        value["discount_rate"],
        value["pm_weight"],
        {kind: int(value[f"life_{kind}"]) for kind in KINDS},
        tuple(own.filter(pl.col("checked") == "no")["parameter"].to_list()),
    )


def weighted_short_tons(nox_t: float, rog_t: float, pm_t: float, pm_weight: float) -> float:
    """Return the weighted reduction, short tons, of reductions in metric tonnes; increases count against it."""
    return (nox_t + rog_t + pm_weight * pm_t) * SHORT_TONS_PER_T


def cost_effectiveness_usd(grant_usd: float, rate: float, life_years: float, weighted_per_year: float) -> float:
    """Return the cost effectiveness, US dollars per weighted short ton; infinite where nothing is reduced."""
    if weighted_per_year <= 0.0:
        return float("inf")
    return grant_usd * capital_recovery_factor(rate, life_years) / weighted_per_year


@dataclass(frozen=True)
class Grant:
    """The largest grant that the limits allow."""

    largest_usd: float
    within_limits_usd: float
    cost_effectiveness_usd: float


def largest_grant(
    steps: tuple[tuple[float, float], ...], rate: float, life_years: float, incremental_cost_usd: float
) -> Grant:
    """Return the largest grant of a project.

    Parameters
    ----------
    steps
        Weighted short tons a year and limit, US dollars per weighted short ton, of each step.
    rate, life_years
        Of the capital recovery factor.
    incremental_cost_usd
        What the project costs beyond what would be bought anyway; no grant is larger.
    """
    factor = capital_recovery_factor(rate, life_years)
    within = sum(max(tons, 0.0) * limit for tons, limit in steps) / factor
    grant = min(within, max(incremental_cost_usd, 0.0))
    total = sum(tons for tons, _ in steps)
    return Grant(grant, within, cost_effectiveness_usd(grant, rate, life_years, total))


def surplus_shares(survival: NDArray[np.float64], km_relative: NDArray[np.float64]) -> tuple[float, float]:
    """Return how much of a first year's reduction is left in the mean year of a project's life.

    Parameters
    ----------
    survival
        Share of the old vehicles that would still drive without the project, by year of the project, shape (years,).
    km_relative
        Kilometres against the first year's, same shape.

    Returns
    -------
    tuple of float
        Share while the old vehicle would still drive, and share after it would have been replaced by one of the
        required standard; the first applies to the whole reduction, the second to what goes beyond the standard.
    """
    alive = np.asarray(survival, dtype=np.float64)
    km = np.asarray(km_relative, dtype=np.float64)
    return float(np.mean(alive * km)), float(np.mean((1.0 - alive) * km))
