"""The pairwise judge: two whole conversations side by side, read in both orders.

Small models mostly name a position, whatever stands there; the two orders are asked so that this shows
(Zheng et al. 2023, MT-bench, on position bias and swapping).
"""

from music_core import prompts
from music_core.chat.protocol import ChatModel, ChatReply
from music_core.evaluate.parse import Answer
from music_core.evaluate.question import Asker, Judge, Question, seed_of
from music_core.evaluate.rubric import Rubric, default_rubric
from music_core.evaluate.scale import THREE, Scale
from music_core.evaluate.transcript import boundary_for, transcript
from music_core.evaluate.verdict import resolve
from music_core.types import ContrastPair, Order, Reading, Verdict

ORDERS: tuple[Order, Order] = ("chosen_first", "rejected_first")


def pairwise_prompt(pair: ContrastPair, order: Order, *, as_object: bool, rubric: Rubric | None = None, scale: Scale = THREE) -> str:
    """The whole prompt of `rubric` (default: `overall`) with the form of `scale` at the end of it."""
    rubric = rubric or default_rubric("pairwise")
    boundary = boundary_for([pair.chosen, pair.rejected])
    first, second = (pair.chosen, pair.rejected) if order == "chosen_first" else (pair.rejected, pair.chosen)
    return prompts.render_text(
        rubric.text,
        boundary=boundary,
        first=transcript(first.messages, boundary, "conversation A"),
        second=transcript(second.messages, boundary, "conversation B"),
        form=scale.form(rubric.reason, as_object=as_object),
    )


def pairwise_judge(
    model: ChatModel,
    name: str,
    *,
    context_tokens: int = 4096,
    rubric: Rubric | None = None,
    scale: Scale = THREE,
    repeats: int = 1,
    temperature: float | None = None,
) -> Judge:
    """A judge that compares the two conversations of a pair in both orders, by `rubric` (default: `overall`) and on `scale`.

    `context_tokens` is the endpoint's; a pair that does not fit is read as unparsed with a note, and not sent.
    `repeats` and `temperature` as in `Asker`.
    """
    asker = Asker(model, name, context_tokens, repeats, temperature)
    rubric = rubric or default_rubric("pairwise")
    as_object = model.supports_json_schema

    def ask(pair_id: str, pair: ContrastPair) -> tuple[Question, ...]:
        texts = {order: pairwise_prompt(pair, order, as_object=as_object, rubric=rubric, scale=scale) for order in ORDERS}
        return tuple(one(pair_id, order, repeat, texts[order]) for repeat in range(repeats) for order in ORDERS)

    def one(pair_id: str, order: Order, repeat: int, text: str) -> Question:
        return asker.question(
            Reading(pair_id, name, "pairwise", "unparsed", "", "", "", "", order=order, repeat=repeat),
            text,
            session=pair_id,
            max_tokens=rubric.max_tokens,
            seed=seed_of("pairwise", pair_id, order, repeat=repeat),
            schema=scale.schema() if as_object else None,
        )

    def read(reply: ChatReply) -> Answer:
        return scale.read(reply.text, reply.finish_reason, as_object=as_object)

    def verdict(pair_id: str, readings: list[Reading]) -> Verdict:
        return resolve(pair_id, name, "pairwise", readings)

    return Judge(name, "pairwise", model, ask, read, verdict)
