"""The options that vehicles have: each measure by itself, and those that go together, a retrofit and a fuel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_planner.errors import PlanError, use_one_of
from fleet_planner.plan.models import Scenario, ScenarioMeasure
from fleet_planner.scenarios.catalogue import FUEL, PACKAGE, REPLACEMENT, RETROFIT, RUNNING_GEAR, SULPHUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

JOINED = " + "
TOGETHER = "package"
KINDS = {
    RETROFIT: RETROFIT,
    RUNNING_GEAR: RETROFIT,
    REPLACEMENT: REPLACEMENT,
    PACKAGE: REPLACEMENT,
    FUEL: FUEL,
    SULPHUR: FUEL,
}
"""What a kind of measure counts as where options are compared: something fitted, a new vehicle, something burnt."""


@dataclass(frozen=True)
class Option:
    """One way to treat a vehicle.

    Parameters
    ----------
    name
        Its measures, joined.
    kind
        As in the table of measures; ``package`` also where several are joined.
    measures
        In the canonical order.
    title_en, title_zh
        For people.
    streams
        By measure: the streams that may take it, where not all may that have a suitable vehicle.
    asked
        What a plan names to get the measures: a packaged package by its own name. Empty: the measures.
    """

    name: str
    kind: str
    measures: tuple[str, ...]
    title_en: str
    title_zh: str
    streams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    def scenario(self) -> Scenario:
        """Return the scenario that offers it to every vehicle that can take it."""
        wanted = [
            ScenarioMeasure(measure=m, streams=list(self.streams.get(m, ()))) for m in self.asked or self.measures
        ]
        return Scenario(name="option", title=self.title_en, title_zh=self.title_zh, measure=wanted)


def options_of(
    names: Sequence[str], measures: pl.DataFrame, streams: Mapping[str, tuple[str, ...]] | None = None
) -> list[Option]:
    """Return the options that measures make: each alone, and every retrofit with every fuel or cleaner diesel.

    Parameters
    ----------
    names
        Measures to compare, in any order; each counts once.
    measures
        From `measures_table`.
    streams
        Streams that a plan offers a measure to; they are added to those of the table, where it names any.

    Raises
    ------
    PlanError
        A name is none of the packaged retrofits, fuels and replacements.
    """
    known = {r["measure_id"]: r for r in measures.unique("measure_id", keep="first").iter_rows(named=True)}
    for name in names:
        if name not in known:
            raise PlanError(
                "measures that are compared are retrofits, fuels and replacements of the packaged table",
                use_one_of(name, sorted(known)),
                column="comparison.measures",
                value=name,
            )
    rows = [known[name] for name in sorted(set(names))]
    single = []
    for row in rows:
        name = row["measure_id"]
        own = {*row["streams"].split("|"), *(streams or {}).get(name, ())} - {""} if row["streams"] else set()
        only = {name: tuple(sorted(own))} if own else {}
        parts = tuple(row["parts"].split("|")) if row["parts"] else (name,)
        single.append(Option(name, row["kind"], parts, row["title_en"], row["title_zh"], only, (name,)))
    # with cleaner diesel a filter may come that the city's diesel would poison
    devices, fuels = ([o for o in single if o.kind in kinds] for kinds in (("retrofit",), ("fuel", "sulphur")))
    together = [
        Option(
            JOINED.join((d.name, f.name)),
            TOGETHER,
            (d.name, f.name),
            JOINED.join((d.title_en, f.title_en)),
            JOINED.join((d.title_zh, f.title_zh)),
        )
        for d in devices
        for f in fuels
    ]
    return single + together
