"""Energy of movements: cabin, cold, weather, days of service, tables of consumption, measured rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_days import small_day

from fleet_planner.buses.energy.cabin import cabin_need_kw, cabin_power, first_warmth
from fleet_planner.buses.energy.cold import charge_power, curve, regen_power, usable_capacity
from fleet_planner.buses.energy.consumption import read_consumption
from fleet_planner.buses.energy.measured import measured_rows, range_status
from fleet_planner.buses.energy.movement import first_and_layover, movement_energies, movement_energy, moves_of
from fleet_planner.buses.energy.summary import energy_table, heaters_by_route, year_table
from fleet_planner.buses.energy.vehicles import bus_types
from fleet_planner.buses.energy.weather import Case, cases, months, weather_findings
from fleet_planner.buses.model import BUS_TYPES, DayEnergy, ServiceDay, Ways
from fleet_planner.errors import InputError
from fleet_planner.network.model import Network
from fleet_planner.outputs.buses.bus_emission_part import route_cuts
from fleet_planner.pipeline.buses.route_emissions import yearly
from fleet_planner.plan.buses_energy import BusEnergyPlan
from fleet_planner.plan.load import check_plan
from fleet_planner.plan.models import Plan

BEIJING = {
    "monthly_min_c": [-8.4, -5.6, 0.4, 7.9, 13.6, 18.8, 22.0, 20.8, 14.8, 7.9, 0.0, -5.8],
    "monthly_max_c": [1.8, 5.0, 11.6, 20.3, 26.0, 30.2, 30.9, 29.7, 25.8, 19.1, 10.1, 3.7],
}


def plan(**energy: Any) -> Plan:
    return check_plan(
        {
            "city": {"name": "x", "country": "CN-BJ", "year": 2024},
            "network": {"builtin": "coquimbo"},
            "fleet": {"registry": "r.csv"},
            "climate": BEIJING,
            "buses": {"energy": energy},
        },
        Path("plan.toml"),
    )


def per_km(day: ServiceDay, out: DayEnergy) -> float:
    return float(out.kwh.sum() / day.movements["km"].sum())


# cabin ---------------------------------------------------------------------------------------------------------


def need(outside: float, people: float = 1.0, doors: float = 0.0, sun: float = 0.0, **own: Any) -> tuple[float, float]:
    vehicles, section = bus_types(), BusEnergyPlan(**own)
    at = np.array([[outside]])
    heat, cold = cabin_need_kw(
        vehicles, section, np.array([1]), at, np.array([[sun]]), np.array([people]), np.array([doors])
    )
    return float(heat[0, 0]), float(cold[0, 0])


def test_heat_balance_by_hand() -> None:
    # 12 m: walls 550 W/K, fresh air 78 places x 4 W/K, one open door 500 W/K; 10 people of 90 W; 28 K to 18 C
    heat, cold = need(-10.0, 10.0, 1.0)
    assert heat == pytest.approx(((550.0 + 312.0 + 500.0) * 28.0 - 900.0) / 1e3)
    assert cold == 0.0


def test_cooling_counts_people_and_sun() -> None:
    scale = bus_types().figure["cooling_scale"]
    heat, cold = need(34.0, 30.0, 0.0, 500.0)
    assert heat == 0.0
    assert cold == pytest.approx(scale * ((550.0 + 312.0) * 10.0 + 30.0 * 90.0 + 6.0 * 500.0) / 1e3)
    assert need(34.0, 30.0, cooling=False)[1] == 0.0


@settings(max_examples=60, deadline=None)
@given(st.floats(-40.0, 45.0), st.floats(0.0, 3.0), st.floats(1.0, 80.0), st.floats(0.0, 800.0))
def test_never_heated_and_cooled_at_once_and_continuous(
    outside: float, doors: float, people: float, sun: float
) -> None:
    heat, cold = need(outside, people, doors, sun)
    assert heat == 0.0 or cold == 0.0
    warmer = need(outside + 1e-6, people, doors, sun)
    assert warmer == (pytest.approx(heat, abs=1e-4), pytest.approx(cold, abs=1e-4))
    assert warmer[0] <= heat
    assert warmer[1] >= cold


def test_pump_resistance_and_burner() -> None:
    vehicles, kind, at = bus_types(), np.array([1]), np.array([[0.0]])
    heat = (np.array([[11.0]]), np.zeros((1, 1)))
    pump, wire, burner = (
        cabin_power(vehicles, BusEnergyPlan(heating=h), kind, at, heat) for h in ("heat_pump", "resistive", "diesel")
    )
    assert pump.electric_kw[0, 0] == pytest.approx(11.0 / 2.2)
    assert wire.electric_kw[0, 0] == pytest.approx(11.0)
    assert burner.electric_kw[0, 0] == 0.0
    assert burner.fuel_kw[0, 0] == pytest.approx(11.0 / 0.85)
    # beyond its size (18 kW) resistance helps
    more = cabin_power(vehicles, BusEnergyPlan(), kind, at, (np.array([[28.0]]), np.zeros((1, 1))))
    assert more.electric_kw[0, 0] == pytest.approx(18.0 / 2.2 + 10.0)


def test_first_warmth_by_hand() -> None:
    kwh, fuel = first_warmth(bus_types(), BusEnergyPlan(heating="resistive"), np.array([1]), np.array([[-2.0]]))
    assert kwh[0, 0] == pytest.approx(0.12 * 13500.0 * 20.0 / 3600.0)
    assert fuel[0, 0] == 0.0


# cold ----------------------------------------------------------------------------------------------------------


def test_cold_takes_capacity_charging_and_braking_power() -> None:
    cold = BusEnergyPlan(battery_least_c=-60.0)
    celsius = np.linspace(-30.0, 20.0, 51)
    for share in (usable_capacity, charge_power, regen_power):
        values = share(celsius, cold)
        assert (np.diff(values) >= 0.0).all()
        assert values[0] < values[-1] == 1.0
        # heaters that hold it at 10 C make all colder days alike
        held = share(np.array([-30.0, 0.0, 10.0]), BusEnergyPlan())
        assert held == pytest.approx(float(held[0]))
    assert curve("charge_power", 5.0) == pytest.approx(0.5)


# weather -------------------------------------------------------------------------------------------------------


def test_design_days_from_months_series_and_plan(tmp_path: Path) -> None:
    mean, coldest, hottest = cases(plan())
    assert mean.mean_c == pytest.approx(np.mean([BEIJING["monthly_min_c"], BEIJING["monthly_max_c"]]))
    assert coldest.mean_c == pytest.approx((-8.4 + 1.8) / 2.0 - 10.0)
    assert hottest.mean_c == pytest.approx((22.0 + 30.9) / 2.0 + 6.0)
    assert coldest.hourly_c.argmin() < 6 < coldest.hourly_c.argmax()
    days = np.linspace(-15.0, 33.0, 365)
    pl.DataFrame({"mean_c": days}).write_csv(tmp_path / "days.csv")
    _, cold, hot = cases(plan(daily_temperature="days.csv"), tmp_path)
    assert (cold.mean_c, hot.mean_c) == pytest.approx((np.percentile(days, 1.0), np.percentile(days, 99.0)))
    _, cold, hot = cases(plan(design_cold_c=-20.0, design_hot_c=38.0))
    assert (cold.mean_c, hot.mean_c) == pytest.approx((-20.0, 38.0))
    assert len(months(plan())) == 12


def test_wrong_series_is_named(tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("mean_c\n1.0\nwarm\n")
    with pytest.raises(InputError, match=r"days.csv, row 3, column mean_c.*warm"):
        cases(plan(daily_temperature="days.csv"), tmp_path)


# days of service -----------------------------------------------------------------------------------------------


def test_parts_add_up_and_colder_costs_more() -> None:
    day = small_day()
    out = movement_energies(day, None, plan(heating="resistive"), cases(plan()))
    by_name = {o.case: o for o in out}
    for o in out:
        assert o.kwh == pytest.approx(o.drive_kwh + o.auxiliary_kwh)
        assert (o.cabin_kwh <= o.auxiliary_kwh).all()
        assert (o.heater_fuel_mj == 0.0).all()
        assert (o.standing_kw >= 3.5).all()
    assert per_km(day, by_name["coldest"]) > 1.5 * per_km(day, by_name["mean"])
    assert per_km(day, by_name["hottest"]) > 1.1 * per_km(day, movement_energy(day, None, plan(), 18.0))


@settings(max_examples=20, deadline=None)
@given(st.floats(-25.0, 15.0), st.floats(0.5, 8.0), st.sampled_from(BUS_TYPES))
def test_a_warmer_day_never_costs_more_below_comfort(celsius: float, up: float, bus_type: str) -> None:
    day = small_day(1, 2, bus_type=bus_type)
    cold, warm = movement_energies(day, None, plan(), [Case.level(celsius), Case.level(min(celsius + up, 16.0))])
    assert warm.kwh.sum() <= cold.kwh.sum() + 1e-9
    assert (warm.standing_kw <= cold.standing_kw + 1e-9).all()


def test_heating_orders_and_a_diesel_heater_burns_also_in_the_layover() -> None:
    day = small_day()
    pump, wire, burner = (
        movement_energy(day, None, plan(heating=h), -5.0) for h in ("heat_pump", "resistive", "diesel")
    )
    assert per_km(day, burner) < per_km(day, pump) < per_km(day, wire)
    assert (burner.heater_fuel_mj > 0.0).all()
    _, layover = first_and_layover(day)
    longer = replace(day, movements=day.movements.with_columns(pl.col("start_s") - 0))
    assert layover.max() == pytest.approx(480.0)
    still = movement_energy(longer, None, plan(heating="diesel", doors_open_in_layover=0.0), -5.0)
    assert still.heater_fuel_mj.sum() < burner.heater_fuel_mj.sum()


def test_the_plug_warms_the_cabin_once_a_block() -> None:
    day = small_day(3, 2)
    at_plug = movement_energy(day, None, plan(), 0.0)
    cold_start = movement_energy(day, None, plan(precondition=False), 0.0)
    assert (at_plug.plug_kwh > 0.0).sum() == 3
    assert (cold_start.plug_kwh == 0.0).all()
    assert cold_start.kwh.sum() - at_plug.kwh.sum() == pytest.approx(at_plug.plug_kwh.sum())


def test_a_battery_that_is_not_held_warm_takes_less_back_in_the_cold() -> None:
    day = small_day(1, 3)
    held = movement_energy(day, None, plan(), -15.0)
    cold = movement_energy(day, None, plan(battery_least_c=-60.0), -15.0)
    assert cold.returned_kwh.sum() < 0.5 * held.returned_kwh.sum()
    assert cold.drive_kwh.sum() > held.drive_kwh.sum()
    # holding it warm is power times time: 0.15 W/K and kWh, 350 kWh, 25 K
    assert (held.auxiliary_kwh - cold.auxiliary_kwh)[1] == pytest.approx(0.15 * 350.0 * 25.0 / 1e3 * 35.0 / 60.0)


@pytest.mark.parametrize(
    ("energy", "code"),
    [
        ({}, "buses.weather_months"),
        ({"design_cold_c": -12.0}, "buses.weather_half"),
        ({"design_cold_c": -12.0, "design_hot_c": 36.0}, "buses.weather_given"),
    ],
)
def test_what_the_weather_rests_on_is_told(energy: dict[str, float], code: str) -> None:
    own = plan(**energy)
    assert [f.code for f in weather_findings(own, cases(own))] == [code]


def test_load_column_goes_before_the_hours() -> None:
    day = small_day(1, 2)
    full = replace(day, movements=day.movements.with_columns(load=pl.lit(1.0)))
    assert (
        movement_energy(full, None, plan(), 15.0).drive_kwh.sum()
        > movement_energy(day, None, plan(), 15.0).drive_kwh.sum()
    )


def links(grade: list[float], bus_only: list[bool]) -> Network:
    n = len(grade)
    table = pl.DataFrame({
        "free_flow_kmh": [50.0] * n, "road_class": ["primary"] * n, "grade_pct": grade, "bus_only": bus_only, "bus_lanes": [0] * n,
    })  # fmt: skip
    return Network(table, np.zeros((0, 2)), np.zeros(n + 1, np.int64), "")


def test_a_hill_costs_its_height() -> None:
    ways = Ways(np.array([0, 2]), np.array([0, 1]), np.array([5.0, 5.0]))
    day = small_day(1, 1, way=0, ways=ways)
    flat, up, hump = (
        movement_energy(day, links(g, [False, False]), plan(), 15.0).drive_kwh[1]
        for g in ([0.0, 0.0], [2.0, 2.0], [2.0, -2.0])
    )
    figure = bus_types().figure
    at = (day.movements["start_s"][1] + day.movements["end_s"][1]) / 2.0
    load = BusEnergyPlan().load_by_hour[int(at // 3600)]
    mass = 13500.0 + 75.0 + load * 78.0 * 68.0
    lift = mass * 9.80665 * 200.0 / 3.6e6
    assert lift < up - flat < lift / figure["drive_efficiency"] * 1.001
    assert flat < hump < up


def test_unknown_links_drive_at_the_plain_speed() -> None:
    ways = Ways(np.array([0, 2]), np.array([-1, -1]), np.array([5.0, 5.0]))
    on = movement_energy(small_day(1, 1, way=0, ways=ways), links([1.0], [True]), plan(), 15.0)
    off = movement_energy(small_day(1, 1), None, plan(), 15.0)
    assert on.drive_kwh == pytest.approx(off.drive_kwh)


def test_bus_lanes_keep_free_flow() -> None:
    ways = Ways(np.array([0, 1]), np.array([0]), np.array([10.0]))
    day = small_day(1, 1, minutes=20.0, way=0, ways=ways)
    mixed, own = (movement_energy(day, links([0.0], [b]), plan(), 15.0) for b in (False, True))
    assert own.drive_kwh[1] != pytest.approx(mixed.drive_kwh[1], rel=1e-4)


# tables --------------------------------------------------------------------------------------------------------

SIMBA = "vehicle_type,level_of_loading,incline,mean_speed_kmh,t_amb,consumption_kwh_per_km\n"


def simba_table(path: Path) -> Path:
    rows = [
        f"SB,{load},{grade},{speed},{t},{1.0 + load + 10.0 * grade + 0.01 * speed - 0.02 * t}"
        for load in (0.0, 1.0) for grade in (-0.02, 0.02) for speed in (10.0, 30.0) for t in (-10.0, 30.0)
    ]  # fmt: skip
    path.write_text(SIMBA + "\n".join(rows) + "\n")
    return path


def test_a_table_of_a_plane_is_met_exactly(tmp_path: Path) -> None:
    grid = read_consumption(simba_table(tmp_path / "c.csv"))["standard"]
    rng = np.random.default_rng(1)
    points = rng.uniform([0.0, -0.02, 10.0, -10.0], [1.0, 0.02, 30.0, 30.0], (500, 4))
    value, outside = grid.at(points)
    assert value == pytest.approx(1.0 + points[:, 0] + 10.0 * points[:, 1] + 0.01 * points[:, 2] - 0.02 * points[:, 3])
    assert not outside.any()
    value, outside = grid.at(np.array([[2.0, 0.0, 50.0, 0.0]]))
    assert value[0] == pytest.approx(1.0 + 1.0 + 0.3)
    assert outside.all()


def test_a_day_by_table_and_what_lies_outside_is_counted(tmp_path: Path) -> None:
    simba_table(tmp_path / "c.csv")
    day = small_day(1, 2)
    out = movement_energy(day, None, plan(table="c.csv", load_by_hour=[0.5] * 24), 10.0, base=tmp_path)
    trip = (day.movements["kind"] == "trip").to_numpy()
    speed = 10.0 / (35.0 / 60.0)
    assert out.kwh[trip] == pytest.approx(10.0 * (1.0 + 0.5 + 0.01 * speed - 0.2))
    assert (out.standing_kw > 0.0).all()
    assert {f.code for f in out.findings} >= {"buses.table_layover"}
    cold = movement_energy(day, None, plan(table="c.csv"), -20.0, base=tmp_path)
    (found,) = (f for f in cold.findings if f.code == "buses.table_outside")
    assert found.count == day.movements.height
    other = movement_energy(small_day(1, 2, bus_type="coach"), None, plan(table="c.csv"), 10.0, base=tmp_path)
    assert "buses.table_lacks_type" in {f.code for f in other.findings}
    assert (other.kwh[trip] > 0.0).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "column bus_type: a column is missing"),
        (SIMBA + "XL,0,0,20,10,1.2\n", "no such type of bus"),
        (SIMBA + "SB,0,0,20,10,much\n", "row 2, column consumption_kwh_per_km: this is no number"),
        (SIMBA + "SB,0,0,20,10,1.2\nSB,1,0,20,20,1.2\n", "no full grid"),
    ],
)
def test_wrong_tables_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_consumption(tmp_path / "c.csv")


def test_own_types_replace_packaged_ones(tmp_path: Path) -> None:
    own = pl.read_csv(Path(__file__).parents[2] / "fleet_planner/reference/bus_types.csv").filter(
        pl.col("bus_type") == "standard"
    )
    own.with_columns(empty_kg=pl.lit(11000.0)).write_csv(tmp_path / "t.csv")
    vehicles = bus_types(tmp_path / "t.csv")
    assert vehicles.names == BUS_TYPES
    assert vehicles.empty_kg[1] == 11000.0
    assert vehicles.empty_kg[0] == bus_types().empty_kg[0]
    own.with_columns(empty_kg=pl.lit(-1.0)).write_csv(tmp_path / "t.csv")
    with pytest.raises(InputError, match="row 2, column empty_kg"):
        bus_types(tmp_path / "t.csv")


# measured ------------------------------------------------------------------------------------------------------


def test_measured_rows_and_ranges() -> None:
    rows = measured_rows()
    assert set(rows["use"]) == {"fit", "test"}
    fit = rows.filter(pl.col("use") == "fit")
    assert fit["error_pct"].abs().max() < 15.0
    test = rows.filter(pl.col("use") == "test")["error_pct"].abs()
    # what docs/buses_energy.md says of the rows that the fit has not seen
    assert test.median() < 15.0
    assert test.max() < 55.0
    assert range_status("standard", 15.0, 1.1) == "inside"
    assert range_status("standard", 15.0, 3.0) == "failed"
    assert range_status("standard", -30.0, 3.0) == "no_range"
    assert range_status("standard", -30.0, 1.0, "diesel") == "inside"


def test_packaged_figures_are_those_of_the_fit() -> None:
    from scipy.optimize import least_squares

    def residuals(values: np.ndarray) -> np.ndarray:
        rows = measured_rows({"drive_efficiency": values[0], "cooling_scale": values[1]}).filter(pl.col("use") == "fit")
        return np.log(rows["model_kwh_per_km"].to_numpy() / rows["kwh_per_km"].to_numpy())

    fit = least_squares(residuals, (0.85, 1.0), bounds=((0.6, 0.2), (0.95, 3.0)))
    figure = bus_types().figure
    assert (figure["drive_efficiency"], figure["cooling_scale"]) == pytest.approx(fit.x, rel=1e-3)


def test_table_of_the_fleet_adds_up_and_marks_what_failed() -> None:
    day = small_day(2, 3, bus_type="coach")
    energy = movement_energies(day, None, plan(heating="diesel"), cases(plan()))
    table, found = energy_table(day, energy, BusEnergyPlan(heating="diesel"))
    assert table["weather"].to_list() == ["mean", "coldest", "hottest"]
    parts = (
        table["traction_kwh_per_km"]
        - table["returned_kwh_per_km"]
        + table["auxiliary_kwh_per_km"]
        + table["cabin_kwh_per_km"]
    )
    assert parts.to_list() == pytest.approx(table["kwh_per_km"].to_list())
    assert (table["kwh"] / table["km"]).to_list() == pytest.approx(table["kwh_per_km"].to_list())
    # a coach at 17 km/h with a stop every 400 m is far from the motorway that its range comes from
    assert table.filter(pl.col("weather") == "mean")["published_range"].to_list() == ["failed"]
    assert {f.code for f in found} == {"buses.energy_outside_range"}
    litre = table["heater_litres"][1]
    assert litre > 0.0
    # diesel: 0.84 kg/l, 3.1695 kg CO2/kg, 1.5 g NOx/kg
    assert table["heater_co2_kg"][1] == pytest.approx(litre * 0.84 * 3.1695)
    assert table["heater_nox_g"][1] == pytest.approx(litre * 0.84 * 1.5)
    assert energy[1].heater_fuel_mj.sum() == pytest.approx(litre * 0.84 * 42.695)


def test_movements_that_are_alike_are_reckoned_once() -> None:
    day = small_day(5, 6)
    vehicles, section = bus_types(), BusEnergyPlan()
    moves = moves_of(day, vehicles, section)
    few, which = moves.distinct()
    assert few.metres.size < moves.metres.size / 2
    for one, all_of_them in zip(vars(few).values(), vars(moves).values(), strict=True):
        assert (one[which] == all_of_them).all()
    # each block alone, where nothing repeats across blocks
    whole = movement_energy(day, None, plan(), 5.0)
    for b in range(5):
        block = day.blocks["block_id"][b]
        own = replace(day, movements=day.movements.filter(block_id=block), blocks=day.blocks.filter(block_id=block))
        part = movement_energy(own, None, plan(), 5.0)
        assert (part.kwh == whole.kwh[(day.movements["block_id"] == block).to_numpy()]).all()


def test_heaters_by_route_are_all_that_is_burnt_and_are_taken_off_the_cut() -> None:
    day = small_day(2, 3)
    routes = ["1", "2"] * (day.movements.height // 2)
    trip = (day.movements["kind"] == "trip").to_numpy()
    day = replace(day, movements=day.movements.with_columns(route=pl.Series(np.where(trip, routes, ""))))
    own = plan(heating="diesel")
    energy = movement_energies(day, None, own, months(own))
    often = [20.0] * 12
    table = year_table(day, energy, own.buses.energy, often)
    heaters = heaters_by_route(day, energy, often)
    assert heaters["route"].to_list() == ["1", "2"]
    assert heaters["nox"].sum() == pytest.approx(table["heater_nox_g"].sum() / 1e6)
    assert heaters["co2"].sum() == pytest.approx(table["heater_co2_kg"].sum() / 1e3)
    today = pl.DataFrame({
        "route": ["1", "2", "3"], "kind_of_day": ["weekday"] * 3, "km": [10.0] * 3,
        "feasible_km": [10.0, 5.0, 10.0],
        "nox_kg_per_day": [1.0] * 3, "pm_exhaust_kg_per_day": [0.1] * 3, "co2_kg_per_day": [900.0] * 3,
        "nox_cut_kg_per_day": [1.0, 0.5, 1.0], "pm_exhaust_cut_kg_per_day": [0.1] * 3, "co2_cut_kg_per_day": [900.0, 450.0, 900.0],
    })  # fmt: skip
    done = SimpleNamespace(route_emissions=today, energy=SimpleNamespace(heaters=heaters))
    cut = route_cuts(done)  # type: ignore[arg-type]
    gross = yearly(today)
    whole, half = heaters["co2"].to_list()  # of the second route half the km are in feasible blocks
    less = (gross["co2_cut_t_per_year"] - cut["co2_cut_t_per_year"]).to_list()
    assert less == pytest.approx([whole, half / 2.0, 0.0])
    assert cut["nox_cut_t_per_year"][2] == gross["nox_cut_t_per_year"][2]
    assert cut["co2_t_per_year"].to_list() == gross["co2_t_per_year"].to_list()


def test_the_documentation_tells_the_errors_of_today() -> None:
    text = (Path(__file__).parents[2] / "docs" / "buses_energy.md").read_text(encoding="utf-8")
    for row in measured_rows().iter_rows(named=True):
        error = f"{row['error_pct']:+.0f} %".replace("-", "−").replace("+0 %", "0 %")
        assert f"| {row['use']} | " in text
        assert f"| {row['model_kwh_per_km']:.3f} | {error} |" in text, row["row"]
