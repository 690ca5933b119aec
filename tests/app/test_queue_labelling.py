"""The Label page on a labelling queue: what is recorded, whose turn it is, and when it is done."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import data, queues
from app.queues import own_order
from music_core.store.labels import add_label, label_history
from music_core.store.queues import PoolPair, QueueHead, create_queue
from music_core.types import LabelEvent
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import fill, plain_pair
from tests.app.test_labelling import press

POOL = sorted(plain_pair(i, 2 + i % 4).id for i in range(16))
# A label counts wherever it was given, so every test has a queue with pairs of its own.
DRAWN = {name: POOL[3 * k : 3 * k + 3] for k, name in enumerate(("pilot <b>", "single", "again", "by address"))}


@pytest.fixture(scope="module")
def queued_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The queues of `DRAWN`, of which the pilot is for two people a pair; one of an older guideline; one that drew nothing."""
    home = tmp_path_factory.mktemp("queued")
    store = fill(home, n_plain=16)
    for name, drawn in DRAWN.items():
        head = QueueHead(name, "uniform", 1, overlap=2 if name == "pilot <b>" else 1)
        create_queue(store, head, [PoolPair(pair_id, 0.375, pair_id in drawn) for pair_id in POOL])
    create_queue(store, QueueHead("older", "uniform", 1, guideline="0"), [PoolPair(POOL[-2], 0.9, True)])
    create_queue(store, QueueHead("empty", "uniform", 1), [PoolPair(POOL[0], 0.1, False)])
    store.close()
    return home


def given_by(person: str) -> list[LabelEvent]:
    return [s.event for pair_id in POOL for s in label_history(data.store(), pair_id, person)]


def on_screen(app: AppTest) -> str:
    return str(app.session_state["mw_label_pair"])


def test_a_label_carries_queue_probability_and_the_guideline_that_was_shown(open_page: Open, queued_home: Path) -> None:
    app = open_page("label", queued_home, {"queue": "pilot <b>"}, person="Ada")
    assert on_screen(app) in DRAWN["pilot <b>"]
    assert "Queue <strong>pilot &lt;b&gt;</strong> has <strong>0 of 6</strong> labels" in text_of(app)
    app = press(app, "Left")
    (event,) = given_by("Ada")
    assert (event.queue, event.probability, event.guideline, event.blind) == ("pilot <b>", 0.375, "1", True)
    assert "has <strong>1 of 6</strong> labels" in text_of(app)
    assert query_of(app)["queue"] == ["pilot <b>"]


def test_only_drawn_pairs_come_each_once_and_then_the_queue_is_done(open_page: Open, queued_home: Path) -> None:
    app = open_page("label", queued_home, {"queue": "single"}, person="Ben")
    shown = []
    for words in ("Left", "Skip", "Tie"):
        shown.append(on_screen(app))
        app = press(app, words)
        app = app if words == "Skip" else press(app, "Finish" if words == "Tie" else "Next")
    assert sorted(shown) == DRAWN["single"]
    assert tuple(shown) == own_order("Ben", "single", dict.fromkeys(DRAWN["single"], 0.5))
    out = text_of(app)
    assert "Nothing of this queue is left for you" in out
    assert "Other people are to give the" in out
    assert "music estimate --queue &#x27;single&#x27;" in out


def test_a_pair_that_others_have_filled_is_not_offered_and_a_skipped_one_waits_for_others(
    open_page: Open, use_home: Use, queued_home: Path
) -> None:
    store, (*filled, skipped) = use_home(queued_home), DRAWN["again"]
    for pair_id in filled:
        add_label(store, LabelEvent(f"fill {pair_id}", pair_id, "Zoe", "left", "chosen", True))
    add_label(store, LabelEvent("skip", skipped, "Zoe", "skip", "chosen", True))
    app = open_page("label", queued_home, {"queue": "again"}, person="Cal")
    assert on_screen(app) == skipped
    assert "has <strong>2 of 3</strong> labels" in text_of(app)
    assert not re.search(r"Zoe|Ada|Ben", text_of(app))
    assert "It has all its labels." in text_of(press(press(app, "Left"), "Finish"))


def test_a_pair_that_was_not_drawn_belongs_to_no_queue_whatever_the_address_says(open_page: Open, queued_home: Path) -> None:
    press(open_page("label", queued_home, {"queue": "by address", "pair": POOL[-1]}, person="Dan"), "Right")
    (event,) = given_by("Dan")
    assert (event.queue, event.probability) == ("all", None)


def test_without_a_queue_labels_have_no_probability(open_page: Open, queued_home: Path) -> None:
    press(open_page("label", queued_home, {"source": "rivers"}, person="Eva"), "Left")
    (event,) = given_by("Eva")
    assert (event.queue, event.probability) == ("filter:source=rivers", None)


def test_the_queue_is_chosen_on_the_page_and_changing_it_leaves_the_pair_behind(open_page: Open, queued_home: Path) -> None:
    app = open_page("label", queued_home, {"pair": POOL[-1], "turns": "2..9"}, person="Fox")
    (choice,) = [s for s in app.selectbox if s.label == "Queue"]
    assert choice.options[0] == "All pairs, or those of a filter"
    assert "older: 1 pairs" in choice.options
    app = choice.set_value("pilot <b>").run()
    assert query_of(app)["queue"] == ["pilot <b>"]
    assert "turns" not in query_of(app)
    assert on_screen(app) in DRAWN["pilot <b>"]


def test_a_queue_of_another_guideline_says_so(open_page: Open, queued_home: Path) -> None:
    assert "made for guideline 0; yours is 1" in text_of(open_page("label", queued_home, {"queue": "older"}, person="Hal"))


def test_an_unknown_queue_and_one_without_a_drawn_pair_say_what_is_the_matter(open_page: Open, queued_home: Path) -> None:
    app = open_page("label", queued_home, {"queue": "gone"}, person="Ida")
    assert "There is no queue &#x27;gone&#x27;" in text_of(app)
    assert "has drawn no pair" in text_of(open_page("label", queued_home, {"queue": "empty"}, person="Ida"))


def test_a_store_without_queues_shows_no_choice(open_page: Open, full_home: Path) -> None:
    assert [s.label for s in open_page("label", full_home, person="Jan").selectbox if s.label == "Queue"] == []


def test_everybody_has_an_order_of_their_own_that_stays(use_home: Use, queued_home: Path) -> None:
    use_home(queued_home)
    ids = {f"p_{i}": 0.5 for i in range(50)}
    orders = {own_order(person, "q", ids) for person in ("Ada", "Ben", "Cal")}
    assert len(orders) == 3
    assert own_order("Ada", "q", dict(reversed(ids.items()))) in orders
    assert queues.walk("single", "nobody").head.name == "single"
