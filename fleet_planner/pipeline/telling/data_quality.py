"""What of each kind of input the city gave, what was derived from it, and what rests on usual values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_planner.findings import Finding

MOST = 80.0
"""From this part on, percent, an input counts as resting mostly on one way."""

SCHEMA = {
    "input": pl.String,
    "basis": pl.String,
    "given_pct": pl.Float64,
    "derived_pct": pl.Float64,
    "default_pct": pl.Float64,
    "tier": pl.String,
}


@dataclass(frozen=True)
class Kind:
    """A kind of input: of what its shares are, and the findings that say what was derived or defaulted."""

    name: str
    basis: str
    derived: tuple[str, ...] = ()
    default: tuple[str, ...] = ()


KINDS = (
    Kind("segment", "vkt", ("fleet.segment_by_mass",), ("fleet.segment_default",)),
    Kind(
        "standard", "vkt", ("fleet.standard_by_year", "fleet.standard_mapped", "fleet.standard_certified"),
        ("fleet.standard_unchecked",),
    ),
    Kind("aftertreatment", "vkt", ("fleet.aftertreatment_by_make",), ("fleet.aftertreatment_default",)),
    Kind("distance", "vkt", (), ("fleet.km_default",)),
    Kind("odometer", "vkt", (), ("fleet.odometer_default",)),
    Kind("inside", "vkt", (), ("fleet.share_inside_default",)),
    Kind("limits", "length", (), ("network.speed_imputed",)),
    Kind("lanes", "length", (), ("network.lanes_imputed",)),
    Kind("capacity", "length", (), ("network.capacity_imputed",)),
    Kind("grade", "length", (), ("network.flat", "network.grade_missing")),
    Kind("traffic", "vkt", ("activity.counts", "activity.assigned"), ("activity.shares",)),
    Kind("speeds", "vkt", ("activity.speeds_by_volume", "activity.assigned_speeds"), ("activity.speeds",)),
    Kind("weather", "all", (), ("inventory.climate_default",)),
    Kind("idling", "all", (), ("inventory.idling",)),
    Kind("factors", "vkt", (), ("inventory.stand_in", "inventory.other_set")),
)  # fmt: skip
PRICES = "prices"
PRICE_KEYS = "economics."


def data_quality(findings: Iterable[Finding], assumptions: pl.DataFrame) -> pl.DataFrame:
    """Return the shares of each kind of input by where it comes from, and its tier.

    A finding that names no share speaks of the whole. What is neither derived nor defaulted was given. Prices count by
    keys of the plan.

    Parameters
    ----------
    findings
        Of the run.
    assumptions
        ``item`` and ``checked`` of every plan value (see `Results.assumptions`).

    Returns
    -------
    polars.DataFrame
        ``input, basis`` (``vkt``: of the vehicle-km, ``length``: of the road length, ``all``: as a whole, ``keys``),
        ``given_pct, derived_pct, default_pct``, which add up to 100, and ``tier`` (see `tier`).
    """
    share: dict[str, float] = {}
    for finding in findings:
        share[finding.code] = share.get(finding.code, 0.0) + (1.0 if finding.share is None else finding.share)
    rows = []
    for kind in KINDS:
        default = min(1.0, sum(share.get(code, 0.0) for code in kind.default))
        derived = min(1.0 - default, sum(share.get(code, 0.0) for code in kind.derived))
        rows.append(_row(kind.name, kind.basis, derived, default))
    prices = assumptions.filter(pl.col("item").str.starts_with(PRICE_KEYS))
    if prices.height:
        rows.append(_row(PRICES, "keys", 0.0, prices.filter(pl.col("checked") == "default").height / prices.height))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(name: str, basis: str, derived: float, default: float) -> tuple[str, str, float, float, float, str]:
    given = 100.0 * max(1.0 - derived - default, 0.0)
    return name, basis, given, 100.0 * derived, 100.0 * default, tier(given, 100.0 * derived)


def tier(given_pct: float, derived_pct: float) -> str:
    """Return the tier: A mostly given, B mostly given or derived, C mixed, D mostly usual values."""
    if given_pct >= MOST:
        return "A"
    if given_pct + derived_pct >= MOST:
        return "B"
    return "C" if given_pct + derived_pct > 100.0 - MOST else "D"
