"""Factors ten times those of the neighbouring stages are flagged, in every set."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.cli.main import main
from fleet_planner.factors.axes import TECHNOLOGY
from fleet_planner.factors.compiling.compile import compile_factors
from fleet_planner.factors.compiling.options import FactorOptions, load_sources
from fleet_planner.factors.conditions import mild_conditions
from fleet_planner.factors.odd_stages import european_levels, european_odd, flagged
from fleet_planner.factors.published.hot_table import KEY
from fleet_planner.factors.sets import factor_set, flags_table

STAGES = ("euro_II", "euro_III", "euro_IV", "euro_V", "euro_VI_abc")


def levels(values: dict[str, float], **other: object) -> pl.DataFrame:
    row = {
        "category": "bus", "fuel": "diesel", "segment": "x", "technology": "none", "pollutant": "NOx", "mode": "any",
        "load": 0.5, "slope": 0.0,
    }  # fmt: skip
    return pl.DataFrame([row | {"standard": s, "ef": v} | other for s, v in values.items()]).select(*KEY, "ef")


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ((8.0, 7.0, 6.0, 5.0, 1.0), {}),
        ((8.0, 7.0, 71.0, 5.0, 1.0), {"euro_IV": 71.0 / 7.0}),  # above both, over the larger
        ((8.0, 7.0, 69.0, 5.0, 1.0), {}),
        ((8.0, 7.0, 0.49, 5.0, 1.0), {"euro_IV": 0.49 / 5.0}),  # below both, over the smaller
        ((8.0, 7.0, 6.0, 5.0, 0.1), {"euro_VI_abc": 0.02}),  # the last stage has one neighbour
        ((90.0, 7.0, 6.0, 5.0, 1.0), {"euro_II": 90.0 / 7.0}),
        ((90.0, 80.0, 7.0, 6.0, 5.0), {}),  # a step that stays is progress, not a needle
    ],
)
def test_the_rule_by_hand(values: tuple[float, ...], odd: dict[str, float]) -> None:
    found = flagged(levels(dict(zip(STAGES, values, strict=True))))
    assert dict(found.select("standard", "ratio").iter_rows()) == pytest.approx(odd)


def test_other_vehicles_and_conditions_are_no_neighbours_and_a_gap_in_the_stages_is_crossed() -> None:
    alone = levels({"euro_III": 1.0})
    steep = levels({"euro_IV": 50.0}, slope=0.06)
    assert flagged(pl.concat([alone, steep])).is_empty()
    later = levels({"euro_VI_abc": 50.0})
    assert flagged(pl.concat([alone, later]))["standard"].to_list() == ["euro_III", "euro_VI_abc"]
    # the nearest of several technologies of a stage counts
    two = pl.concat([levels({"euro_V": 1.0}), levels({"euro_V": 40.0}, technology="SCR"), later])
    assert flagged(two).filter(pl.col("standard") == "euro_VI_abc").is_empty()
    # stages of another table are neighbours where the own has none
    assert flagged(later, alone)["ratio"].to_list() == [50.0]
    assert flagged(pl.concat([later, levels({"euro_V": 45.0})]), levels({"euro_V": 1.0})).is_empty()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1e-6, 1e3), min_size=5, max_size=5), st.floats(1e-3, 1e3))
def test_flags_do_not_depend_on_the_unit(values: list[float], factor: float) -> None:
    one = flagged(levels(dict(zip(STAGES, values, strict=True))))
    other = flagged(levels(dict(zip(STAGES, [v * factor for v in values], strict=True))))
    near = [a / b for a in values for b in values if a != b]
    if all(abs(r - 10.0) > 1e-6 for r in near):
        assert set(one["standard"]) == set(other["standard"])


def test_the_packaged_flags_are_those_of_the_rule() -> None:
    computed = flagged(european_levels()).with_columns(pl.col("ratio").round_sig_figs(6))
    assert european_odd().select(*KEY, "ratio").equals(computed.select(*KEY, "ratio"))
    mini = computed.filter((pl.col("segment") == "Mini") & (pl.col("pollutant") == "PM_exhaust"))
    assert mini.select("standard", "technology").rows() == [("euro_4", "DPF")]


def test_methane_and_co_of_the_vans_of_2025_are_flagged_and_compiled() -> None:
    van = ("light_commercial", "diesel", "N1-I", "euro_7", "DPF+SCR")
    car = ("passenger_car", "diesel", "Mini", "euro_4", "DPF")
    frame = pl.DataFrame([van, car], schema=list(TECHNOLOGY), orient="row")
    overlay = factor_set("emep_eea_2025").overlay(2030, False)
    table = compile_factors(
        frame, load_sources(grid_kg_per_kwh=0.5, overlays=(overlay,)), mild_conditions(), FactorOptions()
    )
    odd = table.odd.sort("technology_id", "pollutant")
    assert odd.select("technology_id", "factor_set", "pollutant").rows() == [
        (0, "emep_eea_2025", "CH4"),
        (0, "emep_eea_2025", "CO"),
        (0, "emep_eea_2025", "VOC"),
        (1, "emep_eea_2019", "CH4"),
        (1, "emep_eea_2019", "PM_exhaust"),
    ]
    assert odd["ratio"][1] > 50.0
    # 48,153,431,578.9 particles per km, in 1e12
    assert table.shares.filter(pl.col("pollutant") == "SPN23")["technology_id"].to_list() == [1]


def test_every_set_is_looked_through_and_the_command_lists_it(tmp_path: Path) -> None:
    have = set(flags_table()["factor_set"])
    assert have == {"emep_eea_2019", "emep_eea_2025", "china_guide_2014", "emfac2017"}  # moves3: none
    out = tmp_path / "flags.csv"
    result = CliRunner().invoke(main, ["factors", "flags", "--out", str(out)])
    assert result.exit_code == 0, result.output
    table = pl.read_csv(out, infer_schema=False)
    assert table.filter((pl.col("factor_set") == "china_guide_2014") & (pl.col("value") == "652.4")).height == 2
    shown = CliRunner().invoke(
        main, ["factors", "show", "--category", "passenger_car", "--segment", "Mini", "--standard", "euro_4",
               "--fuel", "diesel", "--pollutant", "PM_exhaust"],
    )  # fmt: skip
    assert "FLAGGED: 13 times the factor of its neighbouring stages" in shown.output
    wrong = CliRunner().invoke(main, ["factors", "flags", "--set", "moves"])
    assert wrong.exit_code == 1
    assert "Did you mean moves3" in wrong.output
