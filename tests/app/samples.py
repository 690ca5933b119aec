"""A few pairs with everything that the pages show, for tests; written by hand after the method."""

from datetime import UTC, datetime
from pathlib import Path

from music_core.store.connect import Store
from music_core.store.models import register_model
from music_core.store.pairs import add_pairs
from music_core.store.readings import add_readings
from music_core.store.runs import create_run
from music_core.store.traces import add_traces
from music_core.types import (
    BranchName,
    Contrast,
    ContrastPair,
    Conversation,
    Order,
    Origin,
    Reading,
    ReadingLabel,
    RewardModel,
    RewardTrace,
    Role,
    Run,
    SourcedPair,
    TurnRecord,
    Verdict,
    conversation,
)
from tests.stores import new_store

MODEL_ID = "m_tiny"
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'><img src='http://198.51.100.7/beacon.png'>"
    "![beacon](http://198.51.100.7/beacon.png) [link](http://198.51.100.7/) http://198.51.100.7/auto "
    "<style>body{display:none}</style><iframe src='http://198.51.100.7/'></iframe> abc\u202edef\u202c zero\u200bwidth "
    "null\x00bell\x07 <a href='javascript:window.pwned=1'>x</a> </div></section><h1>out</h1> $x^2$ :material/home: :red[x]"
)

SHARED: tuple[tuple[Role, str], ...] = (
    ("user", "I have leftover rice, two eggs and some spring onions. What can I cook in 15 minutes?"),
    (
        "assistant",
        "Egg fried rice works well. Heat a spoon of oil in a wide pan until it shimmers, scramble the eggs and take them out, "
        "fry the cold rice for four minutes, then return the eggs with the spring onions and a little soy sauce.",
    ),
)
CHOSEN: tuple[tuple[Role, str], ...] = (
    ("user", "I have no soy sauce. What can I use instead?"),
    (
        "assistant",
        "Salt with a few drops of lemon juice gives both the salt and the sharpness. If you have Worcestershire sauce or miso, "
        "a teaspoon thinned with water comes closer to soy.",
    ),
    ("user", "Lemon it is. When do I add it?"),
    ("assistant", "At the very end, off the heat: boiled lemon turns bitter. Start with half a teaspoon, taste, then salt."),
)
REJECTED: tuple[tuple[Role, str], ...] = (
    ("user", "I have no soy sauce. What can I use instead?"),
    (
        "assistant",
        "Soy sauce is brewed from soya beans, wheat, salt and a mould called koji. The mash ferments for months; light soy is "
        "drawn first and dark soy is aged longer, often with molasses for colour.",
    ),
    ("user", "Interesting, but I asked what to use in its place?"),
    ("assistant", "Of course. Dark soy is best for colour and light soy for seasoning, so most kitchens keep both bottles at hand."),
)


def chat(*messages: tuple[Role, str]) -> Conversation:
    """A conversation from (role, text)."""
    return conversation(messages)


def rice_pair() -> ContrastPair:
    """Three turns, the sides part at turn 2."""
    return ContrastPair(chat(*SHARED, *CHOSEN), chat(*SHARED, *REJECTED))


def plain_pair(i: int, n_turns: int = 2) -> ContrastPair:
    """A short pair that differs in its last reply; `i` makes its content its own."""
    shared: list[tuple[Role, str]] = [("user", f"Question {i}: name a river in country {i % 7}."), ("assistant", f"River {i} flows there.")]
    for t in range(n_turns - 2):
        shared += [("user", f"And then, {t}?"), ("assistant", f"Then number {i + t}.")]
    shared.append(("user", f"And how long is it, in case {i}?"))
    good: tuple[Role, str] = ("assistant", f"About {100 + i} kilometres.")
    bad: tuple[Role, str] = ("assistant", f"It is spelled R-{i}.")
    return ContrastPair(chat(*shared, good), chat(*shared, bad))


def hostile_pair() -> ContrastPair:
    """Markup, beacons, control and bidirectional characters, and 100 kB in one line, in every role."""
    long = "word " * 20_000
    return ContrastPair(
        chat(("system", HOSTILE), ("user", HOSTILE), ("assistant", f"left {HOSTILE} {long}")),
        chat(("system", HOSTILE), ("user", HOSTILE), ("assistant", f"right {HOSTILE}")),
    )


def record(turn: int) -> TurnRecord:
    """A model call as the generator records it."""
    return TurnRecord(
        branch="rejected",
        turn=turn,
        role="assistant",
        endpoint="scripted",
        model="scripted",
        prompt_hash="a1b2c3d4e5f6a7b8",
        sampling={"temperature": 0.7, "top_p": 0.9},
        seed=7,
        finish_reason="stop",
        tokens_in=212,
        tokens_out=61,
        tokens_cached=180,
        latency_s=0.41,
    )


def rice_item() -> SourcedPair:
    """The pair with a contrast at turn 2 and its calls."""
    contrast = Contrast(2, "Explain how soy sauce is made and how its kinds differ.")
    origin = Origin("illustration", "rice", "r_demo", "one_call", "only:2", (contrast,), (record(2), record(3)), {"topic": "cooking"})
    return SourcedPair(rice_pair(), origin)


def pairwise(pair_id: str, order: Order) -> Reading:
    """A reading that names the first position, whatever the order."""
    raw = f"The first is better. {HOSTILE}\nVerdict: A"
    return Reading(
        pair_id, "pairwise", "pairwise", "first", raw, "f00dfeed1234", "scripted", "scripted", order, tokens_in=600, tokens_out=20
    )


def checklist(pair_id: str, branch: BranchName, turn: int, p_yes: float) -> Reading:
    """One answer of the checklist."""
    label: ReadingLabel = "yes" if p_yes > 0.5 else "no"
    return Reading(pair_id, "checklist", "checklist", label, label, "beef12345678", "scripted", "scripted", None, branch, turn, p_yes)


def readings(pair_id: str) -> list[Reading]:
    """Two pairwise readings that name the first position in both orders, and a checklist over three turns."""
    orders: tuple[Order, ...] = ("chosen_first", "rejected_first")
    out = [pairwise(pair_id, order) for order in orders]
    values: dict[BranchName, tuple[float, ...]] = {"chosen": (0.71, 0.68, 0.66), "rejected": (0.71, 0.12, 0.22)}
    return out + [checklist(pair_id, branch, t, p) for branch, ps in values.items() for t, p in enumerate(ps, start=1)]


def fill(home: Path, n_plain: int = 0, hostile: bool = False) -> Store:
    """A store in `home` with the rice pair (readings, verdicts, traces), `n_plain` short pairs and the hostile one."""
    store = new_store(home)
    items = [SourcedPair(plain_pair(i, 2 + i % 4), Origin("rivers", f"{i}")) for i in range(n_plain)]
    if hostile:
        items.append(SourcedPair(hostile_pair(), Origin(HOSTILE[:60], "<b>0</b>")))
    add_pairs(store, [*items, rice_item()])
    pair_id = rice_pair().id
    create_run(store, Run("r_demo", "generate", {}, datetime(2026, 1, 1, tzinfo=UTC), "Demo generation"))
    verdicts = [
        Verdict(pair_id, "pairwise", "pairwise", "flip", 0.0, 2, 0, 1.0),
        Verdict(pair_id, "checklist", "checklist", "chosen", 0.33, 6, 0),
    ]
    add_readings(store, readings(pair_id), verdicts)
    register_model(store, RewardModel(MODEL_ID, "tiny", str(home / "models" / "tiny"), "SmolLM2-135M"))
    traces = [
        RewardTrace(pair_id, "chosen", MODEL_ID, (0.42, 0.77, 1.31)),
        RewardTrace(pair_id, "rejected", MODEL_ID, (0.42, -0.35, -0.62)),
    ]
    for i in range(n_plain):
        traces += [
            RewardTrace(plain_pair(i, 2 + i % 4).id, "chosen", MODEL_ID, tuple(0.1 * k + 0.05 * (i % 5) for k in range(2 + i % 4))),
            RewardTrace(plain_pair(i, 2 + i % 4).id, "rejected", MODEL_ID, tuple(0.1 * k - 0.2 + 0.11 * (i % 4) for k in range(2 + i % 4))),
        ]
    add_traces(store, traces)
    return store
