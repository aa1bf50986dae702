"""A plan's modelled air against monitors; nothing is written."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from fleet_planner.errors import PlanError, UserError
from fleet_planner.impacts.exposure.tracer import tracer_fit
from fleet_planner.pipeline.computing.air import near_road_air
from fleet_planner.pipeline.computing.room import refuse_large_air
from fleet_planner.pipeline.prepare import prepare
from fleet_planner.plan.load import load_plan

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from fleet_planner.progress import Progress


def air_fit(path: Path, monitors: Path | None, progress: Progress) -> pl.DataFrame:
    """Return how well the baseline's air agrees with monitors (``tables/columns/monitor_fit.csv``).

    Parameters
    ----------
    path
        The plan.
    monitors
        Table of annual means; nothing: the plan's ``impacts.monitors``.
    progress
        Is told how far the run is.

    Raises
    ------
    UserError
        The plan follows no pollutant, there are no monitors, or an input is wrong.
    """
    plan = load_plan(path)
    impacts = plan.impacts
    if monitors is not None:
        impacts = impacts.model_copy(update={"monitors": os.path.relpath(monitors, path.parent)})
    if not impacts.pollutants:
        raise PlanError("the plan follows no pollutant", "Name some in impacts.pollutants.", path)
    if not impacts.monitors:
        raise PlanError("there are no monitors", "Name a table with --monitors or impacts.monitors.", path)
    try:
        bare = plan.model_copy(update={"impacts": impacts, "scenario": [], "target": []})
        ready = prepare(bare, path.parent, progress, counted=partial(refuse_large_air, bare))
        progress("air", 0.9)
        air = near_road_air(ready.run, ready.computed)
    except UserError as error:
        if error.file is None:
            error.file = path
        raise
    assert air is not None
    return air.fit


def tracer_table() -> pl.DataFrame:
    """Return how well the formulas agree with a tracer release (``tables/columns/tracer_fit.csv``)."""
    return tracer_fit()
