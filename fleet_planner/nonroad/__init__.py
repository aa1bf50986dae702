"""Diesel machines that work at a site instead of driving on the roads."""

from fleet_planner.nonroad.emissions import load_nonroad
from fleet_planner.nonroad.model import NonRoad

__all__ = ["NonRoad", "load_nonroad"]
