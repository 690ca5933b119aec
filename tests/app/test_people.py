"""People on the pages: each role's limits, labels under one's own name only, and nothing carried from one person to the next."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import data
from app.launching import Draft
from jobs.runner import LocalRunner
from music_core.store.labels import label_history
from music_core.store.queues import PoolPair, QueueHead, create_queue, list_queues
from music_core.store.views import list_views
from music_core.store.votes import votes
from tests.app.conftest import Open, Use, text_of
from tests.app.runs import put_run
from tests.app.samples import fill, plain_pair, rice_pair

PAIR = rice_pair()
ADA = {
    "is_logged_in": True,
    "iss": "https://id.example",
    "sub": "17",
    "email": "ada@example.org",
    "email_verified": True,
    "name": "Ada <b>L.</b>",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rich pair and a run that holds the only slot."""
    found = tmp_path_factory.mktemp("people")
    fill(found).close()
    put_run(found, "generate-busy", "generate", "running", {"n": 4, "assistant": "scripted"}, title="the busy one")
    return found


@pytest.fixture(autouse=True)
def _one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SLOTS", "1")


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """`settle(toml)`: a settings file with this table [people]."""

    def write(text: str) -> None:
        path = tmp_path / "music.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("MUSIC_CONFIG", str(path))

    return write


def signed(page: str, home: Path, monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any] = ADA, **query: str) -> AppTest:
    """A page before somebody who signed in."""
    monkeypatch.setenv("MUSIC_HOME", str(home))
    app = AppTest.from_string(f"from app.pages.{page}_page import page\npage()", default_timeout=60)
    app.user = dict(claims)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def whole(home: Path, monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any] | None = None) -> AppTest:
    """The app from its entrance on."""
    monkeypatch.setenv("MUSIC_HOME", str(home))
    app = AppTest.from_string("from app.main import run\nrun()", default_timeout=60)
    app.user = dict(claims or {})
    return app.run()


@pytest.fixture
def queued(tmp_path: Path) -> Path:
    """A store with a queue of all its pairs."""
    home = tmp_path / "queued"
    store = fill(home, n_plain=8)
    pool = [PoolPair(plain_pair(i, 2 + i % 4).id, 1.0, True) for i in range(8)]
    create_queue(store, QueueHead("all of it", "uniform", 1), pool)
    store.close()
    return home


def n_reserved(person: str) -> int:
    return int(data.store().read("SELECT count(*) FROM lake.reservation_rows WHERE person = ?", [person])[0][0])


def press(app: AppTest, words: str) -> AppTest:
    return next(b for b in app.button if b.label == words).click().run()


def test_on_ones_own_machine_everything_is_allowed_and_no_role_is_shown(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"new": "generate"}, person="Ada")
    assert "needs the role" not in text_of(app)
    assert not next(b for b in app.button if b.label == "Start").disabled
    assert "Role <strong>" not in text_of(app)


@pytest.mark.parametrize(("role", "label", "run"), [("viewer", False, False), ("annotator", True, False), ("operator", True, True)])
def test_each_role_finds_its_limits_on_label_and_jobs_with_the_reason(
    open_page: Open, home: Path, settle: Any, role: str, label: bool, run: bool
) -> None:
    settle(f'[people]\nwithout_sign_in = "{role}"')
    app = open_page("label", home, person=f"Lim {role}")
    assert ("leftover rice" in text_of(app)) is label
    assert (f"Labelling needs the role annotator; you are {role}." in text_of(app)) is not label
    app = open_page("jobs", home, {"new": "generate", "assistant": "scripted"})
    assert next(b for b in app.button if b.label == "Start").disabled is not run
    assert (f"needs the role operator; you are {role}." in text_of(app)) is not run
    app = open_page("jobs", home, {"run": "generate-busy"})
    assert app.button(key="mw-cancel-generate-busy").disabled is not run


def told_to_the_browser(app: AppTest) -> int:
    """How many components are there that only the browser's keeping needs."""

    def within(block: Any) -> int:
        return sum(within(node) if hasattr(node, "children") else node.type == "bidi_component" for node in block.children.values())

    return within(app._tree)


def test_the_browser_is_told_a_name_until_it_has_it_and_again_when_it_changes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = whole(home, monkeypatch)
    assert told_to_the_browser(app) == told_to_the_browser(app.run()) == 2
    for name in ("Ada", "Bea"):
        app.session_state["mw_person"] = name
        assert [told_to_the_browser(app.run()) for _ in range(3)] == [2, 0, 0]
    app.session_state["mw_person"] = None
    assert [told_to_the_browser(app.run()) for _ in range(2)] == [2, 2]


def test_a_click_of_somebody_who_may_no_longer_label_reserves_nothing(open_page: Open, queued: Path, settle: Any) -> None:
    app = press(open_page("label", queued, {"queue": "all of it"}, person="Lea"), "Left")
    assert n_reserved("Lea") > 0
    app.session_state["mw_held"] = {}  # as after ten minutes
    before = n_reserved("Lea")
    settle('[people]\nwithout_sign_in = "viewer"')
    app = press(app, "Next")
    assert "Labelling needs the role annotator; you are viewer." in text_of(app)
    assert n_reserved("Lea") == before
    settle('[people]\nwithout_sign_in = "annotator"')
    assert app.run().session_state["mw_card"].person == "Lea"
    assert n_reserved("Lea") > before


FORGED = """
from app import actions, launching, playing, queue_making
from app.launching import Draft
from app.state import ListState
from tests.app.samples import rice_pair
launching.start(Draft("generate", "", "generate-forged"), {"n": 2, "assistant": "scripted"})
first = launching.last_error()
launching.cancel("generate-busy")
second = launching.last_error()
launching.resume("generate-busy")
third = launching.last_error()
launching.estimate(Draft("generate", "", "t"), {"n": 2, "assistant": "scripted"})
fourth = launching.estimate_of(Draft("generate", "", "t")).error
actions.vote(actions.Card(rice_pair().id, "Vi", "chosen", "forged", 0.0), "left", rice_pair())
actions.undo(rice_pair().id, "Vi", "forged")
import streamlit as st
queue_making.make({"name": "forged", "labels": 1}, queue_making.fields(1, ()), ListState(), "Vi")
fifth = queue_making.last()[1]
st.session_state["told"] = [str(e) for e in (first, second, third, fourth, fifth)]
playing.start(playing.Wish("Vi", "contrast", ("scripted", "scripted"), "one_call", "all", None))
sixth = playing.last_error()
actions.save_view("Vi", "forged", {"q": "x"}, "forged")
seventh = actions.view_error()
st.session_state["told_label"] = [str(e) for e in (sixth, seventh)]
"""


def test_a_viewer_writes_nothing_even_where_the_button_is_bypassed(home: Path, use_home: Use, settle: Any) -> None:
    settle('[people]\nwithout_sign_in = "viewer"')
    use_home(home)
    app = AppTest.from_string(FORGED, default_timeout=60)
    app.session_state["mw_person"] = "Vi"
    app.run()
    assert not app.exception
    assert all("needs the role operator; you are viewer" in told for told in app.session_state["told"])
    assert all("needs the role annotator" in told for told in app.session_state["told_label"])
    assert list_queues(data.store()) == []
    assert list_views(data.store()) == []
    assert not (home / "play").exists()
    assert "needs the role annotator" in app.session_state["mw_outcome"].error.message
    assert label_history(data.store(), PAIR.id, "Vi") == []
    assert [f.run_id for f in LocalRunner(home).folders()] == ["generate-busy"]


OTHERS = """
from app import actions, people
from tests.app.samples import rice_pair
people.set_current("Bob")
actions.vote(actions.Card(rice_pair().id, "Ann", "chosen", "not-mine", 0.0), "left", rice_pair())
"""


def test_nobody_labels_under_another_persons_name(home: Path, use_home: Use) -> None:
    use_home(home)
    app = AppTest.from_string(OTHERS, default_timeout=60).run()
    assert "dealt to somebody else" in app.session_state["mw_outcome"].error.message
    assert label_history(data.store(), PAIR.id, "Ann") == []


def test_a_signed_in_label_is_verified_and_apart_from_a_local_name_of_the_same_spelling(
    open_page: Open, tmp_path: Path, settle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path).close()
    settle('[people.roles]\n"ada@example.org" = "annotator"')
    app = press(signed("label", tmp_path, monkeypatch), "Left")
    assert not app.exception
    assert "ada@example.org (signed in)" in text_of(app)
    assert "<b>L.</b>" not in text_of(app)
    press(open_page("label", tmp_path, person="ada@example.org"), "Right")
    events = [h.event for h in label_history(data.store(), PAIR.id)]
    assert [(e.person, e.verified, e.choice) for e in events] == [
        ("oidc:ada@example.org", True, "left"),
        ("ada@example.org", False, "right"),
    ]
    found = votes(data.store())
    assert {v.rater for v in found if v.rater.startswith("person:")} == {"person:ada@example.org", "person:oidc:ada@example.org"}
    shown = text_of(signed("pair", tmp_path, monkeypatch, pair=PAIR.id))
    assert "ada@example.org (signed in)" in shown
    assert "ada@example.org (unverified)" in shown


def test_a_change_of_the_local_name_takes_card_draft_and_outcome_with_it(open_page: Open, home: Path) -> None:
    app = open_page("label", home, person="Eve")
    next(t for t in app.text_area if t.label.startswith("Comment")).set_value("mine, says Eve").run()
    before = app.session_state["mw_card"]
    app.session_state["mw_draft"] = Draft("train", "", "train-of-eve")
    app.text_input(key="mw-person-name-header").set_value("Mal")
    press(app, "Use this name")
    after = app.session_state["mw_card"]
    assert (before.person, after.person) == ("Eve", "Mal")
    assert before.token != after.token
    assert "mw_draft" not in app.session_state
    assert next(t for t in app.text_area if t.label.startswith("Comment")).value == ""
    press(app, "Tie")
    assert [(h.event.person, h.event.comment) for h in label_history(data.store(), PAIR.id) if h.event.person in ("Eve", "Mal")] == [
        ("Mal", "")
    ]


def test_a_stranger_finds_only_the_way_in_and_somebody_without_a_role_what_to_ask_for(
    home: Path, settle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle('[people]\nwithout_sign_in = "none"')
    out = text_of(whole(home, monkeypatch))
    assert "closed to visitors" in out
    assert "In the store" not in out
    app = whole(home, monkeypatch, ADA)
    assert "no role here yet" in text_of(app)
    assert "&quot;ada@example.org&quot; = &quot;annotator&quot;" in text_of(app)
    assert any(b.label == "Sign out" for b in app.button)


def test_a_sign_in_whose_secrets_are_gone_lets_nobody_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SIGN_IN", "required")
    out = text_of(whole(home, monkeypatch))
    assert "secrets cannot be read" in out
    assert "leftover rice" not in out


def test_settings_that_cannot_be_read_let_nobody_in_and_say_so(home: Path, settle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settle("[people]\ndefault = 'boss'")
    assert "is no role" in text_of(whole(home, monkeypatch))
