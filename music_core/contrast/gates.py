"""Gates of contrast pairs: plain callables that return a reason to refuse, or None. A pair that fails keeps its reason and is counted.

The gates of single messages are in `simulate.gates`; what only a contrasted reply can do wrong is here. A pair gate sees the
finished pair, and there is no second try.
"""

from collections.abc import Callable, Mapping, Sequence

from music_core.simulate.gates import MESSAGE_GATES, MIN_INSTRUCTION_WORDS, TurnDraft, TurnGate, word_runs, words_of
from music_core.types import Contrast, ContrastPair, normalise

PairGate = Callable[[ContrastPair, Sequence[Contrast]], str | None]


def unchanged(draft: TurnDraft) -> str | None:
    """The contrast's instruction says the same as the user's message."""
    if draft.instruction is None or not draft.history:
        return None
    asked, modified = set(words_of(draft.history[-1].content)), set(words_of(draft.instruction))
    if len(asked & modified) > 0.85 * len(asked | modified):
        return "the modified instruction is the user's own"
    return None


def identical(pair: ContrastPair, contrasts: Sequence[Contrast]) -> str | None:
    """The branches are the same, or the first contrasted reply is the same as the normal one."""
    if pair.divergence == 0:
        return "both branches are the same"
    first = min((c.turn for c in contrasts), default=pair.divergence)
    replies = [c.messages[c.assistant_positions()[first - 1]] for c in (pair.chosen, pair.rejected)]
    if normalise(replies[0].content).casefold() == normalise(replies[1].content).casefold():
        return f"both replies of turn {first} are the same"
    return None


def leaked_later(pair: ContrastPair, contrasts: Sequence[Contrast]) -> str | None:
    """A contrast's instruction stands word for word in the rejected branch, at its turn or later."""
    starts = pair.rejected.assistant_positions()
    for contrast in contrasts:
        at = starts[contrast.turn - 1]
        before, after = pair.rejected.messages[:at], pair.rejected.messages[at:]
        wanted = words_of(contrast.instruction)
        if len(wanted) < MIN_INSTRUCTION_WORDS or tuple(wanted) in word_runs(" \n ".join(m.content for m in before), len(wanted)):
            continue
        if any(tuple(wanted) in word_runs(m.content, len(wanted)) for m in after):
            return f"the instruction of turn {contrast.turn} stands in the transcript"
    return None


TURN_GATES: Mapping[str, TurnGate] = {**MESSAGE_GATES, "unchanged": unchanged}
PAIR_GATES: Mapping[str, PairGate] = {"identical": identical, "leak": leaked_later}
