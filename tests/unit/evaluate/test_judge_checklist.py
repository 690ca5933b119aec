import pytest

from music_core.chat.protocol import ChatReply, ChatRequest
from music_core.chat.scripted import ScriptedChat
from music_core.evaluate.checklist import TOP_LOGPROBS, checklist_judge, read_yes_no, turns_asked
from music_core.types import ContrastPair, Conversation, Message
from tests.unit.evaluate import judges as fakes
from tests.unit.evaluate.judges import GOOD, judged, pair_of, swapped

PAIRS = [(pair_of(n).id, pair_of(n)) for n in range(3)]
perfect = fakes.sure(lambda request: 0.9 if GOOD in fakes.last_reply(request) else 0.2)


def bare(request: ChatRequest) -> str:
    return "Yes." if GOOD in fakes.last_reply(request) else "no"


def test_probabilities_part_the_branches() -> None:
    readings, verdicts = judged(checklist_judge(ScriptedChat(perfect), "c"), PAIRS)
    assert {(v.value, round(v.score or 0, 6)) for v in verdicts.values()} == {("chosen", 0.7)}
    assert {(r.branch, r.label, round(r.p_yes or 0, 6)) for r in readings} == {("chosen", "yes", 0.9), ("rejected", "no", 0.2)}


def test_the_bare_word_counts_where_there_are_no_probabilities() -> None:
    readings, verdicts = judged(checklist_judge(ScriptedChat(bare), "c"), PAIRS)
    assert {(v.value, v.score) for v in verdicts.values()} == {("chosen", 1.0)}
    assert {r.p_yes for r in readings} == {None}


def test_swapping_the_sides_mirrors_the_verdict() -> None:
    _, verdicts = judged(checklist_judge(ScriptedChat(perfect), "c"), [(p, swapped(pair)) for p, pair in PAIRS])
    assert {(v.value, round(v.score or 0, 6)) for v in verdicts.values()} == {("rejected", -0.7)}


def test_every_turn_from_the_divergence_on_is_asked_alone() -> None:
    pair = pair_of(0, turns=4)
    model = ScriptedChat(perfect)
    readings, _ = judged(checklist_judge(model, "c"), [(pair.id, pair)])
    assert sorted((r.branch or "", r.turn or 0) for r in readings) == [(b, t) for b in ("chosen", "rejected") for t in (2, 3, 4)]
    for request in model.requests:
        text = request.messages[0].content
        assert not (fakes.GOOD in text and fakes.BAD in text)
        assert (request.top_logprobs, request.sampling.temperature, request.json_schema) == (TOP_LOGPROBS, 0.0, None)


@pytest.mark.parametrize(("n_chosen", "n_rejected", "asked"), [(1, 3, ([1], [1, 2, 3])), (2, 2, ([2], [2])), (3, 2, ([2, 3], [2]))])
def test_a_branch_that_ends_before_the_divergence_is_asked_about_its_last_turn(
    n_chosen: int, n_rejected: int, asked: tuple[list[int], list[int]]
) -> None:
    messages = tuple(m for k in range(3) for m in (Message("user", f"q{k}"), Message("assistant", f"a{k}")))
    pair = ContrastPair(Conversation(messages[: 2 * n_chosen]), Conversation(messages[: 2 * n_rejected]))
    assert (list(turns_asked(pair, "chosen")), list(turns_asked(pair, "rejected"))) == asked


def test_a_conversation_without_a_reply_is_unresolved_and_asks_nothing_about_it() -> None:
    question, reply = Message("user", "q"), Message("assistant", "a")
    pair = ContrastPair(Conversation((question,)), Conversation((question, reply)))
    _, verdicts = judged(checklist_judge(ScriptedChat(perfect), "c"), [(pair.id, pair)])
    assert verdicts[pair.id].value == "unresolved"


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        (ChatReply("Yes, it", "length", first_token=(("Yes", -0.1), ("No", -3.0))), "yes"),
        (ChatReply("Well", "stop", first_token=(("Well", -0.01),)), "unparsed"),
        (ChatReply("Yes, it", "length"), "unparsed"),
        (ChatReply("Yes, it did", "stop"), "unparsed"),
        (ChatReply("", "stop"), "unparsed"),
    ],
)
def test_a_reply_is_read_from_its_first_token_or_as_one_word(reply: ChatReply, label: str) -> None:
    assert read_yes_no(reply).label == label


def test_one_turn_that_says_nothing_leaves_the_pair_unresolved() -> None:
    pair = pair_of(0, turns=3)

    def third_is_silent(request: ChatRequest) -> str:
        return "" if "turn 2, assistant" in request.messages[0].content else "yes"

    _, verdicts = judged(checklist_judge(ScriptedChat(third_is_silent), "c"), [(pair.id, pair)])
    assert (verdicts[pair.id].value, verdicts[pair.id].n_unparsed) == ("unresolved", 2)


def test_the_margin_within_which_branches_are_tied_can_be_set() -> None:
    _, verdicts = judged(checklist_judge(ScriptedChat(perfect), "c", tie_margin=0.8), PAIRS[:1])
    assert verdicts[PAIRS[0][0]].value == "tie"
