"""What a sweep runs: plans, scenarios, years and altered keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fleet_planner.plan.base import Section
from fleet_planner.plan.load import checked, read_toml

if TYPE_CHECKING:
    from pathlib import Path

Year = Annotated[int, Field(ge=1990, le=2100)]
Values = Annotated[list[Any], Field(min_length=1)]


class SweepSection(Section):
    """What holds for all plans of a sweep."""

    scenarios: list[str] = Field(
        default=[], description="scenarios, each a task of its own; baseline is one; empty: all of a plan in one task"
    )
    years: list[Year] = Field(
        default=[], description="years that are reported; empty: the base year, and those of the plan's [turnover]"
    )
    years_apart: bool = Field(
        default=False, description="each of the years a task of its own, for more workers than plans and scenarios"
    )
    draws: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="draws of the uncertain inputs in every task, in the place of the plans'"
    )
    retries: Annotated[int, Field(ge=0, le=20)] = Field(
        default=2, description="how often a task that failed is tried again"
    )
    directories: bool = Field(default=False, description="write the whole run directory of every task under runs/")
    language: Literal["en", "zh"] = Field(default="en", description="language of sweep.html and of reports under runs/")


class SweptPlan(Section):
    """A plan of a sweep, a city as a rule."""

    file: str = Field(min_length=1, description="plan file, relative to the sweep's folder")
    name: str = Field(default="", max_length=60, description="name in the tables; empty: the city's")
    scenarios: list[str] | None = Field(default=None, description="in the place of sweep.scenarios")
    years: list[Year] | None = Field(default=None, description="in the place of sweep.years")
    alter: dict[str, Values] = Field(default={}, description="keys of this plan alone, as in [alter]")


class Sweep(Section):
    """A whole sweep file."""

    sweep: SweepSection = Field(description="what holds for all plans")
    plan: Annotated[list[SweptPlan], Field(min_length=1)] = Field(description="plans that are run")
    alter: dict[str, Values] = Field(
        default={},
        description='values of keys of the plans, such as "city.diesel_sulphur_ppm" = [10, 50]; all are combined',
    )


def is_sweep(path: Path) -> bool:
    """Return whether a file is a sweep's and not a plan's: it has a table ``[sweep]``.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    return "sweep" in read_toml(path, "sweep or plan")


def load_sweep(path: Path) -> Sweep:
    """Read and check a sweep file.

    Raises
    ------
    InputError
        The file is missing or no TOML.
    PlanError
        A key is unknown, missing or wrong.
    """
    return checked(Sweep, read_toml(path, "sweep"), path)
