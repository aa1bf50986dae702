"""Flows of trucks on corridors: which sites lie on their way, and the flow-refuelling model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.chargers.building import tables
from fleet_planner.chargers.diagnostics import FLOWS, UNIT, Diagnosis
from fleet_planner.chargers.distances import Ways, road_reach
from fleet_planner.chargers.models.refuelling import Corridors, corridors_of, flow_refuelling, served

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet_planner.chargers.candidates import Sites
    from fleet_planner.chargers.models.nearest import Effort
    from fleet_planner.network import Network
    from fleet_planner.plan.chargers import ChargersSection

    Float = NDArray[np.float64]
    Bool = NDArray[np.bool_]

TABLE = "charging_flows"


def corridor_model(
    section: ChargersSection, base: Path, network: Network, sites: Sites, p: int, locked: Bool, effort: Effort
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the row of ``siting_models`` and ``tables/columns/charger_flows.csv``.

    A site is on the way of a flow where driving over it is at most ``detour_km`` longer than the shortest way.

    Raises
    ------
    InputError
        The table of flows is wrong.
    """
    path = base / section.flows
    flows = typed(read_cells(path, "chargers.flows"), TABLE, path)
    refuse(flows, pl.col("flow_id").is_duplicated(), "flow_id", path, "two flows have the same name", "Rename one.")
    weight = flows["vehicles_per_day"].to_numpy().astype(np.float64)
    range_km = flows["range_km"].fill_null(section.range_km).to_numpy().astype(np.float64)
    whole, at = _on_the_way(section, network, sites, flows)
    able = np.isfinite(whole)
    parts = [corridors_of(whole[[q]], at[[q]], weight[[q]], float(range_km[q])) for q in np.flatnonzero(able).tolist()]
    corridors = _together(parts, sites.size)
    answer = flow_refuelling(corridors, p, locked, effort)
    driven = np.zeros(weight.size, dtype=np.bool_)
    driven[able] = served(corridors, answer.is_open)
    checked = float(weight[[_drives(whole[q], at[q][answer.is_open], range_km[q]) for q in range(weight.size)]].sum())
    found = Diagnosis(FLOWS, answer, checked)
    row: dict[str, object] = {
        "model": FLOWS,
        "sites": int(answer.is_open.sum()),
        "objective": answer.objective,
        "unit": UNIT[FLOWS],
        "bound": answer.bound,
        "gap_pct": 100.0 * answer.gap,
        "start": answer.start,
        "checked": found.checked,
        "covered_pct": min(100.0 * answer.objective / max(float(weight.sum()), 1e-12), 100.0),
        "mean_km": None,
        "longest_km": None,
        "status": answer.status,
    }
    names = np.array(sites.ids, dtype=object)
    rows = []
    for q, name in enumerate(flows["flow_id"]):
        on = np.flatnonzero(np.isfinite(at[q]))
        stops = on[answer.is_open[on]]
        rows.append(
            {
                "flow_id": name,
                "km": float(whole[q]) if able[q] else None,
                "range_km": float(range_km[q]),
                "vehicles_per_day": float(weight[q]),
                "candidates": int(on.size),
                "served": "yes" if driven[q] else "no",
                "stops": ", ".join(names[stops[np.argsort(at[q][stops])]]) or None,
            }
        )
    return tables.frame("siting_models", [row]), tables.frame("charger_flows", rows)


def _on_the_way(section: ChargersSection, network: Network, sites: Sites, flows: pl.DataFrame) -> tuple[Float, Float]:
    """Return the km of each flow (``inf``: no way), and where each site stands on it (``nan``: off the way)."""
    ways = Ways.of(network, trucks=True)
    start, end = (flows.select(f"{w}_lon", f"{w}_lat").to_numpy().astype(np.float64) for w in ("from", "to"))
    longest = section.longest_flow_km
    count = flows.height
    whole = np.full(count, np.inf)
    direct = road_reach(ways, end, start, longest)  # way from the start of a flow to every end
    own = direct.site == direct.demand
    whole[direct.site[own]] = direct.km[own]
    out, back = np.full((count, sites.size), np.inf), np.full((count, sites.size), np.inf)
    first = road_reach(ways, sites.lonlat, start, longest)
    out[first.demand, first.site] = first.km
    last = road_reach(ways, end, sites.lonlat, longest)
    back[last.site, last.demand] = last.km
    with np.errstate(invalid="ignore"):
        on = out + back - whole[:, None] <= section.detour_km
    at = np.where(on & np.isfinite(whole)[:, None], np.minimum(out, whole[:, None]), np.nan)
    return whole, at


def _together(parts: list[Corridors], sites: int) -> Corridors:
    flow_first, first = [0], [0]
    site = [p.site for p in parts]
    for part in parts:
        first += (first[-1] + part.first[1:]).tolist()
        flow_first.append(len(first) - 1)
    return Corridors(
        np.array(flow_first, dtype=np.int64),
        np.array(first, dtype=np.int64),
        np.concatenate([np.zeros(0, dtype=np.int64), *site]),
        np.concatenate([np.zeros(0), *(p.weight for p in parts)]),
        sites,
    )


def _drives(length_km: float, stops: Float, range_km: float) -> bool:
    """Return whether a vehicle that leaves full drives there and back from stop to stop: computed anew."""
    if not np.isfinite(length_km):
        return False
    own = stops[np.isfinite(stops)]
    line = np.sort(np.concatenate([[0.0], own, 2.0 * length_km - own, [2.0 * length_km]]))
    return bool(np.diff(line).max(initial=0.0) <= range_km + 1e-6)
