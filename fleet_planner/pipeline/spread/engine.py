"""Parts of the work carried out, tried again where they failed, and accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fleet_planner.errors import UserError
from fleet_planner.pipeline.spread.attempt import Attempt, attempt, code_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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

    def mapped(self, work: Callable[[Any, Any], Any], shared: Any, arguments: Iterable[Any]) -> list[Any]:
        """Return ``work(shared, argument)`` of every argument, in their order.

        Raises
        ------
        UserError
            What ``work`` raises that the user can mend, and the loss of all workers.
        """


class Here:
    """Carries out one part after the other in this process."""

    def outcomes(self, work: Work, parts: Mapping[str, Any], retries: int) -> Iterator[Outcome]:
        """Yield the outcome of every part in the order given; see `Engine`."""
        for key, argument in parts.items():
            tries, last = 1, attempt(work, argument, code_hash())
            while last.again and tries <= retries:
                tries, last = tries + 1, attempt(work, argument, code_hash())
            yield Outcome(key, last, tries)

    def mapped(self, work: Callable[[Any, Any], Any], shared: Any, arguments: Iterable[Any]) -> list[Any]:
        """Return ``work(shared, argument)`` of every argument; each is asked for when its turn comes."""
        return [work(shared, argument) for argument in arguments]


def value_of(outcome: Outcome) -> Any:
    """Return the result of a part.

    Raises
    ------
    UserError
        It failed by something that the user can mend.
    RuntimeError
        It failed by a fault of the program.
    """
    last = outcome.last
    if last.user_error is not None:
        raise last.user_error
    if last.trace:
        raise RuntimeError(f"{last.error}\n{last.trace}")
    if last.error:
        raise UserError(last.error, "Mend the workers, or run without --cluster.")
    return last.value
