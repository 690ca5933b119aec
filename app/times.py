"""Times and lengths of time in the words of the pages."""

from datetime import UTC, datetime

from app.markup import moment

_STEPS = ((60.0, 1.0, "s"), (3600.0, 60.0, "min"), (86400.0, 3600.0, "h"), (float("inf"), 86400.0, "d"))


def duration(seconds: float | None) -> str:
    """A length of time in two figures at most: `0.8 s`, `42 s`, `3 min 20 s`, `2 h 5 min`; a dash for none."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago, as HTML with the exact time behind it: `3 min ago`; a dash for never."""
    if at is None:
        return "–"
    passed = max(0.0, ((now or datetime.now(UTC)) - at).total_seconds())
    below = next(i for i, (bound, _, _) in enumerate(_STEPS) if passed < bound)
    _, unit, name = _STEPS[below]
    words = "just now" if passed < 5 else f"{int(passed // unit)} {name} ago"
    return f'<time datetime="{at.isoformat()}" title="{moment(at)}">{words}</time>'
