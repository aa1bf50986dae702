"""Fuzz the readers of strangers' files, guided by coverage: atheris (libFuzzer) drives the targets of `tests/hard_use`.

    python scripts/fuzz_readers.py --seconds 60                every target in turn
    python scripts/fuzz_readers.py --target osm_pbf --seconds 600 --keep found

Needs ``pip install atheris`` (wheels for Linux and macOS, Python 3.11 to 3.13). A reader may take a file or raise UserError;
whatever else it raises, or 30 seconds without an answer, is a crash: the file is kept and the script ends with 1.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import random
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
READERS = ("fleet_planner.network", "fleet_planner.plan", "fleet_planner.transit_feed", "fleet_planner.fleet")
"""Instrumented packages; the kernels stay as they are, because numba compiles their bytecode."""

HANG_S = 30
MOST_BYTES = 200_000


def main() -> int:
    """Run the targets one by one, each in a process of its own: libFuzzer does not return."""
    sys.path.insert(0, str(REPOSITORY))
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--target", help="only this one")
    asked.add_argument("--seconds", type=int, default=20, help="for each target (default 20)")
    asked.add_argument("--keep", type=Path, help="folder for what was found, taken up again by the next call")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    told = asked.parse_args()
    if told.one:
        return fuzz(told.one, told.seconds, told.keep)
    from tests.hard_use.targets import TARGETS

    failed = []
    with tempfile.TemporaryDirectory() as folder:
        kept = told.keep or Path(folder)
        for name in [told.target] if told.target else TARGETS:
            command = [sys.executable, __file__, "--one", name, "--seconds", str(told.seconds), "--keep", str(kept)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # this script
            last = [line for line in done.stderr.splitlines() if "cov:" in line][-1:]
            tried = next((line for line in done.stderr.splitlines() if line.startswith("Done ")), "")
            print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} {tried} {' '.join(last)}", flush=True)
            if done.returncode != 0:
                failed.append(name)
                print(done.stderr[-4000:])
    return int(bool(failed))


def fuzz(name: str, seconds: int, kept: Path) -> int:
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

        options = [f"-max_total_time={seconds}", f"-timeout={HANG_S}", f"-max_len={MOST_BYTES}", "-rss_limit_mb=4096"]
        options += [f"-artifact_prefix={kept}/{name}-", "-print_final_stats=0"]
        atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=mutate)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
