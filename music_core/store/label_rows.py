"""How a label lies in a row of `label_rows`."""

from music_core.store.session import Row
from music_core.store.text import from_json, utc
from music_core.types import LabelEvent, StoredLabel

LABEL_COLUMNS = (
    "label_id, token, pair_id, person, choice, left_branch, blind, verified, seconds, reasons, comment, turn_marks, "
    "queue, guideline, probability, shown, supersedes, kind, beyond, created_at"
)
# A repeat of a decision; it replaces only repeats, and only repeats replace it.
REPEAT = "(kind IS NOT DISTINCT FROM 'repeat')"


def stored_label(row: Row) -> StoredLabel:
    """A label from the columns of `label_rows` in the order of `LABEL_COLUMNS`."""
    v = dict(zip(LABEL_COLUMNS.split(", "), row, strict=True))
    label_id, created_at = v.pop("label_id"), v.pop("created_at")
    marks = {int(turn): mark for turn, mark in from_json(v.pop("turn_marks")).items()}
    v |= {"kind": v["kind"] or "label", "beyond": bool(v["beyond"])}  # older rows have neither
    event = LabelEvent(**{**v, "reasons": tuple(from_json(v["reasons"])), "turn_marks": marks, "shown": from_json(v["shown"])})
    return StoredLabel(label_id, event, utc(created_at))
