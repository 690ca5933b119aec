"""One reward model: where it lies, what it was trained on and how, its curve, its accuracy on pairs it has not seen, its benchmarks."""

from collections.abc import Mapping

import streamlit as st

from app.comparing import HELD_OUT, ModelView
from app.components import benchmark_results, training_curve
from app.components.model_table import accuracy_text
from app.components.run_detail import settings_markup
from app.markup import attribute, details, facts, moment, table, visible
from app.nav import href
from app.times import ago
from jobs.report.gather import by_benchmark
from jobs.report.words import interval
from music_core.evaluate.side_by_side import Accuracy
from music_core.store.manifests import ManifestCounts

_SPLITS = {"Pairs": "text", "Right": "text", "95 % interval": "num", "n": "num", "Seeds": "num", "Left out": "num"}
_DATA = {"Source": "text", "Train": "num", "Validation": "num"}
_NAMES = {"validation": "validation split", "test": "test split", "train": "train split, not trained on", "": "all of these"}


def facts_markup(view: ModelView) -> str:
    """Where the model is and where it came from, as HTML. Pure."""
    model, run = view.model, view.model.run_id
    trained_by = f'<a class="mw-link" href="{attribute(href("jobs", {"run": run}))}">{visible(run)}</a>' if run else "not in this store"
    rows = [
        ("Folder", f"<code>{visible(model.path)}</code>" if model.path else "none: its weights are not on this machine"),
        ("Made from", visible(model.base) or "not stated"),
        ("Trained by run", trained_by),
        ("Registered", f"{moment(model.created_at)}, {ago(model.created_at)}" if model.created_at else "not known"),
        ("Id", f"<code>{visible(model.id)}</code>"),
    ]
    return facts(rows)


def held_out_markup(held_out: Mapping[str, Accuracy]) -> str:
    """Accuracy by split as HTML. Pure."""
    rows = [
        [
            _NAMES[split],
            accuracy_text(found),
            interval(found.interval),
            f"{found.n:,}",
            f"{found.n_seeds:,}",
            f"{found.n_trained_on:,}" if found.n_trained_on else "–",
        ]
        for split, found in ((s, held_out[s]) for s in (*HELD_OUT, ""))
    ]
    caption = "Right about the built side on pairs that it was not trained on; left out are its training pairs"
    return f'<div class="mw-topic">{table(caption, _SPLITS, rows)}</div>'


def manifest_markup(found: ManifestCounts) -> str:
    """The training data as HTML: pairs by source and split. Pure."""
    rows = [
        [
            f'<a class="mw-link" href="{attribute(href("pairs", {"source": source, "split": "train"}))}">{visible(source)}</a>',
            *(f"{n.get(split, 0):,}" for split in ("train", "validation")),
        ]
        for source, n in found.by_source.items()
    ]
    if len(rows) != 1:
        rows.append(["All, each pair once", *(f"{found.by_split.get(split, 0):,}" for split in ("train", "validation"))])
    pinned = f"Read from snapshot {found.snapshot:,} of the store, which is kept" if found.snapshot is not None else "Pairs of its manifest"
    return f'<div class="mw-topic">{table(f"{pinned}; a pair of two sources counts in both", _DATA, rows)}</div>'


def _data(view: ModelView) -> None:
    st.header("Training data", anchor=False)
    if view.manifest is None:
        text = "Nothing is known of its training data, so no pair is left out of its figures: they may flatter it."
        st.html(f'<p class="mw-remark" role="note">{text}</p>')
    else:
        st.html(manifest_markup(view.manifest))
    if view.config is not None:
        st.html(details("Recipe and settings", settings_markup("train", view.config)))


def _curve(view: ModelView) -> None:
    curve = (view.report or {}).get("curve")
    if curve:
        st.header("Training", anchor=False)
        training_curve.show(curve)


def _benchmarks(view: ModelView) -> None:
    st.header("Benchmarks", anchor=False)
    for name, runs in by_benchmark(view.benchmarks).items():
        benchmark_results.show([run.report for run in runs], f"model-{name}")
    if not view.benchmarks:
        start = attribute(href("jobs", {"new": "benchmark", "model": view.model.name}))
        st.html(f'<p class="mw-note">None was run yet. <a class="mw-link" href="{start}">Run a benchmark</a></p>')


def show(view: ModelView) -> None:
    """Draw the model."""
    with st.container(horizontal=True, gap="large", key="mw-two"):
        main, rail = st.container(key="mw-two-main"), st.container(key="mw-two-rail")
    with main:
        st.header("Accuracy", anchor=False)
        st.html(held_out_markup(view.held_out))
        if not view.held_out[""].n and view.model.path:
            score = attribute(href("jobs", {"new": "score", "model": view.model.name}))
            st.html(f'<p class="mw-note"><a class="mw-link" href="{score}">Score pairs with it</a> to see figures here.</p>')
        _curve(view)
        _benchmarks(view)
    with rail:
        st.html(facts_markup(view))
        _data(view)
