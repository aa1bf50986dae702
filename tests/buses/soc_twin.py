"""An independent simulation of buses in small steps of time, in plain Python."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


def curve_at(points: list[tuple[float, float]], soc: float) -> Any:
    if soc <= points[0][0]:
        return points[0][1]
    for (a, pa), (b, pb) in pairwise(points):
        if soc <= b:
            return pa + (pb - pa) * (soc - a) / (b - a)
    return points[-1][1]


@dataclass
class Bus:
    """Legs are (start, end, kWh, site after or None, kW in the rest)."""

    legs: list
    capacity: float
    curve: list
    limit: float = 1e9
    efficiency: float = 0.95
    kwh: float = 0.0
    leg: int = 0
    state: str = "parked"
    docked_at: float = 0.0
    lowest: float = 1e9
    plugged_kwh: float = 0.0
    queued_h: float = 0.0
    full: bool = False
    arrivals: list = field(default_factory=list)


def simulate(  # noqa: C901, PLR0912, PLR0915  # one loop over time, as plain as can be
    buses: list[Bus], sites: Any, hours: float, step_s: float = 1.0, lowest_first: bool = False
) -> Any:
    """Run all buses for some hours; ``sites`` is {site: (plugs, kW, buffer h)}. A bus starts full."""
    dt = step_s / 3600.0
    on = {s: [] for s in sites}
    line = {s: [] for s in sites}
    for bus in buses:
        bus.kwh = bus.lowest = bus.capacity
    for n in range(round(hours / dt)):
        t = n * dt
        eps = 1e-9
        # leave
        for bus in buses:
            if bus.leg < len(bus.legs) and bus.state != "driving" and t >= bus.legs[bus.leg][0] - eps:
                for s in sites:
                    if bus in on[s]:
                        on[s].remove(bus)
                    if bus in line[s]:
                        line[s].remove(bus)
                bus.state = "driving"
        # arrive
        for bus in buses:
            while bus.state == "driving" and t >= bus.legs[bus.leg][1] - eps:
                bus.arrivals.append(bus.kwh / bus.capacity)
                site = bus.legs[bus.leg][3]
                bus.leg += 1
                if bus.leg < len(bus.legs) and bus.legs[bus.leg][0] <= t + eps:
                    continue
                bus.state, bus.docked_at, bus.full = (
                    ("docking", t + sites[site][2], False) if site is not None else ("standing", 0.0, False)
                )
        # dock, in order of readiness and name
        for bus in buses:
            if bus.state == "docking" and t >= bus.docked_at - eps:
                bus.state = "queue"
                line[bus.legs[bus.leg - 1][3]].append(bus)
        for s, (plugs, _kw, _buffer) in sites.items():
            while line[s]:
                if len(on[s]) >= plugs:
                    fulls = [b for b in on[s] if b.full]
                    if not fulls:
                        break
                    on[s].remove(fulls[0])
                    fulls[0].state = "standing"
                pick = min(line[s], key=lambda b: b.kwh / b.capacity) if lowest_first else line[s][0]
                line[s].remove(pick)
                on[s].append(pick)
                pick.state = "plugged"
        # one step
        for bus in buses:
            if bus.state == "parked":
                continue
            night = bus.leg == len(bus.legs) and bus.state != "driving"
            if bus.state == "driving":
                a, b, kwh, *_ = bus.legs[bus.leg]
                bus.kwh = min(bus.kwh - kwh * dt / (b - a), bus.capacity)
            else:
                load = bus.legs[bus.leg - 1][4]
                if bus.state == "plugged":
                    kw = sites[bus.legs[bus.leg - 1][3]][1]
                    # midpoint rule
                    offer = min(kw - load, bus.limit)
                    first = min(offer, curve_at(bus.curve, bus.kwh / bus.capacity))
                    half = bus.kwh + (bus.efficiency * first if first > 0 else kw - load) * dt / 2
                    p = min(offer, curve_at(bus.curve, half / bus.capacity))
                    new = bus.kwh + (bus.efficiency * p if kw > load else kw - load) * dt
                    if new >= bus.capacity:
                        new, bus.full = bus.capacity, True
                    gained = new - bus.kwh
                    bus.plugged_kwh += load * dt + gained / bus.efficiency if kw > load else kw * dt
                    bus.kwh = new
                else:
                    bus.kwh -= load * dt
                    if bus.state == "queue":
                        bus.queued_h += dt
            if not night:
                bus.lowest = min(bus.lowest, bus.kwh)
    return buses
