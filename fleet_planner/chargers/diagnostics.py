"""Coverage and median models beside the plan: what the same number of sites could cover at best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.chargers import check
from fleet_planner.chargers.models.capacitated import solve_capacitated
from fleet_planner.chargers.models.covering import maximal_covering, set_covering
from fleet_planner.chargers.models.median import p_centre, p_median
from fleet_planner.chargers.models.radius import Nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fleet_planner.chargers.distances import Reach
    from fleet_planner.chargers.models.nearest import Answer, Effort

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

CAPACITATED = ("capacitated_covering", "capacitated_median")
OUT_OF_REACH = "too few sites"
UNIT = {
    "maximal_covering": "kWh/day",
    "set_covering": "sites",
    "p_median": "kWh km/day",
    "p_centre": "km",
    "capacitated_covering": "kWh in the busiest hour",
    "capacitated_median": "kWh km in the busiest hour",
    "flow_refuelling": "vehicles/day",
}
FLOWS = "flow_refuelling"


@dataclass(frozen=True)
class Diagnosis:
    """A model's answer and the same objective computed anew."""

    model: str
    answer: Answer
    checked: float


@dataclass(frozen=True)
class Busiest:
    """The busiest hour of the last planned year: what each demand asks and each site can give, kWh."""

    asked: Float
    gives: Float


def diagnose(
    models: Sequence[str],
    reach: Reach,
    weight: Float,
    busiest: Busiest,
    p: int,
    locked: Bool,
    far_km: float,
    effort: Effort,
) -> list[Diagnosis]:
    """Solve the models that are asked for.

    Parameters
    ----------
    models
        Keys of `UNIT`.
    reach
        Pairs within the cut-off.
    weight
        Energy of each demand, kWh/day.
    busiest
        For the models with capacity.
    p
        Number of sites, the locked ones among them.
    locked
        Sites that are open anyway.
    far_km
        What demand counts in the p-median that no open site reaches.
    effort
        When to stop.
    """
    out = []
    for model in models:
        if model == "maximal_covering":
            answer = maximal_covering(reach, weight, p, locked, effort)
            checked = check.covered_weight(reach, weight, answer.is_open)
        elif model == "set_covering":
            answer = set_covering(reach, None, locked, effort)
            checked = float(answer.is_open.sum())
            known = np.unique(reach.demand).size
            assert check.covered_weight(reach, np.ones(reach.demands), answer.is_open) == known
        elif model == "p_median":
            answer = p_median(reach, weight, p, far_km, locked, effort)
            checked = check.weighted_km(reach, weight, answer.is_open, far_km)
        elif model in CAPACITATED:
            answer, checked = _with_capacity(model, reach, busiest, p, locked, far_km, effort)
        else:
            answer = p_centre(reach, p, locked, replace(effort, steps=200))
            checked = check.longest_km(reach, answer.is_open)
            if not np.isfinite(answer.objective):  # no such number of sites reaches all within the cut-off
                answer = replace(answer, status=OUT_OF_REACH, objective=checked, start=checked)
        out.append(Diagnosis(model, answer, checked))
    return out


def _with_capacity(
    model: str, reach: Reach, busiest: Busiest, p: int, locked: Bool, far_km: float, effort: Effort
) -> tuple[Answer, float]:
    """Return the answer of a model with capacity, and its objective from the shares; a site over its capacity stops."""
    covers = model == "capacitated_covering"
    near = replace(reach, km=np.zeros(reach.km.size)) if covers else reach
    far = np.full(reach.demands, 1.0 if covers else far_km)
    found = solve_capacitated(Nearest(near, busiest.asked, far, locked), busiest.gives, p, effort)
    load = np.zeros(reach.sites)
    np.add.at(load, near.site, found.share * busiest.asked[near.demand])
    assert (load <= busiest.gives * found.answer.is_open * (1.0 + 1e-6) + 1e-6).all()
    left = np.ones(reach.demands)
    np.subtract.at(left, near.demand, found.share)
    paid = float((busiest.asked[near.demand] * near.km * found.share).sum() + (busiest.asked * far * left).sum())
    if not covers:
        return found.answer, paid
    whole, told = float(busiest.asked.sum()), found.answer
    turned = replace(told, objective=whole - told.objective, bound=whole - told.bound, start=whole - told.start)
    return turned, whole - paid


def models_table(found: Sequence[Diagnosis], reach: Reach, weight: Float) -> pl.DataFrame:
    """Return ``tables/columns/siting_models.csv``."""
    rows = []
    for one in found:
        _, km = check.nearest_open(reach, one.answer.is_open)
        near = np.isfinite(km)
        energy = float(weight[near].sum())
        rows.append(
            {
                "model": one.model,
                "sites": int(one.answer.is_open.sum()),
                "objective": _finite(one.answer.objective),
                "unit": UNIT[one.model],
                "bound": one.answer.bound,
                "gap_pct": 100.0 * one.answer.gap if np.isfinite(one.answer.objective) else None,
                "start": _finite(one.answer.start),
                "checked": _finite(one.checked),
                "covered_pct": 100.0 * energy / max(float(weight.sum()), 1e-12),
                "mean_km": float((weight[near] * km[near]).sum()) / energy if energy > 0.0 else None,
                "longest_km": float(km[near].max(initial=0.0)) if near.any() else None,
                "status": one.answer.status,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def catchments(
    found: Sequence[Diagnosis], reach: Reach, weight: Float, names: tuple[Sequence[str], Sequence[str]], year: int
) -> pl.DataFrame:
    """Return which demand is nearest to which open site (``tables/columns/catchments.csv``); names of sites, demand."""
    sites, demand = names
    parts = []
    for one in found:
        site, km = check.nearest_open(reach, one.answer.is_open)
        near = np.flatnonzero(site >= 0)
        parts.append(
            pl.DataFrame(
                {
                    "model": pl.Series([one.model] * near.size, dtype=pl.String),
                    "year": pl.Series([year] * near.size, dtype=pl.Int64),
                    "demand_id": pl.Series([demand[j] for j in near.tolist()], dtype=pl.String),
                    "site_id": pl.Series([sites[i] for i in site[near].tolist()], dtype=pl.String),
                    "km": km[near],
                    "share": np.ones(near.size),
                    "kwh_per_day": weight[near],
                }
            )
        )
    return pl.concat(parts)
