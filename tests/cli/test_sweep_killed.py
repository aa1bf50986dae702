"""Sweeps on several worker processes with faults injected: killed workers, killed program, lost scheduler, Ctrl-C."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import psutil
import pytest

from fleet_planner.pipeline.spread.attempt import Attempt
from fleet_planner.pipeline.spread.dask_engine import Asked, dask_engine
from tests.cli.swept_towns import call, write_towns

pytestmark = pytest.mark.cluster
LEVELS = str([round(0.05 * k, 2) for k in range(1, 8)])
PROGRAM = [sys.executable, "-c", "from fleet_planner.cli.main import main; main()"]
LONG_S = 300.0


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep in one process: what every other way has to give."""
    folder = tmp_path_factory.mktemp("sweep")
    done = call("sweep", write_towns(folder, LEVELS), "--out", folder / "here")
    assert done.exit_code == 0, done.output
    return folder


@contextmanager
def sweeping(folder: Path, out: str, *more: object) -> Iterator[subprocess.Popen[str]]:
    arguments = ["sweep", folder / "sweep.toml", "--out", folder / out, *more]
    process = subprocess.Popen(
        [*PROGRAM, *(str(a) for a in arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        for child in [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()


def until(true: Callable[[], object], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + LONG_S
    while not true():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.02)


def parts(folder: Path, out: str) -> int:
    return len(list((folder / out / "tasks").glob("[!.]*.json")))


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [c for c in psutil.Process(process.pid).children() if "spawn_main" in " ".join(c.cmdline())]


def same(folder: Path, out: str) -> bool:
    return (folder / out / "sweep_results.csv").read_bytes() == (folder / "here" / "sweep_results.csv").read_bytes()


@pytest.mark.parametrize("number", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_bytes(here: Path, number: int) -> None:
    with sweeping(here, f"w{number}", "--workers", number) as process:
        told, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, told
    assert f"{number} worker" in told
    assert "dashboard http://127.0.0.1:" in told
    lines = [line for line in told.splitlines() if " of 14 tasks: " in line]
    assert [line.split(" ")[0] for line in lines] == [str(k) for k in range(1, 15)]
    assert all(" done in " in line for line in lines)
    assert same(here, f"w{number}")
    tasks = pl.read_csv(here / f"w{number}" / "sweep_tasks.csv")
    assert tasks["worker"].n_unique() == number
    assert tasks["tries"].to_list() == [1] * 14


def test_a_worker_killed_at_work_loses_nothing(here: Path) -> None:
    with sweeping(here, "killed", "--workers", 2) as process:
        until(lambda: parts(here, "killed") >= 2, process)
        victim = workers(process)[0]
        victim.send_signal(signal.SIGKILL)
        told, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert same(here, "killed")
    tasks = pl.read_csv(here / "killed" / "sweep_tasks.csv")
    assert tasks["state"].unique().to_list() == ["done"]
    assert tasks["tries"].max() == 2, tasks  # the task that it was at was begun again by another process
    assert tasks["worker"].n_unique() >= 2


def test_the_program_killed_and_called_again_goes_on(here: Path) -> None:
    with sweeping(here, "again", "--workers", 2) as process:
        until(lambda: parts(here, "again") >= 3, process)
        orphans = workers(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _, alive = psutil.wait_procs(orphans, timeout=60)
        assert not alive, "workers outlive the program"
    assert not (here / "again" / "sweep_results.csv").exists()
    assert not (here / "again" / "manifest.json").exists()
    kept = parts(here, "again")
    done = call("sweep", here / "sweep.toml", "--out", here / "again")
    assert done.exit_code == 0, done.output
    assert f"14 of 14 tasks are done, {kept} of them before." in done.output
    assert same(here, "again")


def test_ctrl_c_keeps_what_is_done(here: Path) -> None:
    with sweeping(here, "stopped", "--workers", 2) as process:
        until(lambda: parts(here, "stopped") >= 1, process)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 130, told
    assert "what is done is kept" in told
    assert "Traceback" not in told
    done = call("sweep", here / "sweep.toml", "--out", here / "stopped")
    assert done.exit_code == 0, done.output
    assert "of them before" in done.output
    assert same(here, "stopped")


def kills(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def test_a_part_that_kills_every_worker_fails_alone() -> None:
    with dask_engine(Asked(workers=2), lambda _: None) as engine:
        found = {o.key: o for o in engine.outcomes(kills, {str(k): k for k in range(8)}, 2)}
    assert [k for k, o in found.items() if not o.done] == ["3"]
    assert "workers died of it" in found["3"].last.error
    assert found["3"].tries == 4
    assert sorted(o.last.value for o in found.values() if o.done) == [0, 2, 4, 8, 10, 12, 14]
    assert isinstance(found["3"].last, Attempt)


def certificates(folder: Path) -> list[str]:
    """Write an authority and a certificate for this machine; return Dask's options for them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("authority", "machine")]
    for k, (key, name) in enumerate(zip(keys, names, strict=True)):
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=k == 0, path_length=None), critical=True)
            .sign(keys[0], hashes.SHA256())
        )
        (folder / f"{'ca' if k == 0 else 'cert'}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    given = {"--tls-ca-file": "ca.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    return [text for option, name in given.items() for text in (option, str(folder / name))]


@contextmanager
def dask_process(kind: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "dask", kind, *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str], list[str]]]:
    """Yield address and process of a scheduler behind certificates with two workers, and the worker's options."""
    options = certificates(folder)
    scheduler = ("--protocol", "tls", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
    file = folder / f"scheduler-{time.monotonic_ns()}.json"
    with dask_process("scheduler", *scheduler, "--scheduler-file", str(file), *options) as first:
        until(lambda: file.is_file() and file.read_text(encoding="utf-8").rstrip().endswith("}"), first)
        address = next(w for w in file.read_text(encoding="utf-8").split('"') if w.startswith("tls://"))
        worker = (address, "--nthreads", "1", "--no-dashboard", *options)
        with dask_process("worker", *worker), dask_process("worker", *worker):
            yield address, first, options


def test_a_cluster_behind_certificates_gives_the_same_bytes_and_its_loss_is_told(here: Path, tmp_path: Path) -> None:
    with cluster(tmp_path) as (address, scheduler, options):
        own = ["--tls-ca", options[1], "--tls-cert", options[3], "--tls-key", options[5]]
        with sweeping(here, "tls", "--cluster", address, *own) as process:
            told, _ = process.communicate(timeout=LONG_S)
        assert process.returncode == 0, told
        assert f"Scheduler {address}" in told
        assert same(here, "tls")
        with sweeping(here, "stranger", "--cluster", address) as process:
            told, _ = process.communicate(timeout=LONG_S)
        assert process.returncode == 1, "who has no certificate is let in"
        assert "no Dask scheduler answers there" in told
        with sweeping(here, "lost", "--cluster", address, *own) as process:
            until(lambda: parts(here, "lost") >= 2, process)
            scheduler.send_signal(signal.SIGKILL)
            told, _ = process.communicate(timeout=LONG_S)
        assert process.returncode == 1, told
        assert "the connection to the scheduler is lost" in told
        assert "Traceback" not in told
    kept = parts(here, "lost")
    assert kept >= 2
    done = call("sweep", here / "sweep.toml", "--out", here / "lost")
    assert f"{kept} of them before." in done.output
    assert same(here, "lost")
