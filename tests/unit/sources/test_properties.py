"""What holds for every row: round trips, the same ids again, and no row that breaks the reader."""

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from music_core.errors import SourceError
from music_core.sources.detect import FORMATS
from music_core.sources.read import read_source
from music_core.sources.rows import RowPairs, UnusableRowError
from music_core.types import Contrast, ContrastPair, Conversation, Message, Origin, Seed, SourcedPair, TurnRecord, normalise
from tests.unit.sources.files import HH_ROW, write_rows

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=30).filter(normalise)
META = st.dictionaries(
    TEXT, st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT, st.lists(TEXT, max_size=2)), max_size=3
)
TURN = st.builds(
    TurnRecord,
    branch=st.sampled_from(["chosen", "rejected"]),
    turn=st.integers(1, 9),
    role=st.sampled_from(["user", "assistant"]),
    endpoint=TEXT,
    model=TEXT,
    prompt_hash=TEXT,
    sampling=st.dictionaries(TEXT, st.floats(0, 2), max_size=2),
    seed=st.integers(0, 2**62),
    finish_reason=TEXT,
    tokens_in=st.integers(0, 9),
    tokens_out=st.integers(0, 9),
    tokens_cached=st.integers(0, 9),
    latency_s=st.floats(0, 9),
    cost=st.none() | st.floats(0, 9),
)
ORIGIN = st.builds(
    Origin,
    source=TEXT,
    locator=TEXT,
    run_id=st.none() | TEXT,
    method=st.none() | st.sampled_from(["one_call", "two_call", "swap"]),
    schedule=st.none() | st.just("from:2"),
    contrasts=st.lists(st.builds(Contrast, st.integers(1, 9), TEXT), max_size=2).map(tuple),
    turns=st.lists(TURN, max_size=2).map(tuple),
    meta=META,
)


@st.composite
def pairs(draw: st.DrawFn) -> ContrastPair:
    opening = [Message("system", draw(TEXT))] if draw(st.booleans()) else []
    opening.append(Message("user", draw(TEXT)))

    def rest() -> list[Message]:
        texts = [draw(TEXT) for _ in range(2 * draw(st.integers(0, 2)) + 1)]
        return [Message("assistant" if i % 2 == 0 else "user", t) for i, t in enumerate(texts)]

    made = ContrastPair(Conversation((*opening, *rest())), Conversation((*opening, *rest())))
    return made if made.divergence else ContrastPair(made.chosen, Conversation((*opening, Message("assistant", made.chosen.id))))


def export_row(pair: ContrastPair, origins: list[Origin]) -> dict[str, Any]:
    return {
        "chosen": pair.chosen.as_dicts(),
        "rejected": pair.rejected.as_dicts(),
        "music": {"pair_id": pair.id, "origins": [asdict(o) for o in origins]},
    }


def read_rows(rows: list[Any], name: str = "set.jsonl") -> list[SourcedPair]:
    with TemporaryDirectory() as folder, read_source(write_rows(Path(folder) / name, rows)) as reading:
        assert reading.report.rows == reading.report.rows_used + sum(reading.report.dropped.values()) == len(rows)
        return list(reading.pairs)


@given(pairs(), st.lists(ORIGIN, min_size=1, max_size=2))
def test_property_our_export_reads_back_to_the_same_pair_and_origins(pair: ContrastPair, origins: list[Origin]) -> None:
    back = read_rows([export_row(pair, origins)])
    assert [s.pair for s in back] == [pair] * len(origins)
    assert [s.pair.id for s in back] == [pair.id] * len(origins)
    assert [s.origin for s in back] == origins


@given(st.lists(pairs(), min_size=1, max_size=4))
def test_property_the_same_rows_give_the_same_ids_from_any_kind_of_file(many: list[ContrastPair]) -> None:
    rows = [{"chosen": p.chosen.as_dicts(), "rejected": p.rejected.as_dicts()} for p in many]
    lines = read_rows(rows)
    assert [s.pair.id for s in lines] == [p.id for p in many]
    assert read_rows(rows) == read_rows(rows, "set.json") == read_rows(rows, "set.parquet.gz") == lines


@given(pairs())
def test_property_every_form_of_one_pair_has_its_id(pair: ContrastPair) -> None:
    chosen, rejected = pair.chosen.as_dicts(), pair.rejected.as_dicts()
    opening = pair.n_shared
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    explicit = {"prompt": chosen[:opening], "chosen": chosen[opening:], "rejected": rejected[opening:]}
    told = [
        [{"from": names[m["role"]], "value": m["content"]} for m in side]
        for side in (chosen[:opening], chosen[opening:], rejected[opening:])
    ]
    sharegpt = dict(zip(("conversations", "chosen", "rejected"), told, strict=True))
    assert [s.pair.id for row in (explicit, sharegpt) for s in read_rows([row])] == [pair.id, pair.id]


ANY_TEXT = st.text(max_size=6) | st.sampled_from(
    ["user", "assistant", "gpt", "human", "prompter", "\n\nHuman: a\n\nAssistant: b", "\ud800", "\0"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "from", "value", "text", "type", "replies", "rank", "deleted", "origins", "meta", "answer", "response"]
            ),
            inner,
        )
    ),
    max_leaves=8,
)
COLUMNS = ["prompt", "chosen", "rejected", "conversations", "system", "tools", "music", "tree_state", "message_tree_id", "extra"]
COLUMNS += ["trajectory", "instruction", "response", "completions", "overall_score", "score_chosen", "score_rejected", "helpfulness"]
COLUMNS += ["context", "response1", "response2", "overall_preference", "messages", "source", "subset", "conversation_input", "reject"]


@given(st.dictionaries(st.sampled_from(COLUMNS), JSON), st.sampled_from(sorted(FORMATS)))
def test_property_no_row_breaks_a_format(row: dict[str, Any], fmt: str) -> None:
    fits, read = FORMATS[fmt]
    fits(row)
    try:
        made = read(row, "1")
    except UnusableRowError as e:
        assert e.reason
    else:
        assert isinstance(made, RowPairs) and (made.pairs or made.chats)
        for chat in made.chats:
            json.dumps(asdict(chat), allow_nan=False).encode()
            assert any(m.role == "user" for m in chat.chat.messages)
        for item in made.pairs:
            assert item.pair.divergence > 0
            json.dumps(asdict(item), allow_nan=False).encode()
            assert item.pair.chosen.messages[-1].role == item.pair.rejected.messages[-1].role == "assistant"
            assert Seed(item.pair.chosen).id == Seed(item.pair.rejected).id


@given(st.sampled_from([f"{kind}{gz}" for kind in (".jsonl", ".json", ".parquet") for gz in ("", ".gz")]), st.data())
def test_property_a_damaged_file_is_read_or_ends_with_one_sentence(ending: str, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"set{ending}"
        write_rows(path, [HH_ROW, HH_ROW])
        whole = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(0, 3))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(whole[: data.draw(st.integers(1, len(whole)) | st.just(len(whole)))])
        try:
            with read_source(str(path)) as reading:
                assert reading.report.rows == reading.report.rows_used + sum(reading.report.dropped.values())
                assert sum(1 for _ in reading.pairs) == reading.report.pairs == reading.report.rows_used
        except SourceError as e:
            assert "\n" not in e.message and e.message.endswith(".")
