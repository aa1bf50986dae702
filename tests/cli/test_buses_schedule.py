"""`fleet-planner buses schedule` from end to end."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from click.testing import CliRunner, Result

from fleet_planner.chargers.demand import read_demand
from fleet_planner.cli.main import main
from fleet_planner.outputs.buses.buses_charging import TABLES
from fleet_planner.tables import columns
from tests.buses.charging_stays import stay
from tests.cli.altered import not_found

PLAN = """
[city]
name = "Yardville"
name_zh = "车场市"
country = "US-CA"
year = 2024
[network]
builtin = "coquimbo"
[fleet]
registry = "r.csv"
[buses.charging]
sessions = "stays.csv"
tariff = "sce_tou_ev_9_2030"
grid_cap_kw = 260.0
charger_powers_kw = [60.0, 20.0]
damage = "damage.csv"
[[buses.charging.site]]
site_id = "yard"
solar_kwp = 50.0
battery_kwh = 100.0
"""
DAMAGE = "hour,co2_kg_per_kwh,health_usd_per_kwh\n" + "".join(
    f"{h},{0.15 if 9 <= h < 16 else 0.5},{0.01 if 9 <= h < 16 else 0.03}\n" for h in range(24)
)


def call(folder: Path, text: str = PLAN, only: list[dict[str, object]] | None = None) -> Result:
    place = {"lon": -118.25, "lat": 34.05}
    rows = [
        stay(f"b{k}", 17.0 + k * 0.4, 29.0 + k * 0.2, 150.0, kind=kind, **place)
        for kind in ("weekday", "saturday")
        for k in range(5)
    ]
    more = [stay(f"n{k}", 11.0, 13.0, 40.0, 60.0, site_id="north", site_kind="station") for k in range(2)]
    both = pl.concat([pl.DataFrame(rows), pl.DataFrame(more)], how="diagonal")
    (both if only is None else pl.DataFrame(only)).write_csv(folder / "stays.csv")
    (folder / "damage.csv").write_text(DAMAGE, encoding="utf-8")
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["buses", "schedule", str(folder / "plan.toml"), "--out", str(folder / "out")])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("charging")
    done = call(folder)
    assert done.exit_code == 0, done.output
    assert "No stay at a charger is known for sunday" in done.output
    return folder / "out"


def read(folder: Path, name: str) -> pl.DataFrame:
    path = folder / f"{name}.csv"
    return (
        pl.read_csv(path, infer_schema_length=None) if path.exists() else pl.read_parquet(path.with_suffix(".parquet"))
    )


@pytest.mark.parametrize(("file", "table"), TABLES.items())
def test_tables_are_as_the_dictionary_says(out: Path, file: str, table: str) -> None:
    assert read(out, file).columns == [c.column for c in columns(table)]


def test_the_load_of_a_year_is_the_energy_of_the_stays(out: Path) -> None:
    load, sites = read(out, "load_profile"), read(out, "sites")
    year = load.group_by("site_id", "strategy").agg(
        kwh=(pl.col("charging_kw") * 0.25 * pl.col("days_per_year")).sum(), top=pl.col("grid_kw").max()
    )
    both = sites.join(year, on=["site_id", "strategy"])
    assert both.height == 8
    assert both["kwh"].to_list() == pytest.approx(both["energy_kwh_per_year"].to_list(), rel=1e-9)
    assert both["top"].to_list() == pytest.approx(both["peak_kw"].to_list())
    assert (both["top"] <= 260.0 * (1.0 + 1e-6)).all()
    # 262 weekdays and 52 Saturdays of five buses, efficiency 1; nights between two months of unlike sun count half each
    yard = both.filter(site_id="yard", strategy="least_cost")["kwh"][0]
    assert yard == pytest.approx((262 + 52) * 5 * 150.0, rel=4e-3)
    plan = read(out, "schedule").filter(site_id="yard", strategy="least_cost")
    by_day = plan.group_by("months", "kind_of_day", "bus").agg(pl.col("grid_kw").sum() * 0.25)
    assert by_day["grid_kw"].to_list() == pytest.approx([150.0] * by_day.height, rel=1e-9)


def test_costs_reconcile_and_plans_pay(out: Path) -> None:
    sites, lines = read(out, "sites"), read(out, "site_costs")
    sums = lines.group_by("site_id", "strategy", "borne_by").agg(pl.col("cost_usd2024_per_year").sum())
    for row in sites.iter_rows(named=True):
        own = dict(
            sums.filter(site_id=row["site_id"], strategy=row["strategy"])[
                "borne_by", "cost_usd2024_per_year"
            ].iter_rows()
        )
        assert own["operator"] == pytest.approx(row["cost_usd2024_per_year"])
        assert own["others"] == pytest.approx(row["damage_usd2024_per_year"])
    assert (lines["quantity"] * lines["price"] - lines["cost_per_year"]).abs().max() < 1e-6
    yard = {r["strategy"]: r for r in sites.filter(site_id="yard").iter_rows(named=True)}
    assert yard["least_cost"]["cost_usd2024_per_year"] <= yard["balanced"]["cost_usd2024_per_year"]
    assert yard["least_cost"]["cost_usd2024_per_year"] <= yard["unmanaged"]["cost_usd2024_per_year"]
    kind, cheap = yard["cost_and_damage"], yard["least_cost"]
    assert kind["cost_and_damage_usd2024_per_year"] <= cheap["cost_and_damage_usd2024_per_year"] + 1e-6
    assert kind["co2_t_per_year"] <= cheap["co2_t_per_year"] + 1e-9
    assert sites["gap"].abs().max() < 1e-7
    assert set(lines.filter(site_id="yard")["element"]) == {"energy", "demand", "fixed", "storage", "climate", "health"}


def test_chargers_siting_and_map(out: Path) -> None:
    needs = read(out, "chargers_needed")
    yard = needs.filter(site_id="yard")
    assert yard["charger_kw"].to_list() == [100.0, 20.0, 60.0]
    assert yard["one_each"].to_list() == [5, 5, 5]
    assert yard["in_turn"].is_sorted() is False
    assert yard.filter(charger_kw=20.0)["in_turn"][0] > yard.filter(charger_kw=100.0)["in_turn"][0]
    assert needs.filter(chosen="yes").height == 2
    demand = read(out, "site_demand")
    assert demand.height == 2 * 24
    load = read(out, "load_profile").filter(strategy="least_cost")
    mean = (load["grid_kw"] * 0.25 * load["days_per_year"]).sum() / 366.0
    assert demand["kwh_per_day"].sum() == pytest.approx(mean, rel=1e-9)
    # the siting of chargers reads it as it is
    read_back = read_demand(out / "site_demand.csv", [], 2024, {"north": (-118.3, 34.1)})
    assert read_back.ids == ("north", "yard")
    assert read_back.kind == ("en_route", "depot")
    assert read_back.per_day.sum() == pytest.approx(mean, rel=1e-9)
    layer = pyogrio.read_dataframe(out / "charging.gpkg", layer="bus_charging")
    assert layer["site_id"].tolist() == ["yard"]  # north has no place
    assert set(layer.columns) - {"geometry"} == {c.column for c in columns("bus_charging")}
    with closing(sqlite3.connect(out / "charging.gpkg")) as database:
        assert database.execute("SELECT COUNT(*) FROM layer_styles WHERE f_table_name = 'bus_charging'").fetchone() == (
            1,
        )
    peak = read(out, "sites").filter(site_id="yard", strategy="balanced")["peak_kw"][0]
    assert layer["peak_kw_balanced"][0] == pytest.approx(peak)


def test_the_page_has_the_same_figures_in_both_languages(out: Path) -> None:
    english, chinese = ((out / f"charging{x}.html").read_text(encoding="utf-8") for x in ("", ".zh"))
    assert "Load of depots and stations" in english
    assert "车场与充电站负荷" in chinese
    assert "车场市" in chinese
    cells = [re.findall(r'<td class="n">([^<]*)</td>', page) for page in (english, chinese)]
    figures = [[c for c in own if re.fullmatch(r"[−0-9.,% ]+", c)] for own in cells]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 80
    assert english.count("<svg") == chinese.count("<svg") == 2


def test_the_manifest_names_inputs_and_findings(out: Path) -> None:
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {"stays.csv", "damage.csv"} < {i["path"] for i in told["inputs"]}
    assert {"buses.charging_days", "buses.charging_tariff_unchecked", "buses.charging_sun"} <= {
        f["code"] for f in told["findings"]
    }
    assert "load_profile.parquet" in told["files"]


def test_dollars_and_tonnes_stand_against_cost_alone(tmp_path: Path) -> None:
    # the night is cheaper by 0.02 a kWh, the day spares 0.35 kg and 0.02 of health: a bus that stays over both
    head = "element,months,days,hours,value,currency,price_year\n"
    (tmp_path / "t.csv").write_text(
        f"{head}energy,,,22-6,0.10,USD,2024\nenergy,,,6-22,0.12,USD,2024\n", encoding="utf-8"
    )
    text = PLAN.split("[[buses", maxsplit=1)[0].replace('"sce_tou_ev_9_2030"', '"t.csv"').replace("260.0", "2000.0")
    done = call(tmp_path, text, [stay("a", 12.0, 30.0, 150.0)])
    assert done.exit_code == 0, done.output
    sites = read(tmp_path / "out", "sites")
    rows = {r["strategy"]: r for r in sites.iter_rows(named=True)}
    cheap, kind = rows["least_cost"], rows["cost_and_damage"]
    # 262 weekdays; of the last one's night nothing falls into 2024, and nobody charged in the night to its first
    assert (kind["energy_kwh_per_year"], cheap["energy_kwh_per_year"]) == pytest.approx((262 * 150.0, 261 * 150.0))
    assert kind["cost_usd2024_per_year"] == pytest.approx(262 * 150.0 * 0.12)
    assert cheap["cost_usd2024_per_year"] == pytest.approx(261 * 150.0 * 0.10)
    assert kind["co2_t_per_year"] == pytest.approx(262 * 0.150 * 0.15)
    assert cheap["co2_t_per_year"] == pytest.approx(261 * 0.150 * 0.50)
    assert kind["cost_and_damage_usd2024_per_year"] < cheap["cost_and_damage_usd2024_per_year"]
    assert f"{cheap['co2_t_per_year'] - kind['co2_t_per_year']:,.1f} t CO2" in done.output


def test_a_low_cap_says_which_buses_miss_and_what_would_do(tmp_path: Path) -> None:
    done = call(tmp_path, PLAN.replace("260.0", "40.0").replace("solar_kwp = 50.0\nbattery_kwh = 100.0\n", ""))
    assert done.exit_code == 0, done.output
    found = re.search(r"yard: the grid limit of 40 kW does not serve all buses; ([0-9.]+) kW", done.output)
    assert found
    short = read(tmp_path / "out", "missed")
    assert set(short["bus"]) <= {f"b{k}" for k in range(5)} | {"n0", "n1"}
    again = PLAN.replace("260.0", f"{float(found[1]) + 0.1}").replace("solar_kwp = 50.0\nbattery_kwh = 100.0\n", "")
    other = tmp_path / "again"
    other.mkdir()
    assert call(other, again).exit_code == 0
    assert read(other / "out", "missed").filter(strategy="least_cost", site_id="yard").is_empty()


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('site_id = "yard"', 'site_id = "yart"', ["buses.charging.site[1].site_id", "yard"]),
        ('tariff = "sce_tou_ev_9_2030"', 'tariff = "sce_2030"', ["buses.charging.tariff", "sce_tou_ev_9_2030"]),
        ('"stays.csv"', '"none.csv"', ["none.csv", "buses.charging.sessions"]),
        ('sessions = "stays.csv"', "", ["buses.charging.sessions"]),
        ("grid_cap_kw = 260.0", "grid_cap = 260.0", ["grid_cap", "grid_cap_kw"]),
        ("grid_cap_kw = 260.0", "battery_chosen = true", ["battery_kwh"]),
        ("grid_cap_kw = 260.0", 'strategies = ["balanced", "balanced"]', ["balanced twice"]),
        ("grid_cap_kw = 260.0", 'holidays = ["25.12.2024"]', ["25.12.2024", "2024-12-25"]),
        ("grid_cap_kw = 260.0", 'holidays = ["2025-01-01"]', ["buses.charging.holidays", "2024"]),
    ],
)
def test_bad_plans_get_one_message(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    assert old in PLAN
    done = call(tmp_path, PLAN.replace(old, new))
    assert done.exit_code == 1, done.output
    for part in parts:
        assert part in done.output
    assert not (tmp_path / "out").exists()


def test_hours_of_the_citys_electricity_stand_in_for_a_table_of_damage(tmp_path: Path) -> None:
    rows = "".join(f"{h},marginal,{0.15 if 9 <= h < 16 else 0.5}\n{h},average,0.3\n" for h in range(24))
    (tmp_path / "hours.csv").write_text("hour,kind,co2e_kg_per_kwh\n" + rows, encoding="utf-8")
    (tmp_path / "t.csv").write_text("element,months,days,hours,value,currency,price_year\nenergy,,,,0.1,USD,2024\n")
    text = PLAN.split("[[buses", maxsplit=1)[0].replace('"sce_tou_ev_9_2030"', '"t.csv"').replace("260.0", "2000.0")
    text = text.replace('damage = "damage.csv"\n', "") + '[electricity]\nhourly = "hours.csv"\n'
    done = call(tmp_path, text, [stay("a", 12.0, 30.0, 150.0)])
    assert done.exit_code == 0, done.output
    kind = read(tmp_path / "out", "sites").filter(strategy="cost_and_damage").row(0, named=True)
    assert kind["co2_t_per_year"] == pytest.approx(262 * 0.150 * 0.15)  # all of it between 12 and 16
    assert "buses.charging_damage_hours" in (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")


def test_verify_finds_an_altered_figure(out: Path, tmp_path: Path) -> None:
    places: dict[str, tuple[str, ...]] = {
        "sites.csv": ("energy_kwh_per_year", "damage_usd2024_per_year"),
        "site_costs.csv": ("cost_usd2024_per_year",),
    }
    assert not_found(out, tmp_path, places) == []
