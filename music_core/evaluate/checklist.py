"""The checklist judge: of every turn of one conversation, alone, did the reply do exactly what the user asked?

It sees one branch at a time, so it has no position to be biased by; and it reads the probability of the first
token, which tells right from wrong replies where the spoken word of a small model does not.
"""

from music_core import prompts
from music_core.chat.protocol import ChatModel, ChatReply, ChatRequest, Sampling
from music_core.evaluate import parse
from music_core.evaluate.question import Answer, Judge, Question, question, seed_of
from music_core.evaluate.transcript import boundary_for, mark, plain, transcript
from music_core.evaluate.verdict import TIE_MARGIN, resolve
from music_core.types import BRANCHES, BranchName, ContrastPair, Conversation, Message, Reading, Verdict

TOP_LOGPROBS = 20
# Room for 'Yes.' and the end of the reply, where an endpoint gives no log-probabilities.
MAX_TOKENS = 4


def checklist_prompt(conversation: Conversation, turn: int) -> str:
    """The question about `turn` (from 1): what was said before it as context, then its user message and its reply.

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
    return prompts.render("judge_checklist", boundary=boundary, history=history, exchange="\n".join(exchange))


def turns_asked(pair: ContrastPair, branch: BranchName) -> range:
    """Turns (from 1) of `branch` that are asked about: from the divergence on.

    Turns before it are the same in both branches; they would only pull both means together. A branch that ends
    before the divergence is asked about its last turn, and so is the other from there on.
    """
    shorter = min(pair.chosen.n_turns, pair.rejected.n_turns)
    start = max(1, min(pair.divergence or shorter, shorter))
    conversation = pair.chosen if branch == "chosen" else pair.rejected
    return range(start, conversation.n_turns + 1)


def checklist_judge(model: ChatModel, name: str, *, context_tokens: int = 4096, tie_margin: float = TIE_MARGIN) -> Judge:
    """A judge that asks about every turn from the divergence on and compares the branches' mean P(yes).

    Branches whose means differ by less than `tie_margin` are tied. `context_tokens` as in `pairwise_judge`.
    """

    def ask(pair_id: str, pair: ContrastPair) -> tuple[Question, ...]:
        return tuple(
            _question(model, name, pair_id, pair, branch, turn, context_tokens) for branch in BRANCHES for turn in turns_asked(pair, branch)
        )

    def verdict(pair_id: str, readings: list[Reading]) -> Verdict:
        return resolve(pair_id, name, "checklist", readings, tie_margin=tie_margin)

    return Judge(name, "checklist", model, ask, read_yes_no, verdict)


def read_yes_no(reply: ChatReply) -> Answer:
    """P(yes) from the first token, else the bare word where an endpoint gives no log-probabilities.

    The first token says it all, so a reply cut off after it counts; a bare word must stand alone.
    """
    if not reply.first_token:
        return Answer(parse.parse_word(reply.text, reply.finish_reason))
    p_yes = parse.probability_of_yes(reply.first_token)
    if p_yes is None:
        return Answer("unparsed")
    return Answer("yes" if p_yes >= 0.5 else "no", p_yes)


def _question(
    model: ChatModel, name: str, pair_id: str, pair: ContrastPair, branch: BranchName, turn: int, context_tokens: int
) -> Question:
    conversation = pair.chosen if branch == "chosen" else pair.rejected
    request = ChatRequest(
        messages=(Message("user", checklist_prompt(conversation, turn)),),
        sampling=Sampling(temperature=0.0, top_p=1.0, max_tokens=MAX_TOKENS),
        seed=seed_of("checklist", pair_id, branch, turn),
        session=f"{pair_id}/{branch}",
        top_logprobs=TOP_LOGPROBS,
    )
    blank = Reading(pair_id, name, "checklist", "unparsed", "", "", "", "", branch=branch, turn=turn)
    return question(name, model, blank, request, context_tokens)
