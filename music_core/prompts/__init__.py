"""Prompts are text files beside this module, rendered by a pure function.

Placeholders are `$name` (`string.Template`); a literal dollar is `$$`. Values are inserted once and never
read again, so model text holding `$name` stays text.
"""

import hashlib
from functools import cache
from importlib import resources
from string import Template

from music_core.errors import ConfigError


@cache
def template(name: str) -> str:
    """The text of prompt `name` (file `name.md`), without the white space around it.

    Raises `ConfigError` when there is no such prompt.
    """
    path = resources.files(__package__).joinpath(f"{name}.md")
    if not path.is_file():
        raise ConfigError(f"There is no prompt named '{name}'.", f"Prompts are: {', '.join(names())}.")
    return path.read_text(encoding="utf-8").strip()


def names() -> tuple[str, ...]:
    """Names of all shipped prompts, sorted."""
    return tuple(sorted(p.name.removesuffix(".md") for p in resources.files(__package__).iterdir() if p.name.endswith(".md")))


def render_text(text: str, /, **values: str) -> str:
    """`text` with its placeholders filled from `values`; every placeholder must be given and every value used."""
    filled = Template(text)
    wanted = set(filled.get_identifiers())
    if wanted != set(values):
        raise ConfigError(f"This prompt takes {sorted(wanted)}, not {sorted(values)}.")
    return filled.substitute(values)


def render(name: str, /, **values: str) -> str:
    """Prompt `name` with its placeholders filled; see `render_text`."""
    return render_text(template(name), **values)


def prompt_hash(text: str) -> str:
    """First 16 hex digits of the SHA-256 of a template or of a rendered prompt."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
