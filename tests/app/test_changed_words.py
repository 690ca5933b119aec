import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.report.markup import visible
from jobs.report.pair.changed_words import MOST_CHARS, MOST_STEPS, changed_words, lines_of, marked, summary, words_of
from jobs.report.pair.conversation import Side, View, markup
from tests.app.samples import HOSTILE, chat, hostile_pair, rice_pair

WORDS = st.lists(st.sampled_from(["a", "b", "rice", "don’t", "!", "\n", "\u200b", "飯", "\u202e", "<b>", "é"]), max_size=30).map(" ".join)
SEEN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=60)
TEXT = st.one_of(WORDS, st.text(max_size=60))


def without(text: str, stretches: tuple[tuple[int, int], ...]) -> str:
    """The text with its stretches taken out."""
    for start, end in reversed(stretches):
        text = text[:start] + text[end:]
    return text


@given(TEXT)
def test_property_the_words_and_the_lines_of_a_text_joined_are_the_text(text: str) -> None:
    assert "".join(words_of(text)) == text
    assert "".join(lines_of(text)) == text


@given(TEXT, TEXT)
def test_property_what_is_not_marked_is_the_same_on_both_sides(left: str, right: str) -> None:
    found = changed_words(left, right)
    kept = [[w.strip() for w in words_of(without(text, marks)) if w.strip()] for text, marks in ((left, found.left), (right, found.right))]
    assert "".join(kept[0]) == "".join(kept[1])


@given(SEEN, SEEN)
def test_property_marks_leave_every_sign_of_the_text_where_it_was(left: str, right: str) -> None:
    shown = re.sub(r'<span class="mw-sr">[^<]*</span>', "", marked(left, changed_words(left, right).left))
    assert re.sub("</?mark[^>]*>", "", shown) == visible(left)


@given(TEXT)
def test_property_the_same_text_twice_has_no_change(text: str) -> None:
    found = changed_words(text, text)
    assert (found.left, found.right, found.unit) == ((), (), "word")


@given(TEXT, TEXT)
def test_property_exchanging_the_sides_exchanges_what_each_lacks_where_one_side_is_empty(left: str, right: str) -> None:
    assert changed_words(left, "").right == changed_words("", right).left == ()


def test_only_the_words_that_differ_are_marked_and_named_for_screen_readers() -> None:
    left, right = "Add the lemon at the end.", "Add the salt at the very end."
    found = changed_words(left, right)
    assert [left[a:b] for a, b in found.left] == ["lemon"]
    assert [right[a:b] for a, b in found.right] == ["salt", "very"]
    assert '<mark class="mw-word"><span class="mw-sr"> (only here: </span>lemon<span class="mw-sr">) </span></mark>' in marked(
        left, found.left
    )
    assert summary(found, "left") == "1 of 7 words and signs are only here."


def test_scripts_without_spaces_are_compared_sign_by_sign() -> None:
    found = changed_words("米を炊く", "豆を炊く")
    assert found.left == ((0, 1),)


def test_a_long_text_is_compared_by_lines_and_a_huge_one_not_at_all() -> None:
    long = [f"line {i} " + "word " * 20 for i in range(1_000)]
    other = ["another " + " ".join(line) for line in long]
    found = changed_words("\n".join(long), "\n".join([*long[:500], "new", *other[501:]]))
    assert found.unit == "line"
    assert "lines are only here" in summary(found, "left")
    huge = changed_words("x" * (MOST_CHARS + 1), "y")
    assert huge.unit == "none" and not huge.left
    assert "nothing is marked" in summary(huge, "right")


def test_a_text_made_to_be_slow_takes_no_more_than_its_steps() -> None:
    words = [f"r{i % 25}" for i in range(1_000)]
    slow = [" ".join(f"{w} {mark}{i}" for i, w in enumerate(words)) for mark in "xy"]
    found = changed_words(*slow)
    assert (found.unit, found.effort) == ("line", MOST_STEPS)
    assert 0 < changed_words("a b", "a c").effort < 10


@pytest.mark.parametrize("words", [False, True])
def test_changed_words_are_shown_on_demand_on_both_sides(words: bool) -> None:
    pair = rice_pair()
    out = markup(Side("Left", pair.chosen), Side("Right", pair.rejected), view=View(words=words))
    assert (out.count("<mark") > 4) is words
    assert ("words and signs are only here" in out) is words


def test_hostile_text_stays_text_when_it_is_marked() -> None:
    pair = hostile_pair()
    out = markup(Side("Left", pair.chosen), Side("Right", pair.rejected), view=View(words=True))
    assert set(re.findall(r"<([a-z0-9]+)", out)) <= {
        "section",
        "div",
        "article",
        "details",
        "summary",
        "span",
        "h2",
        "h3",
        "h4",
        "p",
        "mark",
    }
    assert HOSTILE not in out


def test_of_many_long_messages_each_sends_its_share_and_the_turn_asked_for_more() -> None:
    text = "word " * 20_000
    left = chat(*[m for t in range(50) for m in (("user", f"q{t}"), ("assistant", f"{text} left {t}"))])
    right = chat(*[m for t in range(50) for m in (("user", f"q{t}"), ("assistant", f"{text} right {t}"))])
    out = markup(Side("L", left), Side("R", right), view=View(turn=7, href=lambda turn: f"pair?turn={turn}"))
    assert len(out) < 3_000_000
    asked = out[out.index('id="turn-7"') : out.index('id="turn-8"')]
    assert "further characters are not shown" not in asked and "left 6" in asked
    assert 'characters are not shown here; <a class="mw-link" href="pair?turn=8">open this turn</a>' in out
    assert len(markup(Side("L", left), Side("R", right), view=View(whole=True))) > 10_000_000
