"""Bars keep their room however long their labels are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.outputs.charts import charts

LABELS = st.lists(st.text("Wi公 ·", min_size=0, max_size=70), min_size=1, max_size=4)


def rects(svg: str) -> list[tuple[float, float]]:
    """Return where each rectangle begins and how wide it is."""
    return [(float(x), float(w)) for x, w in re.findall(r'<rect x="(-?[\d.]+)" y="[\d.]+" width="(-?[\d.]+)"', svg)]


@given(LABELS, st.lists(st.floats(-300.0, 300.0), min_size=8, max_size=8))
def test_no_bar_is_turned_or_leaves_the_drawing(labels: list[str], values: list[float]) -> None:
    pairs = [values[2 * k : 2 * k + 2] for k in range(len(labels))]
    sizes = [[abs(v) for v in pair] for pair in pairs]
    drawn = {
        charts.WIDTH: [
            charts.changes("t", labels, ["a", "b"], pairs),
            charts.bars("t", labels, [s[0] for s in sizes]),
            charts.stacked("t", labels, ["a", "b"], sizes, charts.WIDTH),
        ],
        1040: [charts.stacked("t", labels, ["a", "b"], sizes)],
    }
    for width, made in drawn.items():
        for svg in made:
            found = rects(svg)
            assert len(found) >= len(labels)
            assert all(w >= 0.0 and x >= 0.0 and x + w <= width + 1.0 for x, w in found)


def test_a_long_label_stands_above_its_bars_and_a_short_one_beside() -> None:
    long = "Articulated trucks · Wall-flow DPF, passive regeneration, VDECS Level 3"
    apart = charts.changes("t", [long], ["a"], [[10.0]])
    beside = charts.changes("t", ["NOx"], ["a"], [[10.0]])
    assert f'text-anchor="start" font-size="12" fill="#2a3036">{long}' in apart
    assert 'text-anchor="end" font-size="12" fill="#2a3036">NOx' in beside
    widest = [max(w for _, w in rects(svg)) for svg in (apart, beside)]
    assert min(widest) > 0.5 * charts.WIDTH
