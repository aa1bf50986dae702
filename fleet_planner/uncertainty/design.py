"""Which inputs the terms of a run's states need, and what a sample of them makes of each term."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.activity.profiles import base_stream
from fleet_planner.factors.compiling.channels import POLLUTANTS
from fleet_planner.factors.compiling.uncertainty import code_of, interval_95
from fleet_planner.kernels.draws import drawn_totals
from fleet_planner.scenarios import measures_table
from fleet_planner.scenarios.effects import BURNT, DRIVEN, FOLLOWS
from fleet_planner.uncertainty.roads import HOUR_GROUPS, road_groups
from fleet_planner.uncertainty.terms import FACTOR_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_planner.uncertainty.inputs import Input, Spreads
    from fleet_planner.uncertainty.sampling import Sample
    from fleet_planner.uncertainty.terms import Terms

Array = NDArray[np.float64]
ELECTRICITY = "electricity_kwh"
GRID_POLLUTANT = "CO2_grid"
NODE_WITHOUT = 1.1
"""Nodes of speeds that are not drawn: any but 1."""
AT_ONCE = 256
"""So many draws are multiplied out at a time: memory follows it."""


def speed_nodes(spreads: Spreads) -> Array:
    """Return the multipliers of the speeds at the nodes, shape (hour groups, 2): the ends of their bands."""
    nodes = []
    for hours in HOUR_GROUPS:
        one = spreads.make(f"speeds.{hours}", "")
        within = one.low < 1.0 < one.high
        beyond = (min(one.low, 1.0 / NODE_WITHOUT), max(one.high, NODE_WITHOUT))  # a band to one side of the run
        nodes.append((one.low, one.high) if within else beyond)
    return np.array(nodes)


@dataclass
class Collector:
    """Collects the inputs of all states, each once."""

    spreads: Spreads
    inputs: dict[str, Input] = field(default_factory=dict)
    effects: Effects = field(default_factory=lambda: Effects(measures_table()))

    def add(self, name: str, item: str = "", low: float | None = None, high: float | None = None) -> None:
        """Add an input unless it is there."""
        label = f"{name}:{item}" if item else name
        if label not in self.inputs:
            self.inputs[label] = self.spreads.make(name, item, low, high)

    def collect(self, terms: Terms) -> None:
        """Add the inputs of a state."""
        for label in terms.factors:
            if label not in self.inputs:
                self._factor(label)
        for stream in terms.streams:
            local = base_stream(stream)
            self.add("activity", local)
            self.add("growth", local)
            if local != stream:
                self.add("mix.visiting", local)
        for group in road_groups():
            self.add(f"roads.{group}")
        for hours in HOUR_GROUPS:
            self.add(f"speeds.{hours}")
        self.add("grid")
        self.add("nonroad")
        self._mixes(terms)
        for measures, filtered, pollutant in terms.effects.iter_rows():
            for item, low, high in self.effects.acting(measures, pollutant, filtered=filtered):
                self.add("effects", item, low, high)

    def _mixes(self, terms: Terms) -> None:
        """Add the inputs of the mix of standards: between those of given and of derived standards."""
        given, derived = self.spreads.make("mix.given", ""), self.spreads.make("mix.derived", "")
        for stream, standard, share in terms.mixes.select("stream", "standard", "derived").iter_rows():
            label = f"mix.derived:{stream}/{standard}"
            if label not in self.inputs:
                low, high = (
                    float(np.exp((1.0 - share) * np.log(a) + share * np.log(b)))
                    for a, b in ((given.low, derived.low), (given.high, derived.high))
                )
                self.inputs[label] = replace(derived, name=label, low=low, high=high)

    def _factor(self, label: str) -> None:
        *technology, pollutant, process = label.removeprefix("factors:").split("/")
        item = label.removeprefix("factors:")
        if pollutant == ELECTRICITY:
            one = self.spreads.make("factors.electricity", item)
        else:
            code = code_of(dict(zip(FACTOR_KEY, technology, strict=True)), pollutant, process)
            one = self.spreads.make("factors", item, *interval_95(code))
        self.inputs[label] = replace(one, name=label)


@dataclass
class Effects:
    """The ranges of the measures' effects."""

    measures: pl.DataFrame
    known: dict[tuple[str, str, bool], tuple[tuple[str, float, float], ...]] = field(default_factory=dict)

    def acting(self, measures: str, pollutant: str, *, filtered: bool) -> tuple[tuple[str, float, float], ...]:
        """Return name and ends of every effect with a range that acts on a pollutant of a vehicle with measures.

        The ends are ratios to what the run takes, 1 + change.
        """
        key = (measures, pollutant, filtered)
        if key not in self.known:
            found = [self._of(measure, pollutant, filtered=filtered) for measure in measures.split(",") if measure]
            self.known[key] = tuple(one for one in found if one is not None)
        return self.known[key]

    def _of(self, measure: str, pollutant: str, *, filtered: bool) -> tuple[str, float, float] | None:
        rows = self.measures.filter((pl.col("measure_id") == measure) & pl.col("modelled").is_in(["yes", "on_top"]))
        if rows.is_empty():
            return None
        kind = rows["kind"][0]
        if kind == "fuel":
            rows = rows.filter(pl.col("effect_on").is_in(["with_filter" if filtered else "legacy", "any"]))
        by_name = {row["pollutant"]: row for row in rows.iter_rows(named=True)}
        name = pollutant
        carried = DRIVEN if kind == "running_gear" else BURNT
        if kind != "fuel" and name in carried and name not in by_name:
            name = "CO2"
        while name not in by_name and name in FOLLOWS:
            name = FOLLOWS[name]
        row = by_name.get(name)
        if row is None or row["low"] is None or row["high"] is None or row["change_pct"] is None:
            return None
        central = 1.0 + row["change_pct"] / 100.0
        low, high = (max(1.0 + row[end] / 100.0, 0.0) / central if central > 0.0 else 1.0 for end in ("low", "high"))
        if not low < high:
            return None
        return f"{measure}/{row['effect_on']}/{name}", low, high


@dataclass(frozen=True)
class Drawer:
    """Draws of states by one sample."""

    sample: Sample
    nodes: Array
    effects: Effects

    def of(self, name: str) -> Array:
        """Return the multipliers of one input, shape (draws,)."""
        return self.sample.values[:, self._place[name]]

    def has(self, name: str) -> bool:
        """Return whether an input is drawn."""
        return name in self._place

    @cached_property
    def _place(self) -> dict[str, int]:
        return {one.name: i for i, one in enumerate(self.sample.inputs)}

    def first(self, draws: int) -> Drawer:
        """Return the first draws alone."""
        return replace(self, sample=replace(self.sample, values=self.sample.values[:draws]))

    def on_roads(self, terms: Terms, chosen: Sequence[str]) -> Array:
        """Return what draws make of each stream's emissions on each group of roads, shape (R, P, streams, draws).

        What does not go with the kilometres is spread over the roads like them.

        Parameters
        ----------
        terms
            Of a state.
        chosen
            The P pollutants.
        """
        km = terms.km.sum(axis=1, keepdims=True)
        share = np.divide(terms.km, km, out=np.zeros_like(terms.km), where=km > 0.0)
        streams = pl.DataFrame({"stream": terms.streams})
        place = POLLUTANTS.index(GRID_POLLUTANT)
        out = np.ones((len(road_groups()), len(chosen), len(terms.streams), self.sample.values.shape[0]))
        for r in range(out.shape[0]):
            there = np.zeros_like(terms.by_road)
            there[:, r] = terms.by_road[:, r]
            by_stream = replace(
                terms,
                by_road=there,
                standing=terms.standing * share[terms.stream, r],
                out_of=terms.stream * len(POLLUTANTS) + terms.out_of % len(POLLUTANTS),
                outputs=streams,
            )
            drawn, central = self.totals(by_stream, 0.0, chosen), by_stream.central()
            drawn[:, :, place] *= self.of("grid")[:, None]
            for p, name in enumerate(chosen):
                at = POLLUTANTS.index(name)
                known = central[:, at] > 0.0
                out[r, p, known] = (drawn[:, known, at] / central[known, at]).T
        return out

    def totals(self, terms: Terms, years_later: float = 0.0, chosen: Sequence[str] = POLLUTANTS) -> Array:
        """Return the emissions of a state in every draw, shape (draws, outputs, P), average day.

        Parameters
        ----------
        terms
            Of the state.
        years_later
            Years after the base year.
        chosen
            Pollutants; the others are left at nought.
        """
        place = self._place
        width = terms.outputs.height * len(POLLUTANTS)
        draws = self.sample.values.shape[0]
        out = np.empty((draws, width))
        wanted = np.isin(terms.out_of % len(POLLUTANTS), [POLLUTANTS.index(p) for p in chosen])
        fixed = [
            np.ascontiguousarray(a[wanted])
            for a in (
                *(terms.by_road, terms.standing, terms.shift, terms.stream),
                *(terms.factor, terms.mix, terms.effect, terms.out_of),
            )
        ]
        factors = [place[name] for name in terms.factors]
        for first in range(0, draws, AT_ONCE):
            part = self.sample.values[first : first + AT_ONCE]
            out[first : first + AT_ONCE] = drawn_totals(
                *fixed,
                width,
                km_of(part, place, terms, years_later),
                np.ascontiguousarray(part[:, factors]),
                mixes_of(part, place, terms),
                effects_of(part, place, terms, self.effects),
                node_weights(part[:, [place[f"speeds.{h}"] for h in HOUR_GROUPS]], self.nodes),
            )
        return out.reshape(draws, terms.outputs.height, len(POLLUTANTS))


def km_of(values: Array, place: Mapping[str, int], terms: Terms, years_later: float) -> Array:
    """Return the multipliers of vehicle-km, shape (draws, 2 streams, R): a stream's total, and its spread on roads.

    The multipliers of groups of roads move vehicle-km between them; the stream keeps its total. The second half of the
    streams is how they are spread alone.
    """
    locals_ = [base_stream(s) for s in terms.streams]
    total = values[:, [place[f"activity:{s}"] for s in locals_]]
    total = total * values[:, [place[f"growth:{s}"] for s in locals_]] ** years_later
    roads = values[:, [place[f"roads.{g}"] for g in road_groups()]]
    km = terms.km.sum(axis=1, keepdims=True)
    share = np.divide(terms.km, km, out=np.zeros_like(terms.km), where=km > 0.0)
    spread = roads @ share.T
    spread = np.where(spread > 0.0, spread, 1.0)
    moved = roads[:, None, :] / spread[:, :, None]
    return np.ascontiguousarray(np.concatenate([total[:, :, None] * moved, moved], axis=1))


def mixes_of(values: Array, place: Mapping[str, int], terms: Terms) -> Array:
    """Return the multipliers of the vehicles by stream and standard, shape (draws, X): a stream keeps its vehicle-km.

    So do the vehicles within it that are told apart.

    Those of visiting streams are then multiplied by the error of the visiting share.
    """
    labels = [f"mix.derived:{s}/{k}" for s, k in terms.mixes.select("stream", "standard").iter_rows()]
    out = values[:, [place[label] for label in labels]].copy()
    km = terms.mixes["km"].to_numpy()
    numbered = terms.mixes.with_row_index("row")
    for (name, _), rows in numbered.group_by(["stream", "kept"], maintain_order=True):
        own = rows["row"].to_numpy()
        total = km[own].sum()
        if total > 0.0:
            out[:, own] /= (out[:, own] @ km[own] / total)[:, None]
        local = base_stream(str(name))
        if local != name:
            out[:, own] *= values[:, [place[f"mix.visiting:{local}"]]]
    return np.ascontiguousarray(out)


def effects_of(values: Array, place: Mapping[str, int], terms: Terms, effects: Effects) -> Array:
    """Return the ratios of the measures' effects to the run's, shape (draws, Q)."""
    out = np.ones((values.shape[0], terms.effects.height))
    for q, (measures, filtered, pollutant) in enumerate(terms.effects.iter_rows()):
        for item, _, _ in effects.acting(measures, pollutant, filtered=filtered):
            out[:, q] *= values[:, place[f"effects:{item}"]]
    return out


def node_weights(speeds: Array, nodes: Array) -> Array:
    """Return the weights of the nodes at multipliers of the speeds, shape (draws, H, 2): a parabola in their logarithm.

    Through (node, change), (1, 0), (node, change).
    """
    x = np.log(speeds)[:, :, None]
    ends = np.log(nodes)[None]
    other = ends[:, :, ::-1]
    return np.ascontiguousarray(x * (x - other) / (ends * (ends - other)))
