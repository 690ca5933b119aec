"""What a judge may answer: three or five levels between two conversations, or points for one."""

from collections.abc import Mapping
from dataclasses import dataclass

from music_core import prompts
from music_core.errors import ConfigError
from music_core.evaluate.parse import SCORE, VERDICT, Answer, answer_schema, parse_line, parse_object

MIN_POINTS, MAX_POINTS = 1, 10


@dataclass(frozen=True, slots=True)
class Scale:
    """Answers that a prompt offers, and how it words the form of the reply.

    `key` is what the answer is called in the reply. Five levels are those of Arena-Hard-Auto (Li et al. 2024) without
    its double weight for a clear win.
    """

    name: str
    key: str
    offered: Mapping[str, Answer] | Mapping[int, Answer]

    def form(self, reason: str, *, as_object: bool) -> str:
        """The end of a prompt: what to write before the answer (`reason`, in words), and the form of the answer."""
        if self.key == SCORE:
            return prompts.render("judge_form_score_object" if as_object else "judge_form_score_line", reason=reason)
        if as_object:
            return prompts.render("judge_form_object", reason=reason, meaning=prompts.template(f"judge_scale_{self.name}"))
        lines = "\n".join(f"{self.key.capitalize()}: {label}" for label in self.offered)
        return prompts.render("judge_form_line", reason=reason, count=self.name, lines=lines)

    def schema(self) -> dict[str, object]:
        """The JSON schema of a reply."""
        return answer_schema(self.offered, self.key)

    def read(self, text: str, finish_reason: str, *, as_object: bool) -> Answer:
        """The answer of a reply, or unparsed."""
        return (parse_object if as_object else parse_line)(text, finish_reason, self.offered, self.key)


THREE = Scale("three", VERDICT, {"A": Answer("first"), "B": Answer("second"), "tie": Answer("tie")})
FIVE = Scale(
    "five",
    VERDICT,
    {
        "A much better": Answer("first", grade=1.0),
        "A slightly better": Answer("first", grade=0.5),
        "tie": Answer("tie", grade=0.0),
        "B slightly better": Answer("second", grade=0.5),
        "B much better": Answer("second", grade=1.0),
    },
)
POINTS = Scale("points", SCORE, {n: Answer("scored", grade=float(n)) for n in range(MIN_POINTS, MAX_POINTS + 1)})
SCALES: Mapping[str, Scale] = {s.name: s for s in (THREE, FIVE)}


def scale_of(name: str) -> Scale:
    """The pairwise scale called `name`: three or five. Raises `ConfigError` for any other."""
    if name not in SCALES:
        raise ConfigError(f"'{name}' is no scale of verdicts.", f"Scales are: {', '.join(SCALES)}.")
    return SCALES[name]
