"""The words of the app for stored values: one place, so that a thing has the same name on every page."""

from collections.abc import Mapping

from music_core.types import LabelChoice, LabelKind, VerdictValue

VERDICT_NAMES: Mapping[VerdictValue, str] = {
    "chosen": "chosen",
    "rejected": "rejected",
    "tie": "tie",
    "flip": "flip",
    "split": "tie (split)",
    "unresolved": "unresolved",
}
VERDICT_CHOICES: Mapping[str, str] = {str(value): name for value, name in VERDICT_NAMES.items()}
VERDICT_TITLES: Mapping[VerdictValue, str] = {
    "chosen": "Prefers the chosen side in both orders",
    "rejected": "Prefers the rejected side in both orders",
    "tie": "Sees no difference in both orders",
    "flip": "Names the same position in both orders, so the answer follows the position",
    "split": "A tie in one order, a side in the other",
    "unresolved": "At least one answer could not be read; not counted in any rate",
}
CHOICE_NAMES: Mapping[LabelChoice | None, str] = {
    "left": "Left is better",
    "right": "Right is better",
    "tie": "Tie",
    "both_bad": "Both bad",
    "skip": "Skipped",
    None: "Taken back",
}
LABEL_STATES: Mapping[str, str] = {
    "": "Any",
    "any": "Labelled by anybody",
    "none": "Labelled by nobody",
    "mine": "Labelled by me",
    "not-mine": "Not labelled by me",
}
ROLE_CHOICES: Mapping[str, str] = {
    "": "in any message",
    "user": "in user messages",
    "assistant": "in replies",
    "system": "in system messages",
}
KIND_NAMES: Mapping[LabelKind, str] = {"label": "label", "repeat": "repeated", "adjudication": "adjudication"}
REASONS = ("follows the request", "correct", "complete", "consistent over the turns", "clear", "safe")
