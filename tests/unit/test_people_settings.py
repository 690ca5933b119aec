"""The table [people] of music.toml."""

from pathlib import Path

import pytest

from music_core.config import load_settings
from music_core.errors import ConfigError

TOML = """
[people]
default = "viewer"
claim = "teams"
[people.roles]
"Ada@Example.org" = "admin"
[people.groups]
reward = "operator"
"""


def test_roles_come_from_the_file_and_an_address_is_the_same_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "music.toml"
    path.write_text(TOML)
    people = load_settings(path, environ={}).people
    assert people.roles == {"ada@example.org": "admin"}
    assert (people.groups, people.claim, people.default, people.without_sign_in) == ({"reward": "operator"}, "teams", "viewer", None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[people]\ndefault='boss'", "'boss'"),
        ("[people]\nwithout_sign_in='root'", "'root'"),
        ("[people.roles]\n'a@b'='owner'", "'owner'"),
        ("[people]\nroles='admin'", "must be a table"),
        ("[people]\nroles=3", "must be a table"),
        ("[people]\nrole='x'", "unknown setting role"),
        ("people = 3", "must be a table"),
    ],
)
def test_a_wrong_role_or_key_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "music.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_settings(path, environ={})
