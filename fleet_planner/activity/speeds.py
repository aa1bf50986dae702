"""How fast the hours are: by profile or by volume and capacity, then averaged over stretches of road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.corridors import Corridors
from fleet_planner.activity.counts.detectors import measured_speeds
from fleet_planner.activity.days import AVERAGE, speed_fractions
from fleet_planner.activity.profiles import GROUPS, class_groups, hourly_speeds
from fleet_planner.findings import Finding
from fleet_planner.kernels import allocation
from fleet_planner.kernels.delay import delayed_speeds
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.activity.profiles import StreamProfile
    from fleet_planner.activity.setting import Placed, TrafficSetting
    from fleet_planner.activity.spread import Spread

Float = NDArray[np.float64]
LEAST_KMH = 5.0
"""No hour of a link is slower on average: the volume-delay function is not made for standing traffic."""

SHORT_KM = 0.4
ANY = "*"


@dataclass(frozen=True)
class Speeds:
    """Speeds of an activity.

    Parameters
    ----------
    link_kmh
        Of the links themselves, shape (links, H).
    corridors
        Roads that they are averaged over.
    mean_kmh
        Space means over the plan's length of road, shape (links, H).
    findings
        What was assumed, with the share of the vehicle-km.
    """

    link_kmh: Float
    corridors: Corridors
    mean_kmh: Float
    findings: tuple[Finding, ...]


def hour_speeds(setting: TrafficSetting, placed: Placed) -> Speeds:
    """Return the speeds of the plan's method; those of the traffic method, then measured ones, go before them.

    Raises
    ------
    InputError
        The tables of measured speeds are wrong.
    """
    section = setting.traffic.speeds
    spread = placed.spread
    findings: list[Finding]
    if placed.speed_kmh is not None and not np.isnan(placed.speed_kmh).any():
        speed, findings = placed.speed_kmh.copy(), []
    elif section.method == "volume_delay":
        speed, findings = _by_volume(setting, spread)
    else:
        speed, findings = _by_profile(setting), [Finding("activity.speeds", "assumption")]
    corridors = Corridors.of(setting.network)
    given = [] if placed.speed_kmh is None or not findings else [placed.speed_kmh]
    if section.file:
        measured, found = measured_speeds(setting, corridors)
        given.append(measured)
        findings += found
    if given:
        known = np.zeros(speed.shape, dtype=np.bool_)
        for one in given:  # measured speeds go before those that a traffic method computed
            here = ~np.isnan(one)
            speed[here] = one[here]
            known |= here
        findings.append(Finding("activity.speeds_known", "info", {}, share=share_of_vkt(spread, known)))
    mean = corridors.mean_speeds(speed, section.corridor_km, setting.tiles)
    if section.corridor_km > 0.0:
        findings.append(_averaged(corridors, spread, section.corridor_km))
    return Speeds(speed, corridors, mean, tuple(findings))


def share_of_vkt(spread: Spread, where: NDArray[np.bool_]) -> float:
    """Return the share of the vehicle-km on some link-hours, ``where`` of shape (links, H)."""
    by_hour = allocation.by_hour(spread.km, spread.row, spread.share)
    total = float(by_hour.sum())
    return float(by_hour[where].sum()) / total if total > 0.0 else 0.0


def _by_profile(setting: TrafficSetting) -> Float:
    links = setting.network.links
    free_flow, group = links["free_flow_kmh"].to_numpy().astype(np.float64), class_groups(links["road_class"])
    out = setting.tiles.empty((links.height, HOURS_PER_DAY * len(setting.days)))
    for part in setting.tiles.slices(links.height):
        out[part] = hourly_speeds(free_flow[part], group[part], setting.days)
    return out


def _by_volume(setting: TrafficSetting, spread: Spread) -> tuple[Float, list[Finding]]:
    """Return speeds by the BPR function of volume over capacity, from the speed of calm hours."""
    links, section = setting.network.links, setting.traffic.speeds
    calm = speed_fractions(GROUPS, (AVERAGE,)).max(axis=1)[class_groups(links["road_class"])]
    alpha, beta = delay_parameters(links["road_class"])
    cars = np.array([passenger_cars(p) for p in setting.profiles])
    volume = allocation.by_hour(spread.km * cars[:, None], spread.row, spread.share)
    days = np.repeat([day.share for day in setting.days], HOURS_PER_DAY)
    speed, floored = delayed_speeds(
        volume,
        1.0 / (days * section.fleet_share),
        links["length_km"].to_numpy().astype(np.float64),
        links["capacity_veh_h"].to_numpy().astype(np.float64),
        links["free_flow_kmh"].to_numpy() * calm,
        alpha,
        beta,
        LEAST_KMH,
    )
    values: dict[str, str | int | float] = {"fleet_share": f"{100.0 * section.fleet_share:g} %"}
    findings = [Finding("activity.speeds_by_volume", "assumption", values)]
    total = float(volume.sum())
    if floored > 0.0 and total > 0.0:
        share = floored / total
        findings.append(Finding("activity.speeds_floored", "warning", {"speed": f"{LEAST_KMH:g}"}, share=share))
    return speed, findings


def delay_parameters(road_class: pl.Series, own: Mapping[str, Sequence[float]] | None = None) -> tuple[Float, Float]:
    """Return alpha and beta of the BPR function by link; ``own`` pairs of a road class go before the packaged ones."""
    table = reference_table("volume_delay.csv")
    out = []
    for place, figure in enumerate(("alpha", "beta")):
        values = dict(table.filter(pl.col("figure") == figure).select("road_class", "value").iter_rows())
        values |= {name: pair[place] for name, pair in (own or {}).items()}
        found = road_class.replace_strict(values, default=values[ANY], return_dtype=pl.Float64)
        out.append(found.to_numpy().astype(np.float64))
    return out[0], out[1]


def passenger_cars(profile: StreamProfile) -> float:
    """Return how many passenger cars a vehicle of a stream counts for on the road."""
    table = reference_table("traffic_classes.csv").filter(pl.col("figure") == "pce")
    values: dict[str, float] = dict(table.select("traffic_class", "value").iter_rows())
    return values[profile.traffic_class]


def _averaged(corridors: Corridors, spread: Spread, target_km: float) -> Finding:
    piece_km = corridors.piece_km(target_km)
    km = spread.km.sum(axis=0)
    total = float(km.sum())
    short = float(km[piece_km < SHORT_KM].sum()) / total if total > 0.0 else 0.0
    values: dict[str, str | int | float] = {"target": f"{1e3 * target_km:g}", "short": f"{1e3 * SHORT_KM:g}"}
    return Finding("activity.corridors", "info", values, corridors.pieces(target_km).size - 1, short)
