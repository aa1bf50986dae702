"""The one family of errors that a user can cause and mend.

Everything else stays a traceback: it is a fault of the program.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass
class UserError(Exception):
    """Something in the input that the user can mend.

    Parameters
    ----------
    problem
        What is wrong, one sentence without the place.
    remedy
        What to do about it, one sentence.
    file, row, column, value
        The place, as far as it is known. ``row`` counts as a spreadsheet does: the header is row 1.
    """

    problem: str
    remedy: str = ""
    file: str | Path | None = None
    row: int | None = None
    column: str | None = None
    value: object | None = None

    def __str__(self) -> str:
        """Return ``place: problem (found: value). remedy`` on one line."""
        place = ", ".join(
            part
            for part in (
                str(self.file) if self.file is not None else "",
                f"row {self.row}" if self.row is not None else "",
                f"column {self.column}" if self.column is not None else "",
            )
            if part
        )
        text = f"{place}: {self.problem}" if place else self.problem
        if self.value is not None:
            text += f" (found: {self.value!r})"
        return f"{text.rstrip('.')}. {self.remedy}".strip() if self.remedy else f"{text.rstrip('.')}."


class InputError(UserError):
    """A file of the user's is missing, unreadable or holds something impossible."""


class PlanError(UserError):
    """The plan file has an unknown key, a wrong type or a value that is not allowed."""


class OutputError(UserError):
    """The results cannot be written where the user wants them."""


def use_one_of(word: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown word: the nearest known ones, or all where none is near."""
    words = sorted(known)
    return f"Use one of {', '.join(difflib.get_close_matches(word, words, n=3) or words)}."


def first_line(error: Exception) -> str:
    """Return the first line of a library's message: what follows are hints for programmers."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
