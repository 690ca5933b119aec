import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import launching, outcomes, times
from app.choices import Choices
from app.components import estimate_table, run_detail, run_table
from app.components.fields import key_of
from app.form_fields import LAUNCHED, fields_of
from app.forms import config_from, prefilled
from app.launching import Draft
from app.log_text import readable
from jobs import api
from jobs.kinds import config_of
from jobs.runner import LocalRunner
from music_core.config import load_settings
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.runs import put_run
from tests.app.samples import HOSTILE, fill

CHOICES = Choices(sources=("rivers",), models=("tiny",), taken_names=("rm-1", "tiny"))
GENERATE: Mapping[str, Any] = {"n": 4, "assistant": "scripted", "turns": 2, "method": "swap"}
REPORT = {"source": "trial", "pairs": 4, "new": 3, "dropped": {"leak": 2}, "working_s": 75.2, "cost": None, "calls": 1234}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs to start from, and a run that takes the only slot, so that no test starts a process."""
    found = tmp_path_factory.mktemp("jobs")
    fill(found, n_plain=12).close()
    put_run(found, "generate-busy", "generate", "running", GENERATE, title="the busy one", log="line one\nline two\n")
    return found


@pytest.fixture(autouse=True)
def _one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SLOTS", "1")


def token_of(app: AppTest) -> str:
    draft = app.session_state["mw_draft"]
    assert isinstance(draft, Draft)
    return draft.token


def test_the_list_shows_a_run_that_works_with_its_progress(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home)
    out = text_of(app)
    assert not app.exception
    assert "Generate: the busy one" in out
    assert 'aria-valuenow="25"' in out
    assert "30 of 120" in out
    assert "left" in out


def test_a_run_that_works_shows_its_log_and_can_be_cancelled(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"run": "generate-busy"})
    out = text_of(app)
    assert not app.exception
    assert "line one\nline two" in out
    assert "half of it" in out
    assert 'href="pairs?run=generate-busy"' in out
    assert app.button(key="mw-cancel-generate-busy").label == "Cancel this run"


def test_an_unknown_run_is_an_error_that_says_what_to_do(open_page: Open, home: Path) -> None:
    for name in ("no-such-run", "../../etc"):
        app = open_page("jobs", home, {"run": name})
        assert not app.exception
        assert "music jobs list" in text_of(app)


def test_a_run_that_failed_says_why_and_can_be_resumed(open_page: Open, home: Path) -> None:
    put_run(home, "judge-failed", "judge", "failed", {"endpoint": "scripted"}, error=f"The endpoint is gone {HOSTILE}.", hint="Start it.")
    app = open_page("jobs", home, {"run": "judge-failed"})
    out = text_of(app)
    assert not app.exception
    assert "The endpoint is gone" in out
    assert "Start it." in out
    assert "<script" not in out
    app.button(key="mw-resume-judge-failed-1").click().run()
    assert not app.exception
    assert api.status("judge-failed", home=home).status == "queued"
    app.button(key="mw-cancel-judge-failed").click().run()
    assert api.status("judge-failed", home=home).status == "cancelled"


def test_a_finished_run_shows_its_report_and_what_it_made(open_page: Open, home: Path) -> None:
    curve = [{"step": i, "loss": 0.7 - 0.01 * i, "accuracy": 0.5} for i in range(1, 4)]
    report = {"model": "own", "trained_steps": 3, "accuracy": 0.625, "validation_pairs": 8, "curve": curve}
    put_run(home, "train-done", "train", "finished", {"name": "own", "sources": ["rivers"]}, report=report)
    app = open_page("jobs", home, {"run": "train-done"})
    out = text_of(app)
    assert not app.exception
    assert "0.625" in out
    assert "3 points of the curve" in out
    assert 'href="jobs?new=score&amp;model=own"' in out
    assert 'href="jobs?new=train&amp;from=train-done"' in out
    assert "Left open: " in out


@pytest.mark.parametrize("kind", LAUNCHED)
def test_a_form_opens_with_settings_that_the_run_accepts(kind: str) -> None:
    fields = fields_of(kind, CHOICES)
    config = config_from(fields, prefilled(fields, {}, {}))
    given = {"path": "x.jsonl"} if kind == "import" else {}
    run = api.new_run(kind, {**config, **given})
    assert all(run.config[name] == value for name, value in config.items())
    assert {f.name for f in fields} <= set(run.config)


def test_the_demo_of_the_form_is_the_demo_of_the_command() -> None:
    fields = fields_of("demo", CHOICES)
    offered = config_from(fields, prefilled(fields, {}, {}))
    assert config_of("demo", offered) == config_of("demo", {})


@pytest.mark.parametrize("kind", ["generate", "judge", "train", "score", "bon", "benchmark", "import"])
def test_every_form_is_drawn(open_page: Open, home: Path, kind: str) -> None:
    app = open_page("jobs", home, {"new": kind})
    assert not app.exception
    assert 'role="alert"' not in text_of(app)
    assert app.button(key=f"mw-start-{token_of(app)}").label == "Start"


def test_an_address_fills_the_form_and_sending_it_twice_starts_one_run(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"new": "generate", "n": "3", "assistant": "scripted", "sources": "rivers", "turns": "-4"})
    token = token_of(app)
    assert app.number_input(key=key_of(token, "n")).value == 3
    assert app.number_input(key=key_of(token, "turns")).value == 3
    assert app.multiselect(key=key_of(token, "sources")).value == ["rivers"]
    app.number_input(key=key_of(token, "n")).set_value(5)
    app.button(key=f"mw-start-{token}").click().run()
    assert not app.exception
    assert query_of(app) == {"run": [token]}
    assert "Generate: 5 pairs by scripted, swap of rivers" in text_of(app)
    assert api.status(token, home=home).config["n"] == 5
    before = len(LocalRunner(home).folders())
    launching.start(Draft("generate", "", token), {"n": 7, "assistant": "scripted"})
    assert len(LocalRunner(home).folders()) == before
    assert api.status(token, home=home).config["n"] == 5


def test_an_estimate_counts_and_starts_nothing(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"new": "judge", "endpoint": "scripted", "sources": "rivers"})
    before = len(LocalRunner(home).folders())
    app.button(key=f"mw-estimate-{token_of(app)}").click().run()
    out = text_of(app)
    assert not app.exception
    assert "<dt>Calls</dt>" in out
    assert "<dt>Tokens read</dt>" in out
    assert "assumed: the scripted fake answers at once" in out
    assert len(LocalRunner(home).folders()) == before


def test_a_run_recorded_with_other_settings_does_not_hinder_an_estimate(use_home: Use, home: Path) -> None:
    figures = api.estimate("generate", {"n": 2, "assistant": "scripted"}, use_home(home))  # the store has a generation without any
    assert figures["seeds"] == 2


def test_settings_that_cannot_be_are_an_error_beside_the_form(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"new": "import", "path": "/no/such/file.jsonl"})
    app.button(key=f"mw-start-{token_of(app)}").click().run()
    assert "There is no file /no/such/file.jsonl" in text_of(app)
    assert "run" not in query_of(app)
    app = open_page("jobs", home, {"new": "generate", "assistant": "scripted", "schedule": "only:9"})
    app.button(key=f"mw-start-{token_of(app)}").click().run()
    assert "the turn must be between 1 and 3" in text_of(app)


def test_a_run_is_repeated_with_its_settings_also_those_that_the_form_lacks(open_page: Open, home: Path) -> None:
    put_run(home, "judge-done", "judge", "finished", {"endpoint": "scripted", "schedules": ["last"], "limit": None}, report={"readings": 4})
    app = open_page("jobs", home, {"new": "judge", "from": "judge-done"})
    token = token_of(app)
    assert app.number_input(key=key_of(token, "limit")).value is None
    assert "Further settings kept from that run" in text_of(app)
    app.button(key=f"mw-start-{token}").click().run()
    assert api.status(token, home=home).config["schedules"] == ["last"]
    assert api.status(token, home=home).config["limit"] is None


def test_without_torch_the_training_form_names_the_one_command_and_cannot_be_sent(
    open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    app = open_page("jobs", home, {"new": "train"})
    assert "pip install -e &#x27;.[train]&#x27; -c constraints.txt" in text_of(app)
    assert app.button(key=f"mw-start-{token_of(app)}").disabled


def test_weights_that_are_not_here_yet_are_announced(open_page: Open, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_CACHE", str(tmp_path))
    assert launching.weights_missing(load_settings())
    assert "music models pull" in text_of(open_page("jobs", home, {"new": "generate"}))
    assert "music models pull" not in text_of(open_page("jobs", home, {"new": "generate", "assistant": "scripted"}))


def test_a_form_proposes_a_name_that_is_free() -> None:
    fields = fields_of("train", CHOICES)
    assert prefilled(fields, {}, {})["name"] == "rm-2"


def test_two_runs_started_from_one_draft_at_the_same_instant_are_one(use_home: Use, home: Path) -> None:
    use_home(home)
    draft = Draft("generate", "", "generate-same")
    launching._submit_once(draft, GENERATE, home)
    launching._submit_once(draft, GENERATE, home)
    assert sum(f.run_id == "generate-same" for f in LocalRunner(home).folders()) == 1
    assert "mw_run_outcome" not in st.session_state


def test_a_report_becomes_lines_of_text() -> None:
    lines = dict(outcomes.lines({**REPORT, "verdicts": {"j-pairwise": {"flip": 2, "tie": 1}}, "curve": [1], "empty": {}}))
    assert lines["Dropped"] == "leak 2"
    assert lines["Working time"] == "1 min 15 s"
    assert lines["Calls"] == "1,234"
    assert lines["Cost, US$"] == "none"
    assert lines["Verdicts: j-pairwise"] == "flip 2, tie 1"
    assert "Curve" not in lines
    assert outcomes.summary("generate", REPORT) == "4 pairs, 3 new, 2 dropped"


@pytest.mark.parametrize("kind", [*LAUNCHED, "agreement", "unknown"])
def test_what_a_run_made_can_be_told_before_and_after_its_report(tmp_path: Path, kind: str) -> None:
    state = put_run(tmp_path, "r", "generate", "running", GENERATE).shown()
    object.__setattr__(state, "kind", kind)
    full = {"model": "m", "pairs": 3, "source": "s", "verdicts": {"j": {}}, "readings": 2}
    assert all(words and page in ("pairs", "jobs", "agreement", "evaluation", "models") for words, page, _ in outcomes.made(state, full))
    assert len(outcomes.made(state, None)) <= 1
    assert isinstance(outcomes.summary(kind, {}), str)


def test_a_log_is_shown_without_terminal_codes_and_overwritten_lines() -> None:
    assert readable("a\r 10%\r 20%\nb \x1b[31mred\x1b[0m") == " 20%\nb red"
    assert readable("x" * 5000).endswith("(5,000 characters)")


def test_names_and_notes_of_runs_stay_text(tmp_path: Path) -> None:
    state = put_run(tmp_path, "r", "generate", "failed", GENERATE, title=HOSTILE, error=HOSTILE).shown()
    out = run_table.markup([state], [state.note]) + run_table.markup([state], brief=True) + run_detail.head(state)
    out += run_detail.settings_markup("generate", {"name": HOSTILE, "odd": [HOSTILE]})
    assert "<script" not in out
    assert "<img" not in out


def test_an_estimate_says_what_applies_and_what_is_not_known() -> None:
    figures = {"calls": 0, "tokens_in": 900, "tokens_out": 0, "cost": None, "hours": 1.5, "memory_gb_per_device": 2.25, "pairs": 0}
    rows = dict(estimate_table.rows(figures))
    assert rows == {
        "Pairs": "0",
        "Tokens read": "900",
        "Time": "about 1 h 30 min",
        "Memory": "about 2.2 GB on each device",
        "Cost": "no price known",
    }
    assert list(dict(estimate_table.rows({"rows": 2985, "conversations": 5970, "cost": 0.0}))) == ["Rows", "Conversations", "Cost"]
    assert dict(estimate_table.rows({"cost": 1.234}))["Cost"] == "about US$ 1.23"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.83, "0.8 s"),
        (42, "42 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (100_000, "1 d 3 h"),
        (-3, "0.0 s"),
    ],
)
def test_a_length_of_time_has_two_figures_at_most(seconds: float | None, words: str) -> None:
    assert times.duration(seconds) == words


def test_a_run_is_repeated_with_changes_where_there_is_a_form_for_its_kind(open_page: Open, tmp_path: Path) -> None:
    fill(tmp_path).close()
    put_run(tmp_path, "generate-done", "generate", "finished", GENERATE, report=REPORT)
    put_run(tmp_path, "agreement-done", "agreement", "finished", report={"cells": []})
    assert 'href="jobs?new=generate&amp;from=generate-done"' in text_of(open_page("jobs", tmp_path, {"run": "generate-done"}))
    assert "Repeat with changes" not in text_of(open_page("jobs", tmp_path, {"run": "agreement-done"}))


def test_a_finished_training_links_to_its_model(tmp_path: Path) -> None:
    state = put_run(tmp_path, "r", "train", "finished", {"name": "mine"}).shown()
    links = outcomes.made(state, {"model": "mine"})
    assert ("The model mine", "models", {"model": "mine"}) in links
