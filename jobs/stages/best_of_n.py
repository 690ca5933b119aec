"""Best-of-N: what selectors pick out of simulated conversations, compared by a judge.

Finished calls of the simulation lie in the run's journal, rewards in its folder, judge answers in the store: a killed run goes on
without repeating any of them, and a run that simulates as an earlier one did takes that one's conversations over. The picks are
stored as pairs, so that people can look at them and label them.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.context import RunContext
from jobs.estimate import priced, total_cost
from jobs.phases import Phases
from jobs.stages import panel
from jobs.stages.best_of_n_config import Config
from jobs.stages.best_of_n_estimate import estimate, expected
from jobs.stages.best_of_n_pool import JOURNAL, earlier_calls, note_pool, pool_fingerprint, reused
from jobs.stages.embedded import ensure_for
from jobs.stages.judging import Advance, Tally, judge_ids
from jobs.stages.seeds import seeds_for
from jobs.stages.selectors import ModelScorer, Selectors, selectors_of
from music_core.chat.engine import CallStats, Engine
from music_core.chat.journal import Journal
from music_core.evaluate.best_of_n import Meeting, Pick, couples, meetings, pick, sourced_pairs
from music_core.evaluate.pool import Pool, simulate_pools
from music_core.evaluate.selectors import Scorer
from music_core.evaluate.simulation import Simulators, simulators
from music_core.evaluate.turn_by_turn import pick_turn_by_turn
from music_core.evaluate.win_rates import WinRate, outcome, win_rates
from music_core.store.pairs import add_pairs
from music_core.store.readings import verdicts_by
from music_core.store.runs import trained_seeds
from music_core.store.traces import add_traces
from music_core.types import Seed, Verdict

__all__ = ["Config", "estimate", "run"]


def run(config: Config, ctx: RunContext) -> dict[str, Any]:
    """Simulate the pools, pick, judge the picks, and say how often A's were better."""
    chosen = selectors_of(config, ctx.store)
    ctx.settings.endpoint(config.judge)
    seeds = seeds_for(ctx.store, ctx.folder, config.seed_choice)
    if len(seeds) < config.prompts:
        ctx.log(f"only {len(seeds)} different first messages for {config.prompts} prompts")
    note_pool(ctx.folder, pool_fingerprint(config, ctx.settings))
    ensure_for(ctx, (*config.endpoints, config.judge))
    work = _Work(config, ctx, seeds, chosen, _phases(ctx, config, len(seeds)))
    picks = asyncio.run(work.picks())
    met = meetings(picks, chosen.comparisons)
    tally = asyncio.run(work.judge(met))
    ctx.check()
    verdicts = verdicts_by(ctx.store, work.judge_name, list(couples(met)))
    cells = [(a, b, mode, n) for a, b in chosen.comparisons for mode in config.modes for n in config.ns]
    rows = win_rates(met, verdicts, cells=cells, n_asked=len(seeds), seed=config.seed, n_boot=config.n_boot)
    said = [m.as_dict() | {"outcome": outcome(m, verdicts.get(m.pair.id)), "verdict": _value(verdicts, m)} for m in met]
    (ctx.folder / "picks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    return {**work.report(picks, tally), "table": [_with_picks(row, said) for row in rows]}


def _value(verdicts: Mapping[str, Verdict], met: Meeting) -> str | None:
    found = None if met.same else verdicts.get(met.pair.id)
    return None if found is None else found.value


def _with_picks(row: WinRate, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row, and what it is the sum of."""
    cell = {"a": row.a, "b": row.b, "mode": row.mode, "n": row.n}
    kept = ("seed_id", "candidates", "pair_id", "a_side", "outcome")
    own = [{name: s[name] for name in kept} for s in said if all(s[name] == value for name, value in cell.items())]
    return row.as_dict() | {"picks": own}


def _phases(ctx: RunContext, config: Config, n_prompts: int) -> Phases:
    """Weighed in calls, as the estimate expects them; four conversations are scored in the time of a call, say."""
    figures = expected(config, n_prompts)
    alone = expected(replace(config, turn_by_turn=False), n_prompts)
    pool = alone.assistant.calls + alone.user.calls
    more = figures.assistant.calls + figures.user.calls - pool
    return Phases(ctx.progress, {"pool": pool, "score": figures.conversations / 4, "turn by turn": more, "judge": figures.judge.calls})


@dataclass(slots=True)
class _Work:
    """One run and what it counts on the way."""

    config: Config
    ctx: RunContext
    seeds: Sequence[Seed]
    chosen: Selectors
    phases: Phases
    stats: CallStats = field(default_factory=CallStats)
    counts: dict[str, Any] = field(default_factory=dict)
    working_s: float = 0.0
    models: set[str] = field(default_factory=set)
    judge_model: str = ""

    @property
    def source(self) -> str:
        return self.config.name or self.ctx.run_id

    @property
    def panel(self) -> panel.Config:
        """One judge, asked as `music judge` asks."""
        return panel.Config(endpoint=self.config.judge, kinds=(self.config.judge_kind,), name=self.config.judge_name)

    @property
    def judge_name(self) -> str:
        (rubric,) = self.panel.ways()
        return panel.judge_name(self.panel, rubric, self.config.judge)

    async def picks(self) -> list[Pick]:
        """Every selector's picks under every N."""
        from music_core.chat.open import open_chats  # brings the HTTP client, a second that forms and --help need not wait

        for model in self.chosen.models:
            model.attach(self.ctx)
        assistant, user = self.config.endpoints
        began = time.monotonic()
        async with open_chats(self.ctx.settings, (assistant, user)) as chats, Journal(self.ctx.folder / JOURNAL) as journal:
            engine = Engine(journal, earlier=earlier_calls(self.ctx.folder, self.config, self.ctx.settings))
            engine.stats = self.stats
            sims = simulators(engine, chats[assistant], chats[user], self.config.pool())
            self.models = {chats[name].model for name in (assistant, user)}
            found = self._from_pools(await self._pools(sims))
            if self.config.turn_by_turn:
                found += await self._turn_by_turn(sims)
        self.working_s += time.monotonic() - began
        self.counts["refused"] = dict(sorted(sims.refused.items()))
        return found

    async def _pools(self, sims: Simulators) -> list[Pool]:
        total = len(self.seeds) * self.config.pool().size

        def done(n: int) -> None:
            self.phases.at("pool", n / total, f"{n} of {total} conversations, {self.stats.n_calls} calls")

        self.phases.at("pool", 0, "simulating")
        pools, dropped = await simulate_pools(self.seeds, sims, on_done=done, should_stop=self.ctx.should_stop)
        self.ctx.check()
        size = self.config.pool().size
        self.counts |= {
            "conversations": sum(len(p.candidates) for p in pools),
            "reused_conversations": reused(pools, sims.engine.made_by),
            "short_pools": sum(len(p.candidates) < size for p in pools),
            "dropped": dropped,
        }
        _write_pool(self.ctx, pools)
        return pools

    def _from_pools(self, pools: Sequence[Pool]) -> list[Pick]:
        everything = [c.conversation for p in pools for c in p.candidates]
        found: list[Pick] = []
        for k, (name, scorer) in enumerate(self.chosen.scorers.items()):
            self._note_scoring(name, scorer, k)
            scores = iter(scorer(everything))
            for p in pools:
                own = [next(scores) for _ in p.candidates]
                found += pick(p.seed.id, p.seed.context.id, name, p.candidates, own, self.config.ns)
        return found

    def _note_scoring(self, name: str, scorer: Scorer, k: int) -> None:
        if isinstance(scorer, ModelScorer):
            share, each = k / len(self.chosen.scorers), 1 / len(self.chosen.scorers)
            self.phases.at("score", share, f"loading {name}")
            scorer.on_scored = lambda done, total: self.phases.at("score", share + each * done / total, f"scoring by {name}")

    async def _turn_by_turn(self, sims: Simulators) -> list[Pick]:
        def part(share: float) -> None:
            self.phases.at("turn by turn", share, f"picking turn by turn, {self.stats.n_calls} calls")

        for model in self.chosen.models:
            model.on_scored = lambda _done, _total: None
        found, dropped = await pick_turn_by_turn(
            self.seeds, self.chosen.scorers, self.config.ns, sims, on_part=part, should_stop=self.ctx.should_stop
        )
        self.ctx.check()
        self.counts["dropped_turn_by_turn"] = dropped
        return found

    async def judge(self, met: Sequence[Meeting]) -> Tally:
        """Store the couples as pairs with the models' traces, and have them judged."""
        from music_core.chat.open import open_chat

        meta = {"prompts": len(self.seeds), "turns": self.config.turns}
        pairs = sourced_pairs(met, source=self.source, run_id=self.ctx.run_id, meta=meta)
        self.counts["pairs"] = len(pairs)
        self.counts["new"] = add_pairs(self.ctx.store, pairs).new if pairs else 0
        for model in self.chosen.models:
            model([c for p in pairs for c in (p.pair.chosen, p.pair.rejected)])
            add_traces(self.ctx.store, [t for p in pairs for t in model.traces(p.pair.id, p.pair)])
        tally = Tally(n_pairs=len(pairs))
        endpoint = self.ctx.settings.endpoint(self.config.judge)
        inner = replace(self.ctx, on_step=lambda done, total, note: self.phases.at("judge", done / max(1, total), note), show=None)
        began = time.monotonic()
        async with open_chat(self.ctx.settings, self.config.judge) as chat:
            (judge,) = panel.judges(self.panel, chat, endpoint)
            self.judge_model = chat.model
            # The pairs have no turns of a simulator on record; whether it is the judge is told in the report.
            await judge_ids(judge, inner, sorted(p.pair.id for p in pairs), tally, Advance(inner, len(pairs), 1), allow_simulator=True)
        self.working_s += time.monotonic() - began
        self.phases.end()
        return tally

    def report(self, picks: Sequence[Pick], tally: Tally) -> dict[str, Any]:
        """JSON types only. Calls, tokens and cost are of this attempt; `replayed` calls were found in the journal."""
        judged = tally.report()
        stats, names = self.stats, self.config.endpoints
        simulated = 0.0 if not stats.n_calls else None if any(self._price(name, 0, 0) is None for name in names) else stats.cost
        return {
            "source": self.source,
            "a": self.chosen.comparisons[0][0],
            "b": [b for _, b in self.chosen.comparisons],
            "judge": self.judge_name,
            "judge_is_simulator": self.judge_model in self.models,
            "prompts": len(self.seeds),
            **self.counts,
            "tied_picks": {m.name: sum(p.tied for p in picks if p.selector == m.name) for m in self.chosen.models},
            "not_scored": {m.name: dict(m.problems) for m in self.chosen.models if m.problems},
            "trained_on_prompts": {m.name: n for m in self.chosen.models if (n := self._trained_on(m))},
            "readings": judged["readings"],
            "judged_before": judged["judged_before"],
            "unparsed": judged["unparsed"],
            "calls": stats.n_calls + judged["calls"],
            "replayed": stats.n_replayed,
            "reused_calls": stats.n_reused,
            "tokens_in": stats.tokens_in + judged["tokens_in"],
            "tokens_out": stats.tokens_out + judged["tokens_out"],
            "tokens_cached": stats.tokens_cached,
            "cost": total_cost([simulated, self._price(self.config.judge, judged["tokens_in"], judged["tokens_out"])]),
            "working_s": round(self.working_s, 2),
        }

    def _price(self, endpoint: str, tokens_in: int, tokens_out: int) -> float | None:
        return priced(self.ctx.settings.endpoint(endpoint), tokens_in, tokens_out)

    def _trained_on(self, model: ModelScorer) -> int:
        """Prompts whose pairs the model was trained on."""
        known = trained_seeds(self.ctx.store, model.model.run_id) if model.model.run_id else set()
        return sum(s.id in known for s in self.seeds)


def _write_pool(ctx: RunContext, pools: Sequence[Pool]) -> None:
    rows = (
        {"seed_id": p.seed.id, "candidate": c.index, "conversation": c.conversation.id, "messages": c.conversation.as_dicts()}
        for p in pools
        for c in p.candidates
    )
    (ctx.folder / "pool.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
