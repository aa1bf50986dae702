"""The document that sets both factor sets side by side holds what the script gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_document_holds_what_the_script_gives() -> None:
    script = ROOT / "scripts" / "compare_sets_beijing.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_row_of_the_document_from_the_guides_figures() -> None:
    # mini and small petrol car, stage IV: 0.032 g/km NOx; 25 km/h 1.13, 60 km/h 0.86; 10 ppm sulphur 0.95
    text = (ROOT / "docs" / "china_and_emep_beijing.md").read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("| mini passenger petrol | IV |"))
    cells = [cell.strip() for cell in line.split("|")]
    assert [cells[4], cells[7]] == [f"{0.032 * 1.13 * 0.95:.3g}", f"{0.032 * 0.86 * 0.95:.3g}"]
