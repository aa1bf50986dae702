"""Link flows and speeds of the user's own model, or of probes: read, completed over the hours, put on the links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.counts.count_table import TOTAL, hours_meant, stream_rows, streams_of
from fleet_planner.activity.days import AVERAGE
from fleet_planner.activity.tables import read_cells, refuse, typed
from fleet_planner.activity.timetables.buses import BUS_STREAM
from fleet_planner.errors import InputError
from fleet_planner.findings import Finding, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.activity.setting import TrafficSetting
    from fleet_planner.activity.spread import Spread

Float = NDArray[np.float64]
UNLIKELY = (0.5, 2.0)
"""Registry over flows beyond these is warned of: one of the two is not of this city."""


@dataclass(frozen=True)
class Flows:
    """Flows and speeds on links.

    Parameters
    ----------
    frame
        ``row, link, vehicle_class, day_type, hour, flow, speed_kmh``; a row per link.
    hours
        Hours that each row is about, shape (rows, H).
    days_share
        Share of the year's days that it is about, shape (rows,).
    """

    frame: pl.DataFrame
    hours: NDArray[np.bool_]
    days_share: Float


def read_flows(setting: TrafficSetting) -> Flows:
    """Read the plan's flows.

    Raises
    ------
    InputError
        The table is wrong, names a link that the network lacks, tells an hour of a link twice, or has no flow.
    """
    path = setting.base / setting.traffic.flows.file
    frame = typed(read_cells(path, "traffic.flows.file"), "link_flows", path)
    frame = frame.with_columns(pl.col("vehicle_class").fill_null(TOTAL), pl.col("day_type").fill_null(AVERAGE.name))
    stream_rows(frame, setting.profiles, path)
    links = setting.network.links.select("link_id", "osm_id").with_row_index("link")
    nowhere = frame["link_id"].is_null() & frame["osm_id"].is_null()
    refuse(frame, nowhere, "link_id", path, "the row names no link", "Give link_id or osm_id.")
    by_link = frame.filter(pl.col("link_id").is_not_null()).join(
        links.select("link", "link_id"), on="link_id", how="left", maintain_order="left"
    )
    by_way = frame.filter(pl.col("link_id").is_null()).join(
        links.select("link", "osm_id"), on="osm_id", how="left", maintain_order="left"
    )
    for part, column in ((by_link, "link_id"), (by_way, "osm_id")):
        remedy = "Write links of this network: links.parquet of a run without flows lists them."
        refuse(part, part["link"].is_null(), column, path, "the network has no such link", remedy)
    wanted = ["row", "link", "vehicle_class", "day_type", "hour", "flow", "speed_kmh"]
    both = pl.concat([by_link.select(wanted), by_way.select(wanted)]).sort("row", "link")
    if both["flow"].null_count() == both.height:
        raise InputError("no row has a flow", "Fill the column flow.", file=path, column="flow")
    meant = hours_meant(both, setting.days, path)
    flows = Flows(both, meant > 0.0, 1.0 / meant.max(axis=1))
    _refuse_twice(flows, setting.network.links.height, path)
    return flows


def _refuse_twice(flows: Flows, links: int, path: Path) -> None:
    given = flows.frame["flow"].is_not_null().to_numpy()
    for word in flows.frame["vehicle_class"].unique().sort():
        rows = np.flatnonzero(given & (flows.frame["vehicle_class"] == word).to_numpy())
        told = np.zeros((links, flows.hours.shape[1]), dtype=np.int16)
        np.add.at(told, flows.frame["link"].to_numpy()[rows], flows.hours[rows])
        twice = told.max(axis=1) > 1
        again = np.zeros(flows.frame.height, dtype=np.bool_)
        again[rows] = twice[flows.frame["link"].to_numpy()[rows]]
        remedy = "Keep one: whole day or hours, and types of day that do not overlap."
        refuse(
            flows.frame, pl.Series(again), "flow", path, f"flows of {word} on a link are told twice for an hour", remedy
        )


def with_flows(spread: Spread, flows: Flows, setting: TrafficSetting) -> tuple[Spread, Float | None, list[Finding]]:
    """Put the streams where the flows have them; each keeps its total.

    A stream takes the flows of its own name, else of light or heavy vehicles, else of all. Flows of a whole day are
    spread over its hours like the stream's profile; hours that are not told follow from the told ones by the profile.
    A stream without flows, and urban buses with a timetable, stay where ``spread`` has them.

    Returns
    -------
    spread
        Closed to the totals.
    speed_kmh
        Given speeds, shape (links, H), NaN where there is none; nothing without any.
    findings
        What was placed by flows, and how far registry and flows differ.
    """
    words = flows.frame.filter(pl.col("flow").is_not_null())["vehicle_class"].unique().to_list()
    length = setting.network.links["length_km"].to_numpy()
    told_km: dict[str, float] = {}
    own_km: dict[str, float] = {}
    filled, placed = 0.0, 0.0
    for s, (name, total) in enumerate(setting.totals.items()):
        profile = setting.profiles[s]
        word = _word(words, [w for w in words if streams_of(w, setting.profiles)[s]], profile.local_name)
        if word is None or total <= 0.0 or (name == BUS_STREAM and setting.feeds):
            continue
        km, extra = _placed(flows, word, profile.hourly, length)
        spread = spread.placed(s, km)
        placed += total
        filled += total * extra
        told_km[word] = float(km.sum())
        own_km[word] = own_km.get(word, 0.0) + total
    everything = sum(setting.totals.values()) or 1.0
    covered = np.zeros(length.size, dtype=np.bool_)
    covered[flows.frame.filter(pl.col("flow").is_not_null())["link"].to_numpy()] = True
    values: dict[str, str | int | float] = {"length": f"{100.0 * length[covered].sum() / length.sum():.1f}"}
    findings = [Finding("activity.flows_given", "info", values, int(covered.sum()), placed / everything)]
    for word in sorted(told_km):
        ratio = own_km[word] / told_km[word] if told_km[word] > 0.0 else np.inf
        kind: Kind = "assumption" if UNLIKELY[0] <= ratio <= UNLIKELY[1] else "warning"
        told = {"vehicles": word, "flows": f"{told_km[word]:,.0f}", "registry": f"{own_km[word]:,.0f}"}
        findings.append(Finding("activity.flows_scaled", kind, told | {"ratio": f"{ratio:.2f}"}))
    if filled > 0.0:
        findings.append(Finding("activity.flows_filled", "assumption", {}, share=filled / everything))
    return spread.closed_to(setting.total_km), _speeds(flows, length.size), findings


def _word(words: list[str], fitting: list[str], stream: str) -> str | None:
    """Return the narrowest of the words that mean a stream."""
    if stream in words:
        return stream
    narrower = [word for word in fitting if word != TOTAL]
    return narrower[0] if narrower else (TOTAL if TOTAL in fitting else None)


def _placed(flows: Flows, word: str, hourly: Float, length: Float) -> tuple[Float, float]:
    """Return vehicle-km by link and hour, shape (links, H), and the part of them in hours that are not told."""
    frame = flows.frame
    rows = np.flatnonzero((frame["vehicle_class"] == word).to_numpy() & frame["flow"].is_not_null().to_numpy())
    hours = flows.hours[rows]
    link, flow = frame["link"].to_numpy()[rows], frame["flow"].to_numpy()[rows].astype(np.float64)
    # the hours that a row means share its vehicles by the profile
    part = hours * hourly
    among = part.sum(axis=1, keepdims=True)
    part = np.divide(part, among, out=np.zeros_like(part), where=among > 0.0)
    km = np.zeros((length.size, hourly.size))
    np.add.at(km, link, part * (flow * length[link] * flows.days_share[rows])[:, None])
    told = np.zeros(km.shape, dtype=np.bool_)
    np.logical_or.at(told, link, hours)
    known = (told * hourly).sum(axis=1)
    scale = np.divide(km.sum(axis=1), known, out=np.zeros(length.size), where=known > 0.0)
    rest = np.where(told, 0.0, hourly * scale[:, None])
    whole = float(km.sum() + rest.sum())
    return km + rest, float(rest.sum()) / whole if whole > 0.0 else 0.0


def _speeds(flows: Flows, links: int) -> Float | None:
    """Return the given speeds, the mean where rows of several vehicles tell one; nothing where none is given."""
    rows = np.flatnonzero(flows.frame["speed_kmh"].is_not_null().to_numpy())
    if not rows.size:
        return None
    link, speed = flows.frame["link"].to_numpy()[rows], flows.frame["speed_kmh"].to_numpy()[rows]
    total, times = np.zeros((2, links, flows.hours.shape[1]))
    np.add.at(total, link, flows.hours[rows] * speed[:, None])
    np.add.at(times, link, flows.hours[rows])
    return np.asarray(np.divide(total, times, out=np.full(total.shape, np.nan), where=times > 0.0))
