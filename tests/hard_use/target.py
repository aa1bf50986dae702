"""A reader that strangers' files reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A reader.

    Parameters
    ----------
    name
        Of the file that it reads.
    whole
        Makes a file that it reads without complaint.
    read
        Reads the file; raises UserError where something is wrong with it, and nothing else ever.
    text
        Whether the file is made of words, so that a fuzzer may use a dictionary.
    """

    name: str
    whole: Callable[[], bytes]
    read: Callable[[Path], object]
    text: bool = True
