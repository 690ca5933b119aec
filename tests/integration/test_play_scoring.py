"""Rewards of a talk by a process of its own: those of the model, one for every turn, and the talk goes on without them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.play.draft import SIDES
from jobs.play.player import Player
from jobs.play.scoring import Scorer
from music_core.config import Endpoint, Settings
from music_core.reward.score import RewardScorer
from tests.jobs.test_play import begin, landed, say
from tests.unit.reward.tiny import backbone, chat, save, tokenizer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random reward model."""
    tok = tokenizer("chatml")
    return save(tmp_path_factory.mktemp("rm"), backbone("llama", len(tok), 0, classify=True, head_scale=3.0), tok)


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    settings = Settings(tmp_path, tmp_path, endpoints={"scripted": Endpoint("scripted", "scripted")})
    with Player(tmp_path, lambda: settings) as found:
        yield found


def test_the_process_gives_the_models_rewards_and_is_started_again_after_it_died(folder: Path) -> None:
    conversations = [chat(seed, turns=3) for seed in range(2)]
    expected = {s.key: s.rewards for s in RewardScorer(folder).score([(c.id, c) for c in conversations])}
    scorer = Scorer(folder)
    for conversation in conversations:
        assert scorer(conversation).values == pytest.approx(expected[conversation.id], abs=1e-5)
        scorer.close()


def test_every_turn_of_a_talk_gets_a_reward(player: Player, folder: Path) -> None:
    draft_id = begin(player.journal, reward_model="tiny")
    draft = say(player, draft_id, "How do bridges stay up?")
    for side in SIDES:
        player.ask(draft_id, side, folder)
    draft = landed(player, draft_id)
    assert {side: len(found.values) for side, found in draft.rewards.items()} == dict.fromkeys(SIDES, 1)


def test_a_model_that_cannot_be_loaded_leaves_the_talk_as_it_is(player: Player, tmp_path: Path) -> None:
    draft_id = begin(player.journal, reward_model="tiny")
    say(player, draft_id, "How do bridges stay up?")
    began = time.monotonic()
    player.ask(draft_id, "left", tmp_path)
    draft = landed(player, draft_id)
    assert "holds no model" in draft.rewards["left"].problem
    assert not draft.waiting
    assert time.monotonic() - began < 60
