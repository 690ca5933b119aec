from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.errors import ConfigError
from music_core.evaluate.pairwise import ORDERS, pairwise_prompt
from music_core.evaluate.rubric import DEFAULTS, PLACEHOLDERS, SHIPPED, default_rubric, own_rubric, rubric_of
from music_core.evaluate.scale import FIVE, SCALES, THREE, scale_of
from music_core.types import ReadingKind
from tests.unit.evaluate.judges import pair_of

WHOLE: dict[ReadingKind, str] = {kind: " ".join(f"${name}" for name in sorted(names)) for kind, names in PLACEHOLDERS.items()}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_rubric_has_the_placeholders_of_its_kind(name: str) -> None:
    rubric = rubric_of(name)
    assert own_rubric("copy", rubric.text).kind == rubric.kind == SHIPPED[name]
    assert rubric.is_default == (DEFAULTS[rubric.kind] == name)


@pytest.mark.parametrize("kind", WHOLE)
def test_the_placeholders_of_a_file_say_of_which_kind_it_is(tmp_path: Path, kind: ReadingKind) -> None:
    path = tmp_path / "who keeps promises.md"
    path.write_text(f"\nTake care.\r\n{WHOLE[kind]} for $$5\n", encoding="utf-8")
    rubric = rubric_of(str(path))
    assert (rubric.name, rubric.kind, rubric.is_default) == ("who_keeps_promises", kind, False)
    assert rubric.text == f"Take care.\n{WHOLE[kind]} for $$5"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$boundary $first $form", r"is a pairwise rubric and lacks \$second\."),
        ("$boundary $first $second $from", r"lacks \$form and has the unknown \$from\."),
        ("$boundary $conversation $form $first_turn", r"is a score rubric and has the unknown \$first_turn\."),
        ("$boundary $exchange", r"is a checklist rubric and lacks \$history\."),
        ("$boundary $first $second $form $conversation", r"has the unknown \$conversation\."),
        ("Which is better?", r"no place for a conversation"),
        ("$boundary $form", r"no place for a conversation"),
        ("", r"no place for a conversation"),
        ("Pay\n$ 5 $boundary $first $second $form", "line 2: a dollar sign"),
        ("$boundary $first $second $form $", "line 1: a dollar sign"),
    ],
)
def test_a_rubric_whose_placeholders_do_not_fit_is_refused_with_their_names(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        rubric_of(str(path))
    assert "mine.txt" in caught.value.message


def test_files_that_are_no_rubric_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no rubric file"):
        rubric_of(str(tmp_path / "none.md"))
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        rubric_of(str(tmp_path / "folder.md"))
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe$first")
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        rubric_of(str(tmp_path / "bytes.md"))
    (tmp_path / "score.md").write_text(WHOLE["score"], encoding="utf-8")
    with pytest.raises(ConfigError, match="name of a shipped rubric"):
        rubric_of(str(tmp_path / "score.md"))


def test_unknown_rubrics_and_scales_name_those_there_are() -> None:
    with pytest.raises(ConfigError, match="overall, per_turn, checklist, score"):
        rubric_of("gut_feeling")
    with pytest.raises(ConfigError, match="three, five"):
        scale_of("seven")
    assert [scale_of(name) for name in SCALES] == [THREE, FIVE]


@given(st.text(max_size=80).filter(lambda t: "$" not in t))
def test_property_any_text_may_stand_around_the_placeholders(text: str) -> None:
    rubric = own_rubric("mine", f"{text}\n{WHOLE['pairwise']}\n{text}")
    pair = pair_of()
    for order in ORDERS:
        prompt = pairwise_prompt(pair, order, as_object=False, rubric=rubric)
        assert all(m.content in prompt for m in pair.chosen.messages)


def test_the_default_rubrics_are_shipped() -> None:
    assert {kind: default_rubric(kind).name for kind in PLACEHOLDERS} == dict(DEFAULTS)
