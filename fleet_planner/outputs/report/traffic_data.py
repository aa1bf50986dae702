"""How the traffic of a run came about, as plain data for the report and the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_planner.outputs.layers.buses import bus_data
from fleet_planner.units import G_PER_KG, HOURS_PER_DAY

if TYPE_CHECKING:
    from fleet_planner.activity.assigned_traffic import AssignedTraffic
    from fleet_planner.activity.setting import CountFit
    from fleet_planner.pipeline.telling.results import Results

DAY_POLLUTANT = "NOx"


def traffic_data(results: Results) -> dict[str, Any]:
    """Return the method and, by type of day, its days a year, vehicle-km and NOx of such a day, baseline."""
    activity = results.activity
    first = results.scenarios[0].inventory
    p = first.pollutants.index(DAY_POLLUTANT)
    shape = (len(activity.days), HOURS_PER_DAY)
    nox = first.stream_hour[:, :, p].sum(axis=0).reshape(shape) / G_PER_KG
    vkt = activity.vkt_by_hour().reshape(shape)
    return {
        "method": activity.method,
        "days": [
            {
                "name": day.name,
                "season": day.season,
                "days_per_year": day.days_per_year,
                "vkt_per_day": float(vkt[d].sum() / day.share),
                "nox_kg_per_day": float(nox[d].sum() / day.share),
                "nox_kg_per_hour": (nox[d] / day.share).tolist(),
            }
            for d, day in enumerate(activity.days)
        ],
        "counts": None if activity.fit is None else _fit(activity.fit),
        "assignment": None if activity.assigned is None else _assignment(activity.assigned),
        "buses": bus_data(results),
    }


def _assignment(assigned: AssignedTraffic) -> dict[str, Any]:
    """Return how an assignment ended, what each group of streams drives, and the links that cost most time."""
    return {
        "zones": assigned.zones,
        "zones_tied": assigned.zones_tied,
        "target_gap": assigned.target_gap,
        "periods": [
            {
                "hours": len(p.hours),
                "relative_gap": p.relative_gap,
                "iterations": p.iterations,
                "reached": p.reached,
            }
            for p in assigned.periods
        ],
        "groups": assigned.groups.to_dicts(),
        "congested": assigned.congested.to_dicts(),
    }


def _fit(fit: CountFit) -> dict[str, Any]:
    """Return the fit to counts: its table, whether the run was calibrated to them, and their common level."""
    return {"calibrated": fit.calibrated, "level": dict(fit.level), "fit": fit.table.to_dicts()}
