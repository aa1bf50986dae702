"""Where the inputs come from, and how a city compares per kilometre."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.findings import Finding
from fleet_planner.pipeline.telling.data_quality import KINDS, data_quality, tier
from fleet_planner.pipeline.telling.intensity import intensity_findings, intensity_table, mj_per_litre
from fleet_planner.reference import reference_table
from fleet_planner.tables import finding_text
from fleet_planner.tables.load import report_words

KEYS = pl.DataFrame(
    {
        "item": ["economics.a", "economics.b", "economics.c", "climate.x"],
        "checked": ["default", "plan", "plan", "default"],
    }
)


def of(table: pl.DataFrame, name: str) -> tuple[float, float, float, str]:
    row = table.row(by_predicate=pl.col("input") == name, named=True)
    return row["given_pct"], row["derived_pct"], row["default_pct"], row["tier"]


def test_shares_by_hand() -> None:
    findings = [
        Finding("fleet.standard_by_year", "assumption", {"region": "CL"}, 9, 0.9),
        Finding("fleet.aftertreatment_default", "assumption", {}, 3, 0.25),
        Finding("network.flat", "assumption"),
        Finding("network.speed_imputed", "assumption", {}, 1, 0.7),
    ]
    table = data_quality(findings, KEYS)
    assert of(table, "standard") == pytest.approx((10.0, 90.0, 0.0, "B"))
    assert of(table, "aftertreatment") == pytest.approx((75.0, 0.0, 25.0, "C"))
    assert of(table, "grade") == (0.0, 0.0, 100.0, "D")
    assert of(table, "limits") == pytest.approx((30.0, 0.0, 70.0, "C"))
    assert of(table, "weather") == (100.0, 0.0, 0.0, "A")
    assert of(table, "prices") == pytest.approx((66.667, 0.0, 33.333, "C"), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(KINDS) - 1), st.booleans(), st.floats(0.0, 1.0)), max_size=12))
def test_shares_add_up_whatever_is_found(drawn: list[tuple[int, bool, float]]) -> None:
    findings = []
    for place, default, share in drawn:
        codes = KINDS[place].default if default else KINDS[place].derived
        findings += [Finding(codes[0], "assumption", {}, 1, share)] if codes else []
    table = data_quality(findings, KEYS)
    whole = table.select(pl.sum_horizontal("given_pct", "derived_pct", "default_pct")).to_series()
    assert whole.to_list() == pytest.approx([100.0] * table.height)
    assert table.height == len(KINDS) + 1


def test_codes_and_words_exist() -> None:
    for kind in KINDS:
        for code in (*kind.derived, *kind.default):
            assert finding_codes(code), code
        for language in ("en", "zh"):
            assert report_words(language)[f"dq_{kind.name}"]  # type: ignore[index]
    assert [tier(*v) for v in ((80.0, 0.0), (10.0, 70.0), (30.0, 0.0), (20.0, 0.0))] == ["A", "B", "C", "D"]


def finding_codes(code: str) -> bool:
    try:
        finding_text(Finding(code, "info", {}))
    except KeyError as error:
        return error.args[0] != code
    return True


def scenario(name: str, **kwh: float) -> Any:
    """Return a scenario of ten diesel city buses, a coach that does not count, and perhaps electric buses."""
    rows = [
        ("bus", "diesel", "urban_bus", 100.0, 500.0, 2.0, 110_000.0, 1600.0, 0.0),
        ("bus", "diesel", "coach", 900.0, 9e9, 9e9, 9e9, 9e9, 0.0),
        ("passenger_car", "petrol", "car", 50.0, 20.0, 0.1, 9_000.0, 100.0, 0.0),
    ]
    rows += [("bus", "electricity", "urban_bus", 10.0, 0.0, 0.0, 0.0, 0.0, 10.0 * v) for v in kwh.values()]
    columns = [
        *("category", "fuel", "stream", "vkt_km_per_day", "NOx_per_day", "PM_exhaust_per_day", "CO2_per_day"),
        *("energy_MJ_per_day", "electricity_kwh_per_day"),
    ]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    fleet = SimpleNamespace(name=name, title_en=name.title(), title_zh="")
    return SimpleNamespace(fleet=fleet, inventory=SimpleNamespace(by_technology=table))


def test_intensities_by_hand() -> None:
    table = intensity_table([scenario("baseline"), scenario("electric", kwh=1.9)], 2024)
    own = {(r["vehicle"], r["metric"]): r for r in table.filter(who="own").iter_rows(named=True)}
    assert own["diesel_bus", "nox"]["value"] == 5.0
    assert own["diesel_bus", "pm"]["value"] == 20.0
    assert own["diesel_bus", "co2"]["value"] == 1100.0
    assert own["diesel_bus", "fuel"]["value"] == pytest.approx(100.0 * 1600.0 / 35.8638 / 100.0)
    assert own["electric_bus", "electricity"]["value"] == pytest.approx(1.9)
    assert own["electric_bus", "electricity"]["name_en"] == "Electric"
    assert own["car", "nox"]["rank"] is None
    assert own["car", "nox"]["outside"] is None
    # NOx of California: 1.259, 6.363, 10.42; particles 4.218 ... 14.6 mg; kWh 0.78 ... 1.75
    assert (own["diesel_bus", "nox"]["rank"], own["diesel_bus", "nox"]["outside"]) == (2, "no")
    assert (own["diesel_bus", "pm"]["rank"], own["diesel_bus", "pm"]["outside"]) == (4, "yes")
    assert own["electric_bus", "electricity"]["outside"] == "yes"
    told = [finding_text(f, "en") for f in intensity_findings(table)]
    assert told[0].startswith("Diesel city buses, exhaust particles: 20 mg/km lies outside")
    assert any("纯电动城市公交车的电量" in finding_text(f, "zh") for f in intensity_findings(table))


def test_peers_have_a_source_and_litres_follow_from_carbon() -> None:
    peers = reference_table("peer_intensities.csv")
    assert peers["source"].null_count() == 0
    assert set(peers["checked"]) == {"yes", "no"}
    for row in peers.filter(metric="fuel").iter_rows(named=True):
        co2 = peers.filter(metric="co2", peer_en=row["peer_en"])["value"][0]
        assert row["value"] == pytest.approx(co2 / 1e3 / (3.1695 * 0.84) * 100.0, rel=1e-3)
    assert mj_per_litre("diesel") == pytest.approx(42.695 * 0.84)
