"""A charger of another connector is never assigned: plans held against the sites' own words, not the programme's."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.chargers.building.assemble import assemble
from fleet_planner.chargers.building.options import usual_connector
from fleet_planner.chargers.building.solve import solve_build
from fleet_planner.chargers.candidates import Sites
from fleet_planner.chargers.demand import Demand, with_connector
from fleet_planner.chargers.distances import of_matrix
from fleet_planner.plan.chargers import ChargersSection
from fleet_planner.tables import columns

NAMES = ["ccs", "gb_t", "chademo", "mcs"]
USUAL = {"CN-BJ": "gb_t", "JP": "chademo", "KR": "ccs", "US-CA": "ccs"}


def sites_of(rows: list[dict[str, object]]) -> Sites:
    kinds = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}
    schema = {c.column: kinds[c.type] for c in columns("charging_sites")}
    usual: dict[str, object] = {"lon": 0.0, "lat": 0.0, "existing_kw": 0.0, "existing_chargers": 0, "locked": "no"}
    return Sites(pl.DataFrame([usual | {"site_id": f"s{k}"} | row for k, row in enumerate(rows)], schema=schema))


def demand_of(kwh: np.ndarray, connectors: list[str], kinds: list[str]) -> Demand:
    n = len(kwh)
    return Demand(
        tuple(f"d{j}" for j in range(n)), np.zeros((n, 2)), tuple(kinds), ("",) * n, tuple(connectors), ("z",) * n,
        np.zeros(n, dtype=np.bool_), np.zeros(n), np.full(n, 40.0), (2030,), kwh,
    )  # fmt: skip


@given(st.integers(0, 1_000_000), st.sampled_from(sorted(USUAL)), st.sampled_from([0.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_nobody_charges_at_another_standard(seed: int, country: str, seconds: float) -> None:
    rng = np.random.default_rng(seed)
    section = ChargersSection(
        types=["depot_100", "public_50", "public_150", "mcs_1000"], room=int(rng.integers(0, 4)), site_usd=1000.0,
        headroom_kw={"low": 300.0, "central": float(rng.choice([200.0, 3000.0])), "high": 3000.0},
    )  # fmt: skip
    usual = usual_connector(section, country)
    assert usual == USUAL[country]
    told: list[str] = [
        "|".join(rng.choice(NAMES, rng.integers(0, 3), replace=False).tolist()) for _ in range(3)
    ]  # "": nobody names any
    rows: list[dict[str, object]] = [
        {"connectors": words or None, "existing_chargers": int(rng.integers(0, 3)), "existing_kw": 150.0}
        for words in told
    ]
    wanted = [str(w) for w in rng.choice([*NAMES, ""], 6)]
    kinds = [str(k) for k in rng.choice(["depot", "destination"], 6)]
    kwh = rng.random((6, 1, 24)) * rng.integers(1, 80, (6, 1, 1))
    demand = with_connector(demand_of(kwh, wanted, kinds), usual)
    assert demand.connector == tuple(w or usual for w in wanted)
    sites = sites_of(rows)
    km = rng.random((3, 6)) * 4.0
    build = assemble(section, sites, demand, of_matrix(km, 5.0), country, 0.05, "central").build
    plan = solve_build(build, seconds, 0.0).plan
    assert plan is not None
    for s in range(3):
        present = set(told[s].split("|")) if told[s] else {usual}
        power = dict.fromkeys(NAMES, 0.0)
        for name in present:
            power[name] += float(rows[s]["existing_chargers"]) * 150.0  # type: ignore[arg-type]
        for option, count in zip(build.options, plan.count[s, :, 0].tolist(), strict=True):
            if count:
                assert not told[s] or option.connector in told[s].split("|")
                power[option.connector] += count * option.kw
        own = build.reach.site == s
        share, who = plan.share[own, 0], build.reach.demand[own]
        for name in NAMES:
            energy = np.zeros(24)
            for part, j in zip(share.tolist(), who.tolist(), strict=True):
                if part > 1e-9 and demand.connector[j] == name:
                    assert power[name] > 0.0
                    energy += part * kwh[j, 0]
            assert energy.max() <= power[name] + 1e-6


def test_chargers_that_name_no_connector_have_the_usual_one() -> None:
    """A Chinese station without connectors serves GB/T vehicles, never those with CCS."""
    sites = sites_of([{"existing_chargers": 4, "existing_kw": 150.0, "max_chargers": 0}])
    kwh = np.full((2, 1, 24), 5.0)
    demand = with_connector(demand_of(kwh, ["ccs", ""], ["destination"] * 2), "gb_t")
    found = assemble(ChargersSection(), sites, demand, of_matrix(np.ones((1, 2)), 5.0), "CN", 0.05, "central")
    assert found.reason[0] in {"wrong_connector", "no_headroom"}
    assert found.reason[1] == ""
    assert [f.count for f in found.findings if f.code == "chargers.present_connector"] == [1]
    assert [f.count for f in demand.findings if f.code == "chargers.connector_usual"] == [1]
    plan = solve_build(found.build, 1.0, 0.0).plan
    assert plan is not None
    assert plan.unserved[:, 0] == pytest.approx([1.0, 0.0], abs=1e-9)
