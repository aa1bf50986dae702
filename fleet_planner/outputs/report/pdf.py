"""A page as PDF, printed by a browser of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from fleet_planner.errors import OutputError

VARIABLE = "FLEET_PLANNER_BROWSER"
NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge", "brave-browser"),
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
FLAGS = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking"),
    *("--disable-dev-shm-usage", "--no-pdf-header-footer", "--generate-pdf-document-outline"),
    *("--force-device-scale-factor=2", "--virtual-time-budget=60000"),
)
PATIENCE_S = 240.0
REMEDY = (
    "Install Chromium, Chrome or Edge, or name its program in the environment variable FLEET_PLANNER_BROWSER; "
    "or open report.html in any browser and print it to PDF."
)


def find_browser() -> Path:
    """Return the browser that prints: the one that ``FLEET_PLANNER_BROWSER`` names, else the first found.

    Raises
    ------
    OutputError
        There is none, or the named one does not exist.
    """
    if named := os.environ.get(VARIABLE):
        found = shutil.which(named)
        if found is None:
            raise OutputError(f"{VARIABLE} names no program that can be run", REMEDY, value=named)
        return Path(found)
    for candidate in (*NAMES, *PLACES):
        if (found := shutil.which(candidate)) is not None:
            return Path(found)
    raise OutputError("no browser was found that can print the report to PDF", REMEDY)


def print_pdf(page: Path, out: Path) -> Path:
    """Print a page of this machine to PDF, whole or not at all.

    The browser runs without a window, asks nothing from the network and gets a profile of its own that is thrown away.

    Parameters
    ----------
    page
        HTML file.
    out
        The PDF; an earlier one is replaced.

    Raises
    ------
    OutputError
        There is no browser, it failed or took longer than four minutes, or ``out`` cannot be written.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        made = Path(profile) / "page.pdf"
        command = [str(browser), *FLAGS, *_as_root(), f"--user-data-dir={profile}/profile", f"--print-to-pdf={made}"]
        try:
            done = subprocess.run(  # noqa: S603  # a browser of the user's own, no shell
                [*command, page.resolve().as_uri()], capture_output=True, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise OutputError("the browser did not finish printing", REMEDY, file=page, value=browser.name) from error
        except OSError as error:
            raise OutputError(
                f"the browser cannot be run: {error.strerror}", REMEDY, file=browser, value=browser.name
            ) from error
        if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise OutputError(
                f"the browser printed nothing: {told[-1] if told else f'status {done.returncode}'}", REMEDY, file=page
            )
        beside = out.with_name(f".{out.name}.partial-{os.getpid()}")
        try:
            shutil.copyfile(made, beside)
            beside.replace(out)
        except OSError as error:
            raise OutputError(
                f"the PDF cannot be written: {error.strerror}", "Check the folder's permissions.", file=out
            ) from error
        finally:
            beside.unlink(missing_ok=True)
    return out


def _as_root() -> list[str]:
    """Return what Chromium asks of the superuser, as in containers, where its sandbox cannot start."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
