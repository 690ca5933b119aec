"""Pools of earlier Best-of-N runs: which of them hold the conversations that a run would simulate, and what it took from them."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.files import read_json, write_json
from jobs.stages.best_of_n_config import Config
from music_core.chat.earlier import Earlier
from music_core.config import Endpoint, Settings
from music_core.errors import RunError
from music_core.evaluate.pool import Pool
from music_core.evaluate.simulation import draw_name, fingerprint
from music_core.types import content_id

JOURNAL = "journal.jsonl"
POOL = "pool.json"
# How an endpoint is reached and what it costs; all the rest may change an answer.
_NO_MATTER = {"api_key_env", "max_concurrency", "timeout_s", "max_retries", "price_in", "price_out", "json_schema"}


def pool_fingerprint(config: Config, settings: Settings) -> str:
    """Of all that decides what a simulated message says, but the prompt and the draw: two runs that share it share their calls.

    More than the fingerprint in the journal's keys: the addresses and the context of the endpoints too, since another server of the
    same name may serve other weights. The number of prompts, candidates and turns does not matter, nor who picks and who judges.
    """
    endpoints = [settings.endpoint(name) for name in config.endpoints]
    return content_id("b", [_of_calls(config, endpoints), [_facts(e) for e in endpoints]])


def _of_calls(config: Config, endpoints: Sequence[Endpoint]) -> str:
    return fingerprint([(e.name, e.model) for e in endpoints], config.pool())


def _facts(endpoint: Endpoint) -> dict[str, object]:
    return {k: v for k, v in dataclasses.asdict(endpoint).items() if k not in _NO_MATTER}


def note_pool(folder: Path, own: str) -> None:
    """Write down under which fingerprint the journal in `folder` is kept, before its first call; an empty one once it had several."""
    journal = folder / JOURNAL
    begun = journal.is_file() and journal.stat().st_size > 0
    before = (read_json(folder / POOL) or {}).get("fingerprint", "" if begun else own)
    write_json(folder / POOL, {"fingerprint": own if before == own else ""})


def earlier_calls(folder: Path, config: Config, settings: Settings) -> Earlier:
    """The finished calls of other runs beside `folder` with the same fingerprint, newer runs first; none when asked to be `fresh`.

    Runs that are still at work or were stopped count as well, as far as they got.
    """
    if config.fresh:
        return Earlier()
    own = pool_fingerprint(config, settings)
    journals = {other.name: other / JOURNAL for other in _others(folder) if _fingerprint_of(other) == own}
    return Earlier.read(journals, _of_calls(config, [settings.endpoint(name) for name in config.endpoints]))


def _others(folder: Path) -> list[Path]:
    found = [p for p in folder.parent.iterdir() if p.name != folder.name and (p / POOL).is_file() and (p / JOURNAL).is_file()]
    return sorted(found, key=lambda p: ((p / POOL).stat().st_mtime_ns, p.name), reverse=True)


def _fingerprint_of(folder: Path) -> str:
    try:
        return str((read_json(folder / POOL) or {}).get("fingerprint", ""))
    except RunError:  # a damaged file of another run is no reason to fail this one
        return ""


def reused(pools: Sequence[Pool], made_by: Mapping[tuple[str, str], set[str]]) -> dict[str, int]:
    """Run → conversations of `pools` of which it made every call; those of several earlier runs under their names together.

    `made_by` is the engine's: the runs behind the calls of a draw, an empty name for the run itself.
    """
    counts: Counter[str] = Counter()
    for pool in pools:
        for candidate in pool.candidates:
            runs = made_by.get((pool.seed.context.id, draw_name(candidate.index)), {""})
            if "" not in runs:
                counts[" and ".join(sorted(runs))] += 1
    return dict(counts.most_common())
