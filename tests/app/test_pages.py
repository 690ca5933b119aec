from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import data
from app.state import PAGE_ROWS, from_query
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import HOSTILE, MODEL_ID, hostile_pair, rice_pair


def test_an_empty_store_says_how_to_fill_it(open_page: Open, tmp_path: Path) -> None:
    app = open_page("pairs", tmp_path)
    assert not app.exception
    for command in ("music sample load", "music import FILE.jsonl", "music demo"):
        assert command in text_of(app)


def test_a_store_that_cannot_be_opened_is_an_error_with_a_reason_on_every_page(open_page: Open, tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("not a folder")
    for page, query in (("pairs", {}), ("pair", {"pair": "p_1"}), ("label", {})):
        app = open_page(page, home, query, person="Ada")
        assert not app.exception
        assert 'class="mw-error" role="alert"' in text_of(app), page
        assert str(home) in text_of(app)


def test_the_list_shows_one_pair_with_its_figures(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("pairs", one_home))
    assert "<strong>1 pair</strong>" in out
    assert "margins by tiny" in out
    assert "I have leftover rice" in out
    assert "+1.93" in out
    assert "illustration · one_call · only:2" in out
    assert 'mw-tone-flip" title="Names the same position in both orders' in out
    assert f'href="pair?model={MODEL_ID}&amp;pair={rice_pair().id}"' in out


def test_the_list_reads_one_page_of_rows(open_page: Open, full_home: Path) -> None:
    first = text_of(open_page("pairs", full_home))
    assert first.count("mw-open") == PAGE_ROWS
    assert "1 to 30 of 36 pairs" in first
    second = text_of(open_page("pairs", full_home, {"page": "2"}))
    assert second.count("mw-open") == 6
    assert "31 to 36 of 36 pairs" in second


def test_a_page_beyond_the_last_shows_the_last(open_page: Open, full_home: Path) -> None:
    assert "31 to 36 of 36 pairs" in text_of(open_page("pairs", full_home, {"page": "99"}))


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ({"source": "illustration"}, 1),
        ({"source": ["illustration", "rivers"]}, 35),
        ({"q": "SOY sauce", "role": "assistant"}, 1),
        ({"q": "soy sauce", "role": "system"}, 0),
        ({"turns": "5.."}, 8),
        ({"divergence": "..2", "method": "one_call"}, 1),
        ({"judge": "pairwise", "verdict": "flip"}, 1),
        ({"judge": "checklist", "verdict": "flip"}, 0),
        ({"run": "r_demo"}, 1),
        ({"label": "none"}, 36),
        ({"label": "mine"}, 0),
        ({"model": MODEL_ID, "margin": "1.."}, 1),
    ],
)
def test_the_address_filters_the_list(use_home: Use, full_home: Path, query: dict[str, str | list[str]], n: int) -> None:
    use_home(full_home)
    state = from_query({k: [v] if isinstance(v, str) else v for k, v in query.items()})
    assert data.page_of_pairs(state, "Ada").total == n
    assert len(data.page_of_pairs(state, "Ada").rows) == min(n, PAGE_ROWS)


def test_a_filter_that_nothing_passes_says_so_and_offers_all_pairs(open_page: Open, full_home: Path) -> None:
    out = text_of(open_page("pairs", full_home, {"q": "no such text", "source": "rivers"}))
    assert "<strong>0 pairs</strong>" in out
    assert "No pair passes these filters" in out
    assert "Clear all" in out


def test_widgets_show_the_address_and_write_back_to_it(open_page: Open, full_home: Path) -> None:
    app = open_page("pairs", full_home, {"q": "river", "turns": "3..", "page": "2"})
    assert app.text_input(key="mw-filter-q").value == "river"
    assert app.number_input(key="mw-filter-turns-low").value == 3
    app.multiselect(key="mw-filter-source").select("rivers (34)").run()
    assert query_of(app) == {"q": ["river"], "turns": ["3.."], "source": ["rivers"], "model": [MODEL_ID]}
    app.number_input(key="mw-filter-turns-low").set_value(None).run()
    assert "turns" not in query_of(app)


def test_a_pair_shows_both_sides_and_all_that_is_known(open_page: Open, full_home: Path) -> None:
    app = open_page("pair", full_home, {"pair": rice_pair().id})
    assert not app.exception
    out = text_of(app)
    for text in (
        "I have leftover rice",
        "3 turns · sides part at turn 2",
        "Turn 1 is the same on both sides",
        "Explain how soy sauce is made",
        "reward so far <b>−0.35</b>",
        "margin <b>+1.93</b>",
        "P(yes) <b>0.12</b>",
        "chosen shown first: said <strong>first</strong>",
        "Nobody has labelled this pair.",
        "2 model calls",
        "Reward of the conversation if it ended here; not a credit for that turn.",
        "Reward after each turn, by tiny",
        "of 36 in all pairs",
    ):
        assert text in out, text
    assert len(app.get("plotly_chart")) == 1


def test_previous_and_next_follow_the_filter(open_page: Open, full_home: Path) -> None:
    query = {"source": "rivers", "sort": "turns", "asc": "1"}
    listed = text_of(open_page("pairs", full_home, query))
    ids = [part.split('"')[0] for part in listed.split("pair=p_")[1:]]
    app = open_page("pair", full_home, {**query, "pair": f"p_{ids[0]}"})
    assert "1 of 34 in this filter" in text_of(app)
    assert app.button(key="mw-Previous").disabled
    app.button(key="mw-Next").click().run()
    assert query_of(app)["pair"] == [f"p_{ids[1]}"]
    assert "2 of 34 in this filter" in text_of(app)


def test_an_unknown_pair_and_a_missing_id_are_explained_with_a_way_on(open_page: Open, one_home: Path) -> None:
    unknown = text_of(open_page("pair", one_home, {"pair": "p_nothing"}))
    assert "There is no pair p_nothing" in unknown and "Choose one from the list" in unknown
    assert "No pair chosen" in text_of(open_page("pair", one_home))
    label = text_of(open_page("label", one_home, {"pair": "p_nothing", "source": "illustration"}, person="Ada"))
    assert "There is no pair p_nothing" in label and 'href="label?source=illustration">Label the other pairs of this queue' in label
    assert "Label the other pairs" not in text_of(open_page("label", one_home, person="Ada"))


def test_hostile_text_is_only_text_on_every_page(open_page: Open, full_home: Path) -> None:
    pair_id = hostile_pair().id
    for page, query in (("pairs", {"q": "pwned"}), ("pair", {"pair": pair_id}), ("label", {"pair": pair_id})):
        app = open_page(page, full_home, query, person="Ada")
        assert not app.exception
        out = text_of(app)
        assert "window.pwned" in out
        assert page == "pairs" or "U+202E" in out
        for tag in ("<script", "<img", "<iframe", "<style", 'href="http'):
            assert tag not in out, (page, tag)
        for element in [*app.markdown, *app.caption, *app.title, *app.header]:
            assert "pwned" not in element.value


def test_the_shell_opens_on_the_list_and_asks_the_network_for_nothing(monkeypatch: pytest.MonkeyPatch, one_home: Path) -> None:
    monkeypatch.setenv("MUSIC_HOME", str(one_home))
    app = AppTest.from_file(str(Path(__file__).parents[2] / "app" / "entry" / "page.py"), default_timeout=30).run()
    assert not app.exception
    assert "<h1" in text_of(app)
    root = Path(__file__).parents[2] / "app"
    for asset in [*root.rglob("*.css"), *root.rglob("*.js")]:
        text = asset.read_text(encoding="utf-8")
        assert "http://" not in text
        assert "https://" not in text
        assert "innerHTML" not in text
    assert HOSTILE not in text_of(app)
