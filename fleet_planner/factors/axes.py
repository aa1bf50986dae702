"""The axes that factor sets, the compiler and the kernels share."""

from __future__ import annotations

MODES = ("urban_peak", "urban_off_peak", "rural", "highway")
"""Driving modes, for pollutants that are published by mode."""

LOADS = (0.0, 0.5, 1.0)
"""Published steps of the load of heavy vehicles, fraction."""

GRADES = (-0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06)
"""Published steps of the road's grade, rise over run."""

TECHNOLOGY = ("category", "fuel", "segment", "standard", "aftertreatment")
"""Columns that name a technology."""

HOT = ("CO", "VOC", "NOx", "PM_exhaust", "CH4", "N2O", "NH3", "energy_MJ")
"""Pollutants of the published hot tables, g/km; ``energy_MJ`` in MJ/km."""
