import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_core.errors import StoreError
from music_core.store.connect import Store, open_store
from music_core.store.filters import SORTS
from music_core.store.labels import add_label
from music_core.store.models import register_model
from music_core.store.pairs import Facet, PairFilter, add_pairs, facets, get_pairs, list_pairs, pair_ids
from music_core.store.readings import add_readings
from music_core.store.traces import add_traces
from music_core.types import LabelEvent, RewardModel, RewardTrace, Verdict, VerdictValue
from tests.store.conftest import add_six_pairs, make_pair


@pytest.fixture(scope="module")
def read_only(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all tests here that only read."""
    home = tmp_path_factory.mktemp("browse") / "lake"
    shutil.copytree(empty_store, home)
    opened = open_store(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def judged(read_only: Store) -> list[str]:
    """The six pairs with traces of model m (margins 0.0, 0.1, …), a verdict each of judge j, and three labels."""
    ids = add_six_pairs(read_only)
    register_model(read_only, RewardModel("m", "tiny", "models/tiny", "base"))
    traces = [RewardTrace(p, "chosen", "m", (9.0, k / 10)) for k, p in enumerate(ids)]
    add_traces(read_only, traces + [RewardTrace(p, "rejected", "m", (0.0,)) for p in ids])
    values: tuple[VerdictValue, ...] = ("chosen", "rejected", "tie", "flip", "split", "unresolved")
    add_readings(read_only, [], [Verdict(p, "j", "pairwise", v, None, 2, 0) for p, v in zip(ids, values, strict=True)])
    add_label(read_only, LabelEvent("t1", ids[0], "ann", "left", "chosen", True))
    add_label(read_only, LabelEvent("t2", ids[1], "bob", "tie", "chosen", True))
    add_label(read_only, LabelEvent("t3", ids[2], "ann", "skip", "chosen", True))
    return ids


def found(store: Store, f: PairFilter, ids: list[str]) -> list[int]:
    """Which of the six pass; the page, the count and the id list must agree."""
    page = list_pairs(store, f)
    assert page.total == len(page.rows)
    assert pair_ids(store, f) == [row.pair_id for row in page.rows]
    return sorted(ids.index(row.pair_id) for row in page.rows)


def test_filters_pass_what_they_say(read_only: Store, judged: list[str]) -> None:
    expected: list[tuple[PairFilter, list[int]]] = [
        (PairFilter(), [0, 1, 2, 3, 4, 5]),
        (PairFilter(sources=("a",)), [0, 2, 4]),
        (PairFilter(sources=("a", "b"), turns=(2, 3)), [1, 2, 4, 5]),
        (PairFilter(divergence=(3, 9)), [2, 5]),
        (PairFilter(model_id="m", margin=(0.15, 0.3)), [2, 3]),
        (PairFilter(model_id="unknown", margin=(-9, 9)), []),
        (PairFilter(judge="j"), [0, 1, 2, 3, 4, 5]),
        (PairFilter(judge="j", verdicts=("flip", "tie")), [2, 3]),
        (PairFilter(verdicts=("chosen",)), [0]),
        (PairFilter(judge="other"), []),
        (PairFilter(labelled=True), [0, 1]),
        (PairFilter(labelled=False), [2, 3, 4, 5]),
        (PairFilter(labelled=True, person="bob"), [1]),
        (PairFilter(labelled=False, person="bob"), [0, 2, 3, 4, 5]),
        (PairFilter(person="ann"), [0]),
        (PairFilter(pair_ids=(judged[3],)), [3]),
        (PairFilter(pair_ids=()), []),
        (PairFilter(methods=("swap",)), []),
        (PairFilter(run_ids=("r",)), []),
        (PairFilter(sources=("a",), judge="j", verdicts=("tie",), labelled=False, text="question 2"), [2]),
    ]
    for f, ids in expected:
        assert found(read_only, f, judged) == ids, f


def test_splits_divide_all_pairs(read_only: Store, judged: list[str]) -> None:
    parts = [pair_ids(read_only, PairFilter(splits=(split,))) for split in ("train", "validation", "test")]
    assert sorted(i for part in parts for i in part) == sorted(judged)
    assert all(p.split == "train" for p in get_pairs(read_only, parts[0]))


def test_text_is_found_without_regard_to_case_in_the_role_asked_for(read_only: Store, judged: list[str]) -> None:
    assert found(read_only, PairFilter(text="qUEstion 3"), judged) == [3]
    assert found(read_only, PairFilter(text="question 3", text_role="user"), judged) == [3]
    assert found(read_only, PairFilter(text="question 3", text_role="assistant"), judged) == []
    assert found(read_only, PairFilter(text="tell me more", text_role="assistant"), judged) == [1, 2, 4, 5]
    assert found(read_only, PairFilter(text="100%_'"), judged) == []


def test_text_with_a_nul_character_is_found(store: Store) -> None:
    item = make_pair("before\x00after")
    add_pairs(store, [item])
    assert pair_ids(store, PairFilter(text="E\x00A")) == [item.pair.id]


@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_any_order_hold_every_pair_once(read_only: Store, judged: list[str], sort: str) -> None:
    f = PairFilter(model_id="m")
    for descending in (True, False):
        whole = [r.pair_id for r in list_pairs(read_only, f, sort=sort, descending=descending).rows]
        pages = [list_pairs(read_only, f, sort=sort, descending=descending, limit=4, offset=k) for k in (0, 4, 8)]
        assert [r.pair_id for page in pages for r in page.rows] == whole
        assert sorted(whole) == sorted(judged)
        assert {page.total for page in pages} == {6}


def test_pairs_without_a_margin_come_last_either_way(store: Store, six_pairs: list[str]) -> None:
    for k, pair_id in enumerate(six_pairs[:3]):
        add_traces(store, [RewardTrace(pair_id, "chosen", "m", (float(k),)), RewardTrace(pair_id, "rejected", "m", (0.0,))])
    for descending, margins in ((True, [2.0, 1.0, 0.0]), (False, [0.0, 1.0, 2.0])):
        rows = list_pairs(store, PairFilter(model_id="m"), sort="margin", descending=descending).rows
        assert [r.margin for r in rows] == [*margins, None, None, None]


def test_a_row_carries_what_the_page_shows(read_only: Store, judged: list[str]) -> None:
    row = list_pairs(read_only, PairFilter(model_id="m", pair_ids=(judged[1],))).rows[0]
    assert (row.source, row.n_turns, row.divergence, row.opening) == ("b", 2, 2, "Question 1")
    assert row.margin == pytest.approx(0.1)
    assert dict(row.verdicts) == {"j": "rejected"}
    assert row.n_labels == 1
    assert row.created_at.tzinfo is not None
    assert list_pairs(read_only, PairFilter(pair_ids=(judged[2],))).rows[0].n_labels == 0  # a skip is no label


def test_a_pair_of_two_sources_is_shown_with_the_source_filtered_by(store: Store) -> None:
    add_pairs(store, [make_pair(source="a"), make_pair(source="b")])
    for source in ("a", "b"):
        assert [r.source for r in list_pairs(store, PairFilter(sources=(source,))).rows] == [source]
    assert list_pairs(store, PairFilter()).total == 1


def test_facets_count_pairs(read_only: Store, judged: list[str]) -> None:
    counted = facets(read_only)
    assert counted["source"] == [Facet("a", 3), Facet("b", 3)]
    assert counted["judge"] == [Facet("j", 6)]
    assert counted["model"] == [Facet("m", 6)]
    assert counted["person"] == [Facet("ann", 1), Facet("bob", 1)]
    assert counted["schedule"] == counted["method"] == []
    assert sum(f.n for f in counted["split"]) == 6


def test_an_empty_store_has_an_empty_page(store: Store) -> None:
    page = list_pairs(store, PairFilter())
    assert (page.rows, page.total) == ((), 0)
    assert not any(facets(store).values())


def test_an_unknown_order_or_a_margin_without_a_model_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="sorted by 'nonsense'"):
        list_pairs(store, PairFilter(), sort="nonsense")
    with pytest.raises(StoreError, match="needs a reward model"):
        list_pairs(store, PairFilter(margin=(0, 1)))
