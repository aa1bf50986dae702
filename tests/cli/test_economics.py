"""What scenarios cost, from the command line: ownership, electricity factors, messages."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.tables import columns
from tests.cli.plain_columns import plain_columns

PLAN = (
    '[city]\nname = "x"\ncountry = "CN"\nyear = 2024\n[network]\nfile = "n.osm"\n[fleet]\nregistry = "r.csv"\n'
    '[[scenario]]\nname = "filters"\ntitle = "Filters"\n[[scenario.measure]]\nmeasure = "dpf_passive"\n'
    '[[scenario]]\nname = "electric"\ntitle = "Electric"\n[[scenario.measure]]\nmeasure = "bev_bus"\n'
    '[[scenario]]\nname = "fuel"\ntitle = "Fuel"\n[[scenario.measure]]\nmeasure = "rd99"\nstreams = ["urban_bus"]\n'
)
NODES = "".join(f"<node id='{i + 1}' lat='{0.004 * (i % 2)}' lon='{0.004 * i}'/>" for i in range(6))
REFS = "".join(f"<nd ref='{i + 1}'/>" for i in range(6))
OSM = f"<osm version='0.6'>{NODES}<way id='1'>{REFS}<tag k='highway' v='primary'/></way></osm>"
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "t,heavy_truck,diesel,12000,2009,rigid_truck,40000,300\nb,bus,diesel,17500,2009,urban_bus,60000,50\n"
)
MONEY = ("private_without", "private_with", "public_without", "public_with")


def call(folder: Path, economics: str, *arguments: str) -> Result:
    (folder / "plan.toml").write_text(PLAN + economics, encoding="utf-8")
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    return CliRunner().invoke(main, ["run", str(folder / "plan.toml"), "--out", str(folder / "out"), *arguments])


def test_ownership_reconciles_line_by_line_and_reaches_the_report_in_both_languages(tmp_path: Path) -> None:
    economics = (
        '[economics]\ncurrency = "CNY"\nprice_year = 2023\n[[economics.incentive]]\nname = "new energy buses"\n'
        'measures = ["bev_bus"]\nshare_of_capital = 0.5\nmax_per_vehicle_usd = 100000.0\n'
        "budget_usd_per_year = 2500000.0\n"
    )
    result = call(tmp_path, economics)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    table = pl.read_csv(out / "ownership.csv")
    assert table.columns == plain_columns("ownership")
    assert set(table["unit"]) == {"CNY 2023"}
    for _, rows in table.group_by("scenario", "stream", "measures"):
        parts, total = rows.filter(pl.col("line") != "total"), rows.filter(line="total")
        for column in MONEY:
            assert parts[column].sum() == pytest.approx(total[column][0], rel=1e-12)
        assert total["checked"][0] == ("no" if "no" in set(parts["checked"]) else "yes")
    # 50 buses ask for 5 million US$ of 2.5: each gets 50,000, in yuan of 2023
    bus = table.filter(scenario="electric", stream="urban_bus", line="incentives").row(0, named=True)
    yuan = 7.075 * 304.702 / 313.689
    assert bus["private_with"] == pytest.approx(-50_000.0 * yuan)
    assert bus["public_with"] == bus["private_without"] == 0.0
    diesel = table.filter(scenario="electric", line="purchase").row(0, named=True)
    # 480,000 US$ of 2020 and a premium of 407,000 of 2020, in US$ of 2024 and then yuan of 2023
    rise = 313.689 / 258.811 * yuan
    assert diesel["private_without"] == pytest.approx(480_000.0 * rise)
    assert diesel["private_with"] == pytest.approx(887_000.0 * rise)
    assert diesel["checked"] == "no"
    # written apart: what filters and the fuel cost a year in the table of measures is what they change here, by annuity
    data = json.loads((out / "report_data.json").read_text(encoding="utf-8"))
    for measure in ("dpf_passive", "rd99"):
        yearly = [c for c in data["costs"] if c["measure_id"] == measure]
        own = table.filter(pl.col("measures") == measure, pl.col("line") == "total")
        changed = sum(
            (r["private_with"] - r["private_without"]) / yuan * r["vehicles"] * 0.06 / (1 - 1.06 ** -r["holding_years"])
            for r in own.iter_rows(named=True)
        )
        assert changed == pytest.approx(sum(c["total_usd2024_per_year"] for c in yearly), rel=1e-9)
    grid = pl.read_csv(out / "grid_differences.csv")
    assert grid.columns == [c.column for c in columns("grid_differences")]
    electric = grid.filter(scenario="electric").row(0, named=True)
    assert electric["marginal_kg_per_kwh"] == 0.83
    added = electric["change_marginal_t_per_year"] - electric["tailpipe_t_per_year"]
    assert added == pytest.approx(0.83 * electric["electricity_mwh_per_year"])
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {"ownership.csv", "grid_differences.csv"} <= set(manifest["files"])
    codes = {f["code"] for f in manifest["findings"]}
    assert {"economics.ownership_unchecked", "economics.taxes_unchecked", "economics.grid_factors"} <= codes
    assert any(s["item"] == "costs of owning vehicles, chargers and drivers" for s in manifest["sources"])
    told = next(a for a in manifest["assumptions"] if a["item"] == "economics.incentive")
    assert "new energy buses" in told["value"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="ownership"' in page
    assert "thousand RMB of 2023" in page
    assert "⚠ not checked" in page[page.index('id="ownership"') :]
    assert 'id="grid-differences"' in page
    assert CliRunner().invoke(main, ["report", str(out), "--language", "zh"]).exit_code == 0
    chinese = (out / "report.zh.html").read_text(encoding="utf-8")
    for words in ("车辆全周期持有成本", "千元人民币（2023年价）", "社会", "边际因子"):
        assert words in chinese


@pytest.mark.parametrize(
    ("economics", "words"),
    [
        ("diesel_usd_per_l = -1.0", ("economics.diesel_usd_per_l", "greater than 0", "-1.0")),
        ("ownership = { bus = { price = -5.0 } }", ("economics.ownership.bus.price", "greater than 0")),
        ('currency = "CNX"', ("economics.currency", "CNY", "economics.exchange_rates.CNX")),
        ('currency = "CLP"\nprice_year = 2001', ("economics.price_year", "2001", "economics.exchange_rates.CLP.2001")),
        ("learning = { bev_buss = { by_year = { 2030 = 0.8 } } }", ("economics.learning", "bev_buss", "bev_bus")),
        ('finance = [{ name = "l", kind = "loan", rate = 0.05, years = 8, scenarios = ["elektric"] }]',
         ("economics.finance[1].scenarios", "elektric", "electric")),
        ('incentive = [{ name = "i", per_vehicle_usd = 1.0, streams = ["busses"] }]',
         ("economics.incentive[1].streams", "no such stream", "busses")),
        ("diesel_usd_per_l = 0.1\ntaxes = { diesel_usd_per_l = 0.2 }", ("economics.taxes.diesel_usd_per_l", "price")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_key_and_remedy(tmp_path: Path, economics: str, words: tuple[str, ...]) -> None:
    result = call(tmp_path, f"[economics]\n{economics}\n")
    assert result.exit_code == 1
    for word in words:
        assert word in result.output
    assert not (tmp_path / "out").exists()


def test_without_scenarios_there_is_nothing_to_own(tmp_path: Path) -> None:
    assert call(tmp_path, "", "--scenario", "baseline").exit_code == 0
    assert not (tmp_path / "out" / "ownership.csv").exists()
    assert 'id="ownership"' not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


TRAJECTORY = (
    "[turnover]\nto_year = 2034\nyears = [2029]\ngrowth_per_year = 0.0\n"
    '[[scenario]]\nname = "buses_by_year"\ntitle = "Buses by year"\n[[scenario.measure]]\nmeasure = "bev_bus"\n'
    "uptake_by_year = { 2026 = 0.0, 2030 = 1.0 }\n"
    "[economics]\nhorizon_years = 5\ncarbon_usd_per_t = { 2024 = 10.0 }\n"
    'learning = { bev_bus = { by_year = { 2024 = 1.0, 2034 = 0.5 } } }\n[[economics.finance]]\nname = "bank"\n'
    'kind = "loan"\nshare = 0.5\nrate = 0.05\nyears = 4\nscenarios = ["buses_by_year"]\n'
)


def test_costs_over_the_years_of_a_trajectory(tmp_path: Path) -> None:
    result = call(tmp_path, TRAJECTORY)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    years = pl.read_csv(out / "costs_by_year.csv")
    worth = pl.read_csv(out / "present_value.csv")
    cash = pl.read_csv(out / "cash_flow.csv")
    for name, table in (("costs_by_year", years), ("present_value", worth), ("cash_flow", cash)):
        assert table.columns == plain_columns(name)
    assert set(years["year"]) == set(range(2025, 2035))
    # the first year's vehicles are those of measures_by_year.csv, at the capital of the year
    reached = pl.read_csv(out / "measures_by_year.csv").filter(scenario="buses_by_year").sort("year")
    own = years.filter(scenario="buses_by_year", line="equipment").sort("year")
    capital = 407_000.0 * 313.689 / 258.811
    share = [max(1.0 - 0.05 * (year - 2024), 0.5) for year in own["year"]]
    expected = [n * capital * s for n, s in zip(reached["new_vehicles"], share, strict=True)]
    assert own["private"].to_list() == pytest.approx(expected)
    # diesel that is not burnt: the year evaluated has what the inventories say, those between follow the vehicles
    energy = years.filter(scenario="buses_by_year", line="energy").sort("year")["private"].to_list()
    assert energy[:2] == [0.0, 0.0]
    assert max(energy[2:]) < 0.0
    per_bus = [e / v for e, v in zip(energy[2:], reached["vehicles"][2:], strict=True)]
    assert per_bus == pytest.approx([per_bus[0]] * len(per_bus), rel=0.1)
    flow = cash.filter(scenario="buses_by_year").sort("year")
    assert flow["drawn"].to_list() == pytest.approx((0.5 * (flow["capital"] - flow["incentives"])).to_list())
    assert cash.filter(scenario="electric")["drawn"].sum() == 0.0
    parts = flow["savings"] + flow["incentives"] + flow["drawn"] - flow["capital"]
    parts = parts - flow["interest"] - flow["principal"] - flow["fees"] - flow["set_aside"]
    assert flow["net"].to_list() == pytest.approx(parts.to_list(), abs=1e-3)
    totals = years.filter(scenario="buses_by_year", line="total")
    discounted = sum(v * 1.06 ** -(y - 2024) for y, v in totals.select("year", "private").iter_rows())
    assert worth.filter(scenario="buses_by_year", line="total")["private"][0] == pytest.approx(discounted)
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["findings"]
    codes = {f["code"] for f in told}
    assert {"economics.cover_short", "economics.debt_left", "economics.ahead_of_grid"} <= codes
    ahead = [f for f in told if f["code"] == "economics.ahead_of_grid"]
    assert all("Electric:" in f["text"] for f in ahead)  # those that come by year come after the upgrade
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="worth"' in page
    assert "⚠ not checked" in page[page.index('id="worth"') : page.index('id="cash"')]
    assert worth.filter(scenario="buses_by_year", line="equipment")["checked"][0] == "no"
    assert "Least cover (year)" in page
    assert "Cumulative cash of the owners" in page


def test_vehicles_can_wait_for_the_grid(tmp_path: Path) -> None:
    waiting = TRAJECTORY.replace("[economics]\n", "[economics]\ncharging = { wait = true, upgrade_lead_years = 5 }\n")
    waiting = waiting.replace("to_year = 2034\nyears = [2029]", "to_year = 2030\nyears = [2030]")
    result = call(tmp_path, waiting, "--scenario", "electric")
    assert result.exit_code == 0, result.output
    reached = pl.read_csv(tmp_path / "out" / "measures_by_year.csv").sort("year")
    had = dict(reached.select("year", "vehicles").iter_rows())
    assert {y for y, n in had.items() if n == 0.0} == {2025, 2026, 2027, 2028}
    assert had[2029] > 0.0
    codes = {
        f["code"] for f in json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["findings"]
    }
    assert "economics.ahead_of_grid" not in codes


def test_a_scenario_that_sells_electric_buses_by_a_rule_pays_for_them(tmp_path: Path) -> None:
    rule = (
        "[turnover]\nto_year = 2030\nyears = [2030]\ngrowth_per_year = 0.0\nrules = { cn_public = false }\n"
        '[[scenario]]\nname = "mandate"\ntitle = "Mandate"\n[scenario.turnover]\n'
        "zero_emission_share = { urban_bus = { 2025 = 1.0 } }\n"
    )
    result = call(tmp_path, rule, "--scenario", "mandate")
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    years = pl.read_csv(out / "costs_by_year.csv").filter(scenario="mandate").sort("year")
    lines = {line: dict(rows.select("year", "private").iter_rows()) for (line,), rows in years.group_by("line")}
    bought = {year for year, money in lines["equipment"].items() if money > 0.0}
    assert bought
    assert min(bought) == 2025
    assert sum(lines["chargers"].values()) > 0.0
    assert sum(lines["energy"].values()) < 0.0
    assert sum(lines["vehicles"].values()) == pytest.approx(0.0, abs=1e-3)  # as many buses are sold, others
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["findings"]
    assert any(f["code"] == "economics.own_turnover" for f in told)
