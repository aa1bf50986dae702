"""The report for everybody: order of headings, names, contrast, keyboard, phone, and axe-core in a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import devtools
import pytest

from fleet_planner.outputs.charts.charts import COLOURS, SOFT, _on, luminance
from fleet_planner.outputs.charts.svg_parts import INK

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ("report.html", "report.zh.html")
LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def css() -> str:
    return (files("fleet_planner.outputs") / "assets" / "report.css").read_text(encoding="utf-8")


def test_contrast_by_hand() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_every_colour_of_text_stands_out_from_every_ground() -> None:
    """Each ``color`` of the stylesheet against the lightest and the tinted grounds that text stands on."""
    sheet = css()
    named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", sheet))
    texts = set(re.findall(r"(?<![-\w])color: ([^;}]+)", sheet))
    colours = {named[m[1]] if (m := re.match(r"var\(--([\w-]+)\)", c)) else c.strip() for c in texts}
    assert len(colours) >= 5
    plain = {named["back"], named["tint"]}
    for colour in colours:
        for ground in plain:
            assert contrast(colour, ground) >= LEAST_CONTRAST, (colour, ground)
    assert contrast(named["warn"], named["warn-back"]) >= LEAST_CONTRAST
    assert contrast(named["ink"], named["warn-back"]) >= LEAST_CONTRAST
    grounds = {g for g in re.findall(r"background: (#[0-9a-f]{6})", sheet) if luminance(g) > 0.7}
    assert all(contrast(named["ink"], ground) >= LEAST_CONTRAST for ground in grounds)


def test_text_of_charts_stands_out() -> None:
    assert all(contrast(_on(colour), colour) >= LEAST_CONTRAST for colour in COLOURS)
    assert all(contrast(colour, "#ffffff") >= LEAST_CONTRAST for colour in (SOFT, INK))


class Outline(HTMLParser):
    """Levels of headings, and what has no name for those who do not see it."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.nameless: list[str] = []
        self.labels = 0
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag == "svg" and not (given.get("aria-label") or given.get("aria-hidden")):
            self.nameless.append(str(attrs))
        if tag == "th" and self.get_starttag_text() and "scope" not in given:
            self.nameless.append("th")
        self.labels += tag == "label"


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order_and_drawings_have_names(folder: Path, name: str) -> None:
    page = Outline()
    page.feed((folder / name).read_text(encoding="utf-8"))
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(page.levels))
    assert [n for n in page.nameless if n != "th"] == []
    assert page.labels == 3
    assert page.language == ("zh-CN" if name == "report.zh.html" else "en")


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(folder: Path, name: str, width: int) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    with devtools.Browser(width, 900) as browser:
        browser.view(width, 900, mobile=width < 500)
        browser.open(folder / name)
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; }); 1")
        browser.run(axe + "; 1")
        found = browser.run("axe.run(document, { resultTypes: ['violations'] })")
        told = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in found["violations"]]
        assert told == []
        assert len(found["passes"]) > 15


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_phone_does_not_scroll_sideways(folder: Path, name: str) -> None:
    with devtools.Browser(390, 844) as browser:
        browser.view(390, 844, mobile=True)
        browser.open(folder / name)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert browser.run("document.getElementById('map').getBoundingClientRect().right") <= 390


@pytest.mark.browser
def test_tables_sort_by_keyboard(folder: Path) -> None:
    with devtools.Browser() as browser:
        browser.open(folder / "report.html")
        read = "[...document.querySelectorAll('#streets tbody tr')].map((r) => r.cells[4].textContent)"
        before = browser.run(read)
        browser.run("document.querySelector('#streets thead th:nth-child(5) button').focus()")
        for _ in range(2):
            for kind in ("keyDown", "keyUp"):
                browser.call(
                    "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
                )
            told = browser.run("document.querySelector('#streets thead th:nth-child(5)').getAttribute('aria-sort')")
            now = [float(v.replace(",", "")) for v in browser.run(read)]
            assert now == sorted(now, reverse=told == "descending")
        assert told == "descending"
        browser.run("document.querySelector('#streets thead th:nth-child(5) button').click()")
        assert browser.run(read) == before
        assert browser.problems() == []
