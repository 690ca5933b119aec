"""From a conversation to token ids by the tokenizer's chat template: one BOS, folded system messages, prefix check."""

import itertools
from collections.abc import Sequence
from typing import Any

from jinja2.exceptions import TemplateError

from music_core.errors import RewardError
from music_core.types import Conversation, Message

# Llama-3's template writes a date; without this some versions write today's, and a score would change overnight.
TEMPLATE_FLAGS = {"date_string": "26 Jul 2024"}
_PROBE = (Message("user", "Hi"), Message("assistant", "Hello"))


def fold_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """A leading system message put in front of the first user message, for templates that refuse the role (Gemma's)."""
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return tuple(messages)
    first = Message("user", f"{messages[0].content}\n\n{messages[1].content}")
    return (first, *messages[2:])


class ChatEncoder:
    """Token ids of conversations, the same in training and scoring. No generation prompt, exactly one BOS where there is one."""

    def __init__(self, tokenizer: Any) -> None:
        """`tokenizer`: a transformers tokenizer with a chat template; without one `RewardError` is raised."""
        if not getattr(tokenizer, "chat_template", None):
            raise RewardError(
                f"The tokenizer {tokenizer.name_or_path or 'given'} has no chat template.",
                "Use an instruction-tuned base, or put a chat_template.jinja into its folder.",
            )
        self.tokenizer = tokenizer
        self.bos: int | None = tokenizer.bos_token_id
        # A tokenizer that starts plain text with BOS was trained with one; some published templates leave it out.
        self._wants_bos = self.bos is not None and list(tokenizer("a")["input_ids"])[:1] == [self.bos]
        self._folds_system = False
        try:
            self._render((Message("system", "Be kind."), *_PROBE))
        except RewardError:
            self._folds_system = True

    @property
    def end_id(self) -> int:
        """The token that the template writes last: whose hidden state is the reward's."""
        return self.ids(_PROBE)[-1]

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of `messages`, template applied. `RewardError` where the template refuses them."""
        ids = self._render(fold_system(messages) if self._folds_system else messages)
        if self.bos is None:
            return ids
        while ids[:2] == [self.bos, self.bos]:
            ids = ids[1:]
        return [self.bos, *ids] if self._wants_bos and ids[:1] != [self.bos] else ids

    def prefix_ids(self, conversation: Conversation) -> list[list[int]]:
        """Token ids of the conversation as it stood after each assistant turn, template applied to each prefix anew."""
        return [self.ids(conversation.messages[: i + 1]) for i in conversation.assistant_positions()]

    def _render(self, messages: Sequence[Message]) -> list[int]:
        # add_special_tokens is off inside apply_chat_template, so the tokenizer adds no BOS to the template's own.
        dicts = [{"role": m.role, "content": m.content} for m in messages]
        try:
            ids = self.tokenizer.apply_chat_template(dicts, tokenize=True, add_generation_prompt=False, return_dict=False, **TEMPLATE_FLAGS)
        except TemplateError as e:
            raise RewardError(f"The chat template refuses this conversation: {e}.") from e
        return [int(i) for i in ids]


def is_prefix_stable(prefixes: Sequence[Sequence[int]]) -> bool:
    """Whether each sequence of ids begins with the one before it: only then one forward pass holds every prefix."""
    return all(list(b[: len(a)]) == list(a) for a, b in itertools.pairwise(prefixes))


def pooled_index(ids: Sequence[int], pad_id: int | None) -> int:
    """Index of the token whose hidden state gives the reward: the right-most one that is not `pad_id`.

    This is transformers' own rule on unpadded ids. A model trained here never ends in its pad token
    (`model.settle_pad_token`), so for it this is simply the last token; a foreign model whose pad token is
    the end-of-turn token was trained one token earlier, and is read there.
    """
    last = len(ids) - 1
    while last > 0 and ids[last] == pad_id:
        last -= 1
    return last
