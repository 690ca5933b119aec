"""What the blind page hid, shown after the decision: construction, verdicts, rewards, and how the label compares."""

from collections.abc import Sequence

import streamlit as st

from app.components.judges import verdict_line
from app.components.labels import seconds
from app.components.rewards import last_margin, traces_by_model
from app.markup import attribute, chip, facts, moment, signed, visible
from app.nav import href
from music_core.types import RewardModel, RewardTrace, StoredLabel, Verdict


def receipt(label: StoredLabel) -> str:
    """That the label is in the store, as read back from it."""
    event = label.event
    how = "blind" if event.blind else "informed"
    return (
        f'<p class="mw-receipt" role="status"><span class="mw-tick" aria-hidden="true">✓</span> Stored and read back: '
        f"<code>{visible(label.id[:14])}</code> · {moment(label.created_at)} · {visible(event.person)} (unverified) · {how} · "
        f"{seconds(event.seconds)}</p>"
    )


def agreement(label: StoredLabel) -> str:
    """The decision beside the construction, in words."""
    value = label.event.value
    if value == "tie":
        return "You saw no winner; by construction one side was made to serve the user worse."
    if value == "chosen":
        return "You agree with the construction."
    return "You disagree with the construction: that is a finding, not a mistake."


def show(label: StoredLabel, verdicts: Sequence[Verdict], traces: Sequence[RewardTrace], models: Sequence[RewardModel]) -> None:
    """Draw the answer for a decided pair."""
    names = {m.id: m.name for m in models}
    left = label.event.left_branch
    right = "rejected" if left == "chosen" else "chosen"
    rows = [("Construction", f"left is {chip(left, left)} right is {chip(right, right)}")]
    rows += [("Judge", verdict_line(v)) for v in verdicts]
    for model_id, sides in traces_by_model(traces).items():
        margin = last_margin(sides)
        if margin is not None:
            side = "chosen" if margin > 0 else "rejected" if margin < 0 else "tie"
            note = f'<span class="mw-note">margin {signed(margin)}</span>'
            rows.append(
                ("Reward model", f'<span class="mw-judge">{visible(names.get(model_id, model_id))}</span> {chip(side, side)}{note}')
            )
    link = f'<a class="mw-link" href="{attribute(href("pair", {"pair": label.event.pair_id}))}">Open this pair with all its evidence</a>'
    st.html(f'<section class="mw-reveal" aria-label="The answer"><h2>{agreement(label)}</h2>{facts(rows)}<p>{link}</p></section>')
