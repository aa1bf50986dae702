"""A city in memory: its plan, altered at will, and what was read for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numba

from fleet_planner.api.altering import altered_keys, merged
from fleet_planner.api.evaluation import Evaluation, evaluated
from fleet_planner.api.geometry import on_roads
from fleet_planner.api.results import Result
from fleet_planner.errors import InputError, UserError, use_one_of
from fleet_planner.pipeline.mixing.sweep import MetFactors
from fleet_planner.pipeline.prepare import Reading, only_scenarios, prepare, same_reading
from fleet_planner.pipeline.run import run_loaded
from fleet_planner.pipeline.starter import example_cities, write_starter
from fleet_planner.plan.load import check_plan, check_scenario, load_plan
from fleet_planner.plan.turnover import TurnoverSection
from fleet_planner.progress import silent

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl
    from geopandas import GeoDataFrame

    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.models import Plan, Scenario
    from fleet_planner.progress import Progress


class City:
    """A plan and what was read for it; made by `load`, altered by `with_`, never changed itself."""

    def __init__(
        self, plan: Plan, path: Path, *, reading: Reading | None = None, altered: tuple[str, ...] = ()
    ) -> None:
        self._plan = plan
        self._path = path
        self._reading = reading or Reading(plan, path.parent)
        self._altered = altered

    def __repr__(self) -> str:
        return f"<City {self.plan.city.name} {self.plan.city.year}: {', '.join(self.scenarios) or 'no scenario'}>"

    @property
    def plan(self) -> Plan:
        """The plan as it will be run."""
        return self._plan

    @property
    def path(self) -> Path:
        """The plan's file; other names in the plan are relative to its folder."""
        return self._path

    @property
    def altered(self) -> tuple[str, ...]:
        """Dotted keys of the plan that `with_` gave another value than the file has."""
        return self._altered

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the plan's scenarios; the baseline, which every run has, is not among them."""
        return tuple(s.name for s in self.plan.scenario)

    def with_(self, changes: Mapping[str, object] | None = None, /, **sections: object) -> City:
        """Return the city under an altered plan.

        What was read is kept where the change leaves it as it is, so that the next run or evaluation reads no road
        again: that holds for all sections but city, network, fleet, places, activity and traffic, and for all keys but
        ``factors.default_load``, ``factors.stream_loads`` and, for assigned traffic, ``climate.mean_trip_km``.

        Parameters
        ----------
        changes
            Values by dotted key of the plan, such as ``{"climate.mean_trip_km": 5.0}``.
        **sections
            Parts of sections, merged into what is there: ``economics={"discount_rate": 0.05}``. Lists, such as
            ``scenario=[...]`` of `Scenario` or of mappings, take the place of the old ones.

        Raises
        ------
        PlanError
            A key is unknown, or a value is not allowed.
        """
        before = self.plan.model_dump(exclude_unset=True)
        given = merged(before, {**(changes or {}), **sections})
        plan = check_plan(given, self.path)
        altered = tuple(sorted({*self.altered, *altered_keys(before, given)}))
        reading = self._reading if same_reading(self.plan, plan) else None
        return City(plan, self.path, reading=reading, altered=altered)

    def run(self, scenarios: Sequence[str] = (), *, threads: int | None = None, progress: Progress = silent) -> Result:
        """Run the city as ``fleet-planner run`` does; nothing is written.

        Parameters
        ----------
        scenarios
            Names of the scenarios to run besides the baseline; empty: all.
        threads
            Threads of the kernels during this call; results do not depend on it. Nothing: as many as before.
        progress
            Is told how far the run is: a step and a fraction.

        Raises
        ------
        PlannerError
            Something in the plan or its inputs has to be mended.
        """
        plan = only_scenarios(self.plan, tuple(scenarios), self.path)
        before = numba.get_num_threads()
        try:
            results = run_loaded(plan, self.path, threads=threads, progress=progress, reading=self._reading)
        finally:
            numba.set_num_threads(before)
        return Result(replace(results, altered=self.altered))

    def evaluate(self, scenario: Scenario) -> Evaluation:
        """Return what measures on vehicles do to the base year, without visiting a road again.

        The first call computes the city's baseline (seconds); every further one takes the time of the vehicles alone:
        where and how fast the streams drive is kept as a histogram, from which each vehicle's emission follows.
        Figures equal those of `run` (relative difference below 1e-9).

        Parameters
        ----------
        scenario
            Of the plan (``city.plan.scenario``), or made by `scenario`.

        Raises
        ------
        PlanError
            It has measures in operation, which only `run` computes, or asks for what cannot be.
        """
        with self._named():
            return evaluated(self._ready, self._factors, scenario)

    def roads(self) -> GeoDataFrame:
        """Return the directed links of the road network, WGS84 (``fleet-planner dictionary links``).

        Raises
        ------
        PlannerError
            The network or another input has to be mended.
        """
        with self._named():
            network = self._reading.now(silent).network
        return on_roads(network.links, network)

    def vehicles(self) -> pl.DataFrame:
        """Return the checked registry with what was derived, a row per vehicle or group.

        Raises
        ------
        PlannerError
            The registry or another input has to be mended.
        """
        with self._named():
            return self._reading.now(silent).fleet.vehicles

    @cached_property
    def _ready(self) -> Prepared:
        """The city with its baseline alone: scenarios come one by one."""
        bare = {"scenario": [], "target": [], "turnover": TurnoverSection()}
        return prepare(self.plan.model_copy(update=bare), self.path.parent, silent, self._reading)

    @cached_property
    def _factors(self) -> MetFactors:
        return MetFactors(self._ready)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Let an error that names no file name the plan."""
        try:
            yield
        except UserError as error:
            if error.file is None:
                error.file = self.path
            raise


def load(plan: str | os.PathLike[str]) -> City:
    """Read and check a plan; what it names is read when first needed.

    Parameters
    ----------
    plan
        The plan file.

    Raises
    ------
    InputError
        The file is missing or cannot be read.
    PlanError
        A key is unknown, missing or not allowed; all such errors in one message.
    """
    path = Path(plan)
    return City(load_plan(path), path)


def run(
    plan: str | os.PathLike[str] | City,
    scenarios: Sequence[str] = (),
    *,
    threads: int | None = None,
    progress: Progress = silent,
) -> Result:
    """Run a plan file or a city; see `City.run`."""
    city = plan if isinstance(plan, City) else load(plan)
    return city.run(scenarios, threads=threads, progress=progress)


def scenario(name: str, *measures: Mapping[str, object], title: str = "", title_zh: str = "") -> Scenario:
    """Return a scenario made in Python, checked as a plan's.

    Parameters
    ----------
    name
        Short name: small letters, digits and ``_``.
    *measures
        Keys of ``[[scenario.measure]]``, such as ``{"measure": "dpf_passive", "uptake": 0.5}``.
    title, title_zh
        On the report; default: the name.

    Raises
    ------
    PlanError
        A key is unknown or a value is not allowed.
    """
    given = {"name": name, "title": title or name, "title_zh": title_zh, "measure": [dict(m) for m in measures]}
    return check_scenario(given)


def init(folder: str | os.PathLike[str], city: str | None = None) -> City:
    """Write a plan and template inputs into a new folder, or copies of an example city's; return the city.

    Parameters
    ----------
    folder
        Absent or empty.
    city
        An example: ``coquimbo``, ``beijing``, ``los-angeles``, ``seoul`` or ``tokyo``.

    Raises
    ------
    InputError
        There is no such example.
    OutputError
        The folder holds something already, or may not be written.
    """
    try:
        write_starter(Path(folder), city)
    except FileNotFoundError as error:
        raise InputError("there is no such example", use_one_of(str(city), example_cities()), value=city) from error
    return load(Path(folder) / "plan.toml")
