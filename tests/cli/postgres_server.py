"""A PostgreSQL server of its own, on loopback, in a temporary folder, as a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "s3cret/pass@word"  # noqa: S105  # of a server that lives for a test
ENCODED = "s3cret%2Fpass%40word"
USER = "planner"


@dataclass(frozen=True)
class Server:
    port: int

    def url(self, password: str = ENCODED, database: str = "postgres") -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"


def binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "PostgreSQL is missing: apt-get install postgresql postgresql-15-postgis-3"
    return found[-1].parent


def account() -> str | None:
    """Return the account that the server runs as: our own, or for root one without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise AssertionError("no account without rights")


@contextmanager
def server() -> Iterator[Server]:
    """Start a server whose only user has a password, and stop it."""
    bin_dir, name = binaries(), account()
    folder = Path(tempfile.mkdtemp(prefix="fp-postgis-"))
    entry = pwd.getpwnam(name) if name else None
    user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []} if entry else {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        (folder / "pw").write_text(PASSWORD, encoding="utf-8")
        if entry:
            for path in (folder, folder / "pw"):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        data, env = folder / "data", {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        made = [
            str(bin_dir / "initdb"),
            "-D",
            str(data),
            "-U",
            USER,
            "--pwfile",
            str(folder / "pw"),
            "-A",
            "scram-sha-256",
        ]
        subprocess.run([*made, "-E", "UTF8", "--no-sync"], check=True, capture_output=True, env=env, cwd=folder, **user)
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        control = [str(bin_dir / "pg_ctl"), "-D", str(data), "-w"]
        log = folder / "log"
        start = [*control, "-l", str(log), "-o", options, "start"]
        subprocess.run(
            start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, cwd=folder, **user
        )
        try:
            yield Server(port)
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, capture_output=True, env=env, cwd=folder, **user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
