"""Asks both assistants of a person's conversation at once, beside the pages: replies go on while a page is reloaded or closed."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from jobs.play.draft import Draft, Rewards, Side, replied
from jobs.play.journal import PlayJournal
from jobs.play.scoring import Scorer
from music_core.config import Endpoint, Settings, load_settings
from music_core.errors import MusicError
from music_core.types import Conversation

if TYPE_CHECKING:  # these bring the HTTP client, a second that pages need not wait for
    from music_core.chat.protocol import ChatModel

IDLE_S = 600.0  # servers and scorers that nobody asks for so long are ended
STOPPED = "You stopped this reply."
STARTING = "is started"
_LOG = logging.getLogger("music.play")

ScoreFolder = Callable[[Conversation], Rewards]


@dataclass(slots=True)
class Flight:
    """A reply on its way: what is done now, and since when (monotonic seconds)."""

    task: "Future[None]"
    doing: str
    since: float


class Player:
    """Replies to a store's conversations, from one event loop in a thread of its own. Every method may be called from any thread."""

    def __init__(self, home: Path, settings: Callable[[], Settings] = load_settings, idle_s: float = IDLE_S) -> None:
        """`settings` is read anew for every reply, so an endpoint that was corrected is used at once."""
        self.journal = PlayJournal(home)
        self._settings = settings
        self._idle_s = idle_s
        self._flights: dict[tuple[str, Side], Flight] = {}
        self._guard = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="play", daemon=True)
        self._thread.start()
        # All below is used in the loop only.
        self._stack = AsyncExitStack()
        self._chats: dict[Endpoint, ChatModel] = {}
        self._opening = asyncio.Lock()
        self._scorers: dict[Path, Scorer] = {}
        self._rest: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def ask(self, draft_id: str, side: Side, folder: Path | None = None) -> None:
        """Have `side` answer the person's last message, unless it does already; `folder` is the reward model that scores it then."""
        with self._guard:
            known = self._flights.get((draft_id, side))
            if known is not None and not known.task.done():
                return
            task = self._run(self._answer(draft_id, side, folder))
            self._flights[draft_id, side] = Flight(task, "is asked", time.monotonic())

    def stop(self, draft_id: str, side: Side) -> None:
        """Stop the reply that is on its way; it can be asked for again."""
        flight = self._flights.get((draft_id, side))
        if flight is None or flight.task.done():
            return
        draft = self.journal.read(draft_id)
        if side in draft.waiting:
            self._failed(draft_id, draft.turn, side, STOPPED, "")
        flight.task.cancel()

    def flights(self, draft_id: str) -> dict[Side, Flight]:
        """The replies of a conversation that are on their way."""
        return {side: f for (draft, side), f in list(self._flights.items()) if draft == draft_id and not f.task.done()}

    def close(self) -> None:
        """Stop everything, end what was started, and forget it."""
        for flight in list(self._flights.values()):
            flight.task.cancel()
        self._run(self._release()).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _answer(self, draft_id: str, side: Side, folder: Path | None) -> None:
        if self._rest is not None:
            self._rest.cancel()
        draft = self.journal.read(draft_id)
        there = await self._reply(draft, side) if side in draft.waiting else True
        if there and folder is not None:
            await self._score(draft_id, side, folder)
        self._rest = self._loop.call_later(self._idle_s, self._when_idle)

    async def _reply(self, draft: Draft, side: Side) -> bool:
        """Have the reply made and written down; whether it came. What went wrong is in the journal."""
        draft_id, turn = draft.setup.draft, draft.turn
        self.journal.append(draft_id, {"type": "asked", "turn": turn, "side": side})
        try:
            from jobs.play.answer import answer

            chat = await self._chat(draft.setup.endpoints[draft.setup.branch_of(side)], draft_id, side)
            self._note(draft_id, side, "is writing")
            found = await answer(draft, side, chat, draft.tries.get((turn, side), 0))
            return self.journal.append(draft_id, replied(turn, side, found))
        except MusicError as e:
            self._failed(draft_id, turn, side, e.message, e.hint)
        except Exception as e:
            _LOG.exception("A reply failed")
            hint = "The server's log has the details; please report it."
            self._failed(draft_id, turn, side, f"The reply failed by a defect of the workbench ({type(e).__name__}).", hint)
        return False

    def _failed(self, draft_id: str, turn: int, side: Side, message: str, hint: str) -> None:
        self.journal.append(draft_id, {"type": "failed", "turn": turn, "side": side, "message": message, "hint": hint})

    async def _chat(self, name: str, draft_id: str, side: Side) -> "ChatModel":
        from music_core.chat.open import open_chat

        settings = self._settings()
        endpoint = settings.endpoint(name)
        async with self._opening:
            if endpoint not in self._chats:
                self._note(draft_id, side, STARTING)
                self._chats[endpoint] = await self._stack.enter_async_context(open_chat(settings, name))
        return self._chats[endpoint]

    async def _score(self, draft_id: str, side: Side, folder: Path) -> None:
        self._note(draft_id, side, "is scored")
        scorer = self._scorers.setdefault(folder, Scorer(folder))
        try:
            found = await asyncio.to_thread(scorer, self.journal.read(draft_id).conversation(side))
        except MusicError as e:
            found = Rewards(problem=str(e))
        event = {"type": "scored", "side": side, "rewards": list(found.values), "one_pass": found.one_pass, "problem": found.problem}
        self.journal.append(draft_id, event)

    def _note(self, draft_id: str, side: Side, doing: str) -> None:
        flight = self._flights.get((draft_id, side))
        if flight is not None:
            flight.doing = doing

    def _when_idle(self) -> None:
        if all(f.task.done() for f in self._flights.values()):
            self._flights.clear()
            self._releasing = self._loop.create_task(self._release())

    async def _release(self) -> None:
        """End the servers and scorers that were started."""
        if self._rest is not None:
            self._rest.cancel()
        running = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        await asyncio.gather(*running, return_exceptions=True)
        self._chats.clear()
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()
        scorers, self._scorers = list(self._scorers.values()), {}
        for scorer in scorers:
            await asyncio.to_thread(scorer.close)
