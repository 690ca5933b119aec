"""The view by slices: agreement by a property of the pairs, the human ceiling, two raters on the same pairs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from app import raters, reports
from app.components import slices_controls, slices_view
from app.matrix_state import MatrixState
from jobs.report import charts
from jobs.report.charts import Line
from jobs.report.slicing import BY, slices_by, slices_of, values_of
from music_core.evaluate.agreement import Cell
from music_core.evaluate.compare import paired_difference
from music_core.evaluate.slices import Ceiling
from music_core.facts import PairFacts
from music_core.store.facts import pair_facts
from music_core.store.labels import add_labels
from music_core.store.pairs import PairFilter
from music_core.store.votes import votes
from music_core.types import GivenLabel, LabelEvent, Vote
from tests.app.conftest import Open, Use, n_listed, query_of, text_of
from tests.app.samples import HOSTILE, fill, plain_pair

SLICES = {"view": "slices"}
NO_CEILING = Ceiling(None, None, 0, 0, 0, "No ceiling: there is no pair with labels of two people.")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 plain pairs of 2 to 5 turns, labelled by Ada and Ben, who differ on every fourth, and by a hostile name."""
    found = tmp_path_factory.mktemp("slices")
    store = fill(found, n_plain=16)
    ids = [plain_pair(i, 2 + i % 4).id for i in range(16)]
    events = [LabelEvent(f"a{i}", p, "Ada", "left", "chosen", True) for i, p in enumerate(ids)]
    events += [LabelEvent(f"b{i}", p, "Ben", "right" if i % 4 == 0 else "left", "chosen", True) for i, p in enumerate(ids)]
    events.append(LabelEvent("h", ids[0], HOSTILE[:80], "left", "chosen", True))
    add_labels(store, [GivenLabel(event) for event in events])
    store.close()
    return found


def test_every_slice_has_its_figures_and_the_ceiling_a_row(open_page: Open, home: Path) -> None:
    app = open_page("agreement", home, SLICES)
    out = text_of(app)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert all(f">{n} turns<" in out for n in (2, 3, 4, 5))
    assert "human ceiling" in out
    assert "rest on fewer than 30 pairs" in out
    assert 'href="pairs?turns=2..2&amp;a=construction&amp;b=model%3Atiny' in out
    assert "<script" not in out
    assert "<img" not in out


@pytest.mark.parametrize("by", list(BY))
def test_every_property_can_be_chosen(open_page: Open, home: Path, by: str) -> None:
    app = open_page("agreement", home, {**SLICES, "by": by, "against": "people", "rater": ["model:tiny"]})
    assert not app.exception
    assert 'role="alert"' not in text_of(app)
    assert app.selectbox(key="mw-slices-by").value == by


def test_one_pair_is_compared_without_undefined_values(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("agreement", one_home, SLICES))
    assert "No interval: all pairs come from one seed." in out
    assert "human ceiling" in out
    assert not re.search(r"\bnan\b|\bNone\b", out)


def test_an_empty_store_and_a_filter_without_votes_say_what_to_do(open_page: Open, home: Path, tmp_path: Path) -> None:
    assert "No pairs yet" in text_of(open_page("agreement", tmp_path, SLICES))
    assert "Nobody voted on these pairs" in text_of(open_page("agreement", home, {**SLICES, "source": "no such source"}))


def test_an_address_that_names_nobody_known_is_no_failure(open_page: Open, home: Path) -> None:
    app = open_page("agreement", home, {**SLICES, "against": HOSTILE, "a": HOSTILE, "b": "x", "by": "nonsense", "rater": "judge:gone"})
    assert not app.exception
    out = text_of(app)
    assert 'role="alert"' not in out
    assert "No pair has a vote of" in out
    assert "<img" not in out


def test_a_failing_comparison_is_told_in_a_sentence(open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError(HOSTILE)

    monkeypatch.setattr(reports, "slices", fails)
    app = open_page("agreement", home, SLICES)
    assert not app.exception
    assert "This part of the page failed (ValueError)." in text_of(app)


def test_the_choices_go_into_the_address_and_the_difference_is_that_of_the_core(open_page: Open, use_home: Use, home: Path) -> None:
    app = open_page("agreement", home, SLICES)
    app.selectbox(key="mw-slices-a").set_value("person:Ada").run()
    app.selectbox(key="mw-slices-b").set_value("person:Ben").run()
    assert query_of(app) == {"view": ["slices"], "a": ["person:Ada"], "b": ["person:Ben"]}
    use_home(home)
    found = reports.difference(PairFilter(), "person:Ada", "person:Ben", "construction")
    assert (found.n, found.only_a, found.only_b, found.difference) == (16, 4, 0, 0.25)
    out = text_of(app)
    assert slices_view.difference_markup(found, MatrixState(view="slices", a="person:Ada", b="person:Ben")) in out
    assert '<td class="mw-col-num">+0.25</td>' in out
    assert "0.125" in out


@pytest.mark.parametrize("source", [(), ("rivers",)])
@pytest.mark.parametrize("by", list(BY))
def test_every_row_of_a_slice_opens_as_many_pairs_as_it_counts(use_home: Use, home: Path, by: str, source: tuple[str, ...]) -> None:
    store = use_home(home)
    state = MatrixState(view="slices", by=by, source=source)
    slices = reports.slices(state.filter(), by)
    rows = slices_view.rows_of(reports.agreement(state.filter()).cells, slices, state)
    assert slices
    for name, cell in rows:
        for words, query in raters.links(cell, slices_view.within(state, name)):
            assert f"{n_listed(store, query):,} " in words, (name, words)


@pytest.mark.parametrize("source", [(), ("rivers",)])
@pytest.mark.parametrize("by", list(BY))
def test_slices_read_as_numbers_are_those_of_the_votes_themselves(use_home: Use, home: Path, by: str, source: tuple[str, ...]) -> None:
    store, f = use_home(home), PairFilter(sources=source)
    for trained in (False, True):
        said = [replace(v, trained_on=v.trained_on and not trained) for v in votes(store, f)]
        assert slices_of(store, f, by, with_training_pairs=trained, n_boot=20) == slices_by(by, said, pair_facts(store, f), n_boot=20)
    with pytest.raises(ValueError, match="not sliced by"):
        slices_of(store, f, "colour")


def test_the_pairs_of_two_raters_against_a_third_are_those_counted(use_home: Use, home: Path) -> None:
    store = use_home(home)
    found = reports.difference(PairFilter(), "person:Ada", "person:Ben", "construction")
    counts = {words: n_listed(store, query) for words, query in raters.held_links(found, {})}
    assert counts == {"4 only the first": 4, "16 all": 16}


def test_two_raters_are_compared_only_where_neither_is_the_others_group() -> None:
    assert slices_controls.apart("judge:x", "person:Ada", "people")
    assert not slices_controls.apart("judge:x", "judges", "construction")
    assert not slices_controls.apart("judge:x", "judge:x", "construction")
    votes = [Vote("p", "s", r, 1) for r in ("construction", "judge:x", "judge:y", "person:Ada")]
    names = ["construction", "judge:x", "judge:y", "judges", "person:Ada", "people"]
    for a in names:
        for b in names:
            for reference in names:
                if slices_controls.apart(a, b, reference):
                    paired_difference(votes, a, b, reference, n_boot=0)
                else:
                    with pytest.raises(ValueError, match="not three raters apart"):
                        paired_difference(votes, a, b, reference, n_boot=0)
    assert slices_controls.two(MatrixState(a="judge:y"), names) == ("judge:y", "judge:x")
    assert slices_controls.two(MatrixState(), ["construction"]) is None


def fact(pair_id: str, **values: object) -> PairFacts:
    plain: dict[str, object] = {"seed_id": pair_id, "split": "train", "n_turns": 3, "divergence": 1, "chars_chosen": 9, "chars_rejected": 9}
    return PairFacts(pair_id, **plain | values)  # type: ignore[arg-type]


def test_slices_come_in_the_order_of_their_numbers_and_a_pair_of_two_sources_counts_in_both() -> None:
    facts = [fact("p1", n_turns=10, sources=("a", "b")), fact("p2", n_turns=2, sources=("b",)), fact("p3", n_turns=3)]
    votes = [Vote(f.pair_id, f.seed_id, r, 1) for f in facts for r in ("construction", "judge:x")]
    assert [s.name for s in slices_by("turns", votes, facts, n_boot=0)] == ["2", "3", "10"]
    by_source = slices_by("source", votes, facts, n_boot=0)
    assert [(s.name, s.n_pairs) for s in by_source] == [("a", 1), ("b", 2), ("not stated", 1)]
    assert [c.n for s in by_source for c in s.cells if (c.a, c.b) == ("construction", "judge:x")] == [1, 2, 1]
    with pytest.raises(ValueError, match="not sliced by"):
        values_of(facts[0], "colour")


def test_the_chart_holds_the_first_raters_and_the_table_all() -> None:
    cells = [Cell("construction", f"judge:j{i}", 40, 0.5, 40, 0.5, 0.0, 0.0, (0.4, 0.6)) for i in range(9)]
    rows = [("2", c) for c in cells]
    dots = slices_view.dots_of(rows, MatrixState())
    assert len({d.series for d in dots}) == slices_view.MOST_IN_CHART
    out = slices_view.markup(rows, NO_CEILING, MatrixState())
    assert all(f"j{i} " in out for i in range(9))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_in_the_chart_are_text(theme: str) -> None:
    cell = Cell("construction", f"person:{HOSTILE}", 3, 0.5, 3, 0.5, 0.0, 0.0, (0.1, 0.9))
    dots = slices_view.dots_of([(HOSTILE, cell)], MatrixState())
    fig = charts.dots(dots, theme, title=HOSTILE, lines=[Line(0.5, HOSTILE)])
    shown = [
        *fig.layout.yaxis.ticktext,
        fig.data[0].name,
        *fig.data[0].customdata,
        fig.layout.xaxis.title.text,
        fig.layout.annotations[0].text,
    ]
    assert len(shown) == 5
    assert not any("<script" in text or "<a " in text or "<img" in text for text in shown)
    assert (fig.data[0].error_x.array[0], fig.data[0].error_x.arrayminus[0]) == pytest.approx((0.4, 0.4))
