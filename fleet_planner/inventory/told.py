"""What an inventory rests on, counted: stand-ins, factor sets, odd factors, speeds and grades beyond the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.axes import GRADES, HOT, TECHNOLOGY
from fleet_planner.factors.compiling.channels import channel
from fleet_planner.factors.processes.idling import WITHOUT_ENGINE
from fleet_planner.factors.processes.shares import NONE
from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.activity.model import Activity
    from fleet_planner.factors.compiling.table import FactorTable

Array = NDArray[np.float64]
EUROPEAN_SETS = ("emep_eea_2019", "emep_eea_2016_mileage", "emep_eea_2025")
LEAST_SHARE = 5e-5
"""Smaller shares of the vehicle-km below a curve's range are not worth a remark; the manifest has them all."""

MOST_NAMES = 4
"""So many stand-ins are named; the others are counted."""

COLD_CHANNELS = [channel(pollutant, "cold") for pollutant in ("CO", "NOx", "energy_MJ")]
IDLING, IDLING_CODE = "idling", "inventory.idle_stand_in"
PARTICLE_NUMBER, PARTICLE_NUMBER_CODE = "SPN23", "inventory.particle_number"


def inventory_findings(
    factors: FactorTable, km: Array, below: pl.DataFrame, above_km: Array, steep: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Return what an inventory rests on.

    Parameters
    ----------
    factors
        Compiled.
    km
        Vehicle-km by technology, shape (T,).
    below
        Driving below the curves: ``v_min_kmh, vkt_km_per_day``.
    above_km
        Vehicle-km by technology above the curves, shape (T,).
    steep
        What `steep_findings` says.
    """
    total = float(km.sum())
    share = km / total
    out = [*_stand_ins(factors, share), *_other_sets(factors, km), *_shares(factors, share)]
    out += [*_defects(factors, share), *_odd(factors, share), *_no_cold_start(factors, share)]
    for pollutant in HOT:
        ids = factors.missing.filter(pl.col("pollutant") == pollutant)["technology_id"].to_numpy()
        ids = ids[km[ids] > 0.0]
        if ids.size:
            values = {"pollutant": pollutant}
            out.append(Finding("inventory.no_factor", "warning", values, int(ids.size), float(share[ids].sum())))
    slow = float(below["vkt_km_per_day"].sum()) / total if below.height else 0.0
    if slow >= LEAST_SHARE:
        out.append(Finding("inventory.below_range", "assumption", {}, below.height, slow))
        if below["v_min_kmh"].n_unique() > 1:
            steps = ", ".join(f"{v:g}" for v in sorted(below["v_min_kmh"].unique()))
            out.append(Finding("inventory.unequal_v_min", "warning", {"speeds": steps}, share=slow))
    fast = float(above_km.sum()) / total
    if fast >= LEAST_SHARE:
        out.append(Finding("inventory.above_range", "assumption", {}, int((above_km > 0.0).sum()), fast))
    return (*out, *steep)


def brought_stand_ins(now: Sequence[Finding], baseline: Sequence[Finding], scenario: str) -> list[Finding]:
    """Return the stand-ins of an inventory that the baseline does not have: those of vehicles that measures bring."""
    code = "inventory.stand_in"
    known = [f.values for f in baseline if f.code == code]
    brought = [f for f in now if f.code == code and f.values not in known]
    return [
        Finding("scenario.stand_in", "assumption", {"scenario": scenario, **f.values}, share=f.share) for f in brought
    ]


def steep_findings(grade: Array, activity: Activity) -> list[Finding]:
    """Count the driving on roads steeper than the published steps, where factors are held at the last step."""
    steep = np.abs(grade) > GRADES[-1] * (1.0 + 1e-9)
    if not steep.any():
        return []
    km = float(activity.km[:, steep].sum())
    share = km / (float(activity.km.sum()) or 1.0)
    values: dict[str, str | int | float] = {"limit": f"{100.0 * GRADES[-1]:g}"}
    return [Finding("inventory.steep", "assumption", values, int(steep.sum()), share)]


def _stand_ins(factors: FactorTable, share: Array) -> list[Finding]:
    """Name what stood in: another key of a set, or the European table for the plan's set; alike ones together."""
    names = list(factors.technologies.select(TECHNOLOGY).iter_rows())
    told = factors.origins.filter(pl.col("replaced") != "").select("replaced", "technology_id").unique()
    groups: dict[tuple[str, ...], list[int]] = {}
    for replaced, t in told.sort("technology_id", "replaced").iter_rows():
        if share[t] > 0.0:  # else it is a technology of another scenario
            groups.setdefault((replaced, *names[t][:2]), []).append(t)
    out = []
    for (replaced, category, fuel), ids in groups.items():
        if len(ids) == 1:
            technology = " / ".join(str(x) for x in names[ids[0]])
        else:
            standards = ", ".join(dict.fromkeys(str(names[t][3]) for t in ids))
            technology = f"{category} / {fuel} / {standards} ({len(ids)})"
        values = {"technology": technology, "replaced": replaced}
        out.append(Finding("inventory.stand_in", "assumption", values, share=float(share[ids].sum())))
    return out


def _other_sets(factors: FactorTable, km: Array) -> list[Finding]:
    """Say how much of the driving a set that covers a part of the fleet covers, by pollutant."""
    out = []
    fuel = (~factors.technologies["fuel"].is_in(WITHOUT_ENGINE)).to_numpy()
    total = float(km[fuel].sum())
    origins = factors.origins
    names = [n for n in origins["factor_set"].unique(maintain_order=True) if n not in EUROPEAN_SETS]
    for pollutant in ("NOx", "PM_exhaust") if names and total > 0.0 else ():
        of = origins.filter(pl.col("pollutant") == pollutant)
        for name in sorted(names):
            ids = of.filter(pl.col("factor_set") == name)["technology_id"].to_numpy()
            values = {"set": name, "pollutant": pollutant, "fallback": EUROPEAN_SETS[0]}
            out.append(Finding("inventory.other_set", "assumption", values, share=float(km[ids].sum()) / total))
    return out


def _shares(factors: FactorTable, share: Array) -> list[Finding]:
    """Count what stood in for shares of NO2, black and organic carbon, and who has no particle number."""
    out = []
    met = factors.shares.filter(pl.Series(share[factors.shares["technology_id"].to_numpy()] > 0.0))
    for (pollutant,), rows in (
        met.sort("pollutant", "technology_id").partition_by("pollutant", as_dict=True, maintain_order=True).items()
    ):
        nothing = rows["replaced"] == NONE.replaced
        without = PARTICLE_NUMBER_CODE if pollutant == PARTICLE_NUMBER else "inventory.share_none"
        stood = IDLING_CODE if pollutant == IDLING else "inventory.share_stand_in"
        for code, part in ((stood, rows.filter(~nothing)), (without, rows.filter(nothing))):
            ids = part["technology_id"].to_numpy()
            if not ids.size:
                continue
            values = {"pollutant": str(pollutant), "used": _named(factors, part)}
            out.append(Finding(code, "assumption", values, int(ids.size), float(share[ids].sum())))
    return out


def _named(factors: FactorTable, part: pl.DataFrame) -> str:
    """Return what stood in for which category and fuel, each once, the first few."""
    of = factors.technologies.select("technology_id", "category", "fuel")
    told = part.join(of, on="technology_id", how="left", maintain_order="left")
    names = told.select(pl.format("{} {}: {}", "category", "fuel", "replaced")).to_series().unique(maintain_order=True)
    more = f" (+{names.len() - MOST_NAMES})" if names.len() > MOST_NAMES else ""
    return "; ".join(names.head(MOST_NAMES)) + more


def _defects(factors: FactorTable, share: Array) -> list[Finding]:
    """Name the known defects of a set's tables that the fleet meets."""
    out = []
    met = factors.defects.filter(pl.Series(share[factors.defects["technology_id"].to_numpy()] > 0.0))
    for (name,), rows in met.sort("factor_set").partition_by("factor_set", as_dict=True, maintain_order=True).items():
        ids = rows["technology_id"].unique().to_numpy()
        values = {"set": str(name), "codes": ", ".join(rows["code"].unique().sort())}
        out.append(Finding("inventory.set_defects", "warning", values, int(ids.size), float(share[ids].sum())))
    return out


def _no_cold_start(factors: FactorTable, share: Array) -> list[Finding]:
    """Count the vehicles with an engine whose cold starts nobody publishes."""
    engine = (~factors.technologies["fuel"].is_in(WITHOUT_ENGINE)).to_numpy()
    without = (factors.block_of[:, COLD_CHANNELS] < 0).all(axis=1) & engine & (share > 0.0)
    if not without.any():
        return []
    ids = np.flatnonzero(without)
    kinds = factors.technologies[ids.tolist()].select(pl.format("{} {}", "category", "fuel")).to_series()
    values = {"kinds": ", ".join(kinds.unique().sort())}
    return [Finding("inventory.no_cold_start", "assumption", values, int(ids.size), float(share[ids].sum()))]


def _odd(factors: FactorTable, share: Array) -> list[Finding]:
    """Name the factors that are far from those of the neighbouring stages; alike standards together."""
    met = factors.odd.filter(pl.Series(share[factors.odd["technology_id"].to_numpy()] > 0.0))
    named = met.join(factors.technologies.select("technology_id", *TECHNOLOGY), on="technology_id", how="left")
    out = []
    keys = ["factor_set", "pollutant", "category", "fuel", "segment", "standard"]
    for key, rows in named.sort(keys).partition_by(keys, as_dict=True, maintain_order=True).items():
        ids = rows["technology_id"].unique().to_numpy()
        values = {
            "set": str(key[0]),
            "pollutant": str(key[1]),
            "technology": " / ".join(str(part) for part in key[2:]),
            "ratio": f"{rows['ratio'][0]:.3g}",
        }
        out.append(Finding("inventory.odd_factor", "warning", values, int(ids.size), float(share[ids].sum())))
    return out
