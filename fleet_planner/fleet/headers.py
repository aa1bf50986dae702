"""The headers by which columns are known in the tables of others (``reference/registry_headers.csv``)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from fleet_planner.reference import reference_table

IDENTIFIER = "identifier"
GAPS = re.compile(r"[\s\-./·:]+")


def plain_header(header: str) -> str:
    """Return a header in small letters, with full-width signs as usual ones and underscores for gaps."""
    return GAPS.sub("_", unicodedata.normalize("NFKC", header).strip().casefold()).strip("_")


@cache
def words_of(column: str) -> frozenset[str]:
    """Return the headers that mean one of our columns; ``identifier``: a plate, a VIN."""
    table = reference_table("registry_headers.csv")
    rows = zip(table["column"], table["word"], strict=True)
    return frozenset(plain_header(word) for ours, word in rows if ours == column)


def is_identifier(header: str) -> bool:
    """Return whether a header means a plate or VIN."""
    return plain_header(header) in words_of(IDENTIFIER)
