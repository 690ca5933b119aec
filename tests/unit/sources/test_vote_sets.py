"""PandaLM, LLMBar, AlpacaEval and our own labels: what becomes of a row, and why not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.sources.alpacaeval import read_alpacaeval
from music_core.sources.labels import read_labels
from music_core.sources.llmbar import read_llmbar
from music_core.sources.pandalm import read_pandalm
from music_core.sources.read import read_source
from music_core.sources.rows import RowFormat, UnusableRowError
from music_core.sources.vote_formats import VOTE_FORMATS
from music_core.types import LabelEvent
from tests.unit.sources.files import talk, write_rows
from tests.unit.sources.test_mt_bench import hub_row

PANDALM_ROW = {
    "idx": 0,
    "motivation_app": "Notes",
    "cmp_key": "llama-7b_bloom-7b",
    "instruction": "Shorten the sentence.",
    "input": "It is, all in all, fine.",
    "response1": "It is fine.",
    "response2": "All in all, it is fine.",
    "annotator1": 1,
    "annotator2": 0,
    "annotator3": 2,
}
LLMBAR_ROW = {"input": "What is 75+48?", "output_1": "It is 123.", "output_2": "It is 134.", "label": 1}
ALPACA_ROW = {
    "instruction": "Name a colour.",
    "output_1": "Red.",
    "generator_1": "text_davinci_003",
    "output_2": "A car.",
    "generator_2": "example",
    "annotator": "alpaca_eval_gpt4",
    "preference": 1.25,
    "price_per_example": 0.01,
}
LABEL_ROW = {
    "id": "l_1",
    "token": "t1",
    "pair_id": "p_1",
    "person": "Ann",
    "choice": "left",
    "left_branch": "rejected",
    "blind": True,
    "verified": False,
    "seconds": 3.5,
    "reasons": ["clear"],
    "comment": "",
    "turn_marks": {"1": "left"},
    "queue": "all",
    "guideline": "2",
    "probability": 0.5,
    "shown": {"view": "label/1"},
    "supersedes": None,
    "value": "rejected",
    "current": True,
    "created_at": "2026-01-02T03:04:05+00:00",
}
ROWS: Mapping[str, dict[str, Any]] = {
    "mt-bench": hub_row(),
    "pandalm": PANDALM_ROW,
    "llmbar": LLMBAR_ROW,
    "alpacaeval": ALPACA_ROW,
    "labels": LABEL_ROW,
}


def reason(read: RowFormat, row: Any) -> str:
    with pytest.raises(UnusableRowError) as caught:
        read(row, "1")
    return caught.value.reason


def said(read: RowFormat, row: Any) -> list[tuple[str, str | None]]:
    """Who said what, by branch."""
    votes = read(row, "1").votes
    people: list[tuple[str, str | None]] = [(g.event.person, g.event.value) for g in votes.labels]
    return people + [(v.judge, v.value) for v in votes.verdicts]


@pytest.mark.parametrize("ending", [".jsonl", ".json.gz", ".parquet"])
@pytest.mark.parametrize("fmt", ROWS)
def test_every_format_of_votes_is_recognised_in_every_kind_of_file(fmt: str, ending: str, tmp_path: Path) -> None:
    reading = read_source(write_rows(tmp_path / f"set{ending}", [ROWS[fmt]]))
    assert (reading.fmt, reading.report.rows_used, reading.report.pairs) == (fmt, 1, int(fmt != "labels"))
    assert len(reading.votes.labels) + len(reading.votes.verdicts) >= 1


def test_pandalm_gives_three_people_and_the_judges_beside_them() -> None:
    (item,) = read_pandalm(PANDALM_ROW, "7").pairs
    # bloom comes before llama, so its answer is called chosen; it was the second response.
    assert item.pair.chosen == talk("Shorten the sentence.\n\nIt is, all in all, fine.", "All in all, it is fine.")
    assert item.origin.meta == {"sides": {"chosen": "bloom-7b", "rejected": "llama-7b"}, "idx": 0, "motivation_app": "Notes"}
    people = [("pandalm-annotator1", "rejected"), ("pandalm-annotator2", "tie"), ("pandalm-annotator3", "chosen")]
    assert said(read_pandalm, PANDALM_ROW) == people
    judged = PANDALM_ROW | {"pandalm_result": 2, "gpt_result": "Tie"}
    assert said(read_pandalm, judged)[3:] == [("pandalm-7b", "chosen"), ("gpt-3.5-turbo", "tie")]


def test_pandalm_without_names_or_with_missing_choices() -> None:
    plain = PANDALM_ROW | {"cmp_key": None, "input": None, "annotator2": None, "annotator3": 7}
    (item,) = read_pandalm(plain, "1").pairs
    assert "sides" not in item.origin.meta and item.pair.chosen.messages[0].content == "Shorten the sentence."
    assert [who for who, _ in said(read_pandalm, plain)] == ["pandalm-annotator1"]
    assert reason(read_pandalm, plain | {"annotator1": None}) == "no vote on the pair"
    assert reason(read_pandalm, plain | {"response1": plain["response2"]}) == "identical conversations"
    assert reason(read_pandalm, plain | {"response1": 5}) == "message is not text"


def test_llmbar_is_the_vote_of_one_more_person_whichever_output_stands_first() -> None:
    turned = LLMBAR_ROW | {"output_1": LLMBAR_ROW["output_2"], "output_2": LLMBAR_ROW["output_1"], "label": 2}
    assert read_llmbar(LLMBAR_ROW, "1").pairs == read_llmbar(turned, "1").pairs
    assert said(read_llmbar, LLMBAR_ROW) == said(read_llmbar, turned) == said(read_llmbar, LLMBAR_ROW | {"label": "1"})
    assert said(read_llmbar, LLMBAR_ROW) != said(read_llmbar, LLMBAR_ROW | {"label": 2})
    for label in (0, 3, None, True, [1]):
        assert reason(read_llmbar, LLMBAR_ROW | {"label": label}) == "no vote on the pair"


@pytest.mark.parametrize(
    ("preference", "value", "score"),
    [(1, "rejected", -1.0), (1.25, "rejected", -0.5), (1.5, "tie", 0.0), (0, "tie", 0.0), (1.75, "chosen", 0.5), (2.0, "chosen", 1.0)],
)
def test_alpacaeval_preferences_run_from_the_first_output_to_the_second(preference: float, value: str, score: float) -> None:
    (verdict,) = read_alpacaeval(ALPACA_ROW | {"preference": preference}, "1").votes.verdicts
    assert (verdict.judge, verdict.value, verdict.score, verdict.n_readings) == ("alpaca_eval_gpt4", value, score, 0)
    person = ALPACA_ROW | {"preference": preference, "annotator_index": 3}
    assert said(read_alpacaeval, person) == [("alpacaeval-annotator-3", value)]


def test_alpacaeval_rows_of_one_pair_are_one_pair(tmp_path: Path) -> None:
    rows = [ALPACA_ROW | {"annotator_index": k, "preference": 1 + k % 2} for k in range(4)]
    reading = read_source(write_rows(tmp_path / "cross.json", rows))
    assert (reading.report.rows_used, reading.report.pairs, len(reading.pairs), len(reading.votes.labels)) == (4, 1, 1, 4)
    assert reason(read_alpacaeval, ALPACA_ROW | {"annotator": None}) == "vote without a voter"
    for preference in (None, 3, -1, 0.5, "2", True):
        assert reason(read_alpacaeval, ALPACA_ROW | {"preference": preference}) == "no vote on the pair"


def test_a_label_comes_back_with_everything_that_was_exported() -> None:
    (given,) = read_labels(LABEL_ROW, "1").votes.labels
    about = {"verified": False, "seconds": 3.5, "reasons": ("clear",), "turn_marks": {1: "left"}, "guideline": "2", "probability": 0.5}
    assert given.event == LabelEvent("t1", "p_1", "Ann", "left", "rejected", True, shown={"view": "label/1"}, **about)  # type: ignore[arg-type]
    assert given.given_at is not None and given.given_at.isoformat() == "2026-01-02T03:04:05+00:00"
    (undo,) = read_labels(LABEL_ROW | {"choice": None, "supersedes": "l_1"}, "1").votes.labels
    assert (undo.event.choice, undo.event.supersedes) == (None, "l_1")


@pytest.mark.parametrize(
    "change",
    [
        {"choice": "maybe"},
        {"choice": ["left"]},
        {"left_branch": "left"},
        {"blind": 1},
        {"verified": None},
        {"token": ""},
        {"person": 7},
        {"pair_id": None},
        {"seconds": -1},
        {"seconds": True},
        {"seconds": 10**400},
        {"probability": 1.5},
        {"probability": float("inf")},
        {"reasons": "clear"},
        {"turn_marks": {"one": "left"}},
        {"turn_marks": {"1": "best"}},
        {"shown": {"x": float("inf")}},
        {"shown": []},
        {"created_at": "yesterday"},
        {"created_at": 5},
        {"supersedes": 5},
    ],
)
def test_a_label_that_was_changed_by_hand_is_dropped(change: dict[str, Any]) -> None:
    assert reason(read_labels, LABEL_ROW | change) == "malformed label"


ANY: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=4) | st.just([]) | st.just({"x": 1}) | st.just("\ud800")
)
KEYS = sorted(
    {key for row in ROWS.values() for key in row} | {"model_1", "model_2", "g1_winner", "g2_winner", "annotator_index", "pandalm_result"}
)


@given(st.sampled_from(sorted(ROWS)), st.dictionaries(st.sampled_from(KEYS), ANY, max_size=4))
def test_property_no_row_of_votes_breaks_its_format(fmt: str, change: dict[str, Any]) -> None:
    fits, read = VOTE_FORMATS[fmt]
    row = dict(ROWS[fmt]) | change
    fits(row)
    try:
        made = read(row, "1")
    except UnusableRowError as e:
        assert e.reason
    else:
        assert made.votes
        for item in made.pairs:
            json.dumps(dict(item.origin.meta), allow_nan=False).encode()
            assert {v.pair_id for v in made.votes.verdicts} | {g.event.pair_id for g in made.votes.labels} <= {item.pair.id}
