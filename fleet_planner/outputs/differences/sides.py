"""Finished runs read back, one side of a comparison each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fleet_planner.errors import InputError, first_line, use_one_of
from fleet_planner.foreign import TABLE_FAULTS
from fleet_planner.memory import refuse_beyond
from fleet_planner.outputs.checking.read import mass_of, read_manifest, refuse_altered, rows_of
from fleet_planner.outputs.layers.frames import day_name, scale_of
from fleet_planner.pipeline.differences.attribution import PARTS, FleetSide
from fleet_planner.pipeline.differences.bundles import GROUP
from fleet_planner.pipeline.differences.tables import per_year
from fleet_planner.tables import pollutants
from fleet_planner.units import MASS_PER_T

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fleet_planner.outputs.checking.read import Kept

BASELINE = "baseline"
FLEET = (*GROUP, "count", "km_per_year", "share_inside", "baseline_row", "measures")
LONGEST = 30
READ = ("report_data.json", "summary.csv", "vehicles.parquet", "links.parquet", "measure_parts.parquet")
"""Files of a run that sides are made of."""
NUMBER, ROAD_BYTES = 8, 1200
"""Bytes of a number; of a link with its geometry and name, as they are read, held against others and drawn."""


@dataclass(frozen=True)
class Asked:
    """A side as the user names it: a run directory, and a scenario of it or "" where none is named."""

    folder: Path
    scenario: str


@dataclass(frozen=True)
class RunSide:
    """A scenario of a finished run.

    Parameters
    ----------
    kept
        Manifest and folder.
    scenario
        Name.
    titles
        Of the scenario with the run's name before it where runs differ, in English and Chinese.
    summary
        ``pollutant, unit, value_per_year, non_road_per_year`` of the scenario, tons as metric ones.
    fleet
        Vehicles with one column per pollutant, a day.
    links
        ``link_id, vkt_per_day`` and one column per pollutant, a day.
    """

    kept: Kept
    scenario: str
    titles: tuple[str, str]
    summary: pl.DataFrame
    fleet: FleetSide
    links: pl.DataFrame

    @property
    def pollutants(self) -> list[str]:
        """Pollutants that the run has, in the dictionary's order."""
        return [p.pollutant for p in pollutants() if p.pollutant in self.links.columns]

    def in_unit(self, unit: str) -> pl.DataFrame:
        """Return the summary with tons in another unit of mass."""
        factor = pl.when(pl.col("unit") == "t").then(MASS_PER_T[unit]).otherwise(1.0)
        values = ("value_per_year", "non_road_per_year")
        return self.summary.with_columns(
            *(pl.col(c) * factor for c in values),
            unit=pl.when(pl.col("unit") == "t").then(pl.lit(unit)).otherwise(pl.col("unit")),
        )


def asked_for(text: str, path_of: type[Path]) -> Asked:
    """Return the side that ``RUN_DIR`` or ``RUN_DIR:SCENARIO`` names; a folder with a colon in its name comes first."""
    whole = path_of(text)
    folder, colon, scenario = text.rpartition(":")
    if whole.exists() or not colon or not re.fullmatch(r"\w+", scenario):
        return Asked(whole, "")
    return Asked(path_of(folder), scenario)


def read_sides(asked: list[Asked]) -> list[RunSide]:
    """Return the sides to be compared; the first is what the others are compared with.

    One run without a scenario is its baseline and every scenario that it has; of several runs without scenarios the
    baselines are compared.

    Raises
    ------
    InputError
        A folder is no run, is damaged, or has no such scenario; there is nothing to compare.
    """
    kept = {a.folder: _run_of(a.folder) for a in asked}
    wanted = [(a.folder, a.scenario or BASELINE) for a in asked]
    if len(asked) == 1:
        names = _scenarios(kept[asked[0].folder])
        first = asked[0].scenario or names[0]
        wanted = [(asked[0].folder, first), *((asked[0].folder, n) for n in names if n != first)]
    wanted = list(dict.fromkeys(wanted))
    if len(wanted) == 1:
        told = "there is nothing to compare: one scenario of one run"
        raise InputError(told, "Name another run, or RUN_DIR:SCENARIO.", file=wanted[0][0])
    folders = list(dict.fromkeys(folder for folder, _ in wanted))
    _refuse_large(kept, wanted)
    runs = _names_of_runs(folders)
    return [_side(kept[folder], scenario, runs[folder] if len(folders) > 1 else "") for folder, scenario in wanted]


def _refuse_large(kept: Mapping[Path, Kept], wanted: Sequence[tuple[Path, str]]) -> None:
    """Refuse what would not fit into memory: links of every side thrice, and the roads of every run as objects."""
    links = {folder: rows_of(folder / "links.parquet") // len(_scenarios(run)) for folder, run in kept.items()}
    values = sum(links[folder] for folder, _ in wanted) * 3 * NUMBER * len(pollutants())
    refuse_beyond(
        values + sum(links.values()) * ROAD_BYTES,
        f"the comparison of {len(wanted)} sides of up to {max(links.values()):,} links",
        "Compare fewer sides, or runs of the city alone (network.clip).",
        file=wanted[0][0],
    )


def _names_of_runs(folders: list[Path]) -> dict[Path, str]:
    """Return a short name for every run that tells them apart."""
    short = [f.resolve().name for f in folders]
    long = [f"{f.resolve().parent.name}/{f.resolve().name}" for f in folders]
    chosen = short if len(set(short)) == len(short) else long
    if len(set(chosen)) < len(chosen):
        chosen = [f"{k + 1}: {name}" for k, name in enumerate(chosen)]
    return dict(zip(folders, chosen, strict=True))


def _run_of(folder: Path) -> Kept:
    kept = read_manifest(folder)
    if kept.content["command"] != "run":
        told = "these are not the results of `fleet-planner run`"
        raise InputError(told, "Name run directories.", file=folder, value=kept.content["command"])
    refuse_altered(kept, READ)
    return kept


def _scenarios(kept: Kept) -> list[str]:
    return [s["name"] for s in _report(kept)["scenarios"]]


def _report(kept: Kept) -> dict[str, Any]:
    path = kept.folder / "report_data.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        content["scenarios"][0]["name"]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError("a file of the run is missing or damaged", "Run the plan again.", file=path) from error
    return content


def _side(kept: Kept, scenario: str, run: str) -> RunSide:
    known = {s["name"]: s for s in _report(kept)["scenarios"]}
    if scenario not in known:
        raise InputError("the run has no such scenario", use_one_of(scenario, known), file=kept.folder, value=scenario)
    english, chinese = known[scenario]["en"], known[scenario]["zh"] or known[scenario]["en"]
    titles = (f"{run}: {english}", f"{run}：{chinese}") if run else (english, chinese)
    mass = mass_of(kept)
    try:
        summary = pl.read_csv(kept.folder / "summary.csv").filter(scenario=scenario)
        vehicles = pl.scan_parquet(kept.folder / "vehicles.parquet")
        links = pl.scan_parquet(kept.folder / "links.parquet").filter(scenario=scenario)
        day = {day_name(s): s for s in pollutants()}
        have = [c for c in links.collect_schema().names() if c in day]
        renamed = [(pl.col(c) * scale_of(day[c])).alias(day[c].pollutant) for c in have]
        return RunSide(
            kept,
            scenario,
            titles,
            _in_tons(summary, mass),
            FleetSide(
                vehicles.filter(scenario=scenario).select(*FLEET, *renamed).collect(),
                vehicles.filter(scenario=next(iter(known))).select(*FLEET, *renamed).collect(),
                _parts(kept.folder / "measure_parts.parquet", scenario),
            ),
            links.select("link_id", "vkt_per_day", *renamed).collect(),
        )
    except TABLE_FAULTS as error:
        told = first_line(error)
        raise InputError(f"the run is damaged: {told}", "Run the plan again.", file=kept.folder) from error


def _parts(path: Path, scenario: str) -> pl.DataFrame:
    """Return what each measure brings on vehicles with several, a day; nothing of runs without such vehicles."""
    if not path.is_file():
        return pl.DataFrame(schema=PARTS)
    year = {p.pollutant: per_year(p, "t") for p in pollutants()}
    own = pl.scan_parquet(path).filter(scenario=scenario).collect()
    per_day = pl.col("change_per_year") / pl.col("pollutant").replace_strict(year, return_dtype=pl.Float64)
    return own.with_columns(change_per_day=per_day).select(*PARTS)


def _in_tons(summary: pl.DataFrame, mass: float) -> pl.DataFrame:
    """Return the summary with metric tons in place of the run's unit of mass."""
    tons = [p.pollutant for p in pollutants() if p.unit_per_year == "t"]
    of_mass = pl.col("pollutant").is_in(tons)
    factor = pl.when(of_mass).then(mass).otherwise(1.0)
    return summary.select(
        "pollutant",
        pl.when(of_mass).then(pl.lit("t")).otherwise(pl.col("unit")).alias("unit"),
        *(pl.col(c) / factor for c in ("value_per_year", "non_road_per_year")),
    )


def ident(side: RunSide, taken: set[str]) -> str:
    """Return a short name of a side for columns, unlike those taken; it is added to them."""
    several = ":" in side.titles[0] and side.scenario == BASELINE
    text = f"{side.kept.folder.resolve().name}" if several else side.scenario
    plain = re.sub(r"\W+", "_", text.lower(), flags=re.ASCII).strip("_")[:LONGEST] or "second"
    name, k = plain, 2
    while name in taken:
        name, k = f"{plain}_{k}", k + 1
    taken.add(name)
    return name


def per_day_of(kept: Kept) -> dict[tuple[str, str], float]:
    """Return what the roads of a run emit on the average day by scenario and pollutant, in the inventory's units."""
    specs = {p.pollutant: p for p in pollutants()}
    mass = mass_of(kept)
    path = kept.folder / "summary.csv"
    try:
        summary = pl.read_csv(path)
        told = summary.select("scenario", "pollutant", pl.col("value_per_year") - pl.col("non_road_per_year"))
    except TABLE_FAULTS as error:
        raise InputError("the run is damaged", "Run the plan again.", file=path) from error
    return {
        (scenario, name): value / per_year(specs[name], "t") / (mass if specs[name].unit_per_year == "t" else 1.0)
        for scenario, name, value in told.iter_rows()
    }
