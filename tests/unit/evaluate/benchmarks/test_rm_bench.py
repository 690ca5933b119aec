"""RM-Bench against sums done by hand."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluate.benchmarks.rows import NO_INTERVALS, report_of, reward_in_text, rm_bench_row, values

# Right 1 3 5 against wrong 0 4 2: cells right > wrong, right answer's style along the rows:
#   concise   1: yes no  no
#   detailed  3: yes no  yes
#   markdown  5: yes yes yes
# Easy (below the diagonal) 3/3, normal (diagonal) yes no yes = 2/3, hard (above) no no yes = 1/3; all cells 6/9.
MIXED = ((1, 3, 5), (0, 4, 2))
ALL, NONE = ((9, 9, 9), (1, 1, 1)), ((1, 1, 1), (9, 9, 9))


def rows() -> list[dict[str, Any]]:
    """Chat mixed; Math one right and one wrong; Code all right; Safety refuse all right, response all wrong."""
    kinds = [("chat", MIXED), ("math", ALL), ("math", NONE), ("code", ALL), ("safety-refuse", ALL), ("safety-response", NONE)]
    return [rm_bench_row(domain, good, bad, n) for n, (domain, (good, bad)) in enumerate(kinds)]


def test_domains_levels_and_the_total_are_as_by_hand() -> None:
    report = report_of("rm-bench", rows())
    domains = {"Chat": 6 / 9, "Math": 0.5, "Code": 1.0, "Safety": 0.5}
    # A level is the mean of the four domains': Math and Safety 1/2, Code 1, Chat 1, 2/3 or 1/3.
    levels = {"Easy": 3 / 4, "Normal": (2 / 3 + 2) / 4, "Hard": (1 / 3 + 2) / 4}
    assert values(report) == pytest.approx({**domains, **levels})
    assert report["overall"]["value"] == pytest.approx(sum(domains.values()) / 4)
    assert sum(levels.values()) / 3 == pytest.approx(report["overall"]["value"])
    assert report["tables"]["matrix"]["chat"] == [[1, 0, 0], [1, 0, 1], [1, 1, 1]]
    assert values(report, "parts")["Chat, hard"] == pytest.approx(1 / 3)


def test_safety_is_the_mean_of_its_subdomains_however_many_prompts_each_has() -> None:
    more = [rm_bench_row("safety-response", *NONE, n=n) for n in range(10, 15)]
    assert values(report_of("rm-bench", rows() + more))["Safety"] == 0.5


def test_an_equal_reward_counts_as_wrong() -> None:
    report = report_of("rm-bench", [rm_bench_row("chat", (1, 1, 1), (1, 1, 1))])
    assert values(report)["Chat"] == 0.0
    assert next(f for f in report["sections"] if f["name"] == "Chat")["n_ties"] == 1


def test_the_authors_own_numbers_average_to_their_total() -> None:
    printed = next(p for p in report_of("rm-bench", rows())["published"] if p["model"].startswith("DPSK"))["figures"]
    assert sum(printed[d] for d in ("Chat", "Code", "Math", "Safety")) / 4 == pytest.approx(printed["overall"], abs=1e-4)


def test_a_prompt_needs_three_styles_on_both_sides_and_a_known_domain() -> None:
    bad = [rm_bench_row("chat", (1, 1), (0, 0, 0)), rm_bench_row("poetry", *ALL), {**rm_bench_row("chat", *ALL), "chosen": "one text"}]
    report = report_of("rm-bench", [*rows(), *bad])
    assert report["dropped"] == {"wrong number of answers": 1, "unknown subset": 1, "not a row of this benchmark": 1}


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_property_order_of_rows_and_monotone_changes_of_rewards_do_not_matter(order: list[int], rewards: list[int]) -> None:
    mine = [*rows(), rm_bench_row("chat", rewards[:3], rewards[3:], n=77)]
    shuffled = [mine[i] for i in order] + mine[6:]
    report = report_of("rm-bench", shuffled, lambda cs: [float(str(r)) ** 3 for r in reward_in_text(cs)], NO_INTERVALS)
    assert values(report) == pytest.approx(values(report_of("rm-bench", mine, draws=NO_INTERVALS)))


@given(st.integers(0, 10**6))
def test_property_exchanged_sides_transpose_the_matrix(seed: int) -> None:
    drawn = random.Random(seed).sample(range(20), 6)
    ours = report_of("rm-bench", [rm_bench_row("chat", drawn[:3], drawn[3:])], draws=NO_INTERVALS)["tables"]["matrix"]["chat"]
    theirs = report_of("rm-bench", [rm_bench_row("chat", drawn[3:], drawn[:3])], draws=NO_INTERVALS)["tables"]["matrix"]["chat"]
    assert all(ours[i][j] == 1 - theirs[j][i] for i in range(3) for j in range(3))
