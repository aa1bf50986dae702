"""Public forms of registries and stock tables, turned into our own columns and words."""

from fleet_planner.fleet.forms.choose import Reading, choose_reading
from fleet_planner.fleet.forms.convert import Converted, converted
from fleet_planner.fleet.forms.model import FORMS, NATIVE, Choice

__all__ = ["FORMS", "NATIVE", "Choice", "Converted", "Reading", "choose_reading", "converted"]
