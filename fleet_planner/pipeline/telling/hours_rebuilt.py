"""How well the daily value of a link and the hours of links like it tell each hour of the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.pipeline.telling.hour_groups import HourGroups, hour_groups
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet_planner.inventory.model import Inventory
    from fleet_planner.network.model import Network
    from fleet_planner.pipeline.computing.inventories import Computed, Inventories

Float = NDArray[np.float64]
MOST_LINKS = 400_000
"""Links times scenarios up to which every scenario is measured; above, the baseline alone."""

SCHEMA = {
    "scenario": pl.String,
    "pollutant": pl.String,
    "links": pl.Int64,
    "mean_error_pct": pl.Float64,
    "largest_error_pct": pl.Float64,
    "links_over_tenth_pct": pl.Float64,
}
TENTH = 0.1


def hour_shares(inventory: Inventory, pollutant: str) -> Float:
    """Return the part of the day that each hour has on each road class, shape (road classes, 24).

    Every class adds up to 1; a class without emissions has even hours. Types of day are added up to the average day.
    """
    by_class = inventory.class_hour[:, :, inventory.pollutants.index(pollutant)]
    hours = by_class.reshape(by_class.shape[0], -1, HOURS_PER_DAY).sum(axis=1)
    day = hours.sum(axis=1, keepdims=True)
    even = np.full_like(hours, 1.0 / HOURS_PER_DAY)
    return np.asarray(np.divide(hours, day, out=even, where=day > 0.0), dtype=np.float64)


def rebuilt_errors(exact: Float, day: Float, share: Float) -> tuple[float, float, float]:
    """Return how far hours rebuilt as daily value times share are off, percent.

    Parameters
    ----------
    exact
        Emissions by link and hour, shape (links, 24).
    day
        Of the links, shape (links,).
    share
        Of the hours on each link's class, shape (links, 24).

    Returns
    -------
    mean, largest, over_tenth
        The first is the sum of all differences over the sum of all emissions. The second is the largest difference
        of a link and hour over the strongest hour of the same link. The third is the part of the links with emissions
        of which that is more than a tenth.
    """
    return Rebuilt().with_links(exact, day, share).errors_pct


@dataclass(frozen=True)
class Rebuilt:
    """What `rebuilt_errors` adds up, so that links may be taken tile by tile.

    Parameters
    ----------
    off, whole
        Sums of the differences and of the emissions.
    worst
        Largest difference of a link and hour over the strongest hour of the same link.
    over, some
        Links of which that is more than a tenth, and links with emissions.
    """

    off: float = 0.0
    whole: float = 0.0
    worst: float = 0.0
    over: int = 0
    some: int = 0

    def with_links(self, exact: Float, day: Float, share: Float) -> Rebuilt:
        """Return the sums with some links more; arguments as of `rebuilt_errors`."""
        off = np.abs(exact - day[:, None] * share)
        top = exact.max(axis=1, initial=0.0)
        some = top > 0.0
        worst = off[some].max(axis=1) / top[some]
        return Rebuilt(
            self.off + float(off.sum()),
            self.whole + float(exact.sum()),
            max(self.worst, float(worst.max(initial=0.0))),
            self.over + int((worst > TENTH).sum()),
            self.some + int(some.sum()),
        )

    @property
    def errors_pct(self) -> tuple[float, float, float]:
        """Mean, largest and how many over a tenth, percent; see `rebuilt_errors`."""
        if self.whole <= 0.0:
            return 0.0, 0.0, 0.0
        return 100.0 * self.off / self.whole, 100.0 * self.worst, 100.0 * self.over / self.some


@dataclass(frozen=True)
class HoursOfLinks:
    """What the map rebuilds the hours of links from.

    Parameters
    ----------
    groups
        Links of like days.
    shares
        By scenario and pollutant the part of the day that each hour has in each group, shape (groups, 24).
    """

    groups: HourGroups
    shares: Mapping[tuple[str, str], Float]


def hours_rebuilt(run: Inventories, computed: Computed) -> tuple[pl.DataFrame, HoursOfLinks]:
    """Return the error of rebuilt hours by scenario and pollutant of the map, and what they are rebuilt from.

    Returns
    -------
    polars.DataFrame
        ``scenario, pollutant, links, mean_error_pct, largest_error_pct, links_over_tenth_pct`` (see
        `rebuilt_errors`). Of a large city (`MOST_LINKS`) the baseline alone is measured.
    HoursOfLinks
        Where a scenario is not measured, its groups have the hours of their road class.
    """
    links = run.network.links.height
    known = computed.states[0][1].pollutants
    wanted = [name for name in run.plan.outputs.map_pollutants if name in known]
    every = links * len(computed.states) <= MOST_LINKS
    rows: list[dict[str, object]] = []
    shares: dict[tuple[str, str], Float] = {}
    first = computed.states[0][1]
    groups = hour_groups(computed.activity, class_of_link(run.network, first), len(first.road_classes))
    whole = len(list(computed.activity.tiles.slices(links))) == 1
    for number, (state, inventory) in enumerate(computed.states):
        by_class = {name: hour_shares(inventory, name)[groups.of_class] for name in wanted}
        if number and not every:
            shares |= {(state.name, name): share for name, share in by_class.items()}
            continue

        def hours(state_number: int = number) -> Iterator[tuple[slice, Float]]:
            return run.hours_by_tile(computed, state_number, wanted)

        # what fits into the memory at once is computed once and looked at twice
        kept = list(hours()) if whole else None
        own = _shares_of(kept if kept is not None else hours(), groups, [by_class[name] for name in wanted])
        shares |= {(state.name, name): share for name, share in zip(wanted, own, strict=True)}
        found = [Rebuilt() for _ in wanted]
        for part, exact in kept if kept is not None else hours():
            for k, name in enumerate(wanted):
                day = inventory.link[part, known.index(name)]
                found[k] = found[k].with_links(exact[k], day, own[k][groups.of_link[part]])
        for name, sums in zip(wanted, found, strict=True):
            mean, largest, over = sums.errors_pct
            rows.append(
                {
                    "scenario": state.name,
                    "pollutant": name,
                    "links": links,
                    "mean_error_pct": mean,
                    "largest_error_pct": largest,
                    "links_over_tenth_pct": over,
                }
            )
    return pl.DataFrame(rows, schema=SCHEMA), HoursOfLinks(groups, shares)


def _shares_of(parts: Iterable[tuple[slice, Float]], groups: HourGroups, otherwise: list[Float]) -> list[Float]:
    """Return the hours of each group, each of shape (groups, 24); ``otherwise`` where a group emits nothing."""
    sums = [np.zeros((groups.count, HOURS_PER_DAY)) for _ in otherwise]
    for part, exact in parts:
        for k, hours in enumerate(exact):
            for hour in range(HOURS_PER_DAY):
                sums[k][:, hour] += np.bincount(groups.of_link[part], hours[:, hour], groups.count)
    days = [s.sum(axis=1, keepdims=True) for s in sums]
    return [
        np.asarray(np.divide(s, day, out=share.copy(), where=day > 0.0))
        for s, day, share in zip(sums, days, otherwise, strict=True)
    ]


def class_of_link(network: Network, inventory: Inventory) -> NDArray[np.int64]:
    """Return the place of each link's road class among those of an inventory, shape (links,)."""
    names = inventory.road_classes
    place = network.links["road_class"].replace_strict(list(names), range(len(names)), return_dtype=pl.Int64)
    return place.to_numpy().astype(np.int64)
