"""Class limits and colours of the maps."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_planner.outputs.layers.classes import change_bounds, log_breaks, natural_classes
from fleet_planner.outputs.layers.colourings import Colouring, coloured
from fleet_planner.outputs.layers.layer import Layer
from fleet_planner.outputs.layers.roads import round_breaks
from fleet_planner.outputs.layers.styles import CHANGE, CHANGE_WIDTHS_MM, RAMP, WIDTHS_MM, change_labels, class_label

# Machado, Oliveira and Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision Deficiency,
# table of matrices for severity 1.0, on linear RGB
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopes": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopes": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
CLEARLY_DIFFERENT = 10.0
"""Of CIE 1976 colour difference; 2.3 is just noticeable."""


def lab(colour: str, eye: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of ``#rrggbb`` as an eye sees it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(eye @ linear, 0.0, 1.0) / WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_lab_of_known_colours() -> None:
    assert lab("#ffffff", np.eye(3)) == pytest.approx([100.0, 0.0, 0.0], abs=0.02)
    assert lab("#ff0000", np.eye(3)) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


@pytest.mark.parametrize("eye", SEEN_BY)
@pytest.mark.parametrize("palette", [RAMP, CHANGE], ids=["ramp", "change"])
def test_all_eyes_tell_neighbouring_classes_apart(eye: str, palette: tuple[str, ...]) -> None:
    seen = [lab(c, SEEN_BY[eye]) for c in palette]
    assert min(float(np.linalg.norm(a - b)) for a, b in pairwise(seen)) > CLEARLY_DIFFERENT


@pytest.mark.parametrize("eye", SEEN_BY)
def test_more_is_darker_and_less_is_never_taken_for_more(eye: str) -> None:
    light = [lab(c, SEEN_BY[eye])[0] for c in RAMP]
    assert all(a > b for a, b in pairwise(light))
    less, more = ([lab(c, SEEN_BY[eye]) for c in part] for part in (CHANGE[:3], CHANGE[4:]))
    assert min(float(np.linalg.norm(a - b)) for a in less for b in more) > 2 * CLEARLY_DIFFERENT


def test_widths_grow_with_the_class_and_with_the_size_of_a_change() -> None:
    assert all(a < b for a, b in pairwise(WIDTHS_MM))
    assert list(CHANGE_WIDTHS_MM) == sorted(CHANGE_WIDTHS_MM[:4], reverse=True) + sorted(CHANGE_WIDTHS_MM[4:])
    assert min(CHANGE_WIDTHS_MM) == CHANGE_WIDTHS_MM[3]
    assert len(CHANGE_WIDTHS_MM) == len(CHANGE)


def squares(places: np.ndarray, weights: np.ndarray, last: list[int]) -> float:
    total, start = 0.0, 0
    for end in last:
        x, w = places[start : end + 1], weights[start : end + 1]
        total += float((w * (x - (w * x).sum() / w.sum()) ** 2).sum())
        start = end + 1
    return total


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-60, 60), min_size=5, max_size=11, unique=True),
    st.integers(2, 4),
    st.randoms(use_true_random=False),
)
def test_natural_classes_are_the_best_of_all(points: list[int], classes: int, random: object) -> None:
    places = np.sort(np.array(points)) / 10.0
    weights = np.array([random.randint(1, 9) for _ in points], dtype=float)
    found = natural_classes(places, weights, classes)
    assert len(found) == classes
    assert found[-1] == places.size - 1
    assert all(a < b for a, b in pairwise(found))
    best = min(
        squares(places, weights, [*inner, places.size - 1])
        for inner in combinations(range(places.size - 1), classes - 1)
    )
    assert squares(places, weights, found) == pytest.approx(best, rel=1e-9, abs=1e-9)


def test_limits_lie_between_heaps() -> None:
    rng = np.random.default_rng(1)
    heaps = [3.0, 30.0, 300.0, 2000.0]
    values = np.concatenate([h * rng.uniform(0.9, 1.1, 200) for h in heaps])
    limits = log_breaks(values, 3)
    assert all(low * 1.05 < limit < high * 0.95 for limit, (low, high) in zip(limits, pairwise(heaps), strict=True))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 3.0), st.floats(-6.0, 6.0))
def test_limits_rise_are_short_and_leave_no_class_empty(seed: int, spread: float, power: float) -> None:
    values = 10.0 ** (np.random.default_rng(seed).normal(power, spread, 400))
    limits = log_breaks(values)
    assert len(limits) == 5
    assert all(a < b for a, b in pairwise(limits))
    assert all(float(f"{v:.3e}") == v for v in limits)
    assert np.histogram(values, [0.0, *limits, np.inf])[0].all() or limits == round_breaks(values)
    if spread > 0.3:
        assert all(float(f"{v:.1e}") == v for v in limits)


def test_what_is_far_below_the_top_is_one_class() -> None:
    values = np.concatenate([np.full(500, 1e-9), np.geomspace(1.0, 100.0, 500)])
    assert min(log_breaks(values)) > 0.01


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [5.0] * 4, [1.0, 2.0], [np.nan, np.inf, 4.0]])
def test_few_values_have_round_limits(values: list[float]) -> None:
    limits = log_breaks(np.array(values, dtype=float))
    assert len(limits) == 5
    assert all(a < b for a, b in pairwise(limits))


def test_changes_are_symmetric_about_zero() -> None:
    bounds = change_bounds([np.array([-90.0, -5.0, -1.0, 0.0, 3.0]), np.array([0.5, np.nan])])
    assert len(bounds) == len(CHANGE) + 1
    assert bounds == [-b for b in reversed(bounds)]
    assert bounds[-1] >= 90.0
    labels = change_labels(bounds)
    assert len(labels) == len(CHANGE)
    assert labels[3] == f"−{bounds[4]:g} … {bounds[4]:g}"
    assert change_bounds([np.zeros(3)])[3:5] == [-1.0, 1.0]


def test_legends_read_aloud() -> None:
    breaks = [0.5, 20.0, 15000.0, 5.6e6]
    assert [class_label(breaks, k) for k in range(5)] == [
        "≤ 0.5",
        "0.5 – 20",
        "20 – 15,000",
        "15,000 – 5,600,000",
        "> 5,600,000",
    ]
    assert change_labels([-9.0, -3.0, 3.0, 9.0]) == ["< −3", "−3 … 3", "> 3"]


def test_style_names_are_short_and_differ() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": [2.0, None]})
    layer = Layer("zones", frame, None, "Polygon", None, {})
    long = "a" * 60
    made = coloured(layer, [*(Colouring(c, c, long, "甲") for c in "ab"), Colouring("c", "c", "c", "丙")])
    assert [len(s.name) for s in made] == [30, 30]
    assert made[0].name != made[1].name
    assert [s.name_zh for s in made] == ["甲", "甲~2"]
    assert layer.with_styles(made).styles == made
    assert layer.with_styles(()).styles == ()
