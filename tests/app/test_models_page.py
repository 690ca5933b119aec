"""The Models page: each model with its data and figures, and two of them over the same pairs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import comparing, data, model_state
from app.components import margins_chart, model_compare
from app.model_state import ModelState
from music_core.evaluate.compare import paired_difference
from music_core.store.labels import add_labels
from music_core.store.models import register_model
from music_core.store.runs import create_run, finish_run, write_manifest
from music_core.store.traces import add_traces
from music_core.store.votes import votes
from music_core.types import BranchName, GivenLabel, LabelEvent, RewardModel, RewardTrace, Run
from tests.app.conftest import Open, Use, query_of, text_of
from tests.app.samples import HOSTILE, fill, plain_pair

N = 24
TRAINED_ON = 4
CURVE = [{"step": s, "loss": 0.7 - s / 100, "accuracy": 0.5 + s / 100} for s in range(1, 9)]


def pair_id(i: int) -> str:
    return plain_pair(i, 2 + i % 4).id


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model of the samples beside a trained one with a hostile name, of which it is right where i is no multiple of 3."""
    found = tmp_path_factory.mktemp("models")
    store = fill(found, n_plain=N)
    create_run(store, Run("train-1", "train", {"name": "own", "recipe": "tiny-cpu"}, datetime(2026, 1, 2, tzinfo=UTC), "own"))
    write_manifest(store, "train-1", [(pair_id(i), "train") for i in range(TRAINED_ON)])
    finish_run(store, "train-1", "finished", {"model": "own", "curve": CURVE})
    model = register_model(store, RewardModel("m_own", f"own {HOSTILE[:70]}", str(found), "SmolLM2", "train-1", {"pairs": TRAINED_ON}))
    branches: tuple[BranchName, BranchName] = ("chosen", "rejected")
    traces = [
        RewardTrace(pair_id(i), b, model.id, ((1.0 if i % 3 else -1.0) * k,))
        for i in range(N)
        for b, k in zip(branches, (1, -1), strict=True)
    ]
    add_traces(store, traces)
    add_labels(store, [GivenLabel(LabelEvent(f"a{i}", pair_id(i), "Ada", "left", "rejected", True)) for i in range(10)])
    store.close()
    return found


def own(models: list[RewardModel]) -> RewardModel:
    return next(m for m in models if m.id == "m_own")


def test_an_empty_store_teaches_how_a_model_comes_about(open_page: Open, tmp_path: Path) -> None:
    app = open_page("models", tmp_path)
    out = text_of(app)
    assert not app.exception
    assert "music train --name first" in out
    assert "music models register" in out


def test_one_model_has_a_line_and_says_what_a_comparison_needs(open_page: Open, one_home: Path) -> None:
    app = open_page("models", one_home)
    out = text_of(app)
    assert not app.exception
    assert 'href="models?model=tiny"' in out
    assert "Only tiny has scored pairs yet" in out
    assert not re.search(r"\bnan\b|\bNone\b", out)


def test_two_models_are_compared_without_training_pairs_and_with_everything_under_a_chart(open_page: Open, home: Path) -> None:
    app = open_page("models", home)
    out = text_of(app)
    assert not app.exception
    assert 'role="alert"' not in out
    assert len(app.get("plotly_chart")) == 2
    assert f"Left out are {TRAINED_ON} pairs that one of the two was trained on." in out
    assert f"The same {N - TRAINED_ON} pairs by who is right" in out
    assert "in the model's own spread" in out.replace("&#x27;", "'")
    assert "Where they disagree" in out
    assert "<script" not in out
    assert "<img" not in out


def test_the_figures_on_the_page_are_those_of_the_store(use_home: Use, home: Path) -> None:
    use_home(home)
    models = data.models()
    tiny = next(m for m in models if m.name == "tiny")
    found = comparing.compared(own(models), tiny, "construction")
    wrong = [i for i in range(TRAINED_ON, N) if i % 3 == 0]
    assert found.difference.n == N - TRAINED_ON
    assert found.pairs.counts[2] + found.pairs.counts[3] == len(wrong)
    assert comparing.held_out(own(models))[""].right == N - TRAINED_ON - len(wrong)
    assert comparing.held_out(own(models))[""].n_trained_on == TRAINED_ON
    rows = comparing.apart(found, 1)
    assert len(rows) == found.pairs.counts[1] + found.pairs.counts[2]
    assert all((r.margin_a > 0) != (r.margin_b > 0) for r in rows)
    assert all((r.right == found.difference.a) == (r.margin_a > 0) for r in rows)
    for by in ("turns", "divergence", "length_gap", "source"):
        assert sum(d.n for _, d in comparing.sliced(own(models), tiny, "construction", by)) == N - TRAINED_ON


def test_every_reference_gives_the_paired_difference_of_the_votes_one_by_one(use_home: Use, home: Path) -> None:
    said = votes(use_home(home))
    models = data.models()
    a, b = own(models), next(m for m in models if m.name == "tiny")
    references = comparing.references()
    assert len(references) > 3
    for reference in references:
        expected = paired_difference(said, f"model:{a.name}", f"model:{b.name}", reference)
        assert comparing.compared(a, b, reference).difference == expected


def test_people_can_be_the_reference_and_then_the_other_side_is_right(use_home: Use, open_page: Open, home: Path) -> None:
    use_home(home)
    models = data.models()
    found = comparing.compared(own(models), next(m for m in models if m.name == "tiny"), "people")
    assert found.difference.n == 10 - TRAINED_ON
    assert set(found.pairs.towards.tolist()) == {-1}
    out = text_of(open_page("models", home, {"against": "people"}))
    assert "All people" in out
    assert 'role="alert"' not in out


def test_the_choices_go_into_the_address(open_page: Open, home: Path) -> None:
    app = open_page("models", home)
    app.selectbox(key="mw-models-by").set_value("length_gap").run()
    app.selectbox(key="mw-models-a").set_value("tiny").run()
    assert (query_of(app)["by"], query_of(app)["a"]) == (["length_gap"], ["tiny"])
    assert not app.exception


def test_a_models_own_page_has_its_data_its_curve_and_its_accuracy(open_page: Open, use_home: Use, home: Path) -> None:
    use_home(home)
    app = open_page("models", home, {"model": own(data.models()).name})
    out = text_of(app)
    assert not app.exception
    assert 'role="alert"' not in out
    assert "Read from snapshot" in out
    assert "8 points of the curve" in out
    assert 'href="jobs?run=train-1"' in out
    assert "validation split" in out
    assert "Run a benchmark" in out
    assert "<img" not in out


def test_a_model_without_a_manifest_says_that_its_figures_may_flatter(open_page: Open, one_home: Path) -> None:
    out = text_of(open_page("models", one_home, {"model": "tiny"}))
    assert "Nothing is known of its training data" in out


def test_an_address_that_names_nobody_known_is_told_or_ignored(open_page: Open, home: Path) -> None:
    app = open_page("models", home, {"model": HOSTILE})
    assert not app.exception
    assert "There is no reward model" in text_of(app)
    app = open_page("models", home, {"a": HOSTILE, "b": "x", "against": "model:gone", "by": "nonsense", "page": "99999"})
    assert not app.exception
    assert 'role="alert"' not in text_of(app)
    assert "<img" not in text_of(app)


def test_a_failing_part_is_told_in_a_sentence(open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError(HOSTILE)

    monkeypatch.setattr(comparing, "sliced", fails)
    app = open_page("models", home)
    assert not app.exception
    assert "This part of the page failed (ValueError)." in text_of(app)


def test_the_state_comes_back_from_its_own_address() -> None:
    state = ModelState("m", "a", "b", "people", "divergence", 3)
    assert model_state.from_query({k: [str(v)] for k, v in state.query().items()}) == state
    assert model_state.from_query({}) == ModelState()
    assert ModelState().query() == {"page": ""}
    assert model_state.two(ModelState(a="b", b="b"), ["a", "b"]) == ("b", "a")
    assert model_state.two(ModelState(b="a"), ["a", "b"]) == ("b", "a")
    assert model_state.two(ModelState(), ["a"]) is None


def test_every_pair_of_the_chart_is_in_its_table(use_home: Use, home: Path) -> None:
    use_home(home)
    models = data.models()
    found = comparing.compared(own(models), next(m for m in models if m.name == "tiny"), "construction")
    figure = margins_chart.figure(found.pairs, "a", "b", "dark")
    drawn = sum(int(text.split()[0]) for trace in figure.data for text in trace.customdata)
    assert drawn == len(found.pairs.at)
    assert model_compare.quadrants_markup(found, "a", "b").count("<tr>") == 4
