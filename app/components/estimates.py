"""What the labels of a queue say about its whole pool, how sure that is, and how many labels more would make it surer."""

from collections.abc import Callable, Sequence

import streamlit as st

from app import estimates
from app.components import empty, estimates_chart
from app.components.queue_choice import words
from app.markup import attribute, visible
from app.nav import href
from jobs.report.estimating import remarks_markup, summary, table_markup
from jobs.stages.estimates import HALF_WIDTH, QueueEstimates
from music_core.store.queues import QueueHead

_QUEUE, _HALF = "mw-estimates-queue", "mw-estimates-half-width"
PLANS = (
    ("uniform", "every pair alike; the safe choice"),
    ("stratified", "as many pairs of each source, schedule or length"),
    ("disagreement", "rather pairs on which judges and models differ"),
    ("uncertainty", "rather pairs on which one of them is unsure"),
)
ABOUT = (
    "A few labels speak for all pairs of a pool if it was fixed beforehand how likely each was to be labelled. A queue does that: "
    "it freezes the pool, gives every pair its probability, and draws. Verdicts on all pairs then make the estimate narrower, "
    "and however bad a judge is, they do not pull it to one side."
)


def advice_markup(found: QueueEstimates, half_width: float) -> str:
    """What to do for the wanted half-width, for the estimate that needs most; HTML. Pure."""
    advice = [estimates.advice(a, found.head, half_width) for a in found.answers]
    known = [a for a in advice if a.needed.more is not None]
    link = _link(found.head.name)
    if not known:
        tail = link if found.given.n < found.given.n_wanted else ""
        return f'<p class="mw-note">How many labels more it takes cannot be told yet.</p>{tail}'
    most = max(known, key=lambda a: a.needed.more or 0)
    more = most.needed.more or 0
    if more == 0:
        return f'<p class="mw-note">Every interval that labels can narrow is within ± {half_width:g}.</p>'
    text = f"<strong>Label {more:,} more</strong> for a half-width of {half_width:g}."
    if most.waiting:
        text += f" {most.waiting:,} drawn pairs wait. {link}"
    if more > most.waiting and most.total is not None and most.total > found.head.settings.get("labels", found.head.n_drawn):
        name = found.head.name
        command = f"music queue make '{name} more' --extends '{name}' --labels {most.total}"
        text += f'</p><p class="mw-note">Draw more pairs of this pool, keeping all labels: <code>{visible(command)}</code>'
    return f"<p>{text}</p>"


def _link(name: str) -> str:
    return f'<a class="mw-link" href="{attribute(href("label", {"queue": name}))}">Label this queue</a>'


def _choose(heads: Sequence[QueueHead], queue: str, on_choose: Callable[[str], None]) -> str:
    names = {head.name: words(head) for head in heads}
    if queue:
        names.setdefault(queue, queue)
    if queue or st.session_state.get(_QUEUE) not in names:
        st.session_state[_QUEUE] = queue or heads[0].name

    def choose() -> None:
        on_choose(str(st.session_state[_QUEUE]))

    return str(st.selectbox("Queue", list(names), format_func=names.__getitem__, key=_QUEUE, on_change=choose))


def _teach() -> None:
    plans = {f"{name}: {what}": f"music queue make pilot --plan {name} --labels 200{_BY[name]}" for name, what in PLANS}
    empty.show("No labelling queue yet", ABOUT, plans)


_BY = {"uniform": "", "stratified": " --by source", "disagreement": "", "uncertainty": " --by judge:NAME"}


def show(queue: str = "", on_choose: Callable[[str], None] = lambda _queue: None) -> None:
    """Draw the estimates of a queue that the person chooses, `queue` (else the newest) at first; `on_choose` hears of another choice.

    Raises `StoreError` for an unknown queue, which the caller shows in the place of this part.
    """
    heads = estimates.heads()
    if not heads:
        _teach()
        return
    left, right = st.columns([3, 1], gap="medium", vertical_alignment="bottom")
    with left:
        name = _choose(heads, queue, on_choose)
    with right:
        half = st.number_input("Wanted half-width", min_value=0.005, max_value=0.5, value=HALF_WIDTH, step=0.005, format="%.3f", key=_HALF)
    found = estimates.estimates(name)
    st.html(f'<p class="mw-note">{visible(summary(found))}</p>')
    if not found.answers:
        empty.line(" ".join(found.notes))
        return
    if not found.given.n:
        empty.show("No drawn pair has a label yet", "The draw is fixed; estimates appear with the first labels.", link=_link(name))
        return
    if remarks := remarks_markup(found):
        st.html(remarks)
    estimates_chart.show(found.answers)
    st.html(table_markup(found, half) + advice_markup(found, half))
