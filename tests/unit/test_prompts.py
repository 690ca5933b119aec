"""Prompts: filled once, hostile values stay text."""

import pytest

from music_core import prompts
from music_core.errors import ConfigError


def test_a_value_that_looks_like_a_placeholder_stays_text() -> None:
    assert prompts.render_text("say $what", what="$what ${what} $$") == "say $what ${what} $$"


def test_missing_and_superfluous_values_are_refused() -> None:
    with pytest.raises(ConfigError, match="takes"):
        prompts.render_text("say $what", other="x")


def test_an_unknown_prompt_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="Prompts are"):
        prompts.template("nothing")


def test_every_shipped_prompt_can_be_read() -> None:
    assert all(prompts.template(n) for n in prompts.names())
