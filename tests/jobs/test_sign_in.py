"""Opening the workbench to a network: only with a sign-in that is whole, or on an explicit word."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs.cli import main
from jobs.cli.open_app import _check_open, _sign_in
from jobs.sign_in import check_secrets
from music_core.errors import ConfigError, RunError

SECRET = "s3cr3t-that-nobody-may-see"
WHOLE = f"""
[auth]
redirect_uri = "http://127.0.0.1:8501/oauth2callback"
cookie_secret = "{"k" * 32}"
client_id = "music"
client_secret = "{SECRET}"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
"""
NAMED = f"""
[auth]
redirect_uri = "http://127.0.0.1:8501/oauth2callback"
cookie_secret = "{"k" * 32}"
[auth.company]
client_id = "music"
client_secret = "{SECRET}"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
"""


def music(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "secrets.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [WHOLE, NAMED])
def test_a_whole_file_sets_up_a_sign_in_with_one_provider_or_named_ones(tmp_path: Path, text: str) -> None:
    assert check_secrets(write(tmp_path, text))


def test_other_secrets_are_no_sign_in(tmp_path: Path) -> None:
    assert not check_secrets(write(tmp_path, "token = 'x'"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (WHOLE.replace("client_secret", "client_sceret"), "auth.client_secret is missing"),
        (NAMED.replace("client_id", "id"), "auth.company.client_id is missing"),
        (WHOLE.replace("redirect_uri", "uri"), "auth.redirect_uri is missing"),
        (WHOLE.replace("k" * 32, "short"), "fewer than 32"),
        (NAMED.replace("company", "our_company"), "underscore"),
        ("auth = 3", "must be a table"),
        (WHOLE + "\nclient_secret = " + SECRET, "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_with_the_secrets_is_said_without_telling_them(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as found:
        check_secrets(write(tmp_path, text))
    assert SECRET not in str(found.value)


def test_a_sign_in_is_found_beside_the_app_and_a_broken_file_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    assert not _sign_in(tmp_path, None)
    (tmp_path / ".streamlit").mkdir()
    write(tmp_path / ".streamlit", WHOLE)
    assert _sign_in(tmp_path, None)
    write(tmp_path / ".streamlit", "[auth")
    with pytest.raises(ConfigError, match="cannot be read"):
        _sign_in(tmp_path, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "bench.example.org"])  # noqa: S104
def test_a_network_address_needs_a_sign_in_or_the_explicit_word(host: str) -> None:
    with pytest.raises(RunError, match="nobody would have to sign in"):
        _check_open(host, guarded=False, unsafe=False)
    _check_open(host, guarded=True, unsafe=False)
    _check_open(host, guarded=False, unsafe=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_alone_needs_none(host: str) -> None:
    _check_open(host, guarded=False, unsafe=False)


def test_the_command_refuses_before_it_starts_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    result = music("app", "--address", "0.0.0.0")  # noqa: S104
    assert result.exit_code == 1
    assert "--unsafe-no-sign-in" in result.stderr
    assert "There is no file of secrets" in music("app", "--secrets", str(tmp_path / "none.toml")).stderr
    assert "is no address of this machine" in music("app", "--address", "192.0.2.7", "--unsafe-no-sign-in").stderr
    assert not (tmp_path / "home").exists()
