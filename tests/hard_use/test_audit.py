"""The audit of dependencies fails on an advisory and tells when it could not look."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-2024-1", "fix_versions": ["2.1"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}
OWN = {"name": "fleet-planner", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("rows", "status", "told"),
    [
        ([CLEAN, UNKNOWN, OWN], 0, "1 packages audited, 0 advisories, 1 not looked up"),
        ([CLEAN, BAD], 1, "vulnerable: b 2: PYSEC-2024-1, mended in 2.1"),
        ([UNKNOWN, OWN], 0, "NOT AUDITED: the index of advisories knows none of 1 packages"),
        (None, 0, "NOT AUDITED: the index of advisories cannot be reached (JSONDecodeError)"),
    ],
)
def test_audit(repository: Path, tmp_path: Path, rows: list[object] | None, status: int, told: str) -> None:
    fake = tmp_path / "fake.py"
    text = "" if rows is None else json.dumps({"dependencies": rows, "fixes": []})
    fake.write_text(f"print({text!r})", encoding="utf-8")
    script = repository / "scripts" / "audit_dependencies.py"
    done = subprocess.run(
        [sys.executable, str(script), sys.executable, str(fake)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, told in done.stdout) == (status, True), done.stdout + done.stderr
