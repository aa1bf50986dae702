"""What the commands share: errors as one message, progress on stderr, tables as text."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import click

from fleet_planner.errors import InputError, UserError, use_one_of
from fleet_planner.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl


class UserErrors(click.Group):
    """A group whose commands end with one message and exit status 1 on an error of the user's."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn user errors into a message."""
        try:
            with _stopped_by_signals():
                return super().invoke(ctx)
        except UserError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(1)
        except (OSError, MemoryError) as error:
            if (told := _machine_refuses(error)) is None:
                raise
            click.echo(f"Error: {told}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("Interrupted; nothing was written.", err=True)
            ctx.exit(130)


def _machine_refuses(error: OSError | MemoryError) -> str | None:
    """Return what to tell where it is the machine that has no room, wherever that shows; else nothing."""
    from fleet_planner.outputs.target import OF_THE_DISK

    if isinstance(error, MemoryError):
        return (
            "the memory of this machine does not suffice. Close other programs, or take a smaller area or fewer years."
        )
    if error.errno not in OF_THE_DISK:
        return None
    place = f"{error.filename}: " if error.filename else ""
    return (
        f"{place}the disk refuses: {error.strerror}. Free space there; kept kernels go to FLEET_PLANNER_CACHE, "
        "temporary files to TMPDIR."
    )


def hold(out: Path, *, overwrite: bool) -> None:
    """Keep a folder of results for the command at work, until it ends; see `fleet_planner.outputs.reserved`.

    Raises
    ------
    OutputError
        It cannot be written, or another command is at work on it.
    """
    from fleet_planner.outputs import reserved

    click.get_current_context().with_resource(reserved(out, overwrite=overwrite))


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let the signals by which systems end a program (SIGTERM, SIGHUP) clear up as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    known = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in known}
    try:
        for number in known:
            if before[number] == signal.SIG_DFL:  # nohup ignores SIGHUP, and so do we
                signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield a progress receiver: a bar on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def advance(step: str, fraction: float) -> None:
            bar.update(task, description=step, completed=fraction)

        yield advance


def narrowed(frame: pl.DataFrame, asked: Mapping[str, str | float | None]) -> pl.DataFrame:
    """Return the rows that have the asked values, column by column; "" and None ask for nothing.

    Raises
    ------
    InputError
        No row has a value beside those before it; the message has the nearest that some have.
    """
    import polars as pl

    for column, value in asked.items():
        if value in ("", None):
            continue
        kept = frame.filter(pl.col(column) == value)
        if kept.is_empty():
            words = [str(v) for v in frame[column].drop_nulls().unique().sort()]
            remedy = use_one_of(str(value), words) if words else "Leave it out."
            raise InputError("no row fits", remedy, column=column, value=value)
        frame = kept
    return frame


def text_table(frame: pl.DataFrame, numbers: int = 4) -> str:
    """Return a frame as aligned text; floats with ``numbers`` significant digits."""
    cells = [[_cell(v, numbers) for v in row] for row in frame.iter_rows()]
    return aligned([frame.columns, *cells], right=[t.is_numeric() for t in frame.dtypes])


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Return rows of text in columns; the first row is the heading."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        blanks = [" " * (w - _width(c)) for c, w in zip(row, widths, strict=True)]
        parts = [b + c if r else c + b for c, b, r in zip(row, blanks, right, strict=True)]
        lines.append("  ".join(parts).rstrip())
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def shortened(text: str, columns: int = 52) -> str:
    """Return a text that takes at most so many columns of a terminal."""
    if _width(text) <= columns:
        return text
    while _width(text) > columns - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _cell(value: object, numbers: int) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.{numbers}g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return str(value)
