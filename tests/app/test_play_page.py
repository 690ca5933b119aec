"""The Play page: a start, a talk on the scripted fake, a blind vote, and everything still there after a reload."""

import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import playing
from app.components import play_end, play_talk
from jobs.play.draft import SIDES, Draft, Problem, Setup, draft_of, replied, started
from jobs.play.draft import Reply as PlayReply
from jobs.play.journal import PlayJournal
from jobs.play.player import STARTING, Flight
from music_core.store.connect import Store
from music_core.store.labels import label_history
from music_core.store.models import register_model
from music_core.store.pairs import get_pair
from music_core.types import BRANCHES, RewardModel
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import HOSTILE

WAIT_S = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("play")


def talk(app: AppTest, text: str) -> Draft:
    """Send a message to both sides and wait until both have answered."""
    draft_id = query_of(app)["draft"][0]
    turn = playing.journal().read(draft_id).turn
    app.text_area(key=f"mw-play-text-{draft_id}-{turn}-left").set_value(text)
    app.button(key=f"mw-play-send-{draft_id}-{turn}").click().run()
    deadline = time.monotonic() + WAIT_S
    while playing.player().flights(draft_id):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    app.run()
    return playing.journal().read(draft_id)


def begun(open_page: Open, home: Path) -> AppTest:
    app = open_page("play", home, person="Ada")
    app.selectbox(key="mw-play-a").set_value("scripted").run()
    app.button(key="mw-play-go").click().run()
    return app


def test_without_a_name_the_page_asks_for_one(open_page: Open, home: Path) -> None:
    app = open_page("play", home)
    assert not app.exception
    assert "stored under a name" in text_of(app)
    assert not [b for b in app.button if b.label == "Start talking"]


def test_a_start_without_a_model_says_which_command_adds_rewards(open_page: Open, home: Path) -> None:
    app = open_page("play", home, person="Ada")
    assert not app.exception
    assert "music train --name first" in text_of(app)


def test_a_talk_is_blind_until_the_vote_and_its_pair_is_in_the_store(open_page: Open, use_home: Use, home: Path) -> None:
    store: Store = use_home(home)
    app = begun(open_page, home)
    talk(app, "How do bridges stay up?")
    draft = talk(app, "And in a storm, what then?")
    out = text_of(app)
    assert not app.exception
    assert draft.n_whole == 2
    assert not re.search(r"[Cc]hosen|[Rr]ejected|mw-tone|modified", out)
    instructions = [reply.instruction for reply in draft.replies.values() if reply.instruction]
    assert len(instructions) == 2
    assert not any(instruction in out for instruction in instructions)
    app.button(key=f"mw-play-vote-{draft.setup.draft}-right").click().run()
    out = text_of(app)
    assert not app.exception
    ended = playing.journal().read(draft.setup.draft)
    assert f'href="pair?pair={ended.pair_id}"' in out
    assert "This reply answers a modified instruction" in out
    (label,) = label_history(store, ended.pair_id)
    assert label.event.value == draft.setup.branch_of("right")
    assert get_pair(store, ended.pair_id).origins[0].method == "play"


def test_a_reload_shows_the_same_conversation_and_the_start_lists_it(open_page: Open, use_home: Use, home: Path) -> None:
    use_home(home)
    app = begun(open_page, home)
    draft = talk(app, "How are maps drawn?")
    again = open_page("play", home, query_of(app), person="Ada")
    assert draft.replies[1, "left"].text.split(".")[0].replace("'", "&#x27;") in text_of(again)
    assert f'href="play?draft={draft.setup.draft}"' in text_of(open_page("play", home, person="Ada"))
    other = open_page("play", home, query_of(app), person="Ben")
    assert "who alone can go on with it" in text_of(other)
    assert not [b for b in other.button if b.label == "Tie"]


def test_each_side_can_be_written_to_on_its_own_after_the_first_turn(open_page: Open, use_home: Use, home: Path) -> None:
    use_home(home)
    app = begun(open_page, home)
    draft = talk(app, "What is a leap year?")
    app.toggle(key=f"mw-play-apart-{draft.setup.draft}").set_value(True).run()
    app.text_area(key=f"mw-play-text-{draft.setup.draft}-1-right").set_value("Only you on the right")
    after = talk(app, "Only you on the left")
    assert after.said[1] == {"left": "Only you on the left", "right": "Only you on the right"}


def test_an_empty_message_is_not_sent_and_says_so(open_page: Open, use_home: Use, home: Path) -> None:
    use_home(home)
    app = begun(open_page, home)
    draft_id = query_of(app)["draft"][0]
    app.text_area(key=f"mw-play-text-{draft_id}-0-left").set_value("   ")
    app.button(key=f"mw-play-send-{draft_id}-0").click().run()
    assert "There is nothing to send." in text_of(app)
    assert playing.journal().read(draft_id).turn == 0


def test_an_address_without_a_conversation_is_told(open_page: Open, home: Path) -> None:
    for draft_id in (HOSTILE, "0" * 16):
        app = open_page("play", home, {"draft": draft_id}, person="Ada")
        assert not app.exception
        assert "conversation" in text_of(app)
        assert 'role="alert"' in text_of(app)


def test_a_model_without_weights_is_not_offered_and_says_why(open_page: Open, use_home: Use, tmp_path: Path) -> None:
    register_model(use_home(tmp_path), RewardModel("m_x", "sample-tiny", "", ""))
    app = open_page("play", tmp_path, person="Ada")
    assert app.selectbox(key="mw-play-reward").options == ["None: the vote is blind"]
    assert "not on this machine" in text_of(app)


def made(kind: str = "contrast", *, replies: tuple[str, ...] = SIDES, problem: bool = False) -> Draft:
    """A conversation of one turn by hand, with hostile text in every place."""
    setup = Setup("0" * 16, HOSTILE[:50], kind, dict.fromkeys(BRANCHES, "secret-endpoint"), "rejected", 1)  # type: ignore[arg-type]
    events = [started(setup), {"type": "said", "turn": 1, "left": HOSTILE, "right": HOSTILE}]
    events += [replied(1, side, PlayReply(f"reply {side} {HOSTILE}", (), HOSTILE)) for side in SIDES if side in replies]
    if problem:
        events.append(
            {"type": "failed", "turn": 1, "side": "right", "message": "Endpoint 'secret-endpoint' cannot be reached.", "hint": "h"}
        )
    found = draft_of(events)
    assert found is not None
    return found


def test_text_of_people_and_models_cannot_become_markup() -> None:
    draft = made()
    for out in (play_talk.talk_markup(draft), "".join(play_talk.contrast_notes(draft).values()), play_end.verdict_markup(draft)):
        assert not re.search(r"<(script|img|iframe|style|h1)", out)


def test_a_reply_is_held_back_until_the_other_is_there_so_that_no_pace_tells_them_apart() -> None:
    draft = made(replies=("left",))
    assert "reply left" not in play_talk.talk_markup(draft, hold_back=True)
    assert "reply left" in play_talk.talk_markup(draft)
    assert "reply left" in play_talk.talk_markup(made(), hold_back=True)


def test_what_goes_on_is_said_of_both_sides_together() -> None:
    on_its_way = {"left": Flight(None, "is writing", 0.0)}  # type: ignore[arg-type]
    assert play_talk.doing(made(replies=()), on_its_way) == "Both sides are answering"  # type: ignore[arg-type]
    assert "started" in play_talk.doing(made(replies=()), {"left": Flight(None, STARTING, 0.0)})  # type: ignore[arg-type]
    assert "rewards" in play_talk.doing(made(), on_its_way)  # type: ignore[arg-type]


def test_a_failure_of_one_of_two_models_keeps_its_name_behind_a_fold() -> None:
    shown, _, folded = play_talk.problem_markup(made("models", replies=("left",), problem=True), "right").partition("<details")
    assert "secret-endpoint" not in shown
    assert "secret-endpoint" in folded
    assert "secret-endpoint" in play_talk.problem_markup(made(replies=("left",), problem=True), "right")
    assert play_talk.LOST.message in play_talk.problem_markup(made("models", replies=("left",)), "right")
    assert isinstance(play_talk.LOST, Problem)


def test_a_failing_journal_is_told_in_a_sentence(open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError(HOSTILE)

    monkeypatch.setattr(PlayJournal, "drafts", fails)
    app = open_page("play", home, person="Ada")
    assert not app.exception
    assert "This part of the page failed (ValueError)." in text_of(app)
