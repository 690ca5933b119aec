"""One way to a chat model by the name of its endpoint, be it embedded, scripted or remote."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from music_core.chat.local import serve_embedded
from music_core.chat.openai_chat import OpenAIChat
from music_core.chat.protocol import ChatModel
from music_core.chat.scripted import ScriptedChat
from music_core.config import EMBEDDED, SCRIPTED, Settings


@asynccontextmanager
async def open_chat(settings: Settings, name: str) -> AsyncIterator[ChatModel]:
    """The chat model behind endpoint `name`, ready to answer while the block runs.

    `embedded` without addresses of its own starts a server for the cached weights and stops it afterwards; `scripted` is the fake.
    Raises `ConfigError` for an unknown name, `ChatError` when weights, key or server are missing.
    """
    endpoint = settings.endpoint(name)
    if name == SCRIPTED and not endpoint.base_urls:
        yield ScriptedChat(max_concurrency=endpoint.max_concurrency, accepts_system=endpoint.system_role)
        return
    if name == EMBEDDED and not endpoint.base_urls:
        server = serve_embedded(settings.cache, endpoint)
        endpoint = await asyncio.to_thread(server.__enter__)
        try:
            async with OpenAIChat(endpoint) as model:
                yield model
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)
        return
    async with OpenAIChat(endpoint) as model:
        yield model


@asynccontextmanager
async def open_chats(settings: Settings, names: Sequence[str]) -> AsyncIterator[Mapping[str, ChatModel]]:
    """The chat models behind `names`, each opened once however often it is named: two embedded roles share one server."""
    async with AsyncExitStack() as stack:
        models: dict[str, ChatModel] = {}
        for name in names:
            if name not in models:
                models[name] = await stack.enter_async_context(open_chat(settings, name))
        yield models
