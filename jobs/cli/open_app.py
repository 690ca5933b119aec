"""`music app`: opens the workbench in the browser."""

import errno
import importlib.util
import ipaddress
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click

from jobs.cli.common import Answer, command, say
from jobs.sign_in import check_secrets, default_secrets
from music_core.config import load_settings
from music_core.errors import ConfigError, MissingExtraError, RunError

HOST = "127.0.0.1"


def add_app_command(group: click.Group) -> None:
    """Register `music app`."""

    @command(group, "app")
    @click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
    @click.option(
        "--address", default=HOST, show_default=True, help="Address to listen on. Another than this machine's own needs a sign-in."
    )
    @click.option(
        "--secrets",
        envvar="MUSIC_SECRETS",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File with the table [auth] of the sign-in; or MUSIC_SECRETS. Keep it out of the repository.",
    )
    @click.option("--host", "hosts", multiple=True, help="Name under which browsers reach the workbench; others are refused. Repeatable.")
    @click.option("--unsafe-no-sign-in", is_flag=True, help="Open it to a network although nobody has to sign in.")
    def app_command(port: int, address: str, secrets: Path | None, hosts: tuple[str, ...], unsafe_no_sign_in: bool) -> Answer:
        """Open the workbench on http://127.0.0.1:8501. An empty store gets the sample first. Ctrl-C ends it; runs go on.

        Whoever reaches it without a sign-in may do everything that you may on this machine: docs/people.md.

        Examples:
          music app --port 8600
          music app --address 0.0.0.0 --host bench.example.org --secrets ~/music-secrets.toml
        """
        return _serve(port, address, secrets, hosts, unsafe_no_sign_in)


def _serve(port: int, host: str, secrets: Path | None, hosts: tuple[str, ...], unsafe: bool) -> Answer:
    root = Path(__file__).resolve().parents[2]
    main = root / "app" / "entry" / "workbench.py"
    if not main.is_file():
        raise RunError(f"The app is not beside this program ({main}).", "Install from a clone of the repository: make setup")
    settings = load_settings()
    sign_in = _sign_in(root, secrets)
    visitors = settings.people.without_sign_in
    _check_open(host, guarded=visitors == "none" or (sign_in and visitors not in ("operator", "admin")), unsafe=unsafe)
    _check_free(host, port)
    _fill_empty_store()
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    say(f"The workbench: {address}  (Ctrl-C ends it)")
    # The app's own settings file lies beside it, so the server starts there; everything relative is made absolute before.
    settings_file = Path(os.environ.get("MUSIC_CONFIG") or "music.toml")
    environment = {**os.environ, "MUSIC_HOME": str(settings.home.resolve())}
    if settings_file.is_file():
        environment["MUSIC_CONFIG"] = str(settings_file.resolve())
    if sign_in:
        environment["MUSIC_SIGN_IN"] = "required"
    options = ["--server.address", host, "--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    options += ["--secrets.files", str(secrets.resolve())] if secrets else []
    options += [word for name in hosts for word in ("--server.allowedHosts", name)]
    status = _run_server([str(main), *options], root, environment)
    return Answer({"address": address, "status": status}, exit_code=status)


def _run_server(words: list[str], cwd: Path, environment: dict[str, str]) -> int:
    """Run the app's server until it ends, or until this command is asked to: Ctrl-C, or SIGTERM from whoever started it."""

    def end(_signum: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    server = subprocess.Popen([sys.executable, "-m", "streamlit", "run", *words], cwd=cwd, env=environment, stdout=sys.stderr)
    try:
        status = server.wait()
        # Asked to end, it ends in good order, and then by the signal itself.
        return 0 if status == -signal.SIGTERM else status
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)


def _sign_in(root: Path, secrets: Path | None) -> bool:
    """Whether people sign in. Raises `ConfigError` for secrets that are not whole, `MissingExtraError` without the library for it."""
    if secrets is not None and not secrets.is_file():
        raise ConfigError(f"There is no file of secrets {secrets}.", "docs/people.md has the form of the file.")
    # Every file is looked at, not only the first that sets it up: one that is broken would take the others with it.
    found = [check_secrets(path) for path in ((secrets,) if secrets else default_secrets(root)) if path.is_file()]
    if any(found) and importlib.util.find_spec("authlib") is None:
        raise MissingExtraError("Signing in", "auth")
    return any(found)


def _check_open(host: str, *, guarded: bool, unsafe: bool) -> None:
    """Raise `RunError` where strangers on the network would be let in without a sign-in."""
    if guarded or _is_loopback(host):
        return
    if not unsafe:
        raise RunError(
            f"On {host} others could reach this workbench, and nobody would have to sign in.",
            "Set up a sign-in (docs/people.md), name its file with --secrets and let visitors launch nothing; or say --unsafe-no-sign-in.",
        )
    say(f"Warning: whoever reaches {host} may read, label and start runs on this machine without a sign-in, as far as [people] allows.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as e:
            raise RunError(f"{host} is no address of this machine.", "Take 127.0.0.1, 0.0.0.0 for all, or one of its own.") from e
        except OSError as e:
            if e.errno == errno.EADDRNOTAVAIL:
                raise RunError(f"{host} is no address of this machine.", "Take 127.0.0.1, 0.0.0.0 for all, or one of its own.") from e
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
