"""Every page and view: on an empty store, on one pair, without a store that opens, and at addresses that name nothing."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Open, text_of
from tests.app.samples import fill, rice_pair

PERSON = "Ada"
ALERT = 'class="mw-error" role="alert"'
UNDEFINED = re.compile(r">\s*(nan|none|[+−-]?inf)\b", re.IGNORECASE)


class View(NamedTuple):
    """An address of a page with what it says of an empty store and of the one pair."""

    page: str
    query: Mapping[str, str]
    empty: str
    one: str


VIEWS = {
    "overview": View("overview", {}, "The store is empty", 'href="pairs">Pairs</a></dt><dd>1</dd>'),
    "pairs": View("pairs", {}, "No pairs yet", "<strong>1 pair</strong>"),
    "conversations": View("conversations", {}, "No conversations yet", "<strong>2 conversations</strong>"),
    "pair": View("pair", {"pair": rice_pair().id}, f"There is no pair {rice_pair().id}", "3 turns · sides part at turn 2"),
    "label": View("label", {}, "Nothing to label", "I have leftover rice"),
    "label, a queue's form": View("label", {"make": "1"}, "No pairs to make a queue of", "<strong>1 pair</strong>, all that there are"),
    "play": View("play", {}, "No reward model can score here", "No reward model can score here"),
    "matrix": View("agreement", {}, "No pairs yet", "rest on fewer than 30 pairs"),
    "bias": View("agreement", {"view": "bias"}, "No pairs yet", "This one pair comes from 1 seed only"),
    "slices": View("agreement", {"view": "slices"}, "No pairs yet", "rest on fewer than 30 pairs"),
    "estimates": View("agreement", {"view": "estimates"}, "No pairs yet", "No labelling queue yet"),
    "evaluation": View("evaluation", {}, "No evaluation yet", "No evaluation yet"),
    "models": View("models", {}, "No reward model yet", ">tiny</a>"),
    "jobs": View("jobs", {}, "No run yet", "No run yet"),
    "jobs, a form": View("jobs", {"new": "judge"}, "What it would cost", "What it would cost"),
    "data": View("data", {}, "Import", "Import"),
    "data, export": View("data", {"export": "1"}, "Nothing to export yet", "1 pair"),
}
# (page, address, what is told): what an address names and the store has not.
UNKNOWN = (
    ("pair", {"pair": "p_nothing"}, "p_nothing"),
    ("conversation", {"conversation": "c_nothing"}, "c_nothing"),
    ("label", {"pair": "p_nothing"}, "p_nothing"),
    ("label", {"queue": "nothing"}, "nothing"),
    ("play", {"draft": "nothing"}, "This address names no conversation."),
    ("models", {"model": "nothing"}, "There is no reward model"),
    ("jobs", {"run": "nothing"}, "nothing"),
    ("jobs", {"new": "judge", "from": "nothing"}, "nothing"),
    ("data", {"run": "nothing"}, "nothing"),
)
MALFORMED = {
    "turns": "many..",
    "margin": "..x",
    "divergence": "1..2..3",
    "page": "-3",
    "sort": "nothing",
    "verdict": "nothing",
    "label": "nothing",
    "a": "nobody",
    "n": "1e9",
    "view": "nothing",
    "show": "nothing",
    "new": "nothing",
    "turn": "0x",
    "export": "2",
    "by": "nothing",
}


def said(app: AppTest) -> str:
    """What a page says, its headings among it."""
    return "\n".join([text_of(app), *(heading.value for heading in app.header)])


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nothing")


@pytest.fixture(scope="module")
def lone_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pair, without the labels that other tests give in the store that they share."""
    home = tmp_path_factory.mktemp("lone")
    fill(home).close()
    return home


@pytest.mark.parametrize("name", VIEWS)
def test_an_empty_store_is_told_and_no_failure(open_page: Open, empty_home: Path, name: str) -> None:
    view = VIEWS[name]
    app = open_page(view.page, empty_home, view.query, person=PERSON)
    assert not app.exception
    assert view.empty in said(app)
    assert (ALERT in text_of(app)) == (name == "pair")  # a pair's address names what is not there
    assert not UNDEFINED.search(text_of(app))


@pytest.mark.parametrize("name", VIEWS)
def test_one_pair_is_shown_without_an_undefined_value(open_page: Open, lone_home: Path, name: str) -> None:
    view = VIEWS[name]
    app = open_page(view.page, lone_home, view.query, person=PERSON)
    out = said(app)
    assert not app.exception
    assert view.one in out
    assert ALERT not in out
    assert not UNDEFINED.search(out)


@pytest.mark.parametrize("name", VIEWS)
def test_a_store_that_cannot_be_opened_is_told_with_its_place_and_what_to_do(open_page: Open, tmp_path: Path, name: str) -> None:
    view = VIEWS[name]
    home = tmp_path / "file"
    home.write_text("not a folder", encoding="utf-8")
    app = open_page(view.page, home, view.query, person=PERSON)
    assert not app.exception
    assert "<h1" in text_of(app).partition(ALERT)[0]
    assert ALERT in text_of(app)
    assert str(home) in text_of(app)
    assert "Traceback" not in text_of(app)


@pytest.mark.parametrize("name", ["overview", "label", "jobs"])
def test_a_catalog_that_is_no_database_is_told_and_left_as_it_is(open_page: Open, tmp_path: Path, name: str) -> None:
    view = VIEWS[name]
    broken = tmp_path / "catalog.sqlite"
    broken.write_bytes(b"this is no database" * 400)
    app = open_page(view.page, tmp_path, view.query, person=PERSON)
    assert not app.exception
    assert ALERT in text_of(app)
    assert f"The store in {tmp_path} cannot be opened" in text_of(app)
    assert "damaged must be replaced by a copy" in text_of(app)
    assert broken.read_bytes() == b"this is no database" * 400


@pytest.mark.parametrize(("page", "query", "told"), UNKNOWN)
def test_what_an_address_names_and_is_not_there_is_told(
    open_page: Open, lone_home: Path, page: str, query: dict[str, str], told: str
) -> None:
    app = open_page(page, lone_home, query, person=PERSON)
    assert not app.exception
    before, alert, after = text_of(app).partition(ALERT)
    assert alert
    assert "<h1" in before
    assert told in after.partition("</div>")[0]


@pytest.mark.parametrize("page", sorted({view.page for view in VIEWS.values()} - {"pair"}))
def test_an_address_that_is_not_understood_shows_the_page_without_it(open_page: Open, lone_home: Path, page: str) -> None:
    app = open_page(page, lone_home, MALFORMED, person=PERSON)
    assert not app.exception
    assert ALERT not in text_of(app)
    view = next(v for v in VIEWS.values() if v.page == page)
    assert view.one in said(app)
