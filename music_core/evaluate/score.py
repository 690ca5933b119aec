"""The score judge: each conversation alone gets 1 to 10 points; the branch with more points is the better one.

It has no position to be biased by, but a coarse scale: most replies get one of few values, so ties are frequent
(single-answer grading in Zheng et al. 2023, MT-bench).
"""

from music_core import prompts
from music_core.chat.protocol import ChatModel, ChatReply
from music_core.evaluate.parse import Answer
from music_core.evaluate.question import Asker, Judge, Question, seed_of
from music_core.evaluate.rubric import Rubric, default_rubric
from music_core.evaluate.scale import POINTS
from music_core.evaluate.transcript import boundary_for, transcript
from music_core.evaluate.verdict import POINTS_MARGIN, resolve
from music_core.types import BRANCHES, BranchName, ContrastPair, Conversation, Reading, Verdict


def score_prompt(conversation: Conversation, *, as_object: bool, rubric: Rubric | None = None) -> str:
    """The whole prompt of `rubric` (default: `score`) about one conversation; nothing of it tells of another branch."""
    rubric = rubric or default_rubric("score")
    boundary = boundary_for([conversation])
    return prompts.render_text(
        rubric.text,
        boundary=boundary,
        conversation=transcript(conversation.messages, boundary, "the conversation"),
        form=POINTS.form(rubric.reason, as_object=as_object),
    )


def score_judge(
    model: ChatModel,
    name: str,
    *,
    context_tokens: int = 4096,
    rubric: Rubric | None = None,
    repeats: int = 1,
    temperature: float | None = None,
    points_margin: float = POINTS_MARGIN,
) -> Judge:
    """A judge that rates each conversation of a pair alone and compares the branches' mean points.

    Branches whose means differ by less than `points_margin` are tied. The rest as in `pairwise_judge`.
    """
    asker = Asker(model, name, context_tokens, repeats, temperature)
    rubric = rubric or default_rubric("score")
    as_object = model.supports_json_schema

    def ask(pair_id: str, pair: ContrastPair) -> tuple[Question, ...]:
        sides = {"chosen": pair.chosen, "rejected": pair.rejected}
        texts = {branch: score_prompt(sides[branch], as_object=as_object, rubric=rubric) for branch in BRANCHES}
        return tuple(one(pair_id, branch, repeat, texts[branch]) for repeat in range(repeats) for branch in BRANCHES)

    def one(pair_id: str, branch: BranchName, repeat: int, text: str) -> Question:
        return asker.question(
            Reading(pair_id, name, "score", "unparsed", "", "", "", "", branch=branch, repeat=repeat),
            text,
            session=f"{pair_id}/{branch}",
            max_tokens=rubric.max_tokens,
            seed=seed_of("score", pair_id, branch, repeat=repeat),
            schema=POINTS.schema() if as_object else None,
        )

    def read(reply: ChatReply) -> Answer:
        return POINTS.read(reply.text, reply.finish_reason, as_object=as_object)

    def verdict(pair_id: str, readings: list[Reading]) -> Verdict:
        return resolve(pair_id, name, "score", readings, tie_margin=points_margin)

    return Judge(name, "score", model, ask, read, verdict)
