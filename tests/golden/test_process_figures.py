"""Every process against figures typed from the publication and worked out here, apart from the package."""

from __future__ import annotations

import pytest

from fleet_planner.factors.shares import load_shares, share_of


@pytest.mark.parametrize("standard", ["euro_5", "euro_6abc", "euro_6d_temp", "euro_6d", "euro_7"])
@pytest.mark.parametrize("category", ["passenger_car", "light_commercial"])
def test_soot_of_a_diesel_with_filter_is_a_fifth_of_its_particles(category: str, standard: str) -> None:
    """EMEP/EEA 2016, 1.A.3.b.i-iv: diesel Euro 5 BC 20 % of PM, OM 200 % of BC; Euro 6 has a filter too, not no filter.

    Organic carbon is organic matter over 1.3.
    """
    technology = {"category": category, "fuel": "diesel", "standard": standard}
    assert share_of(load_shares("bc_share.csv", "bc_share"), technology) == pytest.approx(0.20)
    assert share_of(load_shares("oc_share.csv", "oc_share"), technology) == pytest.approx(0.20 * 2.00 / 1.3, rel=1e-5)
