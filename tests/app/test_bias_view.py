"""The view about bias: findings first, every figure with n and interval, and the way to the pairs."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import data, reports
from app.components import bias_links, bias_view
from app.nav import Query
from jobs.report.bias_topics import PullRow, Row, cells, pulls, topic_table, topics
from jobs.report.sections import pull_cells, pull_dots
from jobs.stages.bias import report_of
from jobs.stages.select import Selection
from music_core.errors import RunError
from music_core.store.labels import add_labels
from music_core.types import GivenLabel, LabelEvent
from tests.app.conftest import Open, Use, n_listed, query_of, text_of
from tests.app.samples import HOSTILE, fill, plain_pair

BIAS = {"view": "bias"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """34 plain pairs; Lefty votes left on all of them, a person with a hostile name on two."""
    found = tmp_path_factory.mktemp("bias")
    store = fill(found, n_plain=34)
    ids = [plain_pair(i, 2 + i % 4).id for i in range(34)]
    events = [LabelEvent(f"l{i}", p, "Lefty", "left", "chosen" if i % 2 else "rejected", True) for i, p in enumerate(ids)]
    events += [LabelEvent(f"h{i}", p, HOSTILE[:80], "right", "chosen", True) for i, p in enumerate(ids[:2])]
    add_labels(store, [GivenLabel(event) for event in events])
    store.close()
    return found


def rater(use_home: Use, home: Path, name: str) -> dict[str, Any]:
    use_home(home)
    return next(dict(r) for r in reports.bias(Selection())["raters"] if r["rater"] == name)


def test_what_was_found_stands_before_the_figures_and_the_chart_above_its_table(open_page: Open, home: Path) -> None:
    app = open_page("agreement", home, BIAS)
    out = text_of(app)
    assert not app.exception
    assert "Always votes left: 100 % of 34 labels" in out
    assert out.index("Always votes left") < out.index("Position: Lefty") < out.index("How often raters take")
    assert len(app.get("plotly_chart")) == 1
    assert "<script" not in out
    assert "<img" not in out


def test_one_pair_gives_too_little_to_say_and_no_undefined_value(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("agreement", one_home, BIAS))
    assert "Too little to say" in out
    assert "a bias must be strong to be seen" in out
    assert not re.search(r"\bnan\b|\bNone\b", out)


def test_an_empty_store_and_a_filter_without_votes_say_what_to_do(open_page: Open, home: Path, tmp_path: Path) -> None:
    assert "No pairs yet" in text_of(open_page("agreement", tmp_path, BIAS))
    out = text_of(open_page("agreement", home, {**BIAS, "source": "no such source"}))
    assert "Nobody voted on these pairs" in out
    assert 'href="agreement?view=bias"' in out


def test_a_failing_report_leaves_the_switch_and_is_told_in_a_sentence(open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(selection: Selection) -> None:
        raise ValueError(HOSTILE)

    monkeypatch.setattr(reports, "bias", fails)
    app = open_page("agreement", home, BIAS)
    assert not app.exception
    assert "This part of the page failed (ValueError)." in text_of(app)
    assert switch(app).value == "bias"


def switch(app: AppTest) -> Any:
    return app.segmented_control(key="mw-matrix-view")


def test_the_switch_changes_the_view_in_the_address_and_keeps_the_filters(open_page: Open, home: Path) -> None:
    app = open_page("agreement", home, {"source": "rivers", "trained": "1", "show": "kappa"})
    switch(app).set_value("bias").run()
    assert query_of(app) == {"source": ["rivers"], "trained": ["1"], "show": ["kappa"], "view": ["bias"]}
    assert "Always votes left" in text_of(app)
    switch(app).set_value("matrix").run()
    assert query_of(app) == {"source": ["rivers"], "trained": ["1"], "show": ["kappa"]}


def test_flips_and_votes_against_construction_lead_to_their_pairs(use_home: Use, home: Path) -> None:
    found = dict(bias_links.links(rater(use_home, home, "judge:pairwise"), {"source": ["s"]}, ["org/Scripted", "other"]))
    assert found["flips"] == {"source": ["s"], "judge": "pairwise", "verdict": "flip"}
    assert found["simulated by its own model"] == {"source": ["s"], "judge": "pairwise", "simulator": ["org/Scripted"]}
    person = dict(bias_links.links(rater(use_home, home, "person:Lefty"), {}))
    assert person["left"] == {"person": "Lefty", "said": "left"}


def test_a_list_behind_a_figure_on_bias_is_as_long_as_its_n(use_home: Use, home: Path) -> None:
    store = use_home(home)
    n_seen = 0
    for name in ("judge:pairwise", "judge:checklist", "model:tiny", "person:Lefty"):
        report = rater(use_home, home, name)
        found = dict(bias_links.links(report, {}))
        longer = [n_listed(store, found[f"takes the {side} side"]) for side in ("longer", "shorter") if f"takes the {side} side" in found]
        assert sum(longer) == report["longer"]["rate"]["n"]
        if "against construction" in found:
            built = report["construction"]
            assert n_listed(store, found["against construction"]) == round((1 - built["value"]) * built["n"])
            n_seen += 1
    assert n_seen


def test_a_list_behind_a_row_of_figures_holds_the_cases_that_it_counts(use_home: Use, home: Path) -> None:
    store = use_home(home)
    simulators = [facet.value for facet in data.simulators()]
    n_seen = 0
    for name in ("judge:pairwise", "judge:checklist", "model:tiny", "person:Lefty"):
        report = rater(use_home, home, name)
        for row in [row for topic in topics(report) for row in topic.rows if row.about]:
            hits = round((row.figure["value"] or 0) * row.figure["n"])
            listed = [n_listed(store, query) for _, query in bias_links.row_links(report, row, {}, simulators)]
            if row.about[0] == "simulator":
                # The list has undecided pairs as well.
                assert sum(listed) >= row.figure["n"], (name, row)
            elif row.about[0] in ("flip", "split", "tie") or row.about[1:]:
                assert sum(listed) == hits, (name, row)
            elif row.about[0] in ("construction", "people"):
                assert sum(listed) == row.figure["n"] - hits, (name, row)
            elif name != "judge:pairwise" or row.about[0] != "position":
                assert sum(listed) == row.figure["n"], (name, row)
            n_seen += bool(listed)
    assert n_seen > 10


def test_the_buckets_of_a_figure_are_ranges_of_the_list() -> None:
    report = {"rater": "judge:x", "kind": "judge", "models": []}
    everywhere: Query = {}

    def query(*about: str, within: Query = everywhere) -> list[Query]:
        return [q for _, q in bias_links.row_links(report, Row("", {"value": 0.5, "n": 4}, about=about), within)]

    assert query("flip", "turns", "6 to 10") == [{"judge": "x", "verdict": "flip", "turns": "6..10"}]
    assert query("flip", "divergence", "11 and more") == [{"judge": "x", "verdict": "flip", "divergence": "11.."}]
    assert query("flip", "length_gap", "0") == [{"judge": "x", "verdict": "flip", "chars": "0..0"}]
    assert [q["chars"] for q in query("flip", "length_gap", "1 to 99")] == ["1..99", "-99..-1"]
    assert [q["chars"] for q in query("flip", "length_gap", "2000 and more")] == ["2000..", "..-2000"]
    assert query("flip", "source", "s", within={"source": ["a", "s"]})[0]["also"] == "source:s"


def test_topics_are_those_that_a_kind_of_rater_can_have(use_home: Use, home: Path) -> None:
    names = {kind: [t.name for t in topics(rater(use_home, home, kind))] for kind in ("judge:pairwise", "model:tiny", "person:Lefty")}
    assert names["judge:pairwise"] == ["position", "length", "flips", "style", "self_preference", "simulator", "answers"]
    assert names["model:tiny"] == ["length", "style", "answers"]
    assert names["person:Lefty"] == ["position", "length", "style", "answers"]


def test_every_figure_has_its_n_and_its_interval_or_the_reason_why_not(use_home: Use, home: Path) -> None:
    for name in ("judge:pairwise", "judge:checklist", "model:tiny", "person:Lefty"):
        for topic in topics(rater(use_home, home, name)):
            for row in topic.rows:
                _, value, interval, n, _, note = cells(row)
                assert n == f"{row.figure['n']:,}"
                assert (value == "–") == (row.figure["value"] is None)
                assert interval != "–" or (row.figure["note"] and row.figure["note"] in html.unescape(note)), row
                assert "-0.00" not in interval


def test_the_chart_shows_what_is_defined_and_marks_a_plain_rate(use_home: Use, home: Path) -> None:
    use_home(home)
    found = {(p.rater, p.mark): p for p in pulls(reports.bias(Selection())["raters"])}
    left = found["person:Lefty", "left"]
    assert (left.figure["value"], left.held_equal) == (1.0, True)
    figure = {"value": 0.5, "n": 3, "n_seeds": 3, "interval": None, "note": ""}
    (dot,) = pull_dots([PullRow(f"person:{HOSTILE}", "left", figure, held_equal=False)])
    assert dot.hollow
    assert dot.row.endswith(", person")
    out = "".join(pull_cells(PullRow(f"person:{HOSTILE}", "left", figure, held_equal=False)))
    assert "plain rate" in out
    assert "<img" not in out


def test_names_and_notes_are_text(use_home: Use, home: Path) -> None:
    report = rater(use_home, home, "person:Lefty") | {"rater": f"person:{HOSTILE}", "models": [HOSTILE]}
    said = [{"text": HOSTILE}]
    out = bias_view.findings_markup(report, said, []) + bias_view.topics_markup(report, {}) + topic_table(topics(report)[0], HOSTILE)
    assert "<script" not in out
    assert "<img" not in out
    assert "<a href" not in out


def test_a_large_store_is_looked_at_in_a_process_of_its_own_with_the_same_result(
    use_home: Use, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = use_home(home)
    monkeypatch.setattr(reports, "LARGE", 1)
    assert reports.bias(Selection(splits=("train", "test"))) == report_of(store, Selection(splits=("train", "test")))
    with pytest.raises(RunError, match="No pair"):
        reports.bias(Selection(sources=("nowhere",), limit=3))
