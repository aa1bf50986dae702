"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import numba
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def one_thread_a_worker() -> None:
    """Side by side, workers fill the cores themselves: more threads would only wait for one another.

    Tests that compare numbers of threads set theirs.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        numba.set_num_threads(1)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real city data beside the repository; skips where there is none."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of city test data beside the repository is absent")
    return folder
