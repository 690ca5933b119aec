from hypothesis import given
from hypothesis import strategies as st

from jobs.report.pair.alignment import align, shared_prefix, turns_of
from music_core.types import Conversation, Message
from tests.app.samples import chat, rice_pair

CHATS = st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), st.sampled_from("abc")), max_size=9).map(
    lambda items: Conversation(tuple(Message(role, text) for role, text in items))  # type: ignore[arg-type]
)


@given(CHATS, CHATS)
def test_property_every_message_of_both_sides_appears_once(left: Conversation, right: Conversation) -> None:
    rows = [row for turn in align(left, right) for row in turn.rows]
    assert sorted(map(str, (r.left for r in rows if r.left))) == sorted(map(str, left.messages))
    assert sorted(map(str, (r.right for r in rows if r.right))) == sorted(map(str, right.messages))


@given(CHATS, CHATS)
def test_property_swapping_the_sides_swaps_the_rows(left: Conversation, right: Conversation) -> None:
    there = [(t.turn, r.left, r.right) for t in align(left, right) for r in t.rows]
    back = [(t.turn, r.right, r.left) for t in align(right, left) for r in t.rows]
    assert there == back


@given(CHATS)
def test_property_a_conversation_beside_itself_is_shared_to_the_end(talk: Conversation) -> None:
    turns = align(talk, talk)
    assert shared_prefix(turns) == len(turns)


def test_the_sides_part_in_the_turn_that_the_pair_names() -> None:
    pair = rice_pair()
    turns = align(pair.chosen, pair.rejected)
    assert [t.turn for t in turns] == [1, 2, 3]
    assert turns[shared_prefix(turns)].turn == pair.divergence == 2
    assert turns[1].rows[0].same
    assert not turns[1].rows[1].same


def test_replies_face_replies_when_one_side_has_more_messages_before_them() -> None:
    left = chat(("user", "a"), ("user", "b"), ("assistant", "c"))
    right = chat(("user", "a"), ("assistant", "d"))
    rows = align(left, right)[0].rows
    assert [(r.left and r.left.content, r.right and r.right.content) for r in rows] == [("a", "a"), ("b", None), ("c", "d")]


def test_a_system_message_stands_before_the_first_turn_and_an_open_question_after_the_last() -> None:
    talk = chat(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"))
    assert {turn: [m.content for m in messages] for turn, messages in turns_of(talk).items()} == {0: ["s"], 1: ["a", "b"], 2: ["c"]}
