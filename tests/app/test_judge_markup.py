"""What a judge said, as HTML: levels, points, repeats; hostile words stay text. And the form that asks one."""

from dataclasses import replace

from app.choices import Choices
from app.components import estimate_table, judges
from app.form_fields import fields_of
from app.forms import config_from, named, prefilled
from app.outcomes import title_of
from music_core.types import Reading, Verdict
from tests.app.samples import HOSTILE, checklist, pairwise

SIDE = Reading("p", "s", "score", "scored", f"Score: 7 {HOSTILE}", "h", "e", "m", branch="chosen", grade=7.0)


def test_a_level_and_a_repeat_stand_beside_the_position_named() -> None:
    first = replace(pairwise("p", "chosen_first"), grade=1.0)
    second = replace(pairwise("p", "rejected_first"), grade=0.5, repeat=1)
    out = judges.pairwise_markup("j", [second, first])
    assert out.index("chosen shown first: said <strong>first</strong>, much better</span>") < out.index("slightly better, repeat 1")
    assert "<strong>first</strong></span>" in judges.pairwise_markup("j", [pairwise("p", "chosen_first")])


def test_points_are_shown_by_side_and_an_unparsed_reply_has_none() -> None:
    none = replace(SIDE, branch="rejected", label="unparsed", grade=None)
    out = judges.score_markup("s", [none, SIDE])
    assert out.index("7 of 10 points") < out.index("unparsed")
    assert "<script" not in out
    assert "each side alone" in judges.verdict_line(Verdict("p", "s", "score", "chosen", 0.33, 2, 0))


def test_the_table_of_a_checklist_shows_first_readings_and_the_answers_all() -> None:
    once = checklist("p", "chosen", 2, 0.7)
    out = judges.checklist_markup("checklist", [once, replace(once, repeat=1, p_yes=0.1)])
    assert "0.70" in out
    assert "0.10" not in out
    assert out.count("Turn 2, chosen") == 2


def test_the_judge_form_names_one_or_several_endpoints_also_those_of_older_runs() -> None:
    fields = fields_of("judge", Choices(endpoints=("far", "near", "embedded", "scripted")))
    fresh = prefilled(fields, {}, {})
    assert (fresh["endpoint"], fresh["allow_simulator"]) == (("far",), False)
    assert prefilled(fields_of("judge", Choices()), {}, {})["allow_simulator"] is True
    assert prefilled(fields, {"endpoint": ["near"], "allow_simulator": ["yes"]}, {})["allow_simulator"] is True
    older = prefilled(fields, {}, {"endpoint": "scripted"})
    assert config_from(fields, older)["endpoint"] == ["scripted"]
    assert named(("a", "b")) == ("a", "b")
    assert named("ab") == ("ab",)
    assert named(None) == ()
    assert title_of("judge", {"endpoint": ["a", "b"]}) == "a, b on pairs"
    assert title_of("judge", {"endpoint": "a", "limit": 3}) == "a on up to 3 pairs"


def test_an_estimate_says_whose_own_pairs_are_left_out() -> None:
    rows = dict(estimate_table.rows({"calls": 2, "left_out_by_simulator": {"<b>m</b>": 12}, "cost": 0.0}))
    assert rows["Left out"] == "12 pairs that &lt;b&gt;m&lt;/b&gt; wrote itself"
