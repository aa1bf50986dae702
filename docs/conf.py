"""Sphinx: the documentation site from the Markdown pages; the reference is written from the code at every build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from reference_pages import MARK, unlisted, write_reference  # noqa: E402  # the folder of this file must be on the path first

from fleet_planner import __version__  # noqa: E402  # likewise

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "fleet_planner"
author = "the authors of fleet_planner"
copyright = author  # noqa: A001  # Sphinx reads this name
release = version = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
smartquotes = False
html_theme = "furo"
html_title = f"fleet_planner {__version__}"
exclude_patterns = ["_build"]
suppress_warnings = ["misc.highlighting_failure"]

write_reference(HERE / "reference")


def setup(app: Sphinx) -> None:
    """Add to the contents the pages that they do not name."""
    app.connect("source-read", _fill_contents)


def _fill_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    if name == "index":
        source[0] = source[0].replace(MARK, "\n".join(unlisted(HERE, source[0])))
