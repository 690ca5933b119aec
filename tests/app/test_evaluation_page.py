"""The page of evaluations: Best-of-N over N, benchmarks beside published figures, and the report to take along."""

import importlib.util
from pathlib import Path

import pytest

from app import launching, outcomes, reports
from app.components import benchmark_results, win_table
from app.components.fields import key_of
from app.launching import Draft
from jobs import api
from jobs.report import charts
from jobs.report.gather import by_benchmark
from jobs.report.results import PUBLISHED, benchmark_dots
from music_core.errors import MissingExtraError, RunError, SourceError
from tests.app.conftest import Open, Use, text_of
from tests.app.evaluations import benchmark_report, bon_report
from tests.app.runs import put_run
from tests.app.samples import HOSTILE, fill

BON = {"a": "longest", "b": ["random"], "assistant": "scripted", "judge": "scripted"}
BENCH = {"benchmark": "judgebench", "model": "first"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models on one benchmark, the first twice, a Best-of-N run, and a busy run that takes the only slot."""
    found = tmp_path_factory.mktemp("evaluation")
    fill(found, n_plain=3).close()
    put_run(found, "bench-old", "benchmark", "finished", BENCH, report=benchmark_report("first", first_right=0))
    put_run(found, "bench-first", "benchmark", "finished", BENCH, report=benchmark_report("first"))
    put_run(found, "bench-second", "benchmark", "finished", {**BENCH, "model": "second"}, report=benchmark_report("second", first_right=1))
    put_run(found, "bench-failed", "benchmark", "failed", BENCH, error="no", hint="")
    put_run(found, "bon-done", "bon", "finished", BON, report=bon_report())
    put_run(found, "bon-busy", "bon", "running", BON)
    return found


@pytest.fixture(autouse=True)
def _one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SLOTS", "1")


def test_without_an_evaluation_the_page_teaches_the_commands_and_leads_to_the_forms(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("evaluation", one_home))
    assert "No evaluation yet" in out
    assert "music evaluate bon --a MODEL --b random" in out
    assert 'href="jobs?new=bon"' in out
    assert 'href="jobs?new=benchmark"' in out


def test_all_evaluations_are_shown_with_a_table_under_each_chart(open_page: Open, home: Path) -> None:
    app = open_page("evaluation", home)
    out = text_of(app)
    assert not app.exception
    assert 'role="alert"' not in out
    assert len(app.get("plotly_chart")) == 2
    assert 'href="pairs?run=bon-done&amp;picked=mine&amp;picked=' in out
    assert "The judge is the model that wrote the conversations" in out
    assert "Skywork-Reward-V2-Llama-3.1-8B" in out
    assert "nothing is known of its training data" in out
    assert "not comparable" in out
    assert "bench-failed" not in out


def test_models_stand_side_by_side_each_with_its_newest_run(use_home: Use, home: Path) -> None:
    use_home(home)
    groups = by_benchmark(reports.finished_evaluations())
    assert list(groups) == ["judgebench"]
    assert {run.report["model"]: run.report["overall"]["value"] for run in groups["judgebench"]} == {"first": 0.75, "second": 0.25}
    dots = benchmark_dots([run.report for run in groups["judgebench"]])
    assert {d.series for d in dots if not d.hollow} == {"first", "second"}
    assert all(d.n for d in dots if not d.hollow)
    assert {d.series for d in dots if d.hollow} == {PUBLISHED}


def test_one_run_is_enough_for_a_page(open_page: Open, tmp_path: Path) -> None:
    put_run(tmp_path, "bon-one", "bon", "finished", BON, report={**bon_report(), "table": bon_report()["table"][:1]})
    app = open_page("evaluation", tmp_path)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert "Benchmarks" not in [h.value for h in app.header]


def test_a_report_of_an_unknown_shape_is_told_and_the_others_are_shown(open_page: Open, tmp_path: Path) -> None:
    put_run(tmp_path, "bon-good", "bon", "finished", BON, report=bon_report())
    put_run(tmp_path, "bon-odd", "bon", "finished", BON, report={"a": "x", "b": []})
    app = open_page("evaluation", tmp_path)
    out = text_of(app)
    assert not app.exception
    assert "This part of the page failed (KeyError)." in out
    assert 'href="pairs?run=bon-good&amp;picked=' in out


def test_names_are_text_in_tables_and_charts() -> None:
    report = benchmark_report(HOSTILE) | {"title": HOSTILE, "notes": [HOSTILE], "dropped": {HOSTILE: 2}}
    report["published"] = [{"model": HOSTILE, "figures": {"overall": 0.5}, "source": HOSTILE, "note": HOSTILE}]
    out = benchmark_results.markup([report]) + win_table.markup(bon_report(HOSTILE)["table"], HOSTILE)
    assert "<script" not in out
    assert "<img" not in out
    assert "<a href='http" not in out
    dots = charts.dots(benchmark_dots([report]), "light", title="x")
    wins = charts.win_rates(bon_report(HOSTILE)["table"], "dark")
    shown = [text for trace in (*dots.data, *wins.data) for text in (trace.name, *trace.customdata)]
    assert shown
    assert not any("<script" in text or "<img" in text or "<a " in text for text in shown)


def test_the_win_chart_has_a_line_for_every_comparison_with_the_intervals_of_the_table() -> None:
    rows = bon_report()["table"]
    fig = charts.win_rates([*rows, rows[0] | {"n": 4, "win_rate": None, "interval": None}], "light")
    assert [trace.name for trace in fig.data] == ["mine against random, whole conversations", "mine against longest, whole conversations"]
    assert list(fig.data[0].y) == [0.75, 0.75]
    assert list(fig.data[0].error_y.array) == [0.25, 0.25]
    assert list(fig.layout.xaxis.categoryarray) == ["2", "4", "8"]


def test_the_report_is_made_only_when_asked_for(open_page: Open, home: Path) -> None:
    app = open_page("evaluation", home)
    assert not app.get("download_button")
    app.button(key="mw-report-prepare").click().run()
    assert not app.exception
    assert [b.proto.label.startswith("Download this as a report") for b in app.get("download_button")] == [True]
    app.run()
    assert app.get("download_button")
    put_run(home, "bon-later", "bon", "finished", BON, report=bon_report())
    app.run()
    assert not app.get("download_button")


def test_a_finished_benchmark_run_shows_its_figures_and_leads_to_the_evaluation(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"run": "bench-first"})
    out = text_of(app)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert 'href="evaluation"' in out
    assert "Benchmark: first on judgebench" in out
    assert "75.0 % on 16 prompts of JudgeBench" in text_of(open_page("jobs", home))
    assert outcomes.summary("benchmark", {"n": 3, "overall": {"value": None}}) == "3 prompts"


def test_the_form_starts_the_benchmark_that_its_fields_describe(open_page: Open, home: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("{}\n", encoding="utf-8")
    app = open_page("jobs", home, {"new": "benchmark", "benchmark": "judgebench", "model": "tiny", "paths": str(rows), "limit": "5"})
    draft = app.session_state["mw_draft"]
    assert isinstance(draft, Draft)
    assert app.selectbox(key=key_of(draft.token, "benchmark")).value == "judgebench"
    app.button(key=f"mw-start-{draft.token}").click().run()
    assert not app.exception
    config = api.status(draft.token, home=home).config
    assert (config["benchmark"], config["model"], config["paths"], config["limit"]) == ("judgebench", "tiny", [str(rows)], 5)


def test_what_a_benchmark_would_miss_is_told_before_it_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        launching._check("benchmark", {**BENCH, "paths": [str(tmp_path / "gone.jsonl")]})
    with pytest.raises(RunError, match="No model is named"):
        launching._check("benchmark", {"benchmark": "judgebench"})
    launching._check("benchmark", {"benchmark": "multiturn", "model": "first"})
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "datasets" else find(name, *rest))
    with pytest.raises(MissingExtraError, match="hub"):
        launching._check("benchmark", BENCH)
