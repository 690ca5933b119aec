"""Small preference files, written by the tests themselves."""

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from music_core.types import Conversation, conversation

HH_ROW = {
    "chosen": "\n\nHuman: How do I boil an egg?\n\nAssistant: Seven minutes.\n\nHuman: And soft?\n\nAssistant: Five minutes.",
    "rejected": "\n\nHuman: How do I boil an egg?\n\nAssistant: Seven minutes.\n\nHuman: And soft?\n\nAssistant: Fry it.",
}
TRL_ROW = {
    "prompt": [{"role": "user", "content": "Capital of France?"}],
    "chosen": [{"role": "assistant", "content": "Paris."}],
    "rejected": [{"role": "assistant", "content": "Rome."}],
}
SHAREGPT_ROW = {
    "conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "2+2?"}],
    "chosen": {"from": "gpt", "value": "4"},
    "rejected": {"from": "gpt", "value": "5"},
}
RowOf = Callable[..., dict[str, Any]]


def node(
    text: str, role: str = "assistant", rank: int | None = None, replies: Sequence[dict[str, Any]] = (), **more: Any
) -> dict[str, Any]:
    ranked = {} if rank is None else {"rank": rank}
    return (
        {"message_id": f"id-{text}", "text": text, "role": role, "review_result": True, "deleted": False, "replies": list(replies)}
        | ranked
        | more
    )


def tree(*replies: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"message_tree_id": "t", "tree_state": "ready_for_export", "prompt": node("question", "prompter", replies=replies)} | more


OASST_ROW = tree(
    node("best", rank=0, replies=[node("thanks, more?", "prompter", replies=[node("good", rank=0), node("poor", rank=1)])]),
    node("middling", rank=1),
    node("worst", rank=2),
)
ROWS: dict[str, dict[str, Any]] = {"hh": HH_ROW, "trl": TRL_ROW, "sharegpt": SHAREGPT_ROW, "oasst": OASST_ROW}


def write_bytes(path: Path, data: bytes) -> str:
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return str(path)


def write_rows(path: Path, rows: Sequence[Any]) -> str:
    """The rows in the form that the file's name says."""
    if ".parquet" in path.name:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(list(rows)), sink)
        return write_bytes(path, sink.getvalue().to_pybytes())
    text = "".join(json.dumps(r) + "\n" for r in rows) if ".jsonl" in path.name.lower() else json.dumps(rows, indent=1)
    return write_bytes(path, text.encode())


def talk(*contents: str) -> Conversation:
    """User and assistant by turns."""
    return conversation([("user" if i % 2 == 0 else "assistant", c) for i, c in enumerate(contents)])
