"""Reward traces of one conversation by one or several models: a chart, and the same figures in a table under it."""

from collections.abc import Sequence

import streamlit as st

from app.components import rewards
from app.components.conversation import MOST_TURNS, first_of, window_of
from app.components.trace_chart import Scored
from app.conversation_facts import ALONE
from app.markup import attribute, signed, table, visible
from app.pair_state import Here


def rows(shown: Sequence[Scored], here: Here) -> list[list[str]]:
    """Table rows: turn (a link), the reward by each model."""
    traces = [s.sides["chosen"].rewards for s in shown]
    out = []
    for i in range(max((len(t) for t in traces), default=0)):
        current = ' aria-current="location"' if i + 1 == here.state.turn else ""
        link = f'<a class="mw-link" href="{attribute(here.href(i + 1))}"{current}>{i + 1}</a>'
        out.append([link, *(signed(t[i] if i < len(t) else None, 3) for t in traces)])
    return out


def figures(shown: Sequence[Scored], here: Here) -> str:
    """The figures of the chart as an HTML table; of a long conversation the turns that are shown as well. Pure."""
    found = rows(shown, here)
    first = first_of(window_of(min(here.state.turn or 1, len(found)))) if len(found) > MOST_TURNS else 0
    part = found[first - 1 : first - 1 + MOST_TURNS] if first else found
    # Two models may have one name, and columns are told apart by theirs.
    heads = {f"<span>{visible(s.name)}</span><!--{n}-->": "num" for n, s in enumerate(shown)}
    note = f'<p class="mw-note">{len(part):,} of {len(found):,} turns, from turn {first:,} on.</p>' if first else ""
    return table("Reward after each turn, by model", {"Turn": "text", **heads}, part) + note


def show(shown: Sequence[Scored], here: Here) -> None:
    """Draw the chart, its caption and its table."""
    rewards.chart(shown, 0, ALONE, here)
    st.html(f'<p class="mw-note">{rewards.CAPTION} A click on a point, or on a number of the table, goes to its turn.</p>')
    st.html(figures(shown, here))
    prefixes = [s.name for s in shown if not s.sides["chosen"].one_pass]
    if prefixes:
        who = visible(", ".join(prefixes))
        st.html(f'<p class="mw-note">{who}: the chat template is not prefix-stable, so every prefix was scored singly.</p>')
