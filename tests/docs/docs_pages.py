"""Pages of the documentation as what can be run: commands in fenced blocks, files that a page shows."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
CAPTION = re.compile(r"\A:caption: (?P<path>\S+)\n")
PROGRAM = "fleet-planner"


@dataclass(frozen=True)
class Page:
    """A page: its name, the files that it shows with their paths, its commands in order (words after the program)."""

    name: str
    files: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, ...], ...]


def pages() -> list[Page]:
    docs = REPOSITORY / "docs"
    written = [p for p in sorted(docs.rglob("*.md")) if "reference" not in p.parts and "_build" not in p.parts]
    return [page(path) for path in [REPOSITORY / "README.md", *written]]


def page(path: Path) -> Page:
    files, commands = [], []
    for match in FENCE.finditer(path.read_text(encoding="utf-8")):
        body = match["body"]
        if (caption := CAPTION.match(body)) is not None:
            files.append((caption["path"], body[caption.end() :]))
            continue
        for line in body.splitlines():
            commands += [words(part) for part in line.split(" && ") if part.startswith(f"{PROGRAM} ")]
    return Page(path.relative_to(REPOSITORY).as_posix(), tuple(files), tuple(commands))


def words(line: str) -> tuple[str, ...]:
    """Return the words after the program; what stands behind two blanks is an explanation."""
    return tuple(shlex.split(re.split(r"\s{2,}", line.strip())[0])[1:])
