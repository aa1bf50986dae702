"""What a state of a fleet emits, as terms that every draw multiplies.

The inventory is a sum over stream, technology and process (a channel). What a draw changes multiplies such sums:

* a factor's error: the same for all vehicles of a category, fuel, standard and aftertreatment as built, pollutant and
  process; what a device fitted later changes has an error of its own, that of the measure's effect;
* vehicle-km by stream, and their distribution over groups of roads: the histogram is cut by group of roads;
* the mix of standards within a stream, its vehicle-km kept; visiting vehicles;
* the effects of measures: a ratio to the effect that the run takes;
* speeds: the histogram is moved along the speed grid to two nodes per hour group, and a parabola through the nodes and
  the run stands for what lies between (an approximation; everything else is exact).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.factors.compiling.channels import CHANNELS, DAYS_PER_KM, MEASURED, POLLUTANTS, base_of
from fleet_planner.factors.processes.idling import KINDS
from fleet_planner.factors.stand_ins import base_aftertreatment
from fleet_planner.inventory.carried import POLLUTANT_OF
from fleet_planner.inventory.compute import named_where_driven
from fleet_planner.inventory.weights import CHANNEL_DRIVER, CHANNEL_MEASURE, fleet_arrays
from fleet_planner.kernels import inventory as kernel
from fleet_planner.uncertainty.roads import means_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.inventory.weights import FleetContext
    from fleet_planner.uncertainty.roads import Roads

Array = NDArray[np.float64]
Index = NDArray[np.int64]

ELECTRIC = {"CO2_grid": "electricity_kwh"}
"""CO2 of electricity has the error of its use; that of the grid comes on top."""

STANDING = np.array([c.driver == DAYS_PER_KM or c.driver.partition(":")[0] in KINDS for c in CHANNELS], dtype=np.bool_)
"""Channels that go with the day, not with the kilometres."""

BASES = tuple(dict.fromkeys((ELECTRIC.get(c.pollutant, base_of(c.pollutant)), c.process) for c in CHANNELS))
BASE_OF_CHANNEL = np.array(
    [BASES.index((ELECTRIC.get(c.pollutant, base_of(c.pollutant)), c.process)) for c in CHANNELS], dtype=np.int64
)
FACTOR_KEY = ("category", "fuel", "standard", "aftertreatment")
VISITING = "visiting_"
SCOPE = ("stream", "category", "fuel", "visiting", "label")


@dataclass(frozen=True)
class Driven:
    """A fleet as it drives in a state.

    Parameters
    ----------
    vehicles, multipliers
        After measures, faults and tests.
    before
        Standard of each vehicle before measures.
    derived
        Whether each standard was derived rather than given.
    label
        What vehicles are told apart by in the outputs; nothing: not at all.
    apart
        Whether the vehicles of each label keep their vehicle-km when the mix of standards changes, not the stream's.
    untreated
        The same vehicles before their measures, see `inventory.compute.by_vehicle`.
    """

    vehicles: pl.DataFrame
    multipliers: pl.DataFrame
    before: pl.Series
    derived: pl.Series
    label: pl.Series | None = None
    apart: bool = False
    untreated: pl.DataFrame | None = None

    @property
    def labels(self) -> pl.Series:
        """Label of each row."""
        return pl.Series([""] * self.vehicles.height, dtype=pl.String) if self.label is None else self.label

    @property
    def kept(self) -> pl.Series:
        """What keeps its vehicle-km within the stream, by row."""
        labels = self.labels
        return labels if self.apart else pl.Series([""] * len(labels), dtype=pl.String)


@dataclass(frozen=True)
class Terms:
    """Terms of one state; I terms.

    Parameters
    ----------
    by_road, standing, shift
        See `kernels.draws.drawn_totals`.
    stream, factor, mix, effect, out_of
        Rows of ``streams``, ``factors``, ``mixes``, ``effects``, ``outputs``.
    streams
        Names of whole streams. A ``stream`` beyond them, by their number, is one that goes with the day on roads
        that draws weigh: it follows how its stream's vehicle-km are spread, not how many they are.
    factors
        Names of the inputs of factors.
    mixes
        ``stream, kept, standard, km, derived``: vehicle-km and the share of them whose standard was derived; those
        of one stream and ``kept`` together keep their vehicle-km.
    effects
        ``measures, filtered, pollutant``: what acts; the first is nothing.
    outputs
        ``stream, category, fuel, visiting, label``.
    km
        Vehicle-km of the average day by stream and group of roads, shape (streams, R).
    """

    by_road: Array
    standing: Array
    shift: Array
    stream: Index
    factor: Index
    mix: Index
    effect: Index
    out_of: Index
    streams: tuple[str, ...]
    factors: tuple[str, ...]
    mixes: pl.DataFrame
    effects: pl.DataFrame
    outputs: pl.DataFrame
    km: Array

    def central(self) -> Array:
        """Return the emissions without a draw, shape (outputs, P), average day."""
        width = self.outputs.height * len(POLLUTANTS)
        value = self.by_road.sum(axis=1) + self.standing
        sums: Array = np.bincount(self.out_of, weights=value, minlength=width).astype(np.float64)
        return sums.reshape(-1, len(POLLUTANTS))


def factor_name(technology: Mapping[str, str], base: tuple[str, str]) -> str:
    """Return the name of the input of a factor: a device that was fitted later leaves the factor the one it was."""
    fitted = {**technology, "aftertreatment": base_aftertreatment(technology["aftertreatment"])}
    return "factors:" + "/".join([*(fitted[k] for k in FACTOR_KEY), *base])


def terms_of(driven: Driven, factors: FactorTable, roads: Roads, context: FleetContext) -> Terms:
    """Return the terms of a state whose streams drive where `roads_of` has them.

    Parameters
    ----------
    driven
        The fleet.
    factors
        Compiled for its technologies, on the conditions of ``roads``.
    roads
        Where it drives; its vehicle-km may be others, stream by stream.
    context
        Hours of idling.
    """
    inventory = roads.inventory
    parts = inventory.parts or inventory.streams
    named = named_where_driven(driven.vehicles, inventory, driven.untreated)
    fleet = fleet_arrays(named, driven.multipliers, factors, parts, context)
    mean = means_of(factors, fleet.entry_stream, fleet.entry_technology, roads)
    cells, cell = _cells(driven, fleet.entry)
    scaling = (fleet.measure, CHANNEL_MEASURE, fleet.driver, CHANNEL_DRIVER)
    weight, km_cell = kernel.entry_weights(fleet.km_per_day, cell, fleet.load, *scaling, cells.height)
    entry = cells["entry"].to_numpy().astype(np.int64)
    weight *= factors.scale[fleet.entry_technology[entry]][:, None, :]
    value = np.stack([(weight * m[entry]).sum(axis=1) for m in mean])  # (R + 2 H, cells, channels)
    streams = tuple(dict.fromkeys(roads.stream_of(s) for s in parts))
    whole = np.array([streams.index(roads.stream_of(s)) for s in parts], dtype=np.int64)
    technology = fleet.entry_technology[entry]
    return _gathered(
        value,
        cells,
        _of_cells(technology, whole[fleet.entry_stream[entry]], factors, streams).with_columns(cells["label"]),
        streams,
        km_cell,
        roads,
    )


def _cells(driven: Driven, entry: Index) -> tuple[pl.DataFrame, Index]:
    """Return the distinct cells of vehicles that every draw treats alike, and the cell of each vehicle."""
    rows = driven.vehicles
    measures = rows["measures"] if "measures" in rows.columns else pl.Series([""] * rows.height)
    keys = pl.DataFrame(
        {
            "entry": entry,
            "before": driven.before,
            "derived": driven.derived,
            "measures": measures,
            "filtered": rows["aftertreatment"].str.contains("DPF", literal=True),
            "label": driven.labels,
            "kept": driven.kept,
        }
    )
    cells = keys.unique(maintain_order=True).with_row_index("cell")
    cell = keys.join(cells, on=keys.columns, how="left", maintain_order="left")["cell"]
    return cells, cell.to_numpy().astype(np.int64)


def _of_cells(technology: Index, stream: Index, factors: FactorTable, streams: tuple[str, ...]) -> pl.DataFrame:
    """Return stream, technology and scope of each cell."""
    as_built = pl.col("aftertreatment").map_elements(base_aftertreatment, return_dtype=pl.String)
    named: pl.DataFrame = factors.technologies.select(FACTOR_KEY).with_columns(as_built)[technology.tolist()]
    name = pl.Series("stream", [streams[s] for s in stream])
    return named.with_columns(name, name.str.starts_with(VISITING).alias("visiting"), pl.Series("stream_id", stream))


def _gathered(
    value: Array, cells: pl.DataFrame, of: pl.DataFrame, streams: tuple[str, ...], km_cell: Array, roads: Roads
) -> Terms:
    """Add up the cells and channels that every draw multiplies alike."""
    n_roads = roads.by_road.shape[0]
    used_cell, used_channel = np.nonzero(np.abs(value).sum(axis=0) > 0.0)
    vectors = value[:, used_cell, used_channel]
    mix_key = of.select("stream").with_columns(cells["kept"], standard=cells["before"])
    mixes = (
        mix_key.with_columns(km=pl.Series(km_cell), known=pl.Series(km_cell) * cells["derived"].cast(pl.Float64))
        .group_by("stream", "kept", "standard", maintain_order=True)
        .agg(pl.col("km").sum(), pl.col("known").sum())
        .with_columns(derived=pl.when(pl.col("km") > 0.0).then(pl.col("known") / pl.col("km")))
        .drop("known")
    )
    mix = _code(mix_key, mixes.select("stream", "kept", "standard"))
    technology = of.select(FACTOR_KEY).unique(maintain_order=True)
    outputs = of.select(SCOPE).unique(maintain_order=True)
    tech, scope = _code(of.select(FACTOR_KEY), technology), _code(of.select(SCOPE), outputs)
    sets = cells.select("measures", "filtered").unique(maintain_order=True)
    acting = _code(cells.select("measures", "filtered"), sets)
    columns = CHANNEL_MEASURE[used_channel] + 1
    width = int(CHANNEL_MEASURE.max()) + 2
    effect_raw = np.where(sets["measures"].to_numpy()[acting[used_cell]] == "", 0, acting[used_cell] * width + columns)
    effect_raw = np.where(columns == 0, 0, effect_raw)
    keys = np.stack(
        [
            np.asarray(of["stream_id"].to_numpy()[used_cell]),
            tech[used_cell] * len(BASES) + BASE_OF_CHANNEL[used_channel],
            mix[used_cell],
            effect_raw,
            scope[used_cell] * len(POLLUTANTS) + POLLUTANT_OF[used_channel],
            STANDING[used_channel].astype(np.int64),
        ],
        axis=1,
    )
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    sums = np.zeros((value.shape[0], distinct.shape[0]))
    for k in range(value.shape[0]):
        sums[k] = np.bincount(place.ravel(), weights=vectors[k], minlength=distinct.shape[0])
    base = sums[:n_roads].sum(axis=0)
    standing = distinct[:, 5] == 1
    weighted = roads.km is not None  # where a vehicle stands matters then
    kept = standing & (not weighted)
    shift = np.divide(sums[n_roads:], base, out=np.zeros_like(sums[n_roads:]), where=np.abs(base) > 0.0)
    names, factor = np.unique(distinct[:, 1], return_inverse=True)
    described = list(technology.iter_rows(named=True))
    effects, effect = np.unique(np.append(distinct[:, 3], 0), return_inverse=True)
    km = np.zeros((len(streams), n_roads))
    parts = roads.inventory.parts or roads.inventory.streams
    for i, part in enumerate(parts):
        km[streams.index(roads.stream_of(part))] += roads.by_road[:, i].sum(axis=(1, 2, 3))
    return Terms(
        by_road=np.ascontiguousarray(np.where(kept, 0.0, sums[:n_roads]).T),
        standing=np.where(kept, base, 0.0),
        shift=np.ascontiguousarray(np.where(standing, 0.0, shift).T.reshape(distinct.shape[0], shift.shape[0] // 2, 2)),
        stream=np.ascontiguousarray(distinct[:, 0] + len(streams) * (standing & weighted)),
        factor=factor.ravel().astype(np.int64),
        mix=np.ascontiguousarray(distinct[:, 2]),
        effect=effect.ravel()[:-1].astype(np.int64),
        out_of=np.ascontiguousarray(distinct[:, 4]),
        streams=streams,
        factors=tuple(factor_name(described[n // len(BASES)], BASES[n % len(BASES)]) for n in names),
        mixes=mixes.with_columns(pl.col("derived").fill_null(0.0)),
        effects=_effect_frame(effects, sets, width),
        outputs=outputs,
        km=km,
    )


def _effect_frame(codes: Index, sets: pl.DataFrame, width: int) -> pl.DataFrame:
    rows = []
    for code in codes:
        acting, column = divmod(int(code), width)
        if code == 0:
            rows.append(("", False, ""))
        else:
            measures, filtered = sets.row(acting)
            rows.append((measures, filtered, MEASURED[column - 1]))
    schema = {"measures": pl.String, "filtered": pl.Boolean, "pollutant": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _code(rows: pl.DataFrame, known: pl.DataFrame) -> Index:
    """Return the row of ``known`` that each row is."""
    placed = known.with_row_index("place")
    coded = rows.join(placed, on=rows.columns, how="left", maintain_order="left", nulls_equal=True)
    return coded["place"].to_numpy().astype(np.int64)
