"""What a session need not remember: widgets that are gone."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import memory
from tests.app.conftest import Open
from tests.app.samples import fill
from tests.app.test_labelling import press

KEPT = 12


def state_of(app: AppTest) -> Any:
    """Streamlit's own state of the session, which `AppTest` wraps twice."""
    return app.session_state._state._state


def known(app: AppTest) -> list[str]:
    """Ids of the widgets that the session knows how to read, the newest last."""
    return list(state_of(app)._new_widget_state.widget_metadata)


def on_page(app: AppTest) -> set[str]:
    state = state_of(app)
    return {*state._new_widget_state.states, *state._old_state}


@pytest.fixture
def app(open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    monkeypatch.setattr(memory, "KEPT", KEPT)
    fill(tmp_path, n_plain=8).close()
    return open_page("label", tmp_path, person="Ida")


def test_a_session_forgets_the_widgets_of_pairs_long_gone(app: AppTest) -> None:
    for _ in range(6):
        app = press(press(app, "Left"), "Next")
    gone = [widget for widget in known(app) if widget not in on_page(app)]
    # What was kept, and what went in the run since; six pairs had more than 60.
    assert KEPT <= len(gone) < 2 * KEPT
    mapper = state_of(app)._key_id_mapper
    assert set(mapper.id_key_mapping) <= set(known(app)) | on_page(app)
    assert set(mapper._key_id_mapping.values()) == set(mapper.id_key_mapping)


def test_what_has_just_gone_and_what_is_on_the_page_stay_known(app: AppTest) -> None:
    for _ in range(4):
        app = press(press(app, "Left"), "Next")
    first = {button.proto.id for button in app.button}
    app = press(app, "Left")
    answer = {button.proto.id for button in app.button}
    assert first <= set(known(app))
    app = press(app, "Change")
    assert answer | {button.proto.id for button in app.button} <= set(known(app))
    app = press(press(app, "Right"), "Undo")
    assert not app.exception


def test_another_streamlit_is_no_failure(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "get_script_run_ctx", lambda: SimpleNamespace(session_state=object()))
    assert not press(press(app, "Left"), "Next").exception
