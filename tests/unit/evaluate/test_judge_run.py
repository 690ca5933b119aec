import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing

import pytest

from music_core.chat.protocol import ChatReply, ChatRequest, RequestRefusedError
from music_core.chat.scripted import ScriptedChat
from music_core.errors import ChatError
from music_core.evaluate.judge import MAX_FAILED_IN_A_ROW, Judged, checklist_judge, estimate, pairwise_judge, run_judge
from music_core.types import ContrastPair, Reading
from tests.unit.evaluate import judges as fakes
from tests.unit.evaluate.judges import collect, judged, pair_of

PAIRS = [(pair_of(n).id, pair_of(n)) for n in range(12)]


def failing(when: Callable[[int], bool], error: ChatError | None = None, **options: int) -> ScriptedChat:
    return ScriptedChat(fakes.perfect, fail=lambda n: (error or ChatError("no route")) if when(n) else None, **options)  # type: ignore[arg-type]


def run(model: ScriptedChat, pairs: list[tuple[str, ContrastPair]], errors: list[str]) -> list[Judged]:
    return collect(pairwise_judge(model, "j"), pairs, [], on_error=lambda pair_id, _: errors.append(pair_id))


def test_what_is_known_is_not_asked_again_and_still_resolves() -> None:
    first = ScriptedChat(fakes.perfect)
    readings, verdicts = judged(pairwise_judge(first, "j"), PAIRS)
    second = ScriptedChat(fakes.perfect)
    again, same = judged(pairwise_judge(second, "j"), PAIRS, {r.id: r for r in readings})
    assert (first.n_calls, second.n_calls, again) == (24, 0, [])
    assert same == verdicts


def test_half_known_pairs_ask_the_other_half() -> None:
    readings, verdicts = judged(pairwise_judge(ScriptedChat(fakes.perfect), "j"), PAIRS)
    half = {r.id: r for r in readings if r.order == "chosen_first"}
    model = ScriptedChat(fakes.perfect)
    again, same = judged(pairwise_judge(model, "j"), PAIRS, half)
    assert model.n_calls == len(again) == 12
    assert same == verdicts


def test_known_readings_may_be_looked_up_while_the_pairs_are_read() -> None:
    stored = {r.pair_id: r for r in judged(pairwise_judge(ScriptedChat(fakes.perfect), "j"), PAIRS)[0]}
    known: dict[str, Reading] = {}

    def source() -> Iterator[tuple[str, ContrastPair]]:
        for pair_id, pair in PAIRS:
            known[stored[pair_id].id] = stored[pair_id]
            yield pair_id, pair

    model = ScriptedChat(fakes.perfect)
    assert len(collect(pairwise_judge(model, "j"), source(), [], known=known)) == model.n_calls == 12


def test_another_judge_model_or_name_is_another_question() -> None:
    readings, _ = judged(pairwise_judge(ScriptedChat(fakes.perfect), "j"), PAIRS[:1])
    known = {r.id: r for r in readings}
    for judge in (pairwise_judge(ScriptedChat(fakes.perfect, model="other"), "j"), pairwise_judge(ScriptedChat(fakes.perfect), "k")):
        assert len((judged(judge, PAIRS[:1], known))[0]) == 2


def test_a_pair_given_twice_is_judged_once() -> None:
    model = ScriptedChat(fakes.perfect)
    judged(pairwise_judge(model, "j"), [PAIRS[0], PAIRS[0]])
    assert model.n_calls == 2


@pytest.mark.parametrize("limit", [1, 3, 64])
def test_calls_in_flight_reach_the_limit_and_never_pass_it(limit: int) -> None:
    model = ScriptedChat(fakes.perfect, latency_s=0.002, max_concurrency=limit)
    _, verdicts = judged(pairwise_judge(model, "j"), PAIRS)
    assert len(verdicts) == 12
    assert model.max_in_flight == min(limit, 24)


def test_a_slow_pair_holds_up_no_other() -> None:
    slow = PAIRS[0][0]

    class OneSlow(ScriptedChat):
        async def complete(self, request: ChatRequest) -> ChatReply:
            await asyncio.sleep(0.3 if request.session == slow else 0)
            return await super().complete(request)

    out = collect(pairwise_judge(OneSlow(fakes.perfect, max_concurrency=4), "j"), PAIRS, [])
    assert [item.verdict.pair_id for item in out if item.verdict][-1] == slow


def test_a_pair_on_which_the_endpoint_failed_is_left_open_and_the_rest_goes_on() -> None:
    errors: list[str] = []
    out = run(failing(lambda n: n == 3, max_concurrency=1), PAIRS, errors)
    assert len([item for item in out if item.verdict]) == 11
    assert errors == [PAIRS[1][0]]
    assert all(r.label != "unparsed" for item in out for r in item.readings)


def test_an_answered_half_is_kept_when_the_other_fails_and_a_later_run_completes_it() -> None:
    errors: list[str] = []
    out = run(failing(lambda n: n == 2, max_concurrency=1), PAIRS[:2], errors)
    half = next(item for item in out if item.verdict is None)
    assert len(half.readings) == 1
    known = {r.id: r for item in out for r in item.readings}
    readings, verdicts = judged(pairwise_judge(ScriptedChat(fakes.perfect), "j"), PAIRS[:2], known)
    assert len(readings) == 1
    assert {v.value for v in verdicts.values()} == {"chosen"}


@pytest.mark.parametrize("limit", [1, 4])
def test_a_dead_endpoint_ends_the_run_loudly_after_a_few_pairs(limit: int) -> None:
    model = failing(lambda n: n > 6, max_concurrency=limit)
    kept: list[Judged] = []
    with pytest.raises(ChatError, match=r"endpoint 'scripted' gave no answer for .* no route"):
        collect(pairwise_judge(model, "j"), PAIRS, kept)
    assert sum(len(item.readings) for item in kept) == 6
    assert model.n_calls <= 6 + 2 * limit + MAX_FAILED_IN_A_ROW + limit


def test_fewer_pairs_than_that_with_no_answer_at_all_fail_too() -> None:
    with pytest.raises(ChatError):
        run(failing(lambda _: True), PAIRS[:1], [])


def test_requests_refused_by_a_working_endpoint_never_end_a_run() -> None:
    errors: list[str] = []
    out = run(failing(lambda n: n > 2, RequestRefusedError("too long"), max_concurrency=1), PAIRS, errors)
    assert len([item for item in out if item.verdict]) == 1
    assert len(errors) == 11


def test_an_endpoint_that_refuses_everything_ends_the_run() -> None:
    with pytest.raises(ChatError, match="too long"):
        run(failing(lambda _: True, RequestRefusedError("too long")), PAIRS, [])


def test_a_stopped_run_waits_for_calls_in_flight_and_begins_no_other() -> None:
    model = ScriptedChat(fakes.perfect, latency_s=0.001, max_concurrency=2)
    done: list[int] = []
    out = collect(pairwise_judge(model, "j"), PAIRS, [], on_progress=done.append, should_stop=lambda: model.n_calls >= 6)
    assert model.n_calls == sum(len(item.readings) for item in out) < 24
    assert done == list(range(1, len(done) + 1))


def test_leaving_early_leaves_no_call_behind() -> None:
    model = ScriptedChat(fakes.perfect, latency_s=0.01, max_concurrency=4)

    async def leave() -> None:
        async with aclosing(run_judge(pairwise_judge(model, "j"), PAIRS)) as running:
            await anext(running)
        assert model.n_in_flight == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(leave())


def test_pairs_are_read_only_as_they_are_needed() -> None:
    taken: list[str] = []

    def source() -> Iterator[tuple[str, ContrastPair]]:
        for item in PAIRS:
            taken.append(item[0])
            yield item

    async def leave() -> None:
        async with aclosing(run_judge(pairwise_judge(ScriptedChat(fakes.perfect, max_concurrency=1), "j"), source())) as running:
            await anext(running)

    asyncio.run(leave())
    assert len(taken) == 1


def test_an_estimate_counts_what_a_run_would_ask() -> None:
    judge = pairwise_judge(ScriptedChat(), "j")
    readings: list[Reading] = [q.blank for q in judge.ask(*PAIRS[0])][:1]
    assert estimate(judge, PAIRS).calls == 24
    assert estimate(judge, PAIRS, {r.id: r for r in readings}).calls == 23
    assert estimate(checklist_judge(ScriptedChat(), "c"), PAIRS).tokens_out == 24 * 4
    assert 24 * 300 < estimate(judge, PAIRS).tokens_in < 24 * 600


def test_a_judge_names_its_model_and_endpoint_so_that_a_simulator_is_noticed() -> None:
    judge = checklist_judge(ScriptedChat(endpoint="e", model="m"), "c")
    assert (judge.name, judge.kind, judge.model, judge.endpoint) == ("c", "checklist", "m", "e")
