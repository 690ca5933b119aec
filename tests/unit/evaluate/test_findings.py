"""What is said about a rater: bias where it is, none where none is, and what the data could not show."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from music_core.evaluate.bias.cases import BiasData
from music_core.evaluate.bias.findings import Finding, findings
from music_core.evaluate.bias.report import bias_report
from music_core.facts import PairFacts
from music_core.types import Vote
from tests.unit.evaluate.bias_cases import data_of, facts, labels, of_judge, readings, votes


def said_of(rater: str, data: BiasData) -> list[Finding]:
    return [f for f in findings(bias_report(data, n_boot=200)) if f.rater == rater]


def codes(rater: str, data: BiasData) -> list[str]:
    return [f.code for f in said_of(rater, data)]


def both_ways(n: int) -> list[PairFacts]:
    """Pairs of which every other has the longer side chosen."""
    return facts(n, gaps=[100 if i % 2 else -100 for i in range(n)])


def people(n_people: int, n: int, seed: int, right: float = 0.8, left: float = 0.0) -> BiasData:
    """People that are right with one probability, and vote left without looking with another."""
    rng = Random(seed)
    parts: list[dict[str, list[Any]]] = []
    for k in range(n_people):
        on = "".join(rng.choice("cr") for _ in range(n))
        said = ["l" if rng.random() < left else "lr"[(branch == "c") != (rng.random() < right)] for branch in on]
        signs = "".join("+" if (choice == "l") == (branch == "c") else "-" for choice, branch in zip(said, on, strict=True))
        parts.append({"labels": labels(f"{k}", "".join(said), on), "votes": votes(f"person:{k}", signs)})
    return data_of(both_ways(n), *parts)


@pytest.mark.parametrize("n", [8, 30])
def test_raters_without_a_bias_are_hardly_ever_accused(n: int) -> None:
    found = Counter(f.code for f in findings(bias_report(people(100, n, seed=n), n_boot=200)))
    assert found["no_bias_found"] >= 93


def test_a_pull_in_two_of_five_votes_is_found_over_200_pairs() -> None:
    found = Counter(f.code for f in findings(bias_report(people(20, 200, seed=1, left=0.4), n_boot=200)))
    assert found == {"mostly_left": 20}


def test_a_perfect_rater_is_not_accused_where_the_better_side_is_mostly_first_or_longer() -> None:
    n = 40
    pairs = facts(n, gaps=[100 if i % 4 else -100 for i in range(n)])
    ann: dict[str, list[Any]] = {"labels": labels("ann", "lllr" * 10, "cccr" * 10), "votes": votes("person:ann", "+" * n)}
    (finding,) = said_of("person:ann", data_of(pairs, ann))
    assert finding.code == "no_bias_found"
    assert "agrees with construction on 100 % of 40 decided pairs" in finding.text


def test_what_could_not_be_tested_is_said() -> None:
    (finding,) = said_of("model:m", BiasData(facts(20, gaps=[-10] * 20), votes=votes("model:m", "+" * 20)))
    assert (finding.code, finding.text.endswith("; length could not be tested.")) == ("no_bias_found", True)
    (finding,) = said_of("model:m", BiasData(both_ways(10), votes=votes("model:m", "++--++--+-")))
    assert "a pull of length up to 0." in finding.text


def test_following_length_against_construction_everywhere_is_named_with_its_doubt() -> None:
    found = said_of("model:m", BiasData(facts(20, gaps=[-10] * 20), votes=votes("model:m", "-" * 20)))
    assert [f.code for f in found] == ["follows_length", "against_construction"]
    assert "a liking for the other branch would look the same" in found[0].text


def test_a_liking_for_what_is_shorter_or_second_is_named() -> None:
    shorter = "".join("-" if i % 2 else "+" for i in range(30))
    assert codes("model:m", BiasData(both_ways(30), votes=votes("model:m", shorter))) == ["prefers_shorter"]
    assert codes("judge:j", BiasData(both_ways(30), readings=readings("j", "22 " * 30))) == ["always_second"]


def test_a_verdict_that_changes_with_the_order_without_a_liking_for_one_is_named_as_that() -> None:
    data = data_of(both_ways(40), of_judge("j", "+f" * 20))
    said = [replace(r, label="second") if r.pair_id in {f"p{i:02}" for i in range(1, 40, 4)} else r for r in data.readings]
    assert codes("judge:j", replace(data, readings=said)) == ["flips"]


def test_a_preference_for_ones_own_answers_is_named_and_a_better_answer_is_not() -> None:
    pairs = [replace(f, built=False, authors=("m", "x") if i % 2 else ("x", "m")) for i, f in enumerate(both_ways(40))]
    own = "".join("+" if i % 2 else "-" for i in range(40))
    others = ["".join(Random(k).choice("+-") for _ in range(40)) for k in range(3)]
    biased = data_of(pairs, of_judge("own", own, "m"), *(of_judge(f"j{k}", said, f"o{k}") for k, said in enumerate(others)))
    assert "self_preference" in codes("judge:own", biased)
    deserved = data_of(pairs, of_judge("own", own, "m"), *(of_judge(f"j{k}", own, f"o{k}") for k in range(3)))
    assert "self_preference" not in codes("judge:own", deserved)


def test_a_judge_that_agrees_more_on_its_own_simulations_is_named() -> None:
    pairs = [replace(f, simulators=("m",) if i < 32 else ("x",)) for i, f in enumerate(both_ways(64))]
    assert codes("judge:j", data_of(pairs, of_judge("j", "+" * 32 + "++--" * 8, "m"))) == ["own_simulator_more"]
    assert codes("judge:j", data_of(pairs, of_judge("j", "+++-++-+" * 8, "m"))) == ["no_bias_found"]


def test_often_unparsed_is_told_from_never_usable() -> None:
    found = codes("judge:j", data_of(both_ways(40), of_judge("j", "+++?" * 10)))
    assert found == ["often_unparsed"]


def test_four_seeds_are_too_little_for_anything() -> None:
    (finding,) = said_of("judge:j", data_of(facts(4, gaps=[1, -1, 1, -1]), of_judge("j", "ffff")))
    assert finding.code == "too_little"
    assert finding.text == "too little to say: 0 decided pairs; a finding needs at least 5 seeds."


def test_agreement_that_chance_could_do_as_well_is_said() -> None:
    rng = Random(3)
    coin = [Vote(f.pair_id, "", "model:m", rng.choice([1, -1])) for f in both_ways(60)]
    (finding,) = said_of("model:m", BiasData(both_ways(60), coin))
    assert "which chance could do as well" in finding.text
