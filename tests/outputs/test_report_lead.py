"""The first page of the report: five findings, the page for everybody, limits, glossary."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.outputs.report import lead_parts, public_parts
from fleet_planner.outputs.report.finish import finished
from fleet_planner.outputs.report.lead_data import half_share
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {**report_words("en"), "rate": "t a year"}
NAMES = {"baseline": "Baseline", "cheap": "Cheap", "strong": "Strong"}


def data() -> dict[str, Any]:
    """Return a run by hand: 'strong' cuts most NOx, 'cheap' costs least per tonne."""
    rows = [("baseline", 100.0), ("cheap", 90.0), ("strong", 60.0)]
    summary = [
        {
            "scenario": name,
            "pollutant": pollutant,
            "value_per_year": value * scale,
            "baseline_per_year": 100.0 * scale,
            "change_pct": value - 100.0,
        }
        for name, value in rows
        for pollutant, scale in (("NOx", 1.0), ("PM_exhaust", 0.1), ("CO2", 1000.0))
    ]
    costs = [("cheap", 1e6), ("strong", 2e7)]
    return {
        "year": 2024,
        "mass_unit": "t",
        "mass_scale": 1.0,
        "scenarios": [{"name": n, "en": n, "zh": n} for n in NAMES],
        "streams": {"names": ["van", "bus"], "values": {"NOx": [60.0, 40.0]}},
        "lead": {"half_km_share": 0.05, "people": 50_000.0},
        "summary": summary,
        "costs": [{"scenario": s, "total_usd2024_per_year": v} for s, v in costs],
        "hours": [[1.0] * 23 + [2.0]],
        "standards": [("euro_III", 3.0), ("euro_V", 1.0)],
        "processes": {"PM_exhaust": {"hot": 0.75, "cold": 0.25}},
        "assumptions": [{"checked": "no"}, {"checked": "yes"}],
        "findings": [{"code": "impacts.health_unchecked"}, {"code": "network.size"}],
        "meaning": {},
    }


def test_half_of_the_emissions_by_hand() -> None:
    """Two km with 8 of 10, eight km with 2: half is 5 of the first two km's 8, 1.25 km of ten."""
    assert half_share(np.array([8.0, 2.0]), np.array([2.0, 8.0])) == pytest.approx(0.125)
    assert half_share(np.zeros(2), np.ones(2)) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_half_is_at_most_half_of_the_length(seed: int) -> None:
    generator = np.random.default_rng(seed)
    day, km = generator.uniform(0.0, 5.0, 30), generator.uniform(0.05, 2.0, 30)
    part = half_share(day, km)
    assert part is not None
    assert 0.0 < part <= 0.5 + 1e-12
    assert half_share(3.0 * day, 2.0 * km) == pytest.approx(part)


def test_five_findings_each_with_its_figure() -> None:
    found = lead_parts.lead(data(), WORDS, NAMES, {"van": "Vans", "bus": "Buses"})
    assert [f["figure"] for f in found] == ["60 %", "5.0 %", "−40.0 %", "100", "−40.0 %"]
    for one in found:
        assert one["text"]
        assert one["label"]
        assert one["figure"].lstrip("−") in one["text"]
    assert "Cheap" in found[3]["text"]
    assert "Strong" in found[2]["text"]
    assert sum(found[0]["bar"]) == pytest.approx(100.0)


def test_a_scenario_that_saves_comes_before_a_cheap_one() -> None:
    given_data = data()
    given_data["costs"][1]["total_usd2024_per_year"] = -2e6
    found = lead_parts.lead(given_data, WORDS, NAMES, {})
    assert found[3]["figure"] == "2.00"
    assert "saves money" in found[3]["text"]


def test_a_baseline_alone_has_five_findings_too() -> None:
    given_data = data()
    given_data["summary"] = [row for row in given_data["summary"] if row["scenario"] == "baseline"]
    found = lead_parts.lead(given_data, WORDS, {"baseline": "Baseline"}, {"van": "Vans", "bus": "Buses"})
    assert [f["figure"] for f in found] == ["60 %", "5.0 %", "8.0 %", "75 %", "25 %"]


def test_the_public_page_gives_units_and_years() -> None:
    page = public_parts.public_parts(data(), WORDS, NAMES, "Town")
    text = " ".join([*page["lines"], *page["scenarios"]])
    assert "In 2024" in page["lines"][0]
    assert "100 t a year of nitrogen oxides, 10.0 t a year of exhaust particles" in page["lines"][0]
    assert "2.0 kg of nitrogen oxides and 2.0 t of carbon dioxide" in page["lines"][1]
    assert page["scenarios"][1].startswith("“Strong”: nitrogen oxides −40.0 %")
    assert "20.0 million US$ of 2024 a year" in page["scenarios"][1]
    figures = re.findall(r"(?<![\d,.])\d[\d,]*(?:\.\d+)?(?![\d,.])\s*(\S+)", text)
    units = ("t", "kg", "%", "people", "million", "a", "the", "put", "a.", "It")
    assert all(unit.rstrip(".,;:") in {u.rstrip(".,;:") for u in units} for unit in figures), figures


def syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower()))))


def test_the_public_page_reads_easily() -> None:
    """Flesch's ease of reading (1948): 206.835 - 1.015 words per sentence - 84.6 syllables per word; over 50."""
    page = public_parts.public_parts(data(), WORDS, NAMES, "Town")
    text = " ".join([*page["lines"], *page["scenarios"], *page["words"]])
    sentences = [s for s in re.split(r"(?<=[.:!?;])\s", text) if re.search("[a-z]", s)]
    words = re.findall(r"[A-Za-z]+", text)
    ease = 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * sum(map(syllables, words)) / len(words)
    assert len(words) / len(sentences) < 18
    assert ease > 50


def test_words_of_the_region_are_there_in_both_languages() -> None:
    english, chinese = public_parts.bodies(WORDS), public_parts.bodies(report_words("zh"))
    for short, full, zh in (
        ("TEMM", "Tripartite Environment Ministers Meeting", "环境部长会议"),
        ("NEASPEC", "North-East Asian Subregional Programme for Environmental Cooperation", "东北亚次区域环境合作计划"),
        ("NEAC", "Northeast Asian Conference on Environmental Cooperation", "东北亚环境合作会议"),
        ("EANET", "Acid Deposition Monitoring Network in East Asia", "东亚酸沉降监测网"),
        ("LTP", "Long-range Transboundary Air Pollutants in Northeast Asia", "跨界输送"),
        ("TPM", "Tripartite Presidents Meeting", "院长会议"),
    ):
        assert any(line.startswith(f"{short}: ") and full in line for line in english)
        assert any(line.startswith(f"{short}：") and zh in line for line in chinese)


def test_limits_name_what_is_unchecked_and_too_low() -> None:
    told = public_parts.limits(data(), WORDS, {"N2O": "Nitrous oxide"}, ["N2O"])
    assert any("1 of 2 assumptions, and the figures that 1 notes name" in line for line in told)
    checked = data() | {"assumptions": [{"checked": "yes"}]}
    assert any(
        "0 of 1 assumptions, and the figures that 1 " in line for line in public_parts.limits(checked, WORDS, {}, [])
    )
    assert not any("assumptions" in line for line in public_parts.limits(checked | {"findings": []}, WORDS, {}, []))
    assert any("Nitrous oxide" in line for line in told)


def test_chapters_and_heads_of_a_page() -> None:
    page = (
        '<!--chapters--><section id="a">\n<h2>Air &amp; &#34;x&#34;</h2><div class="scroll"><table><thead><tr><th>A</th>'
        '<th colspan="2" class="over">B</th></tr></thead></table></div><div class="scroll"></div></section>'
    )
    made = finished(page, WORDS)
    assert '<a href="#a">Air &amp; &#34;x&#34;</a>' in made
    assert '<th scope="col">A' in made
    assert '<th scope="colgroup" colspan="2"' in made
    assert made.count('tabindex="0"') == 2
    assert "(2)" in made


@pytest.mark.parametrize("name", ["report.html", "report.zh.html"])
def test_the_page_begins_with_the_findings(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    places = [text.index(f'<section id="{part}"') for part in ("lead", "public", "summary", "map-section", "limits")]
    assert places == sorted(places)
    assert text.count('<span class="figure">') == lead_parts.FINDINGS
    linked = set(re.findall(r'<a href="#([^"]+)"', text))
    assert linked == set(re.findall(r'<section id="([^"]+)"', text)) - {""} | {"lead"}
    assert json.loads((folder / "report_data.json").read_text(encoding="utf-8"))["lead"]["people"] == 1000.0
