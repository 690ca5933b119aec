import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from music_core.chat.journal import CallKey, Journal
from music_core.chat.protocol import ChatReply
from music_core.errors import RunError


def key(n: int, **changes: Any) -> CallKey:
    values: dict[str, object] = {
        "fingerprint": "f",
        "seed": "s",
        "branch": "chosen",
        "turn": n,
        "role": "user",
        "attempt": 0,
        "prompt_hash": "h",
    }
    return CallKey(**(values | changes))  # type: ignore[arg-type]


def reply(n: int) -> ChatReply:
    return ChatReply(f"Answer {n} \ud83d\n ünï", "stop", 5, 6, 1, 0.25, 0.001, first_token=(("Yes", -0.1), ("No", -2.0)))


def write(path: Path, numbers: range) -> None:
    async def go() -> None:
        async with Journal(path) as journal:
            await asyncio.gather(*(journal.append(key(n), reply(n)) for n in numbers))

    asyncio.run(go())


def test_what_was_appended_is_found_again_by_another_process_life(tmp_path: Path) -> None:
    path = tmp_path / "run" / "journal.jsonl"
    write(path, range(50))
    write(path, range(50, 60))
    journal = Journal(path)
    assert len(journal) == 60
    assert all(journal.get(key(n)) == reply(n) for n in range(60))
    journal.close()


@pytest.mark.parametrize("field", ["fingerprint", "seed", "branch", "role", "prompt_hash"])
def test_every_part_of_the_key_tells_calls_apart(field: str) -> None:
    async def go() -> None:
        journal = Journal()
        await journal.append(key(1), reply(1))
        assert journal.get(key(1)) == reply(1)
        assert journal.get(key(1, **{field: "other"})) is None
        assert journal.get(key(1, attempt=1)) is None

    asyncio.run(go())


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_a_line_torn_off_by_a_kill_is_cut_away_and_its_call_is_open_again(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, range(3))
    raw = path.read_bytes()
    last = raw.rindex(b"\n", 0, -1) + 1
    path.write_bytes(raw[: last + int(keep * (len(raw) - 1 - last))])
    write(path, range(3, 4))
    journal = Journal(path)
    assert journal.get(key(2)) is None
    assert [journal.get(key(n)) for n in (0, 1, 3)] == [reply(0), reply(1), reply(3)]
    journal.close()


def test_damage_in_the_middle_is_refused_and_nothing_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, range(3))
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = lines[0] + b"{nonsense\n" + lines[2]
    path.write_bytes(damaged)
    with pytest.raises(RunError, match="damaged before line 3"):
        Journal(path)
    assert path.read_bytes() == damaged


def test_a_journal_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    script = f"from pathlib import Path; from music_core.chat.journal import Journal; Journal(Path({str(path)!r}))"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "in use by another process" in other.stderr
    journal.close()
    Journal(path).close()


def test_a_full_disk_is_told_and_later_calls_can_still_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with Journal(tmp_path / "journal.jsonl") as journal:
            with monkeypatch.context() as patched:
                patched.setattr("os.fsync", _no_space)
                with pytest.raises(RunError, match="No space left"):
                    await journal.append(key(1), reply(1))
            assert journal.get(key(1)) is None
            await journal.append(key(2), reply(2))
            assert journal.get(key(2)) == reply(2)

    asyncio.run(go())


def _no_space(handle: int) -> None:
    raise OSError(28, "No space left on device")
