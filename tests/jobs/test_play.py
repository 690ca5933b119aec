"""A person's conversation with two assistants: its journal, its replies, and what it is stored as."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.play.draft import SIDES, Draft, PlayVote, Rewards, Setup, draft_of, started
from jobs.play.journal import PlayJournal, new_draft_id
from jobs.play.player import STOPPED, Player
from jobs.play.scoring import Scorer, scoring_problem
from jobs.stages.play import label_event, sourced_pair, store_play
from jobs.stages.select import Selection, selected_ids
from music_core.config import Endpoint, Settings
from music_core.errors import MissingExtraError, RewardError, RunError, StoreError
from music_core.simulate.draws import draw
from music_core.store.connect import Store
from music_core.store.labels import label_history
from music_core.store.models import register_model
from music_core.store.pairs import PairFilter, get_pair
from music_core.store.sides import systems_of
from music_core.store.traces import traces_of
from music_core.store.votes import votes
from music_core.types import BRANCHES, BranchName, RewardModel
from tests.jobs.conftest import SlowServer
from tests.stores import new_store

WAIT_S = 60.0
Begin = Callable[..., str]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all, since every test draws from a seed of its own and so becomes another pair."""
    opened = new_store(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    settings = Settings(tmp_path, tmp_path, endpoints={name: Endpoint(name, name) for name in ("scripted",)})
    with Player(tmp_path, lambda: settings) as found:
        yield found


def begin(journal: PlayJournal, **values: Any) -> str:
    """A new conversation's id."""
    draft_id, seed = new_draft_id(), draw(os.environ["PYTEST_CURRENT_TEST"]) & 0x7FFF_FFFF
    plain: dict[str, Any] = {
        "endpoints": dict.fromkeys(BRANCHES, "scripted"),
        "kind": "contrast",
        "left_branch": "rejected",
        "seed": seed,
    }
    setup = Setup(draft_id, "Ada", **(plain | values), started_at="2026-01-01T00:00:00+00:00")
    journal.append(draft_id, started(setup))
    return draft_id


def say(player: Player, draft_id: str, text: str) -> Draft:
    """The conversation after both sides have answered."""
    turn = player.journal.read(draft_id).turn + 1
    player.journal.append(draft_id, {"type": "said", "turn": turn, "left": text, "right": text})
    for side in SIDES:
        player.ask(draft_id, side)
    return landed(player, draft_id)


def landed(player: Player, draft_id: str) -> Draft:
    deadline = time.monotonic() + WAIT_S
    while player.flights(draft_id):
        assert time.monotonic() < deadline, "the replies did not come"
        time.sleep(0.01)
    return player.journal.read(draft_id)


def vote(journal: PlayJournal, draft_id: str, choice: str = "left") -> Draft:
    event = {"type": "voted", "choice": choice, "reasons": ["correct"], "comment": "c", "seconds": 9.5, "verified": False}
    journal.append(draft_id, event, unless=lambda now: now is None or not now.open)
    return journal.read(draft_id)


@pytest.mark.parametrize("left", BRANCHES)
def test_a_conversation_becomes_a_pair_with_its_contrasts_apart_and_the_vote_by_branch(
    player: Player, store: Store, left: BranchName
) -> None:
    draft_id = begin(player.journal, left_branch=left)
    say(player, draft_id, "How do bridges stay up?")
    assert not say(player, draft_id, "And in a storm, with nobody near?").waiting
    draft = vote(player.journal, draft_id)
    stored = store_play(store, draft)
    found = get_pair(store, stored.pair_id)
    (origin,) = found.origins
    assert (origin.source, origin.method, origin.schedule, origin.locator) == ("play", "play", "all", draft_id)
    assert (origin.meta["person"], origin.meta["left"]) == ("Ada", left)
    assert found.pair.n_turns == 2
    assert found.pair.divergence == 1
    assert found.pair.rejected == draft.conversation(draft.setup.side_of("rejected"))
    assert [c.turn for c in origin.contrasts] == [1, 2]
    said = "\n".join(m.content for side in (found.pair.chosen, found.pair.rejected) for m in side.messages)
    assert all(c.instruction and c.instruction not in said for c in origin.contrasts)
    assert {(t.branch, t.turn) for t in origin.turns} == {(branch, turn) for branch in BRANCHES for turn in (1, 2)}
    (label,) = label_history(store, stored.pair_id)
    assert label.event.value == left
    assert (label.event.blind, label.event.queue, label.event.reasons, label.event.seconds) == (True, "play", ("correct",), 9.5)
    assert {v.rater for v in votes(store, PairFilter(pair_ids=(stored.pair_id,)))} == {"construction", "person:Ada"}
    assert stored.pair_id in selected_ids(store, Selection(methods=("play",)), built=True)


def test_storing_twice_changes_nothing(player: Player, store: Store) -> None:
    draft_id = begin(player.journal)
    say(player, draft_id, "How do bridges stay up?")
    draft = vote(player.journal, draft_id, "tie")
    first, second = store_play(store, draft), store_play(store, draft)
    assert (first.new, second.new) == (True, False)
    assert first.label == second.label
    assert len(label_history(store, first.pair_id)) == 1


def test_two_models_answers_have_no_construction_and_say_whose_they_are(player: Player, store: Store) -> None:
    endpoints: dict[BranchName, str] = {"chosen": "scripted", "rejected": "scripted"}
    draft_id = begin(player.journal, kind="models", endpoints=endpoints)
    say(player, draft_id, "How do bridges stay up?")
    stored = store_play(store, vote(player.journal, draft_id))
    (origin,) = get_pair(store, stored.pair_id).origins
    assert (origin.method, origin.contrasts, origin.schedule) == ("play_models", (), None)
    assert systems_of([origin]) == {"chosen": "scripted", "rejected": "scripted"}
    assert {v.rater for v in votes(store, PairFilter(pair_ids=(stored.pair_id,)))} == {"person:Ada"}


def test_only_turns_that_both_sides_answered_are_stored(player: Player) -> None:
    draft_id = begin(player.journal)
    say(player, draft_id, "How do bridges stay up?")
    player.journal.append(draft_id, {"type": "said", "turn": 2, "left": "And then?", "right": "And then?"})
    draft = vote(player.journal, draft_id)
    item = sourced_pair(draft)
    assert item.pair.n_turns == 1
    assert all(side.messages[-1].role == "assistant" for side in (item.pair.chosen, item.pair.rejected))


def test_nothing_is_stored_of_equal_sides_of_no_turn_and_without_a_vote(player: Player, store: Store) -> None:
    draft_id = begin(player.journal)
    with pytest.raises(RunError, match="no vote yet"):
        store_play(store, player.journal.read(draft_id))
    with pytest.raises(RunError, match="nothing to compare"):
        sourced_pair(player.journal.read(draft_id))
    player.journal.append(draft_id, {"type": "said", "turn": 1, "left": "Hello", "right": "Hello"})
    for side in SIDES:
        reply: dict[str, Any] = {"text": "The same.", "records": [], "instruction": None, "retries": {}}
        player.journal.append(draft_id, {"type": "replied", "turn": 1, "side": side, **reply})
    with pytest.raises(RunError, match="said the same"):
        sourced_pair(player.journal.read(draft_id))


def test_an_instruction_that_stands_in_the_transcript_is_never_stored(player: Player) -> None:
    draft_id = begin(player.journal, left_branch="chosen")
    player.journal.append(draft_id, {"type": "said", "turn": 1, "left": "Hello", "right": "Hello"})
    secret = "Explain to me how old iron bridges were built"
    for side, text, instruction in (("left", "Good day.", None), ("right", f"You asked: {secret}.", secret)):
        reply: dict[str, Any] = {"text": text, "records": [], "instruction": instruction, "retries": {}}
        player.journal.append(draft_id, {"type": "replied", "turn": 1, "side": side, **reply})
    with pytest.raises(RunError, match="stands in the transcript"):
        sourced_pair(player.journal.read(draft_id))


def test_a_vote_with_rewards_on_screen_is_informed_and_the_rewards_are_stored(player: Player, store: Store) -> None:
    register_model(store, RewardModel("m_x", "tiny", "", ""))
    draft_id = begin(player.journal, reward_model="tiny", left_branch="rejected")
    say(player, draft_id, "How do bridges stay up?")
    for side, value in (("left", -1.0), ("right", 2.0)):
        player.journal.append(draft_id, {"type": "scored", "side": side, "rewards": [value], "one_pass": True, "problem": ""})
    stored = store_play(store, vote(player.journal, draft_id))
    assert not stored.label.event.blind
    assert {t.branch: t.rewards for t in traces_of(store, stored.pair_id)} == {"chosen": (2.0,), "rejected": (-1.0,)}


def test_a_vote_that_the_store_refuses_is_kept_and_can_be_stored_again(player: Player, store: Store) -> None:
    draft_id = begin(player.journal, reward_model="later")
    say(player, draft_id, "How do bridges stay up?")
    for side in SIDES:
        player.journal.append(draft_id, {"type": "scored", "side": side, "rewards": [1.0], "one_pass": True, "problem": ""})
    draft = vote(player.journal, draft_id)
    with pytest.raises(StoreError, match="no reward model"):
        store_play(store, draft)
    register_model(store, RewardModel("m_later", "later", "", ""))
    stored = store_play(store, player.journal.read(draft_id))
    assert stored.label.event.value == draft.setup.left_branch


def test_the_journal_forgets_a_line_that_a_kill_cut_off_and_goes_on(tmp_path: Path) -> None:
    journal = PlayJournal(tmp_path)
    draft_id = begin(journal)
    journal.append(draft_id, {"type": "said", "turn": 1, "left": "Hello", "right": "Hello"})
    with journal.path(draft_id).open("ab") as f:
        f.write(b'{"type": "replied", "turn": 1, "si')
    assert journal.read(draft_id).waiting == SIDES
    journal.append(draft_id, {"type": "failed", "turn": 1, "side": "left", "message": "m", "hint": ""})
    assert journal.read(draft_id).problems[1, "left"].message == "m"
    assert all(json.loads(line) for line in journal.path(draft_id).read_text().splitlines())


def test_the_same_turn_said_twice_at_one_instant_is_said_once(tmp_path: Path) -> None:
    journal = PlayJournal(tmp_path)
    draft_id = begin(journal)
    event = {"type": "said", "turn": 1, "left": "Hello", "right": "Hello"}
    taken: list[bool] = []
    clicks = [
        threading.Thread(target=lambda: taken.append(journal.append(draft_id, event, unless=lambda now: now is None or now.turn >= 1)))
        for _ in range(6)
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert sorted(taken) == [False] * 5 + [True]
    assert journal.read(draft_id).turn == 1


@pytest.mark.parametrize("draft_id", ["", "../../x", "0" * 15, "Z" * 16])
def test_an_address_that_is_no_id_reaches_no_file(tmp_path: Path, draft_id: str) -> None:
    with pytest.raises(RunError, match="names no conversation"):
        PlayJournal(tmp_path).read(draft_id)


def test_open_conversations_of_a_person_are_listed_until_the_vote(tmp_path: Path) -> None:
    journal = PlayJournal(tmp_path)
    assert journal.drafts("Ada") == []
    draft_id = begin(journal)
    assert [d.setup.draft for d in journal.drafts("Ada")] == [draft_id]
    assert journal.drafts("Ben") == []
    vote(journal, draft_id)
    assert journal.drafts("Ada") == []


def test_a_conversation_is_taken_up_by_another_process_after_a_kill(player: Player, tmp_path: Path) -> None:
    draft_id = begin(player.journal)
    before = say(player, draft_id, "How do bridges stay up?")
    player.journal.append(draft_id, {"type": "said", "turn": 2, "left": "And then?", "right": "And then?"})
    with Player(tmp_path, player._settings) as second:
        assert second.journal.read(draft_id).replies == before.replies
        for side in SIDES:
            second.ask(draft_id, side)
        after = landed(second, draft_id)
    assert after.n_whole == 2
    assert {key: after.replies[key] for key in before.replies} == before.replies


@pytest.fixture
def remote(tmp_path: Path, slow_server: SlowServer) -> Iterator[Player]:
    endpoint = Endpoint("remote", "some-model", base_urls=(slow_server.url,), max_retries=0)
    dead = Endpoint("dead", "gone", base_urls=("http://127.0.0.1:9/v1",), max_retries=0, timeout_s=2.0)
    with Player(tmp_path, lambda: Settings(tmp_path, tmp_path, endpoints={"remote": endpoint, "dead": dead})) as found:
        yield found


def test_a_failed_endpoint_is_told_keeps_the_other_side_and_can_be_asked_again(remote: Player) -> None:
    draft_id = begin(remote.journal, kind="models", endpoints={"chosen": "remote", "rejected": "dead"}, left_branch="chosen")
    draft = say(remote, draft_id, "How do bridges stay up?")
    assert draft.waiting == ("right",)
    assert "cannot be reached" in draft.problems[1, "right"].message
    assert draft.problems[1, "right"].hint
    assert draft.conversation("left").messages[-1].role == "assistant"
    remote.ask(draft_id, "right")
    assert landed(remote, draft_id).tries[1, "right"] == 2


def test_a_reply_can_be_stopped_and_asked_for_again(remote: Player, slow_server: SlowServer) -> None:
    draft_id = begin(remote.journal, kind="models", endpoints=dict.fromkeys(BRANCHES, "remote"))
    slow_server.latency_s = 0.5
    remote.journal.append(draft_id, {"type": "said", "turn": 1, "left": "Hello there", "right": "Hello there"})
    remote.ask(draft_id, "left")
    remote.ask(draft_id, "left")  # a double click
    time.sleep(0.1)
    remote.stop(draft_id, "left")
    draft = landed(remote, draft_id)
    assert (draft.tries[1, "left"], draft.problems[1, "left"].message) == (1, STOPPED)
    slow_server.latency_s = 0.0
    remote.ask(draft_id, "left")
    draft = landed(remote, draft_id)
    assert "left" not in draft.waiting
    assert not draft.problems


def test_both_sides_are_asked_at_once(remote: Player, slow_server: SlowServer) -> None:
    draft_id = begin(remote.journal, kind="models", endpoints=dict.fromkeys(BRANCHES, "remote"))
    say(remote, draft_id, "A first turn, which opens the client")
    slow_server.latency_s = 1.0
    began = time.monotonic()
    assert not say(remote, draft_id, "How do bridges stay up?").waiting
    assert time.monotonic() - began < 1.9


def test_a_later_answer_to_the_same_message_does_not_replace_the_first(tmp_path: Path) -> None:
    journal = PlayJournal(tmp_path)
    draft_id = begin(journal)
    journal.append(draft_id, {"type": "said", "turn": 1, "left": "Hello", "right": "Hello"})
    for text in ("first", "second"):
        journal.append(
            draft_id, {"type": "replied", "turn": 1, "side": "left", "text": text, "records": [], "instruction": None, "retries": {}}
        )
    assert journal.read(draft_id).replies[1, "left"].text == "first"


def test_what_comes_after_the_vote_does_not_change_it_and_unknown_events_are_passed_over() -> None:
    setup = Setup("0" * 16, "Ada", "contrast", dict.fromkeys(BRANCHES, "scripted"), "chosen", 1)
    voted = {"type": "voted", "reasons": [], "comment": "", "seconds": 1.0, "verified": False}
    draft = draft_of([started(setup), {"type": "later"}, {**voted, "choice": "left"}, {**voted, "choice": "right"}])
    assert draft is not None
    assert draft.vote == PlayVote("left", seconds=1.0)
    assert label_event(draft, draft.vote, sourced_like()).value == "chosen"


def sourced_like() -> Any:
    from tests.app.samples import rice_pair

    return rice_pair()


@pytest.mark.parametrize(("schedule", "turns"), [("all", [1, 2, 3, 4]), ("only:1", [1]), ("from:2", [2, 3, 4])])
def test_the_schedule_says_which_turns_are_led_astray(schedule: str, turns: list[int]) -> None:
    setup = Setup("0" * 16, "Ada", "contrast", dict.fromkeys(BRANCHES, "scripted"), "chosen", 1, schedule=schedule)
    assert [t for t in range(1, 5) if setup.contrasted(t)] == turns
    models = Setup("0" * 16, "Ada", "models", dict.fromkeys(BRANCHES, "scripted"), "chosen", 1)
    assert not any(models.contrasted(t) for t in range(1, 5))


def test_a_model_that_cannot_score_here_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(scoring_problem(RewardModel("m", "tiny", "", "")), RewardError)
    assert scoring_problem(RewardModel("m", "tiny", str(tmp_path), "")) is None
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert isinstance(scoring_problem(RewardModel("m", "tiny", str(tmp_path), "")), MissingExtraError)


def test_a_scoring_process_that_cannot_load_its_model_says_so(tmp_path: Path) -> None:
    scorer = Scorer(tmp_path)
    with pytest.raises(RewardError, match="holds no model"):
        scorer(draft_like().conversation("left"))
    scorer.close()


def draft_like() -> Draft:
    setup = Setup("0" * 16, "Ada", "contrast", dict.fromkeys(BRANCHES, "scripted"), "chosen", 1)
    reply = {"type": "replied", "turn": 1, "text": "Hello you.", "records": [], "instruction": None, "retries": {}}
    said = {"type": "said", "turn": 1, "left": "Hello", "right": "Hello"}
    draft = draft_of([started(setup), said, {**reply, "side": "left"}, {**reply, "side": "right"}])
    assert draft is not None
    assert draft.rewards == dict[str, Rewards]()
    return draft
