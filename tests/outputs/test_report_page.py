"""The report: one file, no request to anywhere, the same figures in both languages."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import builders
import numpy as np
import pytest

from fleet_planner.outputs.charts import charts
from fleet_planner.outputs.layers import frames
from fleet_planner.outputs.layers.roads import road_of_link
from fleet_planner.outputs.numbers import percent, share, significant
from fleet_planner.outputs.report.map_data import pack_map, script_json
from fleet_planner.outputs.report.wording import plain_value, standard_name
from fleet_planner.tables import pollutants
from fleet_planner.tables.load import report_words

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_planner.pipeline.telling.results import Results

FIGURE = re.compile(r"(?<![A-Za-z.\d])[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")
VOID = {"meta", "link", "br", "img", "input", "hr", "col"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Page(HTMLParser):
    """Collects what a reader sees: table cells, list items, paragraphs, chart texts; and outside references."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [v or "" for k, v in attrs if k in {"src", "href", "action", "srcset", "data"}]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" in self.open or "style" in self.open:
            return
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1] += data
        elif data.strip():
            self.texts.append((self.open[-1], data.strip()))


def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    assert page.open == []
    return page


def test_nothing_is_asked_from_elsewhere(folder: Path) -> None:
    for name in ("report.html", "report.zh.html"):
        text = (folder / name).read_text(encoding="utf-8")
        assert all(re.fullmatch(r"#[\w-]+", r) for r in parsed(folder / name).references)
        assert not re.search(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""", text)
        assert "@import" not in text
        assert not re.search(r"url\(", text.split("<script")[0])
        assert "sourceMappingURL" not in text
        assert "<link" not in text


def test_both_languages_hold_the_same_figures_cell_by_cell(folder: Path) -> None:
    english, chinese = (parsed(folder / name) for name in ("report.html", "report.zh.html"))
    assert len(english.tables) == len(chinese.tables) >= 7
    cells = 0
    for a, b in zip(english.tables, chinese.tables, strict=True):
        assert [len(row) for row in a] == [len(row) for row in b]
        for row_a, row_b in zip(a, b, strict=True):
            for cell_a, cell_b in zip(row_a, row_b, strict=True):
                assert FIGURE.findall(cell_a) == FIGURE.findall(cell_b), (cell_a, cell_b)
                cells += 1
    assert cells > 150
    # headlines, cards, chart labels and findings: the same figures, whatever the order of the words
    left, right = (
        sorted(f for tag, text in page.texts if tag in {"span", "li", "text"} for f in FIGURE.findall(text))
        for page in (english, chinese)
    )
    assert left == right
    assert len(left) > 50


def test_figures_are_those_of_the_results(folder: Path, run: Results) -> None:
    summary = parsed(folder / "report.html").tables[0]
    by_title = {row[0].replace("*", "").strip(): row[1:] for row in summary}
    titles = {p.pollutant: p.title_en for p in pollutants()}
    for row in run.summary.iter_rows(named=True):
        column = ("baseline", "electric").index(row["scenario"])
        wanted = significant(row["value_per_year"]) + (percent(row["change_pct"]) if column else "")
        title = next(k for k in by_title if k.startswith(titles[row["pollutant"]]))
        assert by_title[title][column] == wanted


def test_chinese_page_has_chinese_headings(folder: Path) -> None:
    page = parsed(folder / "report.zh.html")
    headings = [text for tag, text in page.texts if tag in {"h1", "h2", "h3"}]
    assert len(headings) > 10
    assert all(re.search("[\u4e00-\u9fff]", text) for text in headings)
    assert any("标题" not in text and "测试市" in text for text in headings)


def test_user_text_cannot_become_markup(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "</b>&#34;" not in text
    assert "Test &lt;City&gt;" in text
    assert text.count("</script>") == 5
    assert builders.HOSTILE not in text


def test_doubts_are_shown(folder: Path) -> None:
    page = parsed(folder / "report.html")
    texts = " ".join(text for _, text in page.texts)
    assert "the factor set has no figures" in texts
    assert "1 of them not checked" in texts
    assert any("⚠ not checked" in cell for table in page.tables for row in table for cell in row)
    assert any("24 of 72 rows" in cell for table in page.tables for row in table for cell in row)
    assert "ODbL" in texts


def test_every_phrase_exists_in_both_languages_and_is_used(repository: Path) -> None:
    with (repository / "fleet_planner/tables/report_text.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        assert None not in row
        if row["key"] != "original_language":
            assert row["en"]
        assert row["zh"]
        assert set(re.findall(r"\{\w+\}", row["en"])) == set(re.findall(r"\{\w+\}", row["zh"])), row["key"]
    sources = [
        p.read_text(encoding="utf-8")
        for p in (repository / "fleet_planner/outputs").rglob("*")
        if p.is_file() and p.suffix in {".py", ".j2"}
    ]
    plain = {"yes", "no", "default", "plan"}  # words of the column `checked`
    plain |= {"page_language", "head_with_unit"}  # asked for where headings are made
    used = "\n".join(sources)
    made = tuple(
        set(re.findall(r"[\"']([a-z0-9_]+_)\{", used))
        | {"about_", "class_", "standard_", "role_", "used_", "card_", "verdict_", "process_", "mix_unit_", "unit_"}
    )
    assert [k for k in keys if not k.startswith(made) and k not in plain and not re.search(rf"\b{k}\b", used)] == []
    assert {f"about_{p.column}" for p in pollutants()} <= set(report_words("en"))


def test_map_data_unpack_to_the_inventory(run: Results) -> None:
    data = pack_map(run)
    raw = gzip.decompress(base64.b64decode(data["blob"]))
    roads, points, scenarios = data["roads"], data["points"], 2
    sizes = np.frombuffer(raw, "<u2", roads)
    steps = np.frombuffer(raw, "<i4", 2 * points, 2 * roads).reshape(2, points)
    assert int(sizes.sum()) == points
    road, first = road_of_link(run.network.links)
    starts = np.cumsum(sizes, dtype=np.int64) - sizes
    begin = np.cumsum(steps, axis=1)[:, starts].T / 1e5
    assert np.allclose(begin, run.network.coordinates[run.network.offsets[first]], atol=1e-5)
    levels = np.frombuffer(raw, "<u2", roads * scenarios * len(data["layers"]), 2 * roads + 8 * points)
    levels = levels.reshape(len(data["layers"]), scenarios, roads).astype(np.int64)
    km = run.network.links["length_km"].to_numpy()[first]
    for k, spec in enumerate(frames.map_specs(run)):
        for s, result in enumerate(run.scenarios):
            level = (levels[k, s] + (levels[k, 0] if s else 0)) % 65536
            value = np.where(level > 0, data["layers"][k]["top"] * 10.0 ** (-7.0 * (1.0 - level / 65535.0)), 0.0)
            wanted = np.bincount(road, weights=frames.day_values(result, spec)) / km
            assert np.allclose(value, wanted, rtol=2e-4)
    rest = len(raw) - 2 * roads - 8 * points - 2 * roads * scenarios * len(data["layers"])
    assert rest == 8 * sum(data["zones"]["rings"])


def test_script_data_cannot_end_the_script() -> None:
    text = script_json({"a": "</script><!--"})
    assert "</" not in text
    assert "<!" not in text
    assert json.loads(text) == {"a": "</script><!--"}


def test_streets_join_their_parts(run: Results) -> None:
    rows = frames.street_rows(frames.roads_frame(run), "baseline")
    assert rows["kg_per_day"].is_sorted(descending=True)
    assert None not in rows["name"].to_list()
    assert rows["name"].n_unique() == rows.height


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1051.7, "1,050"), (12.795, "12.8"), (0.0, "0"), (-6.171, "−6.17"), (458206.0, "458,000"), (0.01234, "0.0123"),
        (None, "–"), (float("nan"), "–"), (999.6, "1,000"),
    ],
)  # fmt: skip
def test_significant_digits(value: float | None, text: str) -> None:
    assert significant(value) == text


def test_percent_and_share() -> None:
    assert [percent(v) for v in (-16.42, 0.01, 14.1, 1593.1, None)] == ["−16.4 %", "0 %", "+14.1 %", "+1,593 %", "–"]
    assert [share(v) for v in (0.314, None)] == ["31 %", "–"]


def test_words_of_standards_and_values() -> None:
    words = report_words("en")
    assert standard_name("euro_VI_abc", words) == "Euro VI A/B/C"
    assert standard_name("euro_V", words) == "Euro V"
    assert standard_name("conventional", words) == "Before Euro I"
    assert standard_name("euro_V", report_words("zh")) == "欧V"
    assert plain_value("{'b5': 0.03, 'rd99': 0.5}") == "b5 0.03, rd99 0.5"
    assert plain_value("[7, 8]") == "7, 8"
    assert plain_value("{broken") == "{broken"
    assert plain_value(None) == ""


def test_charts_survive_zeros_and_escape_labels() -> None:
    drawn = [
        charts.bars("t", ["<a>"], [0.0]),
        charts.stacked("t", ["r"], ["<a>"], [[0.0]]),
        charts.hours("t", ["<a>"], [[0.0] * 24]),
        charts.changes("t", ["g"], ["<a>"], [[0.0]]),
    ]
    for svg in drawn:
        assert "<a>" not in svg
        assert "nan" not in svg
        page = Page()
        page.feed(svg)
        assert page.open == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["report.html", "report.zh.html"])
@pytest.mark.parametrize(
    ("choice", "shows"), [("", "NOx baseline"), ("#pollutant=CO2&scenario=d:electric", "CO2 electric change")]
)
def test_the_map_is_drawn_in_a_browser(folder: Path, name: str, choice: str, shows: str) -> None:
    assert CHROMIUM is not None, "the browser tests need chromium"
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ]
    command += [
        "--enable-logging=stderr",
        "--virtual-time-budget=8000",
        "--dump-dom",
        f"file://{folder / name}{choice}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    drawn = re.search(r'data-drawn="(\d+)"', done.stdout)
    assert drawn is not None
    assert int(drawn.group(1)) == 8
    assert f'data-shows="{shows}"' in done.stdout
    assert 'class="legend' in done.stdout
    assert "Uncaught" not in done.stderr
    assert builders.HOSTILE not in done.stdout


@pytest.mark.parametrize("page", ["report.html", "report.zh.html"])
def test_the_footer_names_whose_roads_these_are(folder: Path, page: str) -> None:
    text = (folder / page).read_text(encoding="utf-8")
    footer = text[text.rindex("<footer>") : text.rindex("</footer>")]
    assert "© OpenStreetMap contributors, ODbL 1.0" in footer
    assert ("路网数据：" if ".zh." in page else "Road data: ") in footer
