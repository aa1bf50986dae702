"""Turn restrictions of OpenStreetMap as pairs of links that may not follow each other.

A restriction is a relation of a way ``from``, a node or ways ``via``, and a way ``to``: ``no_*`` forbids that turn,
``only_*`` all others. Through a node it is a pair of links. Through ways it is a longer chain, and a pair means the
same only where nobody comes onto the way between from elsewhere, or nobody who is on it can go elsewhere; the others
are counted. So are those that hold at some hours alone (``:conditional``, ``hour_on``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fleet_planner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet_planner.network.osm_file import Relation

Int = NDArray[np.int64]
CLASSES = ("light", "truck", "bus")
"""Kinds of vehicles that a turn may be forbidden to."""

SCHEMA = {
    "from_link": pl.Int64,
    "to_link": pl.Int64,
    "osm_id": pl.Int64,
    "light": pl.Boolean,
    "truck": pl.Boolean,
    "bus": pl.Boolean,
}
"""Of the table of forbidden turns: links, the first relation that says so, and whom it binds."""

KEY = "restriction"
FOR = {
    "": ("light", "truck", "bus"),
    "motor_vehicle": ("light", "truck", "bus"),
    "motorcar": ("light",),
    "hgv": ("truck",),
    "goods": ("truck",),
    "bus": ("bus",),
    "psv": ("bus",),
}
"""Whom ``restriction:KIND`` binds, and whom ``except=KIND`` frees."""

HOURS = ("hour_on", "day_on", "date_on", "month_on")
NO, ONLY = "no_", "only_"
U_TURN = "no_u_turn"


def turns_of(turns: pl.DataFrame | None, kind: str) -> tuple[Int, Int]:
    """Return the pairs of links that vehicles of a kind (of `CLASSES`) may not drive one after the other."""
    own = pl.DataFrame(schema=SCHEMA) if turns is None else turns.filter(kind)
    return own["from_link"].to_numpy().astype(np.int64), own["to_link"].to_numpy().astype(np.int64)


def without_turns(head: Int, out_first: Int, out_link: Int, first: Int, second: Int) -> tuple[Int, Int, Int]:
    """Return heads and leaving links without forbidden turns: a link that has some ends at a node of its own.

    Parameters
    ----------
    head
        Node that each link ends at, shape (links,).
    out_first, out_link
        Links that leave node ``n`` are ``out_link[out_first[n]:out_first[n + 1]]``.
    first, second
        Pairs of links that may not follow each other, as of `turns_of`.
    """
    head = head.copy()
    own = [out_link]
    counts = [np.diff(out_first)]
    nodes = out_first.size - 1
    for k, link in enumerate(np.unique(first)):
        leaving = out_link[out_first[head[link]] : out_first[head[link] + 1]]
        left = leaving[~np.isin(leaving, second[first == link])]
        own.append(left)
        counts.append(np.array([left.size], dtype=np.int64))
        head[link] = nodes + k
    return head, np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64), np.concatenate(own)


@dataclass(frozen=True)
class Restriction:
    """A restriction of a file.

    Parameters
    ----------
    number
        Of the relation.
    kind
        ``no_left_turn``, ``only_straight_on`` …
    binds
        Of `CLASSES`.
    start, end
        Ways, one or more each.
    node
        Via; nothing where it is ways.
    between
        Ways via, in order.
    """

    number: int
    kind: str
    binds: tuple[str, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    node: int | None
    between: tuple[int, ...]


def is_restriction(tags: Mapping[str, str]) -> bool:
    """Return whether a relation restricts turns."""
    return tags.get("type", "").split(":")[0] == KEY


def restrictions_of(relations: Iterable[Relation]) -> tuple[tuple[Restriction, ...], Counter[str]]:
    """Return the restrictions that motor vehicles always obey, and how many others there are, by reason."""
    out, others = [], Counter[str]()
    for relation in relations:
        if not is_restriction(relation.tags):
            continue
        by_kind = _kinds(relation.tags)
        if any(hours in relation.tags for hours in HOURS):
            others["timed"] += 1
            continue
        if not by_kind:
            others["timed" if any(key.endswith(":conditional") for key in relation.tags) else "other"] += 1
            continue
        members: dict[tuple[str, str], list[int]] = defaultdict(list)
        for kind, number, role in relation.members:
            members[kind, role].append(number)
        node = members["node", "via"]
        between = tuple(members["way", "via"])
        start, end = tuple(members["way", "from"]), tuple(members["way", "to"])
        if not start or not end or bool(node) == bool(between) or len(node) > 1:
            others["broken"] += 1
            continue
        for kind, binds in by_kind.items():
            out.append(Restriction(relation.number, kind, binds, start, end, node[0] if node else None, between))
    return tuple(out), others


def _kinds(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the kinds of restriction of a relation, and whom each binds."""
    freed = {c for word in tags.get("except", "").split(";") if word.strip() for c in FOR.get(word.strip(), ())}
    out: dict[str, set[str]] = defaultdict(set)
    for key, kind in tags.items():
        head, _, vehicle = key.partition(":")
        if head == KEY and vehicle in FOR and kind.startswith((NO, ONLY)):
            out[kind] |= set(FOR[vehicle]) - (freed if not vehicle else set())
    return {kind: tuple(c for c in CLASSES if c in binds) for kind, binds in out.items() if binds}


@dataclass(frozen=True)
class _Ends:
    """Links by the nodes and ways that they begin and end with; ``ending`` by the way that they end with."""

    u: Sequence[int]
    v: Sequence[int]
    first: Sequence[int]
    last: Sequence[int]
    leaving: Mapping[int, list[int]]
    coming: Mapping[int, list[int]]
    ending: Mapping[int, list[int]]

    def into(self, node: int, ways: Iterable[int]) -> list[int]:
        return [i for i in self.coming.get(node, ()) if self.last[i] in ways]

    def out_of(self, node: int, ways: Iterable[int]) -> list[int]:
        return [i for i in self.leaving.get(node, ()) if self.first[i] in ways]

    def back(self, a: int, b: int) -> bool:
        """Whether link ``b`` leads back where ``a`` comes from."""
        return self.u[a] == self.v[b] and self.v[a] == self.u[b] and self.last[a] == self.first[b]


def forbidden_turns(
    links: pl.DataFrame, restrictions: Sequence[Restriction], others: Counter[str]
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return the pairs of links that restrictions forbid, and what was read and left out.

    Parameters
    ----------
    links
        Directed links: ``u, v`` and the numbers of the ways that they begin and end with, ``first_way, last_way``.
    restrictions
        Of the file.
    others
        Restrictions that are not placed in any case, by reason.
    """
    if not restrictions and not others:
        return pl.DataFrame(schema=SCHEMA), ()
    number, ends = _near(links, restrictions)
    left = Counter(others)
    turns: dict[tuple[int, int], tuple[int, set[str]]] = {}
    placed = set()
    for one in restrictions:
        found = _through_node(ends, one) if one.node is not None else _through_ways(ends, one)
        if isinstance(found, str):
            left[found] += 1
            continue
        placed.add(one.number)
        for pair in found:
            turns.setdefault((number[pair[0]], number[pair[1]]), (one.number, set()))[1].update(one.binds)
    rows = [(a, b, n, *(c in binds for c in CLASSES)) for (a, b), (n, binds) in sorted(turns.items())]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row"), _findings(len(rows), len(placed), left)


def _near(links: pl.DataFrame, restrictions: Sequence[Restriction]) -> tuple[list[int], _Ends]:
    """Return the links about the restricted ways: their rows in ``links``, and what they meet."""
    ways = list({way for one in restrictions for way in (*one.start, *one.between, *one.end)})
    own = links.filter(pl.col("first_way").is_in(ways) | pl.col("last_way").is_in(ways))
    nodes = pl.concat([own["u"], own["v"]]).unique().implode()
    near = links.with_row_index("row").filter(pl.col("u").is_in(nodes) | pl.col("v").is_in(nodes))
    u, v, first, last = (near[name].to_list() for name in ("u", "v", "first_way", "last_way"))
    by: tuple[dict[int, list[int]], ...] = (defaultdict(list), defaultdict(list), defaultdict(list))
    for link, keys in enumerate(zip(u, v, last, strict=True)):
        for index, key in zip(by, keys, strict=True):
            index[key].append(link)
    return near["row"].to_list(), _Ends(u, v, first, last, *by)


def _findings(turns: int, placed: int, left: Counter[str]) -> tuple[Finding, ...]:
    out = []
    if placed:
        out.append(Finding("network.turns", "info", {"restrictions": f"{placed:,}"}, turns))
    if count := sum(left.values()):
        values = {name: f"{left[name]:,}" for name in ("timed", "ways", "off")}
        values["broken"] = f"{left['broken'] + left['other']:,}"
        out.append(Finding("network.turns_left_out", "info", values, count))
    return tuple(out)


def _through_node(ends: _Ends, one: Restriction) -> list[tuple[int, int]] | str:
    """Return the pairs that a restriction through a node forbids, or why there are none."""
    node = one.node
    assert node is not None
    begin, finish = ends.into(node, one.start), ends.out_of(node, one.end)
    if one.kind.startswith(ONLY):
        if not begin or len(finish) != 1 or len(begin) > len(one.start):
            return "off"
        return [(a, b) for a in begin for b in ends.leaving.get(node, ()) if b != finish[0]]
    if set(one.start) & set(one.end):
        pairs = [(a, b) for a in begin for b in finish if ends.back(a, b)]
        return pairs or "off"
    if not begin or not finish or len(begin) > len(one.start) or len(finish) > len(one.end):
        return "off"  # the way runs through the node: it is not told which side is meant
    return [(a, b) for a in begin for b in finish]


def _through_ways(ends: _Ends, one: Restriction) -> list[tuple[int, int]] | str:
    """Return the pair that means the same as a chain through ways, or why there is none."""
    if len(one.start) != 1 or len(one.end) != 1:
        return "ways"
    chains = [[a] for a in ends.ending.get(one.start[0], ())]
    for way in one.between:
        chains = [
            grown
            for chain in chains
            for nxt in ends.leaving.get(ends.v[chain[-1]], ())
            if ends.first[nxt] == way and nxt not in chain and not ends.back(chain[-1], nxt)
            for grown in _along(ends, [*chain, nxt], way)
        ]
    chains = [
        [*c, b] for c in chains for b in ends.out_of(ends.v[c[-1]], one.end) if b not in c and not ends.back(c[-1], b)
    ]
    if len(chains) != 1:
        return "off" if not chains else "ways"
    chain = chains[0]
    if one.kind.startswith(ONLY):
        return "ways"
    inner = chain[1:-1]
    pairs = list(pairwise(chain))
    if all(_others(ends.coming[ends.u[x]], chain[k], x, ends) == 0 for k, x in enumerate(inner)):
        return [pairs[-1]]
    if all(_others(ends.leaving[ends.v[x]], chain[k + 2], x, ends) == 0 for k, x in enumerate(inner)):
        return [pairs[0]]
    return "ways"


def _along(ends: _Ends, chain: list[int], way: int) -> list[list[int]]:
    """Return the chain, and the chain grown by further links of the same way."""
    out = [chain]
    while True:
        further = [
            b
            for b in ends.leaving.get(ends.v[chain[-1]], ())
            if ends.first[b] == way and b not in chain and not ends.back(chain[-1], b)
        ]
        if len(further) != 1:
            return out
        chain = [*chain, further[0]]
        out.append(chain)


def _others(near: Sequence[int], expected: int, link: int, ends: _Ends) -> int:
    """Return how many links other than the expected one meet a link at its end, its own way back left out."""
    return sum(
        x not in {expected, link} and not (ends.u[x] == ends.v[link] and ends.v[x] == ends.u[link]) for x in near
    )
