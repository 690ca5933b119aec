"""The Pair page: turns, models and words in the address, and the ways from turn to turn."""

from pathlib import Path

import pytest

from app.components.rewards import Scored, figure, tables
from app.sides import BUILT
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.traces import add_traces
from music_core.types import BranchName, ContrastPair, Origin, RewardModel, RewardTrace, SourcedPair
from tests.app.conftest import Open, query_of, text_of
from tests.app.samples import HOSTILE, chat, fill, plain_pair, rice_pair

PAIR = rice_pair().id
SAME = ContrastPair(chat(("user", "q"), ("assistant", "a")), chat(("user", "q"), ("assistant", "a")))


def traces(pair_id: str, model: str, shift: float) -> list[RewardTrace]:
    return [
        RewardTrace(pair_id, "chosen", model, (shift, shift + 1, shift + 2)),
        RewardTrace(pair_id, "rejected", model, (shift, shift, shift)),
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models have scored the rice pair; four more pairs, one of them with two sides alike."""
    folder = tmp_path_factory.mktemp("pair")
    store = fill(folder, n_plain=3)
    add_pairs(store, [SourcedPair(SAME, Origin("alike"))])
    for k, name in enumerate(("base", HOSTILE[:60])):
        register_model(store, RewardModel(f"m_{k}", name, f"models/{k}", "SmolLM2-135M"))
        add_traces(store, traces(PAIR, f"m_{k}", float(k)))
    store.close()
    return folder


def test_a_turn_in_the_address_is_marked_and_every_heading_leads_to_its_turn(open_page: Open, home: Path) -> None:
    out = text_of(open_page("pair", home, {"pair": PAIR, "turn": "3", "words": "1"}))
    assert '<section class="mw-turn mw-asked" id="turn-3"' in out
    assert out.count("mw-asked") == 1
    for turn in (1, 2, 3):
        assert f"turn={turn}&amp;words=1&amp;pair={PAIR}" in out


def test_a_turn_in_the_shared_opening_unfolds_it(open_page: Open, home: Path) -> None:
    assert 'mw-prefix"><summary>' in text_of(open_page("pair", home, {"pair": PAIR}))
    assert 'mw-prefix" open><summary>' in text_of(open_page("pair", home, {"pair": PAIR, "turn": "1"}))


def test_a_turn_that_the_pair_has_not_is_no_error(open_page: Open, home: Path) -> None:
    app = open_page("pair", home, {"pair": PAIR, "turn": "900"})
    assert not app.exception and "mw-asked" not in text_of(app)
    assert app.button(key="mw-Next-turn").disabled


def test_keys_go_from_turn_to_turn_and_to_where_the_sides_part(open_page: Open, home: Path) -> None:
    app = open_page("pair", home, {"pair": PAIR})
    assert app.button(key="mw-Previous-turn").disabled
    app.button(key="mw-Where-they-part").click().run()
    assert query_of(app)["turn"] == ["2"]
    app.button(key="mw-Next-turn").click().run()
    assert query_of(app)["turn"] == ["3"]
    assert app.button(key="mw-Next-turn").disabled
    app.button(key="mw-Previous-turn").click().run()
    assert query_of(app)["turn"] == ["2"]


def test_sides_that_never_part_have_no_place_to_go_to(open_page: Open, home: Path) -> None:
    app = open_page("pair", home, {"pair": SAME.id})
    assert not app.exception and app.button(key="mw-Where-they-part").disabled


def test_changed_words_and_text_as_written_are_in_the_address_and_go_along_to_the_next_pair(open_page: Open, home: Path) -> None:
    app = open_page("pair", home, {"pair": PAIR, "turn": "2", "source": "rivers"})
    assert "<mark" not in text_of(app)
    app.button(key="mw-words").click().run()
    app.toggle(key="mw-as-written").set_value(True).run()
    assert "<mark" in text_of(app)
    assert (query_of(app)["words"], query_of(app)["written"], query_of(app)["turn"]) == (["1"], ["1"], ["2"])
    app.button(key="mw-Next").click().run()
    assert query_of(app)["pair"] != [PAIR]
    assert query_of(app)["words"] == ["1"] and "turn" not in query_of(app)


def test_the_models_shown_are_chosen_and_kept_in_the_address(open_page: Open, home: Path) -> None:
    app = open_page("pair", home, {"pair": PAIR})
    assert len(app.multiselect(key="mw-trace-models").value) == 3
    assert "Margin after each turn, by model" in text_of(app)
    app.multiselect(key="mw-trace-models").set_value(["m_0"]).run()
    assert not app.exception
    assert query_of(app)["trace"] == ["m_0"]
    assert "Reward after each turn, by base" in text_of(app)
    again = open_page("pair", home, {"pair": PAIR, "trace": ["m_0", "gone"]})
    assert again.multiselect(key="mw-trace-models").value == ["m_0"]


def test_the_place_in_a_filter_is_told_whatever_the_filter_leaves(open_page: Open, home: Path) -> None:
    only = open_page("pair", home, {"pair": PAIR, "source": "illustration"})
    assert "1 of 1 in this filter, the only one" in text_of(only)
    assert only.button(key="mw-Previous").disabled and only.button(key="mw-Next").disabled
    nothing = open_page("pair", home, {"pair": PAIR, "source": "nowhere"})
    assert "no pair passes this filter" in text_of(nothing)
    assert nothing.button(key="mw-Next").disabled
    outside = open_page("pair", home, {"pair": PAIR, "source": "rivers"})
    assert "not among the 3 pairs of this filter" in text_of(outside)
    outside.button(key="mw-Next").click().run()
    assert query_of(outside)["pair"][0] in {plain_pair(i, 2 + i % 4).id for i in range(3)}


def test_the_pair_can_be_taken_along(open_page: Open, home: Path) -> None:
    assert [button.label for button in open_page("pair", home, {"pair": PAIR}).download_button] == ["This pair as one HTML file"]


def scored(n: int) -> list[Scored]:
    def sides(k: int) -> dict[BranchName, RewardTrace]:
        return {t.branch: t for t in traces("p", f"m{k}", float(k))}

    return [Scored(f"m{k}", "twin", sides(k)) for k in range(n)]


def test_a_chart_tells_models_by_colour_and_sides_by_dash_and_many_models_get_small_charts() -> None:
    together, apart = figure(scored(3), 2, "light"), figure(scored(5), 2, "dark", turn=2)
    assert len({line.line.color for line in together.data}) == 3
    assert {line.line.dash for line in together.data} == {"solid", "dash"}
    assert {line.yaxis for line in together.data} == {"y"}
    assert len({line.yaxis for line in apart.data}) == 5
    assert [p for line in apart.data for p, size in zip(line.customdata, line.marker.size, strict=True) if size > 7] == [2] * 10
    margin = figure(scored(3), 2, "light", kind="margin")
    assert [list(line.y) for line in margin.data] == [[0.0, 1.0, 2.0]] * 3


def test_models_of_one_name_have_a_column_each() -> None:
    out = tables(scored(4), BUILT)
    assert out.count("<span>twin</span>") == 4
    assert tables(scored(1), BUILT).count("<table") == 1


def test_of_a_long_pair_the_table_shows_the_turns_that_the_conversations_show() -> None:
    long = [Scored("m", "long", {"chosen": RewardTrace("p", "chosen", "m", tuple(float(t) for t in range(1, 201)))})]
    out = tables(long, BUILT, first=61)
    assert out.count("<tr>") == 61
    assert "+61.000" in out and "+120.000" in out and "+121.000" not in out
    assert "From turn 61 on; all turns are in the file of this pair." in out
