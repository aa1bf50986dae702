"""Erlang-C against published values and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_planner.chargers.queueing import erlang_c, mean_wait_h, most_load, throughput_kwh_per_h


def test_one_server_is_the_utilisation() -> None:
    assert erlang_c(1, 0.6) == pytest.approx(0.6)
    assert mean_wait_h(1, 0.5, 0.5) == pytest.approx(0.5)  # M/M/1: rho / (mu - lambda) = 0.5 / (2 - 1)


def test_two_servers_have_the_closed_form() -> None:
    load = 1.2  # C(2, a) = a^2 / (2 + a)
    assert erlang_c(2, load) == pytest.approx(load**2 / (2.0 + load))


def test_sum_of_the_definition() -> None:
    """C = A / (1 + A ...): the sum of the textbook, Erlang's second formula."""
    from math import factorial

    for n, a in ((3, 2.0), (7, 5.5), (12, 9.0)):
        top = a**n / factorial(n) * n / (n - a)
        assert erlang_c(n, a) == pytest.approx(top / (sum(a**k / factorial(k) for k in range(n)) + top))


@given(st.integers(1, 40), st.floats(0.05, 3.0), st.floats(0.0, 1.0))
def test_the_greatest_load_keeps_the_wait(servers: int, service_h: float, wait_h: float) -> None:
    load = most_load(servers, service_h, wait_h)
    assert 0.0 <= load <= servers
    assert mean_wait_h(servers, load * (1.0 - 1e-9), service_h) <= wait_h + 1e-9
    if wait_h > 1e-3:
        assert mean_wait_h(servers, min(load * 1.001 + 1e-6, servers), service_h) > wait_h


def test_more_chargers_give_more_each() -> None:
    gives = throughput_kwh_per_h(12, 150.0, 50.0, 10.0 / 60.0)
    assert gives[0] == 0.0
    each = gives[1:] / np.arange(1, 13)
    assert (np.diff(each) > 0.0).all()
    assert each[-1] < 150.0
    assert (np.diff(gives, 2) > -1e-9).all() or (np.diff(each) > 0.0).all()
