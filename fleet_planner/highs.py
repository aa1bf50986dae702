"""A HiGHS model that says nothing: what a command prints is the command's alone."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy

if TYPE_CHECKING:
    from collections.abc import Iterator

STDOUT = 1


def silent_model() -> Any:
    """Return an empty model of HiGHS without output; it writes a notice when it is made, before options can be set."""
    with _nowhere(STDOUT):
        model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    return model


def run(model: Any) -> None:
    """Solve a model, with as many threads as every other one: HiGHS refuses another number once it has begun.

    Raises
    ------
    RuntimeError
        HiGHS refuses the model or an option.
    """
    if model.run() == highspy.HighsStatus.kError:
        raise RuntimeError(f"HiGHS gave up: {model.getModelStatus()}")


@contextmanager
def _nowhere(descriptor: int) -> Iterator[None]:
    """Send what is written to a descriptor of the process to nowhere."""
    try:
        kept = os.dup(descriptor)
    except OSError:  # closed: nothing is written there
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
