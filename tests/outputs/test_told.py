"""Sources and assumptions in Chinese: whatever a run can say of them has its Chinese; publications keep their titles."""

from __future__ import annotations

import csv
import re
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from fleet_planner.outputs.report.told import told, told_licence, told_rows, told_source
from fleet_planner.pipeline.telling.provenance import TABLES
from fleet_planner.plan.models import Plan
from fleet_planner.reference import reference_table
from fleet_planner.tables.load import folder, rows

SECTIONS = (
    *("electricity", "economics", "climate", "factors", "idling", "faults", "measured", "fuel_sold", "activity"),
    *("traffic", "impacts.climate", "impacts.health", "impacts.benefit", "turnover", "nonroad"),
)
CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"\b[a-z]{3,}\b")
NAMES = re.compile(r"[（(][A-Za-z /]+[0-9]?[）)]|semanariotiempo\S+|\d+cc|Euro \w+|kei")
"""Names in their own language beside the Chinese."""


def model(annotation: object) -> type[BaseModel]:
    """Return the model of a section, also of one that may be left out."""
    found = [annotation, *typing.get_args(annotation)]
    return next(a for a in found if isinstance(a, type) and issubclass(a, BaseModel))


def descriptions() -> list[str]:
    """Return what the keys of the plan mean that a run lists as assumptions."""
    out = [str(model(Plan.model_fields["network"].annotation).model_fields["elevation_step_m"].description)]
    for name in SECTIONS:
        section = model(Plan)
        for part in name.split("."):
            section = model(section.model_fields[part].annotation)
        for key, spec in section.model_fields.items():
            if key not in {"access", "gtfs", "gtfs_date", "hot"}:
                out.append(spec.description or str(model(spec.annotation).__doc__).partition("\n")[0])
    return out


def test_every_key_of_the_plan_that_is_an_assumption_is_told_in_chinese() -> None:
    found = descriptions()
    assert len(found) > 100
    assert [text for text in found if not CHINESE.search(told_source(text, "zh"))] == []
    assert {told_source(text, "en") for text in found} == set(found)


def test_what_each_packaged_table_was_used_for_and_its_licence_is_told_in_chinese() -> None:
    untold = [(item, licence) for item, licence in TABLES.values() if not CHINESE.search(told(item, "zh"))]
    assert untold == []
    for _, licence in TABLES.values():
        assert not ENGLISH.search(told_licence(licence, "zh")), licence
    assert told_licence("figures; own", "zh") == "数值；自有"


@pytest.mark.parametrize("city", ["beijing", "coquimbo", "los_angeles", "seoul", "tokyo"])
def test_assumptions_of_the_cities_registries_are_told_in_chinese(city: str, repository: Path) -> None:
    with (repository / "inputs" / city / "assumptions.csv").open(encoding="utf-8", newline="") as handle:
        table = list(csv.DictReader(handle))
    items = [told(f"registry: {row['what']}", "zh") for row in table]
    assert [item for item in items if ENGLISH.search(NAMES.sub("", item))] == []
    assert [row["unit"] for row in table if row["unit"] != "-" and ENGLISH.search(told(row["unit"], "zh"))] == []


def test_effects_of_measures_are_told_in_chinese() -> None:
    for table, figure in (("measures.csv", "pollutant"), ("operation_figures.csv", "figure")):
        for row in reference_table(table).iter_rows(named=True):
            if row[figure] is None:
                continue
            text = row[figure] if figure == "pollutant" else f"{row['figure'].replace('_', ' ')} {row['applies'] or ''}"
            text = text.strip()
            assert not ENGLISH.search(told(f"Battery-electric bus: {text}", "zh")), text


def test_a_publication_keeps_its_title_and_what_is_said_of_it_is_chinese() -> None:
    assert told_source("7 sources, row by row in idling.csv", "zh") == "7个来源，逐行见idling.csv"
    text = "EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, tables of shares; recalled, to be checked"
    expected = "EMEP/EEA guidebook 2016, chapter 1.A.3.b.i-iv, tables of shares; 凭记忆，待核对"
    assert told_source(text, "zh") == expected
    assert told_source(text, "en") == text
    row = {
        "item": "registry: km spread rigid truck",
        "value": "0.45",
        "unit": "years",
        "source": "own estimate, to be checked",
    }
    assert told_rows([row], "zh") == [
        {"item": "登记：单体货车年里程的离散度", "value": "0.45", "unit": "年", "source": "自行估计，待核对"}
    ]
    assert told("Battery-electric bus: SO2 without filter", "zh") == "纯电动公交车：二氧化硫（无过滤器）"


def test_the_table_of_what_is_told_has_each_sentence_once() -> None:
    found = [row["en"] for row in rows(folder() / "told_zh.csv")]
    assert len(found) == len(set(found))
