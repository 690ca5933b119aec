from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.components.filter_chips import SAID_CHOICES
from app.components.filters import chips
from app.components.listing import pager
from app.components.pair_table import markup
from app.nav import href
from app.raters import HELD_NAMES, RELATION_NAMES
from app.state import ROLES, SORTS, LabelState, ListState, from_query, span
from music_core.store.filters import ALSO, GAPS, LABELS
from music_core.store.filters import SORTS as STORE_SORTS
from music_core.store.said import HELD, RELATIONS
from music_core.types import VerdictValue
from tests.app.samples import HOSTILE

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
NAMES = st.lists(TEXT, max_size=3, unique=True).map(tuple)
RANGES = st.sampled_from(["", "1..", "..4", "2..5", "-0.5..1.25"])
RATERS = st.one_of(st.sampled_from(["", "construction", "people", "judges", "longer"]), TEXT.map("judge:{}".format))
STATES = st.builds(
    ListState,
    source=NAMES,
    run=NAMES,
    split=NAMES,
    turns=RANGES,
    divergence=RANGES,
    judge=st.one_of(st.just(""), TEXT),
    verdict=st.lists(st.sampled_from(get_args(VerdictValue)), max_size=3, unique=True).map(tuple),
    model=st.one_of(st.just(""), TEXT),
    margin=RANGES,
    label=st.sampled_from(get_args(LabelState)),
    built=st.sampled_from(["", "yes", "no"]),
    simulator=NAMES,
    also=st.lists(st.builds("{}:{}".format, st.sampled_from(ALSO), st.one_of(st.just(""), TEXT)), max_size=2, unique=True).map(tuple),
    picked=NAMES,
    n=st.sampled_from(["", "2", "16"]),
    mode=st.sampled_from(["", "conversation", "turn_by_turn"]),
    conversation=st.one_of(st.just(""), TEXT),
    pool=st.one_of(st.just(""), TEXT),
    gap=st.lists(st.sampled_from(list(GAPS)), max_size=2, unique=True).map(tuple),
    chars=RANGES,
    person=st.one_of(st.just(""), TEXT),
    said=st.lists(st.sampled_from(list(LABELS)), max_size=3, unique=True).map(tuple),
    people=RANGES,
    a=RATERS,
    b=RATERS,
    rel=st.sampled_from([*RELATIONS, *HELD]),
    ref=RATERS,
    trained=st.booleans(),
    q=st.one_of(st.just(""), TEXT),
    role=st.sampled_from(ROLES),
    sort=st.sampled_from(SORTS),
    asc=st.booleans(),
    page=st.integers(1, 1000),
)


@given(STATES)
def test_property_a_list_state_survives_the_address(state: ListState) -> None:
    query = {name: [value] if isinstance(value, str) else list(value) for name, value in state.query().items()}
    assert from_query(query) == state


@given(st.dictionaries(st.sampled_from(list(ListState.__dataclass_fields__)), st.lists(st.text(max_size=8), max_size=3)))
def test_property_any_address_opens_some_list(query: dict[str, list[str]]) -> None:
    from_query(query).filter("Ada")


def test_the_list_sorts_by_what_the_store_sorts_by() -> None:
    assert set(SORTS) == set(STORE_SORTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2..5", (2, 5)),
        ("..5", (float("-inf"), 5)),
        ("-1.5..", (-1.5, float("inf"))),
        ("..", None),
        ("", None),
        ("a..b", None),
        ("5", None),
    ],
)
def test_ranges_are_read_with_open_ends(text: str, expected: tuple[float, float] | None) -> None:
    assert span(text) == expected


def test_mine_means_the_person_and_nobody_without_one() -> None:
    assert ListState(label="mine").filter("Ada").person == "Ada"
    assert ListState(label="not-mine").filter("Ada").labelled is False
    assert ListState(label="mine").filter(None).person == ""
    assert ListState(label="none").filter("Ada").person is None


def test_a_margin_without_a_model_is_no_filter() -> None:
    assert ListState(margin="0..1").filter(None).margin is None
    assert ListState(margin="0..1", model="m").filter(None).margin == (0, 1)


def test_changing_a_filter_goes_back_to_the_first_page() -> None:
    assert ListState(page=4).changed(q="x").page == 1
    assert ListState(q="x").changed(page=4) == ListState(q="x", page=4)


def test_addresses_quote_what_they_carry() -> None:
    address = href("pair", {"pair": "p_1", "source": ["a&b", '"<x>'], "empty": ""})
    assert address == "pair?pair=p_1&source=a%26b&source=%22%3Cx%3E"
    assert href("pairs").startswith("./") or href("pairs") == "pairs"


def test_each_active_filter_has_a_chip_that_takes_it_off() -> None:
    state = ListState(source=(HOSTILE,), q="<b>", turns="2..3", label="none")
    out = chips(state, {})
    assert out.count('class="mw-link mw-filter"') == 4
    assert "<b>" not in out
    assert "<script" not in out
    assert "2 to 3" in out
    assert "Clear all" in out


@given(STATES)
def test_property_every_active_filter_has_words_and_goes_away_alone(state: ListState) -> None:
    out = chips(state, {})
    assert out.count('class="mw-link mw-filter"') == len(state.active)
    for name in state.active:
        assert state.without(name).active == tuple(other for other in state.active if other != name)


def test_a_comparison_is_a_filter_only_once_both_raters_are_named_and_comparable() -> None:
    assert ListState(a="judge:x").active == ()
    assert ListState(a="judge:x").filter(None).compared is None
    assert ListState(a="judge:x", b="people").active == ("a",)
    assert ListState(a="judge:x", b="judge:x").filter(None).compared is None
    assert ListState(a="judge:x", b="people", rel="only_a").filter(None).compared is None
    whole = ListState(a="judge:x", b="people", rel="only_a", ref="construction", trained=True)
    assert whole.without("a") == ListState()
    assert (
        from_query({"a": ["nobody"], "b": ["judge:"], "rel": ["hate"], "said": ["x"], "gap": ["y"], "also": ["z"], "n": ["-1"]})
        == ListState()
    )


def test_every_stored_word_of_a_filter_has_words_for_people() -> None:
    assert set(SAID_CHOICES) == set(LABELS)
    assert set(RELATION_NAMES) == set(RELATIONS)
    assert set(HELD_NAMES) == set(HELD)


def test_column_heads_sort_and_turn_round() -> None:
    out = markup((), ListState(sort="turns"))
    assert '<th scope="col" class="mw-col-num" aria-sort="descending">' in out
    assert "sort=turns&amp;asc=1" in out
    assert 'sort=opening&amp;asc=1">Opening' in out


def test_the_pager_names_neighbours_first_and_last_and_is_absent_for_one_page() -> None:
    assert pager(ListState(), 1, "pairs") == ""
    out = pager(ListState(page=10), 3_467, "pairs")
    for page in (1, 8, 9, 11, 12, 3_467):
        assert f">{page:,}</a>" in out
    assert '<span class="mw-here" aria-current="page">10</span>' in out
