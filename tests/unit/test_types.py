"""The values: ids, divergence, splits, labels by branch."""

from hypothesis import given
from hypothesis import strategies as st

from music_core.types import (
    ContrastPair,
    Conversation,
    LabelEvent,
    Message,
    Seed,
    conversation,
    split_of,
)

TEXT = st.text(max_size=40)


def talk(*contents: str) -> Conversation:
    return conversation([("user" if i % 2 == 0 else "assistant", c) for i, c in enumerate(contents)])


@given(st.lists(TEXT, min_size=1, max_size=6))
def test_property_the_id_ignores_how_white_space_ends_and_lines_break(contents: list[str]) -> None:
    plain = talk(*contents)
    dressed = Conversation(tuple(Message(m.role, f"  {m.content.strip()}\r\n") for m in plain.messages))
    assert dressed.id == plain.id


@given(TEXT, TEXT)
def test_property_roles_and_boundaries_count_in_the_id(a: str, b: str) -> None:
    joined = Conversation((Message("user", a + b),))
    apart = Conversation((Message("user", a), Message("user", b)))
    other = Conversation((Message("assistant", a + b),))
    assert len({joined.id, apart.id, other.id}) == 3


def test_divergence_is_the_first_turn_that_differs() -> None:
    chosen = talk("q", "a", "q2", "a2", "q3", "a3")
    assert ContrastPair(chosen, talk("q", "X", "q2", "a2", "q3", "a3")).divergence == 1
    assert ContrastPair(chosen, talk("q", "a", "OTHER", "a2", "q3", "a3")).divergence == 2
    assert ContrastPair(chosen, talk("q", "a", "q2", "a2", "q3", "X")).divergence == 3
    assert ContrastPair(chosen, talk("q", "a", "q2", "a2")).divergence == 3
    assert ContrastPair(chosen, chosen).divergence == 0


def test_pairs_that_open_alike_share_a_seed_and_so_a_split() -> None:
    short, long = Seed(talk("q", "a")), Seed(talk("q", "other", "q2", "a2"))
    assert short.id == long.id
    assert short.split == long.split == split_of(short.id)


def test_splits_have_their_shares() -> None:
    splits = [split_of(f"s_{i}") for i in range(4000)]
    assert 0.77 < splits.count("train") / 4000 < 0.83
    assert 0.08 < splits.count("validation") / 4000 < 0.12


def test_a_label_is_read_by_branch_not_by_side() -> None:
    def value(choice: str | None, left: str) -> str | None:
        return LabelEvent("t", "p", "ann", choice, left, blind=True).value  # type: ignore[arg-type]

    assert value("left", "chosen") == value("right", "rejected") == "chosen"
    assert value("right", "chosen") == value("left", "rejected") == "rejected"
    assert value("tie", "chosen") == value("both_bad", "chosen") == "tie"
    assert value("skip", "chosen") is value(None, "chosen") is None
