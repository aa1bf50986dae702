"""`fleet-planner market` from end to end, and credits in the cost of ownership."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from fleet_planner.cli.main import main
from fleet_planner.outputs.numbers import significant
from fleet_planner.tables import columns
from tests.cli.altered import not_found
from tests.cli.test_traffic import OSM, PLAN

CURVES = (
    "city,year,avoided_t,usd_per_t\n"
    "beijing,,30000,20\nbeijing,,30000,60\nbeijing,,20000,200\n"
    "tokyo,,10000,90\ntokyo,,20000,400\n"
    "seoul,2026,15000,50\nseoul,2026,15000,150\nseoul,2028,30000,40\n"
)
CITIES = """
[[market.city]]
name = "beijing"
baseline_t = { 2026 = 100000.0, 2030 = 100000.0 }
cap_kind = "intensity"
intensity_t = 0.0008
activity = { 2026 = 112500000.0, 2030 = 100000000.0 }
quota_pct = 10.0
damage_usd_per_t = 80.0
non_local_pct = 20.0
non_local_source = "cordon survey"
[[market.city]]
name = "tokyo"
baseline_t = { 2026 = 60000.0 }
cap_t = { 2026 = 50000.0, 2030 = 40000.0 }
quota_pct = 50.0
discount = 0.5
damage_usd_per_t = 150.0
[[market.city]]
name = "seoul"
baseline_t = { 2026 = 50000.0 }
cap_kind = "baseline_and_credit"
credited_share = 0.8
enters = 2028
"""
SECTION = """
[market]
forms = ["indirect", "incremental", "restricted", "reciprocal", "direct"]
ceiling_usd_per_t = 900.0
curves = "curves.csv"
price_path = "bj_ets"
hold_last = true
offsets_t_per_year = 5000.0
[market.small_owners]
file = "owners.csv"
additionality = 0.5
floor_t = 1.0
[market.orders]
generate = true
year = 2030
[market.shocks]
draws = 12
year = 2028
"""
OWNERS = "owner,year,baseline_t,actual_t\nli,2026,8,2\nwang,2026,2,1\nzhao,2027,9,10\n"


def call(folder: Path, text: str, command: str = "market") -> Result:
    (folder / "plan.toml").write_text(PLAN + text, encoding="utf-8")
    if not (folder / "curves.csv").exists():
        (folder / "curves.csv").write_text(CURVES, encoding="utf-8")
    (folder / "owners.csv").write_text(OWNERS, encoding="utf-8")
    return CliRunner().invoke(main, [command, str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    done = call(folder, SECTION + CITIES)
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("market", "market"),
        ("ledger", "market_ledger"),
        ("owners", "market_owners_output"),
        ("volatility", "market_volatility"),
        ("trades", "market_trades"),
        ("prices", "market_prices"),
        ("leakage", "market_leakage"),
        ("draws", "market_draws"),
        ("orders", "market_orders_output"),
        ("orders_log", "market_orders_log"),
        ("orders_summary", "market_orders_summary"),
    ],
)
def test_tables_are_as_the_dictionary_says(out: Path, file: str, table: str) -> None:
    assert pl.read_csv(out / f"{file}.csv").columns == [c.column for c in columns(table)]


def test_every_form_costs_no_more_than_none(out: Path) -> None:
    market = pl.read_csv(out / "market.csv")
    assert market.height == 3 * 5 * 6
    assert (market["cost_usd"] <= market["cost_unlinked_usd"] + 1e-2).all()
    total = dict(market.group_by("form").agg(pl.col("cost_usd").sum()).iter_rows())
    assert total["direct"] < total["incremental"] < total["none"]
    assert total["direct"] < total["restricted"] < total["none"]
    assert total["indirect"] < total["none"]


def test_beijing_alone_in_2026_is_as_reckoned_by_hand(out: Path) -> None:
    # 0.0008 t x 112.5 million = 90,000 t: 10,000 t to cut at 20; in 2030 80,000 t: 20,000 t at 20
    alone = pl.read_csv(out / "market.csv").filter(city="beijing", form="none").sort("year")
    assert alone["abated_t"].to_list() == pytest.approx([10000.0, 12500.0, 15000.0, 17500.0, 20000.0])
    assert alone["cost_usd"].to_list() == pytest.approx([20.0 * t for t in alone["abated_t"]])


def test_benefit_moves_with_the_tonnes_and_can_be_negative(out: Path) -> None:
    linked = pl.read_csv(out / "market.csv").filter(form="direct", year=2026)
    tokyo = linked.filter(city="tokyo").row(0, named=True)
    beijing = linked.filter(city="beijing").row(0, named=True)
    # all of Tokyo's 10,000 t move to Beijing's step at 20
    assert tokyo["benefit_moved_usd"] == pytest.approx(-10000.0 * 150.0)
    assert beijing["benefit_moved_usd"] == pytest.approx(10000.0 * 80.0)
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    by_city = {(r["form"], r["city"]): r["benefit_moved_usd"] for r in told["benefit_moved_by_city"]}
    assert by_city["direct", "tokyo"] < 0.0 < by_city["direct", "beijing"]
    # credits displace cuts too: Tokyo's quota takes 5,000 t of 2026, small owners' 3 t more are left to Beijing
    assert by_city["indirect", "beijing"] == pytest.approx(-3.0 * 80.0)


def test_the_ledger_sums_to_zero(out: Path) -> None:
    ledger = pl.read_csv(out / "ledger.csv")
    assert ledger["balance_t"].abs().max() < 1e-4
    sums = ledger.group_by("form", "year").agg(pl.col("bought_units").sum(), pl.col("sold_units").sum())
    assert sums["bought_units"].to_list() == pytest.approx(sums["sold_units"].to_list(), abs=1e-3)
    seoul = ledger.filter(city="seoul", form="direct").sort("year")
    assert seoul.filter(pl.col("year") < 2028)["sold_units"].sum() == 0.0
    assert (seoul["sold_units"] <= 0.8 * (seoul["allocated_t"] - seoul["verified_t"]) + 1e-6).all()


def test_restricted_doubles_the_units_and_keeps_the_quota(out: Path) -> None:
    tokyo = pl.read_csv(out / "ledger.csv").filter(city="tokyo", form="restricted", year=2026).row(0, named=True)
    assert tokyo["bought_t"] == pytest.approx(0.5 * 10000.0)
    assert tokyo["bought_units"] == pytest.approx(2.0 * tokyo["bought_t"])
    held = pl.read_csv(out / "market.csv").filter(city="tokyo", form="restricted", year=2026)
    assert held["held_by"].to_list() == ["quota"]


def test_small_owners_and_findings(out: Path) -> None:
    owners = pl.read_csv(out / "owners.csv")
    assert owners["credit_t"].to_list() == [3.0, 0.0, 0.0]
    # 102 CNY at 7.189 CNY per US$, 2024
    assert owners["revenue_usd"][0] == pytest.approx(3.0 * 102.0 / 7.189, rel=1e-6)
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {f["code"] for f in told["findings"]} == {
        "economics.market_price_held",
        "economics.market_no_damage",
        "economics.market_owners_below",
        "economics.market_no_leakage",
        "economics.market_leakage_elasticity",
    }


def test_the_page_is_there_in_both_languages_with_the_same_figures(out: Path) -> None:
    english = (out / "market.html").read_text(encoding="utf-8")
    chinese = (out / "market.zh.html").read_text(encoding="utf-8")
    assert "formal direct: one price" in english
    assert "正式直接连接：统一价格" in chinese
    cells = [re.findall(r'<td class="n">([^<]*[0-9])</td>', page) for page in (english, chinese)]
    assert len(cells[0]) > 100
    figures = [[c for c in own if re.fullmatch(r"[−0-9.,]+", c)] for own in cells]
    assert figures[0] == figures[1]
    # what trade takes from Tokyo, in thousand US$
    lost = pl.read_csv(out / "market.csv").filter(city="tokyo", form="direct")["benefit_moved_usd"].sum()
    assert lost < 0.0
    assert significant(lost / 1e3) in figures[0]
    # prices of six forms, flows of the four in which units move
    assert english.count("<svg") == 6 + 4
    assert "What moves away: leakage" in english
    assert "排放外移：碳泄漏" in chinese
    assert 'aria-label="formal direct: one price (' in english


def test_prices_swing_and_few_sell(out: Path) -> None:
    swing = pl.read_csv(out / "volatility.csv")
    assert swing["draws"].to_list() == [12] * 18
    alone = swing.filter(form="none")
    assert alone["sellers_hhi"].null_count() == 3
    assert (alone["price_sd_usd_per_t"] > 0.0).any()
    sellers = swing.filter(form="direct")["sellers_hhi"]
    assert ((sellers >= 5000.0 / 3.0) & (sellers <= 10000.0)).all()


def test_links_steady_prices_and_draws_are_kept(out: Path) -> None:
    swing, draws = pl.read_csv(out / "volatility.csv"), pl.read_csv(out / "draws.csv")
    sd = {form: swing.filter(form=form)["price_sd_usd_per_t"] for form in ("none", "direct")}
    assert (sd["direct"] ** 2).mean() < (sd["none"] ** 2).mean()
    assert draws.height == 6 * 12 * 3
    alone = draws.filter(form="none", city="beijing")["price_usd_per_t"]
    assert alone.std() == pytest.approx(swing.filter(form="none", city="beijing")["price_sd_usd_per_t"][0], abs=1e-5)


def test_the_same_seed_gives_the_same_history(out: Path, tmp_path: Path) -> None:
    done = call(tmp_path, SECTION + CITIES)
    assert done.exit_code == 0, done.output
    for name in ("draws.csv", "orders_log.csv", "market.csv", "trades.csv"):
        assert (out / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    done = call(other, SECTION.replace("draws = 12", "draws = 12\nseed = 2") + CITIES)
    assert done.exit_code == 0, done.output
    assert (out / "draws.csv").read_bytes() != (other / "out" / "draws.csv").read_bytes()


def test_the_plans_own_curve_of_a_run_is_used(tmp_path: Path) -> None:
    curve = "pollutant,option,avoided_per_year,usd_per_unit\nNOx,a,9999,1\nGHG,a,400,-20\nGHG,b,700,35\n"
    (tmp_path / "curve.csv").write_text(curve, encoding="utf-8")
    text = (
        '[market]\nown_curve = "curve.csv"\n[[market.city]]\nname = "x"\nbaseline_t = { 2030 = 5000.0 }\n'
        "cap_t = { 2030 = 4000.0 }\n"
    )
    done = call(tmp_path, text)
    assert done.exit_code == 0, done.output
    row = pl.read_csv(tmp_path / "out" / "market.csv").row(0, named=True)
    assert row["abated_t"] == pytest.approx(1000.0)
    assert row["cost_usd"] == pytest.approx(-20.0 * 400.0 + 35.0 * 600.0)


@pytest.mark.parametrize(
    ("market", "city"), [('own_curve = "abatement_curve.csv"\n', ""), ("", 'curve = "abatement_curve.csv"\n')]
)
def test_each_step_of_a_run_brings_its_own_damage(tmp_path: Path, market: str, city: str) -> None:
    curve = (
        "pollutant,stream,from_option,option,avoided_per_year,usd_per_unit,damage_avoided_usd2024_per_year\n"
        "GHG,bus,,rd99,100,10,200\nGHG,bus,rd99,bev,50,90,4000\nNOx,bus,,bev,3,1,4200\n"
    )
    (tmp_path / "abatement_curve.csv").write_text(curve, encoding="utf-8")
    (tmp_path / "curves.csv").write_text("city,avoided_t,usd_per_t,damage_usd_per_t\ny,500,30,7\n", encoding="utf-8")
    text = (
        f'[market]\n{market}curves = "curves.csv"\n'
        f'[[market.city]]\nname = "x"\n{city}'
        "baseline_t = { 2030 = 500.0 }\ncap_t = { 2030 = 370.0 }\n"
        '[[market.city]]\nname = "y"\nbaseline_t = { 2030 = 500.0 }\ncap_t = { 2030 = 500.0 }\n'
    )
    done = call(tmp_path, text)
    assert done.exit_code == 0, done.output
    moved = pl.read_csv(tmp_path / "out" / "market.csv").filter(form="direct")["benefit_moved_usd"].to_list()
    # 30 t of the electric step go to y: 4,000 US$ over 50 t here, 7 US$ a tonne there
    assert moved == pytest.approx([-30.0 * 4000.0 / 50.0, 30.0 * 7.0])
    assert "each step for x, y" in done.output


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("quota_pct = 50.0", "quota_pct = 120.0", ["market.city[2].quota_pct", "0 to 100", "120.0"]),
        ("2030 = 40000.0", "2030 = -4.0", ["market.city[2].cap_t", "2030", "0 or more"]),
        ("2030 = 40000.0", "2030 = nan", ["market.city[2].cap_t", "2030", "finite number"]),
        ('"reciprocal", ', '"direct", ', ["market.forms names direct twice"]),
        ('"restricted", ', '"linked", ', ["market.forms[3]", "linked", "restricted"]),
        ("hold_last = true", "hold_last = false", ["market.price_path", "2026, 2027", "price_usd_per_t", "hold_last"]),
        ("bj_ets", "bj_etz", ["market.price_path", "bj_ets"]),
        ("discount = 0.5", 'discount = 0.5\naccepts = ["bejing"]', ["bejing", "beijing"]),
        ('name = "tokyo"', 'name = "osaka"', ["curves.csv", "row 5", "city", "tokyo"]),
        ("ceiling_usd_per_t = 900.0", "", ["market.shocks", "ceiling_usd_per_t"]),
        ("year = 2028", "year = 2040", ["market.shocks.year", "2026 to 2030"]),
        ("draws = 12", "draws = 1", ["2 or more draws"]),
        ("hold_last = true", "hold_last = true\nforward_pct = 3.0", ["market.hold_last", "forward_pct", "remove one"]),
        ("2030 = 40000.0", "2030 = 20000.0", ["cannot reach its cap of 2029", "tokyo", "ceiling_usd_per_t"]),
        ("enters = 2028", "enters = 2028\n[[market.city]]\nname = 'x'\nbaseline_t = {2026=1.0}", ["cap_t by year"]),
        ("offsets_t_per_year = 5000.0", "ofsets = 1.0", ["offsets_t_per_year"]),
        ('curves = "curves.csv"', 'curves = "none.csv"', ["none.csv", "market.curves"]),
    ],
)
def test_bad_plans_get_one_message(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    text = SECTION + CITIES
    assert old in text
    if "cannot reach" in parts[0]:
        text = text.replace("ceiling_usd_per_t = 900.0\n", "").replace("draws = 12", "draws = 0")
    done = call(tmp_path, text.replace(old, new))
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


def test_a_wrong_cell_of_the_curves_is_told_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text(CURVES.replace("tokyo,,10000", "tokyo,,-1"), encoding="utf-8")
    done = call(tmp_path, SECTION + CITIES)
    assert done.exit_code == 1
    assert "curves.csv, row 5, column avoided_t: this is out of range" in done.output


RUN = """
[[scenario]]
name = "electric"
title = "Electric buses"
[[scenario.measure]]
measure = "bev_bus"
streams = ["urban_bus"]
uptake = 1.0
[economics]
horizon_years = 5
"""
REGISTRY = (
    "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,count\n"
    "b1,bus,diesel,16000,2012,urban_bus,60000,80\n"
)


def carbon(folder: Path, more: str) -> dict[str, float]:
    folder.mkdir()
    (folder / "r.csv").write_text(REGISTRY, encoding="utf-8")
    (folder / "n.osm").write_text(OSM, encoding="utf-8")
    done = call(folder, RUN + more, "run")
    assert done.exit_code == 0, done.output
    table = pl.read_csv(folder / "out" / "ownership.csv").filter(line="carbon")
    return table.select("private_without", "private_with", "public_without", "public_with").row(0, named=True)


def test_credits_enter_the_cost_of_ownership_once(tmp_path: Path) -> None:
    prices = "price_usd_per_t = { 2024 = 40.0, 2030 = 40.0 }\n"
    credited = carbon(tmp_path / "credited", f"[market]\ncredits_in_ownership = true\n{prices}")
    told = json.loads((tmp_path / "credited" / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [f["text"] for f in told["findings"] if f["code"] == "economics.market_credits"] == [
        "Owners pay the price of credits for their CO2 from 2024 to 2029, 40 to 40 US$ 2024 per t; a tonne less earns it once."
    ]
    paid = carbon(tmp_path / "paid", "carbon_usd_per_t = { 2024 = 40.0 }\n")
    silent = carbon(tmp_path / "silent", f"[market]\n{prices}")
    assert credited == pytest.approx(paid)
    assert credited["private_without"] > credited["private_with"] == 0.0
    assert silent["private_without"] == silent["private_with"] == 0.0
    assert silent["public_without"] == credited["public_without"] > 0.0
    both = tmp_path / "both"
    both.mkdir()
    done = call(
        both, RUN + f"carbon_usd_per_t = {{ 2024 = 40.0 }}\n[market]\ncredits_in_ownership = true\n{prices}", "run"
    )
    assert done.exit_code == 1
    assert "twice" in done.output


def test_trades_are_the_ledger_by_pair(out: Path) -> None:
    trades, ledger = pl.read_csv(out / "trades.csv"), pl.read_csv(out / "ledger.csv")
    by_seller = dict(trades.group_by("seller").agg(pl.col("units").sum()).iter_rows())
    by_buyer = dict(trades.group_by("buyer").agg(pl.col("counted_t").sum()).iter_rows())
    for city, sold, bought in ledger.group_by("city").agg(pl.col("sold_units", "bought_t").sum()).iter_rows():
        assert by_seller.get(city, 0.0) == pytest.approx(sold, abs=1e-3)
        assert by_buyer.get(city, 0.0) == pytest.approx(bought, abs=1e-3)
    assert set(trades.filter(seller="seoul")["unit_kind"]) == {"credit"}
    assert (trades["vintage"] == trades["year"]).all()
    assert (trades["payment_usd"] - trades["units"] * trades["price_usd_per_unit"]).abs().max() < 1.0


def test_leakage_by_hand_and_not_netted(out: Path) -> None:
    leakage = pl.read_csv(out / "leakage.csv")
    market, ledger = pl.read_csv(out / "market.csv"), pl.read_csv(out / "ledger.csv")
    row = leakage.filter(form="none", year=2026).row(0, named=True)
    # Beijing alone in 2026: 90,000 t verified, a fifth may move; 20 US$/t on 2.6624 kg/l of diesel at 1.05 US$
    assert row["movable_t"] == pytest.approx(18000.0)
    assert row["leakage_t"] == pytest.approx(18000.0 * (1.0 - (1.0 + 20.0 * 0.0026624 / 1.05) ** -1.75), rel=1e-4)
    assert row["net_cut_t"] == pytest.approx(10000.0 - row["leakage_t"], abs=1e-3)
    assert leakage["city"].unique().to_list() == ["beijing"]
    # one price among those linked: nothing gains by moving between them
    assert leakage.filter(form="direct", year=2030)["between_t"].to_list() == pytest.approx([0.0], abs=1e-3)
    # the ledger does not know of it
    assert ledger.filter(form="none", city="beijing", year=2026)["verified_t"].to_list() == pytest.approx([90000.0])
    assert market.filter(form="none", city="beijing", year=2026)["abated_t"].to_list() == pytest.approx([10000.0])


def test_the_floor_is_below_the_ceiling_and_sold_units_show(tmp_path: Path) -> None:
    crossed = call(tmp_path, SECTION.replace("ceiling_usd", "floor_usd_per_t = 900.0\nceiling_usd") + CITIES)
    assert crossed.exit_code == 1
    assert "market.floor_usd_per_t is not below ceiling_usd_per_t, 900" in crossed.output
    plain = '[market]\ncurves = "curves.csv"\nfloor_usd_per_t = 30.0\n'
    done = call(tmp_path, plain + CITIES)
    assert done.exit_code == 0, done.output
    ledger = pl.read_csv(tmp_path / "out" / "ledger.csv")
    beijing = ledger.filter(form="none", city="beijing", year=2026)
    # 30,000 t at 20 are below the floor, 10,000 t are needed
    assert beijing["retired_t"].to_list() == pytest.approx([20000.0])
    assert ledger["balance_t"].abs().max() < 1e-4


def test_conservative_credits_by_default_and_the_adjustment_flag(tmp_path: Path) -> None:
    text = '[market]\ncurves = "curves.csv"\ncorresponding_adjustment = false\n' + CITIES
    done = call(tmp_path, text.replace("credited_share = 0.8\n", ""))
    assert done.exit_code == 0, done.output
    assert "seoul gets credits for 0.82 of its cut: the conservative factor for an uncertainty of 100" in done.output
    ledger = pl.read_csv(tmp_path / "out" / "ledger.csv")
    assert (ledger["adjusted_t"] == ledger["verified_t"]).all()
    seoul = ledger.filter(pl.col("city") == "seoul", pl.col("sold_units") > 0.0)
    assert seoul.height > 0
    cut = seoul["allocated_t"] - seoul["verified_t"]
    assert (seoul["sold_units"] <= 0.82 * cut + 1e-3).all()


def test_verify_finds_an_altered_figure(out: Path, tmp_path: Path) -> None:
    places: dict[str, tuple[str, ...]] = {
        "market.csv": ("traded_units", "cost_unlinked_usd"),
        "ledger.csv": ("verified_t", "adjusted_t"),
        "trades.csv": ("units", "payment_usd"),
        "leakage.csv": ("net_cut_t",),
        "draws.csv": ("price_usd_per_t",),
        "volatility.csv": ("price_sd_usd_per_t",),
    }
    assert not_found(out, tmp_path, places) == []
