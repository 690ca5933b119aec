"""The Label page's rules: reservations, marks, repeats, adjudication, guidelines, and queues made in the app."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import data, queues
from app.components import turn_marks
from app.queues import BETWEEN, due
from music_core.store.guidelines import add_guideline
from music_core.store.labels import add_label, label_history
from music_core.store.queues import PoolPair, QueueHead, create_queue, list_queues, read_queue
from music_core.store.reservations import Claim, reserve
from music_core.types import LabelEvent, LabelKind
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import fill, plain_pair, rice_pair
from tests.app.test_labelling import press
from tests.app.test_queue_labelling import on_screen

RICE = rice_pair().id
POOL = sorted(plain_pair(i, 2 + i % 4).id for i in range(40))


@pytest.fixture(scope="module")
def rules_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty short pairs and the rice pair, without queues or labels; every test makes its own of pairs of its own."""
    home = tmp_path_factory.mktemp("rules")
    fill(home, n_plain=40).close()
    return home


@pytest.fixture
def made(use_home: Use, rules_home: Path) -> Path:
    """The store, open in the app, and no list of queues remembered from the test before."""
    use_home(rules_home)
    queues.forget_heads()
    queues._disputed.clear()
    return rules_home


def queue(name: str, ids: Sequence[str], **more: object) -> None:
    create_queue(data.store(), QueueHead(name, "uniform", 1, **more), [PoolPair(i, 1.0, True) for i in ids])  # type: ignore[arg-type]


def say(pair_id: str, person: str, choice: str, kind: LabelKind = "label", **more: object) -> None:
    token = f"{person} {pair_id} {choice} {kind}"
    event = LabelEvent(token, pair_id, person, choice, "chosen", True, kind=kind, **more)  # type: ignore[arg-type]
    add_label(data.store(), event)


def events(pair_id: str, person: str) -> list[LabelEvent]:
    return [label.event for label in label_history(data.store(), pair_id, person)]


def button(app: AppTest, words: str) -> bool:
    return words in [b.label for b in app.button]


def mark(app: AppTest, given: object, card: str | None = None) -> AppTest:
    """What the script in the browser tells of the buttons pressed on the card on screen."""
    told = {"card": card or app.session_state["mw_card"].token, "given": given}
    app.session_state[turn_marks.STATE]["marks"] = told
    return app


def test_two_people_never_have_the_same_pair_before_them(made: Path, open_page: Open) -> None:
    queue("apart", POOL[:4])
    first, second = (open_page("label", made, {"queue": "apart"}, person=p) for p in ("Ada", "Ben"))
    shown = {"Ada": [on_screen(first)], "Ben": [on_screen(second)]}
    second = press(press(second, "Left"), "Next")
    assert "lie before other people now" in text_of(second)
    for _ in range(2):
        first = press(press(first, "Left"), "Next")
        shown["Ada"].append(on_screen(first))
    assert sorted([*shown["Ada"], *shown["Ben"]]) == POOL[:4]


def test_a_pair_that_others_fill_may_still_be_labelled_and_is_marked(made: Path, open_page: Open) -> None:
    queue("filled", POOL[4:5])
    reserve(data.store(), Claim("Zoe", "filled", 1, (POOL[4],)))
    app = open_page("label", made, {"queue": "filled", "pair": POOL[4]}, person="Cal")
    assert "Other people give this pair all its labels" in text_of(app)
    app = press(app, "Left")
    assert events(POOL[4], "Cal")[0].beyond
    assert "marked as beyond what was asked for" in text_of(app)


def test_marks_of_single_replies_are_stored_by_side_and_shown_by_branch(made: Path, open_page: Open) -> None:
    app = open_page("label", made, {"pair": RICE}, person="Dan")
    groups = re.findall(r'aria-label="(Turn \d, \w+: the reply is)"', text_of(app))
    assert sorted(groups) == [f"Turn {turn}, {side}: the reply is" for turn in (2, 3) for side in ("left", "right")]
    app = mark(app, {"2-left": "good", "3-right": "bad"})
    app = press(app, "Left")
    (event,) = events(RICE, "Dan")
    assert event.turn_marks == {2: "left:good", 3: "right:bad"}
    assert event.marks_by_branch == {2: {event.left_branch: "good"}, 3: {event.branch_of("right"): "bad"}}
    out = text_of(app)
    assert "marked good" in out
    assert f"turn 2: {event.left_branch} good; turn 3: {event.branch_of('right')} bad" in out
    app = press(app, "Change")
    pressed = re.findall(r'data-reply="(\S+)" data-mark="(\w+)" aria-pressed="true"', text_of(app))
    assert sorted(pressed) == [("2-left", "good"), ("3-right", "bad")]
    app = press(app, "Right")
    assert events(RICE, "Dan")[-1].turn_marks == {2: "left:good", 3: "right:bad"}
    press(mark(press(app, "Change"), {}), "Tie")
    assert events(RICE, "Dan")[-1].turn_marks == {}


ELSEWHERE = {"1-left": "good", "9-left": "good", "2-both": "good"}


@pytest.mark.parametrize("given", [ELSEWHERE, {"2-left": "best", "3-left": ["good"]}, [1], "x", None])
def test_marks_that_there_are_not_are_left_aside(made: Path, open_page: Open, given: object) -> None:
    person = f"Flo {type(given).__name__} {len(str(given))}"
    press(mark(open_page("label", made, {"pair": RICE}, person=person), given), "Tie")
    assert [e.turn_marks for e in events(RICE, person)] == [{}]


def test_marks_of_another_card_do_not_go_with_this_one(made: Path, open_page: Open) -> None:
    press(mark(open_page("label", made, {"pair": RICE}, person="Kim"), {"2-left": "good"}, card="before"), "Tie")
    assert [e.turn_marks for e in events(RICE, "Kim")] == [{}]


def test_what_comes_back_is_one_pair_in_so_many_and_never_at_once() -> None:
    decided = tuple(f"p_{k}" for k in range(40))
    assert due(decided[:BETWEEN], set(), 0.5, "Ada", "q") is None
    found = due(decided, set(), 0.05, "Ada", "q")
    assert found in decided[: 40 - BETWEEN]
    second = due(decided, {str(found)}, 0.05, "Ada", "q")
    assert second not in (None, found)
    assert due(decided, {str(found), str(second)}, 0.05, "Ada", "q") is None
    assert due(decided, set(), 0.0, "Ada", "q") is None


def test_a_pair_comes_back_as_if_it_were_new_and_decides_nothing(made: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "BETWEEN", 1)
    ids = POOL[5:8]
    queue("again", ids, settings={"repeats": 0.5})
    app = open_page("label", made, {"queue": "again"}, person="Eva")
    first = on_screen(app)
    app = press(press(press(press(app, "Left"), "Next"), "Left"), "Next")
    assert on_screen(app) == first
    out = text_of(app)
    assert not re.search(r"Stored and read back|by construction|Your history|had decided", out)
    app = press(app, "Right")
    original, again = events(first, "Eva")
    assert (again.kind, again.supersedes, again.queue, again.blind) == ("repeat", None, "again", False)
    assert again.shown["repeats"] == label_history(data.store(), first)[0].id
    out = text_of(app)
    same = original.value == again.value
    assert f"you decided it {'as' if same else 'not as'} you did then" in out
    assert "decided or skipped 2 of its 3 pairs" in out
    app = press(press(press(app, "Next"), "Left"), "Finish")
    assert "Your consistency: of 1 pair that came back" in text_of(app)


def test_disagreements_go_to_a_further_person_who_votes_blind(made: Path, open_page: Open) -> None:
    target = POOL[10]
    say(target, "Fox", "left", comment="for <b>that</b> reason")
    say(target, "Gil", "right")
    app = open_page("label", made, person="Hal")
    (choice,) = [s for s in app.selectbox if s.label == "Queue"]
    assert "Disagreements (1)" in choice.options
    app = choice.set_value("disagreements").run()
    assert on_screen(app) == target
    assert not re.search(r"Fox|Gil|that&lt;|Person 1", text_of(app))
    app = press(app, "Left")
    (event,) = events(target, "Hal")
    assert (event.kind, event.blind, event.queue, event.probability) == ("adjudication", True, "disagreements", 1.0)
    out = text_of(app)
    assert "Person 2" in out
    assert "for &lt;b&gt;that&lt;/b&gt; reason" in out
    assert not re.search(r"Fox|Gil", out)


def test_the_votes_may_be_seen_first_and_the_decision_is_informed_then(made: Path, open_page: Open) -> None:
    target = POOL[11]
    say(target, "Ida", "left")
    say(target, "Jan", "tie")
    app = open_page("label", made, {"queue": "disagreements", "pair": target}, person="Kim")
    app = press(app, "Show the votes")
    assert "Person 1" in text_of(app)
    press(app, "Tie")
    assert [(e.kind, e.blind) for e in events(target, "Kim")] == [("adjudication", False)]


def test_those_who_disagree_are_not_asked_to_settle_it(made: Path, open_page: Open) -> None:
    say(POOL[12], "Lee", "left")
    say(POOL[12], "Moe", "right")
    queue("settle", POOL[12:13], settings={})
    create_queue(data.store(), QueueHead("settle it", "adjudicate", 0), [PoolPair(POOL[12], 1.0, True)])
    assert "need a further person" in text_of(open_page("label", made, {"queue": "settle it"}, person="Lee"))


def test_a_guideline_of_a_queue_is_shown_recorded_and_its_change_is_said(made: Path, open_page: Open) -> None:
    version = add_guideline(data.store(), "# Rule\nChoose the **shorter** <script>alert(1)</script> one.")
    queue("own words", POOL[13:15], guideline=version)
    say(POOL[20], "Nan", "left", guideline="1")
    app = open_page("label", made, {"queue": "own words"}, person="Nan")
    out = text_of(app)
    assert f"How to decide (guideline {version})" in out
    assert "Choose the <strong>shorter</strong> &lt;script&gt;" in out
    assert "The guideline is another one than when you last labelled" in out
    app = press(app, "Left")
    assert events(on_screen(app), "Nan")[0].guideline == version
    assert "another one than when you last labelled" not in text_of(press(app, "Next"))


def fill_form(app: AppTest, name: str, labels: int) -> AppTest:
    app.text_input(key="mw-field-queue-name").set_value(name)
    app.number_input(key="mw-field-queue-labels").set_value(labels)
    return app


def submit(app: AppTest, words: str) -> AppTest:
    return next(b for b in app.button if b.label == words).click().run()


def test_a_queue_is_made_from_any_filter_after_an_estimate(made: Path, open_page: Open) -> None:
    app = open_page("label", made, {"make": "1", "source": "rivers", "turns": "3..4"}, person="Ona")
    assert "The pool of the new queue: <strong>20 pairs</strong>" in text_of(app)
    out = text_of(submit(fill_form(app, "from the app", 10), "Estimate"))
    assert re.search(r"Pairs in the pool</dt><dd>20", out)
    assert re.search(r"Chance of a pair</dt><dd>0\.5<", out)
    app.text_area(key="mw-queue-guideline-text").set_value("Be kind.")
    app = submit(app, "Make the queue")
    assert query_of(app) == {"queue": ["from the app"]}
    made_queue = read_queue(data.store(), "from the app")
    assert {p.pair_id for p in made_queue.pool} <= set(POOL)
    assert (made_queue.head.n_pool, made_queue.head.created_by, made_queue.head.repeats) == (20, "Ona", 0.05)
    assert made_queue.head.settings["selection"] == {"source": ["rivers"], "turns": "3..4"}
    assert made_queue.head.guideline.startswith("g_")


def test_a_queue_that_cannot_be_made_says_why_and_keeps_what_was_entered(made: Path, open_page: Open) -> None:
    app = open_page("label", made, {"make": "1"}, person="Pia")
    before = len(list_queues(data.store()))
    assert "The queue has no name yet" in text_of(submit(app, "Make the queue"))
    assert "all of" in text_of(submit(fill_form(app, "large", 5_000), "Estimate")) or "5000" in text_of(app)
    assert app.text_input(key="mw-field-queue-name").value == "large"
    assert len(list_queues(data.store())) == before
    assert "No pairs to make a queue of" in text_of(open_page("label", made, {"make": "1", "source": "nowhere"}, person="Pia"))
