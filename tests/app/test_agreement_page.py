from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import raters, reports
from app.components import agreement_chart, agreement_glance, agreement_table
from app.matrix_state import MEASURES, MatrixState, Measure, from_query
from music_core.evaluate.agreement import Cell, agreement_cells
from music_core.store.labels import add_label
from music_core.store.models import register_model
from music_core.store.pairs import PairFilter
from music_core.store.runs import create_run, write_manifest
from music_core.store.traces import add_traces
from music_core.types import BRANCHES, LabelEvent, RewardModel, RewardTrace, Run, Vote
from tests.app.conftest import Open, Use, n_listed, query_of, text_of
from tests.app.samples import HOSTILE, fill, plain_pair

NOTHING = Cell("construction", "judge:x", 0, None, 0, None, None, None, None, "No pair has votes of both.")
FULL = Cell("construction", "judge:x", 120, 0.8, 100, 0.85, 0.6, 0.61, (0.72, 0.87))


@pytest.fixture(scope="module")
def voted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 pairs, a model trained on 3 of them, a person with 5 labels and a skip."""
    home = tmp_path_factory.mktemp("voted")
    store = fill(home, n_plain=12)
    pairs = [plain_pair(i, 2 + i % 4).id for i in range(12)]
    create_run(store, Run("t_1", "train", {}, time_zero(), "tiny"))
    write_manifest(store, "t_1", [(p, "train") for p in pairs[:3]])
    register_model(store, RewardModel("m_own", "own", str(home), "embedded", "t_1"))
    add_traces(store, [RewardTrace(p, b, "m_own", (1.0 if b == "chosen" else 0.0,)) for p in pairs for b in BRANCHES])
    for i, pair_id in enumerate(pairs[:5]):
        add_label(store, LabelEvent(f"a{i}", pair_id, "Ada", "left" if i % 3 else "right", "chosen", True))
    add_label(store, LabelEvent("skip", pairs[6], "Ada", "skip", "chosen", True))
    store.close()
    return home


def time_zero() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_one_pair_is_compared_with_a_warning_and_its_undefined_values_explained(open_page: Open, one_home: Path) -> None:
    app = open_page("agreement", one_home)
    out = text_of(app)
    assert not app.exception
    assert "rest on fewer than 30 pairs" in out
    assert "No interval: all pairs come from one seed." in out
    assert "nan" not in out.lower()
    assert ">few</span>" in out


def test_the_matrix_leaves_a_models_training_pairs_out_unless_asked(use_home: Use, voted_home: Path) -> None:
    use_home(voted_home)
    own = {(c.a, c.b): c for c in reports.agreement().cells}[("construction", "model:own")]
    assert (own.n, own.n_trained_on) == (9, 3)
    assert "3 training pairs of the model left out." in raters.explained(own)
    counted = {(c.a, c.b): c for c in reports.agreement(with_training_pairs=True).cells}[("construction", "model:own")]
    assert (counted.n, counted.n_trained_on) == (12, 0)


def test_the_page_says_that_training_pairs_are_counted_in(open_page: Open, voted_home: Path) -> None:
    assert "flatters it" in text_of(open_page("agreement", voted_home, {"trained": "1"}))
    app = open_page("agreement", voted_home)
    assert "flatters it" not in text_of(app)
    assert "Ada: 1 skipped" in text_of(app)


def test_the_address_holds_filters_and_the_number_shown(open_page: Open, voted_home: Path) -> None:
    app = open_page("agreement", voted_home, {"source": "rivers", "show": "kappa"})
    assert app.multiselect(key="mw-matrix-source").value == ["rivers"]
    assert "Agreement beyond chance" in text_of(app)
    app.checkbox(key="mw-matrix-trained").check().run()
    assert not app.exception
    assert query_of(app) == {"source": ["rivers"], "show": ["kappa"], "trained": ["1"]}


def test_a_filter_without_votes_says_so(open_page: Open, voted_home: Path) -> None:
    out = text_of(open_page("agreement", voted_home, {"source": "no such source"}))
    assert "Nobody voted on these pairs" in out


def test_the_same_matrix_is_not_computed_twice(use_home: Use, voted_home: Path) -> None:
    use_home(voted_home)
    assert reports.agreement() is reports.agreement(PairFilter())
    assert reports.agreement() is not reports.agreement(PairFilter(splits=("train",)))


@pytest.mark.parametrize("trained", [False, True])
def test_every_cell_leads_to_as_many_pairs_as_its_words_say(use_home: Use, voted_home: Path, trained: bool) -> None:
    store = use_home(voted_home)
    cells = reports.agreement(with_training_pairs=trained).cells
    assert any(c.n for c in cells)
    for cell in cells:
        for words, query in raters.links(cell, MatrixState().within(), trained=trained):
            assert cell.a == cell.b or f"{n_listed(store, query):,} " in words, (cell, words)
    assert raters.links(NOTHING, {}) == []


def test_the_words_of_a_comparison_name_both_raters_and_how_their_votes_lie() -> None:
    assert raters.compared_words("judge:x", "people", "differ") == "x (judge) and All people differ"
    assert raters.compared_words("people", "people", "differ") == "All people differ among themselves"
    assert raters.compared_words("judge:x", "model:m", "only_a", "people") == "only x (judge), not m (model), agrees with All people"
    assert raters.compared_words("judge:x", "longer", "agree") == "x (judge) and the longer side agree"


@pytest.mark.parametrize("measure", list(MEASURES))
def test_the_chart_writes_a_dash_for_what_is_undefined(measure: Measure) -> None:
    fig = agreement_chart.figure(
        [FULL, Cell("construction", "people", 0, None, 0, None, None, None, None, "None.")], MatrixState(show=measure), "dark"
    )
    assert fig.data[0].z[1][0] is None
    assert fig.layout.annotations[0].text.startswith("–")
    assert "NaN" not in str(fig.data[0].text)
    assert "n 120" in fig.data[0].text[0][0]


def test_the_chart_has_a_row_and_a_column_only_where_there_is_a_cell() -> None:
    cells = agreement_cells([Vote("p", "s", r, 1) for r in ("construction", "judge:x", "person:Ada")])
    down, across = agreement_chart.axes(cells)
    assert "construction" not in down
    assert "construction" in across
    assert "people" in down


def test_names_in_the_chart_and_the_table_are_text() -> None:
    cell = Cell("construction", f"person:{HOSTILE}", 3, 0.5, 3, 0.5, 0.0, 0.0, (0.1, 0.9))
    fig = agreement_chart.figure([cell], MatrixState(), "light")
    out = agreement_table.markup([cell], MatrixState()) + agreement_glance.markup([cell]) + str(fig.layout.yaxis.ticktext)
    assert "<script" not in out
    assert "<a href='http" not in out
    assert "<img" not in out


def test_an_interval_and_n_stand_beside_every_share() -> None:
    out = agreement_glance.markup([FULL])
    assert "0.80" in out
    assert "0.72 to 0.87" in out
    assert "120" in out
    assert "of 100" in out
    assert "No pair has votes of both." in agreement_glance.markup([NOTHING])


def test_an_address_that_is_not_understood_is_ignored() -> None:
    assert from_query({"show": ["nonsense"], "trained": ["x"]}) == MatrixState()
    state = MatrixState(("a",), ("test",), "alpha", True)
    assert from_query({k: [v] if isinstance(v, str) else list(v) for k, v in state.query().items()}) == state
