"""The checklist judge: of every turn of one conversation, alone, did the reply do exactly what the user asked?

It sees one branch at a time, so it has no position to be biased by; and it reads the probability of the first
token, which tells right from wrong replies where the spoken word of a small model does not.
"""

from music_core import prompts
from music_core.chat.protocol import ChatModel, ChatReply
from music_core.evaluate import parse
from music_core.evaluate.parse import Answer
from music_core.evaluate.question import Asker, Judge, Question, seed_of
from music_core.evaluate.rubric import Rubric, default_rubric
from music_core.evaluate.transcript import boundary_for, mark, plain, transcript
from music_core.evaluate.verdict import TIE_MARGIN, resolve
from music_core.types import BRANCHES, BranchName, ContrastPair, Conversation, Reading, Verdict

TOP_LOGPROBS = 20
# Room for 'Yes.' and the end of the reply, where an endpoint gives no log-probabilities.
MAX_TOKENS = 4


def checklist_prompt(conversation: Conversation, turn: int, rubric: Rubric | None = None) -> str:
    """The question of `rubric` (default: `checklist`) about `turn` (from 1).

    It shows what was said before the turn as context, then its user message and its reply.

    The earlier messages stand first, so the prompts of later turns share a prefix with those of earlier ones.
    """
    messages = conversation.messages
    end = conversation.assistant_positions()[turn - 1]
    asked = max((i for i in range(end) if messages[i].role == "user"), default=None)
    earlier = [m for i, m in enumerate(messages[:end]) if i != asked]
    boundary = boundary_for([conversation])
    history = prompts.render("judge_checklist_history", transcript=transcript(earlier, boundary)) + "\n\n" if earlier else ""
    exchange = [
        mark(boundary, "the user's message"),
        plain(messages[asked].content).strip() if asked is not None else "",
        mark(boundary, "the assistant's reply"),
        plain(messages[end].content).strip(),
        mark(boundary, "end"),
    ]
    text = (rubric or default_rubric("checklist")).text
    return prompts.render_text(text, boundary=boundary, history=history, exchange="\n".join(exchange))


def turns_asked(pair: ContrastPair, branch: BranchName) -> range:
    """Turns (from 1) of `branch` that are asked about: from the divergence on.

    Turns before it are the same in both branches; they would only pull both means together. A branch that ends
    before the divergence is asked about its last turn, and so is the other from there on.
    """
    shorter = min(pair.chosen.n_turns, pair.rejected.n_turns)
    start = max(1, min(pair.divergence or shorter, shorter))
    return range(start, _side(pair, branch).n_turns + 1)


def checklist_judge(
    model: ChatModel,
    name: str,
    *,
    context_tokens: int = 4096,
    rubric: Rubric | None = None,
    repeats: int = 1,
    temperature: float | None = None,
    tie_margin: float = TIE_MARGIN,
) -> Judge:
    """A judge that asks about every turn from the divergence on and compares the branches' mean P(yes).

    Branches whose means differ by less than `tie_margin` are tied. The rest as in `pairwise_judge`; repeats tell something
    new only where an endpoint gives no log-probabilities.
    """
    asker = Asker(model, name, context_tokens, repeats, temperature)
    rubric = rubric or default_rubric("checklist")

    def ask(pair_id: str, pair: ContrastPair) -> tuple[Question, ...]:
        asked = [(branch, turn) for branch in BRANCHES for turn in turns_asked(pair, branch)]
        texts = {(branch, turn): checklist_prompt(_side(pair, branch), turn, rubric) for branch, turn in asked}
        return tuple(one(pair_id, branch, turn, n, texts[branch, turn]) for n in range(repeats) for branch, turn in asked)

    def one(pair_id: str, branch: BranchName, turn: int, repeat: int, text: str) -> Question:
        return asker.question(
            Reading(pair_id, name, "checklist", "unparsed", "", "", "", "", branch=branch, turn=turn, repeat=repeat),
            text,
            session=f"{pair_id}/{branch}",
            max_tokens=MAX_TOKENS,
            seed=seed_of("checklist", pair_id, branch, turn, repeat=repeat),
            top_logprobs=TOP_LOGPROBS,
        )

    def verdict(pair_id: str, readings: list[Reading]) -> Verdict:
        return resolve(pair_id, name, "checklist", readings, tie_margin=tie_margin)

    return Judge(name, "checklist", model, ask, read_yes_no, verdict)


def _side(pair: ContrastPair, branch: BranchName) -> Conversation:
    return pair.chosen if branch == "chosen" else pair.rejected


def read_yes_no(reply: ChatReply) -> Answer:
    """P(yes) from the first token, else the bare word where an endpoint gives no log-probabilities.

    The first token says it all, so a reply cut off after it counts; a bare word must stand alone.
    """
    if not reply.first_token:
        return parse.parse_word(reply.text, reply.finish_reason)
    p_yes = parse.probability_of_yes(reply.first_token)
    if p_yes is None:
        return parse.UNPARSED
    return Answer("yes" if p_yes >= 0.5 else "no", p_yes)
