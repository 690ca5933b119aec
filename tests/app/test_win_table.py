"""The page of a Best-of-N run: its form, its table with n and intervals, and the way to its pairs."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from app import launching, outcomes
from app.choices import Choices
from app.components import win_table
from app.components.fields import key_of
from app.form_fields import fields_of
from app.forms import config_from, prefilled
from app.launching import Draft
from jobs import api
from music_core.errors import MissingExtraError
from tests.app.conftest import Open, text_of
from tests.app.runs import put_run
from tests.app.samples import HOSTILE, fill

PICKS = [
    {"seed_id": "s_1", "candidates": {"a": [0], "b": [3]}, "pair_id": "p_12", "a_side": "rejected", "outcome": "win"},
    {"seed_id": "s_2", "candidates": {"a": [1], "b": [1]}, "pair_id": None, "a_side": None, "outcome": "same_pick"},
]
ROW: dict[str, Any] = {
    "a": "mine",
    "b": "random",
    "mode": "conversation",
    "n": 8,
    "n_prompts": 2,
    "wins": 1,
    "losses": 0,
    "ties": 0,
    "flips": 0,
    "splits": 0,
    "same_pick": 1,
    "unresolved": 0,
    "left_out": 3,
    "win_rate": 0.75,
    "interval": [0.5, 1.0],
    "win_rate_apart": 1.0,
    "flip_rate": 0.0,
    "first_rate": 0.5,
    "longer_rate": None,
    "note": "",
    "picks": PICKS,
}
REPORT = {"source": "r", "pairs": 1, "judge": "gpt-pairwise", "judge_is_simulator": False, "tied_picks": {"mine": 0}, "table": [ROW]}
CONFIG = {"a": "longest", "b": ["random"], "assistant": "scripted", "judge": "scripted"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that takes the only slot, so that no test starts a process, and a finished evaluation."""
    found = tmp_path_factory.mktemp("bon")
    fill(found, n_plain=3).close()
    put_run(found, "bon-busy", "bon", "running", CONFIG)
    put_run(found, "bon-done", "bon", "finished", CONFIG, report=REPORT)
    return found


@pytest.fixture(autouse=True)
def _one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SLOTS", "1")


def test_a_finished_evaluation_shows_its_table_and_leads_to_its_pairs(open_page: Open, home: Path) -> None:
    app = open_page("jobs", home, {"run": "bon-done"})
    out = text_of(app)
    assert not app.exception
    assert "0.50 to 1.00" in out
    assert "3 prompts left out." in out
    assert 'href="pairs?run=bon-done&amp;picked=mine&amp;picked=random&amp;n=8&amp;mode=conversation">1 pair</a>' in out
    assert "a=judge%3Agpt-pairwise&amp;b=pick%3Amine&amp;rel=agree" in out
    assert 'href="pairs?run=bon-done&amp;label=none"' in out
    assert 'href="pair?pair=p_12"' in out
    assert "Compare: longest against random" in out
    listed = text_of(open_page("jobs", home))
    assert "win rate 0.75 against random at N = 8 on 2 prompts" in listed


def test_picks_count_draws_from_one_and_a_same_pick_has_no_pair() -> None:
    out = win_table.markup([ROW])
    assert "<td" in out
    assert ">4</td>" in out
    assert "same conversation" in out
    assert out.count('href="pair?') == 1


def test_what_is_undefined_is_a_dash_and_names_stay_text() -> None:
    out = win_table.markup([ROW | {"a": HOSTILE, "win_rate": None, "interval": None, "note": "No prompt has a pick of both.", "picks": []}])
    assert "<script" not in out
    assert "<img" not in out
    assert "No prompt has a pick of both." in out
    assert "None" not in out
    assert outcomes.summary("bon", {"pairs": 2, "table": [ROW | {"win_rate": None}]}) == "2 pairs of picks"


def test_the_form_starts_the_run_that_its_fields_describe(open_page: Open, home: Path) -> None:
    query = {"new": "bon", "a": "longest", "b": ["random", "first"], "assistant": "scripted", "judge": "scripted", "turn_by_turn": "1"}
    app = open_page("jobs", home, query)
    draft = app.session_state["mw_draft"]
    assert isinstance(draft, Draft)
    assert app.checkbox(key=key_of(draft.token, "turn_by_turn")).value is True
    app.number_input(key=key_of(draft.token, "prompts")).set_value(2)
    app.button(key=f"mw-estimate-{draft.token}").click().run()
    assert "<dt>Calls</dt>" in text_of(app)
    app.button(key=f"mw-start-{draft.token}").click().run()
    assert not app.exception
    config = api.status(draft.token, home=home).config
    assert (config["a"], config["b"], config["prompts"], config["turn_by_turn"]) == ("longest", ["random", "first"], 2, True)


def test_a_judge_other_than_the_simulator_is_proposed_where_there_is_one() -> None:
    fields = fields_of("bon", Choices(models=("mine",), endpoints=("gpt", "local", "embedded", "scripted")))
    config = config_from(fields, prefilled(fields, {}, {}))
    assert (config["a"], config["assistant"], config["judge"]) == ("mine", "gpt", "local")


def test_torch_is_asked_for_only_where_a_model_picks(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest))
    launching._check("bon", CONFIG)
    with pytest.raises(MissingExtraError, match="train"):
        launching._check("bon", {**CONFIG, "a": "mine"})
