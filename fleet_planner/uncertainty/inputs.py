"""The inputs that are drawn: their distributions, packaged or of the plan, and how far they move together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.reference import reference_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet_planner.plan.uncertainty import InputSpread, UncertaintySection

Z_95 = 1.96
APART = {
    "valuation": "the coefficients are drawn apart from the other inputs",
    "dispersion": "the air near roads is drawn apart from the other inputs",
    "links": "the traffic of single links is drawn apart from the other inputs",
    "warming": "the warming potentials are drawn apart from the other inputs",
    "market": "the cities of a market are drawn apart from the other inputs",
    "mix.given": "the mix of standards moves by mix.derived, of which it sets the ends alone",
}
"""Inputs that a correlation cannot reach, and why."""
ONE_ALONE = frozenset(
    {
        *("nonroad", "roads.main", "roads.collector", "roads.local"),
        *("speeds.peak", "speeds.other", "grid", "prices.electricity"),
    }
)
"""Names of one input each: all of it is in common."""
LEAST_EIGENVALUE = 1e-9
MARGIN = 1.02
"""The ends of a band that has to hold published values lie this factor beyond them."""


@dataclass(frozen=True)
class Spread:
    """How the inputs of one name are distributed: multipliers of the run's values.

    Parameters
    ----------
    name, group
        Of ``uncertainty_inputs.csv``.
    distribution
        ``lognormal, normal, uniform`` or ``triangular`` (with its mode at 1).
    low, high
        Ends: of the 95 % band of a lognormal or normal, of everything for the others; nothing where every single
        input has its own.
    common_share
        Share of the variance that all inputs of the name have in common.
    own
        Whether the plan gives it.
    checked
        Whether its source was read.
    """

    name: str
    group: str
    distribution: str
    low: float | None
    high: float | None
    common_share: float
    own: bool = False
    checked: bool = False


@dataclass(frozen=True)
class Input:
    """One input that is drawn: a dimension of the draws.

    Parameters
    ----------
    name
        Such as ``activity:car``.
    family
        Name of the `Spread` that it belongs to: `Spread.name`, or an entry of the plan for this input alone.
    group
        Group of inputs, for what drives the ranges.
    distribution, low, high
        As of `Spread`, filled in.
    common_share
        As of `Spread`.
    source
        Name of the `Spread` that it was made from.
    """

    name: str
    family: str
    group: str
    distribution: str
    low: float
    high: float
    common_share: float = 0.0
    source: str = ""


@dataclass(frozen=True)
class Spreads:
    """All distributions by name, and the correlations of their common parts."""

    by_name: Mapping[str, Spread]
    off: frozenset[str]
    correlations: tuple[tuple[str, str, float], ...]

    def of(self, name: str, item: str = "") -> Spread:
        """Return the distribution of an input; the one of the plan for this item goes before that of all."""
        return self.by_name.get(f"{name}.{item}", self.by_name[name])

    def make(self, name: str, item: str, low: float | None = None, high: float | None = None) -> Input:
        """Return an input; ``low`` and ``high`` are used where its distribution has no ends.

        One that the plan names alone shares what all of its name have in common, unless a correlation names it too.

        Raises
        ------
        PlanError
            A lognormal reaches down to nought.
        """
        spread = self.of(name, item)
        if spread.low is not None and spread.high is not None:
            low, high = spread.low, spread.high
        if low is None or high is None:
            raise ValueError(f"{name} has no ends of its own")
        if spread.group in self.off:
            low = high = 1.0
        if spread.distribution == "lognormal" and low <= 0.0 and low < high:
            raise PlanError(
                f"{name}:{item} can be nought, which a lognormal cannot",
                "Leave the distribution out, take triangular or uniform, or give low and high.",
                column=f"uncertainty.inputs.{spread.name}",
                value=spread.distribution,
            )
        label = f"{name}:{item}" if item else name
        apart = spread.name != name and any(spread.name in pair[:2] for pair in self.correlations)
        family, common = (spread.name, 0.0) if apart else (name, spread.common_share)
        return Input(label, family, spread.group, spread.distribution, low, high, common, spread.name)


def packaged() -> dict[str, Spread]:
    """Return the packaged distributions by name."""
    return {
        row["input"]: Spread(
            row["input"],
            row["group"],
            row["distribution"],
            None if row["low"] is None else float(row["low"]),
            None if row["high"] is None else float(row["high"]),
            float(row["common_share"]),
            checked=row["checked"] == "yes",
        )
        for row in reference_table("uncertainty_inputs.csv").iter_rows(named=True)
    }


def spreads_of(section: UncertaintySection) -> Spreads:
    """Return the distributions of a plan.

    Raises
    ------
    PlanError
        The plan names an input that there is not, or correlations that cannot hold together.
    """
    known = packaged()
    out = dict(known)
    longest = sorted(known, key=len, reverse=True)
    for name, given in section.inputs.items():
        base = known.get(name) or next((known[k] for k in longest if name.startswith(f"{k}.")), None)
        if base is None:
            raise PlanError("no such input", use_one_of(name, known), column=f"uncertainty.inputs.{name}", value=name)
        out[name] = _overridden(name, base, given, section.level)
    pairs = [(c.input, c.with_input, c.correlation) for c in section.correlation]
    for a, b, _ in pairs:
        for name in (a, b):
            _check_reached(name, out, known)
    _check_once(pairs)
    if not pairs:
        rows = reference_table("uncertainty_correlations.csv")
        pairs = [(r["input"], r["with_input"], float(r["correlation"])) for r in rows.iter_rows(named=True)]
    _check_positive(pairs)
    return Spreads(out, frozenset(section.off), tuple(pairs))


def _check_reached(name: str, spreads: Mapping[str, Spread], known: Mapping[str, Spread]) -> None:
    """Refuse a correlation that would do nothing."""
    where = "uncertainty.correlation"
    if name not in spreads:
        raise PlanError("no such input", use_one_of(name, spreads), column=where, value=name)
    why = next((why for apart, why in APART.items() if name == apart or name.startswith(f"{apart}.")), None)
    if why:
        raise PlanError(f"a correlation with {name} has no effect: {why}", "Leave it out.", column=where, value=name)
    if name in known and name not in ONE_ALONE and spreads[name].common_share == 0.0:
        raise PlanError(
            f"a correlation with {name} has no effect: its inputs have nothing in common",
            f"Set common_share above 0 under uncertainty.inputs.{name}.",
            column=where,
            value=name,
        )


def _check_once(pairs: Sequence[tuple[str, str, float]]) -> None:
    seen: set[frozenset[str]] = set()
    for a, b, _ in pairs:
        if frozenset((a, b)) in seen:
            raise PlanError(
                "two correlations of the same inputs",
                "Leave one out.",
                column="uncertainty.correlation",
                value=f"{a} - {b}",
            )
        seen.add(frozenset((a, b)))


def _overridden(name: str, base: Spread, given: InputSpread, level: float) -> Spread:
    common = base.common_share if given.common_share is None else given.common_share
    if given.published:
        low, high = holding(given.published, level)
        return Spread(name, base.group, "lognormal", low, high, common, own=True, checked=True)
    own_low, own_high = (base.low, base.high) if given.low is None else (given.low, given.high)
    shape = given.distribution or (base.distribution if given.low is None else "lognormal")
    checked = base.checked or given.low is not None
    return Spread(name, base.group, shape, own_low, own_high, common, own=True, checked=checked)


def holding(published: Sequence[float], level: float) -> tuple[float, float]:
    """Return the ends of the 95 % band of a lognormal whose band of ``level`` holds all published values."""
    lowest, highest = np.log(min(published) / MARGIN), np.log(max(published) * MARGIN)
    middle, half = 0.5 * (lowest + highest), 0.5 * (highest - lowest) * Z_95 / float(ndtri(0.5 + level / 2.0))
    return float(np.exp(middle - half)), float(np.exp(middle + half))


def holding_any_sign(published: Sequence[float], level: float) -> tuple[float, float]:
    """Return the ends of the 95 % band of a normal whose band of ``level`` holds all values, of whatever sign."""
    lowest, highest = min(published), max(published)
    half = 0.5 * (highest - lowest) * MARGIN * Z_95 / float(ndtri(0.5 + level / 2.0))
    return 0.5 * (lowest + highest) - half, 0.5 * (lowest + highest) + half


def _check_positive(pairs: Sequence[tuple[str, str, float]]) -> None:
    names = sorted({n for a, b, _ in pairs for n in (a, b)})
    if not names:
        return
    if np.linalg.eigvalsh(correlation_matrix(names, pairs))[0] <= LEAST_EIGENVALUE:
        raise PlanError(
            "these correlations cannot all hold at once",
            "Lower some of them: the matrix must be positive definite.",
            column="uncertainty.correlation",
            value=", ".join(f"{a} - {b}: {rho:g}" for a, b, rho in pairs),
        )


def correlation_matrix(
    names: Sequence[str], pairs: Iterable[tuple[str, str, float]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the correlation matrix of the common parts of some inputs, in their order."""
    out = np.eye(len(names))
    place = {name: i for i, name in enumerate(names)}
    for a, b, rho in pairs:
        if a in place and b in place:
            out[place[a], place[b]] = out[place[b], place[a]] = rho
    return out
