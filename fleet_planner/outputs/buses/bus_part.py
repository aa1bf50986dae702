"""What a section of the page on electric buses is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Table:
    """A table: id for tests and links, heading, cells as text, how many of the first columns are words."""

    id: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing (SVG text made by `charts`) with its title."""

    title: str
    svg: str

    @property
    def markup(self) -> Markup:
        """The drawing as it stands in the page."""
        return Markup(self.svg)  # noqa: S704  # labels are escaped where they are drawn


@dataclass(frozen=True)
class Part:
    """A section of the page."""

    id: str
    title: str
    note: str
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
