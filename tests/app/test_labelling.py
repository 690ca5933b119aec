import gc
import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import actions, data
from app.labelling import STEP_S, Desk, Step, next_open
from app.people import clean_name
from music_core.store.labels import label_history
from music_core.types import StoredLabel
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import fill, plain_pair, rice_pair

PAIR = rice_pair()
TELLING = re.compile(r"chosen|rejected|one_call|only:2|illustration|Explain how soy|reward|margin|P\(yes\)|flip")


def history(person: str) -> list[StoredLabel]:
    """The person's events on the pair, from the store that the app has open."""
    return label_history(data.store(), PAIR.id, person)


def press(app: AppTest, words: str) -> AppTest:
    """Click the button of the bar that starts with these words."""
    return next(b for b in app.button if b.label == words).click().run()


def test_a_name_is_asked_before_anything_is_shown(open_page: Open, one_home: Path) -> None:
    app = open_page("label", one_home)
    assert "Who is labelling?" in [h.value for h in app.header]
    assert "leftover rice" not in text_of(app)
    app.text_input(key="mw-person-name-label").set_value("  Ada \u202e ")
    next(b for b in app.button if b.label == "Use this name" and b.key and "label" in b.key).click().run()
    assert app.session_state["mw_person"] == "Ada"
    assert "leftover rice" in text_of(app)


def test_before_the_vote_nothing_tells_the_branches_apart(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("label", one_home, person="Ada"))
    assert "Question" not in out
    assert not TELLING.search(out)


def test_the_sides_are_shuffled_per_person_and_pair_and_recorded(open_page: Open, one_home: Path) -> None:
    people = {actions.left_branch(name, PAIR.id): name for name in ("side-1", "side-2", "side-3", "side-4", "side-5", "side-6")}
    assert set(people) == {"chosen", "rejected"}
    for left, name in people.items():
        app = open_page("label", one_home, person=name)
        out = text_of(app)
        first = out.index("Salt with a few drops") < out.index("Soy sauce is brewed")
        assert first is (left == "chosen")
        press(app, "Left")
        event = history(name)[-1].event
        assert (event.left_branch, event.value) == (left, left)


def test_sides_fall_both_ways_equally_often_and_always_the_same() -> None:
    sides = [actions.left_branch("Ada", f"p_{i}") for i in range(2_000)]
    assert 0.46 < sides.count("chosen") / len(sides) < 0.54
    assert sides == [actions.left_branch("Ada", f"p_{i}") for i in range(2_000)]
    assert sides != [actions.left_branch("Bob", f"p_{i}") for i in range(2_000)]


def test_a_vote_is_acknowledged_with_what_the_store_gave_back_and_then_all_is_revealed(open_page: Open, one_home: Path) -> None:
    app = press(open_page("label", one_home, person="Ben"), "Right")
    assert not app.exception
    stored = history("Ben")
    assert [s.event.choice for s in stored] == ["right"]
    assert stored[0].event.blind
    assert stored[0].event.seconds is not None
    assert stored[0].event.shown["left"] in (PAIR.chosen.id, PAIR.rejected.id)
    out = text_of(app)
    assert f"Stored and read back: <code>{stored[0].id[:14]}</code>" in out
    for text in ("by construction", "pairwise", "flip", "tiny", "margin +1.93", "Your history on this pair (1)"):
        assert text in out, text
    assert query_of(app)["pair"] == [PAIR.id]


def test_reasons_and_comment_go_with_the_vote(open_page: Open, one_home: Path) -> None:
    app = open_page("label", one_home, person="Cal")
    next(p for p in app.pills if p.label.startswith("Why")).select("correct").run()
    next(t for t in app.text_area if t.label.startswith("Comment")).set_value(" keeps to the question ").run()
    press(app, "Left")
    event = history("Cal")[0].event
    assert (event.reasons, event.comment) == (("correct",), "keeps to the question")


TWICE = """
from app import actions, people
from tests.app.samples import rice_pair
people.set_current("Twin")
card = actions.Card(rice_pair().id, "Twin", "chosen", "token-of-twin", 0.0)
actions.vote(card, "left", rice_pair())
actions.vote(card, "right", rice_pair())
"""


def test_two_clicks_on_one_card_are_one_label(one_home: Path, use_home: Use) -> None:
    use_home(one_home)
    assert not AppTest.from_string(TWICE, default_timeout=60).run().exception
    assert [s.event.choice for s in history("Twin")] == ["left"]


def test_after_the_vote_no_vote_button_is_where_a_second_click_could_land(open_page: Open, one_home: Path) -> None:
    app = press(open_page("label", one_home, person="Eva"), "Left")
    assert [b.label for b in app.button if b.label in ("Left", "Right", "Tie", "Both bad", "Skip")] == []
    assert [b.label for b in app.button if b.label in ("Undo", "Change", "Finish")] == ["Undo", "Change", "Finish"]


def test_a_vote_too_soon_after_the_pair_appeared_is_not_taken(open_page: Open, one_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MIN_SECONDS", 1e6)
    app = press(open_page("label", one_home, person="Fox"), "Left")
    assert "too soon" in text_of(app)
    assert history("Fox") == []


def test_undo_appends_and_the_next_vote_is_informed(open_page: Open, one_home: Path) -> None:
    app = press(open_page("label", one_home, person="Gus"), "Left")
    app = press(app, "Undo")
    assert "Taken back" in text_of(app)
    press(app, "Tie")
    events = [s.event for s in history("Gus")]
    assert [(e.choice, e.blind) for e in events] == [("left", True), (None, True), ("tie", False)]
    assert [e.supersedes for e in events] == [None, *[s.id for s in history("Gus")][:2]]


def test_changing_a_vote_keeps_both_and_is_informed(open_page: Open, one_home: Path) -> None:
    app = press(press(open_page("label", one_home, person="Hal"), "Left"), "Change")
    assert "Keep as it is" in [b.label for b in app.button]
    app = press(app, "Right")
    assert [(s.event.choice, s.event.blind) for s in history("Hal")] == [("left", True), ("right", False)]
    assert "Change" in [b.label for b in app.button]


def test_keeping_a_vote_changes_nothing(open_page: Open, one_home: Path) -> None:
    app = press(press(open_page("label", one_home, person="Ida"), "Left"), "Change")
    app = press(app, "Keep as it is")
    assert len(history("Ida")) == 1
    assert "Change" in [b.label for b in app.button]


def test_a_pair_seen_with_its_answer_is_labelled_as_informed(open_page: Open, one_home: Path) -> None:
    app = open_page("label", one_home, person="Jan")
    app.session_state["mw_seen"] = {PAIR.id}
    press(app.run(), "Left")
    assert history("Jan")[0].event.blind is False


def test_a_skip_goes_on_without_the_answer_and_undo_brings_the_pair_back(open_page: Open, one_home: Path) -> None:
    app = press(open_page("label", one_home, person="Kim"), "Skip")
    assert "This queue is done" in text_of(app)
    assert "by construction" not in text_of(app)
    app.query_params["pair"] = PAIR.id
    app = app.run()
    assert "You skipped this pair before" in text_of(app)
    assert not TELLING.search(text_of(app))
    assert "You have seen the answer" not in text_of(press(app, "Undo"))
    assert [s.event.choice for s in history("Kim")] == ["skip", None]
    press(app, "Left")
    assert history("Kim")[-1].event.blind


def test_the_end_of_a_queue_is_said_and_leads_on(open_page: Open, one_home: Path) -> None:
    app = press(press(open_page("label", one_home, person="Lee"), "Left"), "Finish")
    assert "You have decided or skipped all 1 pairs" in text_of(app)
    assert "decided <strong>1 of 1</strong>" in text_of(app)
    assert "pair" not in query_of(app)


def test_a_label_is_kept_under_the_name_that_was_on_screen(open_page: Open, one_home: Path) -> None:
    app = open_page("label", one_home, person="Moe")
    press(app, "Left")
    other = open_page("label", one_home, person="Other")
    assert "by construction" not in text_of(other)
    press(other, "Right")
    assert [(s.event.person, s.event.verified) for p in ("Moe", "Other") for s in history(p)] == [("Moe", False), ("Other", False)]


def test_a_queue_made_by_a_filter_is_recorded(open_page: Open, one_home: Path) -> None:
    press(open_page("label", one_home, {"source": "illustration", "turns": "3.."}, person="Nan"), "Left")
    assert history("Nan")[0].event.queue == "filter:source=illustration&turns=3.."
    empty = text_of(open_page("label", one_home, {"source": "nowhere"}, person="Nan"))
    assert "Nothing to label" in empty
    assert 'href="pairs?source=nowhere">Change the filter' in empty and 'href="label">Label all pairs' in empty


def test_the_queue_goes_on_after_the_pair_and_comes_round_again() -> None:
    queue = ("a", "b", "c", "d")
    assert next_open(queue, {"b"}, "a") == "c"
    assert next_open(queue, {"d"}, "c") == "a"
    assert next_open(queue, {"a", "b", "c", "d"}) is None
    assert next_open(queue, set(), "gone") == "a"


@pytest.mark.parametrize(
    ("text", "name"), [(" Ada  L. ", "Ada L."), ("\u200b\u202e", None), ("", None), ("a\nb\x00", "a b"), ("x" * 99, "x" * 60)]
)
def test_names_are_one_visible_line(text: str, name: str | None) -> None:
    assert clean_name(text) == name


UNKNOWN = """
from app import actions, people
from tests.app.samples import plain_pair
people.set_current("Una")
card = actions.Card(plain_pair(99).id, "Una", "chosen", "token-of-una", 0.0)
actions.vote(card, "left", plain_pair(99))
"""


def test_a_vote_that_cannot_be_stored_is_an_error_and_no_label(one_home: Path, use_home: Use) -> None:
    use_home(one_home)
    app = AppTest.from_string(UNKNOWN, default_timeout=60).run()
    outcome = app.session_state["mw_outcome"]
    assert outcome.label is None
    assert "cannot be labelled" in outcome.error.message


@pytest.mark.parametrize(("asked", "age", "shown"), [("here", 0, "there"), ("elsewhere", 0, "here"), ("here", STEP_S + 1, "here")])
def test_a_step_is_taken_from_the_address_of_the_click_and_soon(
    open_page: Open, full_home: Path, asked: str, age: float, shown: str
) -> None:
    """The person may have gone elsewhere before the page was drawn, and come back."""
    ids = {"here": plain_pair(3, 5).id, "there": plain_pair(4).id, "elsewhere": plain_pair(8).id}
    app = open_page("label", full_home, {"pair": ids["here"]}, person="Pam")
    app.session_state["mw_label_step"] = Step({"pair": [ids[asked]]}, {"pair": [ids["there"]]}, None, time.monotonic() - age)
    app = app.run()
    assert query_of(app)["pair"] == [ids[shown]]
    assert app.session_state["mw_card"].pair_id == ids[shown]
    assert app.run().session_state["mw_card"].pair_id == ids[shown]


def test_pairs_that_were_labelled_are_not_held_in_memory(open_page: Open, tmp_path: Path) -> None:
    """Streamlit keeps what a button calls until its session ends."""
    fill(tmp_path, n_plain=6).close()
    app = open_page("label", tmp_path, person="Ida")
    for _ in range(4):
        app = press(press(app, "Left"), "Next")
    gc.collect()
    pairs = {o.card.pair_id for o in gc.get_objects() if type(o) is Desk and o.card and o.person == "Ida"}
    assert len(pairs) <= 2  # the one on screen, and that of the run before
