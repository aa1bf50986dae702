"""Composition of the NMVOC in exhaust: which profile a technology has, and that the profiles are whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.factors.processes.voc_species import Profile, load_voc_species, voc_profile
from fleet_planner.factors.published.hot_table import load_hot_table

CAR = {"category": "passenger_car", "fuel": "petrol", "segment": "Medium", "standard": "euro_4"}
DIESEL = Profile("diesel_light", stand_in=False)
LIKE_LIGHT_DIESEL = Profile("diesel_light", stand_in=True)


@pytest.mark.parametrize(
    ("changed", "profile"),
    [
        ({}, Profile("petrol_euro_1_on", stand_in=False)),
        ({"standard": "euro_1"}, Profile("petrol_euro_1_on", stand_in=False)),
        ({"standard": "open_loop"}, Profile("petrol_conventional", stand_in=False)),
        ({"standard": "ece_15_04"}, Profile("petrol_conventional", stand_in=False)),
        ({"fuel": "petrol_hybrid"}, Profile("petrol_euro_1_on", stand_in=False)),
        ({"fuel": "lpg_bifuel_on_petrol"}, Profile("petrol_euro_1_on", stand_in=False)),
        ({"fuel": "lpg"}, Profile("lpg", stand_in=False)),
        ({"fuel": "diesel"}, DIESEL),
        ({"fuel": "diesel", "category": "light_commercial"}, DIESEL),
        ({"fuel": "diesel", "category": "heavy_truck", "standard": "euro_III"}, LIKE_LIGHT_DIESEL),
        ({"fuel": "diesel_hybrid", "category": "bus", "standard": "euro_VI_abc"}, LIKE_LIGHT_DIESEL),
        ({"fuel": "biodiesel"}, LIKE_LIGHT_DIESEL),
        ({"category": "l_category", "segment": "Motorcycles 4-stroke <250 cc", "standard": "conventional"},
         Profile("petrol_conventional", stand_in=False)),
        ({"category": "l_category", "segment": "Mopeds 2-stroke <50 cc"}, None),
        ({"fuel": "cng"}, None),
        ({"fuel": "lng", "category": "bus"}, None),
        ({"fuel": "electricity"}, None),
    ],
)  # fmt: skip
def test_profile_of_a_technology(changed: dict[str, str], profile: Profile | None) -> None:
    assert voc_profile(CAR | changed) == profile


def test_figures_of_the_guidebook() -> None:
    """Typed from the published columns: formaldehyde and benzene, % of NMVOC; aldehydes of diesel sum to 31.1."""
    percent = {
        (profile, s.species): 100.0 * s.fraction for profile, species in load_voc_species().items() for s in species
    }
    assert percent["petrol_conventional", "benzene"] == pytest.approx(6.83)
    assert percent["petrol_euro_1_on", "benzene"] == pytest.approx(5.61)
    assert percent["diesel_light", "formaldehyde"] == pytest.approx(12.0)
    assert percent["lpg", "propane"] == pytest.approx(49.85)
    aldehydes = sum(s.fraction for s in load_voc_species()["diesel_light"] if s.group == "aldehydes")
    assert aldehydes == pytest.approx(0.311)


def test_profiles_are_whole_and_have_the_same_species() -> None:
    profiles = load_voc_species()
    assert len(profiles) == 4
    assert len({tuple((s.group, s.species) for s in species) for species in profiles.values()}) == 1
    for species in profiles.values():
        assert sum(s.fraction for s in species) == pytest.approx(1.0, abs=1e-12)
        assert all(s.fraction >= 0.0 for s in species)
        # the published columns are whole but for PAHs: a lost or doubled figure would show
        assert sum(s.fraction for s in species if s.group == "rest") < 0.01


@given(st.sampled_from(load_hot_table().keys.select("category", "fuel", "segment", "standard").unique().to_dicts()))
def test_every_technology_has_a_known_profile_or_none(technology: dict[str, str]) -> None:
    profile = voc_profile(technology)
    if profile is None:
        assert "cng" in technology["fuel"] or "2-stroke" in technology["segment"]
    else:
        assert profile.name in load_voc_species()
