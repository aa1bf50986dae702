"""Fuzz the readers of strangers' files, guided by coverage: atheris (libFuzzer) drives the targets of `tests/hard_use`.

    python scripts/fuzz_readers.py --jobs 2                  plans, registries, timetables, networks: the same files every time
    python scripts/fuzz_readers.py --jobs 2 --all            every table and layer, too
    python scripts/fuzz_readers.py --target osm_pbf --runs 0 --seconds 600 --keep found     open-ended, by hand

Needs ``pip install atheris`` (wheels for Linux and macOS, Python 3.11 to 3.13). A reader may take a file or raise UserError;
whatever else it raises, or 30 seconds without an answer, is a crash: the file is kept and the script ends with 1. With ``--runs``
(the default) a seed and the number of files say what is tried, and the time is only a ceiling: a machine that is slower tries
the first of the same files.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
READERS = tuple(
    f"fleet_planner.{name}"
    for name in ("network", "plan", "transit_feed", "fleet", "foreign", "tables", "activity", "nonroad", "factors", "outputs")
)  # fmt: skip
"""Instrumented packages; the kernels stay as they are, because numba compiles their bytecode."""

HANG_S = 30
MOST_BYTES = 200_000
SEED = 20240501
LINES_SHOWN = 14


def main() -> int:
    """Run the targets, each in a process of its own: libFuzzer does not return."""
    sys.path.insert(0, str(REPOSITORY))
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--target", action="append", help="only this one; may be given several times")
    asked.add_argument("--all", action="store_true", help="also the many targets of tables and layers")
    asked.add_argument("--runs", type=int, default=200, help="files tried for each target (default 200), 0 for no end")
    asked.add_argument("--seconds", type=int, default=30, help="at most for each target (default 30)")
    asked.add_argument("--seed", type=int, default=SEED, help="of what is tried")
    asked.add_argument("--jobs", type=int, default=1, help="targets at once (default 1)")
    asked.add_argument("--keep", type=Path, help="folder for what was found, taken up again by the next call")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    told = asked.parse_args()
    kept = told.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    if told.one:
        return fuzz(
            told.one, [f"-seed={told.seed}", f"-runs={told.runs or -1}", f"-max_total_time={told.seconds}"], kept
        )
    from tests.hard_use.layer_targets import LAYERS
    from tests.hard_use.table_targets import TABLES
    from tests.hard_use.targets import TARGETS

    usual = [name for name in TARGETS if told.all or not (name in LAYERS or name in TABLES)]
    options = ["--runs", str(told.runs), "--seconds", str(told.seconds), "--seed", str(told.seed), "--keep", str(kept)]
    with ThreadPoolExecutor(told.jobs) as pool:
        good = list(pool.map(lambda name: fuzzed_apart(name, options), told.target or usual))
    if all(good) and not told.keep:
        shutil.rmtree(kept)
    return int(not all(good))


def fuzzed_apart(name: str, options: list[str]) -> bool:
    """Fuzz one target in another process and tell in a line how it went; where it failed, also of what."""
    command = [sys.executable, __file__, "--one", name, *options]
    fixed = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=fixed)  # noqa: S603
    last = [line for line in done.stderr.splitlines() if "cov:" in line][-1:]
    tried = next((line for line in done.stderr.splitlines() if line.startswith("Done ")), "")
    told = f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} {tried} {' '.join(last)}"
    print(told if done.returncode == 0 else f"{told}\n{reason(done.stdout + done.stderr)}", flush=True)
    return done.returncode == 0


def reason(text: str) -> str:
    """Return the end of the exception and the kept file from what libFuzzer said; its own end where there is none."""
    kept = [line for line in text.splitlines() if "Test unit written to" in line]
    found = re.search(r"=== Uncaught Python exception: ===\n(.*?)(?=\n==\d+==|\Z)", text, re.DOTALL)
    lines = found.group(1).strip().splitlines() if found else text.strip().splitlines()
    head = lines[:2] if found else []  # atheris tells the exception before its traceback
    return "\n".join(["    " + line for line in (*head, *lines[len(head) :][-LINES_SHOWN:], *kept)])


def fuzz(name: str, options: list[str], kept: Path) -> int:
    """Fuzz one target in this process; libFuzzer ends it."""
    import atheris

    from fleet_planner import kernels

    for module in pkgutil.iter_modules(kernels.__path__):  # before the instrumenting begins
        importlib.import_module(f"fleet_planner.kernels.{module.name}")
    with atheris.instrument_imports(include=list(READERS)):
        from fleet_planner.errors import UserError
        from tests.hard_use.mutation import broken
        from tests.hard_use.targets import TARGETS
    target = TARGETS[name]
    corpus = kept / name
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "whole").write_bytes(target.whole())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / target.name

        def one(data: bytes) -> None:
            path.write_bytes(data)
            try:
                target.read(path)
            except UserError as error:
                str(error)

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            # half by libFuzzer, which learns from coverage; half as editors, exports and spite break files
            rng = random.Random(seed)  # noqa: S311  # no secret
            out = broken(data, seed) if rng.random() < 0.5 else atheris.Mutate(data, most)
            return bytes(out[:most])

        options = [*options, f"-timeout={HANG_S}", f"-max_len={MOST_BYTES}", "-rss_limit_mb=4096", "-reload=0"]
        options += [f"-artifact_prefix={kept}/{name}-", "-print_final_stats=0"]
        atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=mutate)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
