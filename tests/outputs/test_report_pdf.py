"""The report on paper: by a browser of the machine, whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from typing import TYPE_CHECKING

import devtools
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.errors import OutputError
from fleet_planner.outputs import print_report
from fleet_planner.outputs.layers import styles
from fleet_planner.outputs.record import sha256
from fleet_planner.outputs.report import pdf

if TYPE_CHECKING:
    from pathlib import Path

A4_PT = (595.0, 842.0)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder, tmp_path / "run")
    return tmp_path / "run"


def program(path: Path, script: str) -> Path:
    """Write a program that stands for a browser."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_without_a_browser_the_remedy_is_told(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pdf.VARIABLE, "no-such-browser")
    result = CliRunner().invoke(main, ["report", str(copy), "--pdf"])
    assert result.exit_code == 1
    assert "names no program that can be run" in result.output
    assert "Install Chromium" in result.output
    assert not (copy / "report.pdf").exists()
    monkeypatch.delenv(pdf.VARIABLE)
    monkeypatch.setattr(pdf, "NAMES", ())
    monkeypatch.setattr(pdf, "PLACES", ())
    with pytest.raises(OutputError, match="no browser was found"):
        pdf.find_browser()


def test_a_browser_that_fails_leaves_what_was_there(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(pdf.VARIABLE, str(program(tmp_path / "bad", "echo lost its display >&2; exit 3")))
    (copy / "report.pdf").write_bytes(b"earlier")
    with pytest.raises(OutputError, match="lost its display"):
        pdf.print_pdf(copy / "report.html", copy / "report.pdf")
    assert (copy / "report.pdf").read_bytes() == b"earlier"


def test_the_browser_is_asked_for_the_page_and_nothing_else(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'for a in "$@"; do echo "$a" >> ' + str(tmp_path / "asked") + '; case "$a" in --print-to-pdf=*) '
    script += 'printf "%%PDF-1.4 x" > "${a#--print-to-pdf=}";; esac; done'
    monkeypatch.setenv(pdf.VARIABLE, str(program(tmp_path / "good", script)))
    result = CliRunner().invoke(main, ["report", str(copy), "--language", "zh", "--pdf"])
    assert result.exit_code == 0, result.output
    made = ["report.zh.html", "report.zh.pdf", "mrv.zh.pdf"]
    assert result.output.split() == [str(copy / name) for name in made]
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split("\n")
    assert [a for a in asked if "://" in a] == [(copy / f"{name}.zh.html").as_uri() for name in ("report", "mrv")]
    files = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {name: files[name] for name in made} == {name: sha256(copy / name) for name in made}
    (copy / "mrv.html").unlink()  # a run of a version before the statement
    assert [p.name for p in print_report(copy, "en")] == ["report.pdf"]


@pytest.mark.browser
def test_a_real_browser_prints_a4_pages_with_bookmarks(copy: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(copy), "--pdf"])
    assert result.exit_code == 0, result.output
    statement = (copy / "mrv.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", statement)) >= 2
    raw = (copy / "report.pdf").read_bytes()
    sizes = {tuple(float(v) for v in m) for m in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", raw + statement)}
    assert len(sizes) == 1
    assert next(iter(sizes)) == pytest.approx(A4_PT, abs=0.5)
    assert len(re.findall(rb"/Type /Page\b", raw)) >= 5
    assert b"/Outlines" in raw
    assert b"/StructTreeRoot" in raw
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL)
    drawn = b"".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"x")
    darkest = [f"{int(styles.RAMP[-1][i : i + 2], 16) / 255.0:.4f}"[1:-1] for i in (1, 3, 5)]
    stroke = " ".join(rf"{re.escape(part)}\d*" for part in darkest) + " RG"  # once by the legend
    assert len(re.findall(stroke.encode(), drawn)) >= 2, "the map is not drawn"


@pytest.mark.browser
def test_paper_holds_what_the_screen_does(folder: Path) -> None:
    """Nothing is cut at the right edge; the map is drawn for the paper; heads of tables repeat as text."""
    with devtools.Browser(1280, 900) as browser:
        browser.open(folder / "report.html")
        browser.run("window.dispatchEvent(new Event('beforeprint')); 1")
        browser.call("Emulation.setEmulatedMedia", media="print")
        browser.view(688, 900)
        wide = browser.run(
            "[...document.querySelectorAll('table, svg, #map, figure')].filter((e) => e.getBoundingClientRect().right"
            " > 690).map((e) => e.tagName + '#' + e.id + ' ' + e.getBoundingClientRect().right)"
        )
        assert wide == []
        assert browser.run("document.getElementById('map').getBoundingClientRect().width") == pytest.approx(680, abs=8)
        assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
        assert browser.run("document.querySelectorAll('th > button:not([hidden])').length") == 0
        assert browser.run("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
        browser.run("window.dispatchEvent(new Event('afterprint')); 1")
        assert browser.run("document.querySelectorAll('th > button[hidden]').length") == 0
        assert browser.problems() == []
