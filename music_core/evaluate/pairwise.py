"""The pairwise judge: two whole conversations side by side, read in both orders.

Small models mostly name a position, whatever stands there; the two orders are asked so that this shows
(Zheng et al. 2023, MT-bench, on position bias and swapping).
"""

from collections.abc import Mapping

from music_core import prompts
from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest, Sampling
from music_core.evaluate import parse
from music_core.evaluate.question import Answer, Judge, Question, question, seed_of
from music_core.evaluate.transcript import boundary_for, transcript
from music_core.evaluate.verdict import resolve
from music_core.types import ContrastPair, Message, Order, Reading, ReadingLabel, Verdict

OFFERED: Mapping[str, ReadingLabel] = {"A": "first", "B": "second", "tie": "tie"}
ORDERS: tuple[Order, Order] = ("chosen_first", "rejected_first")
MAX_TOKENS = 400


def pairwise_prompt(pair: ContrastPair, order: Order, *, as_object: bool) -> str:
    """The whole prompt, as one user message: some chat templates take no system message."""
    boundary = boundary_for([pair.chosen, pair.rejected])
    first, second = (pair.chosen, pair.rejected) if order == "chosen_first" else (pair.rejected, pair.chosen)
    return prompts.render(
        "judge_pairwise",
        boundary=boundary,
        first=transcript(first.messages, boundary, "conversation A"),
        second=transcript(second.messages, boundary, "conversation B"),
        form=prompts.template("judge_form_object" if as_object else "judge_form_line"),
    )


def pairwise_judge(model: ChatModel, name: str, *, context_tokens: int = 4096) -> Judge:
    """A judge that compares the two conversations of a pair in both orders, at temperature 0.

    `context_tokens` is the endpoint's; a pair that does not fit is read as unparsed with a note, and not sent.
    """
    as_object = model.supports_json_schema

    def ask(pair_id: str, pair: ContrastPair) -> tuple[Question, ...]:
        return tuple(_question(model, name, pair_id, pair, order, context_tokens) for order in ORDERS)

    def read(reply: ChatReply) -> Answer:
        parser = parse.parse_object if as_object else parse.parse_line
        return Answer(parser(reply.text, reply.finish_reason, OFFERED))

    def verdict(pair_id: str, readings: list[Reading]) -> Verdict:
        return resolve(pair_id, name, "pairwise", readings)

    return Judge(name, "pairwise", model, ask, read, verdict)


def _question(model: ChatModel, name: str, pair_id: str, pair: ContrastPair, order: Order, context_tokens: int) -> Question:
    as_object = model.supports_json_schema
    request = ChatRequest(
        messages=(Message("user", pairwise_prompt(pair, order, as_object=as_object)),),
        sampling=Sampling(temperature=0.0, top_p=1.0, max_tokens=MAX_TOKENS),
        seed=seed_of("pairwise", pair_id, order),
        session=pair_id,
        json_schema=parse.verdict_schema(OFFERED) if as_object else None,
    )
    blank = Reading(pair_id, name, "pairwise", "unparsed", "", "", "", "", order=order)
    return question(name, model, blank, request, context_tokens)
