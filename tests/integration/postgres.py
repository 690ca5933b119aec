"""A Postgres server of the tests' own: in a temporary folder, on a free loopback port, gone at the end."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path:
    """The folder with initdb and pg_ctl; fails the test that asked, since a skip would hide that nothing was tried."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folder = next((f for f in folders if (f / "initdb").is_file()), None)
    if folder is None:
        pytest.fail("This test needs a Postgres server's programs (initdb, pg_ctl). Install them: apt-get install postgresql")
    return folder


def _run(command: list[str], cwd: Path) -> None:
    """Run as the user `postgres` where we are root, which initdb refuses."""
    as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    # Into a file: the server inherits the output, and a pipe would be held open for as long as it runs.
    with (cwd / "output.log").open("ab") as log:
        done = subprocess.run(command, cwd=cwd, stdout=log, stderr=log, timeout=120, check=False, **as_user)  # type: ignore[call-overload]
    if done.returncode:
        pytest.fail(f"{' '.join(command)} failed:\n{(cwd / 'output.log').read_text()}")


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server and give the part of a DSN that names it: `host=… port=… user=…`; the database `postgres` is there."""
    programs = _programs()
    # Not below pytest's own folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="music-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = folder / "data"
        _run([str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "music", "--no-sync"], folder)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "100"]
        _run([*control, "-o", options, "-l", str(folder / "server.log"), "start"], folder)
        try:
            yield f"host=127.0.0.1 port={port} user=music"
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
