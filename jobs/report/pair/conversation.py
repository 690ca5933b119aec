"""Two conversations beside each other, as HTML: aligned by turn, the shared opening folded, the parting marked.

Names no branch by itself: the caller says what each side is called, so the blind page can show the same pair. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from jobs.report.markup import attribute, details, visible
from jobs.report.pair.alignment import AlignedTurn, Row, align, shared_prefix
from jobs.report.pair.changed_words import NOT_COMPARED, Changes, Stretch, changed_words, marked, summary
from jobs.report.pair.prose import prose
from music_core.types import Conversation, Message

# A message longer than FOLD_CHARS shows its beginning; of one longer than MOST_CHARS the rest is not sent to the browser.
FOLD_CHARS = 4_000
HEAD_CHARS = 1_500
MOST_CHARS = 200_000
# Of many long messages together no more than this is sent, each its share; the turn asked for comes with MOST_CHARS.
WINDOW_CHARS = 1_000_000
# Turns drawn at once; the page offers the others by number.
MOST_TURNS = 60
# Steps spent on changed words in one window; see `changed_words.MOST_STEPS`.
WINDOW_STEPS = 6_000_000
ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}
Tone = Literal["chosen", "rejected", "plain"]


@dataclass(frozen=True, slots=True)
class Side:
    """One conversation and what is said about it. `before` and `after` map a turn to HTML around its reply.

    `name` and `subtitle` are text, since they may hold a system's name. `as_written` shows the signs of Markdown instead of
    setting them.
    """

    name: str
    conversation: Conversation
    tone: Tone = "plain"
    subtitle: str = ""
    before: Mapping[int, str] = field(default_factory=dict)
    after: Mapping[int, str] = field(default_factory=dict)
    as_written: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """How the comparison is looked at: `words` marks what differs inside messages, `turn` is the turn that was asked for (0: none).

    `heads` maps a turn to HTML beside its heading; `href` gives a turn's address, without it headings are no links.
    `whole` leaves nothing out, however long.
    """

    words: bool = False
    turn: int = 0
    heads: Mapping[int, str] = field(default_factory=dict)
    href: Callable[[int], str] | None = None
    whole: bool = False


PLAIN = View()


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What every part needs: both sides, the view, the characters that a message may have, the changes by turn and row."""

    left: Side
    right: Side
    view: View
    limit: int
    changes: Mapping[tuple[int, int], Changes]

    def limit_at(self, turn: int) -> int:
        return max(self.limit, MOST_CHARS) if turn == self.view.turn else self.limit


def message_text(
    text: str,
    as_written: bool = False,
    *,
    most: int = MOST_CHARS,
    stretches: Sequence[Stretch] | None = None,
    whole_at: str = "",
    what: str = "pair",
) -> str:
    """HTML of one message's text: whole, or its beginning with the rest folded, never more than `most` characters.

    `as_written` shows every sign; otherwise the few that `prose` knows are set. `stretches` are marked, in text as it was written.
    `whole_at` is the address where more of it is shown, `what` is to be exported where there is none.
    """

    def setting(start: int, end: int) -> str:
        if stretches is not None:
            return marked(text, stretches, start, end)
        return visible(text[start:end]) if as_written else prose(text[start:end])

    if len(text) <= FOLD_CHARS:
        return f'<div class="mw-text" dir="auto">{setting(0, len(text)) or "<em>empty</em>"}</div>'
    cut = max(text.rfind(mark, HEAD_CHARS // 2, HEAD_CHARS) for mark in "\n ") + 1 or HEAD_CHARS
    left_out = max(0, len(text) - most)
    where = (
        f'<a class="mw-link" href="{attribute(whole_at)}">open this turn</a> to read more of it'
        if whole_at
        else f"export the {what} to read them"
    )
    note = f'<p class="mw-note">{left_out:,} further characters are not shown here; {where}.</p>' if left_out else ""
    rest = f'<div class="mw-text" dir="auto">{setting(cut, most)}</div>{note}'
    return f'<div class="mw-text" dir="auto">{setting(0, cut)}…</div>' + details(f"Show the other {len(text) - cut:,} characters", rest)


def _message(
    drawing: _Drawing, turn: int, message: Message | None, side: Side, changes: Changes | None = None, *, both: bool = False
) -> str:
    if message is None:
        return '<div class="mw-msg mw-absent"><p class="mw-note">No message here on this side.</p></div>'
    where: Literal["left", "right"] = "left" if side is drawing.left else "right"
    stretches = None if changes is None or changes.unit == "none" else changes.left if where == "left" else changes.right
    note = "" if changes is None else f'<p class="mw-note mw-words-note">{summary(changes, where)}</p>'
    said = message.role == "assistant" and not both
    before, after = (side.before.get(turn, ""), side.after.get(turn, "")) if said else ("", "")
    href = drawing.view.href
    text = message_text(
        message.content,
        side.as_written,
        most=drawing.limit_at(turn),
        stretches=stretches,
        whole_at=href(turn) if href and turn != drawing.view.turn else "",
    )
    whose = f'<span class="mw-sr">{"both sides" if both else visible(side.name)}, </span>'
    return f'<article class="mw-msg mw-{message.role}"><h4>{whose}{ROLE_NAMES[message.role]}</h4>{before}{text}{note}{after}</article>'


def _row(drawing: _Drawing, turn: int, n: int, row: Row) -> str:
    """One message across both columns where it is the same, unless something is said about either side's reply."""
    sides = (drawing.left, drawing.right)
    reply = any(m is not None and m.role == "assistant" for m in (row.left, row.right))
    said = reply and any(notes.get(turn) for side in sides for notes in (side.before, side.after))
    if row.same and not said:
        return f'<div class="mw-row mw-same">{_message(drawing, turn, row.left, drawing.left, both=True)}</div>'
    changes = drawing.changes.get((turn, n))
    cells = ""
    for message, side in zip((row.left, row.right), sides, strict=True):
        cells += f'<div class="mw-cell mw-{side.tone}">{_message(drawing, turn, message, side, changes)}</div>'
    return f'<div class="mw-row">{cells}</div>'


def _turn(drawing: _Drawing, turn: AlignedTurn, parts_here: bool) -> str:
    view, name = drawing.view, f"Turn {turn.turn}" if turn.turn else "Before the first turn"
    asked = turn.turn == view.turn > 0
    title = name
    if view.href and turn.turn:
        current = ' aria-current="location"' if asked else ""
        title = f'<a class="mw-link mw-turn-link" href="{attribute(view.href(turn.turn))}"{current}>{name}</a>'
    flag = '<span class="mw-flag">the sides part here</span>' if parts_here else ""
    rows = "".join(_row(drawing, turn.turn, n, row) for n, row in enumerate(turn.rows))
    css = f"mw-turn{' mw-parting' if parts_here else ''}{' mw-asked' if asked else ''}"
    head = f"<h3>{title}{flag}{view.heads.get(turn.turn, '')}</h3>"
    return f'<section class="{css}" id="turn-{turn.turn}" aria-label="{name}">{head}{rows}</section>'


def _prefix(drawing: _Drawing, turns: Sequence[AlignedTurn], opened: bool) -> str:
    """The turns that both sides share, in one column, folded."""
    if not turns:
        return ""
    bare = replace(drawing, left=replace(drawing.left, before={}, after={}), right=replace(drawing.right, before={}, after={}))
    body = "".join(_turn(bare, turn, False) for turn in turns)
    last = turns[-1].turn
    first = max(1, turns[0].turn)
    name = "The opening is" if last == 0 else f"Turn {last} is" if first == last else f"Turns {first} to {last} are"
    n_chars = sum(len(row.left.content) for turn in turns for row in turn.rows if row.left)
    line = f'{name} the same on both sides <span class="mw-note">{n_chars:,} characters</span>'
    return details(line, body, css="mw-prefix", opened=opened)


def _heading(side: Side) -> str:
    subtitle = f'<span class="mw-note">{visible(side.subtitle)}</span>' if side.subtitle else ""
    return f'<div class="mw-head mw-{side.tone}"><h2>{visible(side.name)}</h2>{subtitle}</div>'


def _limit(window: Sequence[AlignedTurn], view: View) -> int:
    """How many characters of a message are sent: all of it in a whole view, MOST_CHARS, or its share where there are many long ones."""
    if view.whole:
        return max((len(m.content) for turn in window for row in turn.rows for m in (row.left, row.right) if m), default=0)
    return share([m for turn in window for row in turn.rows for m in ((row.left,) if row.same else (row.left, row.right)) if m])


def share(shown: Sequence[Message]) -> int:
    """How many characters of each of these messages are sent together: MOST_CHARS, or less where there are many long ones."""
    if sum(min(len(m.content), MOST_CHARS) for m in shown) <= WINDOW_CHARS:
        return MOST_CHARS
    return max(FOLD_CHARS, WINDOW_CHARS // sum(len(m.content) > FOLD_CHARS for m in shown))


def _changes(window: Sequence[AlignedTurn], turn_first: int) -> dict[tuple[int, int], Changes]:
    """The changes of every row where both sides speak and differ; the turn asked for is compared first, since steps may run out."""
    found: dict[tuple[int, int], Changes] = {}
    steps = 0
    for turn in sorted(window, key=lambda t: t.turn != turn_first):
        for n, row in enumerate(turn.rows):
            if row.left and row.right and not row.same:
                spent = steps > WINDOW_STEPS
                found[turn.turn, n] = NOT_COMPARED if spent else changed_words(row.left.content, row.right.content)
                steps += found[turn.turn, n].effort
    return found


def markup(
    left: Side,
    right: Side,
    *,
    open_prefix: bool = False,
    first_turn: int = 0,
    most: int = MOST_TURNS,
    view: View = PLAIN,
) -> str:
    """The whole comparison as HTML: at most `most` turns, from `first_turn` on. Pure."""
    turns = align(left.conversation, right.conversation)
    n_same = shared_prefix(turns)
    parting = turns[n_same].turn if n_same < len(turns) else None
    # By number: a system message before the first turn takes no turn's place, which the next window would not make good.
    end = max(first_turn, 1) + most - 1
    window = [turn for turn in turns if first_turn <= turn.turn <= end]
    drawing = _Drawing(left, right, view, _limit(window, view), _changes(window, view.turn) if view.words else {})
    same = [turn for turn in window if parting is None or turn.turn < parting]
    rest = window[len(same) :]
    asked = any(turn.turn == view.turn > 0 for turn in same)
    body = _prefix(drawing, same, open_prefix or asked or not rest)
    body += "".join(_turn(drawing, turn, turn.turn == parting) for turn in rest)
    return (
        f'<section class="mw-conv" aria-label="{attribute(left.name)} and {attribute(right.name)}, turn by turn">'
        f'<div class="mw-row mw-heads">{_heading(left)}{_heading(right)}</div>{body}</section>'
    )
