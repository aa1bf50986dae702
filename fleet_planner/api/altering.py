"""Changes of a plan in memory: merged into what its file gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

Given = dict[str, object]


def merged(given: Mapping[str, object], changes: Mapping[str, object]) -> Given:
    """Return what a plan gives with changes in it.

    Parameters
    ----------
    given
        What the plan gives, nested as its file.
    changes
        Values by dotted key. A mapping is merged into the section that is there; anything else replaces it. Parts of
        plans such as `Scenario` count as what they were made from.
    """
    out = dict(given)
    for key, value in changes.items():
        first, _, rest = key.partition(".")
        inner = {rest: value} if rest else _plain(value)
        before = out.get(first)
        out[first] = merged(before if isinstance(before, Mapping) else {}, inner) if isinstance(inner, dict) else inner
    return out


def _plain(value: object) -> object:
    """Return a value as a plan file would have it."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def altered_keys(before: Any, now: Any, key: str = "") -> Iterator[str]:
    """Yield the dotted keys whose values differ; lists differ as a whole."""
    pair = [{} if v is None else v for v in (before, now)]
    if before != now and all(isinstance(v, dict) for v in pair):
        for name in dict.fromkeys([*pair[0], *pair[1]]):
            yield from altered_keys(pair[0].get(name), pair[1].get(name), f"{key}.{name}" if key else str(name))
    elif before != now:
        yield key
