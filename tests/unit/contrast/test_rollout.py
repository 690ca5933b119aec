import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from music_core.chat.journal import Journal
from music_core.chat.protocol import ChatReply, ChatRequest, RequestRefusedError
from music_core.chat.scripted import ScriptedChat, drawn_reply
from music_core.contrast.config import GenerationConfig, generation_config
from music_core.contrast.estimate import estimate
from music_core.contrast.rollout import DroppedPair, drop_counts, generate_pairs, run_fingerprint
from music_core.errors import ChatError, ConfigError
from music_core.types import Conversation, Message, Seed, SourcedPair
from tests.unit.contrast.talk import seed, talk

QUESTIONS = ("How do I bake bread in a small oven?", "Where can we hike near the lake with children?", "How can I save money on food?")
SEEDS = [seed(q) for q in QUESTIONS]


def generate(config: GenerationConfig, model: ScriptedChat, seeds: Sequence[Seed] = SEEDS, **more: Any) -> list[SourcedPair | DroppedPair]:
    async def go() -> list[SourcedPair | DroppedPair]:
        journal = more.pop("journal", None) or Journal()
        return [r async for r in generate_pairs(seeds, assistant=model, user=model, config=config, journal=journal, **more)]

    return sorted(asyncio.run(go()), key=lambda r: r.origin.locator if isinstance(r, SourcedPair) else r.locator)


def pairs(results: Sequence[SourcedPair | DroppedPair]) -> list[SourcedPair]:
    assert all(isinstance(r, SourcedPair) for r in results), results
    return [r for r in results if isinstance(r, SourcedPair)]


@pytest.mark.parametrize("method", ["one_call", "two_call", "swap"])
@pytest.mark.parametrize(("schedule", "first"), [("all", 1), ("from:3", 3), ("only:2", 2), ("last", 4), ("random:0.4", None)])
def test_branches_share_what_comes_before_the_first_contrasted_turn_and_part_there(method: str, schedule: str, first: int | None) -> None:
    config = generation_config({"turns": 4, "method": method, "schedule": schedule})
    for made in pairs(generate(config, ScriptedChat())):
        contrasted = [c.turn for c in made.origin.contrasts]
        assert made.pair.divergence == contrasted[0] == (first or contrasted[0])
        assert made.pair.n_shared == 2 * contrasted[0] - 1  # up to and with the user's message of that turn
        assert made.pair.chosen.n_turns == made.pair.rejected.n_turns == 4
        assert [m.role for m in made.pair.rejected.messages] == ["user", "assistant"] * 4
        assert (made.origin.method, made.origin.schedule) == (method, schedule)
        text = " ".join(m.content for m in made.pair.rejected.messages)
        assert all(c.instruction and c.instruction not in text for c in made.origin.contrasts)


@pytest.mark.parametrize("method", ["one_call", "two_call", "swap"])
@pytest.mark.parametrize("schedule", ["all", "from:2", "last"])
def test_the_estimate_is_the_number_of_calls_that_a_run_without_retries_makes(method: str, schedule: str) -> None:
    for speaker in ("form", "call"):
        # A checking call that always says "person" refuses nothing.
        person = ChatReply("A", "stop", first_token=(("A", -0.01),))
        model = ScriptedChat(lambda r, a=person: a if r.top_logprobs else drawn_reply(r))  # type: ignore[misc]
        config = generation_config({"turns": 4, "method": method, "schedule": schedule, "speaker": speaker})
        pairs(generate(config, model))
        assert estimate(len(SEEDS), config).calls == model.n_calls


def test_each_branchs_user_speaks_from_that_branchs_own_history() -> None:
    model = ScriptedChat()
    (made,) = pairs(generate(GenerationConfig(turns=3, method="two_call"), model, SEEDS[:1]))
    chosen_reply, rejected_reply = made.pair.chosen.messages[1].content, made.pair.rejected.messages[1].content
    for request in model.requests:
        text = " ".join(m.content for m in request.messages)
        assert not (chosen_reply in text and rejected_reply in text)
    users = {m.session: m for m in model.requests if m.session.endswith("/user")}
    assert {s.split("/")[1] for s in users} == {"chosen", "rejected"}


def test_the_set_of_pairs_does_not_depend_on_latency_or_on_the_order_of_seeds() -> None:
    config = GenerationConfig(turns=3, method="swap", schedule="random:0.5")
    slow = generate(config, ScriptedChat(latency_s=0.002, max_concurrency=2), list(reversed(SEEDS)))
    quick = generate(config, ScriptedChat())
    assert [r.pair.id for r in pairs(slow)] == [r.pair.id for r in pairs(quick)]
    other = generate(dataclasses.replace(config, seed=1), ScriptedChat())
    assert {r.pair.id for r in pairs(other)}.isdisjoint(r.pair.id for r in pairs(quick))


def test_a_context_of_several_turns_is_kept_and_turns_are_counted_over_the_whole_conversation() -> None:
    context = Conversation(
        (Message("system", "You run a bakery."), *talk("Do you sell rye bread?", "Yes, on Fridays.", "And cakes?").messages)
    )
    model = ScriptedChat()
    (made,) = pairs(generate(GenerationConfig(turns=2, schedule="only:2"), model, [Seed(context)]))
    assert made.pair.chosen.messages[:4] == context.messages
    assert made.pair.chosen.n_turns == 3
    assert [c.turn for c in made.origin.contrasts] == [3] == [made.pair.divergence]
    assert all("You run a bakery." in r.messages[0].content for r in model.requests if r.session.endswith("assistant"))


def test_every_generated_message_has_its_provenance() -> None:
    (made,) = pairs(generate(GenerationConfig(turns=3, method="two_call", schedule="from:2"), ScriptedChat(), SEEDS[:1]))
    records = made.origin.turns
    replies = [(r.branch, r.turn, r.role) for r in records if r.purpose == "reply"]
    assert sorted(replies) == sorted(
        [("chosen", t, "assistant") for t in (1, 2, 3)]
        + [("chosen", t, "user") for t in (2, 3)]
        + [("rejected", t, "assistant") for t in (2, 3)]
        + [("rejected", 3, "user")]
    )
    assert [(r.branch, r.turn) for r in records if r.purpose == "instruction"] == [("rejected", 2), ("rejected", 3)]
    assert len({r.seed for r in records}) == len(records)
    assert all(r.endpoint == "scripted" and r.prompt_hash and r.tokens_in and r.sampling["max_tokens"] for r in records)


def failing(role: str, turn: int, how: Callable[[ChatRequest], str | ChatReply]) -> ScriptedChat:
    """A model that spoils what `role` says in `turn` (of three), in both branches."""

    def answer(request: ChatRequest) -> str | ChatReply:
        who = request.session.rsplit("/", 1)[1]
        # Its own lines so far, plus the one that is asked for.
        if who == role and sum(m.role == "assistant" for m in request.messages) + 1 == turn:
            return how(request)
        return drawn_reply(request)

    return ScriptedChat(answer)


@pytest.mark.parametrize(
    ("role", "reply", "reason"),
    [
        ("assistant", ChatReply("It goes on and on and", "length"), "unfinished"),
        ("assistant", ChatReply("   ", "stop"), "empty"),
        ("assistant", ChatReply("Here I answer the modified instruction.", "stop"), "leak"),
        ("user", ChatReply("Sure, here are some tips for you.", "stop"), "speaker"),
        ("user", ChatReply(QUESTIONS[0], "stop"), "repetition"),
        ("user", ChatReply("", "stop"), "empty"),
    ],
)
def test_a_message_that_fails_its_gates_every_time_drops_the_pair_with_its_reason(role: str, reply: ChatReply, reason: str) -> None:
    config = GenerationConfig(turns=3, schedule="last", attempts=2)
    model = failing(role, 2, lambda _: reply)
    (dropped,) = generate(config, model, SEEDS[:1])
    assert isinstance(dropped, DroppedPair)
    assert (dropped.reason, dropped.branch, dropped.seed_id) == (reason, "chosen", SEEDS[0].id)
    assert dropped.detail
    assert drop_counts([dropped, dropped]) == {reason: 2}
    assert dropped.turns


def test_a_message_that_fails_once_is_written_again_and_the_retry_is_told() -> None:
    seen: set[str] = set()

    def once(request: ChatRequest) -> str | ChatReply:
        first = request.session not in seen
        seen.add(request.session)
        return ChatReply("Cut o", "length") if first else ChatReply("A whole sentence at last.", "stop")

    (made,) = pairs(generate(GenerationConfig(turns=3, schedule="last"), failing("assistant", 2, once), SEEDS[:1]))
    assert made.origin.meta["retries"] == {"unfinished": 1}
    assert made.pair.chosen.messages[3].content == "A whole sentence at last."


def test_the_earlier_of_two_drops_is_told_whichever_came_first() -> None:
    def answer(request: ChatRequest) -> str | ChatReply:
        _, branch, role = request.session.rsplit("/", 2)
        turn = sum(m.role == "assistant" for m in request.messages) + 1
        spoilt = role == "assistant" and (branch, turn) in (("chosen", 3), ("rejected", 2))
        return ChatReply("cut", "length") if spoilt else drawn_reply(request)

    (dropped,) = generate(GenerationConfig(turns=3, method="swap"), ScriptedChat(answer), SEEDS)[:1]
    assert isinstance(dropped, DroppedPair)
    assert (dropped.branch, dropped.turn) == ("rejected", 2)


def test_a_rejected_reply_that_equals_the_normal_one_drops_the_pair() -> None:
    model = failing("assistant", 1, lambda _: "The very same answer to everything.")
    results = generate(GenerationConfig(turns=2, method="swap"), model)
    assert drop_counts([r for r in results if isinstance(r, DroppedPair)]) == {"identical": 3}
    assert all(isinstance(r, DroppedPair) and r.branch is None for r in results)


def test_a_reply_in_another_form_than_asked_is_counted_as_unparsed() -> None:
    model = ScriptedChat(lambda r: "I just answer." if r.json_schema else drawn_reply(r))
    (dropped,) = generate(GenerationConfig(turns=2), model, SEEDS[:1])
    assert isinstance(dropped, DroppedPair)
    assert dropped.reason == "unparsed"


def test_a_gate_that_is_switched_off_lets_through() -> None:
    model = failing("user", 2, lambda _: "Sure, here are some tips for you.")
    config = GenerationConfig(turns=2, schedule="last", gates=("empty", "unfinished", "leak", "identical"))
    assert len(pairs(generate(config, model, SEEDS[:1]))) == 1


def test_a_model_may_be_asked_who_is_speaking() -> None:

    def answer(request: ChatRequest) -> str | ChatReply:
        if request.top_logprobs:
            return ChatReply("B", "length", first_token=((" B", -0.1), ("A", -2.5)))
        return drawn_reply(request)

    (dropped,) = generate(GenerationConfig(turns=2, speaker="call", schedule="last"), ScriptedChat(answer), SEEDS[:1])
    assert isinstance(dropped, DroppedPair)
    assert dropped.reason == "speaker"
    assert "P(person) = 0.08" in dropped.detail


def test_a_request_that_the_endpoint_refuses_drops_its_pair_alone() -> None:
    def fail(request: ChatRequest) -> str | ChatReply:
        if QUESTIONS[1] in request.messages[-1].content:
            raise RequestRefusedError("too long")
        return drawn_reply(request)

    results = generate(GenerationConfig(turns=2), ScriptedChat(fail))
    assert drop_counts([r for r in results if isinstance(r, DroppedPair)]) == {"refused": 1}


def test_an_endpoint_that_fails_for_good_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("music_core.contrast.rollout.Engine", _quick_engine)
    with pytest.raises(ChatError, match="down"):
        generate(GenerationConfig(turns=2), ScriptedChat(fail=lambda n: ChatError("down") if n > 4 else None))


def _quick_engine(journal: Journal) -> Any:
    from music_core.chat.engine import Engine

    return Engine(journal, retries=0)


def test_a_run_that_is_stopped_goes_on_later_from_its_journal() -> None:
    async def go() -> tuple[int, int, int]:
        journal, model = Journal(), ScriptedChat(latency_s=0.001, max_concurrency=1)
        config = GenerationConfig(turns=3)

        async def run(stop: Callable[[], bool]) -> int:
            results = generate_pairs(SEEDS, assistant=model, user=model, config=config, journal=journal, should_stop=stop)
            return len([r async for r in results])

        first = await run(lambda: model.n_calls > 5)
        second = await run(lambda: False)
        return first, second, model.n_calls

    first, second, n_calls = asyncio.run(go())
    assert first < 3
    assert second == 3
    assert n_calls <= estimate(3, GenerationConfig(turns=3)).calls + 1  # one call may be in flight at the stop


def test_progress_counts_pairs() -> None:
    seen: list[tuple[int, int, str]] = []
    generate(GenerationConfig(turns=2), ScriptedChat(), on_progress=lambda *values: seen.append(values))
    assert [(done, total) for done, total, _ in seen] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert seen[-1][2] == "3 pairs, 0 dropped, 18 calls"


def test_the_same_context_twice_is_one_pair() -> None:
    assert len(generate(GenerationConfig(turns=2), ScriptedChat(), [SEEDS[0], SEEDS[0]])) == 1


def test_swap_alone_and_a_seed_without_a_question_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least two seeds"):
        generate(GenerationConfig(method="swap"), ScriptedChat(), SEEDS[:1])
    with pytest.raises(ConfigError, match="does not end with a user's message"):
        generate(GenerationConfig(), ScriptedChat(), [Seed(talk("a", "b"))])


def test_the_fingerprint_covers_models_sampling_prompts_and_gates_but_not_length_or_schedule() -> None:
    base, model = GenerationConfig(), ScriptedChat()
    first = run_fingerprint(model, model, base)
    assert run_fingerprint(model, model, dataclasses.replace(base, turns=2, schedule="last")) == first
    changed = [
        dataclasses.replace(base, gates=("empty",)),
        dataclasses.replace(base, reply_words=10),
        dataclasses.replace(base, user=dataclasses.replace(base.user, temperature=0.1)),
    ]
    assert all(run_fingerprint(model, model, config) != first for config in changed)
    assert run_fingerprint(ScriptedChat(model="other"), model, base) != first
    assert run_fingerprint(model, ScriptedChat(endpoint="other"), base) != first


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"turns": 0}, "turns must be at least 1"),
        ({"method": "three_call"}, "no method 'three_call'.*swap"),
        ({"gates": ["leak", "luck"]}, "no gate luck"),
        ({"speaker": "maybe"}, "speaker"),
        ({"schedule": "only:9"}, "between 1 and 5"),
        ({"user": {"heat": 1}}, "unknown setting heat"),
        ({"colour": "red"}, "unknown setting colour"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        generation_config(table)


def test_a_config_from_a_table_keeps_the_defaults_of_what_it_leaves_out() -> None:
    config = generation_config({"turns": 2, "user": {"temperature": 0.1, "stop": ["\n"]}})
    assert (config.turns, config.user.temperature, config.user.stop) == (2, 0.1, ("\n",))
    assert config.user.max_tokens == GenerationConfig().user.max_tokens
    assert config.assistant == GenerationConfig().assistant
