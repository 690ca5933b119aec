"""Pairs whose sides are two systems' answers: no page claims that one of them was built to be better."""

import re
from pathlib import Path

import pytest

from app import outcomes
from app.actions import left_branch
from app.components import agreement_glance, judges, rewards
from app.sides import BUILT, side_names
from jobs.stages.votes import store_votes
from music_core.evaluate.agreement import agreement_cells
from music_core.sources.read import read_source
from music_core.store.connect import open_store
from music_core.store.labels import all_labels
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.readings import add_readings
from music_core.store.sides import systems_of
from music_core.store.traces import add_traces
from music_core.types import Origin, Reading, RewardModel, RewardTrace, SourcedPair, Verdict, Vote
from tests.app.conftest import Open, text_of
from tests.app.samples import HOSTILE, checklist, plain_pair, rice_pair
from tests.unit.sources.mt_bench_files import write_folder

CLAIMS = re.compile(r"chosen|rejected|construction|by the data set", re.IGNORECASE)


def claims(html: str) -> set[str]:
    """What a page says in the words of a construction; names of styles, addresses and stored facts are not said."""
    said = re.sub(r'<div class="mw-text mw-raw".*?</div>', "", html, flags=re.DOTALL)
    return set(CLAIMS.findall(re.sub(r'(class|href|id)="[^"]*"', "", said)))


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with an imported MT-bench folder and rewards, and the first pair of it: alpha and beta on question 81.

    Two more pairs are in it: the rice pair, which a data set also has as a preference, and one of systems with hostile names.
    """
    home = tmp_path_factory.mktemp("voted")
    store = open_store(home)
    with read_source(str(write_folder(tmp_path_factory.mktemp("files") / "mt_bench"))) as source:
        add_pairs(store, list(source.pairs))
        store_votes(store, source.votes, lambda: None)
    pair_id = all_labels(store)[0].event.pair_id
    add_readings(store, [checklist(pair_id, "chosen", 1, 0.9)], [Verdict(pair_id, "taken over", "pairwise", "rejected", -1.0, 0, 0)])
    register_model(store, RewardModel("m_1", "tiny", "", "base"))
    both, odd = rice_pair(), plain_pair(1)
    names = {"sides": {"chosen": "alpha", "rejected": "beta"}}
    hostile = {"sides": {"chosen": f"1 {HOSTILE}", "rejected": "<b>Turn</b> %{x}"}}
    add_pairs(store, [SourcedPair(both, Origin("both", "1", method="votes", meta=names)), SourcedPair(both, Origin("set", "1"))])
    add_pairs(store, [SourcedPair(odd, Origin("odd", "1", method="votes", meta=hostile))])
    reading = Reading(odd.id, "j", "pairwise", "first", "", "", "", "", "chosen_first")
    add_readings(store, [reading], [Verdict(odd.id, "j", "pairwise", "chosen", 1.0, 1, 0)])
    add_traces(store, [RewardTrace(pair_id, "chosen", "m_1", (0.5,)), RewardTrace(pair_id, "rejected", "m_1", (0.9,))])
    store.close()
    return home, pair_id


def test_the_pair_page_names_the_two_systems(open_page: Open, voted: tuple[Path, str]) -> None:
    app = open_page("pair", voted[0], {"pair": voted[1]})
    assert not app.exception
    out = text_of(app)
    for text in (
        "<h2>alpha</h2>",
        "<h2>beta</h2>",
        "neither was built to be better",
        "alpha shown first: said <strong>first</strong>",
        'title="Prefers beta in both orders">beta</span><span class="mw-note">resolved elsewhere, its readings are not known',
        'expert_1 (unverified)</span> <span class="mw-chip mw-tone-chosen">alpha</span>',
    ):
        assert text in out, text
    assert claims(out) == set()


def test_the_list_names_the_system_that_a_judge_prefers(open_page: Open, voted: tuple[Path, str]) -> None:
    out = text_of(open_page("pairs", voted[0], {"judge": "gpt-4-pair"}))
    assert "mt_bench · votes · alpha beside beta" in out
    assert 'gpt-4-pair <span class="mw-chip mw-tone-chosen" title="Prefers alpha in both orders">alpha</span>' in out
    assert 'title="Prefers beta in both orders">beta</span>' in out
    table = out[out.index("<tbody>") :]
    assert claims(table) == set()


def test_after_a_vote_the_two_systems_are_revealed_and_no_construction(open_page: Open, voted: tuple[Path, str]) -> None:
    app = open_page("label", voted[0], {"pair": voted[1]}, person="Ada")
    before = text_of(app)
    assert not re.search("alpha</|beta</|expert_1|gpt-4", before)
    app = next(b for b in app.button if b.label == "Left").click().run()
    left, right = ("alpha", "beta") if left_branch("Ada", voted[1]) == "chosen" else ("beta", "alpha")
    out = text_of(app)
    for text in (f"You prefer {left}.", "<dt>Systems</dt>", "neither was built to be better", f"by {left}</span>", f"by {right}</span>"):
        assert text in out, text
    assert claims(out) == set()


def test_where_one_origin_built_a_better_side_the_pair_has_a_construction(open_page: Open, voted: tuple[Path, str]) -> None:
    assert "<h2>Chosen</h2>" in text_of(open_page("pair", voted[0], {"pair": rice_pair().id}))
    assert "beside" not in text_of(open_page("pairs", voted[0], {"source": "both"}))


def test_names_of_systems_are_only_text(open_page: Open, voted: tuple[Path, str]) -> None:
    for page in ("pair", "pairs", "label"):
        app = open_page(page, voted[0], {"pair": plain_pair(1).id} if page != "pairs" else {"source": "odd"}, person="Ada")
        if page == "label":
            app = next(b for b in app.button if b.label == "Right").click().run()
        out = text_of(app)
        assert not app.exception and "&lt;b&gt;Turn" in out
        for tag in ("<script", "<img", "<iframe", "<b>Turn"):
            assert tag not in out, (page, tag)


def test_names_follow_from_all_origins() -> None:
    def origin(chosen: str, rejected: str, method: str | None = "votes") -> Origin:
        return Origin("s", method=method, meta={"sides": {"chosen": chosen, "rejected": rejected}})

    assert systems_of([]) is None and systems_of([origin("a", "b"), Origin("s")]) is None
    assert systems_of([origin("a", "b"), origin("c", "b", "best_of_n")]) == {"chosen": "a or c", "rejected": "b"}
    assert side_names(None) is BUILT
    for unnamed in (Origin("s", method="votes"), Origin("s", method="votes", meta={"sides": "a"}), origin("a", ""), origin("a", "a")):
        names = side_names(systems_of([unnamed]))
        assert (names.chosen, names.rejected, names.built) == ("answer 1", "answer 2", False)
    assert len(side_names({"chosen": "x" * 99, "rejected": "y"}).chosen) == 40


def test_tables_and_charts_go_by_the_systems_whatever_they_are_called() -> None:
    names = side_names({"chosen": "Turn", "rejected": "Margin<br>"})
    assert "<span>Margin&lt;br&gt;</span>" in judges.checklist_markup("j", [checklist("p", "chosen", 1, 0.9)], names)
    traces = {b: RewardTrace("p", b, "m", (0.5,)) for b in ("chosen", "rejected")}
    figure = rewards.figure([rewards.Scored("m", "m", traces)], 1, "light", names)  # type: ignore[arg-type]
    assert [trace.name for trace in figure.data] == ["Turn", "Margin&lt;br&gt;"]


def test_a_glance_without_any_construction_says_so() -> None:
    cells = agreement_cells([Vote("p", "s", "person:a", 1), Vote("p", "s", "person:b", 1)], n_boot=10)
    assert "No pair that anybody judged was built to have a better side." in agreement_glance.markup(cells)


def test_the_outcome_of_an_import_of_votes_leads_to_its_agreement() -> None:
    report = {"pairs": 5, "new": 5, "dropped": {"unknown winner": 1}, "labels": 13, "readings": 10, "verdicts": 5}
    assert outcomes.summary("import", report) == "5 pairs, 5 new, 13 labels, 10 readings, 1 dropped"
    assert outcomes.summary("import", {"pairs": 5, "new": 5}) == "5 pairs, 5 new"
