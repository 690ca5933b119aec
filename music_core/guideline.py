"""What people are asked when they label. A change of the text is a new version, which every label and every queue records."""

from music_core.errors import ConfigError
from music_core.types import content_id, normalise

MOST_CHARS = 50_000
VERSION = "1"
TEXT = """\
Read both conversations to the end. They open alike and part at the marked turn; from there each user speaks from
their own side's history.

Choose the side that serves its user better over all turns: it does what each message asked, is correct, keeps to
what was said before, and hides no harm. A fluent answer to something that was not asked serves badly.

Length, tone and polish decide only where nothing else does.

Tie: both serve equally well. Both bad: neither is acceptable. Skip: you cannot judge this one; nobody counts it as an opinion.
"""


def version_of(text: str) -> str:
    """The version of a text of one's own: a hash of it, so the same text is the same version everywhere; `VERSION` for ours.

    Raises `ConfigError` for a text that nobody can follow: empty, or longer than 50,000 characters.
    """
    plain = normalise(text)
    if not plain:
        raise ConfigError("The guideline is empty.", "Give a file with what people are to decide by.")
    if len(plain) > MOST_CHARS:
        raise ConfigError(f"The guideline has {len(plain):,} characters; at most {MOST_CHARS:,} are shown.", "Give people less to read.")
    return VERSION if plain == normalise(TEXT) else content_id("g", plain)[:14]
