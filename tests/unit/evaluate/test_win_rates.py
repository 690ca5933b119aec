"""The table of Best-of-N against tables computed by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.best_of_n import Meeting, Mode
from music_core.evaluate.win_rates import WinRate, outcome, win_rates
from music_core.types import Verdict
from tests.unit.evaluate.bon import for_a, met

CELL: tuple[str, str, Mode, int] = ("A", "B", "conversation", 4)
SAID = st.lists(st.sampled_from(["win", "loss", "tie", "flip", "split", "same_pick", "unresolved"]), max_size=14)


def prompts(said: list[str]) -> tuple[list[Meeting], dict[str, Verdict]]:
    """One prompt for each thing said; A's pick is the longer one."""
    found = [
        met(n, "The same.", "The same.") if what == "same_pick" else met(n, "A longer reply.", "Short.") for n, what in enumerate(said)
    ]
    return found, {m.pair.id: for_a(m, what) for m, what in zip(found, said, strict=True) if not m.same}


def row(said: list[str], *, n_asked: int | None = None, n_boot: int = 200) -> WinRate:
    found, verdicts = prompts(said)
    (only,) = win_rates(found, verdicts, cells=[CELL], n_asked=len(said) if n_asked is None else n_asked, n_boot=n_boot)
    return only


def test_a_table_is_as_computed_by_hand() -> None:
    got = row(["win", "win", "win", "loss", "tie", "flip", "split", "same_pick", "unresolved"], n_asked=11)
    assert (got.n_prompts, got.wins, got.losses, got.ties, got.flips, got.splits) == (9, 3, 1, 3, 1, 1)
    assert (got.same_pick, got.unresolved, got.left_out) == (1, 1, 2)
    assert got.win_rate == pytest.approx((3 + 3 / 2 + 1 / 2) / 8)
    assert got.win_rate_apart == pytest.approx((3 + 3 / 2) / 7)
    assert got.flip_rate == pytest.approx(1 / 7)
    assert got.first_rate == 0.5
    assert got.longer_rate == pytest.approx(3 / 4)
    assert got.interval is not None
    assert got.win_rate is not None
    assert got.interval[0] <= got.win_rate <= got.interval[1]
    assert got.note == ""


def test_what_is_undefined_is_none_and_says_why() -> None:
    nothing = row([], n_asked=5)
    assert (nothing.n_prompts, nothing.left_out, nothing.win_rate, nothing.interval) == (0, 5, None, None)
    assert nothing.note == "No prompt has a pick of both."
    unread = row(["unresolved", "unresolved"])
    assert (unread.win_rate, unread.flip_rate, unread.note) == (None, None, "No judge's answer could be read.")
    same = row(["same_pick", "same_pick"])
    assert (same.win_rate, same.win_rate_apart, same.flip_rate, same.longer_rate) == (0.5, None, None, None)
    assert same.note == "No interval: all 2 prompts ended alike."
    assert row(["win"]).note == "No interval: one prompt only."
    assert row(["win", "loss"], n_boot=0).note == "No interval was asked for."


def test_a_pair_without_a_verdict_is_unresolved_and_a_same_pick_needs_none() -> None:
    assert outcome(met(1, "Yes.", "No."), None) == "unresolved"
    assert outcome(met(1, "Yes.", "Yes."), None) == "same_pick"


def mirrored(meeting: Meeting) -> Meeting:
    return Meeting(replace(meeting.b), replace(meeting.a))


@given(SAID)
def test_property_b_against_a_mirrors_a_against_b(said: list[str]) -> None:
    found, verdicts = prompts(said)
    (there,) = win_rates([mirrored(m) for m in found], verdicts, cells=[("B", "A", "conversation", 4)], n_asked=len(said), n_boot=100)
    here = row(said, n_boot=100)
    assert (there.wins, there.losses, there.ties, there.same_pick) == (here.losses, here.wins, here.ties, here.same_pick)
    assert (there.flip_rate, there.first_rate, there.longer_rate, there.note) == (
        here.flip_rate,
        here.first_rate,
        here.longer_rate,
        here.note,
    )
    for one, other in ((there.win_rate, here.win_rate), (there.win_rate_apart, here.win_rate_apart)):
        assert (one is None) == (other is None)
        assert one is None or other is None or one == pytest.approx(1 - other)
    assert (there.interval is None) == (here.interval is None)
    if here.interval and there.interval:
        assert there.interval == pytest.approx((1 - here.interval[1], 1 - here.interval[0]))


@given(SAID)
def test_property_the_order_of_meetings_changes_nothing(said: list[str]) -> None:
    found, verdicts = prompts(said)
    assert win_rates(found[::-1], verdicts, cells=[CELL], n_asked=len(said), n_boot=50) == win_rates(
        found, verdicts, cells=[CELL], n_asked=len(said), n_boot=50
    )


def test_rows_come_as_the_cells_were_asked_for() -> None:
    found, verdicts = prompts(["win", "loss", "win"])
    cells: list[tuple[str, str, Mode, int]] = [("A", "B", "conversation", 8), CELL]
    eight, four = win_rates(found, verdicts, cells=cells, n_asked=3, n_boot=20)
    assert (eight.n, eight.n_prompts, eight.left_out) == (8, 0, 3)
    assert (four.n, four.n_prompts, four.left_out) == (4, 3, 0)
    assert four.as_dict()["wins"] == 2
