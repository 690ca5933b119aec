"""MT-bench's own layout and the rows of its hub data set: pairs, votes of people, verdicts of judges."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.errors import SourceError
from music_core.sources.mt_bench import read_mt_bench
from music_core.sources.read import SourceReading, read_source
from music_core.sources.rows import UnusableRowError
from music_core.types import NEUTRAL_METHODS, LabelEvent
from tests.unit.sources.files import talk, write_rows
from tests.unit.sources.mt_bench_files import GPT4, HUMAN, MODELS, games, reply, vote, write_folder, write_lines


def read(path: Path, **more: Any) -> SourceReading:
    return read_source(str(path), **more)


def events(reading: SourceReading) -> list[LabelEvent]:
    return [given.event for given in reading.votes.labels]


def by_system(reading: SourceReading) -> dict[tuple[str, int, str, str], str]:
    """(question, turn, system called chosen, system called rejected) → pair id."""
    items = [(s.origin.meta, s.pair.id) for s in reading.pairs]
    return {(m["question_id"], m["turn"], m["sides"]["chosen"], m["sides"]["rejected"]): id_ for m, id_ in items}


def test_a_folder_is_recognised_and_every_vote_is_a_row(tmp_path: Path) -> None:
    reading = read(write_folder(tmp_path / "mt_bench"))
    assert (reading.fmt, reading.name) == ("mt-bench", "mt_bench")
    assert reading.report.as_dict() == {
        "rows": 21,
        "rows_used": 18,
        "pairs": 5,
        "chats": 0,
        "dropped": {"answer of a system is missing": 1, "identical conversations": 1, "unknown winner": 1},
        "left_out": {},
    }
    assert (len(reading.pairs), len(reading.votes.labels), len(reading.votes.readings), reading.votes.verdicts) == (5, 13, 10, ())


@pytest.mark.parametrize("below", ["", "data/mt_bench", "mt_bench", "fastchat/llm_judge/data/mt_bench"])
def test_the_layout_is_found_below_the_folder_that_was_named(tmp_path: Path, below: str) -> None:
    write_folder(tmp_path / "top" / below)
    write_lines(tmp_path / "top" / below / ".." / "vicuna_bench" / "question.jsonl", [])
    assert read(tmp_path / "top").report.rows == 21


def test_a_pair_ends_with_the_voted_turn_and_names_both_systems(tmp_path: Path) -> None:
    items = list(read(write_folder(tmp_path / "set")).pairs)
    one, two = items[0], items[1]
    assert one.pair.chosen == talk("Write a blog post about Hawaii.", reply("alpha", 81, 1))
    assert two.pair.rejected.messages[-1].content == reply("beta", 81, 2)
    assert (one.pair.n_turns, two.pair.n_turns, one.pair.seed.id == two.pair.seed.id) == (1, 2, True)
    assert two.origin.meta == {"sides": {"chosen": "alpha", "rejected": "beta"}, "question_id": "81", "turn": 2, "category": "writing"}
    assert (two.origin.source, two.origin.locator, two.origin.method) == ("set", "81/turn 2/alpha/beta", "votes")
    assert two.origin.method in NEUTRAL_METHODS


def test_people_vote_blind_on_what_stood_left_and_right(tmp_path: Path) -> None:
    reading = read(write_folder(tmp_path / "set"))
    said = events(reading)
    assert [(e.person, e.choice, e.left_branch, e.value) for e in said[:5]] == [
        ("expert_1", "left", "chosen", "chosen"),
        ("expert_2", "right", "rejected", "chosen"),
        ("author_1", "tie", "chosen", "tie"),
        ("expert_1", "left", "rejected", "rejected"),
        ("expert_2", "tie", "chosen", "tie"),
    ]
    assert all(e.blind and not e.verified and (e.queue, e.guideline) == ("import:mt-bench", "mt-bench") for e in said)
    assert len({e.token for e in said}) == 13
    assert [g.given_at for g in reading.votes.labels[:2]] == [None, datetime(2023, 5, 13, 17, 46, 40, 500000, UTC)]
    assert said[-3].pair_id == said[-2].pair_id and (said[-3].value, said[-2].value) == ("chosen", "rejected")


def test_both_games_of_a_judge_are_readings_in_both_orders(tmp_path: Path) -> None:
    readings = read(write_folder(tmp_path / "set")).votes.readings
    assert [(r.order, r.label) for r in readings] == [
        ("chosen_first", "first"),
        ("rejected_first", "second"),
        ("rejected_first", "first"),  # beta is model_1 here
        ("chosen_first", "first"),
        ("chosen_first", "tie"),
        ("rejected_first", "first"),
        ("chosen_first", "first"),
        ("rejected_first", "second"),
        ("chosen_first", "unparsed"),
        ("rejected_first", "second"),
    ]
    assert {(r.judge, r.model, r.kind, r.endpoint) for r in readings} == {("gpt-4-pair", "gpt-4", "pairwise", "elsewhere")}
    assert [r.prompt_hash for r in readings[:3]] == ["pair-v2", "pair-v2", "pair-v2-multi-turn"]
    assert readings[0].raw == "First game. [[model_1]]"


def hub_row(a: str = "alpha", b: str = "beta", **more: Any) -> dict[str, Any]:
    """A row of the hub's data set, which holds both whole conversations whatever the voted turn."""
    sides = [[reply(m, 81, t) for t in (1, 2)] for m in (a, b)]
    talks = [talk("Write a blog post about Hawaii.", s[0], "Rewrite it, every sentence with an A.", s[1]).as_dicts() for s in sides]
    return vote(81, 1, a, b, "model_a", "expert_1", conversation_a=talks[0], conversation_b=talks[1]) | more


def test_rows_of_the_hub_land_on_the_pairs_of_the_folder(tmp_path: Path) -> None:
    folder = by_system(read(write_folder(tmp_path / "mt_bench")))
    rows = [hub_row(), hub_row(turn=2, winner="tie"), hub_row("beta", "alpha", judge="gpt4_pair", winner="model_b")]
    for name in ("human.jsonl", "human.parquet", "human.json.gz"):
        reading = read(Path(write_rows(tmp_path / name, rows)))
        assert (reading.fmt, reading.report.rows_used, reading.report.pairs) == ("mt-bench", 3, 2)
        assert by_system(reading) == {k: v for k, v in folder.items() if k in by_system(reading)}
        assert [(v.judge, v.value, v.score, v.n_readings) for v in reading.votes.verdicts] == [("gpt-4-pair", "chosen", 1.0, 0)]
    # What lies in the row is what the voter read, so a folder with the same votes needs no answers for them.
    other = write_folder(tmp_path / "other", human=[hub_row("alpha", "beta", judge="expert_9")], gpt4=[])
    (other / "model_answer" / "alpha.jsonl").unlink()
    assert read(other).report.rows_used == 1


@pytest.mark.parametrize(
    ("winner", "value", "score"),
    [
        ("model_a", "chosen", 1),
        ("model_b", "rejected", -1),
        ("tie", "tie", 0),
        ("tie (inconsistent)", "flip", 0),
        ("error", "unresolved", None),
    ],
)
def test_a_verdict_without_its_games_is_kept_as_it_was_resolved(winner: str, value: str, score: float | None) -> None:
    for judge in ("gpt4_pair", ["gpt-4", "pair-v2"], "gpt-4-pair", "gpt-4"):
        (verdict,) = read_mt_bench(hub_row(winner=winner, judge=judge), "1").votes.verdicts
        assert (verdict.judge, verdict.value, verdict.score, verdict.n_readings, verdict.first_rate) == (
            "gpt-4-pair",
            value,
            score,
            0,
            None,
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"turn": 3}, "answer of a system is missing"),
        ({"turn": 0}, "unknown turn"),
        ({"turn": True}, "unknown turn"),
        ({"turn": None}, "unknown turn"),
        ({"turn": 10**30}, "unknown turn"),
        ({"winner": None}, "unknown winner"),
        ({"winner": ["model_a"]}, "unknown winner"),
        ({"winner": "error"}, "unknown winner"),
        ({"judge": None}, "vote without a voter"),
        ({"judge": " "}, "vote without a voter"),
        ({"judge": "x" * 300}, "vote without a voter"),
        ({"judge": ["gpt-4", "single-v1"]}, "judge did not compare two answers"),
        ({"model_a": ""}, "system without a name"),
        ({"model_b": {"name": "beta"}}, "system without a name"),
        ({"model_a": "a\0"}, "text holds a NUL character"),
        ({"conversation_b": talk("Another question?", "Yes.").as_dicts()}, "openings differ"),
        ({"conversation_b": []}, "answer of a system is missing"),
        ({"conversation_b": ["text"]}, "message is not text"),
        ({"conversation_b": "text"}, "not a row of this format"),
        ({"question_id": None}, "not a row of this format"),
    ],
)
def test_votes_that_cannot_be_used_say_why(change: Mapping[str, Any], why: str) -> None:
    with pytest.raises(UnusableRowError) as caught:
        read_mt_bench(hub_row() | dict(change), "1")
    assert caught.value.reason == why


def test_a_game_with_an_unknown_winner_and_a_question_without_an_answer_are_dropped(tmp_path: Path) -> None:
    odd = [games(81, 1, "alpha", "beta", ("model_1", "A")), games(99, 1, "alpha", "beta", ("tie", "tie")), {"model_a": 1}, 7]
    report = read(write_folder(tmp_path / "set", gpt4=[*GPT4, *odd])).report
    assert report.rows == 25 == report.rows_used + sum(report.dropped.values())
    assert report.dropped["question is missing"] == 1
    assert report.dropped["unknown winner"] == 2
    assert (report.dropped["not a row of this format"], report.dropped["row is not an object"]) == (1, 1)


def test_games_are_those_of_a_judge_whatever_its_name_and_votes_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    named = games(81, 1, "alpha", "beta", ("tie", "tie"))
    path = write_folder(tmp_path / "set", human=[], gpt4=[named | {"judge": "claude-v1"}, named | {"judge": ["my-judge", "compare"]}])
    write_lines(path / "human_votes" / "batch-1.jsonl", HUMAN[:2])
    write_lines(path / "reference_answer" / "pair.jsonl", [{"not": "a vote"}])
    reading = read(path)
    assert [r.judge for r in reading.votes.readings[::2]] == ["claude-v1-pair", "my-judge-pair"]
    assert (reading.report.rows, reading.report.rows_used, len(reading.votes.labels)) == (4, 4, 2)


def test_the_turn_of_older_judgment_files_follows_from_the_prompt(tmp_path: Path) -> None:
    rows = [{k: v for k, v in games(81, t, "alpha", "beta", ("model_1", "model_1")).items() if k != "turn"} for t in (1, 2)]
    reading = read(write_folder(tmp_path / "set", human=[], gpt4=rows))
    assert [key[1] for key in by_system(reading)] == [1, 2]


def sentence(path: Path, **more: Any) -> str:
    with pytest.raises(SourceError) as caught:
        read(path, **more)
    assert caught.value.message.endswith(".") and "\n" not in caught.value.message
    return caught.value.message.replace(str(path), "…")


def test_a_folder_that_is_damaged_ends_with_one_sentence(tmp_path: Path) -> None:
    def folder(name: str) -> Path:
        return write_folder(tmp_path / name)

    bad = folder("votes")
    (bad / "human_judgments.jsonl").write_text(json.dumps(HUMAN[0]) + "\n{no\n", encoding="utf-8")
    assert sentence(bad).startswith("…/human_judgments.jsonl, line 2 is not valid JSON")
    bad = folder("question")
    write_lines(bad / "question.jsonl", [{"question_id": 81, "turns": ["a"]}, {"question_id": 82}])
    assert sentence(bad) == "…/question.jsonl, row 2 is no question of MT-bench: question_id and a list of turns are needed."
    bad = folder("answer")
    write_lines(bad / "model_answer" / "beta.jsonl", [{"question_id": 81, "choices": []}])
    assert sentence(bad).startswith("…/model_answer/beta.jsonl, row 1 is no answer of MT-bench: ")
    bad = folder("empty")
    (bad / "model_answer" / "beta.jsonl").write_bytes(b"")
    assert sentence(bad) == "…/model_answer/beta.jsonl is empty."
    bad = folder("packed")
    (bad / "human_judgments.jsonl").rename(bad / "human_judgments.jsonl.gz")
    assert sentence(bad) == "…/human_judgments.jsonl.gz ends in .gz but is not gzipped."
    assert sentence(write_folder(tmp_path / "none", human=[], gpt4=[])).startswith("… holds no votes: no file whose name has 'human'")


def test_a_folder_without_questions_and_votes_without_answers_are_named(tmp_path: Path) -> None:
    assert sentence(tmp_path) == "… is a folder; give one of the files in it."
    assert sentence(tmp_path, fmt="mt-bench") == "There is no question.jsonl in …, which a folder of MT-bench has."
    assert sentence(write_folder(tmp_path / "set"), fmt="hh") == "… is a folder; give one of the files in it."
    assert "name the folder that holds question.jsonl" in sentence(write_lines(tmp_path / "loose.jsonl", HUMAN))
    for name in ("one", "two"):
        write_folder(tmp_path / "many" / name)
    assert sentence(tmp_path / "many") == "… holds several folders with question.jsonl."


def swapped(row: dict[str, Any]) -> dict[str, Any]:
    """The same vote with the two models named the other way round."""
    keys = ("model_a", "model_b") if "model_a" in row else ("model_1", "model_2")
    other = {keys[0]: keys[1], keys[1]: keys[0]}
    out = row | {keys[0]: row[keys[1]], keys[1]: row[keys[0]]}
    if "winner" in row:
        return out | {"winner": other.get(row["winner"], row["winner"])}
    # The first game shows model_1 first, so the games change places too.
    first, second = (other.get(row[k], row[k]) for k in ("g2_winner", "g1_winner"))
    return out | {"g1_winner": first, "g2_winner": second, "g1_judgment": row["g2_judgment"], "g2_judgment": row["g1_judgment"]}


TWO = st.permutations(MODELS).map(lambda names: names[:2])
VOTES = st.lists(
    st.tuples(
        st.sampled_from([81, 82, 101]),
        st.integers(1, 2),
        TWO,
        st.sampled_from(["model_a", "model_b", "tie"]),
        st.sampled_from(["expert_1", "expert_2"]),
    ),
    min_size=1,
    max_size=8,
).map(lambda rows: [vote(q, t, a, b, w, j) for q, t, (a, b), w, j in rows])
VERDICTS = st.lists(
    st.tuples(
        st.sampled_from([81, 101]),
        st.integers(1, 2),
        TWO,
        st.lists(st.sampled_from(["model_1", "model_2", "tie", "error"]), min_size=2, max_size=2),
    ),
    max_size=4,
).map(lambda rows: [games(q, t, a, b, w) for q, t, (a, b), w in rows])


@given(VOTES, VERDICTS)
def test_property_swapping_a_and_b_in_every_vote_gives_the_same_votes(human: list[dict[str, Any]], gpt4: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        plain = read(write_folder(Path(folder) / "x", human, gpt4))
        turned = read(write_folder(Path(folder) / "y", [swapped(v) for v in human], [swapped(g) for g in gpt4]), source="x")
    assert list(plain.pairs) == list(turned.pairs)
    assert plain.report == turned.report
    assert [(e.token, e.pair_id, e.person, e.value) for e in events(plain)] == [
        (e.token, e.pair_id, e.person, e.value) for e in events(turned)
    ]
    assert all(a.left_branch != b.left_branch for a, b in zip(events(plain), events(turned), strict=True))
    assert set(plain.votes.readings) == set(turned.votes.readings)
