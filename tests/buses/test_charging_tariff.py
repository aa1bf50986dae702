"""Tariffs, damage and profiles of the sun: packaged figures, lists of hours, wrong tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fleet_planner.buses.charging.damage import read_damage
from fleet_planner.buses.charging.read import read_sessions
from fleet_planner.buses.charging.sun import read_sun
from fleet_planner.buses.charging.tariff import read_tariff, tariff_names
from fleet_planner.errors import InputError, PlanError

HEAD = "element,label,months,days,hours,value,currency,price_year\n"
FLAT = "energy,all,,,,0.2,USD,2024\n"


def table(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "month", "kind", "hour", "price"),
    [
        ("sce_tou_ev_9_2024", 7, 0, 16, 0.55751),
        ("sce_tou_ev_9_2024", 7, 1, 20, 0.34658),
        ("sce_tou_ev_9_2024", 1, 2, 15, 0.11499),
        ("sce_tou_ev_9_2024", 10, 0, 3, 0.20708),
        ("ladwp_a3_2009", 8, 0, 14, 0.0439 + 0.0499),
        ("ladwp_a3_2009", 8, 1, 14, 0.01755 + 0.0499),
        ("ladwp_a3_2009", 2, 0, 19, 0.03663 + 0.0499),
        ("beijing_public_2016", 5, 0, 23, 0.3946 + 0.8),
        ("beijing_public_2016", 5, 2, 6, 0.3946 + 0.8),
        ("beijing_public_2016", 5, 1, 10, 1.0044 + 0.8),
        ("beijing_public_2016", 5, 1, 17, 0.695 + 0.8),
    ],
)
def test_packaged_prices_are_those_of_their_sources(name: str, month: int, kind: int, hour: int, price: float) -> None:
    assert read_tariff(name, Path()).energy[month - 1, kind, hour * 4] == pytest.approx(price)


def test_demand_of_los_angeles_adds_up() -> None:
    tariff = read_tariff("ladwp_a3_2009", Path())
    august = [c.price for c in tariff.of("demand") if c.mask[7, 0, 14 * 4]]
    assert sum(august) == pytest.approx(9.0 + 4.0 + 0.46 + 0.96)
    assert len(tariff_names()) == 4


def test_a_table_of_the_users_own(tmp_path: Path) -> None:
    text = HEAD + (
        "energy,night,,,22:30-6,0.08,CNY,2023\n"
        "energy,day,,weekday,6-22:30,0.2,CNY,2023\n"
        "energy,day,,saturday;sunday,6-22:30,0.1,CNY,2023\n"
        "demand,peak,11-2,weekday,16-20,5,CNY,2023\n"
        "export,sun,,,,0.05,CNY,2023\n"
        "fixed,meter,,,,30,CNY,2023\n"
    )
    tariff = read_tariff("t.csv", table(tmp_path, text))
    assert (tariff.currency, tariff.price_year, tariff.title_zh) == ("CNY", 2023, "t")
    assert tariff.energy[0, 0, [89, 90, 95, 0, 23, 24]].tolist() == [0.2, 0.08, 0.08, 0.08, 0.08, 0.2]
    assert tariff.energy[3, 2, 50] == 0.1
    assert np.flatnonzero(tariff.of("demand")[0].months).tolist() == [0, 1, 10, 11]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (HEAD + "energy,a,,,6-22,0.2,USD,2024\n", ["no price", "month 1, weekday, 00:00"]),
        (HEAD + FLAT + "energy,b,,,8-9,0.2,USD,2024\n", ["two prices", "08:00", "row 3", "adder"]),
        (HEAD + "energy,a,,,6-25,0.2,USD,2024\n", ["row 2", "column hours", "6-25"]),
        (HEAD + "energy,a,,,7:10-9,0.2,USD,2024\n", ["column hours", "15:30-18"]),
        (HEAD + "energy,a,13,,,0.2,USD,2024\n", ["column months", "13"]),
        (HEAD + "energy,a,,monday,,0.2,USD,2024\n", ["column days", "monday", "saturday"]),
        (HEAD + "energi,a,,,,0.2,USD,2024\n", ["row 2", "column element", "energy"]),
        (HEAD + FLAT + "adder,b,,,,0.1,CNY,2024\n", ["row 3", "column currency", "USD"]),
        (HEAD + FLAT + "export,b,,,12-13,0.3,USD,2024\n", ["earns more", "12:00"]),
        (HEAD.replace("value,", ""), ["the table has no row"]),
    ],
)
def test_wrong_tariffs_name_the_cell(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        read_tariff("t.csv", table(tmp_path, text))
    for part in parts:
        assert part in str(error.value)


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(PlanError, match="sce_tou_ev_9_2024"):
        read_tariff("sce_tou_ev_9", Path())


def test_damage_by_hour_and_its_gaps(tmp_path: Path) -> None:
    head = "month,kind_of_day,hour,co2_kg_per_kwh,health_usd_per_kwh\n"
    rows = "".join(f",,{h},{0.2 if 10 <= h < 16 else 0.5},0.01\n" for h in range(24))
    found = read_damage(table(tmp_path, head + rows) / "t.csv", 100.0)
    assert found.varies
    assert found.usd[3, 1, [0, 40]].tolist() == pytest.approx([0.5 * 0.1 + 0.01, 0.2 * 0.1 + 0.01])
    with pytest.raises(InputError, match="no row for hour 23"):
        read_damage(table(tmp_path, head + rows.replace(",,23,0.5,0.01\n", "")) / "t.csv", 100.0)
    with pytest.raises(InputError, match=r"row 26.*two rows"):
        read_damage(table(tmp_path, head + rows + "1,weekday,3,0.1,0\n") / "t.csv", 100.0)


def test_a_profile_of_the_sun(tmp_path: Path) -> None:
    sun = read_sun(table(tmp_path, "month,hour,kw_per_kwp\n,12,0.7\n,13,0.5\n") / "t.csv")
    assert sun[4, [47, 48, 51, 52, 56]].tolist() == [0.0, 0.7, 0.7, 0.5, 0.0]
    with pytest.raises(InputError, match="two rows"):
        read_sun(table(tmp_path, "month,hour,kw_per_kwp\n,12,0.7\n6,12,0.5\n") / "t.csv")


CURVED = "site_id,block_id,arrive_s,leave_s,need_battery_kwh,max_battery_kw,charge_curve\n"
STAYS = "site_id,block_id,arrive_s,leave_s,need_battery_kwh,max_battery_kw\n"


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("d,b,70000,20000,100,50\n", ["row 2", "leave_s", "86400"]),
        ("d,b,70000,80000,100,0\n", ["row 2", "max_battery_kw"]),
        ("d,b,70000,80000,-1,50\n", ["row 2", "need_battery_kwh"]),
        ("d,b,70000,180000,1,50\n", ["row 2", "leave_s", "172800"]),
        ("d,b,70000,80000,1,50,0 150;0.9 15\n", ["row 2", "charge_curve", "0.8 150"]),
    ],
)
def test_wrong_stays_name_the_cell(tmp_path: Path, row: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        read_sessions(table(tmp_path, (STAYS if row.count(",") == 5 else CURVED) + row) / "t.csv")
    for part in parts:
        assert part in str(error.value)


def test_stays_have_defaults_that_are_counted(tmp_path: Path) -> None:
    found = read_sessions(table(tmp_path, STAYS + "d,b,70000,90000,100,50\n") / "t.csv")
    row = found.sessions.row(0, named=True)
    assert (row["kind_of_day"], row["site_kind"], row["bus"], row["charger_efficiency"]) == (
        "weekday",
        "depot",
        "b",
        0.95,
    )
    assert [(f.code, f.count) for f in found.findings] == [("buses.charger_efficiency", 1)]
