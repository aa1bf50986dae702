"""The statement for measuring, reporting and verifying beside every run."""

from __future__ import annotations

import hashlib
import html
import math
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from fleet_planner.cli.main import main
from fleet_planner.outputs.document import Grid, Heading, Paragraph, as_page
from tests.cli.test_cli import PLAN, city

ROWS = (
    "b1,bus,diesel,17500,2014,urban_bus,60000,3\nc1,passenger_car,petrol,1500,2015,car,12000,300\nx,bus,diesel,1,1,1,,"
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mrv")
    result = CliRunner().invoke(main, ["run", str(city(folder, PLAN, ROWS)), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder / "out"


def cells(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading."""
    part = text.partition(f"# {heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n?)+", part, flags=re.MULTILINE)
    assert lines is not None, heading
    return [[c.strip() for c in line.strip("| \n").split(" | ")] for line in lines.group().splitlines()]


def test_every_input_is_cited_by_its_hash(out: Path) -> None:
    text = (out / "mrv.md").read_text(encoding="utf-8")
    for name in ("plan.toml", "r.csv", "n.osm"):
        digest = hashlib.sha256((out.parent / name).read_bytes()).hexdigest()
        assert f"| `{name}` | `{digest}` |" in text
    assert "2 rows of the registry were used and 1 rejected" in text


def test_greenhouse_gases_by_code_add_up_to_the_summary(out: Path) -> None:
    rows = cells((out / "mrv.md").read_text(encoding="utf-8"), "Baseline")
    summary = pl.read_csv(out / "summary.csv")
    sector = pl.read_csv(out / "by_sector.csv").filter(scheme="IPCC")
    assert rows[-1][0] == "Total"
    for column, gas in enumerate(("CO2", "CO2_biogenic", "CH4", "N2O"), start=2):
        whole = summary.filter(pollutant=gas)["value_per_year"].item()
        told = [float(r[column].replace(",", "")) for r in rows[2:]]
        assert told[-1] == pytest.approx(whole, rel=1e-4)
        assert sum(told[:-1]) == pytest.approx(whole, rel=1e-3)
        assert sector.filter(pollutant=gas)["value_per_year"].sum() == pytest.approx(whole, rel=1e-9, abs=1e-12)
    assert {r[0] for r in rows[2:-1]} >= {"1A3bi", "1A3biii"}


def test_bands_are_those_of_the_ratings(out: Path) -> None:
    bands = pl.read_csv(out / "mrv_bands.csv")
    summary = dict(pl.read_csv(out / "summary.csv").select("pollutant", "value_per_year").iter_rows())
    for row in bands.iter_rows(named=True):
        assert row["value_per_year"] == pytest.approx(summary[row["pollutant"]], rel=1e-9)
        assert row["low_per_year"] <= row["value_per_year"] <= row["high_per_year"]
    # a single rating: the ends of the lognormal with mean 1 whose upper half-width is the middle of the code's range
    ranges = {"A": (0.1, 0.3), "B": (0.2, 0.6), "C": (0.5, 2.0)}
    single = bands.filter(pl.col("ratings").str.contains(r"^[ABC] 100 %$"))
    assert single.height
    for row in single.iter_rows(named=True):
        sigma = math.log1p(math.sqrt(math.prod(ranges[row["ratings"][0]]))) / 1.96
        for sign, end in ((-1.0, "low_per_year"), (1.0, "high_per_year")):
            expected = math.exp(sign * 1.96 * sigma - sigma**2 / 2.0)
            assert row[end] / row["value_per_year"] == pytest.approx(expected, rel=1e-9)


def test_both_languages_have_the_same_figures(out: Path) -> None:
    pages = [(out / name).read_text(encoding="utf-8") for name in ("mrv.md", "mrv.zh.md")]
    english, chinese = ([line for line in page.splitlines() if line.startswith("|")] for page in pages)
    assert len(english) == len(chinese)
    number = re.compile(r"(?<![A-Za-z_\d.])[\d,.]*\d(?![A-Za-z_\d.])")
    numbers = [[sorted(number.findall(line)) for line in lines] for lines in (english, chinese)]
    assert numbers[0] == numbers[1]
    assert [line.count("|") for line in english] == [line.count("|") for line in chinese]
    assert "排放" in pages[1]
    assert pages[1].count("\n## ") == pages[0].count("\n## ") == 8


def test_the_page_holds_what_the_markdown_holds(out: Path) -> None:
    for name in ("mrv", "mrv.zh"):
        text = (out / f"{name}.md").read_text(encoding="utf-8")
        page = (out / f"{name}.html").read_text(encoding="utf-8")
        told = [
            c.strip("` ").replace("\\|", "|")
            for line in text.splitlines()
            if line.startswith("| ")
            for c in line[2:-2].split(" | ")
        ]
        shown = [html.unescape(re.sub("<[^>]+>", "", c)) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", page)]
        assert [c for c in told if not re.fullmatch(":?-+:?", c)] == shown
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == re.findall(r"<h2>(.*?)</h2>", page)
        assert "http" not in page.partition("</style>")[2].partition("<section")[0]


def test_a_statement_is_signed_and_names_itself_on_every_sheet(out: Path) -> None:
    page = (out / "mrv.zh.html").read_text(encoding="utf-8")
    title = re.search("<h1>(.*?)</h1>", page)
    assert title is not None
    assert f'@bottom-left {{ content: "{title[1]}"' in page
    assert page.rindex("签署") > page.rindex("SHA-256")
    assert cells((out / "mrv.md").read_text(encoding="utf-8"), "Signatures")[0][:2] == ["Role", "Name, organisation"]


def test_a_title_cannot_leave_the_style_sheet_nor_a_paragraph_its_tag() -> None:
    page = as_page([Heading(1, 'A"} </style><b>'), Paragraph("`x` <i>")], "en")
    assert 'content: "A /styleb"' in page
    assert "<p><code>x</code> &lt;i&gt;</p>" in page


def test_short_tables_stay_on_one_sheet() -> None:
    short, long = (Grid(("a", "b"), (("x", "1"),) * rows).look for rows in (20, 21))
    assert (short, long) == ("kept", "")
    assert Grid(("a",), (("x",),) * 30).look == "small"
