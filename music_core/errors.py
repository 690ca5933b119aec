"""One error root: a sentence for a person, and what to do next."""


class MusicError(Exception):
    """Something a person can act on.

    `message` says what was wrong and where; `hint` says what to do about it (may be empty).
    The CLI and the app show both and no traceback; anything that is not a `MusicError` is a defect of ours.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(MusicError):
    """A setting, recipe or endpoint is missing or wrong."""


class SourceError(MusicError):
    """A file or data set cannot be read; nothing of it was stored."""


class ChatError(MusicError):
    """A chat endpoint failed for good (after retries) or answered something unusable."""


class StoreError(MusicError):
    """The store cannot be opened, read or written."""


class NotThereError(StoreError):
    """What was asked for by its id is not in the store."""


class StoreBusyError(StoreError):
    """Other writers kept the store busy for the whole retry time; nothing of this write was stored."""


class RewardError(MusicError):
    """A reward model cannot be loaded, trained or scored."""


class RunError(MusicError):
    """A run cannot be started, found, resumed or cancelled."""


class MissingExtraError(MusicError):
    """An optional part is not installed; the hint is the one command that adds it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the optional part '{extra}'.", f"Install it with: pip install -e '.[{extra}]' -c constraints.txt")
        self.extra = extra
