"""The fleet in later years: survival, sales, rules, flows, and the fleet of a year as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_planner.errors import InputError, PlanError
from fleet_planner.fleet import Fleet, load_fleet
from fleet_planner.fleet.check import VKT
from fleet_planner.fleet.turnover import Projection, project_fleet
from fleet_planner.fleet.turnover.rules import rules_of
from fleet_planner.fleet.turnover.survival import FORMS, Curve, curve_of, load_curves
from fleet_planner.fleet.vocabulary import words
from fleet_planner.inventory.weights import technologies_of
from fleet_planner.pipeline.computing.states import with_steps
from fleet_planner.plan.models import City, FleetSection, Scenario
from fleet_planner.plan.turnover import EarlyScrappage, TurnoverSection
from fleet_planner.reference import reference_table
from fleet_planner.scenarios import apply_scenario, baseline, measures_table
from fleet_planner.tables import columns, finding_text

HEADER = "vehicle_id,category,fuel,gross_mass_kg,model_year,stream,km_per_year,share_inside,count"
ROWS = [
    *(f"b{y},bus,diesel,17500,{y},urban_bus,60000,0.9,{20 + y % 7}" for y in range(2006, 2024)),
    "e,bus,electricity,17500,2023,urban_bus,60000,0.9,6",
    *(
        f"r{y},heavy_truck,diesel,12000,{y},rigid_truck,{20000 + 500 * (y - 1995)},0.5,{10 + y % 5}"
        for y in range(1990, 2024)
    ),
    *(f"a{y},heavy_truck,diesel,38000,{y},articulated_truck,80000,0.3,{12 + y % 3}.5" for y in range(2000, 2024)),
    *(
        f"c{f}{y},passenger_car,{f},,{y},car,12000,0.8,{900 + 10 * y % 70}"
        for y in range(1996, 2024)
        for f in ("petrol", "diesel")
    ),
    *(f"d{y},heavy_truck,diesel,38000,{y},drayage,50000,1,7" for y in range(2008, 2024)),
]


def registry(
    folder: Path, rows: list[str] | None = None, *, country: str = "EU", visiting: dict[str, float] | None = None
) -> tuple[Fleet, City]:
    (folder / "r.csv").write_text("\n".join([HEADER, *(rows or ROWS), ""]), encoding="utf-8")
    city = City(name="x", country=country, year=2024)
    return load_fleet(FleetSection(registry="r.csv", visiting_share=visiting or {}), folder, city, 0.5), city


def projected(
    folder: Path,
    section: TurnoverSection,
    *,
    country: str = "EU",
    visiting: dict[str, float] | None = None,
    rows: list[str] | None = None,
) -> Projection:
    fleet, city = registry(folder, rows, country=country, visiting=visiting)
    return project_fleet(fleet, section, city, folder)


def vehicles_of(projection: Projection, year: int, *where: pl.Expr) -> float:
    return float(projection.local(year).filter(*where)["count"].sum())


def sold(projection: Projection, year: int, stream: str, *where: pl.Expr) -> float:
    rows = projection.flow_table().filter((pl.col("year") == year) & (pl.col("stream") == stream), *where)
    return float(rows["sold"].sum())


ZERO = pl.col("standard") == "zero_emission"


# survival


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(FORMS),
    st.floats(0.05, 60.0),
    st.floats(0.3, 40.0),
)
def test_survival_never_rises(form: str, a: float, b: float) -> None:
    if form == "weibull_shifted":
        b = min(b, a)  # else nothing is alive at age 0: such a table is refused
    curve = Curve("x", form, a, b, "x", checked=True)
    alive = curve.survival(np.arange(0.0, 80.0, 0.5))
    assert alive[0] == pytest.approx(1.0)
    assert (np.diff(alive) <= 1e-15).all()
    assert (alive >= 0.0).all()
    keep = curve.keep(41)
    assert ((keep >= 0.0) & (keep <= 1.0)).all()
    # chained, the yearly shares are the curve
    np.testing.assert_allclose(np.cumprod(keep), curve.survival(np.arange(1.0, 42.0)), atol=1e-12)


@pytest.mark.parametrize("region", ["CN", "CN-BJ", "US", "US-CA", "CL", "EU", "IN", "JP"])
def test_every_category_has_a_curve_in_every_region(region: str) -> None:
    curves = load_curves(region, None)
    for category in words():
        for stream in reference_table("streams.csv")["stream"]:
            curve = curve_of(curves, stream, category)
            assert curve.survival(np.array([1.0]))[0] > 0.5


def test_the_region_comes_before_the_general_and_the_plan_before_both(tmp_path: Path) -> None:
    assert curve_of(load_curves("CN-BJ", None), "taxi", "passenger_car").a == 5.0
    assert curve_of(load_curves("EU", None), "taxi", "passenger_car").form == "weibull_shifted"
    (tmp_path / "s.csv").write_text("applies,form,a,b\ntaxi,fixed,8,\nbus,logistic,15,3\n", encoding="utf-8")
    own = load_curves("CN-BJ", tmp_path / "s.csv")
    assert curve_of(own, "taxi", "passenger_car").a == 8.0
    assert curve_of(own, "minibus", "bus").form == "logistic"
    assert curve_of(own, "urban_bus", "bus").set_name == "china_2011"  # its own stream is nearer


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("applies,form,a\nbus,weibull,3\n", "row 1: the table of survival curves lacks b"),
        (
            "applies,form,a,b\nbuss,weibull,3,3\n",
            "row 2, column applies: a survival curve applies to an unknown stream",
        ),
        (
            "applies,form,a,b\nbus,gauss,3,3\n",
            "row 2, column form: unknown form of a survival curve (found: 'gauss'). Use one of",
        ),
        (
            "applies,form,a,b\nbus,weibull,3,3\ncar,weibull,-1,3\n",
            "row 3, column a: a parameter of a survival curve must be above 0",
        ),
        ("applies,form,a,b\nbus,weibull,many,3\n", "(found: 'many')"),
        (
            "applies,form,a,b\nbus,weibull_shifted,10,30\n",
            "row 2, column b: a survival curve leaves less than a third at age 0",
        ),
    ],
)
def test_a_wrong_table_of_curves_is_told_by_row_and_column(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_curves("EU", tmp_path / "s.csv")
    assert found in str(error.value)
    with pytest.raises(InputError, match="no such table of survival curves"):
        load_curves("EU", tmp_path / "none.csv")


# closure


@settings(max_examples=15, deadline=None)
@given(
    growth=st.floats(-0.2, 0.2),
    away=st.floats(0.0, 0.5),
    used=st.floats(0.0, 1.0),
    early=st.floats(0.0, 1.0),
    last=st.integers(2025, 2060),
)
def test_every_year_closes_to_a_thousandth_of_a_vehicle(
    tmp_path_factory: pytest.TempPathFactory, growth: float, away: float, used: float, early: float, last: int
) -> None:
    section = TurnoverSection(
        to_year=last,
        growth_per_year=growth,
        reregistration_share={"rigid_truck": away},
        used_import_share={"car": used},
        early_scrappage=[EarlyScrappage(standards=["euro_III"], from_year=2026, share_per_year=early)],
        zero_emission_share={"urban_bus": {"2027": 0.5}},
    )
    projection = projected(tmp_path_factory.mktemp("closure"), section)
    assert projection.closure() == 0
    flows = projection.flow_table()
    units = flows.select((pl.col(flows.columns[6:]) * 1000).round().cast(pl.Int64))
    left = (
        units["at_start"]
        + units["sold"]
        + units["used_imports"]
        - units["scrapped"]
        - units["scrapped_early"]
        - units["reregistered_out"]
        - units["at_end"]
    )
    assert (left == 0).all()
    # the tables are of the same fleet
    stock = projection.stock_table().group_by("year").agg(pl.col("vehicles").sum()).sort("year")
    ends = flows.group_by("year").agg(pl.col("at_end").sum()).sort("year")
    assert stock["vehicles"][1:].to_list() == pytest.approx(ends["at_end"].to_list(), abs=1e-6)
    assert stock["vehicles"][0] == pytest.approx(projection.base.vehicles["count"].sum(), abs=1e-6)


def test_stock_and_distance_follow_the_demand(tmp_path: Path) -> None:
    section = TurnoverSection(to_year=2040, growth_per_year=0.02, growth_by_stream={"car": 0.0})
    projection = projected(tmp_path, section, visiting={"articulated_truck": 0.5})
    base = projection.base.vehicles
    before = dict(
        base.group_by("stream")
        .agg(VKT.sum(), pl.col("count").sum().alias("n"))
        .select("stream", "km_per_year")
        .iter_rows()
    )
    for year in (2025, 2031, 2040):
        now = projection.fleet(year).vehicles
        km = dict(now.group_by("stream").agg(VKT.sum()).iter_rows())
        for stream, had in before.items():
            growth = 1.0 if stream == "car" else 1.02 ** (year - 2024)
            assert km[stream] == pytest.approx(had * growth, rel=1e-9), stream
        cars = pl.col("stream") == "car"
        assert now.filter(cars)["count"].sum() == pytest.approx(base.filter(cars)["count"].sum(), abs=0.01)


# what new vehicles are


def test_new_vehicles_meet_the_standard_of_their_year(tmp_path: Path) -> None:
    projection = projected(tmp_path, TurnoverSection(to_year=2030), country="CL")
    new = projection.local(2030).filter((pl.col("model_year") > 2024) & (pl.col("stream") == "rigid_truck"))
    by_year = {y: set(part["standard"]) for (y,), part in new.partition_by("model_year", as_dict=True).items()}
    assert by_year[2025] == {"euro_IV"}  # Chile: Euro V is skipped in the table; Euro VI from model year 2026
    assert by_year[2026] == by_year[2030] == {"euro_VI_abc"}
    assert set(new["aftertreatment"]) <= {"SCR", "DPF+SCR"}


def test_euro_7_arrives_with_its_date_and_can_be_switched_off(tmp_path: Path) -> None:
    on = projected(tmp_path, TurnoverSection(to_year=2032))
    new = on.local(2032).filter(pl.col("stream") == "rigid_truck")
    steps = {y: set(part["step"]) for (y,), part in new.partition_by("model_year", as_dict=True).items()}
    assert steps[2029] == {""}
    assert steps[2030] == steps[2032] == {"euro_7 2030"}
    assert set(on.local(2032).filter(pl.col("stream") == "car")["step"]) == {""}
    off = projected(tmp_path, TurnoverSection(to_year=2032, rules={"euro_7": False}))
    assert set(off.local(2032)["step"]) == {""}
    assert any("euro_7 (adopted" in finding_text(f) for f in off.findings)


def test_limits_without_factors_scale_those_of_the_standard_before(tmp_path: Path) -> None:
    projection = projected(tmp_path, TurnoverSection(to_year=2032))
    state = baseline(projection.fleet(2032))
    with_limits = with_steps(state.vehicles, state.multipliers)
    stepped = (state.vehicles["step"] == "euro_7 2030").to_numpy()
    assert stepped.any()
    assert with_limits["NOx"].to_numpy()[stepped] == pytest.approx(0.4348)
    assert with_limits["PM_exhaust"].to_numpy()[stepped] == pytest.approx(0.8)
    assert (with_limits["NOx"].to_numpy()[~stepped] == 1.0).all()
    assert (with_limits["CO2"].to_numpy() == 1.0).all()


def test_california_low_nox_by_date_is_off_until_switched_on(tmp_path: Path) -> None:
    assert set(projected(tmp_path, TurnoverSection(to_year=2030), country="US-CA").local(2030)["step"]) == {""}
    on = projected(tmp_path, TurnoverSection(to_year=2030, rules={"omnibus": True}), country="US-CA")
    new = on.local(2030).filter((pl.col("stream") == "rigid_truck") & (pl.col("model_year") > 2024))
    steps = {y: set(part["step"]) for (y,), part in new.partition_by("model_year", as_dict=True).items()}
    assert steps[2025] == steps[2026] == {"omnibus 2024"}
    assert steps[2027] == steps[2030] == {"omnibus 2027"}


@pytest.mark.parametrize(
    ("stream", "shares"),
    [
        # Advanced Clean Trucks, 13 CCR 1963.1
        ("rigid_truck", {2024: 0.09, 2027: 0.20, 2030: 0.50, 2035: 0.75, 2040: 0.75}),
        ("articulated_truck", {2025: 0.07, 2029: 0.25, 2032: 0.40, 2035: 0.40}),
        ("light_commercial", {2026: 0.10, 2035: 0.55}),
        # Innovative Clean Transit, 13 CCR 2023.1: large agencies
        ("urban_bus", {2023: 0.25, 2025: 0.25, 2026: 0.50, 2029: 1.0, 2045: 1.0}),
        ("car", {2030: 0.0}),
    ],
)
def test_schedules_of_california(stream: str, shares: dict[int, float]) -> None:
    rules = rules_of(TurnoverSection(to_year=2050, rules={"act": True}), "US-CA")
    assert {y: rules.share(stream, y) for y in shares} == shares


def test_rules_stand_as_they_are_in_force_and_each_is_a_switch() -> None:
    usual = rules_of(TurnoverSection(to_year=2030), "US-CA")
    assert usual.share("urban_bus", 2029) == 1.0
    assert usual.share("rigid_truck", 2029) == usual.share("drayage", 2029) == 0.0  # waiver revoked, withdrawn
    told = [finding_text(f) for f in usual.findings]
    assert any("does not follow the rule act" in t and "revoked" in t for t in told)
    assert any("follows the rule ict_large (in force)" in t for t in told)
    off = rules_of(TurnoverSection(to_year=2030, rules={"ict_large": False, "acf_drayage": True}), "US-CA")
    assert off.share("urban_bus", 2029) == 0.0
    assert off.share("drayage", 2029) == 1.0
    # elsewhere a rule holds when the plan says so, the larger of two shares counts
    here = rules_of(
        TurnoverSection(
            to_year=2030, rules={"act": True}, zero_emission_share={"rigid_truck": {"2025": 0.3, "2030": 0.4}}
        ),
        "CL",
    )
    assert [here.share("rigid_truck", y) for y in (2024, 2025, 2029, 2030)] == [0.09, 0.3, 0.4, 0.5]
    with pytest.raises(PlanError, match=r"a rule that is not known .*Use one of act"):
        rules_of(TurnoverSection(to_year=2030, rules={"acts": True}), "CL")


def test_chinese_targets_by_year() -> None:
    rules = rules_of(TurnoverSection(to_year=2040), "CN-BJ")
    assert [rules.share("urban_bus", y) for y in (2020, 2021, 2034, 2035)] == [0.0, 0.8, 0.8, 1.0]
    assert [rules.share("car", y) for y in (2025, 2027, 2035)] == [0.2, 0.45, 0.5]


def test_zero_emission_sales_are_the_share_asked_for(tmp_path: Path) -> None:
    section = TurnoverSection(
        to_year=2034, zero_emission_share={"urban_bus": {"2027": 0.5, "2032": 1.0}, "car": {"2030": 0.25}}
    )
    projection = projected(tmp_path, section)
    mix = 6.0 / sum(20 + y % 7 for y in range(2020, 2024)) / (1.0 + 6.0 / sum(20 + y % 7 for y in range(2020, 2024)))
    for year, stream, share in (
        (2026, "urban_bus", mix),
        (2027, "urban_bus", 0.5),
        (2032, "urban_bus", 1.0),
        (2029, "car", 0.0),
        (2030, "car", 0.25),
    ):
        assert sold(projection, year, stream, ZERO) / sold(projection, year, stream) == pytest.approx(
            share, abs=1e-3
        ), (year, stream)
    new = projection.local(2034).filter(ZERO & (pl.col("stream") == "car"))
    assert set(new["fuel"]) == {"electricity"}
    assert set(new["segment"]) == {"Medium"}


def test_a_cap_on_supply_is_kept_and_the_rest_bought_with_engines(tmp_path: Path) -> None:
    free = projected(tmp_path, TurnoverSection(to_year=2035, zero_emission_share={"urban_bus": {"2025": 1.0}}))
    capped = projected(
        tmp_path,
        TurnoverSection(
            to_year=2035,
            zero_emission_share={"urban_bus": {"2025": 1.0}},
            max_zero_emission_per_year={"urban_bus": 5.0},
        ),
    )
    for year in range(2025, 2036):
        assert sold(free, year, "urban_bus", ZERO) > 5.0
        assert 4.5 < sold(capped, year, "urban_bus", ZERO) <= 5.0
        assert sold(capped, year, "urban_bus") > sold(capped, year, "urban_bus", ZERO)
    assert vehicles_of(capped, 2035) == pytest.approx(vehicles_of(free, 2035), abs=0.01)


# what else comes and goes


def test_early_scrappage_takes_the_named_standards_in_its_years_only(tmp_path: Path) -> None:
    programme = EarlyScrappage(
        streams=["rigid_truck"], standards=["euro_II", "euro_III"], from_year=2026, to_year=2027, share_per_year=0.5
    )
    projection = projected(tmp_path, TurnoverSection(to_year=2029, early_scrappage=[programme]))
    early = projection.flow_table().filter(pl.col("scrapped_early") > 0.0)
    assert set(early["year"]) == {2026, 2027}
    assert set(early["stream"]) == {"rigid_truck"}
    assert set(early["standard"]) == {"euro_II", "euro_III"}
    row = early.row(0, named=True)
    assert row["scrapped_early"] == pytest.approx(0.5 * (row["at_start"] - row["scrapped"]), abs=0.02)
    usual = projected(tmp_path, TurnoverSection(to_year=2029))
    old = pl.col("standard").is_in(["euro_II", "euro_III"]), pl.col("stream") == "rigid_truck"
    assert vehicles_of(projection, 2029, *old) < 0.3 * vehicles_of(usual, 2029, *old)
    assert vehicles_of(projection, 2029) == pytest.approx(vehicles_of(usual, 2029), abs=0.01)  # replaced


def test_vehicles_registered_outside_are_old_and_live_on_there(tmp_path: Path) -> None:
    section = TurnoverSection(to_year=2030, reregistration_share={"rigid_truck": 0.1}, reregistration_min_age=10)
    projection = projected(tmp_path, section)
    gone = projection.flow_table().filter(pl.col("reregistered_out") > 0.0)
    assert set(gone["stream"]) == {"rigid_truck"}
    away = projection.away(2025)
    assert away["count"].sum() == pytest.approx(gone.filter(pl.col("year") == 2025)["reregistered_out"].sum(), abs=1e-6)
    assert (2025 - away["model_year"]).min() >= 10
    assert 0.0 < projection.away(2030)["count"].sum() < gone["reregistered_out"].sum()  # some are scrapped there
    assert projection.away(2024).is_empty()
    assert any("registered outside" in finding_text(f) for f in projection.findings)


def test_used_vehicles_come_at_their_age_with_the_standard_of_their_year(tmp_path: Path) -> None:
    section = TurnoverSection(to_year=2026, used_import_share={"rigid_truck": 0.4}, used_import_age=6)
    projection = projected(tmp_path, section, country="CL")
    flows = projection.flow_table().filter((pl.col("stream") == "rigid_truck") & (pl.col("year") == 2026))
    used, new = flows["used_imports"].sum(), flows["sold"].sum()
    assert used / (used + new) == pytest.approx(0.4, abs=1e-3)
    assert set(flows.filter(pl.col("used_imports") > 0.0)["standard"]) == {"euro_IV"}  # model year 2020
    assert set(flows.filter(pl.col("sold") > 0.0)["standard"]) == {"euro_VI_abc"}


def test_fewer_wanted_than_there_are_is_told(tmp_path: Path) -> None:
    projection = projected(tmp_path, TurnoverSection(to_year=2027, growth_by_stream={"car": -0.3}))
    assert sold(projection, 2026, "car") == 0.0
    told = [f for f in projection.findings if f.code == "fleet.turnover_surplus"]
    assert [f.values["stream"] for f in told] == ["car"]
    assert projection.closure() == 0


def test_visiting_vehicles_keep_their_share_and_may_be_behind(tmp_path: Path) -> None:
    newest = {}
    for behind in (0, 6):
        section = TurnoverSection(to_year=2034, visiting_years_behind={"articulated_truck": behind})
        fleet = projected(tmp_path, section, visiting={"articulated_truck": 0.5}).fleet(2034).vehicles
        km = dict(fleet.group_by("stream").agg(VKT.sum()).iter_rows())
        assert km["visiting_articulated_truck"] == pytest.approx(0.5 * km["articulated_truck"], rel=1e-9)
        visiting = fleet.filter("visiting")
        newest[behind] = visiting["model_year"].max()
        assert visiting["vehicle_id"].is_unique().all()
        share = (
            visiting.filter(pl.col("standard").is_in(["euro_III", "euro_IV", "euro_V"])).select(VKT.sum()).item()
        ) / visiting.select(VKT.sum()).item()
        newest[f"old {behind}"] = share
    assert newest[0] == 2034
    assert newest[6] == 2028
    assert newest["old 6"] > newest["old 0"]


# the fleet of a year


def test_the_base_year_is_the_fleet_as_given(tmp_path: Path) -> None:
    fleet, city = registry(tmp_path, visiting={"car": 0.1})
    projection = project_fleet(fleet, TurnoverSection(to_year=2030), city, tmp_path)
    assert projection.fleet(2024).vehicles.drop("step").equals(fleet.vehicles)


def test_grouping_by_age_keeps_the_distance_of_every_technology(tmp_path: Path) -> None:
    projection = projected(tmp_path, TurnoverSection(to_year=2030))
    keys = ["stream", "fuel", "segment", "standard", "aftertreatment", "load_fraction"]
    sums = [VKT.sum().alias("vkt"), (VKT * pl.col("odometer_km")).sum().alias("odometer"), pl.col("count").sum()]
    given_rows = projection.base.vehicles.group_by(keys).agg(sums).sort(keys)
    grouped = projection.local(2024).group_by(keys).agg(sums).sort(keys)
    assert grouped.select(keys).equals(given_rows.select(keys))
    for name in ("vkt", "odometer", "count"):
        np.testing.assert_allclose(grouped[name].to_numpy(), given_rows[name].to_numpy(), rtol=1e-9)


def test_a_later_fleet_has_the_columns_that_measures_and_factors_need(tmp_path: Path) -> None:
    projection = projected(tmp_path, TurnoverSection(to_year=2060, growth_per_year=0.01), visiting={"car": 0.1})
    for year in (2025, 2040, 2060):
        later = projection.fleet(year)
        vehicles = later.vehicles.drop("step")
        assert vehicles.columns == [c.column for c in columns("vehicles")]
        assert vehicles.schema == projection.base.vehicles.schema
        needed = [
            "category",
            "fuel",
            "segment",
            "standard",
            "aftertreatment",
            "stream",
            "km_per_year",
            "share_inside",
            "load_fraction",
            "count",
            "visiting",
            "odometer_km",
        ]
        assert vehicles.select(pl.sum_horizontal(pl.col(needed).null_count())).item() == 0
        assert not vehicles["km_per_year"].is_nan().any()
        assert vehicles["share_inside"].is_between(0.0, 1.0).all()
        assert (vehicles.filter(~pl.col("visiting"))["km_per_year"] > 0.0).all()
        assert vehicles["vehicle_id"].is_unique().all()
        technologies_of(vehicles.select("category", "fuel", "segment", "standard", "aftertreatment"))
    bus = Scenario.model_validate(
        {"name": "e", "title": "e", "measure": [{"measure": "bev_bus", "streams": ["urban_bus"]}]}
    )
    state = apply_scenario(projection.fleet(2040), bus, measures_table(), sulphur_ppm=10.0)
    assert set(state.vehicles.filter(pl.col("stream") == "urban_bus")["fuel"]) == {"electricity"}
    limits = with_steps(state.vehicles, state.multipliers)
    replaced = (state.vehicles["stream"] == "urban_bus").to_numpy()
    assert (limits["NOx"].to_numpy()[replaced] == 1.0).all()  # the replacement ends the step


def test_vehicles_carried_forward_age_and_keep_what_they_have(tmp_path: Path) -> None:
    rows = [
        "t,heavy_truck,diesel,12000,2014,rigid_truck,40000,0.5,10",
        "n,heavy_truck,diesel,12000,2023,rigid_truck,20000,0.5,10",
    ]
    projection = projected(tmp_path, TurnoverSection(to_year=2027), rows=rows)
    now = projection.local(2027).filter(pl.col("model_year") == 2014).row(0, named=True)
    assert now["standard"] == "euro_VI_abc"
    assert now["odometer_km"] == pytest.approx(40000 * 10.5 + 3 * 40000)
    assert now["gross_mass_kg"] == 12000.0
    survival = load_curves("EU", None)["heavy_truck"].survival(np.array([10.0, 13.0]))
    assert now["count"] == pytest.approx(10 * survival[1] / survival[0], abs=0.002)


# bad plans


@pytest.mark.parametrize(
    ("given_keys", "found"),
    [
        (
            {"growth_by_stream": {"buses": 0.1}},
            "turnover.growth_by_stream: the turnover names a stream that the registry does not have (found: 'buses')",
        ),
        ({"used_import_share": {"tram": 0.1}}, "turnover.used_import_share"),
        (
            {"early_scrappage": [EarlyScrappage(standards=["euro3"], from_year=2025, share_per_year=0.1)]},
            "early scrappage names an unknown standard (found: 'euro3'). Use one of",
        ),
        (
            {"early_scrappage": [EarlyScrappage(streams=["tram"], from_year=2025, share_per_year=0.1)]},
            "turnover.early_scrappage.streams",
        ),
        ({"survival": "none.csv"}, "no such table of survival curves"),
    ],
)
def test_words_that_the_fleet_does_not_have_are_refused(
    tmp_path: Path, given_keys: dict[str, object], found: str
) -> None:
    with pytest.raises((PlanError, InputError)) as error:
        projected(tmp_path, TurnoverSection(to_year=2030, **given_keys))
    assert found in str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        {"to_year": 2061},
        {"years": [2030]},
        {"to_year": 2030, "years": [2035]},
        {"to_year": 2030, "zero_emission_share": {"car": {"soon": 0.5}}},
        {"to_year": 2030, "zero_emission_share": {"car": {"2030": 1.5}}},
        {"to_year": 2030, "growth_per_year": -0.9},
        {"to_year": 2030, "early_scrappage": [{"from_year": 2030, "to_year": 2029, "share_per_year": 0.1}]},
    ],
)
def test_impossible_sections_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TurnoverSection.model_validate(data)


def test_every_packaged_rule_is_in_the_documentation(repository: Path) -> None:
    text = (repository / "docs" / "turnover.md").read_text(encoding="utf-8")
    for table in ("zero_emission_rules.csv", "limit_steps.csv"):
        for rule in reference_table(table)["rule"].unique():
            assert f"`{rule}`" in text
    for form in FORMS:
        assert f"| `{form}` |" in text
