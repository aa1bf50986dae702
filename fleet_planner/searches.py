"""Searches that end when their time is up, and end at the same point when they are run again.

A search that ends by the clock ends somewhere else on a slower machine, and another solution comes out. Every search
therefore asks at its own stopping points whether its time is up; these come in the same order whenever the same
problem is solved. The questions of a command are counted, and those answered with yes are kept in its manifest. A
second run with these numbers ends each search where the first one did, whatever the clock says.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Searches:
    """The questions of a command's searches whether their time is up.

    Parameters
    ----------
    known
        Numbers of the questions that a first run answered with yes; without one the clock answers.
    asked
        Questions so far.
    ended
        Numbers of those answered with yes.
    late
        Searches that HiGHS's own clock ended: they cannot be repeated.
    """

    known: frozenset[int] | None = None
    asked: int = 0
    ended: list[int] = field(default_factory=list)
    late: int = 0

    def over(self, begin: float, seconds: float) -> bool:
        """Return whether a search's time is up.

        Parameters
        ----------
        begin
            When it began, of `time.perf_counter`.
        seconds
            That it may take.
        """
        self.asked += 1
        up = time.perf_counter() - begin >= seconds if self.known is None else self.asked in self.known
        if up:
            self.ended.append(self.asked)
        return up

    def told(self) -> dict[str, Any]:
        """Return what a manifest keeps: numbers from which `known` is made, and how many cannot be repeated."""
        return {"ended_at": list(self.ended), "ended_late": self.late}


_SEARCHES: ContextVar[Searches] = ContextVar("searches")


def searches() -> Searches:
    """Return the searches of the command that is running; outside of one they are counted for nobody."""
    return _SEARCHES.get(None) or Searches()


def searches_told() -> dict[str, Any] | None:
    """Return what a manifest keeps of the command's searches; None where nobody counted."""
    own = _SEARCHES.get(None)
    return None if own is None else own.told()


@contextmanager
def counted_searches(known: Iterable[int] | None = None) -> Iterator[Searches]:
    """Count the questions of all searches within; end them where a first run did, if its numbers are given."""
    own = Searches(None if known is None else frozenset(known))
    token = _SEARCHES.set(own)
    try:
        yield own
    finally:
        _SEARCHES.reset(token)
