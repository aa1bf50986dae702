"""The data dictionary, the findings' sentences and the packaged figures are well-formed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl
import pytest

from fleet_planner.findings import Finding
from fleet_planner.plan.models import Plan
from fleet_planner.reference import reference_path, reference_table
from fleet_planner.tables import columns, finding_text, pollutants
from fleet_planner.tables.load import report_words

PACKAGE = reference_path("measures.csv").parent.parent
COLUMN_TABLES = sorted(p.stem for p in (PACKAGE / "tables" / "columns").glob("*.csv"))
FINDING_TABLES = sorted((PACKAGE / "tables" / "findings").glob("*.csv"))
REFERENCE_TABLES = sorted(p.name for p in (PACKAGE / "reference").glob("*.csv*"))
PLACEHOLDER = re.compile(r"{(\w+)(?::\w+)?}")


@pytest.mark.parametrize("table", COLUMN_TABLES)
def test_columns_are_described(table: str) -> None:
    specs = columns(table)
    assert len({s.column for s in specs}) == len(specs)
    for spec in specs:
        assert spec.type in {"text", "integer", "number", "boolean", "geometry"}
        assert spec.title_en
        assert spec.title_zh
        assert spec.description
        if ".." in spec.allowed:
            low, _, high = spec.allowed.partition("..")
            assert all(x == "" or float(x) is not None for x in (low, high))


@pytest.mark.parametrize("table", COLUMN_TABLES)
def test_cells_of_the_dictionary_are_of_their_kinds(table: str) -> None:
    path = PACKAGE / "tables" / "columns" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert rows
    for row in rows:
        assert None not in row, f"{row['column']}: more cells than the header"
        assert None not in row.values(), f"{row['column']}: fewer cells than the header"
        assert row["required"] in {"yes", "no"}
        assert re.search(r"[\u4e00-\u9fff]|^[A-Za-z0-9.]+$", row["title_zh"]), row["column"]
        allowed = row["allowed"]
        if ".." in allowed:
            assert row["type"] in {"integer", "number"}
            low, high = (float(x) if x else None for x in allowed.split(".."))
            assert low is None or high is None or low <= high
            if row["default"]:
                assert low is None or low <= float(row["default"])
                assert high is None or float(row["default"]) <= high
        elif allowed and row["default"]:
            assert row["default"] in allowed.split("|")


def test_codes_of_findings_are_unique_over_all_files() -> None:
    codes = []
    for path in FINDING_TABLES:
        with path.open(encoding="utf-8", newline="") as handle:
            codes += [row["code"] for row in csv.DictReader(handle)]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("path", FINDING_TABLES, ids=lambda p: p.stem)
def test_findings_have_both_languages_with_the_same_placeholders(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len({r["code"] for r in rows}) == len(rows)
    for row in rows:
        assert set(PLACEHOLDER.findall(row["en"])) == set(PLACEHOLDER.findall(row["zh"])), row["code"]
        assert re.search(r"[\u4e00-\u9fff]", row["zh"])


def test_every_finding_in_the_code_has_a_sentence() -> None:
    known = set()
    for path in FINDING_TABLES:
        with path.open(encoding="utf-8", newline="") as handle:
            known |= {r["code"] for r in csv.DictReader(handle)}
    used = set()
    for path in PACKAGE.rglob("*.py"):
        used |= set(
            re.findall(
                r'"((?:network|fleet|activity|transit|inventory|scenario|operation|economics|chargers|buses|impacts|uncertainty)\.[a-z_0-9]+)"',
                path.read_text(encoding="utf-8"),
            )
        )
    used = {
        u
        for u in used
        if u.split(".")[1] not in {"measure", "registry", "visiting_share", "csv", "gpkg", "html"} or u in known
    }
    sections = {name: field.annotation for name, field in Plan.model_fields.items()}
    keys = {f"{n}.{k}" for n, s in sections.items() for k in getattr(s, "model_fields", ())}
    assert used - known <= keys
    assert known <= used


def test_finding_text_fills_count_and_share() -> None:
    finding = Finding("network.speed_imputed", "assumption", {"rural": "7"}, 12_345, 0.1234)
    assert "12,345 links (12.34 % of the length)" in finding_text(finding)
    assert "12,345" in finding_text(finding, "zh")


def test_keys_of_words_are_unique_over_all_files() -> None:
    keys = []
    for path in [PACKAGE / "tables" / "report_text.csv", *(PACKAGE / "tables" / "texts").glob("*.csv")]:
        with path.open(encoding="utf-8", newline="") as handle:
            keys += [row["key"] for row in csv.DictReader(handle)]
    assert len(set(keys)) == len(keys)


def test_sentences_may_ask_for_the_word_of_a_value() -> None:
    values = {
        "type": "standard",
        "case": "coldest",
        "day": "weekday",
        "kwh_per_km": "1.7",
        "celsius": "3",
        "low": "0.8",
        "high": "1.6",
    }
    finding = Finding("buses.energy_outside_range", "warning", values)
    assert "标准型（12米）在工作日（最冷日）" in finding_text(finding, "zh")
    assert "standard on the coldest weekday" in finding_text(finding)
    unknown = Finding("buses.energy_outside_range", "warning", values | {"day": "holiday"})
    assert "在holiday（" in finding_text(unknown, "zh")


def test_report_words_have_the_same_placeholders() -> None:
    english, chinese = report_words("en"), report_words("zh")
    for key, text in english.items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(chinese[key])), key
        assert chinese[key]


@pytest.mark.parametrize("name", REFERENCE_TABLES)
def test_reference_rows_have_source_year_unit_and_checked(name: str) -> None:
    table = reference_table(name)
    year = "published" if "published" in table.columns else "year"
    for column in ("source", year, "unit", "checked"):
        assert column in table.columns, column
        assert table[column].null_count() == 0, column
    assert set(table["checked"].cast(pl.String).unique()) <= {"yes", "no"}
    if name == "measures.csv":
        return  # there, words on the cost stand beside the effect that ``checked`` speaks of
    recalled = table.filter(pl.col("source").str.contains("(?i)recalled|own default|own estimate"))
    assert set(recalled["checked"].unique()) <= {"no"}


def test_pollutants_have_unique_column_names() -> None:
    names = [p.column for p in pollutants()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", n) for n in names)
