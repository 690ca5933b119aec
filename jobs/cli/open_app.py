"""`music app`: opens the workbench in the browser."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click

from jobs.cli.common import Answer, command, say
from music_core.config import load_settings
from music_core.errors import RunError

HOST = "127.0.0.1"


def add_app_command(group: click.Group) -> None:
    """Register `music app`."""

    @command(group, "app")
    @click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1.")
    def app_command(port: int) -> Answer:
        """Open the workbench on http://127.0.0.1:8501. An empty store gets the sample first. Ctrl-C ends it; runs go on.

        Example:
          music app --port 8600
        """
        return _serve(port)


def _serve(port: int) -> Answer:
    root = Path(__file__).resolve().parents[2]
    main = root / "app" / "entry" / "workbench.py"
    if not main.is_file():
        raise RunError(f"The app is not beside this program ({main}).", "Install from a clone of the repository: make setup")
    _check_free(port)
    _fill_empty_store()
    address = f"http://{HOST}:{port}"
    say(f"The workbench: {address}  (Ctrl-C ends it)")
    # The app's own settings file lies beside it, so the server starts there; everything relative is made absolute before.
    settings_file = Path(os.environ.get("MUSIC_CONFIG") or "music.toml")
    environment = {**os.environ, "MUSIC_HOME": str(load_settings().home.resolve())}
    if settings_file.is_file():
        environment["MUSIC_CONFIG"] = str(settings_file.resolve())
    options = ["--server.address", HOST, "--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    status = _run_server([str(main), *options], root, environment)
    return Answer({"address": address, "status": status}, exit_code=status)


def _run_server(words: list[str], cwd: Path, environment: dict[str, str]) -> int:
    """Run the app's server until it ends, or until this command is asked to: Ctrl-C, or SIGTERM from whoever started it."""

    def end(_signum: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    server = subprocess.Popen([sys.executable, "-m", "streamlit", "run", *words], cwd=cwd, env=environment, stdout=sys.stderr)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as e:
            raise RunError(f"Port {port} is taken by another program.", f"Take another one: music app --port {port + 1}") from e


def _fill_empty_store() -> None:
    from jobs.stages.sample import load_sample, sample_folder
    from jobs.worker import open_configured
    from music_core.store.info import store_info

    store = open_configured(load_settings())
    try:
        if not store_info(store)["counts"]["pairs"] and sample_folder().is_dir():
            say("The store is empty: loading the sample.")
            load_sample(store, sample_folder())
    finally:
        store.close()
