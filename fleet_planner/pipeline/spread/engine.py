"""Parts of the work carried out, tried again where they failed, and accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from fleet_planner.pipeline.spread.attempt import Attempt, attempt, code_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fleet_planner.pipeline.spread.attempt import Work


@dataclass(frozen=True)
class Outcome:
    """What became of a part.

    Parameters
    ----------
    key
        Of the part.
    last
        The last try.
    tries
        How often it was begun, tries that ended with the death of their worker included.
    """

    key: str
    last: Attempt
    tries: int

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        return not self.last.error


class Engine(Protocol):
    """Carries parts of the work out."""

    def outcomes(self, work: Work, parts: Mapping[str, Any], retries: int) -> Iterator[Outcome]:
        """Yield the outcome of every part as it comes; a part that failed is tried again up to ``retries`` times."""


class Here:
    """Carries out one part after the other in this process."""

    def outcomes(self, work: Work, parts: Mapping[str, Any], retries: int) -> Iterator[Outcome]:
        """Yield the outcome of every part in the order given; see `Engine`."""
        for key, argument in parts.items():
            tries, last = 1, attempt(work, argument, code_hash())
            while last.again and tries <= retries:
                tries, last = tries + 1, attempt(work, argument, code_hash())
            yield Outcome(key, last, tries)


def all_of(engine: Engine, work: Work, arguments: list[Any], retries: int, told: Callable[[int], None]) -> list[Any]:
    """Return the results of ``work`` for every argument, in their order.

    Parameters
    ----------
    engine
        Carries it out.
    work, arguments
        What to do.
    retries
        How often a part is tried again.
    told
        Is given the number of parts that are done.

    Raises
    ------
    UserError
        A part failed by something that the user can mend.
    RuntimeError
        A part failed by a fault of the program, or no worker survived it.
    """
    parts = {str(k): argument for k, argument in enumerate(arguments)}
    found: dict[str, Any] = {}
    for outcome in engine.outcomes(work, parts, retries):
        if outcome.last.user_error is not None:
            raise replace(outcome.last.user_error)
        if not outcome.done:
            raise RuntimeError(f"{outcome.last.error}\n{outcome.last.trace}".strip())
        found[outcome.key] = outcome.last.value
        told(len(found))
    return [found[key] for key in parts]
