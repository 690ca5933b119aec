import json
from collections.abc import Callable

import pytest

from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.chat.scripted import Script, ScriptedChat
from music_core.evaluate.judge import Judge, score_judge
from tests.unit.evaluate.judges import BAD, GOOD, judged, pair_of, swapped

PAIRS = [(pair_of(n).id, pair_of(n)) for n in range(3)]


def points(give: Callable[[str], int]) -> Callable[[ChatRequest], str]:
    """A judge that gives points by the text of the conversation, in the form that the prompt asked for."""

    def reply(request: ChatRequest) -> str:
        n = give(request.messages[-1].content)
        return json.dumps({"reason": "So.", "score": n}) if request.json_schema else f"So.\nScore: {n}"

    return reply


perfect = points(lambda text: 9 if GOOD in text else 3)


def judge(script: Script, *, as_object: bool = True) -> Judge:
    return score_judge(ScriptedChat(script, supports_json_schema=as_object), "s")


@pytest.mark.parametrize("as_object", [True, False])
def test_the_branch_with_more_points_wins(as_object: bool) -> None:
    readings, verdicts = judged(judge(perfect, as_object=as_object), PAIRS)
    assert {(v.kind, v.value, v.first_rate) for v in verdicts.values()} == {("score", "chosen", None)}
    assert {v.score for v in verdicts.values()} == {6 / 9}
    assert {(r.branch, r.label, r.grade, r.order, r.turn) for r in readings} == {
        ("chosen", "scored", 9.0, None, None),
        ("rejected", "scored", 3.0, None, None),
    }


def test_each_conversation_is_seen_alone() -> None:
    model = ScriptedChat(perfect)
    judged(score_judge(model, "s"), PAIRS)
    assert model.n_calls == 6
    assert all((GOOD in r.messages[0].content) != (BAD in r.messages[0].content) for r in model.requests)


def test_swapping_the_sides_mirrors_the_verdict() -> None:
    _, verdicts = judged(judge(perfect), [(p, swapped(pair)) for p, pair in PAIRS])
    assert {(v.value, v.score) for v in verdicts.values()} == {("rejected", -6 / 9)}


def test_equal_points_are_a_tie_and_one_point_is_not() -> None:
    for given, value in ((7, "tie"), (6, "chosen")):
        _, verdicts = judged(judge(points(lambda text, given=given: 7 if GOOD in text else given)), PAIRS[:1])  # type: ignore[misc]
        assert verdicts[PAIRS[0][0]].value == value


@pytest.mark.parametrize("said", ["Score: 11", "Score: 7/10", "7", '{"reason": "x", "score": "7"}', '{"reason": "x", "score": 7.0}'])
@pytest.mark.parametrize("as_object", [True, False])
def test_points_in_another_form_are_unresolved(said: str, as_object: bool) -> None:
    readings, verdicts = judged(judge(lambda _: said, as_object=as_object), PAIRS[:1])
    assert {(r.label, r.grade, r.raw) for r in readings} == {("unparsed", None, said)}
    assert verdicts[PAIRS[0][0]].value == "unresolved"


def test_a_cut_off_reply_is_unresolved() -> None:
    _, verdicts = judged(judge(lambda request: ChatReply(perfect(request), "length")), PAIRS[:1])
    assert verdicts[PAIRS[0][0]].value == "unresolved"


def test_the_scripted_fake_gives_points_of_the_schema() -> None:
    readings, _ = judged(score_judge(ScriptedChat(), "s"), PAIRS)
    assert {r.label for r in readings} == {"scored"}
    assert all(r.grade in range(1, 11) for r in readings)
