"""Read standards in the words of other regions' registries: ``china_5``, ``国六a``, ``tier2``, ``bs6``, ``jp_2009``.

A word and a name of the technology map are the same when their parts are: letters and numbers apart, Roman and Chinese
numerals as digits, the region's abbreviations written out. A word may leave off the end of a name (``japan 2009``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from fleet_planner.reference.technology_map import in_year

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_planner.reference.technology_map import Equivalent

Parts = tuple[str, ...]

EUROPE = "EU"
"""European steps are the factor sets' own words: they are not translated, a misspelt one is refused."""

ANY_REGION = "*"
GROUP_OF = {
    "passenger_car": "light_duty",
    "light_commercial": "light_duty",
    "heavy_truck": "heavy_duty",
    "bus": "heavy_duty",
    "l_category": "motorcycle",
}
CHINESE_DIGITS = str.maketrans("一二三四五六", "123456")
CHINESE_WORDS = {"国": "china ", "國": "china ", "京": "china ", "阶段": "", "排放": "", "标准": ""}
WRITTEN_OUT: dict[str, Parts] = {
    "cn": ("china",),
    "guo": ("china",),
    "beijing": ("china",),
    "bharat": ("bs",),
    "stage": (),
    "jp": ("japan",),
    "kr": ("korea",),
    "epa": ("us",),
    "usepa": ("us",),
    "model": (),
    "my": (),
}
"""What the parts of a word mean; Beijing's steps bear the nation's numbers."""

ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}
SCHEMES = ("china", "cn", "bs", "lev", "tier", "beijing")
GLUED = re.compile(rf"^({'|'.join(SCHEMES)})(iii|ii|iv|vi|i|v)([ab]?)$")
STEP = re.compile(r"^(iii|ii|iv|vi|i|v)([ab])$")
PIECE = re.compile(r"[a-z]+|\d+")
IN_BRACKETS = re.compile(r"\(([^)]*)\)")


def parts_of(word: str) -> Parts:
    """Return the comparable parts of a word or name: ``("china", "6", "a")`` for China VI-a and 国六a."""
    text = unicodedata.normalize("NFKC", word).casefold().translate(CHINESE_DIGITS)
    for chinese, plain in CHINESE_WORDS.items():
        text = text.replace(chinese, plain)
    out: list[str] = []
    for piece in PIECE.findall(text):
        found = GLUED.match(piece) or STEP.match(piece)
        pieces = [p for p in found.groups() if p] if found else [piece]
        for p in pieces:
            written = WRITTEN_OUT.get(p, (ROMAN.get(p, p),))
            out += [w for w in written if not out or w != out[-1]]  # us epa 2010: one word twice
    return tuple(out)


@cache
def _names(standard: str) -> tuple[Parts, ...]:
    """Return the parts of a name in the map: whole, without its brackets, and what they hold where it names a step."""
    held = [parts_of(inner) for inner in IN_BRACKETS.findall(standard)]
    return (parts_of(standard), parts_of(IN_BRACKETS.sub(" ", standard)), *(p for p in held if p and p[0] in SCHEMES))


def find_standard(
    table: Sequence[Equivalent], word: str, *, regions: Sequence[str], category: str, fuel: str, year: int
) -> Equivalent | None:
    """Return the row of the technology map that a registry's word means, or nothing where none or several do.

    Parameters
    ----------
    table
        From `technology_map.load_technology_map`.
    word
        As the registry has it.
    regions
        Asked first, in turn; the others answer where these have no such standard and agree.
    category, fuel
        Of the vehicle; ``fuel`` is ``petrol`` or ``diesel`` where the map tells them apart.
    year
        Model year: of steps that the word does not tell apart, the newest that has begun.
    """
    parts = parts_of(word)
    if not any(part.isdigit() for part in parts) and parts not in {n for e in table for n in _names(e.standard)}:
        return None
    group = GROUP_OF.get(category)
    rows = [e for e in table if e.group == group and e.region != EUROPE and e.fuel in {"any", fuel}]
    same = [e for e in rows if parts in _names(e.standard)]
    begins = [e for e in rows if any(name[: len(parts)] == parts for name in _names(e.standard))]
    found = same or begins
    if not found:
        return None
    for region in (*regions, ANY_REGION):
        if own := [e for e in found if e.region == region]:
            return in_year(own, year)
    answers = [in_year([e for e in found if e.region == region], year) for region in {e.region: 0 for e in found}]
    return answers[0] if len({e.euro for e in answers}) == 1 else None
