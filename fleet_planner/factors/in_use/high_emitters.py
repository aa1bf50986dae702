"""Faulty and tampered vehicles: mean multipliers of a technology, draws by vehicle, inspection and compliance.

A fault has a share of the vehicles and multiplies some pollutants of those (``reference/high_emitters.csv``). The
guidebook's factors come from vehicles in use and so hold their faults already: by default nothing is multiplied. A
plan that states its own shares, or an inspection programme, is set against the packaged share as the nominal one:

``multiplier = product over faults of (1 + s' (m - 1)) / (1 + s_nominal (m - 1))``
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.errors import InputError
from fleet_planner.factors.in_use.skew import EVEN, Skew, uniform, vehicle_seeds
from fleet_planner.factors.ranges import three
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from fleet_planner.factors.ranges import Bound

    Array = NDArray[np.float64]

SHARE = "share"


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Parameters
    ----------
    name
        Key in plans and in the table.
    device
        Part of the aftertreatment that a technology must have, original or retrofitted; "" for any.
    categories, fuels, standards
        Technologies concerned; an empty tuple is for any.
    share
        Fraction of the vehicles of all ages, by bound.
    multipliers
        By pollutant and bound: emission over that of a sound vehicle.
    """

    name: str
    device: str
    categories: tuple[str, ...]
    fuels: tuple[str, ...]
    standards: tuple[str, ...]
    share: Mapping[Bound, float]
    multipliers: Mapping[str, Mapping[Bound, float]]

    def concerns(self, technology: Mapping[str, str]) -> bool:
        """Whether a technology (``category, fuel, standard, aftertreatment``) can have the fault."""
        devices = [part.removesuffix("_retrofit") for part in technology["aftertreatment"].split("+")]
        return (
            (not self.device or self.device in devices)
            and (not self.categories or technology["category"] in self.categories)
            and (not self.fuels or technology["fuel"] in self.fuels)
            and (not self.standards or technology["standard"] in self.standards)
        )


@dataclass(frozen=True)
class Inspection:
    """An inspection and maintenance programme.

    Parameters
    ----------
    compliance
        Fraction of the faulty vehicles that come to the inspection.
    identification
        Fraction of those that it finds.
    repair
        Fraction of the found that are mended.
    repaired_excess
        What is left of a fault's excess after the repair: 0 sound again, 1 as before.
    """

    compliance: float = 1.0
    identification: float = 1.0
    repair: float = 1.0
    repaired_excess: float = 0.0

    def __post_init__(self) -> None:
        for name in ("compliance", "identification", "repair", "repaired_excess"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise InputError(f"{name} of the inspection is not a fraction", "Give 0 to 1.", value=value)

    @property
    def mended(self) -> float:
        """Fraction of the faulty vehicles that are mended."""
        return self.compliance * self.identification * self.repair

    @property
    def remaining(self) -> float:
        """Fraction of the faults' excess that remains."""
        return 1.0 - self.mended * (1.0 - self.repaired_excess)


@dataclass(frozen=True)
class FaultPlan:
    """What a plan says of faults.

    Parameters
    ----------
    shares
        Share of vehicles of all ages by fault, 0..1, in place of the packaged one.
    inspection
        A programme, or none.
    nominal_shares
        Shares that the factor set's mean holds already; the packaged ones where absent. Zero for a set of sound
        vehicles.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    inspection: Inspection | None = None
    nominal_shares: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = [fault.name for fault in load_faults()]
        for shares in (self.shares, self.nominal_shares):
            for name, value in shares.items():
                if name not in known:
                    near = difflib.get_close_matches(name, known, n=3) or known
                    raise InputError("no such fault", f"Did you mean {', '.join(near)}?", value=name)
                if not 0.0 <= value <= 1.0:
                    raise InputError(f"the share of {name} is not a fraction", "Give 0 to 1.", value=value)


def _words(cell: str | None) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


@cache
def load_faults() -> tuple[Fault, ...]:
    """Read the packaged faults."""
    out = []
    for (name,), rows in reference_table("high_emitters.csv").group_by(["fault"], maintain_order=True):
        first = rows.row(0, named=True)
        figures = {row["quantity"]: three(row) for row in rows.iter_rows(named=True)}
        out.append(
            Fault(
                name=str(name),
                device=first["device"] or "",
                categories=_words(first["categories"]),
                fuels=_words(first["fuels"]),
                standards=_words(first["standards"]),
                share=figures.pop(SHARE),
                multipliers=figures,
            )
        )
    return tuple(out)


def age_factor(age_years: Array, bound: Bound = "value") -> Array:
    """Return the share of faults at an age over that of all ages, shape of ``age_years``."""
    table = reference_table("fault_age.csv").sort("from_age_years")
    place = np.searchsorted(table["from_age_years"].to_numpy(), age_years, side="right") - 1
    return np.asarray(table[bound].to_numpy()[np.maximum(place, 0)])


def mean_of_shares(share: Array | float, multiplier: float, remaining: float = 1.0) -> Array:
    """Return the mean multiplier of a group: ``1 + share x remaining x (multiplier - 1)``."""
    return np.asarray(1.0 + np.asarray(share) * remaining * (multiplier - 1.0))


def _distinct(technologies: pl.DataFrame) -> tuple[NDArray[np.uint32], list[dict[str, str]]]:
    """Return the number of each row's technology, and the technologies."""
    names = ["category", "fuel", "standard", "aftertreatment"]
    keys = technologies.select(names)
    distinct = keys.unique(maintain_order=True)
    group = keys.join(distinct.with_row_index("group"), on=names, how="left", maintain_order="left")["group"]
    return group.to_numpy(), distinct.rows(named=True)


def mean_multipliers(
    technologies: pl.DataFrame,
    pollutants: Sequence[str],
    plan: FaultPlan | None = None,
    *,
    age_years: Array | None = None,
    bound: Bound = "value",
) -> Array:
    """Return the mean multiplier of each row relative to the factor set.

    Parameters
    ----------
    technologies
        ``category, fuel, standard, aftertreatment``; one row per technology or per vehicle, n rows.
    pollutants
        Names of the columns returned.
    plan
        Without one everything is 1: the factor set's mean holds the faults of vehicles in use.
    age_years
        Age of each row, shape (n,): shifts shares from young to old vehicles, on both sides of the ratio. Without it
        the mean of all ages.

    Returns
    -------
    Shape (n, pollutants), positive.
    """
    out = np.ones((technologies.height, len(pollutants)))
    if plan is None:
        return out
    group, rows = _distinct(technologies)
    aged = np.ones(technologies.height) if age_years is None else age_factor(age_years, bound)
    remaining = plan.inspection.remaining if plan.inspection else 1.0
    for fault in load_faults():
        concerned = np.array([fault.concerns(row) for row in rows], dtype=bool)[group]
        if not concerned.any():
            continue
        share = np.minimum(plan.shares.get(fault.name, fault.share[bound]) * aged, 1.0)
        nominal = np.minimum(plan.nominal_shares.get(fault.name, fault.share[bound]) * aged, 1.0)
        for p, pollutant in enumerate(pollutants):
            if pollutant in fault.multipliers:
                m = fault.multipliers[pollutant][bound]
                ratio = mean_of_shares(share, m, remaining) / mean_of_shares(nominal, m)
                out[:, p] *= np.where(concerned, ratio, 1.0)
    return out


def vehicle_multipliers(
    vehicles: pl.DataFrame,
    pollutants: Sequence[str],
    plan: FaultPlan | None = None,
    *,
    skew: Mapping[str, Skew] | None = None,
    age_years: Array | None = None,
    bound: Bound = "value",
) -> Array:
    """Draw one multiplier per vehicle, for maps of the worst vehicles; the mean is that of `mean_multipliers`.

    A vehicle has a fault when its own number (from its name, the same in every run) is below the share. Sound and
    faulty vehicles scatter by ``skew`` on top.

    Parameters
    ----------
    vehicles
        ``vehicle_id`` and the columns of `mean_multipliers`, n rows.
    pollutants
        Names of the columns returned.
    plan
        Shares; the packaged ones without a plan.
    skew
        Distribution of mean 1 by pollutant; all alike where absent.
    age_years
        Shape (n,).

    Returns
    -------
    Shape (n, pollutants), relative to the factor set (whose mean holds the nominal shares).
    """
    plan = plan or FaultPlan()
    seeds = vehicle_seeds(vehicles["vehicle_id"])
    group, rows = _distinct(vehicles)
    aged = np.ones(vehicles.height) if age_years is None else age_factor(age_years, bound)
    out = np.ones((vehicles.height, len(pollutants)))
    for fault in load_faults():
        concerned = np.array([fault.concerns(row) for row in rows], dtype=bool)[group]
        if not concerned.any():
            continue
        share = np.minimum(plan.shares.get(fault.name, fault.share[bound]) * aged, 1.0)
        nominal = np.minimum(plan.nominal_shares.get(fault.name, fault.share[bound]) * aged, 1.0)
        inspection = plan.inspection or Inspection(compliance=0.0)
        draw = uniform(seeds, f"fault {fault.name}")
        faulty = concerned & (draw < share)
        mended = faulty & (draw < share * inspection.mended)
        for p, pollutant in enumerate(pollutants):
            if pollutant in fault.multipliers:
                m = fault.multipliers[pollutant][bound]
                repaired = 1.0 + inspection.repaired_excess * (m - 1.0)
                drawn = np.where(mended, repaired, np.where(faulty, m, 1.0))
                out[:, p] *= np.where(concerned, drawn / mean_of_shares(nominal, m), 1.0)
    for p, pollutant in enumerate(pollutants):
        spread = (skew or {}).get(pollutant, EVEN)
        if not spread.even:
            out[:, p] *= spread.multipliers(uniform(seeds, f"skew {pollutant}"))
    return out
