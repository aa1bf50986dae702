"""The solver says nothing on the command's own output."""

from __future__ import annotations

import subprocess
import sys

MADE = "from fleet_planner.highs import silent_model; m = silent_model(); m.run(); print('{}')"


def test_only_the_commands_own_words_are_printed() -> None:
    done = subprocess.run([sys.executable, "-c", MADE], capture_output=True, text=True, check=True)
    assert done.stdout == "{}\n"


def test_a_closed_output_does_not_stop_it() -> None:
    code = "import os; os.close(1); from fleet_planner.highs import silent_model; silent_model().run(); os._exit(7)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7


def test_what_the_solver_refuses_is_no_answer() -> None:
    code = (
        "from fleet_planner.highs import run, silent_model; run(silent_model()); m = silent_model(); "
        "m.setOptionValue('threads', 1); run(m)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "HiGHS gave up" in done.stderr
