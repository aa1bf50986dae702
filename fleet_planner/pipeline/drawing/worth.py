"""Net present value and benefit-cost ratio of the scenarios in all draws, from the drawn figures of every year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fleet_planner.economics.ownership import TOTAL
from fleet_planner.pipeline.drawing.bands import Figure
from fleet_planner.pipeline.drawing.books import PUBLIC, present
from fleet_planner.pipeline.drawing.harm import AVOIDED, sum_weights
from fleet_planner.uncertainty.ratios import ratio_draws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.pipeline.drawing.books import BookDraws
    from fleet_planner.pipeline.drawing.emitted import Emitted

Array = NDArray[np.float64]
NET, RATIO = "net_present_value", "benefit_cost_ratio"
CARBON_LINE, VALUE = "carbon", "value"


@dataclass(frozen=True)
class Benefits:
    """What benefits are drawn from.

    Parameters
    ----------
    year, per_usd2024
        The base year, and what a US dollar of 2024 is in the money shown.
    emissions
        In all draws.
    harm
        Harm to health of the baseline in the base year by pollutant in all draws, US dollars of 2024.
    has_years
        Whether the plan has later years.
    """

    year: int
    per_usd2024: float
    emissions: Emitted
    harm: Mapping[str, Array]
    has_years: bool


def net_figures(
    benefits: Sequence[Mapping[str, Any]], books: Mapping[str, BookDraws], ground: Benefits, figures: Sequence[Figure]
) -> list[Figure]:
    """Return net present value and benefit-cost ratio of ``tables/columns/benefits.csv`` in all draws.

    Costs are those of the public view without carbon, climate is its carbon, both of every year; health is what the
    emissions of every computed year spare, between them on a straight line.
    """
    avoided = {f.scenario: f.draws for f in figures if f.figure == AVOIDED and f.item == VALUE}
    out = []
    for row in benefits:
        scenario = row["scenario"]
        book = books.get(scenario)
        if book is None:
            continue
        lines, span = book.lines[PUBLIC], (row["rate"], book.years, ground.year)
        climate = -present(lines[CARBON_LINE], *span) * ground.per_usd2024
        costs = present(lines[TOTAL] - lines[CARBON_LINE], *span) * ground.per_usd2024
        spared = spared_by_year(scenario, book.years, ground) if ground.has_years else None
        if spared is None:
            every = avoided.get(scenario, np.zeros(costs.shape))
            spared = np.repeat(every[:, None], len(book.years), axis=1)
        gain = present(spared, *span) * ground.per_usd2024 + climate
        what = (scenario, ground.year, "", "")
        out.append(Figure(NET, *what, row["unit"], row["net_present_value"], gain - costs))
        out.append(Figure(RATIO, *what, "1", row["benefit_cost_ratio"], ratio_draws(gain, costs)))
    return out


def spared_by_year(scenario: str, years: range, ground: Benefits) -> Array:
    """Return the harm to health that a scenario spares by year in all draws, shape (draws, years), US$ 2024.

    Each pollutant counts by the tonne as in the baseline of the base year of the draw.
    """
    totals = ground.emissions.totals
    first = next(iter(totals))[0]
    known = sorted(year for name, year in totals if name == first)
    saved = np.zeros((next(iter(totals.values())).shape[0], len(known)))
    for pollutant, harm in ground.harm.items():
        weight = sum_weights(pollutant)
        now = totals[first, ground.year] @ weight
        per_t = np.divide(harm, now, out=np.zeros_like(harm), where=now > 0.0)
        for k, year in enumerate(known):
            # in the base year no scenario has begun yet
            if year > ground.year:
                saved[:, k] += per_t * ((totals[first, year] - totals[scenario, year]) @ weight)
    return saved @ straight(known, years)


def straight(known: Sequence[int], years: Sequence[int]) -> Array:
    """Return what each known year weighs in others on straight lines between them, shape (known, years)."""
    return np.stack([np.interp(years, known, unit) for unit in np.eye(len(known))])
