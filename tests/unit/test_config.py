"""Settings: what is read from where, and what is refused."""

from pathlib import Path

import pytest

from music_core.config import load_settings, recipe_names, recipe_table
from music_core.errors import ConfigError

TOML = """
[store]
home = "elsewhere"
[endpoints.lab]
model = "qwen"
base_urls = ["http://127.0.0.1:9000/v1"]
api_key_env = "LAB_KEY"
price_in = 0.1
"""


def test_endpoints_come_from_the_file_and_the_built_in_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "music.toml"
    path.write_text(TOML)
    settings = load_settings(path, environ={})
    assert settings.home == Path("elsewhere")
    assert settings.endpoint("lab").base_urls == ("http://127.0.0.1:9000/v1",)
    assert {"embedded", "scripted", "lab"} == set(settings.endpoints)


def test_an_edited_file_counts_at_once(tmp_path: Path) -> None:
    file = tmp_path / "music.toml"
    file.write_text(TOML)
    assert load_settings(file, {}).people.default == "none"
    file.write_text(f'{TOML}[people]\ndefault = "viewer"\n')
    assert load_settings(file, {}).people.default == "viewer"
    file.unlink()
    with pytest.raises(ConfigError, match="no settings file"):
        load_settings(file, {})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "music.toml"
    path.write_text(TOML)
    assert load_settings(path, environ={"MUSIC_HOME": "/x"}).home == Path("/x")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[endpoints.a]\nmodel='m'\nurl='http://x'", "unknown setting url"),
        ("[endpoints.a]\nbase_urls=['http://x']", "model"),
        ("[endpoints.a]\nmodel='m'\nbase_urls=['ftp://x']", "not an http"),
        ("[endpoints.a]\nmodel='m'\nmax_concurrency=0", "max_concurrency"),
        ("[stor]\nhome='x'", "unknown setting stor"),
        ("[store]\nhme='x'", "store.hme"),
        ("home = ", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "music.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_settings(path, environ={})


def test_an_unknown_endpoint_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="embedded"):
        load_settings(environ={}).endpoint("nowhere")


def test_every_shipped_recipe_is_toml_and_an_unknown_one_names_them() -> None:
    assert "tiny-cpu" in recipe_names()
    assert all(recipe_table(n) for n in recipe_names())
    with pytest.raises(ConfigError, match="tiny-cpu"):
        recipe_table("nothing")
