"""Where the machine has no room, one message says so; faults of the program stay tracebacks."""

from __future__ import annotations

import errno

import click
import pytest
from click.testing import CliRunner

from fleet_planner.cli.shared import UserErrors


def ended(error: BaseException) -> tuple[int, str, BaseException | None]:
    @click.group(cls=UserErrors)
    def group() -> None:
        pass

    @group.command()
    def work() -> None:
        raise error

    done = CliRunner().invoke(group, ["work"])
    return done.exit_code, done.output, done.exception


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/cache/kernel.nbi"),
            "/cache/kernel.nbi: the disk refuses: No space",
        ),
        (OSError(errno.EFBIG, "File too large"), "the disk refuses: File too large"),
        (OSError(errno.EROFS, "Read-only file system", "x"), "x: the disk refuses: Read-only"),
        (MemoryError(), "the memory of this machine does not suffice"),
    ],
)
def test_one_message(error: BaseException, part: str) -> None:
    status, told, _ = ended(error)
    assert (status, told.startswith("Error: "), part in told, told.count("\n")) == (1, True, True, 1), told


@pytest.mark.parametrize("error", [OSError(errno.EBADF, "Bad file descriptor"), KeyError("bug")])
def test_faults_of_the_program_are_not_hidden(error: BaseException) -> None:
    _, told, raised = ended(error)
    assert raised is error
    assert "Error: " not in told
