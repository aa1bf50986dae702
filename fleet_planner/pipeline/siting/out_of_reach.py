"""Why no plan serves what is asked: how much can be, of which zone or group too little, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fleet_planner.chargers.building.solve import most_served
from fleet_planner.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fleet_planner.chargers.building.assemble import Assembled
    from fleet_planner.chargers.demand import Demand
    from fleet_planner.chargers.groups import Groups

    Float = NDArray[np.float64]

NAMED = 5
"""Places that the message names."""
CLOSE = 1e-6


def out_of_reach(assembled: Assembled, demand: Demand, groups: Groups) -> PlanError:
    """Return the error of a least service that no plan reaches.

    Parameters
    ----------
    assembled, demand
        What was planned.
    groups
        Of people; their least share may be what is out of reach.
    """
    build = assembled.build
    most = most_served(build)
    t = int(np.argmin(most))
    parts = [
        f"of the {kind} {name} at most {100.0 * share[k]:.1f} % in {demand.years[k]}, {100.0 * least:.1f} % are asked"
        for kind, name, least, share in _parts(assembled, demand, groups)
        for k in [int(np.argmin(share))]
        if share[k] < least - CLOSE
    ]
    alone = f"; {'; '.join(parts[:NAMED])}" if parts else ""
    return PlanError(
        f"in {demand.years[t]} at most {100.0 * most[t]:.1f} % of the energy can be served{alone}: "
        f"{_hindered(assembled, demand, t)}",
        "Lower chargers.least_served, least_served_by_zone or least_served_by_group, raise cut-off, headroom or "
        "budget, or add candidates.",
        column="chargers.least_served",
    )


def _parts(assembled: Assembled, demand: Demand, groups: Groups) -> Iterator[tuple[str, str, float, Float]]:
    """Yield each zone and group with a least share: what is asked, and what it could get by year were it alone."""
    build = assembled.build
    if build.least_by_zone > 0.0:
        for z in np.unique(build.zone).tolist():
            own = build.zone == z
            name = demand.zone[int(np.flatnonzero(own)[0])]
            yield "zone", name, build.least_by_zone, most_served(build, own.astype(np.float64))
    if build.least_by_group > 0.0:
        for g, name in enumerate(groups.names):
            if groups.share[:, g].any():
                yield "group", name, build.least_by_group, most_served(build, groups.share[:, g])


def _hindered(assembled: Assembled, demand: Demand, t: int) -> str:
    energy = demand.per_day[:, t]
    first = assembled.first_year.tolist()
    why = [r or ("not_connected_yet" if t < f else "") for r, f in zip(assembled.reason, first, strict=True)]
    blocked = [j for j in np.argsort(-energy).tolist() if why[j]]
    if not blocked:
        return "every demand has a site, but headroom, room, connection year or budget do not suffice together"
    named = ", ".join(f"{demand.ids[j]} ({why[j]})" for j in blocked[:NAMED])
    more = f" and {len(blocked) - NAMED} more" if len(blocked) > NAMED else ""
    return f"no site can serve {named}{more}"
