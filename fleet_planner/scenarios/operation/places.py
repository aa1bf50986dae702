"""Where and when a measure in operation holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fleet_planner.activity.places import Plane, middle_points
from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.network.areas import read_area
from fleet_planner.reference import reference_table
from fleet_planner.units import HOURS_PER_DAY, M_PER_KM

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.activity.days import DayType
    from fleet_planner.plan.operation import Placed
    from fleet_planner.scenarios.operation.model import OperationSetting

Bool = NDArray[np.bool_]


def hours_of(wanted: Placed, days: tuple[DayType, ...]) -> Bool:
    """Return the hours of the activity's axis that a measure holds in, shape (H,)."""
    out = np.zeros((len(days), HOURS_PER_DAY), dtype=np.bool_)
    for d, day in enumerate(days):
        if day.kinds & set(wanted.days):
            out[d, wanted.hours] = True
    return out.ravel()


def days_held(wanted: Placed, days: tuple[DayType, ...]) -> float:
    """Return how many days of the year are of the types of day that a measure holds on."""
    return sum(day.days_per_year for day in days if day.kinds & set(wanted.days))


def links_of(wanted: Placed, setting: OperationSetting, kind: str) -> Bool:
    """Return the links that a measure holds on, shape (links,).

    Raises
    ------
    InputError
        The polygon file is missing or cannot be read.
    PlanError
        A road class is not known, or no road is left.
    """
    links = setting.network.links
    where = np.ones(links.height, dtype=np.bool_)
    key = f"scenario.operation.{kind}"
    if wanted.road_classes:
        known = {*links["road_class"].unique(), *reference_table("road_class_defaults.csv")["road_class"]}
        for word in wanted.road_classes:
            if word not in known:
                raise PlanError(
                    f"measure {kind} of scenario {setting.scenario} has an unknown road class",
                    use_one_of(word, known),
                    column=f"{key}.road_classes",
                    value=word,
                )
        where &= links["road_class"].is_in(wanted.road_classes).to_numpy()
    if wanted.low_emission_zones:
        where &= links["low_emission_zone"].to_numpy()
    if wanted.area:
        where &= distance_km(setting, setting.base / wanted.area, f"{key}.area") == 0.0
    if not where.any():
        raise PlanError(
            f"measure {kind} of scenario {setting.scenario} holds on no road of the network",
            "Check its area, road_classes and low_emission_zones (polygons need a coordinate system).",
            column=key,
            value=wanted.area or ", ".join(wanted.road_classes) or "low_emission_zones",
        )
    return where


def distance_km(setting: OperationSetting, path: Path, key: str) -> NDArray[np.float64]:
    """Return how far the middle of each link is from the polygons of a file, km, 0 inside, shape (links,).

    Raises
    ------
    InputError
        The file is missing, cannot be read, or holds no polygon.
    """
    import shapely

    area = read_area(path, key)
    plane = Plane.around(setting.network.coordinates)
    metric = shapely.transform(area, plane.project)
    middle = plane.project(middle_points(setting.network.coordinates, setting.network.offsets))
    shapely.prepare(metric)
    points = shapely.points(middle)
    out = np.asarray(shapely.distance(points, metric)) / M_PER_KM
    return np.where(shapely.contains_xy(metric, middle[:, 0], middle[:, 1]), 0.0, np.maximum(out, 1e-9))
