"""Parts of streams whose vehicles may use other roads: by mass under weight limits, by standard and fuel under rules.

A stream drives as one wherever its vehicles have the same access. Where a weight limit of the network or an access rule
with standards or fuels tells them apart, it falls into parts, each with vehicle-km, roads and hours of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import PART, base_stream, stream_profile
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.findings import Finding
from fleet_planner.reference import reference_table
from fleet_planner.reference.words import HEAVY_STANDARDS, LIGHT_STANDARDS
from fleet_planner.units import KG_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.plan.models import AccessRule

Float = NDArray[np.float64]
NEVER_SPLIT = "urban_bus"
"""Stays one, so that it can follow its timetable; a limit closes roads to it where all its vehicles are too heavy."""

NO_LIMIT = 1_000_000.0
FITS = -1.0
LIMITS = ("max_weight_t", "max_weight_hgv_t")
OVER, RULE, JOIN = "over_t_", "rule_", "+"


@dataclass(frozen=True)
class AccessParts:
    """How streams fall into parts; the same for all states of a fleet.

    Parameters
    ----------
    limits_t
        Weight limits of the network for all vehicles, and for goods vehicles too, each sorted.
    split
        Streams whose vehicles are told apart by mass.
    over_t
        Greatest limit that every vehicle of a stream that is not split is too heavy for, by stream.
    rules
        Access rules with standards or fuels, by number.
    """

    limits_t: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    split: frozenset[str] = frozenset()
    over_t: Mapping[str, float] = field(default_factory=dict)
    rules: tuple[tuple[int, AccessRule], ...] = ()

    @property
    def any(self) -> bool:
        """Whether any stream may fall into parts."""
        return bool(self.split or self.rules)

    def named(self, vehicles: pl.DataFrame) -> pl.DataFrame:
        """Return vehicles with the part as ``stream``; row by row, so that it holds for any of a fleet's rows."""
        if not self.any:
            return vehicles
        words = []
        if self.split:
            over = _over(vehicles, self.limits_t)
            told = vehicles["stream"].is_in(list(self.split)).to_numpy() & (over > FITS)
            text = {limit: f"{OVER}{limit:g}" for limit in self.limits_t[1]}
            words.append([text[x] if t else None for x, t in zip(over.tolist(), told.tolist(), strict=True)])
        words += [[f"{RULE}{i + 1}" if t else None for t in _meets(vehicles, rule).tolist()] for i, rule in self.rules]
        columns = [pl.Series(f"{k}", own, dtype=pl.String) for k, own in enumerate(words)]
        suffix = pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=JOIN, ignore_nulls=True)).to_series()
        name = pl.when(suffix == "").then("stream").otherwise(pl.format("{}{}{}", "stream", pl.lit(PART), suffix))
        return vehicles.with_columns(stream=name)

    def bound(self, part: str) -> tuple[float, frozenset[int]]:
        """Return the greatest limit that a part is too heavy for, t, and the numbers of the rules that it meets."""
        stream, _, words = part.partition(PART)
        over = self.over_t.get(stream, FITS)
        meets = set()
        for word in words.split(JOIN) if words else []:
            if word.startswith(OVER):
                over = float(word.removeprefix(OVER))
            else:
                meets.add(int(word.removeprefix(RULE)) - 1)
        return over, frozenset(meets)


def access_parts(links: pl.DataFrame, vehicles: pl.DataFrame, rules: Sequence[AccessRule]) -> AccessParts:
    """Return how the streams of a fleet fall into parts.

    Raises
    ------
    PlanError
        A rule names a standard or fuel that is not known.
    """
    _check_words(vehicles, rules)
    everyone, own = (tuple(limits_t(links, [name]).drop_nulls().unique().sort().to_list()) for name in LIMITS)
    goods = tuple(sorted({*everyone, *own}))
    numbered = tuple((i, rule) for i, rule in enumerate(rules) if rule.standards or rule.fuels)
    if not goods:
        return AccessParts(rules=numbered)
    over = _over(vehicles, (everyone, goods))
    split, one = set(), {}
    for (stream,), rows in vehicles.select("stream", over=pl.Series(over)).group_by("stream", maintain_order=True):
        least, most = rows["over"].to_numpy().min(), rows["over"].to_numpy().max()
        if least < most and base_stream(str(stream)) != NEVER_SPLIT:
            split.add(str(stream))
        elif least > FITS:
            one[str(stream)] = float(least)
    return AccessParts((everyone, goods), frozenset(split), one, numbered)


def weight_findings(links: pl.DataFrame, totals: Mapping[str, float], parts: AccessParts) -> list[Finding]:
    """Return how many links are closed to vehicles of the fleet by their mass, and whose vehicle-km that concerns."""
    bound = {name: parts.bound(name)[0] for name in totals}
    heaviest = max(bound.values(), default=FITS)
    if heaviest <= FITS:
        return []
    concerned = links.filter((limits_t(links, LIMITS) <= heaviest).fill_null(value=False))
    everything = sum(totals.values()) or 1.0
    share = sum(km for name, km in totals.items() if bound[name] > FITS) / everything
    km = float(concerned["length_km"].sum())
    values: dict[str, str | int | float] = {"km": f"{km:,.1f}", "heaviest": f"{heaviest:g}"}
    return [Finding("activity.weight_limits", "assumption", values, concerned.height, share)]


def limits_t(links: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Return the least of a link's limits, null where it has none or the table has no such column."""
    none = pl.Series("limit", [None] * links.height, dtype=pl.Float64)
    return pl.DataFrame([none, *(links[name] for name in names if name in links.columns)]).min_horizontal()


def light_enough(links: pl.DataFrame, over_t: float, *, heavy: bool) -> NDArray[np.bool_]:
    """Return which links are open to vehicles that are too heavy for limits up to ``over_t``, shape (links,).

    Goods vehicles (``heavy``) are bound by the limits for them too.
    """
    limit = limits_t(links, LIMITS if heavy else LIMITS[:1])
    return (limit.fill_null(np.inf) > over_t).to_numpy()


def gross_mass_t(vehicles: pl.DataFrame) -> Float:
    """Return the gross mass of vehicles: given, else the upper end of the segment's band, else 0, shape (n,)."""
    table = reference_table("segments.csv").filter(pl.col("segment").is_not_null())
    ends = pl.when(pl.col("mass_to_kg") < NO_LIMIT).then("mass_to_kg").otherwise("mass_from_kg")
    bands = table.select("category", "segment", band=ends.cast(pl.Float64)).unique(
        ["category", "segment"], keep="first", maintain_order=True
    )
    heavy = bands.filter(pl.col("category").is_in(["heavy_truck", "bus"]))
    rows = vehicles.select("category", "segment", "gross_mass_kg").join(
        heavy, on=["category", "segment"], how="left", maintain_order="left"
    )
    mass = rows.select(pl.coalesce("gross_mass_kg", "band").fill_nan(None).fill_null(0.0)).to_series()
    return np.asarray(mass.to_numpy() / KG_PER_T, dtype=np.float64)


def _over(vehicles: pl.DataFrame, limits_t: tuple[tuple[float, ...], tuple[float, ...]]) -> Float:
    """Return the greatest limit below each vehicle's mass, or `FITS`, shape (vehicles,)."""
    mass = gross_mass_t(vehicles)
    names = vehicles["stream"].unique().to_list()
    goods = vehicles["stream"].is_in([s for s in names if stream_profile(s).heavy]).to_numpy()
    out = np.full(vehicles.height, FITS)
    for which, limits in ((~goods, limits_t[0]), (goods, limits_t[1])):
        below = np.searchsorted(np.array(limits), mass[which], side="left")
        out[which] = np.array([FITS, *limits])[below]
    return out


def _meets(vehicles: pl.DataFrame, rule: AccessRule) -> NDArray[np.bool_]:
    """Return which vehicles a rule keeps out, as far as stream, standard and fuel tell."""
    base = vehicles["stream"].str.strip_prefix("visiting_")
    own = base.is_in(rule.streams) | vehicles["stream"].is_in(rule.streams)
    for key, words in (("standard", rule.standards), ("fuel", rule.fuels)):
        if words:
            own &= vehicles[key].is_in(words)
    return own.to_numpy()


def _check_words(vehicles: pl.DataFrame, rules: Sequence[AccessRule]) -> None:
    if not any(rule.standards or rule.fuels for rule in rules):
        return
    known = {
        "standards": {*vehicles["standard"].to_list(), *HEAVY_STANDARDS, *LIGHT_STANDARDS},
        "fuels": {*vehicles["fuel"].to_list(), *reference_table("fuels.csv")["fuel"].to_list()},
    }
    for rule in rules:
        for key, words in (("standards", rule.standards), ("fuels", rule.fuels)):
            for word in words:
                if word not in known[key]:
                    raise PlanError(
                        f"an access rule has an unknown word under {key}",
                        use_one_of(word, {str(w) for w in known[key] if w}),
                        column=f"activity.access.{key}",
                        value=word,
                    )
