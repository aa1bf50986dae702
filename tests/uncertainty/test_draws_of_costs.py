"""Draws of money are whole runs with other inputs: other factors, kilometres, effects, costs and prices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from drawn_city import prepared_city

from fleet_planner.activity.profiles import base_stream
from fleet_planner.factors.compiling.channels import CHANNELS, MEASURED
from fleet_planner.inventory import compute_inventory
from fleet_planner.pipeline.comparing import options as options_module
from fleet_planner.pipeline.comparing.comparison import compare
from fleet_planner.pipeline.costing.scenario_costs import costs_of
from fleet_planner.pipeline.drawing.parts import what_is_drawn
from fleet_planner.pipeline.drawing.per_tonne import option_draws
from fleet_planner.pipeline.drawing.states import ground_of
from fleet_planner.pipeline.telling.results import ScenarioResult
from fleet_planner.uncertainty.design import Drawer
from fleet_planner.uncertainty.sampling import Sample, cube
from fleet_planner.uncertainty.terms import BASE_OF_CHANNEL, BASES, factor_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from fleet_planner.factors.compiling.table import FactorTable
    from fleet_planner.pipeline.drawing.states import Ground
    from fleet_planner.pipeline.prepare import Prepared
    from fleet_planner.plan.economics import EconomicsSection

EXACT = 1e-9
DRAWS = 3
STILL = ("speeds.", "mix.", "roads.")
"""Tested with the draws of emissions; not changed here."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared_city(
        tmp_path_factory.mktemp("costs"), "[uncertainty]\ndraws = 64\n[economics]\nhorizon_years = 5\n"
    )


@pytest.fixture(scope="module")
def ground(city: Prepared) -> Ground:
    start, first = city.computed.states[0]
    results = [
        ScenarioResult(
            s, i, costs_of((s, i), (start, first) if k else None, city.run.measures, city.plan, city.computed)
        )
        for k, (s, i) in enumerate(city.computed.states)
    ]
    return ground_of(city, what_is_drawn(city, results))


@pytest.fixture(scope="module")
def values(ground: Ground) -> NDArray[np.float64]:
    drawn = ground.sampler.values(cube(DRAWS, ground.sampler.dimensions, "sobol", 5))
    still = np.array([one.name.startswith(STILL) for one in ground.sampler.inputs])
    return np.where(still[None, :], 1.0, drawn)


@pytest.fixture(scope="module")
def drawer(ground: Ground, values: NDArray[np.float64]) -> Drawer:
    like = ground.drawer(np.full((1, ground.sampler.dimensions), 0.5))
    return Drawer(Sample(ground.sampler.inputs, values), like.nodes, like.effects)


def scaled_factors(factors: FactorTable, value: Mapping[str, float]) -> FactorTable:
    scale = factors.scale.copy()
    for t, technology in enumerate(factors.technologies.iter_rows(named=True)):
        for c in range(len(CHANNELS)):
            scale[t, c] *= value.get(factor_name(technology, BASES[BASE_OF_CHANNEL[c]]), 1.0)
    return replace(factors, scale=scale)


def with_effects(
    multipliers: pl.DataFrame, rows: pl.DataFrame, value: Mapping[str, float], drawer: Drawer
) -> pl.DataFrame:
    out = multipliers
    for name in MEASURED:
        ratio = [
            np.prod([value[f"effects:{item}"] for item, _, _ in drawer.effects.acting(m, name, filtered="DPF" in a)])
            for m, a in rows.select("measures", "aftertreatment").iter_rows()
        ]
        out = out.with_columns(pl.col(name) * pl.Series(ratio, dtype=pl.Float64))
    return out


def driven_more(rows: pl.DataFrame, value: Mapping[str, float]) -> pl.DataFrame:
    more = [value[f"activity:{base_stream(s)}"] for s in rows["stream"]]
    return rows.with_columns(km_per_year=pl.col("km_per_year") * pl.Series(more))


def priced(section: EconomicsSection, value: Mapping[str, float]) -> EconomicsSection:
    """Return the prices of a draw; fuels without a price of their own cost what diesel does."""
    by = {f: value[f"prices.fuel:{f}"] for f in ("diesel", "cng", "hydrogen", "premium")}
    diesel = by["diesel"]
    petrol_as_diesel = {
        "other_fuel_usd_per_kg": {f: p * value[f"prices.fuel:{f}"] for f, p in section.other_fuel_usd_per_kg.items()}
    }
    return section.model_copy(
        update={
            "diesel_usd_per_l": section.diesel_usd_per_l * diesel,
            "cng_usd_per_kg": section.cng_usd_per_kg * by["cng"],
            "hydrogen_usd_per_kg": section.hydrogen_usd_per_kg * by["hydrogen"],
            "electricity_usd_per_kwh": section.electricity_usd_per_kwh * value["prices.electricity"],
            "fuel_premium_usd_per_l": {m: p * by["premium"] for m, p in section.fuel_premium_usd_per_l.items()},
            **petrol_as_diesel,
        }
    )


def costlier(measures: pl.DataFrame, value: Mapping[str, float]) -> pl.DataFrame:
    def by(name: str) -> pl.Expr:
        known = {m: value.get(f"{name}:{m}", 1.0) for m in measures["measure_id"].unique()}
        return pl.col("measure_id").replace_strict(known, return_dtype=pl.Float64)

    return measures.with_columns(
        capex=pl.col("capex") * by("costs.capex"), opex_per_year=pl.col("opex_per_year") * by("costs.opex")
    )


def changed(city: Prepared, value: Mapping[str, float]) -> Prepared:
    """Return the city with the baseline of a draw: its kilometres, factors, prices and costs."""
    computed = city.computed
    start, _ = computed.states[0]
    km = computed.activity.km.copy()
    for s, stream in enumerate(computed.activity.streams):
        km[s] *= value[f"activity:{base_stream(stream)}"]
    activity = replace(computed.activity, km=np.ascontiguousarray(km))
    factors = scaled_factors(computed.factors, value)
    vehicles = driven_more(start.vehicles, value)
    first = compute_inventory(
        vehicles, start.multipliers, city.network.links, activity, factors, computed.setting.context
    )
    now = replace(computed, activity=activity, states=((replace(start, vehicles=vehicles), first),))
    run = replace(city.run, measures=costlier(city.run.measures, value))
    plan = city.plan.model_copy(update={"economics": priced(city.plan.economics, value)})
    return replace(city, computed=now, run=run, plan=plan)


def test_costs_of_a_tonne_are_whole_runs_with_other_inputs(
    city: Prepared, ground: Ground, values: NDArray[np.float64], drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = compare(city.plan, city.run, city.computed, city.fleet, city.elsewhere)
    assert found is not None
    drawn = option_draws(city, ground, drawer, found)
    states, findings = options_module.compared_states(city.plan, city.run, city.fleet)
    compiled = options_module.compile_factors
    for draw in range(DRAWS):
        value = dict(zip((one.name for one in ground.sampler.inputs), values[draw].tolist(), strict=True))
        moved = [(o, driven_more(v, value), with_effects(m, v, value, drawer)) for o, v, m in states]
        monkeypatch.setattr(options_module, "compared_states", lambda *_, moved=moved: (moved, findings))
        monkeypatch.setattr(
            options_module, "compile_factors", lambda *a, value=value: scaled_factors(compiled(*a), value)
        )
        other = changed(city, value)
        elsewhere = replace(city.elsewhere, grid_kg_per_kwh=city.elsewhere.grid_kg_per_kwh * value["grid"])
        again = compare(other.plan, other.run, other.computed, other.fleet, elsewhere)
        assert again is not None
        checked = 0
        for row in again.cost_effectiveness.iter_rows(named=True):
            one = drawn[row["stream"], row["option"]]
            assert one.cost[draw] == pytest.approx(row["cost_usd2024_per_year"], rel=EXACT)
            assert one.avoided[row["pollutant"]][draw] == pytest.approx(row["avoided_t_per_year"], rel=EXACT, abs=EXACT)
            checked += row["usd2024_per_t"] is not None
        assert checked
