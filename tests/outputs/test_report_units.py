"""The report in other units: the same figures in both languages, and every figure turned by the stated factor."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from test_report_page import FIGURE, parsed

from fleet_planner.cli.main import main
from fleet_planner.outputs.numbers import significant
from fleet_planner.outputs.report.report import read_report_data
from fleet_planner.outputs.report.report_units import MASS, chosen, in_units, units_data
from fleet_planner.plan.economics import EconomicsSection
from fleet_planner.units import LB_PER_T

if TYPE_CHECKING:
    from pathlib import Path

SHORT_TON_KG = 907.18474
"""NIST Handbook 44, appendix C: 2,000 pounds of 0.45359237 kg."""

RMB_PER_USD_2024 = 7.189
"""US Internal Revenue Service, yearly average currency exchange rates, China, 2024."""

CHOICES = [("us", "usd"), ("kg_day", "rmb"), ("si", "rmb")]


@pytest.fixture(scope="module", params=CHOICES, ids="-".join)
def page(
    request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, str]:
    units, currency = request.param
    copy = tmp_path_factory.mktemp("units") / "run"
    shutil.copytree(folder, copy)
    for language in ("en", "zh"):
        command = ["report", str(copy), "--language", language, "--units", units, "--currency", currency]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
    return copy, units, currency


def test_factors_by_hand() -> None:
    assert MASS["short_ton"] == pytest.approx(1000.0 / SHORT_TON_KG)
    assert MASS["kg_day"] == pytest.approx(1000.0 / 365.25)
    assert pytest.approx(2000.0 * MASS["short_ton"]) == LB_PER_T
    assert units_data("si", "rmb", EconomicsSection())["rmb_per_usd"] == RMB_PER_USD_2024


def test_both_languages_hold_the_same_figures_in_every_unit(page: tuple[Path, str, str]) -> None:
    english, chinese = (parsed(page[0] / name) for name in ("report.html", "report.zh.html"))
    assert len(english.tables) == len(chinese.tables)
    for a, b in zip(english.tables, chinese.tables, strict=True):
        for row_a, row_b in zip(a, b, strict=True):
            for cell_a, cell_b in zip(row_a, row_b, strict=True):
                assert FIGURE.findall(cell_a) == FIGURE.findall(cell_b), (cell_a, cell_b)
    left, right = (
        sorted(f for tag, text in p.texts if tag in {"span", "li", "p"} for f in FIGURE.findall(text) if f != "2.5")
        for p in (english, chinese)
    )
    assert left == right


def test_totals_and_costs_are_turned(page: tuple[Path, str, str]) -> None:
    copy, units, currency = page
    data = read_report_data(copy)
    factor = {"us": 1000.0 / SHORT_TON_KG, "kg_day": 1000.0 / 365.25, "si": 1.0}[units]
    money = RMB_PER_USD_2024 if currency == "rmb" else 1.0
    tables = parsed(copy / "report.html").tables
    nox = next(r for r in data["summary"] if r["pollutant"] == "NOx")["value_per_year"]
    lead = next(r for r in data["summary"] if r["pollutant"] == "Pb")["value_per_year"]
    shown = {row[0]: row[1] for row in tables[0] if len(row) > 1}
    assert shown["Nitrogen oxides (as NO2)"] == significant(nox * factor)
    assert next(v for k, v in shown.items() if k.startswith("Lead")) == significant(lead)
    assert any(k.startswith("Lead (kg a year)") for k in shown)
    cost = next(r for r in data["costs"] if r["measure_id"] == "bev_bus")["capex_usd2024"]
    row = next(r for table in tables for r in table if any("Battery-electric bus" in cell for cell in r[:2]))
    assert significant(cost * money / 1e6) in row
    text = (copy / "report.html").read_text(encoding="utf-8")
    unit = {"us": "US short tons a year", "kg_day": "kg a day", "si": "t a year"}[units]
    assert (f"Emissions in {unit}: 1 t a year is {factor:.6g} of it." in text) == (units != "si")
    assert f"Air pollutants ({unit})" in text
    assert ("at 1 US$ = 7.189 RMB (2024; US Internal Revenue Service" in text) == (currency == "rmb")
    assert ("Million RMB" in text) == (currency == "rmb")


def test_what_is_turned_comes_back(folder: Path) -> None:
    data = read_report_data(folder)
    plain: dict[str, Any] = in_units(data, chosen(data, "si", "usd"))
    assert plain["summary"] == data["summary"]
    assert plain["costs"] == data["costs"]
    turned = in_units(data, chosen(data, "us", "rmb"))
    for before, after in zip(data["summary"], turned["summary"], strict=True):
        assert after["change_pct"] == before["change_pct"]
        assert (after["value_per_year"] != before["value_per_year"]) == (before["unit"] == "t")


def test_the_plan_chooses_by_default(folder: Path) -> None:
    data = read_report_data(folder)
    assert chosen(data, None, None).mass == "t"
    data["units"] |= {"units": "us", "currency": "rmb"}
    assert chosen(data, None, None) == chosen(data, "us", "rmb")
    assert re.fullmatch(r"[a-z_]+", chosen(data, "kg_day", None).mass)


def test_an_unknown_unit_is_refused(folder: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(folder), "--units", "stone"])
    assert result.exit_code == 2
    assert "stone" in result.output
