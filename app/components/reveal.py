"""What the blind page hid, shown after the decision: construction or systems, verdicts, rewards, and how the label compares."""

from collections.abc import Sequence

import streamlit as st

from app.components.judges import verdict_line
from app.components.labels import seconds, seen_as
from app.markup import attribute, chip, facts, moment, signed, visible
from app.nav import href
from app.roles import shown_id
from app.sides import BUILT, SideNames, side_names
from music_core.store.evidence import Evidence
from music_core.types import BranchName, RewardModel, StoredLabel


def receipt(label: StoredLabel) -> str:
    """That the label is in the store, as read back from it."""
    event = label.event
    proof = "signed in" if event.verified else "unverified"
    return (
        f'<p class="mw-receipt" role="status"><span class="mw-tick" aria-hidden="true">✓</span> Stored and read back: '
        f"<code>{visible(label.id[:14])}</code> · {moment(label.created_at)} · {visible(shown_id(event.person))} ({proof}) · "
        f"{seen_as(event)} · {seconds(event.seconds)}</p>"
    )


def repetition(label: StoredLabel, history: Sequence[StoredLabel]) -> str:
    """Whether a repeat was decided as the label before it, as HTML; empty for anything else."""
    first = next((h.event for h in history if h.id == label.event.shown.get("repeats")), None)
    if label.event.kind != "repeat" or first is None or first.value is None or label.event.value is None:
        return ""
    same = "as you did then" if first.value == label.event.value else "not as you did then"
    turned = ", with the sides exchanged" if first.left_branch != label.event.left_branch else ""
    text = f"You had decided this pair before{turned}: you decided it {same}. Your first decision stays what counts."
    return f'<p class="mw-remark" role="note">{text}</p>'


def beyond(label: StoredLabel) -> str:
    """That a label came when its pair had all it needed, as HTML; empty for any other."""
    if not label.event.beyond:
        return ""
    text = "Others had given this pair all its labels when yours came, so it is kept and marked as beyond what was asked for."
    return f'<p class="mw-remark" role="note">{text}</p>'


def agreement(label: StoredLabel, names: SideNames = BUILT) -> str:
    """The decision beside the construction, in words; where neither side was built to be better, the decision itself. HTML."""
    value = label.event.value
    if not names.built:
        return f"You prefer {visible(names.of(value))}." if value in ("chosen", "rejected") else "You saw no winner."
    if value == "tie":
        return "You saw no winner; by construction one side was made to serve the user worse."
    if value == "chosen":
        return "You agree with the construction."
    return "You disagree with the construction: that is a finding, not a mistake."


def sides(label: StoredLabel, names: SideNames) -> tuple[str, str]:
    """Which side was which: a name and HTML. Without a better side by construction, which system answered where."""
    left = label.event.left_branch
    right: BranchName = "rejected" if left == "chosen" else "chosen"
    which = f"left is {chip(names.of(left), left)} right is {chip(names.of(right), right)}"
    if names.built:
        return "Construction", which
    return "Systems", f'{which}<span class="mw-note">neither was built to be better</span>'


def show(label: StoredLabel, found: Evidence, models: Sequence[RewardModel]) -> None:
    """Draw the answer for a decided pair."""
    names = side_names(found.systems)
    titles = {m.id: m.name for m in models}
    rows = [sides(label, names)]
    rows += [("Judge", verdict_line(v, names)) for v in found.verdicts]
    for model_id, margin in found.margins.items():
        side: BranchName | None = "chosen" if margin > 0 else "rejected" if margin < 0 else None
        preferred = chip(names.of(side), side) if side else chip("tie", "tie")
        note = f'<span class="mw-note">margin {signed(margin)}</span>'
        rows.append(("Reward model", f'<span class="mw-judge">{visible(titles.get(model_id, model_id))}</span> {preferred}{note}'))
    link = f'<a class="mw-link" href="{attribute(href("pair", {"pair": label.event.pair_id}))}">Open this pair with all its evidence</a>'
    st.html(f'<section class="mw-reveal" aria-label="The answer"><h2>{agreement(label, names)}</h2>{facts(rows)}<p>{link}</p></section>')
