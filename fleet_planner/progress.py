"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of a run; the command line draws a bar on stderr, tests pass `silent`."""

    def __call__(self, step: str, fraction: float) -> None:
        """Say that ``step`` is done to ``fraction`` (0..1)."""


def silent(step: str, fraction: float) -> None:
    """Ignore progress."""
    del step, fraction
