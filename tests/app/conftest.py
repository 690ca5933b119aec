"""Pages under AppTest, on real stores. Tests that label share one store and each use names of their own."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from app import actions, data
from app.nav import Query
from app.state import from_query
from music_core.store.connect import Store
from music_core.store.pairs import list_pairs
from tests.app.samples import fill

Open = Callable[..., AppTest]
Use = Callable[[Path], Store]


@pytest.fixture(autouse=True)
def _quick_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Votes may come as fast as a test gives them; no settings of the machine are used."""
    monkeypatch.delenv("MUSIC_CONFIG", raising=False)
    monkeypatch.setattr(actions, "MIN_SECONDS", 0.0)


@pytest.fixture(scope="session", autouse=True)
def _one_look_for_packages_with_components() -> Iterator[None]:
    """Streamlit reads the metadata of every installed package for each `AppTest`, which was half of the time of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session", autouse=True)
def _close_stores() -> Iterator[None]:
    """The app keeps its stores open; let go of them at the end."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one rich pair, 34 short ones and a hostile one."""
    home = tmp_path_factory.mktemp("full")
    fill(home, n_plain=34, hostile=True).close()
    return home


@pytest.fixture(scope="session")
def one_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the rich pair alone."""
    home = tmp_path_factory.mktemp("one")
    fill(home).close()
    return home


@pytest.fixture
def use_home(monkeypatch: pytest.MonkeyPatch) -> Use:
    """`use_home(home)`: let the app use this store, and return it as the app opened it."""

    def use(home: Path) -> Store:
        monkeypatch.setenv("MUSIC_HOME", str(home))
        return data.store()

    return use


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    """`open_page("pairs", home, query, person)`: a page on the store in `home`, run once."""

    def run(page: str, home: Path, query: Mapping[str, str | Sequence[str]] | None = None, person: str | None = None) -> AppTest:
        monkeypatch.setenv("MUSIC_HOME", str(home))
        app = AppTest.from_string(f"from app.pages.{page}_page import page\npage()", default_timeout=60)
        for name, value in (query or {}).items():
            app.query_params[name] = value if isinstance(value, str) else list(value)
        if person:
            app.session_state["mw_person"] = person
        return app.run()

    return run


def text_of(app: AppTest) -> str:
    """All HTML elements of a page as one string."""
    return "\n".join(element.proto.body for element in app.get("html"))


def n_listed(store: Store, query: Query) -> int:
    """Number of pairs in the list that a link opens."""
    state = from_query({k: [v] if isinstance(v, str) else list(v) for k, v in query.items() if v})
    return list_pairs(store, state.filter(None), limit=1).total


def query_of(app: AppTest) -> dict[str, list[str]]:
    """The address's parameters after a run, each with all its values."""
    return {k: [v] if isinstance(v, str) else list(v) for k, v in app.query_params.items()}
