"""Names of the inputs are text on every page, whatever they say."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from tests.hard_use.hostile_city import ATTACK, write_hostile_city
from tests.outputs.devtools import CHROMIUM, Browser

pytestmark = pytest.mark.hard


class Page(HTMLParser):
    """What a browser would build: elements that came from names, handlers, scripts, texts."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.kind: str | None = None
        self.texts: list[str] = []
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.bad += [f"{tag} {name}={value}" for name, value in attrs if name.startswith("on") or "hacked" in name]
        self.bad += [f"{tag} {k}={v}" for k, v in attrs if k in {"href", "src"} and (v or "").startswith("javascript:")]
        if tag == "img" and told.get("src") == "x":
            self.bad.append("img")
        self.kind = (told.get("type") or "script") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.kind = None

    def handle_data(self, data: str) -> None:
        if self.kind is None:
            self.texts.append(data)
        elif self.kind == "script":
            if "hacked" in data:
                self.bad.append(f"script {data[:80]}")
        else:
            self.data.append(data)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every page that the commands write of the hostile city, in both languages."""
    folder = tmp_path_factory.mktemp("hostile")
    plan = write_hostile_city(folder)
    out = folder / "out"
    for words in (
        ["run", str(plan), "--language", "zh"],
        ["report", str(out / "run"), "--language", "en"],
        ["report", str(out / "run"), "--language", "zh"],
        ["market", str(plan)],
        ["chargers", "site", str(plan)],
        ["compare", str(out / "run")],
        ["clip", str(out / "run"), "--polygon", str(folder / "z.geojson")],
    ):
        more = [] if words[0] == "report" else ["--out", str(out / words[0])]
        done = CliRunner().invoke(main, [*words, *more])
        assert done.exit_code == 0, (words, done.output, done.exception)
    found = sorted(out.rglob("*.html"))
    assert {p.name for p in found} >= {"report.html", "report.zh.html", "market.html", "chargers.html", "compare.html"}
    return found


def test_names_come_out_as_text(pages: list[Path]) -> None:
    shown = 0
    for path in pages:
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        assert page.bad == [], path
        for data in page.data:
            json.loads(data)
        shown += ATTACK in " ".join(page.texts)
    assert shown >= len(pages) / 2  # they are there, and whole


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_no_script_of_a_name_runs(pages: list[Path]) -> None:
    for path in pages:
        with Browser() as browser:
            browser.open(path)
            # hover and click everything: labels and windows of the map are made only then
            browser.run(
                "for (const e of document.querySelectorAll('button, summary, path, option, [tabindex], circle, rect')) {"
                "for (const k of ['mouseover', 'mousemove', 'click', 'focus', 'change'])"
                "e.dispatchEvent(new MouseEvent(k, {bubbles: true, clientX: 300, clientY: 300})) }"
            )
            assert browser.run("window.hacked === undefined"), path
            assert browser.run("document.querySelectorAll('img[src=x]').length") == 0, path
