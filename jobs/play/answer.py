"""One assistant's reply to a person, made as `music generate` makes its replies: the same prompts, contrasts and gates."""

from jobs.play.draft import METHODS, Draft, Reply, Side
from music_core.chat.engine import Engine
from music_core.chat.journal import Journal
from music_core.chat.protocol import ChatModel
from music_core.contrast.branch import Branch, DropError, Stage
from music_core.contrast.config import GenerationConfig
from music_core.errors import ChatError, ConfigError
from music_core.simulate.draws import draw
from music_core.types import Conversation, Seed


async def answer(draft: Draft, side: Side, chat: ChatModel, attempt: int = 0) -> Reply:
    """The reply of `side` to the person's last message; another `attempt` draws anew.

    On the rejected side of a contrast the turn's modified instruction is written and answered instead; it is in the reply's
    `instruction` and its records, never in the text. Raises `ChatError` when the endpoint fails or the gates refuse every try.
    """
    setup = draft.setup
    if setup.kind == "contrast" and setup.method not in METHODS:
        raise ConfigError(f"'{setup.method}' cannot lead a conversation astray here.", f"Ways are: {', '.join(METHODS)}.")
    history = draft.conversation(side).messages
    config = GenerationConfig(method="one_call" if setup.method == "one_call" else "two_call", seed=draw(setup.seed, attempt) & 0x7FFF_FFFF)
    # The draft's journal keeps the reply; the client has retries of its own, and a person waits.
    stage = Stage(Engine(Journal(), retries=0), "", chat, chat, config)
    n_before = sum(m.role == "assistant" for m in history)
    branch = Branch(stage, Seed(Conversation(history)), setup.branch_of(side), 0, history, n_before)
    try:
        if setup.branch_of(side) == "rejected" and setup.contrasted(draft.turn):
            await branch.contrast(1, ())
        else:
            await branch.reply(1)
    except DropError as e:
        raise ChatError(
            f"No usable reply came in {config.attempts} tries: {e.detail}.", "Try again; a larger model fails less often."
        ) from e
    instruction = branch.contrasts[0].instruction if branch.contrasts else None
    return Reply(branch.messages[-1].content, tuple(branch.records), instruction, dict(branch.retries))
