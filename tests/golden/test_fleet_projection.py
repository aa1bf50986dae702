"""Published fleets: a census projected and compared with its own later one, published survival tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fleet_planner.fleet import Fleet
from fleet_planner.fleet.turnover import project_fleet
from fleet_planner.fleet.turnover.survival import Curve, load_curves
from fleet_planner.plan.models import City
from fleet_planner.plan.turnover import TurnoverSection

CENSUS = Path(__file__).parent / "census_australia.csv"
STREAM = {
    "heavy rigid trucks over 4.5 t": ("rigid_truck", "heavy_truck", "Rigid 7,5 - 12 t"),
    "prime movers": ("articulated_truck", "heavy_truck", "Articulated 34 - 40 t"),
    "buses over 9 seats": ("minibus", "bus", "Urban Buses Standard 15 - 18 t"),
}


def census(year: int, upto: int) -> pl.DataFrame:
    rows = pl.read_csv(CENSUS).filter((pl.col("year_built") <= upto) & (pl.col(f"registered_{year}") > 0))
    code = pl.col("vehicles")
    return rows.select(
        vehicle_id=pl.format("{}-{}", code, "year_built"),
        category=code.replace_strict({k: v[1] for k, v in STREAM.items()}),
        fuel=pl.lit("diesel"),
        segment=code.replace_strict({k: v[2] for k, v in STREAM.items()}),
        standard=pl.lit("euro_III"),
        aftertreatment=pl.lit("none"),
        fuel_blend=pl.lit(""),
        stream=code.replace_strict({k: v[0] for k, v in STREAM.items()}),
        visiting=pl.lit(value=False),
        gross_mass_kg=pl.lit(None, dtype=pl.Float64),
        model_year=pl.col("year_built").cast(pl.Int64),
        km_per_year=pl.lit(20_000.0),
        share_inside=pl.lit(1.0),
        odometer_km=pl.lit(100_000.0),
        zone=pl.lit(""),
        depot=pl.lit(""),
        load_fraction=pl.lit(0.5),
        count=pl.col(f"registered_{year}").cast(pl.Float64),
        rule=pl.lit(""),
    )


# measured: -2.5, -4.9 and -0.1 %
@pytest.mark.parametrize(
    ("stream", "most_pct"), [("rigid_truck", 3.0), ("articulated_truck", 5.5), ("minibus", 1.0)], ids=list(STREAM)
)
def test_australian_census_of_2016_carried_to_that_of_2020(stream: str, most_pct: float) -> None:
    # vehicles built 1980 to 2012 (later ones were still being registered); the curves know 2014 and 2016 only
    before = census(2016, 2012)
    city = City(name="Australia", country="EU", year=2016)
    projection = project_fleet(Fleet(before, pl.DataFrame()), TurnoverSection(to_year=2020), city, Path())
    then = projection.local(2020).filter((pl.col("stream") == stream) & (pl.col("model_year") <= 2012))
    published = census(2020, 2012).filter(pl.col("stream") == stream)
    off = 100.0 * (then["count"].sum() / published["count"].sum() - 1.0)
    stood_still = 100.0 * (before.filter(pl.col("stream") == stream)["count"].sum() / published["count"].sum() - 1.0)
    assert abs(off) <= most_pct
    assert abs(off) < 0.5 * stood_still  # the curves say more than a fleet that nobody scraps
    # by cohort, the mean age of what is left
    age = (then["count"] * (2020 - then["model_year"])).sum() / then["count"].sum()
    true = (published["count"] * (2020 - published["model_year"])).sum() / published["count"].sum()
    assert age == pytest.approx(true, abs=0.4)


def test_sales_that_meet_the_published_growth_are_the_published_new_vehicles() -> None:
    rows = pl.read_csv(CENSUS)
    total = rows.group_by("vehicles").agg(pl.col("registered_2016", "registered_2020").sum())
    growth = {STREAM[name][0]: (after / before) ** 0.25 - 1.0 for name, before, after in total.iter_rows()}
    section = TurnoverSection(to_year=2019, growth_by_stream=growth)
    city = City(name="Australia", country="EU", year=2015)
    projection = project_fleet(
        Fleet(census(2016, 2016).with_columns(pl.col("model_year").clip(0, 2015)), pl.DataFrame()),
        section,
        city,
        Path(),
    )
    sold = projection.local(2019).filter(pl.col("model_year") >= 2016).group_by("stream").agg(pl.col("count").sum())
    # registered 2016 to 2019: what a census has more of the cohorts since the one before, and new cohorts
    found = {}
    for name, (stream, _, _) in STREAM.items():
        mine = rows.filter((pl.col("vehicles") == name) & (pl.col("year_built") >= 2015))
        found[stream] = mine["registered_2020"].sum() - mine["registered_2016"].sum()
    ratio = {stream: n / found[stream] for stream, n in sold.iter_rows()}
    # measured: +6.5, +8.5 and -7.5 %
    assert all(abs(r - 1.0) < 0.1 for r in ratio.values()), ratio


def test_heavy_trucks_of_the_united_states_as_tabled() -> None:
    # Transportation Energy Data Book, edition 22, table 6.11, model year 1990
    table = {5: 98.6, 6: 97.6, 7: 96.5, 8: 95.2, 9: 93.8, 10: 92.2, 11: 90.5, 12: 88.6, 29: 50.0}
    curve = load_curves("US-CA", None)["heavy_truck"]
    found = 100.0 * curve.survival(np.array(list(table), dtype=float))
    np.testing.assert_allclose(found, list(table.values()), atol=0.8)


@pytest.mark.parametrize(
    ("applies", "life_years"),
    [
        ("car", 14.5),
        ("bus", 11.5),
        ("heavy_truck", 12.8),
        ("sanitation", 10.1),
        ("light_commercial", 8.0),
        ("urban_bus", 9.0),
        ("taxi", 5.0),
    ],
)
def test_chinese_life_spans_as_published(applies: str, life_years: float) -> None:
    # Hao et al. 2011, abstract: average life spans; their T is where exp(-1) is left, 5 to 9 % above the mean
    curve = load_curves("CN-BJ", None)[applies]
    age = np.arange(0.0, 60.0, 0.01)
    mean = float(curve.survival(age).sum() * 0.01)
    assert mean == pytest.approx(life_years, rel=0.1)
    if curve.form == "weibull":
        assert curve.survival(np.array([curve.a]))[0] == pytest.approx(np.exp(-1.0))


def test_brazilian_curve_by_hand() -> None:
    curve = Curve("bus", "double_logistic", 0.16, 19.1, "x", checked=True)
    t = 10.0
    by_hand = 1.0 / (1.0 + np.exp(0.16 * (t + 19.1))) + 1.0 / (1.0 + np.exp(0.16 * (t - 19.1)))
    assert curve.survival(np.array([0.0, t])) == pytest.approx([1.0, by_hand])
