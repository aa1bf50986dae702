"""Movements with what they draw, and buses put together anew from parts of blocks and added ways."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.buses.feasibility.model import Batteries, Ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.buses.feasibility.model import Float, Int
    from fleet_planner.buses.model import DayEnergy

DAY_H = 24.0


@dataclass(frozen=True)
class Load:
    """Movements and their energy, battery side.

    Parameters
    ----------
    ground
        The movements.
    kwh
        Of each movement, shape (cases, movements).
    drive_kwh
        Of it, traction.
    standing_kw
        In the rest after it; none at a depot, where buses are switched off.
    """

    ground: Ground
    kwh: Float
    drive_kwh: Float
    standing_kw: Float

    def heavier(self, added_mass_share: Float) -> Float:
        """Return ``kwh`` when buses are heavier by a share of their own mass, by block.

        All traction is taken to grow with the mass, air resistance too: an upper bound.
        """
        return self.kwh + np.maximum(self.drive_kwh, 0.0) * added_mass_share[self.ground.block]


def load_of(ground: Ground, energies: Sequence[DayEnergy]) -> Load:
    """Return the load of a day in every case of weather."""
    return Load(
        ground,
        np.stack([e.kwh for e in energies]).astype(np.float64),
        np.stack([e.drive_kwh for e in energies]).astype(np.float64),
        np.stack([np.where(ground.depot, 0.0, e.standing_kw) for e in energies]).astype(np.float64),
    )


def rows_of(first: Int, blocks: Int) -> tuple[Int, Int]:
    """Return the movements of some blocks, block after block, and where each begins."""
    counts = first[blocks + 1] - first[blocks]
    begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.arange(begins[-1]) - np.repeat(begins[:-1], counts) + np.repeat(first[blocks], counts)
    return rows, begins


def take(load: Load, blocks: Int) -> Load:
    """Return some blocks as a load of their own; a block may come several times."""
    ground = load.ground
    rows, begins = rows_of(ground.first, blocks)
    return Load(
        Ground(
            first=begins,
            start_h=ground.start_h[rows],
            end_h=ground.end_h[rows],
            period_h=ground.period_h[blocks],
            place=ground.place[rows],
            depot=ground.depot[rows],
            last=begins[1:] - 1,
            block_ids=tuple(ground.block_ids[b] for b in blocks),
            depot_ids=tuple(ground.depot_ids[b] for b in blocks),
            bus_types=tuple(ground.bus_types[b] for b in blocks),
            batteries=tuple(ground.batteries[b] for b in blocks),
            places=ground.places,
        ),
        np.ascontiguousarray(load.kwh[:, rows]),
        np.ascontiguousarray(load.drive_kwh[:, rows]),
        np.ascontiguousarray(load.standing_kw[:, rows]),
    )


def batteries_for(batteries: Batteries, blocks: Int) -> Batteries:
    """Return the batteries of some blocks."""
    return replace(
        batteries,
        capacity_kwh=np.ascontiguousarray(batteries.capacity_kwh[:, blocks]),
        limit_kw=np.ascontiguousarray(batteries.limit_kw[:, blocks]),
        curve_of=batteries.curve_of[blocks],
        efficiency=batteries.efficiency[blocks],
        reserve_soc=batteries.reserve_soc[blocks],
    )


@dataclass(frozen=True)
class Added:
    """An empty way that the timetable does not have.

    Parameters
    ----------
    start_h, end_h, km
        When and how far.
    place
        Where it ends, index into the ground's places.
    depot
        It ends at a depot.
    kwh
        From the battery, by case.
    """

    start_h: float
    end_h: float
    km: float
    place: int
    depot: bool
    kwh: Float


@dataclass(frozen=True)
class Part:
    """A piece of a block driven by one bus: an empty way out, movements, an empty way home.

    Parameters
    ----------
    block
        It is a piece of.
    low, high
        Its movements, ``low`` to ``high - 1``.
    out, home
        Added ways; none where the block's own pull-out or pull-in stays.
    """

    block: int
    low: int
    high: int
    out: Added | None = None
    home: Added | None = None

    def span(self, ground: Ground) -> tuple[float, float]:
        """Return when the bus leaves its depot and is back."""
        begin = float(ground.start_h[self.low]) if self.out is None else self.out.start_h
        end = float(ground.end_h[self.high - 1]) if self.home is None else self.home.end_h
        return begin, end

    @property
    def added_h(self) -> float:
        """Hours of added ways."""
        return sum(a.end_h - a.start_h for a in (self.out, self.home) if a is not None)

    @property
    def added_km(self) -> float:
        """Length of added ways."""
        return sum(a.km for a in (self.out, self.home) if a is not None)


def assemble(load: Load, buses: Sequence[tuple[str, Sequence[Part]]]) -> Load:
    """Return a load whose blocks are given buses, each by its name and the parts that it drives in turn."""
    ground, cases = load.ground, load.kwh.shape[0]
    rows: list[Int] = []
    added: list[Added] = []
    counts = []
    for _, parts in buses:
        many = 0
        for part in parts:
            if part.out is not None:
                added.append(part.out)
                rows.append(np.array([-len(added)], dtype=np.int64))
            rows.append(np.arange(part.low, part.high, dtype=np.int64))
            if part.home is not None:
                added.append(part.home)
                rows.append(np.array([-len(added)], dtype=np.int64))
            many += part.high - part.low + (part.out is not None) + (part.home is not None)
        counts.append(many)
    # added ways stand behind the block's own: index -1 is the last of them, -2 the one before
    row = np.concatenate(rows)
    behind = list(reversed(added))
    extra_kwh = np.array([a.kwh for a in behind]).reshape(len(behind), cases).T

    def of(values: Float, more: list[float]) -> Float:
        return np.concatenate([values, np.array(more, dtype=np.float64)])[row]

    nothing = np.zeros((cases, len(behind)))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    start = of(ground.start_h, [a.start_h for a in behind])
    end = of(ground.end_h, [a.end_h for a in behind])
    last = first[1:] - 1
    home = [parts[0].block for _, parts in buses]
    spans = end[last] - start[first[:-1]]
    made = Ground(
        first=first,
        start_h=start,
        end_h=end,
        period_h=DAY_H * np.maximum(np.ceil(spans / DAY_H - 1e-9), 1.0),
        place=np.concatenate([ground.place, np.array([a.place for a in behind], dtype=np.int64)])[row],
        depot=np.concatenate([ground.depot, np.array([a.depot for a in behind], dtype=np.bool_)])[row],
        last=last,
        block_ids=tuple(name for name, _ in buses),
        depot_ids=tuple(ground.depot_ids[b] for b in home),
        bus_types=tuple(ground.bus_types[b] for b in home),
        batteries=tuple(ground.batteries[b] for b in home),
        places=ground.places,
    )
    standing = np.where(made.depot, 0.0, np.hstack([load.standing_kw, nothing])[:, row])
    return Load(
        made,
        np.ascontiguousarray(np.hstack([load.kwh, extra_kwh])[:, row]),
        np.ascontiguousarray(np.hstack([load.drive_kwh, extra_kwh])[:, row]),
        np.ascontiguousarray(standing),
    )


def whole(ground: Ground, block: int) -> Part:
    """Return a block as one part."""
    return Part(block, int(ground.first[block]), int(ground.first[block + 1]))
