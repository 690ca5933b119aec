from dataclasses import replace

import pytest

from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.chat.scripted import Script, ScriptedChat
from music_core.evaluate.judge import NOT_ASKED, Judge, pairwise_judge
from tests.unit.evaluate import judges as fakes
from tests.unit.evaluate.judges import judged, pair_of, swapped

PAIRS = [(pair_of(n).id, pair_of(n)) for n in range(4)]


def judge(script: Script, *, as_object: bool = True) -> Judge:
    return pairwise_judge(ScriptedChat(script, supports_json_schema=as_object), "j")


@pytest.mark.parametrize("as_object", [True, False])
def test_a_perfect_judge_names_the_chosen_side(as_object: bool) -> None:
    readings, verdicts = judged(judge(fakes.perfect, as_object=as_object), PAIRS)
    assert {v.value for v in verdicts.values()} == {"chosen"}
    assert sorted((r.order, r.label) for r in readings[:2]) == [("chosen_first", "first"), ("rejected_first", "second")]
    assert len(readings) == 8


def test_a_judge_that_always_says_the_first_flips_every_pair() -> None:
    _, verdicts = judged(judge(fakes.always_first), PAIRS)
    assert {(v.value, v.score, v.first_rate) for v in verdicts.values()} == {("flip", 0.0, 1.0)}


def test_a_judge_of_length_prefers_the_longer_side() -> None:
    _, verdicts = judged(judge(fakes.longer), PAIRS)
    assert {v.value for v in verdicts.values()} == {"rejected"}


def test_nonsense_is_unresolved_and_kept_raw() -> None:
    readings, verdicts = judged(judge(fakes.nonsense, as_object=False), PAIRS)
    assert {v.value for v in verdicts.values()} == {"unresolved"}
    assert {r.raw for r in readings} == {"Verdict: maybe A, maybe B, who can tell"}


@pytest.mark.parametrize("script", [fakes.perfect, fakes.longer, fakes.always_first, fakes.nonsense])
def test_swapping_the_sides_of_every_pair_mirrors_every_verdict(script: Script) -> None:
    mirror = {"chosen": "rejected", "rejected": "chosen"}
    _, before = judged(judge(script), PAIRS)
    _, after = judged(judge(script), [(pair_id, swapped(pair)) for pair_id, pair in PAIRS])
    assert {p: mirror.get(v.value, v.value) for p, v in before.items()} == {p: v.value for p, v in after.items()}


def test_a_prompt_is_one_user_message_at_temperature_0_with_a_seed_of_its_own() -> None:
    model = ScriptedChat(fakes.perfect, accepts_system=False)
    judged(pairwise_judge(model, "j"), PAIRS[:1])
    assert [[m.role for m in r.messages] for r in model.requests] == [["user"], ["user"]]
    assert {r.sampling.temperature for r in model.requests} == {0.0}
    assert len({r.seed for r in model.requests}) == 2


def test_both_orders_show_the_same_two_conversations() -> None:
    model = ScriptedChat(fakes.perfect)
    judged(pairwise_judge(model, "j"), PAIRS[:1])
    (a, b), (c, d) = (fakes.shown(r) for r in model.requests)
    assert a.strip() == d.replace("conversation B", "conversation A").strip()
    assert b.strip() == c.replace("conversation A", "conversation B").strip()


def test_a_schema_is_sent_only_where_the_endpoint_takes_one() -> None:
    for as_object in (True, False):
        model = ScriptedChat(fakes.perfect, supports_json_schema=as_object)
        judged(pairwise_judge(model, "j"), PAIRS[:1])
        assert [r.json_schema is not None for r in model.requests] == [as_object] * 2
        assert ("Verdict: A" in model.requests[0].messages[0].content) is not as_object


def test_a_reading_keeps_what_was_asked_of_whom_and_what_it_cost() -> None:
    def reply(request: ChatRequest) -> ChatReply:
        return ChatReply(fakes.perfect(request), "stop", tokens_in=100, tokens_out=20, latency_s=0.5, cost=0.01)

    readings, _ = judged(pairwise_judge(ScriptedChat(reply, endpoint="e", model="m"), "mine"), PAIRS[:1])
    for r in readings:
        assert (r.judge, r.kind, r.endpoint, r.model, r.pair_id) == ("mine", "pairwise", "e", "m", PAIRS[0][0])
        assert (r.tokens_in, r.tokens_out, r.latency_s, r.cost, r.finish_reason) == (100, 20, 0.5, 0.01, "stop")
        assert len(r.prompt_hash) == 16
    assert len({r.prompt_hash for r in readings}) == 2


def test_a_pair_that_does_not_fit_is_unparsed_with_a_note_and_not_sent() -> None:
    long = pair_of(0, extra=" word" * 4000)
    model = ScriptedChat(fakes.perfect)
    readings, verdicts = judged(pairwise_judge(model, "j", context_tokens=2048), [(long.id, long), PAIRS[0]])
    refused = [r for r in readings if r.pair_id == long.id]
    assert [(r.label, r.finish_reason) for r in refused] == [("unparsed", NOT_ASKED)] * 2
    assert "takes 2048" in refused[0].raw
    assert (verdicts[long.id].value, verdicts[PAIRS[0][0]].value) == ("unresolved", "chosen")
    assert model.n_calls == 2


def test_a_longer_context_asks_a_pair_that_did_not_fit_before() -> None:
    long = pair_of(0, extra=" word" * 4000)
    readings, _ = judged(pairwise_judge(ScriptedChat(fakes.perfect), "j", context_tokens=2048), [(long.id, long)])
    known = {r.id: r for r in readings}
    _, verdicts = judged(pairwise_judge(ScriptedChat(fakes.perfect), "j", context_tokens=65536), [(long.id, long)], known)
    assert verdicts[long.id].value == "chosen"


def test_a_cut_off_reply_is_unresolved() -> None:
    def reply(request: ChatRequest) -> ChatReply:
        return ChatReply(fakes.perfect(request), "length")

    readings, verdicts = judged(pairwise_judge(ScriptedChat(reply), "j"), PAIRS[:1])
    assert {r.finish_reason for r in readings} == {"length"}
    assert verdicts[PAIRS[0][0]] == replace(verdicts[PAIRS[0][0]], value="unresolved", score=None, n_unparsed=2)
