"""Saved views on the Pairs page, and the filters that compare raters."""

from pathlib import Path

import pytest

from app import raters
from app.components import saved_views
from app.state import ListState, from_query
from music_core.store.labels import add_labels
from music_core.store.views import list_views, save_view
from music_core.types import GivenLabel, LabelEvent
from tests.app.conftest import Open, Use, n_listed, query_of, text_of
from tests.app.samples import HOSTILE, MODEL_ID, fill, plain_pair


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """8 plain pairs and the rich one; Ada and Ben differ on every other of the plain ones."""
    store = fill(tmp_path, n_plain=8)
    ids = [plain_pair(i, 2 + i % 4).id for i in range(8)]
    events = [LabelEvent(f"a{i}", p, "Ada", "left", "chosen", True) for i, p in enumerate(ids)]
    events += [LabelEvent(f"b{i}", p, "Ben", "right" if i % 2 else "left", "chosen", True) for i, p in enumerate(ids)]
    add_labels(store, [GivenLabel(event) for event in events])
    store.close()
    return tmp_path


def test_a_filter_is_saved_found_by_others_and_deleted_by_whoever_saved_it(open_page: Open, use_home: Use, home: Path) -> None:
    query = {"a": "person:Ada", "b": "person:Ben"}
    app = open_page("pairs", home, query, "Ada")
    app.text_input(key="mw-view-name").set_value("  Where  we differ ")
    app.button(key="mw-view-save").click().run()
    assert not app.exception
    store = use_home(home)
    assert [(v.person, v.name, dict(v.query)) for v in list_views(store)] == [("Ada", "Where we differ", query)]
    assert n_listed(store, list_views(store)[0].query) == 4
    others = open_page("pairs", home, {}, "Ben")
    assert 'href="pairs?a=person%3AAda&amp;b=person%3ABen">Where we differ <span class="mw-note">Ada</span></a>' in text_of(others)
    assert not [b for b in others.button if "delete" in str(b.key)]
    app.button(key="mw-view-delete-Where we differ").click().run()
    assert list_views(store) == []
    assert "Where we differ</a>" not in text_of(app)


def test_a_name_that_cannot_be_stored_is_told_and_nothing_is_saved(open_page: Open, use_home: Use, home: Path) -> None:
    app = open_page("pairs", home, {"label": "any"}, "Ada")
    app.button(key="mw-view-save").click().run()
    assert "is no name for a view" in text_of(app)
    assert list_views(use_home(home)) == []
    nobody = open_page("pairs", home, {"label": "any"})
    assert "to save a view under your name" in text_of(nobody)


def test_names_of_views_are_text_and_the_present_one_is_marked(use_home: Use, home: Path) -> None:
    store = use_home(home)
    save_view(store, HOSTILE[:50], "<b>x</b>", {"q": "<i>"}, "t")
    out = saved_views.markup(list_views(store), ListState(q="<i>", page=3).changed(), "Ada")
    assert "<b>" not in out
    assert "<script" not in out
    assert 'aria-current="true"' in out
    assert 'aria-current="true"' not in saved_views.markup(list_views(store), ListState(), "Ada")


def test_two_raters_are_chosen_on_the_page_and_the_list_follows(open_page: Open, home: Path) -> None:
    app = open_page("pairs", home)
    app.selectbox(key="mw-filter-a").set_value("person:Ada").run()
    assert query_of(app) == {"a": ["person:Ada"], "model": [MODEL_ID]}
    app.selectbox(key="mw-filter-b").set_value("people").run()
    assert "<strong>4 pairs</strong>" in text_of(app)
    app.selectbox(key="mw-filter-rel").set_value("agree").run()
    assert query_of(app) == {"a": ["person:Ada"], "b": ["people"], "rel": ["agree"], "model": [MODEL_ID]}
    out = text_of(app)
    assert "<strong>4 pairs</strong>" in out
    assert raters.compared_words("person:Ada", "people", "agree") in out


def test_every_filter_of_the_panel_goes_into_the_address(open_page: Open, home: Path) -> None:
    app = open_page("pairs", home)
    app.multiselect(key="mw-filter-said").set_value(["chosen"]).run()
    app.selectbox(key="mw-filter-person").set_value("Ben").run()
    app.multiselect(key="mw-filter-gap").set_value(["chosen longer"]).run()
    app.multiselect(key="mw-filter-simulator").set_value(["-"]).run()
    app.selectbox(key="mw-filter-built").set_value("yes").run()
    app.number_input(key="mw-filter-people-low").set_value(2).run()
    app.number_input(key="mw-filter-chars-high").set_value(-1).run()
    expected = {
        "said": "chosen",
        "person": "Ben",
        "gap": "chosen longer",
        "simulator": "-",
        "built": "yes",
        "people": "2..",
        "chars": "..-1",
    }
    assert query_of(app) == {name: [value] for name, value in expected.items()} | {"model": [MODEL_ID]}
    assert from_query(query_of(app)).active == tuple(n for n in ListState.__dataclass_fields__ if n in expected)
    assert "No pair passes these filters" in text_of(app)
    assert not app.exception
