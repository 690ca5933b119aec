"""A store of its own for every test, and a chat endpoint over real HTTP that answers as slowly as a test wants."""

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs import api
from jobs.folder import RunState
from jobs.runner import LocalRunner
from jobs.worker import execute
from music_core.chat.protocol import ChatRequest, Sampling
from music_core.chat.scripted import ScriptedChat
from music_core.config import load_settings
from music_core.store.connect import Store
from music_core.types import Message
from tests.unit.chat.conftest import ChatServer, completion

CONCURRENCY = 4
PROMPTS = [
    "How do I boil an egg?",
    "Tell me about trains in Norway.",
    "Why is bread left to rise?",
    "Plan a walk through Lisbon.",
    "What does a violin maker do?",
    "How are maps drawn?",
    "Explain a leap year.",
    "Which tea has no caffeine?",
    "How do bridges stay up?",
    "Write a haiku about rain.",
]


class SlowServer(ChatServer):
    """Answers like the scripted fake, `latency_s` late; `bodies` holds every request that came in."""

    latency_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        fake = ScriptedChat()

        def script(body: dict[str, Any]) -> tuple[int, Any]:
            time.sleep(self.latency_s)
            messages = tuple(Message(m["role"], m["content"]) for m in body["messages"])
            stop = body.get("stop") or ()
            sampling = Sampling(max_tokens=body.get("max_tokens") or body.get("max_completion_tokens") or 400, stop=tuple(stop))
            reply = asyncio.run(fake.complete(ChatRequest(messages, sampling, body.get("seed", 0))))
            return 200, completion(reply.text, reply.finish_reason)

        self.script = script


@pytest.fixture
def slow_server() -> Iterator[SlowServer]:
    server = SlowServer()
    yield server
    server.close()


@pytest.fixture
def home(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store's folder, which MUSIC_HOME names, and an empty settings file."""
    shutil.copytree(empty_store, tmp_path / "home")
    settings = tmp_path / "music.toml"
    settings.write_text("", encoding="utf-8")
    monkeypatch.setenv("MUSIC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUSIC_CONFIG", str(settings))
    monkeypatch.setenv("MUSIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MUSIC_SLOTS", raising=False)
    return tmp_path / "home"


@pytest.fixture
def seeds_file(tmp_path: Path) -> Path:
    path = tmp_path / "seeds.jsonl"
    path.write_text("".join(json.dumps({"prompt": p}) + "\n" for p in PROMPTS), encoding="utf-8")
    return path


@pytest.fixture
def slow(home: Path, slow_server: SlowServer) -> SlowServer:
    """The slow server, known to runs as endpoint `slow`."""
    (home.parent / "music.toml").write_text(
        f'[endpoints.slow]\nmodel = "fake"\nbase_urls = ["{slow_server.url}"]\nmax_concurrency = {CONCURRENCY}\njson_schema = false\n',
        encoding="utf-8",
    )
    return slow_server


@pytest.fixture
def generation(seeds_file: Path) -> dict[str, Any]:
    """Settings of a small generation run with the scripted fake."""
    return {"n": 6, "turns": 2, "method": "swap", "assistant": "scripted", "seeds_file": str(seeds_file), "name": "made"}


@pytest.fixture
def runner(home: Path) -> LocalRunner:
    return LocalRunner(home, slots=2)


def wait_for(holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def ended(runner: LocalRunner, run_id: str) -> RunState:
    wait_for(lambda: runner.status(run_id).ended)
    return runner.status(run_id)


def submit(runner: LocalRunner, config: dict[str, Any], kind: str = "generate", run_id: str | None = None) -> str:
    return runner.submit(api.new_run(kind, config, run_id=run_id)).run_id


def run_here(store: Store, kind: str, config: dict[str, Any], run_id: str | None = None) -> dict[str, Any]:
    """The report of a run executed in this process; fails with the run's own words."""
    folder = LocalRunner(store.home).create(api.new_run(kind, config, run_id=run_id))
    state = execute(folder, store, load_settings(), stop=threading.Event())
    assert state.status == "finished", f"{state.note} {folder.log_tail()}"
    return folder.report() or {}
