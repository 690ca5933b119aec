"""What pulls a rater: figures worked out by hand, symmetries, and inputs with nothing in them."""

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_core.evaluate.bias.cases import BiasData
from music_core.evaluate.bias.figures import Figure, plain
from music_core.evaluate.bias.findings import findings
from music_core.evaluate.bias.rater import RaterReport
from music_core.evaluate.bias.report import bias_report
from music_core.evaluate.question import NOT_ASKED
from music_core.types import Reading, Vote
from tests.unit.evaluate.bias_cases import data_of, facts, labels, mirrored, of_judge, readings, reports, verdicts, votes, worlds


def told(figure: Figure) -> tuple[float | None, int]:
    return figure.value, figure.n


def test_a_first_position_rate_counts_parsed_readings_that_name_a_side() -> None:
    # First: 1 2 1 1 of (chosen first: 1, 1, 1), (rejected first: 2); a tie and an unparsed reading stand aside.
    report = reports(BiasData(facts(3), readings=readings("j", "12 10 1?")))["judge:j"]
    assert told(report.position.rate) == (3 / 4, 4)
    assert told(report.position.when_chosen) == (1.0, 3)
    assert told(report.position.when_rejected) == (0.0, 1)
    assert told(report.position.balanced) == (0.5, 4)
    assert told(report.unparsed) == (1 / 6, 6)


def test_being_right_is_no_pull_to_a_position_where_one_order_was_read_more_often() -> None:
    perfect = [r for r in readings("j", "12 " * 8) if r.order == "chosen_first" or r.pair_id < "p02"]
    position = reports(BiasData(facts(8), readings=perfect))["judge:j"].position
    assert told(position.rate) == (0.8, 10)
    assert told(position.balanced) == (0.5, 10)


def test_a_left_rate_counts_labels_that_name_a_side() -> None:
    data = BiasData(facts(6), labels=labels("ann", "llr0sx", "crccrc"), votes=votes("person:ann", "+--0 0"))
    report = reports(data)["person:ann"]
    assert told(report.position.rate) == (2 / 3, 3)
    assert told(report.position.when_chosen) == (0.5, 2)
    assert told(report.position.when_rejected) == (1.0, 1)
    assert (report.n_votes, report.n_decisive, report.n_skipped, told(report.ties)) == (5, 3, 1, (2 / 5, 5))


def test_flips_splits_and_ties_are_shares_of_resolved_verdicts() -> None:
    report = reports(data_of(facts(6), of_judge("j", "+ff0s?")))["judge:j"]
    assert (told(report.flips), told(report.splits), told(report.ties)) == ((2 / 5, 5), (1 / 5, 5), (1 / 5, 5))
    assert (report.n_unresolved, report.n_votes, report.n_decisive) == (1, 5, 1)


def test_flips_are_sliced_by_turns_divergence_length_gap_and_source() -> None:
    pairs = facts(4, gaps=[0, 50, -150, 2000])
    pairs[1] = replace(pairs[1], n_turns=7, divergence=0, sources=("a", "b"))
    by = reports(data_of(pairs, of_judge("j", "+ff+")))["judge:j"].flips_by
    assert {name: {bucket: told(f) for bucket, f in slices.items()} for name, slices in by.items()} == {
        "turns": {"2": (1 / 3, 3), "6 to 10": (1.0, 1)},
        "divergence": {"0": (1.0, 1), "2": (1 / 3, 3)},
        "length_gap": {"0": (0.0, 1), "1 to 99": (1.0, 1), "100 to 499": (1.0, 1), "2000 and more": (0.0, 1)},
        "source": {"a": (0.5, 4), "b": (1.0, 1)},
    }


def test_length_is_the_share_of_decisions_for_the_longer_side() -> None:
    # Longer: chosen, chosen, rejected, rejected, neither, chosen; the last is a tie.
    data = BiasData(facts(6, gaps=[10, 200, -10, -300, 0, 50]), votes=votes("model:m", "++-++0"))
    report = reports(data)["model:m"]
    assert told(report.longer.rate) == (3 / 4, 4)
    assert told(report.longer_effect) == (1 / 4, 4)
    assert (told(report.longer.when_chosen), told(report.longer.when_rejected)) == ((1.0, 2), (0.5, 2))
    assert told(report.longer.balanced) == (0.75, 4)
    assert {name: told(f) for name, f in report.longer_by_gap.items()} == {"1 to 99": (1.0, 2), "100 to 499": (0.5, 2)}


def test_where_the_longer_side_is_always_the_rejected_one_length_and_being_wrong_look_alike() -> None:
    longer = reports(BiasData(facts(3, gaps=[-5, -5, -5]), votes=votes("model:m", "++-")))["model:m"].longer
    assert told(longer.rate) == (1 / 3, 3)
    assert longer.balanced.value is None
    assert longer.balanced.note == "The longer side is the rejected one everywhere, so a pull cannot be told from a liking for that branch."


def test_agreement_with_construction_leaves_out_ties_and_pairs_that_nobody_built() -> None:
    pairs = [*facts(4), *facts(6, built=False)[4:]]
    assert told(reports(BiasData(pairs, votes=votes("model:m", "+-+0--")))["model:m"].construction) == (2 / 3, 3)


def test_people_are_the_mode_of_the_others() -> None:
    people = votes("person:ann", "++-0") + votes("person:bob", "+--+") + votes("person:cy", "+-  ")
    found = reports(BiasData(facts(4), votes=people + votes("model:m", "+-0+")))
    assert told(found["model:m"].people) == (2 / 4, 4)  # they say +, −, −, a tie between 0 and +
    assert told(found["person:ann"].people) == (2 / 4, 4)  # the others say +, −, −, +


def test_a_judge_is_held_against_those_who_wrote_neither_side() -> None:
    pairs = [
        replace(f, built=False, authors=a) for f, a in zip(facts(4), [("m", "x"), ("x", "org/M"), ("m", "x"), ("x", "y")], strict=True)
    ]
    own = of_judge("own", "+-++", "m")  # takes its own side three times
    others = [of_judge("b", "+++-", "other"), of_judge("c", "-0-+", "third"), of_judge("x", "---0", "x"), of_judge("twin", "+-+0", "m")]
    compared = reports(data_of(pairs, own, *others))["judge:own"].self_preference
    # b and c take that side on: one of two, none of one (c tied), one of two.
    assert told(compared.own) == (1.0, 3)
    assert compared.others.value == pytest.approx(1 / 3)
    assert compared.difference.value == pytest.approx(2 / 3)
    assert compared.others.n == compared.difference.n == 3
    alone = reports(data_of(pairs, own))["judge:own"].self_preference
    assert (told(alone.own), alone.others.value) == ((1.0, 3), None)
    assert alone.difference.note == "No judge whose model wrote neither side decided these pairs."


def test_a_judge_of_its_own_simulations_is_held_against_the_rest() -> None:
    pairs = [replace(f, simulators=s) for f, s in zip(facts(6), [("M",), ("x", "org/m"), ("x",), ("x",), ("x",), ()], strict=True)]
    compared = reports(data_of(pairs, of_judge("j", "++-+0-", "m")))["judge:j"].simulator
    assert (told(compared.own), told(compared.others)) == ((1.0, 2), (0.5, 2))
    assert told(compared.difference) == (0.5, 4)


def test_a_models_own_training_pairs_are_left_out_and_counted() -> None:
    data = BiasData(facts(4), votes=votes("model:m", "--", trained_on=True) + [v for v in votes("model:m", "--++") if v.pair_id > "p01"])
    report = reports(data)["model:m"]
    assert (told(report.construction), report.n_trained_on, report.n_votes) == ((1.0, 2), 2, 2)
    assert report.position.rate.note == "A reward model reads one conversation at a time, so there is no position."


def test_what_was_never_asked_is_no_unparsed_answer() -> None:
    first, second, third, fourth = readings("j", "?? ?1")
    said = [
        replace(first, finish_reason=NOT_ASKED),
        replace(second, finish_reason=NOT_ASKED),
        replace(third, finish_reason="length"),
        fourth,
    ]
    report = reports(BiasData(facts(2), readings=said))["judge:j"]
    assert (told(report.unparsed), report.n_not_asked, report.n_cut_off) == ((0.5, 2), 2, 1)


def test_a_checklist_judge_has_no_position_and_cannot_flip() -> None:
    said = [Reading("p00", "c", "checklist", "yes", "", "h", "e", "m", branch="chosen", turn=1)]
    decided = [replace(v, kind="checklist") for v in verdicts("c", "+")]
    report = reports(BiasData(facts(1), votes("judge:c", "+"), decided, said))["judge:c"]
    assert (report.position.rate.value, report.flips.value) == (None, None)
    assert "checklist judge" in report.position.rate.note
    assert told(report.construction) == (1.0, 1)


HOSTILE = {
    "no pairs": BiasData([]),
    "nothing said": BiasData(facts(3)),
    "one pair": data_of(facts(1), of_judge("j", "+")),
    "one seed": data_of(facts(20, seeds=[0] * 20), of_judge("j", "+-" * 10)),
    "all ties": data_of(facts(20), of_judge("j", "0" * 20), {"votes": votes("person:ann", "0" * 20)}),
    "all unparsed": data_of(facts(20), of_judge("j", "?" * 20)),
    "readings without verdicts": BiasData(facts(2), readings=readings("j", "12 21")),
    "verdicts without readings": BiasData(facts(2), votes("judge:j", "++"), verdicts("j", "++")),
    "pairs that are not there": data_of([], of_judge("j", "+-")),
    "sides that are the same": data_of([replace(f, divergence=0, n_turns=0) for f in facts(2)], of_judge("j", "0f")),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_every_report_is_json_and_explains_what_it_lacks(data: BiasData) -> None:
    report = bias_report(data, n_boot=20)
    json.dumps([report.as_dict(), *(f.as_dict() for f in findings(report))], allow_nan=False)
    for rater in report.raters:
        for figure in figures_of(rater):
            assert (figure.value is not None and figure.interval is not None) or figure.note
            assert figure.value is None or figure.n > 0
        assert [f for f in findings(report) if f.rater == rater.rater]


def test_all_ties_and_all_unparsed_are_named() -> None:
    named = [(f.rater, f.code) for f in findings(bias_report(HOSTILE["all ties"], n_boot=20))]
    assert named == [("judge:j", "always_ties"), ("person:ann", "always_ties")]
    assert [f.code for f in findings(bias_report(HOSTILE["all unparsed"], n_boot=20))] == ["unusable"]


def test_rows_that_make_no_sense_are_refused() -> None:
    for data, message in (
        (BiasData(facts(1) * 2), "two rows of facts"),
        (BiasData(facts(1), [Vote("p00", "", "model:m", 2)]), "-1, 0 or 1"),
        (BiasData(facts(1), votes("model:m", "+") * 2), "twice"),
    ):
        with pytest.raises(ValueError, match=message):
            bias_report(data)


def figures_of(report: object) -> list[Figure]:
    """Every figure inside a report."""
    if isinstance(report, Figure):
        return [report]
    if isinstance(report, dict):
        return [f for value in report.values() for f in figures_of(value)]
    return [f for part in fields(report) for f in figures_of(getattr(report, part.name))] if hasattr(report, "__dataclass_fields__") else []  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_property_exchanging_the_sides_of_every_pair_mirrors_the_report(data: BiasData) -> None:
    before, after = reports(data, 20), reports(mirrored(data), 20)
    assert list(before) == list(after)
    for rater, one in before.items():
        two = after[rater]
        for name in ("unparsed", "ties", "flips", "splits", "flips_by", "longer_by_gap", "longer_effect", "people"):
            assert plain(getattr(one, name)) == plain(getattr(two, name))
        for a, b in ((one.position, two.position), (one.longer, two.longer)):
            assert (a.rate, told(a.balanced), told(a.when_chosen)) == (b.rate, told(b.balanced), told(b.when_rejected))
        assert one.self_preference == two.self_preference
        for figure, other in ((one.construction, two.construction), (one.simulator.own, two.simulator.own), (one.style.raw, two.style.raw)):
            assert other.value == (None if figure.value is None else pytest.approx(1 - figure.value))
        if one.style.adjusted.value is not None:
            assert two.style.adjusted.value == pytest.approx(1 - one.style.adjusted.value)


@settings(max_examples=25, deadline=None)
@given(worlds(), st.integers())
def test_property_the_order_of_rows_changes_nothing(data: BiasData, key: int) -> None:
    rng = Random(key)

    def mixed(rows: Sequence[Any]) -> list[Any]:
        return rng.sample(list(rows), len(rows))

    styles = dict(mixed(list(data.styles.items())))
    shuffled = BiasData(mixed(data.facts), mixed(data.votes), mixed(data.verdicts), mixed(data.readings), mixed(data.labels), styles)
    assert bias_report(shuffled, n_boot=20) == bias_report(data, n_boot=20)


@settings(max_examples=25, deadline=None)
@given(worlds(), st.data())
def test_property_another_judge_changes_nobodys_figures_but_the_comparison_with_other_judges(data: BiasData, draw: st.DataObject) -> None:
    more = of_judge("new", draw.draw(st.text("+-0f?", min_size=len(data.facts), max_size=len(data.facts))), "new-model")
    wider = replace(
        data,
        votes=[*data.votes, *more["votes"]],
        verdicts=[*data.verdicts, *more["verdicts"]],
        readings=[*data.readings, *more["readings"]],
    )
    after = reports(wider, 20)
    for rater, report in reports(data, 20).items():
        assert replace(after[rater], self_preference=report.self_preference) == report


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_property_every_figure_is_in_its_bounds(data: BiasData) -> None:
    for report in bias_report(data, n_boot=20).raters:
        shares = (
            report.unparsed,
            report.ties,
            report.flips,
            report.position.balanced,
            report.longer.rate,
            report.construction,
            report.people,
        )
        for figure in shares:
            assert figure.value is None or 0 <= figure.value <= 1
            assert figure.interval is None or 0 <= figure.interval[0] <= figure.interval[1] <= 1
        assert isinstance(report, RaterReport)
        assert report.n_decisive <= report.n_votes <= len(data.facts)
