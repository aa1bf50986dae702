"""The report speaks a reader's language: no English in the Chinese page, none of the program's own words, one unit."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.outputs.report.report import read_report_data
from fleet_planner.outputs.report.report_scaling import with_mass, with_money
from fleet_planner.outputs.report.vocabulary import in_words, phrase
from tests.cli.test_clip import ELECTRIC, SEASONS, SITES, WEST, polygons, ran, square

LATER = (
    '\n[turnover]\nto_year = 2028\nyears = [2026, 2028]\n[[target]]\nname = "half"\ntitle = "Half"\ntitle_zh = "减半"\n'
    'pollutant = "NOx"\ncut_pct = 50\nyear = 2028\nbase_year = 2024\n'
)
ORIGINAL = {"assumptions", "sources"}
"""Chapters whose items and sources stay in their own language, as their note says."""

FILE_OR_KEY = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|--?[a-z]+(?:-[a-z]+)*|`[^`]*`|fleet[-_]planner(?: [a-z]+)?", re.ASCII
)
NAMES = re.compile(
    r"\b(?:NOx|NO2|SO2|CO2e?|CH4|N2O|NH3|CO|PM(?:10|2\.5)?|PN|BC|OC|VOC|NMVOC|ROG|SPN23|GHG|HC|O3"
    r"|DPF|SCR|USD|tier|EGR|GDI|PFI|LNT|EEV|R99|B20|CNG|LNG|LPG|EMEP/EEA|EMFAC\w*|EMFAC|MOVES3|AR6|GEH|IPCC|NFR|CARB|CF"
    r"|TEMM|NEASPEC|NEAC|EANET|LTP|TPM|JavaScript|OpenStreetMap|ODbL|contributors|GeoPackage|QGIS|EPA|UCI|USC"
    r"|kg|mg|km|kWh|MWh|GWh|kW|MW|GJ|MJ|L|t|m|g|h|e|I|II|III|IIIA|IIIB|IV|V|VI|N1|A|B|C|D|E|a|b|c|d|abc"
    r"|Foothill Transit|King County Metro|English version: .*|RUN_DIR|en|zh)\b",
    re.ASCII,
)
SOURCE = re.compile(r"[（(](?=[A-Za-z])(?=[^）]*(?:recalled|read|checked|reprinted))(?:[^（）()]|\([^()]*\))*[)）]")
"""Where a figure comes from, in the words of who gave it."""

SEGMENT = re.compile(
    r"(?:Urban|Coaches|Buses|Standard|Articulated|Midi|CNG|HEV|Rigid)(?:[ A-Z<>=\d.t-]|Buses|Standard)*"
)
"""Names of size classes of the guidebook, which have no translation of their own."""

SNAKE = re.compile(r"(?<![\w./`])[a-z]+(?:_[A-Za-z0-9]+)+(?![\w/.`(])", re.ASCII)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    polygons(folder, square("西区", WEST))
    (folder / "m.csv").write_text(SITES.replace("Tower", "西塔").replace("Port", "港"), encoding="utf-8")
    more = '\n[nonroad]\nfile = "m.csv"\n[report]\nareas = "areas.geojson"\n'
    titled = ELECTRIC.replace('"Electric buses"', '"Electric buses"\ntitle_zh = "电动公交"')
    out = ran(folder, "US-CA", more + SEASONS + LATER + titled)
    assert CliRunner().invoke(main, ["report", str(out), "--language", "zh"]).exit_code == 0
    return out


def texts(page: str) -> list[tuple[str, str]]:
    """Return what a reader sees, with the chapter that it stands in."""
    shown = re.sub(r"<(script|style|code)\b.*?</\1>", "", page.partition("<body>")[2], flags=re.DOTALL)
    out, chapter = [], ""
    for tag, text in re.findall(r"<([^>]+)>([^<]*)", shown):
        found = re.match(r'section id="([^"]+)"', tag)
        chapter = found.group(1) if found else chapter
        if text.strip():
            out.append((chapter, html.unescape(text).strip()))
    return out


def test_the_chinese_page_has_no_english(folder: Path) -> None:
    page = (folder / "report.zh.html").read_text(encoding="utf-8")
    wrong = []
    for chapter, text in texts(page):
        if chapter in ORIGINAL:
            continue
        left = FILE_OR_KEY.sub(" ", text)
        left = SOURCE.sub(" ", left)
        left = NAMES.sub(" ", SEGMENT.sub(" ", left))
        wrong += [(chapter, word, text[:80]) for word in re.findall(r"[A-Za-z]{2,}", left)]
    assert not wrong, wrong[:12]


@pytest.mark.parametrize("name", ["report.html", "report.zh.html"])
def test_no_word_of_the_program_is_left(folder: Path, name: str) -> None:
    page = (folder / name).read_text(encoding="utf-8")
    found = [
        (chapter, SNAKE.findall(text), text[:80])
        for chapter, text in texts(page)
        if chapter not in ORIGINAL and SNAKE.search(FILE_OR_KEY.sub(" ", text))
    ]
    assert not found, found[:8]


def test_figures_are_rounded_and_grouped(folder: Path) -> None:
    cells = re.findall(r'<td class="n">([^<]*)</td>', (folder / "report.html").read_text(encoding="utf-8"))
    assert len(cells) > 100
    for cell in cells:
        assert not re.search(r"(?<![\d.,])\d{5,}", cell), cell
        assert not re.search(r"-\d", cell.partition("e-")[0]), f"a hyphen for a minus: {cell}"


def test_every_chapter_follows_the_currency_and_the_mass(folder: Path) -> None:
    data = read_report_data(folder)
    rmb = with_money(data, 7.0, "CNY 2024")
    for name in ("worth", "cash"):
        for before, after in zip(data["economics"][name], rmb["economics"][name], strict=True):
            assert after["unit"] == "CNY 2024"
            key = "private" if name == "worth" else "capital"
            assert after[key] == pytest.approx(7.0 * before[key])
    assert rmb["economics"]["worth"][0]["private_rate"] == data["economics"]["worth"][0]["private_rate"]
    assert rmb["economics"]["cash"][0]["years"] == data["economics"]["cash"][0]["years"]
    total = [row["lines"]["total"] for row in data["economics"]["ownership"]]
    turned = [row["lines"]["total"] for row in rmb["economics"]["ownership"]]
    assert turned[0] == pytest.approx([7.0 * v for v in total[0]])
    short = with_mass(data, 1.1, "short_ton")
    assert short["later"]["values"]["NOx"] == pytest.approx([1.1 * v for v in data["later"]["values"]["NOx"]])
    assert short["later"]["units"]["NOx"] == "short_ton"
    assert short["targets"][0]["gap_per_year"] == pytest.approx(1.1 * data["targets"][0]["gap_per_year"])
    assert short["targets"][0]["change_pct"] == data["targets"][0]["change_pct"]
    lead = next(row for row in short["summary"] if row["pollutant"] == "Pb")
    assert lead == next(row for row in data["summary"] if row["pollutant"] == "Pb")


def test_the_page_says_what_it_is_told_in(folder: Path) -> None:
    command = ["report", str(folder), "--units", "us", "--currency", "rmb"]
    assert CliRunner().invoke(main, command).exit_code == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "RMB of 2024" in page
    assert "US$ of 2024" not in page
    years = re.search(r'<table id="years".*?</table>', page, re.DOTALL)
    assert years is not None
    assert "US short tons a year" in years.group()
    again = CliRunner().invoke(main, ["report", str(folder)])
    assert again.exit_code == 0


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("light_commercial / diesel / euro_5", "en", "vans and pick-ups / diesel / Euro 5"),
        ("heavy_truck, bus", "zh", "重型货车, 客车"),
        ("economics.charging.wait, power_plants.csv", "zh", "economics.charging.wait, power_plants.csv"),
    ],
)
def test_words_of_the_program(text: str, language: str, told: str) -> None:
    assert in_words(text, language, single=True) == told  # type: ignore[arg-type]


def test_what_stands_in_for_what() -> None:
    listed = "fuel diesel for cng; standard euro_4 for euro_5; something new"
    assert phrase(listed, "zh") == "以燃料柴油代替天然气；以欧4的因子代替欧5；something new"
    assert phrase(listed, "en") == "fuel diesel for natural gas; standard Euro 4 for Euro 5; something new"
