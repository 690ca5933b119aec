import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_core.evaluate.parse import UNPARSED, answer_schema, parse_line, parse_object, parse_word, probability_of_yes
from music_core.evaluate.scale import THREE

OFFERED = {str(label): answer for label, answer in THREE.offered.items()}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Verdict: A", "first"),
        ("B drifts off.\n\nVerdict: B\n\n", "second"),
        ("Both fail.\r\n  Verdict: tie  ", "tie"),
        ("One might say Verdict: A, but no.\nVerdict: B", "second"),
        ("Verdict: A\nVerdict: A", "first"),
    ],
)
def test_a_label_on_the_final_line_in_the_form_asked_for_counts(text: str, label: str) -> None:
    assert parse_line(text, "stop", OFFERED).label == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "A",
        "verdict: A",
        "Verdict: a",
        "Verdict: C",
        "Verdict: A or B",
        "Verdict: A\nVerdict: B",
        "Verdict: A.",
        "Verdict: A\nI am sure of it.",
        "The verdict is Verdict: A",
        "Verdict: \u0410",  # Cyrillic
        "Verdict: \u0391",  # Greek
        "Verdict: \uff21",  # full width
        "Urteil: A",
        "\u5224\u51b3\uff1aA",
        "Verdict: A\u2028Verdict: B",
    ],
)
def test_any_other_line_is_unparsed(text: str) -> None:
    assert parse_line(text, "stop", OFFERED) == UNPARSED


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls", ""])
def test_a_reply_that_was_cut_off_is_unparsed_whatever_it_says(reason: str) -> None:
    assert parse_line("Verdict: A", reason, OFFERED) == UNPARSED
    assert parse_object('{"reason": "x", "verdict": "A"}', reason, OFFERED) == UNPARSED
    assert parse_word("yes", reason) == UNPARSED


def test_an_object_with_reason_then_verdict_counts() -> None:
    assert parse_object(' {"reason": "Verdict: A would be wrong", "verdict": "B"}\n', "stop", OFFERED).label == "second"


@pytest.mark.parametrize(
    "text",
    [
        '{"verdict": "A", "reason": "first the label"}',
        '{"reason": "x", "verdict": "A", "verdict": "B"}',
        '{"reason": "x", "verdict": "A", "sure": true}',
        '{"reason": "x", "verdict": "C"}',
        '{"reason": "x", "verdict": ["A"]}',
        '{"reason": 1, "verdict": "A"}',
        '{"reason": "x"}',
        '[["reason", "x"], ["verdict", "A"]]',
        '"A"',
        'Here you are: {"reason": "x", "verdict": "A"}',
        '{"reason": "x", "verdict": "A"} or not',
        '{"reason": "x", "verdict": "A"',
        "Verdict: A",
        "null",
        "9" * 5000,
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_any_other_object_is_unparsed(text: str) -> None:
    assert parse_object(text, "stop", OFFERED) == UNPARSED


def test_the_schema_asks_for_the_reason_before_the_verdict() -> None:
    schema = answer_schema(OFFERED)
    assert list(schema["properties"]) == ["reason", "verdict"]
    assert schema["properties"]["verdict"]["enum"] == ["A", "B", "tie"]


PIECES = st.sampled_from(
    ["Verdict: A", "Verdict: B", "Verdict: tie", "A", "B", "\n", " ", "Verdict:", "**", "{", "}", '"verdict": "A"', '"reason": "x"', ", "]
)
REPLIES = st.one_of(st.text(max_size=200), st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=25).map("".join))


@given(REPLIES, st.sampled_from(["stop", "length", "content_filter"]))
def test_fuzz_a_line_is_never_guessed(text: str, reason: str) -> None:
    label = parse_line(text, reason, OFFERED).label
    if label == "unparsed":
        return
    word = {"first": "A", "second": "B", "tie": "tie"}[label]
    others = {f"Verdict: {w}" for w in OFFERED if w != word}
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    assert reason == "stop"
    assert lines[-1] == f"Verdict: {word}"
    assert not others & set(lines)


@given(REPLIES, st.sampled_from(["stop", "length"]))
def test_fuzz_an_object_is_never_guessed(text: str, reason: str) -> None:
    label = parse_object(text, reason, OFFERED).label
    if label != "unparsed":
        found = json.loads(text)
        assert reason == "stop"
        assert list(found) == ["reason", "verdict"]
        assert OFFERED[found["verdict"]].label == label


@given(st.text(), st.sampled_from(list(OFFERED)))
def test_property_any_reasoning_may_stand_before_the_label(reasoning: str, label: str) -> None:
    stated = {line.strip() for line in reasoning.splitlines()} & {f"Verdict: {w}" for w in OFFERED}
    expected = OFFERED[label] if stated <= {f"Verdict: {label}"} else UNPARSED
    assert parse_line(f"{reasoning}\nVerdict: {label}", "stop", OFFERED) == expected
    written = json.dumps({"reason": reasoning, "verdict": label})
    assert parse_object(written, "stop", OFFERED) == OFFERED[label]


@given(REPLIES)
def test_fuzz_a_word_is_one_word(text: str) -> None:
    if parse_word(text, "stop") != UNPARSED:
        assert text.strip().rstrip(".").lower() in ("yes", "no")


MEGABYTES = [
    "a" * 1_000_000,
    "\n" * 1_000_000,
    " " * 1_000_000 + "x",
    "Verdict: A " * 90_000,
    "Verdict: A\n" * 90_000 + "Verdict: B",
    "{" * 1_000_000,
    '{"reason": "' + "\\n" * 500_000,
    "\U0001f600" * 250_000,
    "Verdict:" + " " * 1_000_000 + "A",
]


@pytest.mark.parametrize("n", range(len(MEGABYTES)))
def test_a_megabyte_is_read_in_a_moment(n: int) -> None:
    started = time.perf_counter()
    assert parse_line(MEGABYTES[n], "stop", OFFERED) == UNPARSED
    assert parse_object(MEGABYTES[n], "stop", OFFERED) == UNPARSED
    assert parse_word(MEGABYTES[n], "stop") == UNPARSED
    assert time.perf_counter() - started < 2.0


def test_a_megabyte_of_reasoning_before_a_label_still_counts() -> None:
    assert parse_line("So be it. " * 100_000 + "\nVerdict: B", "stop", OFFERED).label == "second"


@pytest.mark.parametrize(("text", "label"), [("yes", "yes"), (" No.\n", "no"), ("YES", "yes")])
def test_a_bare_word_counts_in_any_case(text: str, label: str) -> None:
    assert parse_word(text, "stop").label == label


@pytest.mark.parametrize("text", ["", "yes and no", "Yes, it did", "yes no", "yeah", "ja", "yes..", "\u0443es"])
def test_more_or_less_than_a_bare_word_is_unparsed(text: str) -> None:
    assert parse_word(text, "stop") == UNPARSED


def test_every_spelling_of_the_first_token_counts() -> None:
    tokens = [("Yes", 0.2), (" yes", 0.1), ("\u0120YES", 0.1), ("\u2581No", 0.1), ("no,", 0.1), ("The", 0.4)]
    p = probability_of_yes([(t, math.log(q)) for t, q in tokens])
    assert p == pytest.approx(0.4 / 0.6)


@pytest.mark.parametrize("token", ["Yesterday", "Not", "None", "now", "y", "\u0443es", "", "Yes and"])
def test_other_tokens_are_not_taken_for_yes_or_no(token: str) -> None:
    assert probability_of_yes([(token, -0.01)]) is None


def test_a_trace_of_yes_under_another_word_is_no_probability() -> None:
    assert probability_of_yes([("The", math.log(0.99)), ("Yes", math.log(0.001))]) is None
    assert probability_of_yes([]) is None


@given(st.lists(st.tuples(st.sampled_from(["Yes", " no", "The", "\u2581yes"]), st.floats(allow_nan=True, allow_infinity=True))))
def test_fuzz_a_probability_lies_between_0_and_1(tokens: list[tuple[str, float]]) -> None:
    p = probability_of_yes(tokens)
    assert p is None or 0.0 <= p <= 1.0
