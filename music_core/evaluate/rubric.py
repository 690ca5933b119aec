"""What a judge is asked, as text with placeholders: a shipped prompt or a person's own file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from music_core import prompts
from music_core.errors import ConfigError
from music_core.types import ReadingKind

PLACEHOLDERS: Mapping[ReadingKind, frozenset[str]] = {
    "pairwise": frozenset({"boundary", "first", "second", "form"}),
    "checklist": frozenset({"boundary", "history", "exchange"}),
    "score": frozenset({"boundary", "conversation", "form"}),
}
SHIPPED: Mapping[str, ReadingKind] = {"overall": "pairwise", "per_turn": "pairwise", "checklist": "checklist", "score": "score"}
DEFAULTS: Mapping[ReadingKind, str] = {"pairwise": "overall", "checklist": "checklist", "score": "score"}
SUFFIXES = (".md", ".txt")
# Room for the reply. A statement on every turn needs more than one on the whole, and we do not know what a person's own asks for.
SHORT_REPLY, LONG_REPLY = 400, 800


@dataclass(frozen=True, slots=True)
class Rubric:
    """A way of asking: `name` tells it apart, `text` holds the placeholders of its `kind`.

    `reason` words what is written before the answer and `max_tokens` bounds the reply; the checklist has neither.
    """

    name: str
    kind: ReadingKind
    text: str
    reason: str = ""
    max_tokens: int = SHORT_REPLY

    @property
    def is_default(self) -> bool:
        """Whether it is the shipped rubric that its kind takes when none is named."""
        return self.name == DEFAULTS[self.kind]


def rubric_of(name: str) -> Rubric:
    """The rubric called `name`: a shipped one, or a path ending in .md or .txt.

    Raises `ConfigError` for an unknown name, and for a file that cannot be read or whose placeholders do not fit.
    """
    if name.endswith(SUFFIXES):
        return read_rubric(Path(name))
    if name not in SHIPPED:
        raise ConfigError(
            f"There is no rubric named '{name}'.", f"Rubrics are: {', '.join(SHIPPED)}; or give a path to a .md or .txt file."
        )
    kind = SHIPPED[name]
    reason = "" if kind == "checklist" else prompts.template("judge_reason_per_turn" if name == "per_turn" else "judge_reason_overall")
    return Rubric(name, kind, prompts.template(f"judge_{name}"), reason, LONG_REPLY if name == "per_turn" else SHORT_REPLY)


def default_rubric(kind: ReadingKind) -> Rubric:
    """The shipped rubric of `kind`."""
    return rubric_of(DEFAULTS[kind])


def read_rubric(path: Path) -> Rubric:
    """A person's own rubric; its placeholders say of which kind it is, its file name what its judge is called."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as e:
        raise ConfigError(f"There is no rubric file {path}.", "Give the path of a text file that ends in .md or .txt.") from e
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"The rubric file {path} cannot be read as UTF-8 text: {e}.") from e
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", path.stem)
    if name in (*SHIPPED, *PLACEHOLDERS):
        raise ConfigError(
            f"{path} has the name of a shipped rubric or kind, '{name}'.", "Name the file otherwise: its judge is called by it."
        )
    return own_rubric(name, text, str(path))


def own_rubric(name: str, text: str, where: str = "This rubric") -> Rubric:
    """A rubric of `text`, checked. Raises `ConfigError` that names `where` and the placeholders that are missing or unknown."""
    template = Template(text)
    if not template.is_valid():
        line = next(n for n, part in enumerate(text.splitlines(), start=1) if not Template(part).is_valid())
        raise ConfigError(f"{where}, line {line}: a dollar sign that begins no placeholder.", "Write $$ for a plain dollar sign.")
    kind = _kind_of(frozenset(template.get_identifiers()), where)
    reason = "" if kind == "checklist" else prompts.template("judge_reason_own")
    return Rubric(name, kind, text.strip(), reason, LONG_REPLY)


def _kind_of(found: frozenset[str], where: str) -> ReadingKind:
    """The kind whose placeholders `found` are."""
    # What several kinds share tells nothing about the kind that was meant.
    own = {kind: wanted - {"boundary", "form"} for kind, wanted in PLACEHOLDERS.items()}
    meant = max(own, key=lambda kind: len(own[kind] & found))
    if not own[meant] & found:
        sets = "; ".join(f"{kind}: {_listed(wanted)}" for kind, wanted in PLACEHOLDERS.items())
        raise ConfigError(f"{where} has no place for a conversation.", f"Placeholders are, for each kind of judge, {sets}.")
    missing, unknown = PLACEHOLDERS[meant] - found, found - PLACEHOLDERS[meant]
    if missing or unknown:
        parts = [f"{words} {_listed(names)}" for words, names in (("lacks", missing), ("has the unknown", unknown)) if names]
        raise ConfigError(
            f"{where} is a {meant} rubric and {' and '.join(parts)}.",
            f"It takes each of {_listed(PLACEHOLDERS[meant])}, and no other. Write $$ for a plain dollar sign.",
        )
    return meant


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))
