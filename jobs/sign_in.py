"""The sign-in as the server will find it: which file of secrets, and whether it is whole. Its values are never shown."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from music_core.errors import ConfigError

_SHARED = ("redirect_uri", "cookie_secret")
_OWN = ("client_id", "client_secret", "server_metadata_url")
_LEAST_SECRET = 32


def check_secrets(path: Path) -> bool:
    """Whether the file sets up a sign-in. Raises `ConfigError` when it cannot be read, or its table `[auth]` is not whole."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        # Not the message of the parser: it may quote the line, and the line may be a secret.
        raise ConfigError(f"{path} cannot be read as TOML ({type(e).__name__}).", "docs/people.md has the form of the file.") from e
    if "auth" not in table:
        return False
    auth = table["auth"]
    if not isinstance(auth, Mapping):
        raise ConfigError(f"{path}: auth must be a table.", "docs/people.md has the form of the file.")
    named = {name: value for name, value in auth.items() if isinstance(value, Mapping) and name != "client_kwargs"}
    missing = [f"auth.{key}" for key in _SHARED if not auth.get(key)]
    for name, values in named.items() or {"": auth}.items():
        missing += _missing(name, values)
    if missing:
        raise ConfigError(f"{path}: {', '.join(missing)} is missing.", "docs/people.md has the form of the file.")
    if len(str(auth["cookie_secret"])) < _LEAST_SECRET:
        raise ConfigError(
            f"{path}: auth.cookie_secret has fewer than {_LEAST_SECRET} characters, so identities could be forged.",
            'Make one: python -c "import secrets; print(secrets.token_hex(32))"',
        )
    return True


def _missing(name: str, values: Mapping[str, Any]) -> list[str]:
    if "_" in name:
        raise ConfigError(f"The provider '{name}' has an underscore in its name, which the sign-in does not take.", "Rename the table.")
    return [f"auth.{name}.{key}".replace("..", ".") for key in _OWN if not values.get(key)]


def default_secrets(root: Path) -> tuple[Path, ...]:
    """Where the server looks when no file is named: in the home folder, then beside its settings."""
    return (Path.home() / ".streamlit" / "secrets.toml", root / ".streamlit" / "secrets.toml")
