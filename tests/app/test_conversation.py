import re

from streamlit.testing.v1 import AppTest

from app.components.conversation import FOLD_CHARS, MOST_CHARS, Side, markup, message_text
from jobs.report.pair.evidence import contrasts_by_turn
from music_core.types import Contrast, Origin, Role
from tests.app.samples import HOSTILE, chat, hostile_pair, rice_pair


def sides() -> tuple[Side, Side]:
    pair = rice_pair()
    return Side("Left", pair.chosen), Side("Right", pair.rejected)


def test_the_shared_opening_is_folded_and_the_parting_marked_once() -> None:
    out = markup(*sides())
    assert '<details class="mw-fold mw-prefix"><summary>Turn 1 is the same on both sides' in out
    assert out.count("the sides part here") == 1
    assert out.index("the sides part here") > out.index('id="turn-2"')


def test_a_message_that_is_the_same_on_both_sides_is_shown_once() -> None:
    out = markup(*sides())
    assert out.count("I have no soy sauce. What can I use instead?") == 1
    assert out.count("both sides, </span>User") == 2


def test_each_message_is_named_by_side_and_role_for_screen_readers() -> None:
    out = markup(*sides())
    assert '<span class="mw-sr">Left, </span>Assistant' in out
    assert '<span class="mw-sr">Right, </span>User' in out


def test_a_conversation_says_nothing_of_branches_unless_it_is_told_to() -> None:
    assert not re.search("chosen|rejected", markup(*sides()))
    pair = rice_pair()
    assert "mw-chosen" in markup(Side("Chosen", pair.chosen, "chosen"), Side("Rejected", pair.rejected, "rejected"))


def test_notes_stand_at_their_turn_and_keep_same_replies_apart() -> None:
    left, right = chat(("user", "q"), ("assistant", "a")), chat(("user", "q"), ("assistant", "a"))
    joined = markup(Side("Left", left), Side("Right", right))
    assert "Turn 1 is the same on both sides" in joined
    pair = rice_pair()
    out = markup(Side("L", pair.chosen, after={3: "NOTE-L"}), Side("R", pair.rejected, before={2: "NOTE-R"}))
    assert out.index("NOTE-R") < out.index("Soy sauce is brewed") < out.index('id="turn-3"') < out.index("NOTE-L")


def test_a_contrast_is_folded_beside_the_reply_it_spoiled() -> None:
    twice = (Contrast(2, "Explain <b>soy</b>."),)
    contrasts = contrasts_by_turn([Origin("a", contrasts=twice), Origin("b", contrasts=twice)])
    assert list(contrasts) == [2]
    assert contrasts[2].count("Explain &lt;b&gt;soy&lt;/b&gt;.") == 1
    assert contrasts[2].startswith("<details")


def test_hostile_text_adds_no_tag_of_its_own() -> None:
    pair = hostile_pair()
    out = markup(Side("Left", pair.chosen), Side("Right", pair.rejected))
    tags = set(re.findall(r"<([a-z0-9]+)", out))
    assert tags <= {"section", "div", "article", "details", "summary", "span", "h2", "h3", "h4", "p"}
    assert "U+202E" in out
    assert HOSTILE not in out


def test_a_long_message_shows_its_beginning_and_folds_the_rest() -> None:
    text = "word " * 20_000
    out = message_text(text)
    assert out.index("Show the other") < 4_000
    assert out.count("word") == 20_000


def test_of_a_huge_message_the_rest_is_counted_but_not_sent() -> None:
    out = message_text("x" * (MOST_CHARS + 9_800_000))
    assert "9,800,000 further characters are not shown here" in out
    assert len(out) < MOST_CHARS + 3_000


def test_a_message_at_the_limit_is_shown_whole() -> None:
    assert "<details" not in message_text("x" * FOLD_CHARS)
    assert "<em>empty</em>" in message_text("")


def test_of_many_turns_a_window_is_drawn() -> None:
    turns: list[tuple[Role, str]] = []
    for t in range(5_000):
        turns += [("user", f"q{t}"), ("assistant", f"a{t}")]
    other: tuple[Role, str] = ("assistant", "other")
    long = chat(*turns)
    out = markup(Side("Left", long), Side("Right", chat(*turns[:-1], other)), first_turn=4_981, most=60)
    assert out.count('class="mw-turn') == 20
    assert 'id="turn-5000"' in out
    assert "Turns 4981 to 4999 are the same" in out


def test_a_system_message_takes_no_turn_out_of_a_window() -> None:
    turns: list[tuple[Role, str]] = [("system", "be brief")]
    for t in range(70):
        turns += [("user", f"q{t}"), ("assistant", f"a{t}")]
    sides = Side("Left", chat(*turns)), Side("Right", chat(*turns[:-1], ("assistant", "other")))
    drawn = [markup(*sides, first_turn=first) for first in (0, 61)]
    for turn in range(71):
        assert sum(f'id="turn-{turn}"' in out for out in drawn) == 1


LONG = """
from app.components.conversation import Side, show
from tests.app.samples import chat
turns = [m for t in range(130) for m in (("user", f"q{t}"), ("assistant", f"a{t}"))]
show(Side("Left", chat(*turns)), Side("Right", chat(*turns[:-1], ("assistant", "other"))), key="long")
"""


def test_a_long_pair_opens_at_the_turn_where_the_sides_part() -> None:
    app = AppTest.from_string(LONG, default_timeout=60).run()
    assert not app.exception
    assert "130 turns, 60 at a time." in app.get("html")[0].proto.body
    out = app.get("html")[1].proto.body
    assert "the sides part here" in out
    assert 'id="turn-121"' in out
    assert 'id="turn-120"' not in out
