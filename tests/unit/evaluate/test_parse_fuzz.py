"""Ten thousand replies, of which an oracle written apart from the parsers says what may be read from them."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest

from music_core.evaluate.parse import UNPARSED, Answer, parse_word
from music_core.evaluate.scale import FIVE, POINTS, THREE, Scale

N, SEED = 10_000, 20260
SCALES = (THREE, FIVE, POINTS)
LABELS = {s.name: tuple(str(o) for o in s.offered) for s in SCALES}
WORDS = {"three": "Verdict", "five": "Verdict", "points": "Score"}

# The oracle: grammars of the two forms, nothing of the parsers' own ways.
_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_LINES = {name: re.compile(rf"\s*{WORDS[name]}: ({'|'.join(labels)})\s*") for name, labels in LABELS.items()}
_BLANK = r"[ \t\n\r]*+"
_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"'
_OBJECT = re.compile(
    rf"{_BLANK}\{{{_BLANK}({_STRING}){_BLANK}:{_BLANK}{_STRING}{_BLANK},{_BLANK}({_STRING}){_BLANK}:{_BLANK}({_STRING}|\d+){_BLANK}\}}{_BLANK}",
    re.ASCII,
)
_BARE = {
    "".join(letters) + stop: word for word in ("yes", "no") for letters in product(*((c, c.upper()) for c in word)) for stop in ("", ".")
}


def allowed_line(text: str, finish: str, name: str) -> str | None:
    """The one label that stands alone on a line, if that line is the last by plain line ends too."""
    last = re.sub("\r\n?", "\n", text).rstrip().rsplit("\n", 1)[-1]
    found = _LINES[name].fullmatch(last)
    stated = {m.group(1) for part in _BREAKS.split(text) if (m := _LINES[name].fullmatch(part))}
    return found.group(1) if finish == "stop" and found and stated == {found.group(1)} else None


def allowed_object(text: str, finish: str, name: str) -> str | None:
    found = _OBJECT.fullmatch(text)
    if finish != "stop" or found is None:
        return None
    keys = [json.loads(found.group(1)), json.loads(found.group(2))]
    value = found.group(3)
    if keys != ["reason", WORDS[name].lower()] or value.startswith('"') == (name == "points"):
        return None
    said = json.loads(value) if value.startswith('"') else value
    return said if said in LABELS[name] else None


def answer_of(scale: Scale, label: str | None) -> Answer:
    return next((answer for option, answer in scale.offered.items() if str(option) == label), UNPARSED)


# The replies: each recipe makes one text; what it aims at is in its name.
LOOKALIKES = {
    "A": "\u0410\u0391\uff21\U0001d400\u15c5",
    "B": "\u0412\u0392\uff22",
    "t": "\u03c4\uff54",
    "i": "\u0456\u0131",
    "V": "\u2164\uff36",
    ":": "\uff1a\u2236",
    "S": "\u0405",
    "1": "\uff11\u0661",
    " ": "\u00a0\u2009\u3000",
}
CONTROLS = "\x00\x07\x08\x0b\x0c\x1b\x1c\x1f\x7f\x85\u200b\u200d\u202e\u2028\u2029\u2066\ufeff\r\n\t "
SNIPPETS = (
    "I think",
    "Verdict:",
    "Score:",
    "A",
    "B",
    "tie",
    "{",
    "}",
    '"',
    "\\",
    "**",
    "`",
    "\n",
    "7",
    "yes",
    "No",
    "\u5224\u51b3",
    "\ud800",
    "\U0001f600",
    ", ",
)


def label(rng: random.Random) -> str:
    return rng.choice(LABELS[rng.choice(SCALES).name])


def line(rng: random.Random) -> str:
    name = rng.choice(SCALES).name
    return f"{WORDS[name]}: {rng.choice(LABELS[name])}"


def thought(rng: random.Random) -> str:
    return rng.choice(
        ["", "A keeps to it.", f"One could say {line(rng)}, but no.", f"{line(rng)} would be wrong.", "\u201eA\u201c oder B?"]
    )


def good_line(rng: random.Random) -> str:
    return thought(rng) + rng.choice(["\n", "\n\n", "\r\n"]) + line(rng) + rng.choice(["", "\n", "  "])


def two_lines(rng: random.Random) -> str:
    return line(rng) + rng.choice(["\n", "\r", "\u2028", "\x0b", " "]) + thought(rng) + "\n" + line(rng)


def nearly_a_line(rng: random.Random) -> str:
    shape = rng.choice(["{}.", "**{}**", "`{}`", "{}!", "The {}", "{} or not", '"{}"', "- {}", "{}\nThat is all.", "{}/10", "{}.0", "{}%"])
    return shape.format(rng.choice([line(rng), line(rng).lower(), line(rng).replace(": ", ":"), line(rng).replace(": ", ": 0")]))


def lookalike(rng: random.Random) -> str:
    text = line(rng)
    at = rng.choice([i for i, c in enumerate(text) if c in LOOKALIKES])
    return f"{thought(rng)}\n{text[:at]}{rng.choice(LOOKALIKES[text[at]])}{text[at + 1 :]}"


def value_of(rng: random.Random) -> object:
    return rng.choice([label(rng), rng.randint(1, 10)])


def good_object(rng: random.Random) -> str:
    key, value = rng.choice([("verdict", label(rng)), ("score", rng.randint(1, 10))])
    return json.dumps({"reason": thought(rng), key: value}, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2]))


def odd_object(rng: random.Random) -> str:
    key, value = rng.choice(["verdict", "score"]), value_of(rng)
    said = rng.choice(
        [value, [value], {key: value}, str(value), True, 1.0, 7.0, 1e1, 0, 11, -3, None, 10**30, f" {value}", f"{value}\u200b"]
    )
    return json.dumps(
        rng.choice(
            [
                {"reason": "x", key: said},
                {key: said, "reason": "x"},
                {"reason": "x", key: said, "sure": 1},
                {"reason": 3, key: said},
                [{"reason": "x", key: said}],
                {"answer": {"reason": "x", key: said}},
            ]
        )
    )


def duplicate_keys(rng: random.Random) -> str:
    key, value, other = rng.choice(["verdict", "score"]), json.dumps(value_of(rng)), json.dumps(value_of(rng))
    return rng.choice([f'{{"reason": "x", "{key}": {value}, "{key}": {other}}}', f'{{"reason": "x", "reason": "y", "{key}": {value}}}'])


def wrapped_object(rng: random.Random) -> str:
    return rng.choice(["```json\n{}\n```", "Here: {}", "{} so.", "{}{}", "\ufeff{}", "\u00a0{}", "\n\t {}\r\n"]).replace(
        "{}", good_object(rng)
    )


def escaped_object(rng: random.Random) -> str:
    text, key = rng.choice([("A", "verdict"), ("tie", "verdict"), ("B much better", "verdict")])
    spelled = "".join(f"\\u{ord(c):04x}" if rng.random() < 0.5 else c for c in text)
    return f'{{"reason": "\\n\\u0000{thought(rng)}", "{key}": "{spelled}"}}'


def word(rng: random.Random) -> str:
    return (
        rng.choice(["", " ", "\n"])
        + rng.choice(["yes", "No", "YES.", "no..", "yes no", "Yes, it did", "\u0443es", "ye\u017f", "n\u00f8"])
        + rng.choice(["", "\n"])
    )


def noise(rng: random.Random) -> str:
    return "".join(rng.choice([*SNIPPETS, line(rng), chr(rng.randrange(0x20, 0x3000))]) for _ in range(rng.randrange(12)))


RECIPES: tuple[Callable[[random.Random], str], ...] = (
    good_line,
    two_lines,
    nearly_a_line,
    lookalike,
    good_object,
    odd_object,
    duplicate_keys,
    wrapped_object,
    escaped_object,
    word,
    noise,
)


def damaged(text: str, rng: random.Random) -> str:
    """Cut off, or with one character put in, taken out or doubled."""
    at = rng.randrange(len(text) + 1)
    return rng.choice(
        [text[:at], text[:at] + rng.choice(CONTROLS) + text[at:], text[: max(0, at - 1)] + text[at:], text[:at] + text[max(0, at - 1) :]]
    )


def replies() -> list[tuple[str, str]]:
    rng = random.Random(SEED)
    out = []
    for n in range(N):
        text = RECIPES[n % len(RECIPES)](rng)
        text = damaged(text, rng) if rng.random() < 0.4 else text
        out.append((text, "stop" if rng.random() < 0.9 else rng.choice(["length", "content_filter", ""])))
    return out


REPLIES = replies()


@pytest.mark.parametrize("as_object", [True, False])
@pytest.mark.parametrize("scale", SCALES, ids=lambda s: s.name)
def test_fuzz_a_reply_is_read_exactly_when_the_oracle_allows_it(scale: Scale, as_object: bool) -> None:
    allowed = allowed_object if as_object else allowed_line
    read: Counter[Answer] = Counter()
    for text, finish in REPLIES:
        answer = scale.read(text, finish, as_object=as_object)
        assert answer == answer_of(scale, allowed(text, finish, scale.name)), (text, finish)
        read[answer] += 1
    # The replies must try everything: each answer many times, and mostly none.
    assert set(read) == {UNPARSED, *scale.offered.values()}
    assert min(read.values()) >= 10
    assert read[UNPARSED] > N / 2


def test_fuzz_a_bare_word_is_read_exactly_when_it_stands_alone() -> None:
    read: Counter[str] = Counter()
    for text, finish in REPLIES:
        expected = _BARE.get(text.strip(), "unparsed") if finish == "stop" else "unparsed"
        assert parse_word(text, finish).label == expected, (text, finish)
        read[expected] += 1
    assert min(read[w] for w in ("yes", "no", "unparsed")) >= 20


MEGABYTES = {
    "thoughts, then a line": "So be it. " * 100_000 + "\nVerdict: tie",
    "every line, then one": "".join(f"Verdict: {w}\n" for w in LABELS["five"]) * 10_000 + "Verdict: tie",
    "one long object": json.dumps({"reason": "Verdict: A\n" * 80_000, "verdict": "B slightly better"}),
    "nested": '{"reason": {"verdict": "A"},' * 40_000,
}


@pytest.mark.parametrize("name", MEGABYTES)
def test_a_megabyte_is_read_as_the_oracle_allows(name: str) -> None:
    text = MEGABYTES[name]
    assert FIVE.read(text, "stop", as_object=True) == answer_of(FIVE, allowed_object(text, "stop", "five"))
    assert FIVE.read(text, "stop", as_object=False) == answer_of(FIVE, allowed_line(text, "stop", "five"))
