"""An index of many pairs is compressed once it has been filled."""

from concurrent.futures import ThreadPoolExecutor

from music_core.store.connect import Store
from music_core.store.labels import add_label, all_labels
from music_core.store.pairs import PairFilter, add_pairs, facets, list_pairs, pair_ids
from music_core.types import LabelEvent
from tests.store.conftest import make_pair

# DuckDB compresses whole groups of 122,880 rows.
N = 250_000
_MANY = """
INSERT INTO lake.pair_rows BY NAME
SELECT 'p_' || md5('p' || i) AS pair_id, 's_' || md5('s' || i // 3) AS seed_id, 'train' AS split, 'c_' || md5('c' || i) AS chosen_id,
  'c_' || md5('r' || i) AS rejected_id, 2 AS n_turns, 1 + i % 2 AS divergence, 'Opening ' || i AS opening, 10 + i AS chars_chosen,
  20 AS chars_rejected, TIMESTAMP '2026-01-01' AS created_at
FROM range(250000) r(i)"""


def _bytes(store: Store) -> int:
    sql = "SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
    return int(store.indexed(lambda session: session.one(sql)))


def _seen(store: Store) -> object:
    pages = [list_pairs(store, PairFilter(), sort=sort, offset=60) for sort in ("created", "chars", "opening", "divergence")]
    return pages, facets(store), pair_ids(store, PairFilter(splits=("train",)))[:1000]


def test_a_packed_index_is_small_and_says_the_same(store: Store) -> None:
    store.write("pairs", lambda session: session.rows(_MANY))
    before, n_bytes = _seen(store), _bytes(store)
    store.pack()
    assert _bytes(store) < n_bytes / 2
    assert _seen(store) == before
    # What comes after is found as well.
    item = make_pair("one more")
    add_pairs(store, [item])
    label = add_label(store, LabelEvent("t", item.pair.id, "ann", "left", "chosen", True))
    assert all_labels(store) == [label]
    assert list_pairs(store, PairFilter()).total == N + 1


def test_labels_are_given_and_lists_read_while_it_is_packed(store: Store) -> None:
    store.write("pairs", lambda session: session.rows(_MANY))
    store.indexed(lambda session: session.rows("SELECT 1"))
    ids = pair_ids(store, PairFilter())[:12]
    with ThreadPoolExecutor(4) as pool:
        packed = [pool.submit(store.pack) for _ in range(2)]
        given = [
            pool.submit(add_label, store, LabelEvent(f"t{i}", pair_id, "ann", "left", "chosen", True)) for i, pair_id in enumerate(ids)
        ]
        totals = [pool.submit(list_pairs, store, PairFilter()) for _ in range(8)]
        labels = {one.result().id for one in given}
        assert {page.result().total for page in totals} == {N}
        assert all(one.result() is None for one in packed)
    assert {label.id for label in all_labels(store)} == labels
    assert list_pairs(store, PairFilter(labelled=True)).total == len(ids)
