from dataclasses import replace
from pathlib import Path

import pytest

from app import reports
from app.advice import next_steps
from app.components import figures
from app.form_fields import LAUNCHED
from app.reports import Inventory
from music_core.store.inventory import SourceCount, source_counts
from music_core.store.labels import add_label
from music_core.store.pairs import add_pairs
from music_core.types import LabelEvent, Origin, RewardModel, SourcedPair
from tests.app.conftest import Open, Use, text_of
from tests.app.runs import put_run
from tests.app.samples import fill, plain_pair, rice_pair

REPORT = {"pairs": 12, "new": 12, "dropped": {}}


def inventory(n: int = 100, judged: int = 0, scored: int = 0, labelled: int = 0, models: tuple[RewardModel, ...] = ()) -> Inventory:
    whole = SourceCount("", n, n, 0, 0, judged, scored, labelled)
    return Inventory({"pairs": n}, (replace(whole, source="a"),), whole, {}, models)


@pytest.fixture(scope="module")
def line_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources and a second origin of one pair; one label and one skip."""
    home = tmp_path_factory.mktemp("line")
    store = fill(home, n_plain=5)
    add_pairs(store, [SourcedPair(plain_pair(0, 2), Origin("second", "0"))])
    add_label(store, LabelEvent("t", rice_pair().id, "Ada", "left", "chosen", True))
    add_label(store, LabelEvent("s", plain_pair(1, 3).id, "Ada", "skip", "chosen", True))
    store.close()
    return home


def test_every_page_of_an_empty_store_says_how_to_fill_it(open_page: Open, use_home: Use, tmp_path: Path) -> None:
    app = open_page("overview", tmp_path)
    out = text_of(app)
    assert not app.exception
    for target in ("jobs?new=sample", "jobs?new=import", "jobs?new=demo"):
        assert f'href="{target}"' in out
    assert "music import FILE.jsonl" in out
    agreement, jobs = open_page("agreement", tmp_path), open_page("jobs", tmp_path)
    assert not agreement.exception
    assert "No pairs yet" in text_of(agreement)
    assert not jobs.exception
    assert "No run yet" in text_of(jobs)
    assert all(f'href="jobs?new={kind}"' in text_of(jobs) for kind in LAUNCHED)
    assert source_counts(use_home(tmp_path)) == [SourceCount("", 0, 0, 0, 0, 0, 0, 0)]


def test_a_store_that_cannot_be_opened_is_an_error_with_a_reason(open_page: Open, tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("not a folder")
    for page in ("overview", "agreement", "jobs"):
        app = open_page(page, home)
        assert not app.exception
        assert 'class="mw-error" role="alert"' in text_of(app), page


def test_one_pair_shows_its_figures_its_agreement_and_what_to_do_next(open_page: Open, tmp_path: Path) -> None:
    fill(tmp_path).close()  # not the shared store: other tests label there
    put_run(tmp_path, "generate-1", "generate", "finished", {"n": 12}, report=REPORT)
    app = open_page("overview", tmp_path)
    out = text_of(app)
    assert not app.exception
    assert 'href="pairs">Pairs</a></dt><dd>1</dd>' in out
    assert "by 2 judges" in out
    assert 'href="pairs?source=illustration"' in out
    assert "Label the first pairs" in out
    assert 'href="jobs?run=generate-1"' in out
    assert "Everybody against everybody" in out
    assert "nan" not in out.lower().replace("alternan", "")


def test_names_from_outside_stay_text(open_page: Open, full_home: Path) -> None:
    out = text_of(open_page("overview", full_home))
    assert "<script" not in out
    assert "&lt;script&gt;" in out


def test_counts_by_source_tell_how_far_each_is_along_the_line_and_follow_a_commit(use_home: Use, line_home: Path) -> None:
    store = use_home(line_home)
    by_name = {s.source: s for s in source_counts(store)}
    assert {name: s.n for name, s in by_name.items()} == {"rivers": 5, "illustration": 1, "second": 1, "": 6}
    assert (by_name["illustration"].judged, by_name["illustration"].labelled) == (1, 1)
    assert (by_name["rivers"].judged, by_name["rivers"].scored, by_name["rivers"].labelled) == (0, 5, 0)
    assert all(s.train + s.validation + s.test == s.n for s in by_name.values())
    before = reports.inventory()
    assert reports.inventory() is before
    add_pairs(store, [SourcedPair(plain_pair(9), Origin("late"))])
    assert reports.inventory().whole.n == before.whole.n + 1


def test_the_first_thing_to_do_is_to_label() -> None:
    steps = next_steps(inventory(), [])
    assert [s.page for s in steps] == ["label", "jobs", "jobs", "jobs"]
    assert [s.query.get("new") for s in steps[1:]] == ["judge", "train", "generate"]


def test_what_is_done_or_works_already_is_not_proposed(tmp_path: Path) -> None:
    model = RewardModel("m", "tiny", "/models/tiny", "embedded")
    done = inventory(judged=100, labelled=100, models=(model,))
    assert [s.action for s in next_steps(done, [])] == ["Score with tiny", "Generate contrast pairs"]
    busy = [put_run(tmp_path, "g-1", "generate", "running").shown()]
    assert [s.action for s in next_steps(done, busy)] == ["Score with tiny"]


def test_a_model_that_came_without_weights_is_not_to_be_scored_with_but_replaced() -> None:
    sampled = RewardModel("m", "sampled", "", "embedded")
    steps = next_steps(inventory(judged=100, labelled=100, models=(sampled,)), [])
    assert [s.query.get("new") for s in steps] == ["train", "generate"]
    assert "without weights" in steps[0].why


def test_a_store_of_one_source_has_no_line_for_all_sources() -> None:
    one = SourceCount("a", 3, 3, 0, 0, 1, 0, 0)
    assert "All sources" not in figures.sources_markup([one], replace(one, source=""))
    assert "All sources" in figures.sources_markup([one, replace(one, source="b")], replace(one, source="", n=6))
