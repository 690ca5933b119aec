"""Who gets which pair, and what becomes of a label that comes too late."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store import reservations
from music_core.store.connect import Store
from music_core.store.labels import add_label, all_labels, label_history
from music_core.store.maintain import check, compact
from music_core.store.reservations import BATCH, Claim, give_label, held_by_others, reserve
from music_core.types import LabelEvent
from tests.store.conftest import add_six_pairs
from tests.store.test_together import at_once, two_machines

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["lake", "index"], autouse=True)
def asked(request: pytest.FixtureRequest, store: Store) -> None:
    """What writes ask before they write: of the lake, or of the index where that has been filled."""
    if request.param == "index":
        store.indexed(lambda session: session.rows("SELECT 1"))


def claim(person: str, ids: Sequence[str], overlap: int = 1, **more: bool | int) -> Claim:
    return dataclasses.replace(Claim(person, "q", overlap, tuple(ids)), **more)  # type: ignore[arg-type]


def event(pair_id: str, person: str, choice: str = "left", token: str = "", **more: object) -> LabelEvent:
    made = LabelEvent(token or f"{person} {pair_id} {choice}", pair_id, person, "left", "chosen", True, queue="q")
    return dataclasses.replace(made, choice=choice, **more)  # type: ignore[arg-type]


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let the store's clock stand so much later."""
    real: Callable[[], datetime] = vars(reservations)["now"]
    monkeypatch.setattr(reservations, "now", lambda: real() + by)


def test_a_pair_for_one_person_is_given_to_one_person(store: Store, six_pairs: list[str]) -> None:
    first = reserve(store, claim("ann", six_pairs))
    assert list(first) == six_pairs[:BATCH]
    assert list(reserve(store, claim("bob", six_pairs))) == six_pairs[BATCH : 2 * BATCH]
    assert reserve(store, claim("cid", six_pairs)) == {}
    assert reserve(store, claim("ann", six_pairs)) == first
    assert held_by_others(store, six_pairs, "ann") == set(six_pairs[BATCH : 2 * BATCH])


def test_a_pair_for_two_people_is_given_to_two(store: Store, six_pairs: list[str]) -> None:
    for person in ("ann", "bob"):
        assert list(reserve(store, claim(person, six_pairs[:2], 2))) == six_pairs[:2]
    assert reserve(store, claim("cid", six_pairs[:2], 2)) == {}


def test_labels_and_reservations_of_others_count_together_and_each_person_once(store: Store, six_pairs: list[str]) -> None:
    target = six_pairs[:1]
    reserve(store, claim("ann", target, 2))
    give_label(store, event(target[0], "ann"), claim("ann", target, 2))
    assert list(reserve(store, claim("bob", target, 2))) == target
    assert reserve(store, claim("cid", target, 2)) == {}


def test_a_vote_reserves_what_comes_next_in_the_same_commit(store: Store, six_pairs: list[str]) -> None:
    reserve(store, claim("ann", six_pairs))
    before = store.version()
    voted = give_label(store, event(six_pairs[0], "ann"), claim("ann", six_pairs))
    assert list(voted.held) == six_pairs[1 : 1 + BATCH]
    assert store.version() == before + 1
    assert not voted.label.event.beyond


def test_who_skips_a_pair_leaves_it_to_others(store: Store, six_pairs: list[str]) -> None:
    target = six_pairs[:1]
    reserve(store, claim("ann", target))
    assert give_label(store, event(target[0], "ann", "skip"), claim("ann", target)).held == {}
    assert list(reserve(store, claim("bob", target))) == target
    assert reserve(store, claim("ann", target)) == {}


def test_a_reservation_lapses_unless_it_is_prolonged(store: Store, six_pairs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    target = six_pairs[:1]
    until = reserve(store, claim("ann", target))[target[0]]
    assert reserve(store, claim("ann", target))[target[0]] == until
    later(monkeypatch, timedelta(minutes=6))
    assert reserve(store, claim("ann", target))[target[0]] > until
    later(monkeypatch, timedelta(minutes=6))
    assert reserve(store, claim("bob", target)) == {}
    later(monkeypatch, timedelta(minutes=6))
    assert list(reserve(store, claim("bob", target))) == target


def test_a_label_that_comes_after_others_filled_the_pair_is_kept_and_marked(
    store: Store, six_pairs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = six_pairs[:1]
    reserve(store, claim("ann", target))
    later(monkeypatch, timedelta(minutes=11))
    reserve(store, claim("bob", target))
    assert not give_label(store, event(target[0], "bob"), claim("bob", target)).label.event.beyond
    late = give_label(store, event(target[0], "ann", "right"), claim("ann", target)).label
    assert (late.event.beyond, late.event.choice) == (True, "right")
    assert [e.event.beyond for e in label_history(store, target[0])] == [False, True]


def test_changing_an_own_label_is_never_beyond_the_target(store: Store, six_pairs: list[str]) -> None:
    target = six_pairs[:1]
    give_label(store, event(target[0], "ann"), claim("ann", target))
    add_label(store, event(target[0], "bob"))  # without the queue, where no target holds
    assert not give_label(store, event(target[0], "ann", "tie"), claim("ann", target)).label.event.beyond


def test_adjudication_asks_for_a_further_person_and_counts_adjudications_only(store: Store, six_pairs: list[str]) -> None:
    target = six_pairs[:1]
    for person, choice in (("ann", "left"), ("bob", "right")):
        add_label(store, event(target[0], person, choice))
    assert reserve(store, claim("ann", target, adjudication=True)) == {}
    ask = claim("cid", target, adjudication=True)
    assert list(reserve(store, ask)) == target
    assert reserve(store, claim("dan", target, adjudication=True)) == {}
    assert give_label(store, event(target[0], "cid", kind="adjudication"), ask).label.event.kind == "adjudication"
    assert reserve(store, claim("eva", target, adjudication=True)) == {}


def test_the_same_token_twice_is_one_label(store: Store, six_pairs: list[str]) -> None:
    sent = event(six_pairs[0], "ann", token="t")
    first = give_label(store, sent, claim("ann", six_pairs))
    assert give_label(store, dataclasses.replace(sent, choice="right"), claim("ann", six_pairs)) == first
    assert len(all_labels(store)) == 1


def test_a_label_of_an_unknown_pair_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="There is no pair p_gone"):
        give_label(store, event("p_gone", "ann"), claim("ann", []))


def test_reservations_outlive_compaction(store: Store, six_pairs: list[str]) -> None:
    held = reserve(store, claim("ann", six_pairs))
    compact(store, keep_days=0)
    assert reserve(store, claim("ann", six_pairs)) == held
    assert check(store) == []


def compete(first: Store, second: Store, ids: Sequence[str]) -> None:
    """Two stores that share no queue of writers ask for the same pairs, one after another, at the same instants; each pair goes to one."""
    held: dict[str, set[str]] = {"ann": set(), "bob": set()}

    def ask(opened: Store, person: str, pair_id: str) -> None:
        held[person] |= set(reserve(opened, claim(person, [pair_id])))

    for pair_id in ids:
        at_once([lambda p=pair_id: ask(first, "ann", p), lambda p=pair_id: ask(second, "bob", p)])  # type: ignore[misc]
    assert held["ann"] | held["bob"] == set(ids)
    assert not held["ann"] & held["bob"]


def test_of_two_who_ask_at_one_instant_one_gets_the_pair(home: Path) -> None:
    first, second = two_machines(home)
    compete(first, second, add_six_pairs(first))
    first.close()
    second.close()


ASK = """
import sys
from pathlib import Path
from music_core.store.connect import open_store
from music_core.store.reservations import Claim, give_label, reserve
from music_core.types import LabelEvent
home, catalog, person, *ids = sys.argv[1:]
store = open_store(Path(home), catalog=catalog or None)
print("ready", flush=True)
sys.stdin.readline()
done = []
while held := reserve(store, Claim(person, "q", 1, tuple(i for i in ids if i not in done))):
    pair_id = next(iter(held))
    event = LabelEvent(f"{person} {pair_id}", pair_id, person, "left", "chosen", True, queue="q")
    give_label(store, event, Claim(person, "q", 1, tuple(ids)))
    done.append(pair_id)
print(*done, flush=True)
"""


def labelled_by_two_processes(home: Path, ids: Sequence[str], catalog: str = "") -> tuple[list[str], list[str]]:
    """What two processes that walk the same pairs from the same instant on have labelled."""
    script = home.with_name("ask.py")  # a file, since DuckDB takes `python -c` for an interactive process and draws progress bars
    script.write_text(ASK, encoding="utf-8")
    command = [sys.executable, str(script), str(home), catalog]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    people = [
        subprocess.Popen([*command, person, *ids], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env)
        for person in ("ann", "bob")
    ]
    for process in people:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in people:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    done = [process.communicate(timeout=120)[0].split() for process in people]
    assert [process.returncode for process in people] == [0, 0]
    return done[0], done[1]


def test_two_processes_share_out_the_pairs_of_a_queue(home: Path, store: Store, six_pairs: list[str]) -> None:
    first, second = labelled_by_two_processes(home, six_pairs)
    assert sorted([*first, *second]) == sorted(six_pairs)
    assert not any(label.event.beyond for label in all_labels(store))
