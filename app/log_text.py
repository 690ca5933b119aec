"""A run's log as a reader wants it: terminal codes taken out, a progress bar as its last state. Pure."""

import re

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
MOST_LINE_CHARS = 2_000


def readable(log: str) -> str:
    """The lines of `log`: of a line that was overwritten (carriage returns) only the last form, very long ones cut."""
    return "\n".join(_line(line) for line in log.split("\n"))


def _line(line: str) -> str:
    states = [s for s in _TERMINAL.sub("", line).split("\r") if s.strip()]
    last = states[-1] if states else ""
    return last if len(last) <= MOST_LINE_CHARS else f"{last[:MOST_LINE_CHARS]} … ({len(last):,} characters)"
