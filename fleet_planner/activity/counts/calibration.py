"""Calibrate vehicle-km to traffic counts, stream by stream closed to the fleet's totals.

The spread is scaled, not moved: the vehicle-km of a stream on a link are multiplied by ``exp(class + area + road)``
and each stream is scaled back to its total. Of all spreads that see the counts' mean by group this is the one that
says least beyond the first (least relative entropy), and the effects are shrunk: the effect of a group with ``n``
places is ``sum(residual) / (n + k)``, which is the least-squares answer with a penalty ``k * effect ** 2``. How hard
each level shrinks is chosen by leaving places out in turn, "not at all" and "no effect" included. Since the totals
stand, counts cannot raise or lower the traffic of the whole city: their common level is taken out and reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.corridors import Corridors
from fleet_planner.activity.counts.count_table import HEAVY, LIGHT, TOTAL
from fleet_planner.activity.places import Plane, middle_points
from fleet_planner.activity.profiles import class_groups
from fleet_planner.activity.spread import Spread
from fleet_planner.units import M_PER_KM

if TYPE_CHECKING:
    from fleet_planner.activity.counts.count_table import Counts
    from fleet_planner.network.model import Network

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
PENALTIES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, np.inf)
"""Candidates of ``k``; without end: no effect."""

FOLDS = 5
ROUNDS = 3
SWEEPS = 12
HALF = 0.5
"""Added to both sides of a ratio, so that a count of none says something finite."""


@dataclass(frozen=True)
class Observations:
    """Counts of one kind of vehicles, a value for each place.

    Parameters
    ----------
    residual
        Logarithm of counted over modelled, shape (n,).
    group
        Groups of each, level by level, shape (levels, n).
    """

    residual: Float
    group: Int


@dataclass(frozen=True)
class Calibrated:
    """A calibrated spread.

    Parameters
    ----------
    spread
        Closed to the streams' totals.
    level
        Counted over modelled traffic that is common to all places, by kind of vehicles; not applied.
    penalties
        Chosen ``k`` by kind of vehicles: of road class, area and street (``total roads``), of hours (``total hours``).
    """

    spread: Spread
    level: dict[str, float]
    penalties: dict[str, tuple[float, ...]]


def link_groups(network: Network, area_km: float) -> Int:
    """Return the groups of each link: road class; class group and square; street, shape (3, links)."""
    links = network.links
    middle = Plane.around(network.coordinates).project(middle_points(network.coordinates, network.offsets))
    cell = np.floor(middle / (M_PER_KM * area_km)).astype(np.int64)
    roads = Corridors.of(network)
    road = np.empty(links.height, dtype=np.int64)
    road[roads.order] = np.repeat(np.arange(roads.first.size - 1), np.diff(roads.first))
    name = links["name"].cast(pl.String).fill_null("") if "name" in links.columns else pl.Series([""] * links.height)
    table = pl.DataFrame(
        {
            "road_class": links["road_class"],
            "group": class_groups(links["road_class"]),
            "x": cell[:, 0],
            "y": cell[:, 1],
            "name": name,
            # a street without a name is told by the links that follow each other
            "road": np.where((name == "").to_numpy(), road, -1),
        }
    )
    keys = (["road_class"], ["group", "x", "y"], ["road_class", "name", "road"])
    dense = [table.select(pl.struct(k).rank("dense").cast(pl.Int64) - 1).to_series().to_numpy() for k in keys]
    return np.array(dense)


def shrunk(observations: Observations, penalties: tuple[float, ...]) -> tuple[float, list[Float]]:
    """Return the common level and the effects of the groups, level by level."""
    level = 0.0
    left = observations.residual.copy()
    counts = [np.bincount(g).astype(np.float64) for g in observations.group]
    effects = [np.zeros(c.size) for c in counts]
    for _ in range(SWEEPS):
        step = float(left.mean())
        level += step
        left -= step
        for k, (g, n, penalty) in enumerate(zip(observations.group, counts, penalties, strict=True)):
            if np.isinf(penalty):
                continue
            whole = left + effects[k][g]
            new = np.bincount(g, weights=whole, minlength=n.size) / (n + penalty)
            left = whole - new[g]
            effects[k] = new
    return level, effects


def chosen_penalties(observations: Observations, seed: int) -> tuple[float, ...]:
    """Choose the penalty of each level by leaving out a fifth of the places in turn, one level after the other."""
    n = observations.residual.size
    levels = observations.group.shape[0]
    chosen = [np.inf] * levels
    if n < FOLDS:
        return tuple(chosen)
    fold = np.random.default_rng(seed).permutation(n) % FOLDS
    for k in range(levels):
        errors = []
        for penalty in PENALTIES:
            chosen[k] = penalty
            errors.append(_left_out_error(observations, tuple(chosen), fold))
        # of equal errors the strongest penalty: what does not help is not done
        best = min(range(len(PENALTIES)), key=lambda i: (round(errors[i], 12), -PENALTIES[i]))
        chosen[k] = PENALTIES[best]
    return tuple(chosen)


def _left_out_error(observations: Observations, penalties: tuple[float, ...], fold: Int) -> float:
    total = 0.0
    for f in range(FOLDS):
        out = fold == f
        level, effects = shrunk(Observations(observations.residual[~out], observations.group[:, ~out]), penalties)
        guess = np.full(int(out.sum()), level)
        for effect, g in zip(effects, observations.group[:, out], strict=True):
            known = g < effect.size
            guess[known] += effect[g[known]]
        total += float(((observations.residual[out] - guess) ** 2).sum())
    return total


def calibrate(
    spread: Spread, total_km: Float, counts: Counts, used: Bool, groups: Int, hour_group: Int, seed: int
) -> Calibrated:
    """Calibrate a spread to counts.

    Roads and hours are fitted in turn, and kinds of vehicles one after the other, each against what the others leave.

    Parameters
    ----------
    spread
        Closed to ``total_km``, shape (streams,).
    counts
        On links.
    used
        Which of them are used, shape (counts,).
    groups
        Of the links, from `link_groups`.
    hour_group
        Class group of each link, within which the hours are calibrated together.
    seed
        Of the draw of the places that are left out in turn.
    """
    kinds = counts.frame["vehicle_class"]
    words = _ordered(kinds.filter(pl.Series(used)))
    member = {word: counts.streams[(kinds == word).to_numpy()][0] for word in words}
    road: dict[str, Float] = {}
    hour: dict[str, Float] = {}
    levels: dict[str, float] = {}
    penalties: dict[str, tuple[float, ...]] = {}

    def scaled(roads: dict[str, Float], hours: dict[str, Float]) -> Spread:
        out = _with_hours(spread, hours, member, hour_group)
        return _with_roads(out, roads, member).closed_to(total_km)

    for _ in range(ROUNDS):
        for word in words:
            seen = _observe(scaled(_without(road, word), hour), counts, used, word, groups)
            if seen is not None:
                chosen = penalties.setdefault(f"{word} roads", chosen_penalties(seen, seed))
                level, effects = shrunk(seen, chosen)
                levels[word] = float(np.exp(level))
                road[word] = _on_links(effects, groups)
        for word in words:
            by_hour = _observe_hours(scaled(road, _without(hour, word)), counts, used, word, hour_group)
            if by_hour is not None:
                chosen = penalties.setdefault(f"{word} hours", chosen_penalties(by_hour, seed))
                _, effects = shrunk(by_hour, chosen)
                hour[word] = _by_group(effects[0], int(hour_group.max()) + 1, counts.hours.shape[1])
    return Calibrated(scaled(road, hour), levels, penalties)


def _without(effects: dict[str, Float], word: str) -> dict[str, Float]:
    return {w: e for w, e in effects.items() if w != word}


def _ordered(words: pl.Series) -> list[str]:
    """Return the kinds of vehicles, wider ones first."""
    order = {TOTAL: 0, LIGHT: 1, HEAVY: 2}
    return sorted(words.unique().to_list(), key=lambda w: (order.get(w, 3), w))


def _with_roads(spread: Spread, effect: dict[str, Float], member: dict[str, Bool]) -> Spread:
    km = spread.km.copy()
    for word, of_link in effect.items():
        km[member[word]] *= np.exp(of_link)[None, :]
    return Spread(km, spread.row, spread.share)


def _observe(spread: Spread, counts: Counts, used: Bool, word: str, groups: Int) -> Observations | None:
    """Add the counts of one kind of vehicles up by place; places without modelled traffic say nothing."""
    mine = used & (counts.frame["vehicle_class"] == word).to_numpy()
    model = counts.modelled(spread)
    mine &= model > 0.0
    if not mine.any():
        return None
    # both directions of a place may be counted apart: they are two places on two links
    key = counts.frame.select(pl.struct("site", "link_id").rank("dense").cast(pl.Int64) - 1).to_series()
    place = key.fill_null(-1).to_numpy()[mine]
    _, first, place = np.unique(place, return_index=True, return_inverse=True)
    counted = np.bincount(place, weights=counts.observed[mine])
    expected = np.bincount(place, weights=model[mine])
    link = counts.frame["link_id"].fill_null(0).to_numpy()[mine][first]
    return Observations(np.log((counted + HALF) / (expected + HALF)), groups[:, link])


def _on_links(effects: list[Float], groups: Int) -> Float:
    out = np.zeros(groups.shape[1])
    for effect, g in zip(effects, groups, strict=True):
        known = g < effect.size
        out[known] += effect[g[known]]
    return out


def _observe_hours(spread: Spread, counts: Counts, used: Bool, word: str, hour_group: Int) -> Observations | None:
    """Return what counts by the hour say of the hours, one group for each class group and hour."""
    frame = counts.frame
    mine = used & (frame["vehicle_class"] == word).to_numpy() & frame["hour"].is_not_null().to_numpy()
    model = counts.modelled(spread)
    rows = np.flatnonzero(mine & (model > 0.0))
    if not rows.size:
        return None
    residual = np.log((counts.observed[rows] + HALF) / (model[rows] + HALF))
    _, place = np.unique(frame["site"].to_numpy()[rows], return_inverse=True)
    residual -= (np.bincount(place, weights=residual) / np.bincount(place))[place]  # how much is not when
    group = hour_group[frame["link_id"].fill_null(0).to_numpy()[rows]]
    row, hour = np.nonzero(counts.hours[rows])
    return Observations(residual[row], (group[row] * counts.hours.shape[1] + hour)[None])


def _by_group(effect: Float, groups: int, hours: int) -> Float:
    out = np.zeros(groups * hours)
    out[: effect.size] = effect
    return out.reshape(groups, hours)


def _with_hours(spread: Spread, effect: dict[str, Float], member: dict[str, Bool], hour_group: Int) -> Spread:
    """Scale the hours of streams by class group; each link keeps its vehicle-km."""
    if not effect:
        return spread
    row, share = spread.row.copy(), [spread.share]
    rows = spread.share.shape[0]
    for s in range(row.shape[0]):
        own = [e for word, e in effect.items() if member[word][s]]
        if not own:
            continue
        pairs, which = np.unique(np.stack([row[s].astype(np.int64), hour_group]), axis=1, return_inverse=True)
        new = spread.share[pairs[0]] * np.exp(np.sum(own, axis=0)[pairs[1]])
        share.append(new / new.sum(axis=1, keepdims=True))
        row[s] = (rows + which.ravel()).astype(np.int32)
        rows += pairs.shape[1]
    return Spread(spread.km, row, np.concatenate(share))
