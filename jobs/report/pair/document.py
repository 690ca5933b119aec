"""One pair with everything known about it as one HTML file: readable without network and without scripts."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jobs.report.markup import facts, shorten, visible
from jobs.report.pair.conversation import Side, View, markup
from jobs.report.pair.evidence import Names, contrasts_by_turn, labels_markup, origin_markup, verdicts_markup
from jobs.report.pair.trace_svg import traces_markup
from music_core.store.connect import Store
from music_core.store.labels import label_history
from music_core.store.models import list_models
from music_core.store.pairs import StoredPair, get_pair
from music_core.store.readings import readings_of, verdicts_of
from music_core.store.sides import systems_of
from music_core.store.traces import traces_of
from music_core.types import BRANCHES, BranchName, Origin, Reading, RewardTrace, StoredLabel, Verdict

# The page may draw and nothing else: a browser runs no script and fetches nothing, whatever stands in it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class PairFile:
    """All values of the document, as read from a store; `traces` by model id and branch, `model_names` by model id."""

    stored: StoredPair
    traces: dict[str, dict[BranchName, RewardTrace]]
    model_names: dict[str, str]
    readings: Sequence[Reading]
    verdicts: Sequence[Verdict]
    history: Sequence[StoredLabel]
    made_at: datetime


def read(store: Store, pair_id: str) -> PairFile:
    """Everything stored about one pair. Raises `StoreError` for an unknown id."""
    stored = get_pair(store, pair_id)
    traces: dict[str, dict[BranchName, RewardTrace]] = {}
    for trace in traces_of(store, pair_id):
        traces.setdefault(trace.model_id, {})[trace.branch] = trace
    names = {m.id: m.name for m in list_models(store)}
    known = (readings_of(store, pair_id), verdicts_of(store, pair_id), label_history(store, pair_id))
    return PairFile(stored, traces, names, *known, datetime.now(UTC))


def build(store: Store, pair_id: str) -> str:
    """The HTML of one pair. Raises `StoreError` for an unknown id."""
    return document(read(store, pair_id))


def side_names(origins: Sequence[Origin]) -> tuple[Names, bool]:
    """What the sides are called, and whether one of them was built to be better."""
    systems = systems_of(origins)
    if systems is None:
        return {"chosen": "Chosen", "rejected": "Rejected"}, True
    given = {branch: shorten(systems.get(branch, ""), _NAME_CHARS) for branch in BRANCHES}
    if not all(given.values()) or given["chosen"] == given["rejected"]:
        given = {"chosen": "Answer 1", "rejected": "Answer 2"}
    return given, False


def _conversations(file: PairFile, names: Names, built: bool) -> str:
    pair, contrasts = file.stored.pair, contrasts_by_turn(file.stored.origins)
    subtitle = "" if built else "one of two systems; neither was built to be better"
    left = Side(names["chosen"], pair.chosen, "chosen", subtitle)
    right = Side(names["rejected"], pair.rejected, "rejected", subtitle, contrasts)
    drawn = markup(left, right, open_prefix=True, most=max(1, pair.n_turns + 2), view=View(words=True, whole=True))
    return f'<p class="mw-note">Marked text stands on one side only. Markdown in such messages is shown as it was written.</p>{drawn}'


def _about(file: PairFile, names: Names) -> str:
    pair = file.stored.pair
    versions = f"MUSIC Workbench {_version()}, Python {platform.python_version()}"
    ids = [("Pair", file.stored.id), ("Seed", file.stored.seed_id), *((names[b], getattr(pair, b).id) for b in BRANCHES)]
    known = facts([(visible(name), f"<code>{visible(value)}</code>") for name, value in ids])
    made = facts([("Made by", versions), ("Made at", file.made_at.strftime("%Y-%m-%d %H:%M UTC")), ("Split", file.stored.split)])
    return made + known + f'<ul class="mw-readings">{"".join(origin_markup(o) for o in file.stored.origins)}</ul>'


def _version() -> str:
    try:
        return version("music-workbench")
    except PackageNotFoundError:
        return "(version not known: not installed as a package)"


def document(file: PairFile) -> str:
    """The whole file. Pure but for the style sheets beside this module."""
    (names, built), pair = side_names(file.stored.origins), file.stored.pair
    here = Path(__file__).parent
    style = (here.parent / "report.css").read_text(encoding="utf-8") + (here / "pair.css").read_text(encoding="utf-8")
    parts = {
        "Conversations": _conversations(file, names, built),
        "Rewards": traces_markup(file.traces, pair.divergence, file.model_names, names),
        "Judges": verdicts_markup(file.verdicts, file.readings, names),
        "Labels": labels_markup(file.history, names),
        "Provenance": _about(file, names),
    }
    links = "".join(f'<a href="#{name.lower()}">{name}</a>' for name in parts)
    body = "\n".join(f'<section id="{name.lower()}"><h2>{name}</h2>\n{part}</section>' for name, part in parts.items())
    opening = next((m.content for m in pair.chosen.messages if m.role == "user"), "")
    parting = f"the sides part at turn {pair.divergence}" if pair.divergence else "the sides are the same"
    turns = "1 turn" if pair.n_turns == 1 else f"{pair.n_turns} turns"
    title = visible(shorten(opening, 90) or "Pair without a user message")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>Pair {visible(file.stored.id)}</title>\n<style>\n{style}</style>\n</head>\n"
        f'<body>\n<header><h1 dir="auto">{title}</h1><p class="mw-note">{turns}, {parting}</p>'
        f'<nav aria-label="Sections">{links}</nav></header>\n{body}\n</body>\n</html>\n'
    )
