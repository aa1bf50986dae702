"""Plans: unknown keys, wrong types, template and schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from fleet_planner.errors import InputError, PlanError
from fleet_planner.pipeline.starter import EMPTY_PLAN
from fleet_planner.plan.load import check_plan, load_plan
from fleet_planner.plan.template import plan_schema, plan_template

SMALL = (
    '[city]\nname = "x"\ncountry = "CL"\nyear = 2024\n[network]\nbuiltin = "coquimbo"\n[fleet]\nregistry = "r.csv"\n'
)


def write(folder: Path, text: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_of_ten_lines_works(tmp_path: Path) -> None:
    plan = load_plan(write(tmp_path, SMALL))
    assert plan.factors.below_range == "clamp"
    assert plan.scenario == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (SMALL + "[citty]\n", ["unknown key citty", "did you mean 'city'"]),
        (SMALL.replace("year = 2024", "year = 2024\ncolor = 1"), ["unknown key city.color", "Allowed here: name"]),
        (SMALL.replace("2024", '"soon"'), ["city.year", "valid integer", "'soon'"]),
        (SMALL.replace('name = "x"\n', ""), ["key city.name is missing"]),
        (SMALL + "[factors]\ndefault_load = 3\n", ["factors.default_load", "less than or equal to 1", "3"]),
        (SMALL.replace("[network]\n", '[network]\nplace = "Rome"\n'), ["exactly one of builtin, file, place"]),
        (SMALL + '[[scenario]]\nname = "Bad Name"\ntitle = "t"\n', ["scenario[1].name", "Bad Name"]),
        (SMALL + '[[scenario]]\nname = "baseline"\ntitle = "t"\n', ["scenario names must differ"]),
        (SMALL + '[[scenario]]\nname = "a"\ntitle = "t"\n[[scenario.measure]]\nmeasure = "rd99"\nuptake = "all"\n', ["scenario[1].measure[1].uptake"]),
    ],
)  # fmt: skip
def test_wrong_plans_name_the_key(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(PlanError) as error:
        load_plan(write(tmp_path, text))
    message = str(error.value)
    assert "plan.toml" in message
    for part in parts:
        assert part in message


def test_all_wrong_entries_come_in_one_message(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="2 entries are wrong"):
        load_plan(write(tmp_path, SMALL.replace("2024", "1") + "[x]\n"))


def test_files_that_are_no_plans(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such plan file"):
        load_plan(tmp_path / "none.toml")
    with pytest.raises(InputError, match="not valid TOML"):
        load_plan(write(tmp_path, "a = = 1"))
    with pytest.raises(InputError, match="this is a folder"):
        load_plan(tmp_path)
    (tmp_path / "l.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(InputError, match="not UTF-8"):
        load_plan(tmp_path / "l.toml")


def test_template_is_a_plan_and_holds_every_key() -> None:
    text = plan_template(EMPTY_PLAN)
    plan = check_plan(tomllib.loads(text), Path("template"))
    assert plan.scenario[0].name == "filters"
    for key in ("below_range", "visiting_share", "discount_rate", "gtfs", "map_pollutants"):
        assert f"# {key} = " in text
    assert "# [[target]]" in text
    assert "# [economics.taxes]" in text
    assert "\n[economics.taxes]" not in text
    aimed = plan_template({**EMPTY_PLAN, "target": [{"name": "t", "use": "nox_50", "base_year": 2024}]})
    assert check_plan(tomllib.loads(aimed), Path("template")).target[0].use == "nox_50"


@pytest.mark.parametrize("city", ["coquimbo", "los_angeles", "beijing", "seoul", "tokyo"])
def test_example_plans_are_valid_by_model_and_schema(repository: Path, city: str) -> None:
    path = repository / "inputs" / city / "plan.toml"
    plan = load_plan(path)
    assert len(plan.scenario) >= 3
    jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), json.loads(plan_schema()))
