"""Results as tables of polars and geopandas: of a run in memory, or of a folder that was written."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.api.geometry import on_map, on_roads
from fleet_planner.errors import InputError, use_one_of
from fleet_planner.outputs import reserved, write_run
from fleet_planner.outputs.export.source import open_source
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.geopackage import drawn_layers, table_layers
from fleet_planner.outputs.report.report import report_html
from fleet_planner.outputs.report.report_data import report_data
from fleet_planner.outputs.run_tables import csv_tables, parquet_tables

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from geopandas import GeoDataFrame

    from fleet_planner.outputs.export.source import Item
    from fleet_planner.outputs.layers.layer import Layer
    from fleet_planner.pipeline.telling.results import Results
    from fleet_planner.plan.models import Plan
    from fleet_planner.tables import Language

BASELINE = "baseline"
LINKS, VEHICLES = "links_by_scenario", "vehicles"


class _Tables(ABC):
    """Named tables and layers."""

    @property
    @abstractmethod
    def tables(self) -> tuple[str, ...]:
        """Names of the tables, sorted."""

    @property
    @abstractmethod
    def layers(self) -> tuple[str, ...]:
        """Names of the layers with geometry, sorted."""

    @property
    @abstractmethod
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, the baseline first."""

    @abstractmethod
    def table(self, name: str) -> pl.DataFrame:
        """Return a table; ``fleet-planner dictionary NAME`` and ``docs/data_dictionary.md`` explain its columns.

        Raises
        ------
        InputError
            There is no such table.
        """

    @abstractmethod
    def layer(self, name: str) -> GeoDataFrame:
        """Return a layer with its geometry, WGS84.

        Raises
        ------
        InputError
            There is no such layer.
        """

    @abstractmethod
    def links(self, scenario: str = BASELINE) -> GeoDataFrame:
        """Return every pollutant of a scenario by link, average day, with the links' geometry, WGS84.

        Columns ``link_id``, ``vkt_per_day`` and ``<pollutant>_kg_per_day`` (kWh, MJ where those are the unit).

        Raises
        ------
        InputError
            There is no such scenario.
        """

    def vehicles(self, scenario: str = BASELINE) -> pl.DataFrame:
        """Return every registry row of a scenario with its emissions of an average day, all its vehicles together.

        Raises
        ------
        InputError
            There is no such scenario.
        """
        return self._of_scenario(VEHICLES, scenario)

    def _of_scenario(self, table: str, scenario: str) -> pl.DataFrame:
        self._known(scenario, self.scenarios, "scenario")
        return self.table(table).filter(pl.col("scenario") == scenario).drop("scenario")

    def _known(self, name: str, names: tuple[str, ...], what: str) -> None:
        if name not in names:
            raise InputError(f"there is no such {what}", use_one_of(name, names), value=name)


class Result(_Tables):
    """A run in memory; made by `run`."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def __repr__(self) -> str:
        return f"<Result {self.plan.city.name} {self.plan.city.year}: {', '.join(self.scenarios)}>"

    @property
    def plan(self) -> Plan:
        """The plan that was run."""
        return self._results.plan

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, the baseline first."""
        return tuple(s.fleet.name for s in self._results.scenarios)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables, sorted: those that `save` writes, but for what it draws of them."""
        return tuple(sorted({*self._short, *parquet_tables(self._results), LINKS} - {"links"}))

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers with geometry, sorted."""
        return tuple(sorted(self._drawn))

    def table(self, name: str) -> pl.DataFrame:
        """Return a table by its name in `tables`; see there."""
        self._known(name, self.tables, "table")
        if name in self._short:
            return self._short[name]
        return parquet_tables(self._results)["links" if name == LINKS else name]()

    def layer(self, name: str) -> GeoDataFrame:
        """Return a layer by its name in `layers`, WGS84."""
        self._known(name, self.layers, "layer")
        return on_map(self._drawn[name].frame, self._drawn[name].wkb)

    def links(self, scenario: str = BASELINE) -> GeoDataFrame:
        """Return every pollutant of a scenario by link, average day, with the links' geometry, WGS84."""
        self._known(scenario, self.scenarios, "scenario")
        results = self._results
        inventory = next(s.inventory for s in results.scenarios if s.fleet.name == scenario)
        driven = results.driven.get(scenario, results.activity.km.sum(axis=0))
        return on_roads(frames.links_of(results.network, inventory, driven), results.network)

    def report(self, language: Language = "en") -> str:
        """Return the report as one page of HTML that needs no other file."""
        data = json.loads(json.dumps(report_data(self._results), allow_nan=False))
        return report_html(data, language)

    def save(
        self, folder: str | os.PathLike[str], *, overwrite: bool = False, language: Language | None = None
    ) -> SavedRun:
        """Write the run directory that ``fleet-planner run`` writes, whole or not at all.

        Parameters
        ----------
        folder
            Absent or empty, unless ``overwrite``.
        overwrite
            Replace the run that is there.
        language
            Of the report; nothing: the plan's.

        Raises
        ------
        OutputError
            The folder is not empty, cannot be written, or another command is writing into it.
        """
        target = Path(folder)
        chosen: Language = language or self.plan.outputs.language
        with reserved(target, overwrite=overwrite):
            return open_run(write_run(self._results, target, overwrite=overwrite, language=chosen))

    @cached_property
    def _short(self) -> Mapping[str, pl.DataFrame]:
        return table_layers(self._results) | csv_tables(self._results)

    @cached_property
    def _drawn(self) -> Mapping[str, Layer]:
        return {layer.name: layer for layer in drawn_layers(self._results)}


class SavedRun(_Tables):
    """A run directory; made by `open_run`. Tables are read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._source = open_source(folder)

    def __repr__(self) -> str:
        return f"<SavedRun {self.folder}>"

    @property
    def folder(self) -> Path:
        """Where the run lies."""
        return self._source.folder

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What went in, what came out, with which versions and assumptions."""
        return self._source.manifest

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, the baseline first."""
        return (BASELINE, *(s["name"] for s in self.manifest["plan"]["scenario"]))

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables, sorted."""
        return tuple(sorted(name for name, item in self._items.items() if not item.spatial))

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers with geometry, sorted."""
        return tuple(sorted(name for name, item in self._items.items() if item.spatial))

    def table(self, name: str) -> pl.DataFrame:
        """Return a table by its name in `tables`; see there."""
        self._known(name, self.tables, "table")
        return self._items[name].read()

    def layer(self, name: str) -> GeoDataFrame:
        """Return a layer by its name in `layers`, WGS84."""
        self._known(name, self.layers, "layer")
        read = self._items[name].read_layer
        assert read is not None  # a layer has a geometry
        layer = read()
        return on_map(layer.frame, layer.wkb)

    def links(self, scenario: str = BASELINE) -> GeoDataFrame:
        """Return every pollutant of a scenario by link, average day, with the links' geometry, WGS84."""
        emitted = self._of_scenario(LINKS, scenario)
        read = self._items["links"].read_layer
        assert read is not None
        roads = read()
        at = pl.DataFrame({"link_id": roads.frame["link_id"], "wkb": roads.wkb})
        joined = emitted.join(at, on="link_id", how="left", maintain_order="left")
        return on_map(emitted, joined["wkb"])

    @cached_property
    def _items(self) -> Mapping[str, Item]:
        return {item.name: item for item in self._source.items}


def open_run(folder: str | os.PathLike[str]) -> SavedRun:
    """Open a run directory that ``fleet-planner run`` or `Result.save` wrote.

    Raises
    ------
    InputError
        It is none, is damaged, or an older version wrote it.
    """
    run = SavedRun(Path(folder))
    if run.manifest.get("command") != "run":
        raise InputError("this is no run directory", "Name a folder that `fleet-planner run` wrote.", file=run.folder)
    return run
