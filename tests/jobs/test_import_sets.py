"""`music import` of preference sets and chats, and runs that start from their first messages."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs.cli import main
from jobs.stages.seeds import SeedChoice, choose
from music_core.errors import SourceError
from music_core.store.connect import open_store
from music_core.store.info import store_info
from music_core.store.maintain import check, compact
from music_core.store.pairs import PairFilter, add_pairs, iter_pairs
from music_core.store.seeds import add_chats, iter_chat_seeds
from music_core.types import ContrastPair, Origin, Seed, SourcedChat, SourcedPair, conversation
from tests.jobs.test_cli import answer
from tests.unit.sources.files import talk, write_rows
from tests.unit.sources.set_rows import CHAT_ROW, HELPSTEER3_ROW, ULTRAFEEDBACK_ROW, ULTRAINTERACT_ROW, rating, said


def trajectories() -> list[dict[str, Any]]:
    """Four instructions in UltraInteract's layout, the first one with two steps of its tree, and a row that cannot be used."""
    rows = [ULTRAINTERACT_ROW, {**ULTRAINTERACT_ROW, "trajectory": ULTRAINTERACT_ROW["trajectory"][:1], "id": "7_0"}]
    for n in range(3):
        asked = [{"from": "user", "value": f"What is {n} plus {n}?"}]
        rows.append({**ULTRAINTERACT_ROW, "trajectory": asked, "chosen": str(2 * n), "rejected": "many", "id": f"{n}"})
    return [*rows, {**ULTRAINTERACT_ROW, "trajectory": []}]


def test_ultrainteract_is_a_set_of_pairs_and_of_prompts_for_best_of_n(home: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "ultrainteract.jsonl", trajectories())
    first = answer("import", path)
    assert {k: first[k] for k in ("rows", "rows_used", "pairs", "new", "dropped")} == {
        "rows": 6,
        "rows_used": 5,
        "pairs": 5,
        "new": 5,
        "dropped": {"role order broken": 1},
    }
    assert answer("import", path)["new"] == 0

    words = ["evaluate", "bon", "--a", "longest", "--b", "random", "--n-best", "2", "--turns", "2", "--prompts", "9"]
    words += ["--assistant", "scripted", "--judge", "scripted", "--name", "picks", "--seed-source", "ultrainteract"]
    report = answer(*words)
    assert [row["n_prompts"] for row in report["table"]] == [4]
    (kept,) = (home / "runs").glob("*/seeds.json")
    prompts = json.loads(kept.read_text())["seeds"]
    asked = [row["trajectory"][0]["value"] for row in trajectories()[1:-1]]
    assert sorted(prompts, key=str) == sorted(([said("user", text)] for text in asked), key=str)
    pool = [json.loads(line) for line in (kept.parent / "pool.jsonl").read_text().splitlines()]
    assert len(pool) == 2 * len(asked)
    store = open_store(home)
    deep = [p for p in iter_pairs(store, PairFilter(sources=("ultrainteract",))) if p.pair.n_turns == 2]
    assert [p.origins[0].meta["task"] for p in deep] == ["Math_PoT"]
    store.close()


def test_the_answer_says_what_was_left_out_of_used_rows(home: Path, tmp_path: Path) -> None:
    found = answer("import", write_rows(tmp_path / "uf.jsonl", [ULTRAFEEDBACK_ROW, HELPSTEER3_ROW]), "--format", "ultrafeedback")
    assert found["left_out"] == {"responses of equal score": 1}
    assert found["dropped"] == {"not a row of this format": 1}
    rated = [rating("a", 1), rating("b", 3), rating("c", 1)]
    assert answer("import", write_rows(tmp_path / "hs.jsonl", rated))["left_out"] == {"responses of equal score": 1}


def test_chats_give_no_pairs_but_first_messages(home: Path, tmp_path: Path) -> None:
    rows = [CHAT_ROW, CHAT_ROW, {"messages": [said("system", "Be kind."), said("user", "Hello")]}, {"messages": []}]
    path = write_rows(tmp_path / "talks.jsonl", rows)
    first = answer("import", path)
    assert {k: first[k] for k in ("rows", "rows_used", "pairs", "chats", "new", "dropped")} == {
        "rows": 4,
        "rows_used": 3,
        "pairs": 0,
        "chats": 3,
        "new": 2,
        "dropped": {"no messages": 1},
    }
    shown = CliRunner().invoke(main, ["import", path]).stdout
    assert "3 conversations to start runs from, 0 of them new" in shown and "--seed-source talks" in shown

    store = open_store(home)
    openings = [[("user", "Hello")], [("system", "Be kind."), ("user", "Hello")]]
    seeds = sorted((Seed(conversation(o)) for o in openings), key=lambda seed: seed.id)  # type: ignore[arg-type]
    assert list(iter_chat_seeds(store)) == list(iter_chat_seeds(store, ["talks"])) == seeds
    assert list(iter_chat_seeds(store, ["others"])) == []
    assert [s for split in ("train", "validation", "test") for s in iter_chat_seeds(store, [], [split]) if s.split != split] == []
    assert set(choose(store, SeedChoice(9, ("talks",)))) == set(seeds)
    info = store_info(store)
    assert (info["counts"]["chats"], info["counts"]["seeds"], info["chat_sources"]) == (2, 2, {"talks": 2})
    assert check(store) == []
    compact(store)
    assert list(iter_chat_seeds(store)) == seeds
    with pytest.raises(SourceError, match="no first messages"):
        choose(store, SeedChoice(9, ("others",)))
    store.close()


def test_a_prompt_that_is_in_pairs_and_in_chats_is_drawn_once(home: Path) -> None:
    store = open_store(home)
    add_pairs(store, [SourcedPair(ContrastPair(talk("Hello", "a"), talk("Hello", "b")), Origin("pairs", "1"))])
    added = add_chats(store, [SourcedChat(talk("Hello", "c", "d"), Origin("talks", "1")), SourcedChat(talk("Bye"), Origin("talks", "2"))])
    assert (added.new, added.known) == (2, 0)
    assert {s.context for s in choose(store, SeedChoice(9))} == {talk("Hello"), talk("Bye")}
    assert [s.context for s in choose(store, SeedChoice(9, ("pairs",)))] == [talk("Hello")]
    store.close()


def test_generation_starts_from_chats(home: Path, tmp_path: Path) -> None:
    rows = [{"prompt": f"Tell me about the number {n}."} for n in range(3)]
    answer("import", write_rows(tmp_path / "prompts.jsonl", rows))
    made = answer("generate", "--n", "2", "--turns", "2", "--method", "swap", "--assistant", "scripted", "--seed-source", "prompts")
    assert made["pairs"] == 2
    assert json.loads(json.dumps(made))["new"] == 2
