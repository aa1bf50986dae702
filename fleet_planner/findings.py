"""What a run assumed, defaulted, dropped or warns of: counted, never silent.

Each step returns findings beside its result. They travel to the manifest and the report,
where the sentence is looked up by ``code`` in ``tables/findings/*.csv`` (English and Chinese).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["assumption", "warning", "info", "failed"]


@dataclass(frozen=True)
class Finding:
    """One counted remark.

    Parameters
    ----------
    code
        Key of the sentence in the findings tables, such as ``network.speed_imputed``.
    kind
        ``assumption`` (a default or stand-in was used), ``warning`` (look at it), ``info``,
        ``failed`` (a result lies outside what is known to be possible).
    values
        Numbers and words that the sentence names, by placeholder.
    count
        How many rows, links or vehicles it concerns, where that makes sense.
    share
        Fraction 0..1 of the quantity named in the sentence (vehicle-km, length, ...).
    """

    code: str
    kind: Kind
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    count: int | None = None
    share: float | None = None
