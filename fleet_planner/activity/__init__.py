"""Where and when the fleet drives: vehicle-km by link, hour and stream."""

from fleet_planner.activity.build import build_activity, vkt_by_stream
from fleet_planner.activity.days import DayType
from fleet_planner.activity.model import Activity

__all__ = ["Activity", "DayType", "build_activity", "vkt_by_stream"]
