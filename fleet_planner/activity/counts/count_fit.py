"""How well vehicle-km on links agree with counts: GEH, correlation, bias, on counts used and on counts kept out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.setting import CountFit
from fleet_planner.findings import Finding
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from fleet_planner.activity.counts.count_table import Counts

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
ALL = "all"
FITTED, KEPT_OUT, UNUSED = "fitted", "kept_out", "unused"
LEAST_PLACES = 5
"""With fewer places none is kept out."""

GEH_GOOD = 5.0
FEWEST_FOR_R2 = 3


def geh(modelled: Float, counted: Float) -> Float:
    """Return the GEH statistic of vehicles an hour, 0 where both are 0.

    Source: UK Highways Agency, Design Manual for Roads and Bridges 12.2.1 (G. E. Havers), as quoted in the Wisconsin
    microsimulation guidelines: ``sqrt(2 (m - c)^2 / (m + c))``; under 5 is called a good fit of an hour.
    """
    total = modelled + counted
    return np.sqrt(np.divide(2.0 * (modelled - counted) ** 2, total, out=np.zeros_like(total), where=total > 0.0))


def kept_out(counts: Counts, share: float, seed: int) -> Bool:
    """Draw the places whose counts are kept out, shape (counts,): a share of the places on links, one at least."""
    site = counts.frame["site"].to_numpy()
    places = np.unique(site[counts.matched])
    if share <= 0.0 or places.size < LEAST_PLACES:
        return np.zeros(site.size, dtype=np.bool_)
    number = max(round(share * places.size), 1)
    drawn = np.random.default_rng(seed).permutation(places)[:number]
    return np.isin(site, drawn) & counts.matched


def count_fit(counts: Counts, out: Bool, before: Float | None, after: Float, level: dict[str, float]) -> CountFit:
    """Compare counts with a model.

    Parameters
    ----------
    counts
        On links.
    out
        Which were kept out, shape (counts,).
    before, after
        Vehicles modelled before and after a calibration; nothing before where there was none.
    level
        See `CountFit`.
    """
    frame = counts.frame
    reason = pl.when(pl.col("link_id").is_null()).then(pl.lit("no road of the network within the tolerance"))
    use = np.where(counts.matched, np.where(out, KEPT_OUT, FITTED), UNUSED)
    listed = frame.with_columns(
        reason.alias("reason"),
        counts=pl.Series(use),
        modelled_before=pl.Series(np.full(out.size, np.nan) if before is None else before).fill_nan(None),
        modelled=pl.Series(after),
    ).with_columns(
        pl.when(pl.col("link_id").is_not_null()).then(pl.col(c)).alias(c) for c in ("modelled_before", "modelled")
    )
    order = (
        *("row", "site_id", "counts", "reason", "link_id", "links", "distance_m", "road_class", "vehicle_class"),
        *("day_type", "hour", "count", "modelled_before", "modelled"),
    )
    listed = listed.select(order)
    table = pl.DataFrame(list(_rows(listed)), schema=_SCHEMA, orient="row")
    return CountFit(table, listed, before is not None, level)


_SCHEMA = {
    "counts": pl.String,
    "vehicle_class": pl.String,
    "road_class": pl.String,
    "number": pl.Int64,
    "observed_veh_h": pl.Float64,
    "geh_before": pl.Float64,
    "geh": pl.Float64,
    "geh_under_5_before": pl.Float64,
    "geh_under_5": pl.Float64,
    "r2_before": pl.Float64,
    "r2": pl.Float64,
    "bias_pct_before": pl.Float64,
    "bias_pct": pl.Float64,
}


def _rows(listed: pl.DataFrame) -> list[tuple[object, ...]]:
    out = []
    hourly = pl.when(pl.col("hour").is_null()).then(HOURS_PER_DAY).otherwise(1)
    used = listed.filter(pl.col("counts") != UNUSED).with_columns(
        pl.col(c) / hourly for c in ("count", "modelled_before", "modelled")
    )
    for use in (KEPT_OUT, FITTED):
        mine = used.filter(pl.col("counts") == use)
        for kind in sorted(mine["vehicle_class"].unique()):
            of_kind = mine.filter(pl.col("vehicle_class") == kind)
            parts = [(ALL, of_kind)]
            parts += [(c, of_kind.filter(pl.col("road_class") == c)) for c in sorted(of_kind["road_class"].unique())]
            for road_class, part in parts:
                counted = part["count"].to_numpy()
                now = _measures(part["modelled"].to_numpy(), counted)
                had = part["modelled_before"].null_count() == 0
                before = _measures(part["modelled_before"].to_numpy(), counted) if had else (None,) * 4
                pairs = [x for pair in zip(before, now, strict=True) for x in pair]
                out.append((use, kind, road_class, part.height, float(counted.mean()), *pairs))
    return out


def _measures(modelled: Float, counted: Float) -> tuple[float, float, float | None, float | None]:
    """Return mean GEH, share under 5, squared correlation, bias in percent."""
    value = geh(modelled, counted)
    varied = counted.size >= FEWEST_FOR_R2 and np.ptp(counted) > 0.0 and np.ptp(modelled) > 0.0
    r2 = float(np.corrcoef(modelled, counted)[0, 1] ** 2) if varied else None
    whole = float(counted.sum())
    bias = 100.0 * (float(modelled.sum()) / whole - 1.0) if whole > 0.0 else None
    return float(value.mean()), float((value < GEH_GOOD).mean()), r2, bias


def fit_findings(fit: CountFit, tolerance_m: float) -> list[Finding]:
    """Say how many counts were used, which are on no road, and how the fit is."""
    counts = fit.counts
    matched = counts.filter(pl.col("link_id").is_not_null())
    values: dict[str, str | int | float] = {"all": f"{counts.height:,}", "places": f"{matched['site_id'].n_unique():,}"}
    out = [Finding("activity.counts", "info", values, matched.height)]
    off = counts.filter(pl.col("link_id").is_null())
    if off.height:
        values = {"tolerance": f"{tolerance_m:g}", "names": ", ".join(off["site_id"].unique(maintain_order=True)[:5])}
        out.append(Finding("activity.counts_off", "warning", values, off.height))
    idle = matched.filter((pl.col("modelled") == 0.0) & (pl.col("count") > 0.0))
    if idle.height:
        out.append(Finding("activity.counts_without_traffic", "warning", {}, idle.height))
    if fit.calibrated and fit.table.filter(pl.col("counts") == KEPT_OUT).is_empty():
        out.append(Finding("activity.counts_none_kept_out", "warning"))
    for kind, level in fit.level.items():
        out.append(Finding("activity.counts_level", "info", {"kind": kind, "level": f"{level:.2f}"}))
    return out
