"""Names of columns are found in the data dictionary, patterns and all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.outputs.layers import frames
from fleet_planner.plan.models import Plan
from fleet_planner.tables import columns, pollutants
from fleet_planner.tables.dictionary import described, table_of, tables
from fleet_planner.tables.layer_texts import layer_texts
from fleet_planner.tables.load import folder, rows

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SCENARIOS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


def test_every_table_has_columns_and_the_other_way_round() -> None:
    files = {p.stem for p in (folder() / "columns").glob("*.csv")}
    listed = {t.table for t in tables()}
    assert listed == files, f"name in tables/tables.csv where these stand: {sorted(files ^ listed)}"
    places = [p for t in tables() for p in t.places if not p.startswith("plan:")]
    assert len(set(places)) == len(places)  # a place holds one table
    assert all(t.places and t.title_en and t.title_zh for t in tables())


def test_inputs_are_keys_of_the_plan() -> None:
    for entry in tables():
        for place in entry.places:
            command, _, key = place.partition(":")
            if command == "plan":
                assert _is_key(Plan, key.split(".")), place


def _is_key(model: object, path: list[str]) -> bool:
    import typing

    fields = getattr(model, "model_fields", {})
    if path[0] not in fields:
        return False
    kinds = [fields[path[0]].annotation]
    while any(typing.get_args(k) for k in kinds):
        kinds = [a for k in kinds for a in (typing.get_args(k) or (k,))]
    return len(path) == 1 or any(_is_key(k, path[1:]) for k in kinds)


@settings(deadline=None)
@given(scenario=SCENARIOS, spec=st.sampled_from(pollutants()))
def test_columns_of_the_map_are_found_whatever_the_scenario(scenario: str, spec: object) -> None:
    names = [frames.day_column(spec, scenario), frames.per_km_column(spec, scenario)]  # type: ignore[arg-type]
    found = described("links_output", names, {scenario: ("A title", "标题")})
    assert list(found) == names
    for column in found.values():
        assert column.title_en == f"{spec.title_en}, A title"  # type: ignore[attr-defined]
        assert column.title_zh == f"{spec.title_zh}，标题"  # type: ignore[attr-defined]


def test_units_follow_the_quantity() -> None:
    names = ["nox_kg_per_day_b", "energy_mj_per_day_b", "electricity_kwh_per_day_b", "spn23_1e12_per_day_b"]
    found = described("links_output", [*names, "nox_g_per_km_day_b"], {})
    assert [c.unit for c in found.values()] == ["kg/day", "MJ/day", "kWh/day", "1e12/day", "g/km/day"]


@pytest.mark.parametrize(
    "name", ["nox_kg_per_week_b", "xyz_kg_per_day_b", "geom", "nox_kg_per_day", "energy_mj_mj_per_day_b"]
)
def test_what_is_not_of_the_table_is_left_out(name: str) -> None:
    assert described("links_output", [name], {}) == {}


def test_places() -> None:
    assert table_of("run", "summary.csv") == "summary"
    assert table_of("run", "city.gpkg/links") == "links_output"
    assert table_of("run", "links.parquet") == "links_by_scenario"
    assert table_of("buses simulate", "sites.csv") == "bus_sites"
    assert table_of("buses schedule", "sites.csv") == "bus_charging_sites"
    assert table_of("chargers site", "chargers.gpkg/findings") == "findings"
    assert table_of("run", "nothing.csv") is None
    assert table_of("run", "city.gpkg/links_change_electric_buses") == "links_change"
    assert table_of("run", "city.gpkg/change_of_links_electric_buses") == "change_of_links"
    assert table_of("run", "city.gpkg/top_links") == "top_links"
    assert table_of("run", "city.gpkg/top_links_nox") == "top_links_output"
    assert table_of("portfolio", "city.gpkg/links_change_electric_buses") is None


def test_translations_are_of_descriptions_that_exist() -> None:
    known = {s.description for t in tables() for s in columns(t.table)} | {p.description for p in pollutants()}
    translated = [row["en"] for row in rows(folder() / "descriptions_zh.csv")]
    assert len(set(translated)) == len(translated)
    assert set(translated) <= known


@pytest.mark.parametrize("table", [t.table for t in tables()])
def test_every_column_is_told_in_both_languages(table: str) -> None:
    known = {row["en"]: row["zh"] for row in rows(folder() / "descriptions_zh.csv")}
    remedy = "write its Chinese into tables/descriptions_zh.csv (en: the description, word by word)"
    for spec in columns(table):
        assert spec.title_en, f"{table}.{spec.column} has no English title"
        assert spec.title_zh, f"{table}.{spec.column} has no Chinese title"
        assert spec.description, f"{table}.{spec.column} has no description"
        assert CHINESE.search(known.get(spec.description, "")), f"{table}.{spec.column}: {remedy}: {spec.description}"


def test_quantities_and_layers_are_told_in_both_languages() -> None:
    known = {row["en"]: row["zh"] for row in rows(folder() / "descriptions_zh.csv")}
    assert all(CHINESE.search(known.get(p.description, "")) for p in pollutants())
    assert all(CHINESE.search(t.title_zh) for t in tables())
    for text in layer_texts().values():
        assert text.titles["en"]
        assert text.descriptions["en"]
        assert CHINESE.search(text.titles["zh"])
        assert CHINESE.search(text.descriptions["zh"])
