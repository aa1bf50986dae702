"""What a whole page gets at the end: its chapters' list, headers that say what they head, tables that scroll by key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAPTERS = "<!--chapters-->"
CHAPTER = re.compile(r'<section id="([^"]+)"[^>]*>\s*<h2>(.*?)</h2>', re.DOTALL)
HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
HEADING_OR_TABLE = re.compile(r'<h[23]>(?P<title>.*?)</h[23]>|<div class="scroll">', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def finished(page: str, t: Mapping[str, str]) -> str:
    """Return a page with its list of chapters, with scopes on the heads of tables and names on what scrolls.

    Parameters
    ----------
    page
        Rendered HTML; titles in it are escaped.
    t
        Words of the page's language; the packaged ones need no escaping.
    """
    links = "".join(f'<li><a href="#{place}">{title}</a></li>' for place, title in CHAPTER.findall(page))
    page = page.replace(CHAPTERS, f'<nav aria-label="{t["chapters"]}"><ol>{links}</ol></nav>' if links else "", 1)
    page = HEAD.sub(lambda head: _scoped(head.group()), page)
    return _named(page, t["scroll_table"])


def _scoped(head: str) -> str:
    spans = re.sub(r"<th(?=[^>]*\bcolspan)(?![^>]*\bscope)", '<th scope="colgroup"', head)
    return re.sub(r"<th(?![^>]*\bscope)(?=[ >])", '<th scope="col"', spans)


def _named(page: str, words: str) -> str:
    """Give each box that scrolls sideways a name after the heading before it, numbered where several follow one."""
    title, count = "", 0

    def named(found: re.Match[str]) -> str:
        nonlocal title, count
        if found["title"] is not None:
            title, count = TAG.sub("", found["title"]).replace('"', "&quot;"), 0
            return found.group()
        count += 1
        name = words.format(title=title if count == 1 else f"{title} ({count})")
        return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">'

    return HEADING_OR_TABLE.sub(named, page)
