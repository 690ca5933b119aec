"""What is known of a pair without reading its text: by what reports slice."""

from dataclasses import dataclass

from music_core.types import Split


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What a report slices pairs by. Names come from all origins of the pair, sorted, each once.

    `chars_chosen` and `chars_rejected` count the assistant's replies from the divergence on. `built` says whether any origin built a
    better side. `simulators` are models named by turn records; `authors` whose answers the chosen and the rejected side are, None
    where no origin says so or two contradict each other.
    """

    pair_id: str
    seed_id: str
    split: Split
    n_turns: int
    divergence: int
    chars_chosen: int
    chars_rejected: int
    built: bool = True
    sources: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    simulators: tuple[str, ...] = ()
    authors: tuple[str, str] | None = None
